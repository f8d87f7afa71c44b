"""A worker that kills itself (SIGKILL) at a named step. Run as a program: HOME TARGET before|after [COUNT].

``TARGET`` is ``module:function`` as the room's face finds it; the process dies at the COUNT-th call (1 unless told).
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from importlib import import_module
from typing import Any


def main(home: str, target: str, when: str, count: int) -> None:
    os.environ.update(TACHIAI_HOME=home, TACHIAI_MODE="demo", DJANGO_SETTINGS_MODULE="tachiai.config.settings")
    import django

    django.setup()
    module_name, _, name = target.partition(":")
    module = import_module(module_name)
    original = getattr(module, name)
    calls = itertools.count(1)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        mine = next(calls)  # several threads may be in the function at the same time
        if mine == count and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if mine == count and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)
    from tachiai.cli.demo_people import deliver_all

    deliver_all()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 1)
