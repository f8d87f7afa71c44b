"""A story told up to a chapter, by the verbs; for tests that begin in the middle."""

from __future__ import annotations

from datetime import timedelta

from cast import Cast
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.config.jobs import KINDS
from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope, name_recipients
from tachiai.envelopes.intake import hold_upload
from tachiai.envelopes.models import Envelope, HeldUpload, Recipient
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.uploads import upload_in
from tachiai.pages.samples import samples
from tachiai.work import drain


def drafted(cast: Cast, *, documents: int = 1, name: str = "庁舎清掃業務委託契約") -> Envelope:
    """A draft with sample contracts, described, addressed to the vendor first and the mayor second."""
    at = clock.now()
    envelope = create_envelope(by=cast.clerk, at=at)
    for sample in samples()[:documents]:
        add_document(envelope, file_name=sample.file_name, pdf=sample.pdf, by=cast.clerk, at=at)
    today = clock.today(at)
    description = Description(name, "ご確認をお願いします。", today, cast.vendor.counterparty.name, 1_100_000, today + timedelta(days=30))
    describe_envelope(envelope, description, by=cast.clerk, at=at)
    name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=at)
    return envelope


DAMAGE = b"garbage that no PDF ends with " * 40


def offered(envelope: Envelope, *, by: Member, file_name: str = "壊れた.pdf") -> HeldUpload:
    """A damaged file, rewritten and held until the sender has said whether to use it."""
    upload = hold_upload(envelope, file_name=file_name, pdf=samples()[0].pdf + DAMAGE, by=by, at=clock.now())
    work()
    return upload_in(envelope, upload.pk)


def sent(cast: Cast, *, documents: int = 1, name: str = "庁舎清掃業務委託契約") -> Envelope:
    """Sent and frozen: the vendor has been asked."""
    envelope = drafted(cast, documents=documents, name=name)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    envelope.refresh_from_db()
    return envelope


def work() -> int:
    """Everything that is due now, until nothing is."""
    total = 0
    while done := sum(drain(kind, now=clock.now) for kind in KINDS):
        total += done
    return total


def vendor_of(envelope: Envelope) -> Recipient:
    return envelope.recipients.select_related("envelope__organization__operator", "envelope__sender").get(side="counterparty")


def mayor_of(envelope: Envelope) -> Recipient:
    return envelope.recipients.select_related("envelope__organization__operator", "envelope__sender").get(side="own")


def vendor_signs(envelope: Envelope) -> None:
    """Through the verbs: link, code, every document shown, consent."""
    from cast import CODE, link_for
    from tachiai.envelopes.opening import open_envelope, show_document
    from tachiai.envelopes.signing import Circumstances, sign
    from tachiai.envelopes.visiting import visit

    at = clock.now()
    recipient = vendor_of(envelope)
    token = link_for(recipient.pk)
    key = open_envelope(visit(token, key="", at=at), code=CODE, address="192.0.2.10", agent="tests", at=at)
    found = visit(token, key=key, at=at)
    for document in envelope.documents.all():
        show_document(found.recipient, document, at=at)
    sign(found, Circumstances("192.0.2.10", "tests", "ja"), at=at)


def mayor_signs(envelope: Envelope) -> None:
    """Through the verbs, after a login with a one-time password."""
    from tachiai.ceremony.models import Level
    from tachiai.envelopes.opening import show_document
    from tachiai.envelopes.signing import Circumstances, sign_at_desk

    at = clock.now()
    recipient = mayor_of(envelope)
    for document in envelope.documents.all():
        show_document(recipient, document, at=at)
    assert recipient.member is not None
    sign_at_desk(recipient, Circumstances("192.0.2.20", "tests", "ja"), by=recipient.member, level=Level.PASSWORD_AND_TOTP, at=at)


def concluded(cast: Cast, *, documents: int = 1) -> Envelope:
    """The whole story."""
    envelope = sent(cast, documents=documents)
    vendor_signs(envelope)
    work()
    mayor_signs(envelope)
    work()
    envelope.refresh_from_db()
    return envelope
