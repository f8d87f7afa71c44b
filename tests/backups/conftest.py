"""A house with backups, and an empty database to restore into."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from object_server import ACCESS, SECRET, ObjectServer, object_server
from place import Place
from postgres import copy, drop
from tachiai.accounts import identity

POSTGRES = os.environ.get("TACHIAI_TESTS_POSTGRES", "")


@pytest.fixture
def backed(house: Place, tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder of this house's backups."""
    folder = tmp_path / "backups"
    settings.TACHIAI = replace(settings.TACHIAI, backup_to=folder, drill_every="never")
    identity.look_again()
    yield folder
    identity.look_again()


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """The name of an empty PostgreSQL database where the tests run on PostgreSQL; on SQLite there is nothing to make."""
    if not POSTGRES:
        yield ""
        return
    name = f"tachiai_{secrets.token_hex(6)}"
    copy(POSTGRES, "template0", name)
    yield name
    drop(POSTGRES, name)


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectServer]:
    with object_server() as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def stores(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where the lost house keeps its boxes, and where the restored one does: settings of each."""
    if request.param == "folder":
        return {}, {}
    server: ObjectServer = request.getfixturevalue("s3")
    return _bucket(server), _bucket(server)


def _bucket(server: ObjectServer) -> dict[str, Any]:
    """A place of its own in the bucket."""
    url = f"s3://plain/{secrets.token_hex(8)}?endpoint={server.endpoint}&tls=none&timeout=5&attempts=1"
    return {"store_url": url, "store_access_key": ACCESS, "store_secret_key": SECRET}
