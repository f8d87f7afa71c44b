"""Whether what the ledger tells of an envelope is a walk that its states allow, and ends where the rows stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.places import NAMING, documents_meant, on_record, said_of
from tachiai.envelopes.routing import OVER
from tachiai.envelopes.states import MOVES, EnvelopeState, RecipientState
from tachiai.findings import Finding
from tachiai.ledger import Recorded

E, R = EnvelopeState, RecipientState

# Where an event of an envelope's stream leaves the envelope, and a recipient whom it names.
ENTERS: dict[str, EnvelopeState] = {
    "envelope.created": E.DRAFT,
    "envelope.submitted": E.AWAITING_APPROVAL,
    "envelope.returned": E.RETURNED,
    "envelope.taken_back": E.DRAFT,
    "envelope.sent": E.SENDING,
    "envelope.frozen": E.IN_PROGRESS,
    "envelope.revived": E.IN_PROGRESS,
    "envelope.closing": E.CLOSING,
    "envelope.concluded": E.CONCLUDED,
    "envelope.declined": E.DECLINED,
    "envelope.withdrawn": E.WITHDRAWN,
    "envelope.expired": E.EXPIRED,
}
# What moves nothing where approval stands before our own signers alone.
LATER = ("envelope.submitted", "envelope.returned")
BECOMES: dict[str, RecipientState] = {
    "recipient.requested": R.REQUESTED,
    "recipient.opened": R.OPENED,
    "recipient.consented": R.CONSENTED,
    "recipient.signed": R.SIGNED,
    "recipient.reviewed": R.REVIEWED,
    "recipient.reassigned": R.FORWARDED,
    "recipient.cancelled": R.CANCELLED,
    "recipient.expired": R.EXPIRED,
    "recipient.delivered": R.DELIVERED,
    "recipient.declined": R.DECLINED,
    "envelope.declined": R.DECLINED,
}
# Told again although nothing moves: asked once more, or come back.
STAYS = {"recipient.requested": (R.REQUESTED, R.OPENED), "recipient.opened": (R.OPENED, R.CONSENTED, R.SIGNED, R.REVIEWED)}


def check_walk(envelope: Envelope, told: Iterable[Recorded]) -> Iterator[Finding]:
    """Hold the envelope's own states against its entries, from ``envelope.created`` on."""
    state: str | None = None
    for entry in told:
        into = ENTERS.get(entry.event)
        if into is None or (entry.event in LATER and entry.data.get("timing") == "after"):
            continue
        if into not in (MOVES["envelope"][state] if state else {E.DRAFT}):
            yield Finding("envelope.illegal_walk", str(envelope.pk), f"entry {entry.number}: {entry.event} while {state or 'unknown'}")
        state = into
    if state != envelope.state:
        yield Finding("envelope.state_differs", str(envelope.pk), f"{envelope.state}, but the ledger leaves it {state or 'unknown'}")


def check_people(envelope: Envelope, people: Iterable[Recipient], told: Iterable[Recorded]) -> Iterator[Finding]:
    """The same of everybody who is to sign: who was named at sending, and where the entries leave each of them."""
    rows = {str(person.pk): person for person in people}
    standing: dict[str, str] = dict.fromkeys(rows, R.WAITING)
    for entry in told:
        who = str(entry.data.get("recipient", ""))
        if entry.event == "recipient.declined":
            yield from _bowed_out(rows, standing, who, entry)
        if entry.event in BECOMES:
            yield from _moved(envelope, standing, who, entry)
        if entry.event in ("envelope.declined", "envelope.withdrawn", "envelope.expired"):
            _ended(standing, expired=entry.event == "envelope.expired")
    for who, state in standing.items():
        if who in rows and rows[who].state != state:
            yield Finding("recipient.state_differs", who, f"{rows[who].state}, but the ledger leaves it {state}")


def check_places(envelope: Envelope, people: Iterable[Recipient], told: Sequence[Recorded]) -> Iterator[Finding]:
    """That everybody is asked what the entries say, and stands in nobody's place but theirs."""
    naming = [entry for entry in told if entry.event in NAMING]
    if not naming:
        return
    meant, rows = documents_meant(envelope.pk), {person.pk: person for person in people}
    if on_record(naming) != {pk: said_of(person, meant.get(pk, ())) for pk, person in rows.items()}:
        yield Finding("envelope.signers_differ", str(envelope.pk), f"entry {naming[-1].number}")
    changes = {(entry.data["recipient"], entry.data["place"]["recipient"]) for entry in naming if entry.event == "recipient.reassigned"}
    if changes != {(str(person.replaces_id), str(pk)) for pk, person in rows.items() if person.replaces_id}:
        yield Finding("envelope.signers_differ", str(envelope.pk), "who stands in whose place")


def check_shown(envelope: Envelope, told: Sequence[Recorded]) -> Iterator[Finding]:
    """That the other side is told what the sender said at sending. What was sent before that was on record shows nothing."""
    sent = next((entry for entry in told if entry.event == "envelope.sent"), None)
    if sent is not None and sent.data.get("shown", []) != envelope.shown_items:
        yield Finding("envelope.shown_differs", str(envelope.pk), f"entry {sent.number}")


def _moved(envelope: Envelope, standing: dict[str, str], who: str, entry: Recorded) -> Iterator[Finding]:
    if who not in standing:
        yield Finding("recipient.missing", who, f"{envelope.stream} entry {entry.number}")
        return
    before, into = standing[who], BECOMES[entry.event]
    if before in STAYS.get(entry.event, ()):
        return
    if into not in MOVES["recipient"][before]:
        yield Finding("recipient.illegal_walk", who, f"entry {entry.number}: {entry.event} while {before}")
    standing[who] = into


def _bowed_out(rows: dict[str, Recipient], standing: dict[str, str], who: str, entry: Recorded) -> Iterator[Finding]:
    """Without whoever declined it goes on only where another of whom any one suffices could still do it."""
    held = rows.get(who)
    if held is None:
        return  # told of as missing
    before = {named for named, state in standing.items() if state not in OVER and named != who}
    born = {named for named in before if rows[named].replaces_id is None or standing.get(str(rows[named].replaces_id)) == R.FORWARDED}
    if not any(held.any_one and rows[named].any_one and rows[named].order == held.order for named in born):
        yield Finding("recipient.illegal_walk", who, f"entry {entry.number}: {entry.event} of somebody without whom it cannot go on")


def _ended(standing: dict[str, str], *, expired: bool) -> None:
    """What the end of an envelope does to those who have not signed (``routing.cancel_unfinished``)."""
    for who, state in standing.items():
        if state in OVER:
            continue
        if not expired:
            standing[who] = R.CANCELLED
        elif state in (R.REQUESTED, R.OPENED):
            standing[who] = R.EXPIRED
