"""Who is named in a draft, as what and on which terms: judged before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.accounts.rights import sees_contracts
from tachiai.counterparties.models import Registration
from tachiai.envelopes.models import Document, Envelope, Gate, Kind, Proof, Recipient, Side
from tachiai.envelopes.scoping import is_taken
from tachiai.errors import Refusal
from tachiai.outbox import one_line

MOST_PEOPLE = 100


@dataclass(frozen=True)
class Typed:
    """A counterparty without a registration, as the sender typed it. Nobody has confirmed that the address is theirs."""

    organization: str
    name: str
    mail: str
    title: str = ""


@dataclass(frozen=True)
class Place:
    """One person and what is asked of them. ``language`` empty is the person's own; ``documents`` empty is all of them."""

    order: int
    who: Registration | Member | Typed
    kind: Kind = Kind.SIGNER
    any_one: bool = False
    gate: Gate = Gate.REGISTERED
    proof: Proof = Proof.PLAIN
    language: str = ""
    deadline: date | None = None
    documents: Sequence[Document] = ()
    may_reassign: bool = False
    wants_copy: bool = True


def check_places(envelope: Envelope, places: Sequence[Place]) -> None:
    """Refuse what cannot be asked of these people (the codes are in ``drafting.address_envelope``)."""
    if not places:
        raise Refusal("recipients.incomplete")
    if len(places) > MOST_PEOPLE:
        raise Refusal("recipients.too_many", limit=MOST_PEOPLE)
    for place in places:
        may_be_named(place.who, envelope, kind=place.kind)
        _may_be_asked(place)
        _in_time(place, envelope)
        if any(document.envelope_id != envelope.pk for document in place.documents):
            raise Refusal("page.unknown")
    for group in _orders(places).values():
        _is_a_group(group)


def may_be_named(who: Registration | Member | Typed, envelope: Envelope, *, kind: Kind = Kind.SIGNER) -> None:
    """Refuses with ``registration.not_usable``, ``registration.other_contract``, ``member.may_not_sign``, ``member.is_sender``
    or as :func:`check_typed`.
    """
    if isinstance(who, Typed):
        check_typed(who)
    elif isinstance(who, Registration):
        if not who.is_usable or who.counterparty.organization_id != envelope.organization_id:
            raise Refusal("registration.not_usable")
        if is_taken(who, envelope):
            raise Refusal("registration.other_contract")
    elif who.organization_id != envelope.organization_id or not sees_contracts(who) or (kind == Kind.SIGNER and not who.may_sign):
        raise Refusal("member.may_not_sign")
    elif kind == Kind.SIGNER and who.pk == envelope.sender_id and not envelope.organization.sender_may_sign:
        raise Refusal("member.is_sender")


def check_typed(who: Typed) -> None:
    """Refuses with ``recipient.nameless`` or ``recipient.mail_malformed``."""
    if not one_line(who.name) or not one_line(who.organization):
        raise Refusal("recipient.nameless")
    try:
        validate_email(who.mail)
    except ValidationError:
        raise Refusal("recipient.mail_malformed") from None


def _may_be_asked(place: Place) -> None:
    """An app or a passkey belongs to a registration, and only a consent asks for one."""
    if isinstance(place.who, Typed) and place.gate == Gate.REGISTERED:
        raise Refusal("registration.missing")
    if place.proof == Proof.PLAIN:
        return
    if place.kind != Kind.SIGNER:
        raise Refusal("proof.for_signers")
    if place.proof == Proof.PASSKEY and isinstance(place.who, Member):
        raise Refusal("proof.not_for_own")
    if not isinstance(place.who, Member) and (place.gate != Gate.REGISTERED or isinstance(place.who, Typed)):
        raise Refusal("proof.needs_registration")
    if place.proof == Proof.PASSKEY and not ceremony.passkeys_possible():
        raise Refusal("proof.no_passkeys")


def _in_time(place: Place, envelope: Envelope) -> None:
    if place.deadline is not None and envelope.deadline is not None and place.deadline > envelope.deadline:
        raise Refusal("recipient.deadline_too_late")


def _orders(places: Iterable[Place]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        if place.kind != Kind.COPY:
            found[place.order].append(place)
    return found


def _is_a_group(group: Sequence[Place]) -> None:
    """Where any one suffices, what is asked is asked of each: the same thing, of the same documents."""
    if len({place.any_one for place in group}) > 1:
        raise Refusal("group.differs", order=group[0].order)
    if group[0].any_one:
        asked = {(place.kind, frozenset(document.pk for document in place.documents)) for place in group}
        if len(asked) > 1:
            raise Refusal("group.mixed", order=group[0].order)


def rows_of(envelope: Envelope, places: Sequence[Place]) -> list[Recipient]:
    """The places as rows, in their order: signers get a field each, those of whom any one suffices share one."""
    sizes = {order: len(group) for order, group in _orders(places).items()}
    shared: dict[int, int] = {}
    rows, last = [], 0
    for position, place in enumerate(sorted(places, key=lambda one: one.order), start=1):
        any_one = place.any_one and place.kind != Kind.COPY and sizes[place.order] > 1
        slot = None
        if place.kind == Kind.SIGNER:
            slot = shared.get(place.order) if any_one else None
            if slot is None:
                last = slot = last + 1
            if any_one:
                shared[place.order] = slot
        rows.append(_row(envelope, place, position=position, slot=slot, any_one=any_one))
    return rows


def _row(envelope: Envelope, place: Place, *, position: int, slot: int | None, any_one: bool) -> Recipient:
    own = isinstance(place.who, Member)
    person = person_of(place.who)
    if place.language:
        person["language"] = place.language
    return Recipient(
        envelope=envelope,
        position=position,
        kind=place.kind,
        slot=slot,
        order=place.order,
        any_one=any_one,
        gate=Gate.REGISTERED if own else place.gate,
        proof=place.proof,
        deadline=place.deadline,
        may_reassign=place.may_reassign and place.kind != Kind.COPY,
        wants_copy=place.wants_copy,
        **person,
    )


def place_of(recipient: Recipient) -> Place:
    """The place of somebody who stands in an envelope, for naming them again; ``documents`` are left to the caller."""
    typed = Typed(recipient.organization_name, recipient.name, recipient.mail, recipient.title)
    return Place(
        recipient.order,
        recipient.registration or recipient.member or typed,
        kind=Kind(recipient.kind),
        any_one=recipient.any_one,
        gate=Gate(recipient.gate),
        proof=Proof(recipient.proof),
        language=recipient.language,
        deadline=recipient.deadline,
        may_reassign=recipient.may_reassign,
        wants_copy=recipient.wants_copy,
    )


def person_of(who: Registration | Member | Typed) -> dict[str, object]:
    """The columns that say who somebody is."""
    if isinstance(who, Typed):
        return {
            "title": one_line(who.title, longest=100),
            "name": one_line(who.name, longest=100),
            "mail": who.mail,
            "side": Side.COUNTERPARTY,
            "organization_name": one_line(who.organization),
        }
    shared: dict[str, object] = {"title": who.title, "name": who.name, "mail": who.mail, "language": who.language}
    if isinstance(who, Registration):
        return {**shared, "side": Side.COUNTERPARTY, "registration": who, "organization_name": who.counterparty.name}
    return {**shared, "side": Side.OWN, "member": who, "organization_name": who.organization.name}


# Where anybody can have a mailbox: an address there says nothing of an organization.
FREE_MAIL = {"gmail.com", "googlemail.com", "outlook.com", "outlook.jp", "hotmail.com", "yahoo.co.jp", "yahoo.com", "icloud.com"}


def cautions_of(envelope: Envelope, places: Sequence[Place]) -> dict[str, str]:
    """What the sender should look at twice before sending, by code, each with whom it is about.

    ``same_mail``: one address stands twice, which a joint venture may need; ``own_domain``: a counterparty's address is of the sender's own
    domain; ``free_mail``; ``no_gate``: whoever has the link sees the documents.
    """
    people = [(place, str(person_of(place.who)["mail"]).lower(), str(person_of(place.who)["name"])) for place in places]
    theirs = [one for one in people if not isinstance(one[0].who, Member)]
    ours = domain_of(envelope.sender.mail)
    mails = [mail for _, mail, _ in people]
    found = {
        "same_mail": [name for _, mail, name in people if mails.count(mail) > 1],
        "own_domain": [name for _, mail, name in theirs if domain_of(mail) == ours],
        "free_mail": [name for _, mail, name in theirs if domain_of(mail) in FREE_MAIL],
        "no_gate": [name for place, _, name in theirs if place.gate == Gate.NONE],
    }
    return {code: "、".join(dict.fromkeys(names)) for code, names in found.items() if names}


def domain_of(mail: str) -> str:
    return mail.rpartition("@")[2].lower()
