"""A copy of the house, made as it should be or not: it neither seals with a key of production nor mails anybody."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backups.moving import standing_in
from cast import assemble
from place import Place, forget_handles
from stories import concluded, drafted, sent, vendor_signs, work
from tachiai import backups, clock
from tachiai.accounts import identity
from tachiai.config.jobs import rests
from tachiai.envelopes.sending import send_envelope
from tachiai.errors import Outage, Refusal
from tachiai.house import Smtp
from tachiai.outbox import transports
from tachiai.outbox.models import Mail
from tachiai.sealing import Act, prepare
from tachiai.sealing.checks import check_key_and_authority
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Seal


def test_a_copy_is_another_house(house: Place, backed: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = assemble()
    open_ = sent(cast)
    vendor_signs(open_)
    waiting = set(Mail.objects.filter(state="waiting").values_list("pk", flat=True))
    backups.make_backup(now=clock.now)
    production = set(Seal.objects.exclude(key="").values_list("key", flat=True))
    original = identity.standing().house
    home = tmp_path / "staging"
    shutil.copytree(house.home / "keys", home / "keys")
    with standing_in(home, settings):
        backups.restore(backed, at=clock.now())
        backups.accept_as_copy(at=clock.now())
        assert identity.standing().house != original
        assert not rests()
        assert not (home / "keys" / "authority").exists()
        for name in ("link", "django", "mail"):
            assert (home / "keys" / f"{name}.key").read_bytes() != (house.home / "keys" / f"{name}.key").read_bytes()
        # With the authority of production beside it once more, nothing is sealed.
        shutil.copytree(house.home / "keys" / "authority", home / "keys" / "authority")
        handles.cache_clear()
        with pytest.raises(Outage, match=r"seal\.key_of_production"):
            _prepared()
        # With one of its own it seals what is begun there, and its mails lie in a folder whatever mail server is configured.
        shutil.rmtree(home / "keys" / "authority")
        _own_authority(home)
        settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp("mail.example.jp", 25, "", "", "none", "x@example.jp"))
        assert isinstance(transports.transport(), transports.MailboxTransport)
        work()
        assert concluded(cast).state == "concluded"
        fresh = set(Seal.objects.filter(intended_at__gt=identity.standing().accepted_at).exclude(key="").values_list("key", flat=True))
        assert fresh
        assert not fresh & production
        assert set(Mail.objects.filter(result="uncertain").values_list("pk", flat=True)) == waiting
        with pytest.raises(Refusal, match=r"backup\.other_house"):
            backups.make_backup(now=clock.now)
    assert identity.standing().house == original


def _own_authority(home: Path) -> None:
    from tachiai.administration.embedding import create_embedded_authority

    create_embedded_authority(home / "keys" / "authority", at=clock.now())
    forget_handles()


def _prepared() -> None:
    prepare(Act.PAPER, b"%PDF-1.7", subject=uuid.uuid4(), stream="house", at=clock.now())


def test_a_database_with_the_keys_of_another_house(house: Place, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when somebody copies the database alone, or keys alone, and starts what he has."""
    cast = assemble()
    draft = drafted(cast)
    (house.home / "keys" / "house.id").write_text(f"{uuid.uuid4()}\n")
    identity.look_again()
    assert rests()
    with pytest.raises(Outage, match=r"seal\.foreign_house"):
        _prepared()
    send_envelope(draft, by=cast.clerk, at=clock.now())
    work()
    assert not (house.home / "mailbox").exists() or not set(Mail.objects.filter(state="done"))
    settings.TACHIAI = replace(settings.TACHIAI, mode="production")
    assert [found.id for found in check_key_and_authority(None)] == ["tachiai.E007"]
    # Missing altogether is as bad: the row remembers that there was one.
    (house.home / "keys" / "house.id").unlink()
    identity.bind(settings.TACHIAI)
    assert not (house.home / "keys" / "house.id").exists()
    identity.look_again()
    assert identity.standing().foreign
