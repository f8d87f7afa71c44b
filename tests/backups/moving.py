"""How a test moves over to another house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import connection, connections

from place import forget_handles
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
