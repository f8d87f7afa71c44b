"""A restored house asks what its log had told the world, and never gives a position again that somebody may have seen taken."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from place import Place
from tachiai import backups, clock, ledger
from tachiai.accounts import identity
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry


def note(size: int, *, epoch: int = 1, host: str = "127.0.0.1:8000") -> str:
    root, signature = base64.b64encode(bytes([size % 256]) * 32).decode(), base64.b64encode(bytes(68)).decode()
    return f"{host}/log/e{epoch}\n{size}\n{root}\n\n— {host}/log/e{epoch} {signature}\n"


def test_checkpoints_are_found_wherever_they_stand(house: Place) -> None:
    mail = EmailMessage()
    mail["Subject"] = "締結が完了しました"
    mail.set_content(f"締結が完了しました。\n\n{note(5000)}\n", cte="base64")
    mail.add_attachment(note(5001).encode(), maintype="application", subtype="octet-stream", filename="checkpoint")
    assert [one.size for one in backups.stated_in(note(7).encode())] == [7]
    assert [one.size for one in backups.stated_in(note(7).replace("\n", "\r\n").encode())] == [7]
    assert sorted(one.size for one in backups.stated_in(mail.as_bytes())) == [5000, 5001]
    with pytest.raises(Refusal, match=r"restore\.no_checkpoint"):
        backups.stated_in(b"nothing of the kind")
    with pytest.raises(Refusal, match=r"restore\.other_log"):
        backups.stated_in(note(7, host="other.example.jp").encode())


@pytest.mark.parametrize(("published", "begins"), [("ahead", True), ("unknown", True), ("level", False)])
def test_a_new_epoch_unless_everything_published_is_here(
    house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, published: str, begins: bool
) -> None:
    begun: list[dict[str, Any]] = []

    def begin_epoch(**told: Any) -> SimpleNamespace:
        begun.append(told)
        return SimpleNamespace(number=2)

    monkeypatch.setattr(ledger, "begin_epoch", begin_epoch, raising=False)
    monkeypatch.setattr(ledger, "latest_checkpoint", lambda stamped: SimpleNamespace(note=note(3)), raising=False)
    with transaction.atomic():
        ledger.append("house", "house.tried", by=ledger.Actor.house(), at=clock.now())
    _restored(house, monkeypatch)
    known = {"ahead": [note(3), note(5000)], "unknown": [], "level": [note(3)]}[published]
    stated = [one for text in known for one in backups.stated_in(text.encode())]
    before = Entry.objects.count()
    accepted = backups.accept_as_production(known=stated, at=clock.now())
    assert (accepted.epoch, len(begun)) == ((2, 1) if begins else (None, 0))
    assert accepted.missing == max([0, *(one.size - before for one in stated)])
    if begins:
        assert begun[0]["known"] == known
    told = bytes(Entry.objects.get(event="house.accepted").body).decode()
    assert f'"missing":{accepted.missing}' in told
    with pytest.raises(Refusal, match=r"restore\.not_held"):
        backups.accept_as_production(known=[], at=clock.now())


def _restored(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a restoring leaves a house."""
    identity.hold("house.restored", at=clock.now())
    (house.home / identity.MARK).write_text('{"v":1,"generation":"20261126T163000Z","done":true}')
