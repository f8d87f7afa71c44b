"""Signed PDFs under every published attack, and the honest files beside them: all made here, none taken from anywhere.

``honest`` signs; the modules named after attacks forge what has been signed; ``samples`` says what there is and reads what is kept. The
files themselves stand in ``files/`` with a list of what each one is (``manifest.tsv``) and the roots they were made under. Keys are never
kept, so every making anew gives other bytes:

    cd tests && ../.venv/bin/python -m vectors.attacks
"""
