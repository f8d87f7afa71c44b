"""A rotation that kills itself (SIGKILL) at a named step. Run as a program: HOME TARGET before|after COUNT."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from itertools import count
from typing import Any


def main(home: str, target: str, when: str, wanted: int) -> None:
    os.environ.update(TACHIAI_HOME=home, TACHIAI_MODE="demo", DJANGO_SETTINGS_MODULE="tachiai.config.settings")
    import django

    django.setup()
    from tachiai import clock, vault

    module_name, _, name = target.partition(":")
    module, calls = import_module(module_name), count(1)
    original = getattr(module, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        mine = next(calls)
        if mine == wanted and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if mine == wanted and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)
    from tachiai.vault import rotating

    rotating.BATCH = 2
    if target.startswith("tachiai.vault.key_making"):
        vault.make_file(at=clock.now())
    vault.rotate(now=clock.now)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
