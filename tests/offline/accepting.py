"""Taking the evidence bundle of a real envelope, as its own verifier accepts it."""

from __future__ import annotations

from typing import Any

from tachiai import clock
from tachiai.envelopes.bundling import evidence_bundle
from tachiai.envelopes.models import Envelope
from tachiai.offline.tachiai_verify import Reader, verify_bundle


def bundle_of(envelope: Envelope) -> bytes:
    """What a door would give out."""
    envelope.refresh_from_db()
    with evidence_bundle(envelope, by=None, now=clock.now).file as file:
        return file.read()


def accepted(content: bytes) -> dict[str, Any]:
    """The answer about a bundle that holds. The roots are the bundle's own: a house would have given it those of its own day."""
    answer = verify_bundle(content, Reader(at=clock.now()))
    assert answer["problems"] == []
    assert answer["verdict"] == "true"
    return answer
