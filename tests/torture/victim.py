"""``python -m torture.victim [STEP NUMBER]``: ``tachiai work`` as an operator starts it, on the house of the environment, to be killed.

With a step it kills itself there; without one, somebody else does at a moment of their choosing. It says on its standard output when
it begins.
"""

from __future__ import annotations

import os
import sys

from torture.steps import die_at


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    import django

    django.setup()
    from torture.grounds import load, silence

    silence()
    load()
    sys.stdout.write(".\n")
    sys.stdout.flush()
    if len(sys.argv) > 1:
        die_at(sys.argv[1], int(sys.argv[2]), _work)
    else:
        _work()
    return 0


def _work() -> None:
    from tachiai.cli.main import main as tachiai

    assert tachiai(["work"]) == 0


if __name__ == "__main__":
    sys.exit(main())
