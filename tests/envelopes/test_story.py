"""One envelope through the verbs: what stands after each step, in rows, bytes and ledger."""

from __future__ import annotations

import pytest

from cast import assemble
from stories import concluded
from tachiai import ledger, vault
from tachiai.envelopes.models import RevisionKind
from tachiai.envelopes.states import EnvelopeState

pytestmark = pytest.mark.usefixtures("house")


def test_concludes_with_one_seal_per_signer_and_document() -> None:
    cast = assemble()
    envelope = concluded(cast, documents=2)
    assert envelope.state == EnvelopeState.CONCLUDED
    for document in envelope.documents.all():
        kinds = list(document.revisions.order_by("number").values_list("kind", flat=True))
        assert kinds == [RevisionKind.UPLOAD, RevisionKind.FROZEN, RevisionKind.SIGNED, RevisionKind.SIGNED, RevisionKind.CLOSED]
        whole = vault.read(document.blob)
        assert whole.startswith(vault.read(document.blob, upto=0))
    assert ledger.check_stream(envelope.stream) > 10
