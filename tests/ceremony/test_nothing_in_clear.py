"""The canary: no code, one-time code, link or visitor's key stands in clear in the database, the vault or the logs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client

from cast import CODE, link_for
from place import Place
from stages import Scene, signs
from stories import work
from tachiai import clock, counterparties
from tachiai.counterparties import Entered
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail


def kept_in_clear(home: Path, secrets: dict[str, bytes]) -> list[str]:
    """Which secret stands in which file. Digits inside longer numbers and digests are not the code."""
    found = []
    files = [path for path in home.rglob("*") if path.is_file() and "mailbox" not in path.parts and "static" not in path.parts]
    assert any("vault" in path.parts for path in files)
    held = {path.name: path.read_bytes() for path in files} | _tables()
    assert "tachiai.sqlite3" in held or "ledger_entry" in held
    for place, content in held.items():
        found += [f"{name} in {place}" for name, secret in secrets.items() if _stands(secret, content)]
    return found


def _tables() -> dict[str, bytes]:
    """What a PostgreSQL server holds, as it would leave in a dump; SQLite's file has been read already."""
    if connection.vendor != "postgresql":
        return {}
    held = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                held[table] = b"".join(bytes(row) for row in rows)
    return held


def _stands(secret: bytes, held: bytes) -> bool:
    if not secret.isdigit():
        return secret in held
    return re.search(rb"(?<![0-9a-fA-F.])" + secret + rb"(?![0-9a-fA-F])", held) is not None


@pytest.mark.parametrize("held", [b'{"code": "739184"}', b"\x00739184\x00", b"code=739184&x"])
def test_the_canary_sings(held: bytes) -> None:
    assert _stands(CODE.encode(), held)
    assert not _stands(CODE.encode(), b"0a739184ff 12.739184Z")


def test_nothing_stands_in_clear(house: Place, scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    token = link_for(scene.vendor.pk)
    browser = Client()
    browser.get(f"/s/{token}")
    browser.post(f"/s/{token}", {"code": "502847"})
    browser.post(f"/s/{token}", {"code": CODE})
    keys = {f"cookie {morsel.key}": morsel.value.encode() for morsel in browser.cookies.values() if morsel.key == "tachiai_ceremony"}
    assert keys
    one_time = _one_time_code(scene)
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    download = link_for(scene.vendor.pk, "download")
    Client().post(f"/d/{download}", {"code": CODE})
    connections.close_all()
    secrets = {
        "the code": CODE.encode(),
        "a one-time code": one_time.encode(),
        "a link": token.encode(),
        "a download link": download.encode(),
        **keys,
    }
    assert kept_in_clear(house.home, secrets) == []
    printed = capfd.readouterr()
    for name, secret in secrets.items():
        assert not _stands(secret, (printed.out + printed.err).encode()), f"{name} in the logs"


def _one_time_code(scene: Scene) -> str:
    """A registration is asked to confirm itself: the code in its waiting mail."""
    entered = Entered(counterparty="架空商事", title="", name="架空 一", mail="kaku@example.net", code=CODE)
    registration = counterparties.register(entered, by=scene.cast.clerk, at=clock.now())
    counterparties.request_code(registration, at=clock.now())
    waiting = Mail.objects.get(kind="M16", about=registration.pk)
    return reveal(waiting.context["concealed"]["code"])
