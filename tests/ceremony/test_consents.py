"""A consent is given once and never rewritten, by whatever SQL."""

from __future__ import annotations

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction

from stages import Scene, signs
from tachiai import ceremony
from tachiai.ceremony.models import Consent


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
