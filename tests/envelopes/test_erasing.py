"""A person is forgotten as far as no contract needs them; entries, chains and consents stay true."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator as AppOfTheLibrary
from PIL import Image

from cast import Cast
from invariants import codes
from place import Place
from stories import concluded, sent, vendor_of, vendor_signs, work
from tachiai import ceremony, clock, counterparties, ledger
from tachiai.accounts.models import Member, Role
from tachiai.administration.members import stop_member
from tachiai.archive.models import Sample
from tachiai.archive.samples import draw_sample
from tachiai.archive.searching import Wanted
from tachiai.ceremony.models import Authenticator, Ceremony, Consent, Passkey, PasskeyProof
from tachiai.counterparties.models import Registration
from tachiai.envelopes.erasing import ERASED, erase_person, known_of
from tachiai.envelopes.field_models import SealImage
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.seal_images import keep_image
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry, Personal, Stream
from tachiai.outbox.models import Mail
from tachiai.vault import Blob


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(held, "PNG")
    return held.getvalue()


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
    spoken, silent = _enrol(cast)
    drawn = _sampled(cast)
    counterparties.revoke(Registration.objects.get(pk=cast.vendor.pk), reason="退任", by=cast.clerk, at=clock.now())
    before = known_of(mail)
    assert set(before.kept) == {kept.stream}
    assert ended.stream in before.erasable
    told = {one.event for found in before.erasable.values() for one in found}
    # Also what is said about them, and what was searched for by their name.
    assert told >= {"registration.revoked", "sample.drawn", "recipient.consented"}
    erase_person(mail, reason="request", at=clock.now())
    _nothing_left(mail, kept_stream=kept.stream)
    assert list(Passkey.objects.all()) == [spoken]
    assert [bytes(app.box) for app in Authenticator.objects.all()] == [b""]
    assert silent not in Passkey.objects.all()
    drawn.refresh_from_db()
    assert drawn.conditions == [["取引先の担当者", ERASED], ["期間", "2026年"]]
    for stream in Stream.objects.all():
        ledger.check_stream(stream.name)
    entry = ledger.latest(ended.stream, "personal.erased")
    assert entry is not None
    assert entry.data["entries"] == [one.number for one in before.erasable[ended.stream]]
    consent = ceremony.consent_of(vendor_of(ended).pk)
    assert consent is not None
    assert hashlib.sha256(bytes(consent.body)).digest() == bytes(consent.digest)
    assert (bytes(consent.salt), bytes(consent.personal)) == (b"", b"")
    # Erased, and still the house's own: nobody takes it for a forgery, and no seal can be made on it either.
    assert ceremony.instruction_of(consent).person == {}
    made_up = "consent.passkey_differs"  # of the word that this test put beside a consent that needed none
    assert codes() == {made_up}
    Consent.objects.filter(pk=consent.pk).update(mark=bytes(32))
    assert codes() == {made_up, "consent.mark_differs"}
    Envelope.objects.filter(pk=ended.pk).update(state="expired")
    with pytest.raises(Refusal, match=r"envelope\.erased"):
        send_again(vendor_of(ended), by=cast.clerk, at=clock.now(), deadline=clock.now().date() + timedelta(days=9))
    assert vendor_of(ended).name == ERASED
    assert vendor_of(kept).mail == mail
    assert erase_person(mail, reason="again", at=clock.now()).erasable == {}


def _enrol(cast: Cast) -> tuple[Passkey, Passkey]:
    """What strong mode leaves of somebody: a passkey that has spoken to a consent and one that has not, an app that opened a visit."""
    told = {"public_key": b"", "counter": 0, "aaguid": bytes(16), "rp_id": "", "origin": "", "mark": b"", "enrolled_at": clock.now()}
    keys = [
        Passkey.objects.create(registration=cast.vendor.pk, credential=name, ended_at=ended, **told)
        for name, ended in ((b"spoken", clock.now()), (b"silent", None))
    ]
    word = {"authenticator_data": b"", "client_data": b"", "signature": b""}
    PasskeyProof.objects.create(consent=Consent.objects.order_by("given_at")[0], passkey=keys[0], **word)
    at = clock.now()
    apps = [
        Authenticator.objects.create(registration=cast.vendor.pk, box=b"locked", last_step=0, enrolled_at=at, ended_at=ended)
        for ended in (at, None)
    ]
    Ceremony.objects.filter(pk=Ceremony.objects.order_by("began_at")[0].pk).update(authenticator=apps[0])
    return keys[0], keys[1]


def _sampled(cast: Cast) -> Sample:
    """Somebody has drawn contracts by the person's name."""
    conditions = [("取引先の担当者", cast.vendor.name), ("期間", "2026年")]
    Member.objects.filter(pk=cast.clerk.pk).update(role=Role.MANAGER)
    drawing = Member.objects.get(pk=cast.clerk.pk)
    return draw_sample(Wanted(), size=1, conditions=conditions, language="ja", by=drawing, at=clock.now())


def _nothing_left(mail: str, *, kept_stream: str) -> None:
    told = mail.encode()
    others = Personal.objects.exclude(entry__stream__name=kept_stream)
    assert not any(told in bytes(row.body) for row in others)
    assert not any(told in bytes(entry.body) for entry in Entry.objects.all())
    assert not Mail.objects.filter(to=mail).exclude(stream=kept_stream).exists()
    assert not Member.objects.filter(mail=mail).exists()
    assert not Registration.objects.filter(mail=mail).exists()


def test_of_a_member_neither_their_seal_nor_the_login_library_s_copy_stays(cast: Cast) -> None:
    at, mayor = clock.now(), cast.mayor
    keep_image(picture(), name="坂本の認印", shared=False, by=mayor, at=at)
    EmailAddress.objects.create(user=mayor, email=mayor.mail)  # as a reset of the password leaves it
    AppOfTheLibrary.objects.create(user=mayor, type="totp", data={"secret": "locked"})
    stop_member(mayor, by=cast.admin, at=at)
    erase_person(mayor.mail, reason="request", at=at)
    assert not EmailAddress.objects.exists()
    assert not AppOfTheLibrary.objects.exists()
    assert not SealImage.objects.exists()
    assert not Blob.objects.filter(kind="seal").exists()
    assert not Member.objects.get(pk=mayor.pk).has_usable_password()
    assert codes() == set()


def test_nobody_is_told_as_that(cast: Cast) -> None:
    with pytest.raises(Refusal, match=r"person\.unknown"):
        known_of("nobody@example.jp")


def test_a_login_in_use_is_not_taken_away(cast: Cast) -> None:
    with pytest.raises(Refusal, match=r"person\.in_use"):
        erase_person(cast.clerk.mail, reason="request", at=clock.now())
    assert Member.objects.get(pk=cast.clerk.pk).name != ERASED
