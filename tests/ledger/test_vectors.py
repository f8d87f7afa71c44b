"""Golden vectors: entry v1 and consent v1 give these bytes and digests for ever; their broken twins do not."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tachiai import ceremony
from tachiai.ceremony import consents
from tachiai.ceremony.consents import ConsentText, Shown
from tachiai.ceremony.models import Level
from tachiai.errors import Refusal
from tachiai.ledger.formats import commitment, entry_body, entry_digest

FOLDER = Path(__file__).parent.parent / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    held = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = held["vectors"]
    assert len(found) > 1
    return found


def twins(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))["broken"]
    return found


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"]).replace(" ", "-")


@pytest.mark.parametrize("vector", vectors("ledger-entry-v1.json"), ids=named)
def test_entry(vector: dict[str, Any]) -> None:
    given = vector["given"]
    told = given["personal"]
    committed = commitment(bytes.fromhex(told["salt"]), told["told"].encode()) if told else None
    body = entry_body(
        stream=given["stream"],
        number=given["seq"],
        previous=bytes.fromhex(given["previous"]),
        at=datetime.fromisoformat(given["at"]),
        event=given["event"],
        by=given["by"],
        data=given["data"],
        personal=committed,
    )
    assert body.decode() == vector["body"]
    assert entry_digest(body).hex() == vector["digest"]


@pytest.mark.parametrize("twin", twins("ledger-entry-v1.json"), ids=named)
def test_broken_entry(twin: dict[str, Any]) -> None:
    assert entry_digest(twin["body"].encode()).hex() != twin["digest"]
    assert (twin["body"], twin["digest"]) not in [(vector["body"], vector["digest"]) for vector in vectors("ledger-entry-v1.json")]


def _shown(row: dict[str, Any]) -> Shown:
    return Shown(uuid.UUID(row["document"]), bytes.fromhex(row["sha256"]), row["size"], row["pages"])


@pytest.mark.parametrize("vector", vectors("consent-v1.json"), ids=named)
def test_consent(house: object, vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given = vector["given"]
    monkeypatch.setattr(consents.secrets, "token_bytes", lambda _: bytes.fromhex(given["salt"]))
    monkeypatch.setattr(consents.uuid, "uuid4", lambda: uuid.UUID(given["consent"]))
    at = datetime.fromisoformat(given["at"])
    proposed = ceremony.propose(
        uuid.UUID(given["recipient"]),
        envelope=uuid.UUID(given["envelope"]),
        slot=given["slot"],
        documents=[
            Shown(uuid.UUID(row["document"]), bytes.fromhex(row["sha256"]), row["size"], row["pages"]) for row in given["documents"]
        ],
        values=given["values"],
        text=ConsentText(**given["text"]),
        level=Level(given["level"]),
        authentication=given["authentication"],
        personal=given["personal"],
        at=at,
    )
    monkeypatch.undo()
    with transaction.atomic():
        made = ceremony.record_consent(proposed, at=at)
    made.refresh_from_db()
    assert bytes(made.body).decode() == vector["body"]
    assert bytes(made.digest).hex() == vector["digest"]
    assert bytes(made.personal).decode() == vector["told"]
    said = ceremony.instruction_of(made)
    assert (said.subject, said.slot, len(said.documents)) == (uuid.UUID(given["recipient"]), given["slot"], len(given["documents"]))
    with pytest.raises(RuntimeError, match="transaction"):
        ceremony.record_consent(proposed, at=at)


@pytest.mark.parametrize("twin", twins("consent-v1.json"), ids=named)
def test_broken_consent(twin: dict[str, Any]) -> None:
    body = twin["body"].encode()
    assert hashlib.sha256(body).hexdigest() != twin["digest"]
    torn = ceremony.Consent(id=uuid.uuid4(), subject=uuid.uuid4(), body=body, digest=bytes.fromhex(twin["digest"]), salt=b"", personal=b"")
    with pytest.raises(Refusal, match=r"seal\.not_instructed"):
        ceremony.instruction_of(torn)
