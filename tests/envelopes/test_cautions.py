"""Cautions: what is warned of and matters is acknowledged before a document is sent, and the ledger says by whom."""

from __future__ import annotations

from typing import Any

import pytest

from cast import Cast
from invariants import events
from pages.odd_layers import layered, off
from stages import drafted
from tachiai import clock, ledger
from tachiai.envelopes.drafting import add_document
from tachiai.envelopes.models import Document, Envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.errors import Refusal

NOW = clock.now()


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def warned(cast: Cast) -> tuple[Envelope, Document]:
    """A draft with one document that is warned of, and one that is not."""
    envelope = drafted(cast)
    return envelope, add_document(envelope, file_name="層.pdf", pdf=layered(off), by=cast.clerk, at=NOW)


def test_nothing_is_sent_until_its_warnings_are_acknowledged(cast: Cast) -> None:
    envelope, document = warned(cast)
    codes = {one["code"] for one in document.findings}
    assert "content.layers" in codes
    other = envelope.documents.exclude(pk=document.pk).get()
    for acknowledged in ((), [str(other.pk)], ["no identifier"]):
        with refused("warnings.unseen"):
            send_envelope(envelope, by=cast.clerk, at=NOW, acknowledged=acknowledged)
    assert "warnings.acknowledged" not in events(envelope)
    send_envelope(envelope, by=cast.clerk, at=NOW, acknowledged=[str(document.pk)])
    told = [entry.data for entry in ledger.entries(envelope.stream) if entry.event == "warnings.acknowledged"][-1]
    assert told["document"] == str(document.pk)
    assert "content.layers" in told["codes"]
    assert set(told) == {"document", "codes"}  # codes, and nothing of what the document says
    assert events(envelope).index("warnings.acknowledged") < events(envelope).index("envelope.sent")


def test_findings_from_before_severities_were_kept_are_warnings(cast: Cast) -> None:
    envelope, document = warned(cast)
    Document.objects.filter(pk=document.pk).update(findings=[{"code": "signatures.foreign", "facts": {"signatures": 1, "timestamps": 0}}])
    with refused("warnings.unseen"):
        send_envelope(envelope, by=cast.clerk, at=NOW)
