"""How a test moves over to another house."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import connection, connections

from place import forget_handles
from postgres import cluster
from tachiai.accounts import identity


@contextmanager
def standing_in(home: Path, settings: Any, *, database: str = "", **changes: Any) -> Iterator[None]:
    """Within the block, Django's house is the one in ``home``, with ``changes`` of settings; ``database`` names its PostgreSQL database."""
    before, name = settings.TACHIAI, connection.settings_dict["NAME"]
    settings.TACHIAI = replace(before, home=home, **changes)
    _settle(database or home / "tachiai.sqlite3")
    try:
        yield
    finally:
        settings.TACHIAI = before
        _settle(name)


def _settle(name: object) -> None:
    connections.close_all()
    connections["default"].settings_dict["NAME"] = name
    forget_handles()
    identity.look_again()


def on_postgresql(file: str, chosen: str, *, passed: int = 1) -> None:
    """Run the tests of ``file`` whose names hold ``chosen`` (``passed`` of them) by themselves, on a PostgreSQL of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACHIAI_", "DJANGO_", "PYTEST"))}
    with cluster() as server:
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", file, "-k", chosen],
            env={**kept, "TACHIAI_TESTS_POSTGRES": server},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    assert told.returncode == 0, told.stdout[-4000:]
    assert f"{passed} passed" in told.stdout
