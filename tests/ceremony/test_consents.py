"""A consent is given once and never rewritten, by whatever SQL."""

from __future__ import annotations

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction

from stages import Scene, signs
from tachiai import ceremony, clock
from tachiai.ceremony.models import Consent, Passkey, PasskeyProof
from tachiai.errors import Refusal


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ceremony_consent SET body = x'7b7d'",
        "UPDATE ceremony_consent SET digest = x'00'",
        "UPDATE ceremony_consent SET subject = id",
        "DELETE FROM ceremony_consent",
        "REPLACE INTO ceremony_consent SELECT * FROM ceremony_consent",
    ],
)
def test_the_database_itself_refuses(scene: Scene, statement: str) -> None:
    signs(scene.vendor)
    before = Consent.objects.values().get()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Consent.objects.values().get() == before


def test_its_personal_data_can_be_erased(scene: Scene) -> None:
    signs(scene.vendor)
    for other in ({"personal": b"{}"}, {"personal": b""}, {"salt": bytes(32), "personal": b""}):
        with pytest.raises(DatabaseError):
            Consent.objects.update(**other)
    ceremony.forget_personal(Consent.objects.get())
    consent = Consent.objects.get()
    assert (bytes(consent.salt), bytes(consent.personal)) == (b"", b"")
    assert hashlib.sha256(bytes(consent.body)).digest() == bytes(consent.digest)


def test_a_consent_without_the_houses_mark_instructs_nothing(scene: Scene) -> None:
    signs(scene.vendor)
    assert ceremony.instruction_of(Consent.objects.get()).subject == scene.vendor.pk
    Consent.objects.update(mark=None)
    with pytest.raises(Refusal, match=r"seal\.not_instructed"):
        ceremony.instruction_of(Consent.objects.get())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ceremony_passkeyproof SET signature = authenticator_data", "DELETE FROM ceremony_passkeyproof"],
)
def test_what_a_passkey_said_stands(scene: Scene, statement: str) -> None:
    signs(scene.vendor)
    at, consent = clock.now(), Consent.objects.get()
    key = Passkey.objects.create(
        registration=consent.pk, credential=b"c", public_key=b"k", counter=0, aaguid=bytes(16), mark=bytes(32), enrolled_at=at
    )
    PasskeyProof.objects.create(consent=consent, passkey=key, authenticator_data=b"a", client_data=b"b", signature=b"s")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert bytes(PasskeyProof.objects.get().signature) == b"s"
