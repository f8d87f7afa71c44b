"""Fuzzing of everything that reads bytes somebody else may have made.

``targets`` says for each reader what must hold whatever the bytes are, and gives it bytes to start from. The ordinary tests drive
the targets for seconds (``tests/crypto/test_readers.py``); a campaign drives them for hours, led by coverage, with atheris. Atheris
has wheels for few platforms and is therefore no dependency of the project:

    .venv/bin/pip install atheris
    cd tests && ../.venv/bin/python -m fuzz plan_reader -max_total_time=600

Everything behind the target's name is libFuzzer's. What a campaign finds is written to ``crash-…`` in the current folder; it becomes
a line in ``tests/crypto/test_readers.py`` before it is mended.
"""
