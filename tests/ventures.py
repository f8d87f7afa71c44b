"""A contract with people of every kind, told by the verbs: who confirms, any one of two, who was named in another's place, a copy."""

from __future__ import annotations

from cast import CODE, Cast, link_for
from stages import HERE, RELATED, drafted, enters, signs
from stories import work
from tachiai import clock
from tachiai.ceremony.models import Level
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.models import Envelope, Gate, Kind, Recipient
from tachiai.envelopes.one_time import send_one_time_code
from tachiai.envelopes.opening import open_envelope, show_document
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.reviewing import confirm_review_at_desk
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.visiting import Visit, visit
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail

PARTNER = Typed("あおぞら設備有限会社（架空）", "青空 渚", "partner@example.com", "部長")
HEIR = Typed("あおぞら設備有限会社（架空）", "青空 湊", "heir@example.com")
WATCHER = Typed("はなれ銀行（架空）", "離野 見", "watcher@example.org")
CODELESS = ""
DECLINED_BECAUSE = "代表構成員が署名します"


def person(envelope: Envelope, mail: str) -> Recipient:
    return Recipient.objects.select_related(*RELATED).get(envelope=envelope, mail=mail)


def mailed(recipient: Recipient) -> str:
    """The one-time code that was last sent to somebody."""
    return reveal(Mail.objects.filter(kind="M16", about=recipient.pk).order_by("-created_at")[0].context["concealed"]["code"])


def comes(recipient: Recipient) -> Visit:
    """Through the link and whatever gate there is; everything is seen."""
    if recipient.gate == Gate.REGISTERED:
        return enters(recipient, code=CODE)
    token, at, code = link_for(recipient.pk), clock.now(), CODELESS
    if recipient.gate == Gate.OTP:
        send_one_time_code(visit(token, key="", at=at), at=at)
        code = mailed(recipient)
    key = open_envelope(visit(token, key="", at=at), code=code, address=HERE.address, agent=HERE.agent, at=at)
    found = visit(token, key=key, at=at)
    for document in recipient.envelope.documents.order_by("position"):
        show_document(found.recipient, document, at=clock.now())
    return found


def venture(cast: Cast) -> Envelope:
    """Two papers, sent: second confirms, then the vendor or the builder signs, then the partner (the first paper), then the mayor."""
    envelope = drafted(cast, papers=2)
    (first, _second) = envelope.documents.order_by("position")
    places = [
        Place(1, cast.second, kind=Kind.REVIEWER),
        Place(2, cast.vendor, any_one=True),
        Place(2, cast.builder, any_one=True),
        Place(3, PARTNER, gate=Gate.OTP, documents=(first,), may_reassign=True),
        Place(4, cast.mayor),
        Place(4, WATCHER, kind=Kind.COPY, gate=Gate.NONE),
    ]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    envelope.refresh_from_db()
    return envelope


def confirms(recipient: Recipient) -> None:
    """Our own reviewer."""
    assert recipient.member is not None
    for document in recipient.envelope.documents.order_by("position"):
        show_document(recipient, document, at=clock.now())
    confirm_review_at_desk(recipient, HERE, by=recipient.member, level=Level.PASSWORD, at=clock.now())
    work()


def concluded_venture(cast: Cast) -> Envelope:
    """The same, to the end: the vendor declines and the builder signs for both, the partner names an heir."""
    from tachiai.envelopes.signing import sign

    envelope = venture(cast)
    confirms(person(envelope, cast.second.mail))
    decline(comes(person(envelope, cast.vendor.mail)).recipient, wish=Wish.NO_AUTHORITY, reason=DECLINED_BECAUSE, at=clock.now())
    signs(person(envelope, cast.builder.mail))
    work()
    old = comes(person(envelope, PARTNER.mail)).recipient
    reassign(old, HEIR, by=old, at=clock.now(), reason="権限者が変わりました")
    work()
    sign(comes(person(envelope, HEIR.mail)), HERE, at=clock.now())
    work()
    signs(person(envelope, cast.mayor.mail))
    work()
    envelope.refresh_from_db()
    return envelope
