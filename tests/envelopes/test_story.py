"""One envelope through the verbs: what stands after each step, in rows, bytes and ledger."""

from __future__ import annotations

from cast import Cast
from stories import concluded, mayor_signs, sent, vendor_of, vendor_signs, work
from tachiai import clock, ledger, sealing, vault
from tachiai.archive.models import Record
from tachiai.ceremony.models import Consent
from tachiai.envelopes.models import RevisionKind
from tachiai.envelopes.states import EnvelopeState


def test_concludes_with_one_seal_per_signer_and_document(cast: Cast) -> None:
    envelope = concluded(cast, documents=2)
    assert envelope.state == EnvelopeState.CONCLUDED
    for document in envelope.documents.all():
        kinds = list(document.revisions.order_by("number").values_list("kind", flat=True))
        assert kinds == [RevisionKind.UPLOAD, RevisionKind.FROZEN, RevisionKind.SIGNED, RevisionKind.SIGNED, RevisionKind.CLOSED]
        whole = vault.read(document.blob)
        assert whole.startswith(vault.read(document.blob, upto=0))
    assert ledger.check_stream(envelope.stream) > 10
    # The digests on the certificate are those of the files that both sides are given.
    record = Record.objects.get(origin=envelope.pk)
    filed = [bytes(file.sha256) for file in record.files.filter(kind="document").order_by("position")]
    assert filed == [bytes(document.head_sha256) for document in envelope.documents.order_by("position")]


def test_each_seal_stands_before_the_next_consent(cast: Cast) -> None:
    envelope = sent(cast)
    document = envelope.documents.get()
    vendor_signs(envelope)
    work()
    first = sealing.examine(vault.read(document.blob), at=clock.now()).rows
    signers = [row for row in first if row.kind == "signature"]
    assert [(row.name, row.contact) for row in signers] == [("株式会社みどり野製作所（架空）／代表取締役 緑野 太郎", "vendor@example.jp")]
    mayor_signs(envelope)
    second = Consent.objects.exclude(subject=vendor_of(envelope).pk).get()
    assert signers[0].gen_time is not None
    assert signers[0].gen_time <= second.given_at
    work()
    rows = sealing.examine(vault.read(document.blob), at=clock.now()).rows
    named = [row for row in rows if row.kind == "signature"]
    assert len({row.name for row in named}) == len({row.reason for row in named}) == 2
    assert [row.kind for row in rows] == ["certification", "signature", "signature", "timestamp"]
    consents = {bytes(consent.digest).hex() for consent in Consent.objects.all()}
    assert {row.consent for row in named} == consents
