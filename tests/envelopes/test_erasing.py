"""A person is forgotten as far as no contract needs them; entries, chains and consents stay true."""

from __future__ import annotations

import hashlib

import pytest

from cast import Cast
from place import Place
from stories import concluded, sent, vendor_of, vendor_signs, work
from tachiai import ceremony, clock, counterparties, ledger
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.erasing import ERASED, erase_person, known_of
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry, Personal, Stream
from tachiai.outbox.models import Mail


@pytest.fixture
def cast(house: Place) -> Cast:  # the house must stand first
    from cast import assemble

    return assemble()


def test_a_person_is_forgotten_but_for_what_was_concluded(cast: Cast) -> None:
    kept, ended = concluded(cast), sent(cast, name="取り下げる契約")
    vendor_signs(ended)
    withdraw_envelope(ended, reason="不要", by=cast.clerk, at=clock.now())
    work()
    mail = cast.vendor.mail
    with pytest.raises(Refusal, match=r"person\.in_use"):
        erase_person(mail, reason="request", at=clock.now())
    counterparties.revoke(Registration.objects.get(pk=cast.vendor.pk), reason="退任", by=cast.clerk, at=clock.now())
    before = known_of(mail)
    assert set(before.kept) == {kept.stream}
    assert ended.stream in before.erasable
    erase_person(mail, reason="request", at=clock.now())
    _nothing_left(mail, kept_stream=kept.stream)
    for stream in Stream.objects.all():
        ledger.check_stream(stream.name)
    entry = ledger.latest(ended.stream, "personal.erased")
    assert entry is not None
    assert entry.data["entries"] == [one.number for one in before.erasable[ended.stream]]
    consent = ceremony.consent_of(vendor_of(ended).pk)
    assert consent is not None
    assert hashlib.sha256(bytes(consent.body)).digest() == bytes(consent.digest)
    assert (bytes(consent.salt), bytes(consent.personal)) == (b"", b"")
    assert vendor_of(ended).name == ERASED
    assert vendor_of(kept).mail == mail
    assert erase_person(mail, reason="again", at=clock.now()).erasable == {}


def _nothing_left(mail: str, *, kept_stream: str) -> None:
    told = mail.encode()
    others = Personal.objects.exclude(entry__stream__name=kept_stream)
    assert not any(told in bytes(row.body) for row in others)
    assert not any(told in bytes(entry.body) for entry in Entry.objects.all())
    assert not Mail.objects.filter(to=mail).exclude(stream=kept_stream).exists()
    assert not Member.objects.filter(mail=mail).exists()
    assert not Registration.objects.filter(mail=mail).exists()


def test_nobody_is_told_as_that(cast: Cast) -> None:
    with pytest.raises(Refusal, match=r"person\.unknown"):
        known_of("nobody@example.jp")


def test_a_login_in_use_is_not_taken_away(cast: Cast) -> None:
    with pytest.raises(Refusal, match=r"person\.in_use"):
        erase_person(cast.clerk.mail, reason="request", at=clock.now())
    assert Member.objects.get(pk=cast.clerk.pk).name != ERASED
