"""Whether approvals are what the ledger tells of them, and nothing was sent or asked for without the one it needed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tachiai import ledger
from tachiai.accounts.route_models import Deputyship, Timing
from tachiai.clock import today
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.approving_digests import digest_of
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.findings import Finding, as_uuid
from tachiai.ledger import Recorded, Told
from tachiai.outbox import Mail

A, P = ApprovalState, PlaceState
ASKING = ("envelope.submitted", "envelope.scheduled", "envelope.sent")
ENDING = ("envelope.taken_back", "envelope.schedule_cancelled", "envelope.schedule_failed", "envelope.withdrawn", "envelope.declined")
REVIVED = "envelope.revived"
EVENTS = (*ASKING, *ENDING, REVIVED, "envelope.approved", "envelope.returned")
OPEN = (A.HELD, A.WAITING)
UNDECIDED = (P.WAITING, P.PENDING)
# What is on record as changed since; what was approved cannot be worked out again from the rows then.
GONE_ON = (REVIVED, "information.amended")
OVER = dict.fromkeys(ENDING, A.TAKEN_BACK) | {"envelope.withdrawn": A.ENDED, "envelope.declined": A.ENDED}


@dataclass
class Place:
    """One place as the entries leave it."""

    step: int
    any_one: bool
    member: str
    state: str = P.WAITING
    decided: tuple[str, datetime] | None = None


@dataclass
class Request:
    """One request for approval as the entries leave it. ``last`` is the number of the entry with which everybody had approved;
    ``stands`` tells one that holds something up from one that was only drawn up for a schedule."""

    route: str
    timing: str
    state: str = A.HELD
    digest: str = ""
    documents: list[str] = field(default_factory=list)
    last: int | None = None
    stands: bool = False
    places: dict[str, Place] = field(default_factory=dict)

    def ask(self, step: int) -> None:
        for place in self.places.values():
            if place.step == step and place.state == P.WAITING:
                place.state = P.PENDING

    def end(self, state: str) -> None:
        self.state = state
        for place in self.places.values():
            if place.state in UNDECIDED:
                place.state = P.CANCELLED


def is_being_decided(envelope: Envelope) -> bool:
    """Whether somebody's answer is what the envelope waits for: an approver's, or its sender's after a return."""
    pending = ApprovalPlace.objects.filter(approval__envelope=envelope, approval__state=A.WAITING, state=P.PENDING)
    newest = Approval.objects.filter(envelope=envelope).order_by("-asked_at").first()
    returned = newest is not None and newest.state == A.RETURNED and newest.timing == Timing.AFTER
    return pending.exists() or returned


def check_approvals(envelope: Envelope, told: Sequence[Recorded]) -> Iterator[Finding]:
    """Hold every request, and what was sent on its word, against the entries."""
    rows = {str(row.pk): row for row in Approval.objects.filter(envelope=envelope)}
    entries = ledger.entries(envelope.stream, events=EVENTS) if rows or any(one.event in ASKING[:2] for one in told) else []
    requests: dict[str, Request] = {}
    for entry in entries:
        yield from _replayed(requests, rows, entry)
    if rows.keys() != requests.keys():
        yield Finding("approval.unlike_entry", str(envelope.pk), f"{len(rows)} requests, {len(requests)} on record")
    for name in sorted(rows.keys() & requests.keys()):
        yield from _check_request(rows[name], requests[name])
    yield from _check_mails(envelope, requests)
    yield from _check_gate(envelope, requests, told)
    sent = next((one for one in told if one.event == "envelope.sent"), None)
    if sent is not None:
        yield from _check_sent(envelope, sent, requests, rows, told)


def _replayed(requests: dict[str, Request], rows: dict[str, Approval], entry: Told) -> Iterator[Finding]:
    """Take one entry into account; says who has answered who may not."""
    data = entry.data
    if entry.event in ASKING:
        _asked(requests, entry)
    elif entry.event == REVIVED:
        yield from _renewed(requests, entry)
    elif entry.event in OVER:
        for one in requests.values():
            if one.state in OPEN:
                one.end(OVER[entry.event])
    elif "place" in data:
        request = requests.get(data["approval"])
        place = request.places.get(data["place"]) if request else None
        if request is None or place is None or place.state != P.PENDING or request.digest != data.get("digest"):
            yield Finding("approval.unlike_entry", str(data.get("approval")), f"entry {entry.number}")
            return
        yield from _check_actor(place, rows.get(data["approval"]), entry)
        _answered(request, place, entry)


def _asked(requests: dict[str, Request], entry: Told) -> None:
    said = entry.data if entry.event == "envelope.submitted" else entry.data.get("approval")
    for name, one in requests.items():
        if one.state == A.HELD and (said is None or name != said["approval"]):
            one.end(A.TAKEN_BACK)  # it was drawn up for a schedule that did not come to pass
    if said is None or "places" not in said:
        return
    fresh = Request(said["route"], said["timing"])
    request = requests.setdefault(said["approval"], fresh)
    request.stands = entry.event != "envelope.scheduled"
    for one in said["places"]:
        request.places.setdefault(one["place"], Place(one["step"], one["any_one"], one["member"]))
    if entry.event == "envelope.submitted":
        request.state, request.digest, request.documents = A.WAITING, said["digest"], said["documents"]
        request.ask(1)


def _renewed(requests: dict[str, Request], entry: Told) -> Iterator[Finding]:
    """With a new deadline a request that waits for answers goes on under a new digest; no other has one to renew."""
    if "approval" not in entry.data:
        return
    request = requests.get(entry.data["approval"])
    if request is None or request.state != A.WAITING:
        yield Finding("approval.unlike_entry", str(entry.data["approval"]), f"entry {entry.number}")
        return
    request.digest = entry.data["digest"]


def _answered(request: Request, place: Place, entry: Told) -> None:
    approved = entry.event == "envelope.approved"
    place.state, place.decided = P.APPROVED if approved else P.RETURNED, (entry.by.get("id", ""), entry.at)
    if not approved:
        request.end(A.RETURNED)
        return
    for other in request.places.values():
        if other.step == place.step and other.any_one and other.state == P.PENDING:
            other.state = P.CANCELLED
    if any(other.state == P.PENDING for other in request.places.values()):
        return
    following = [other.step for other in request.places.values() if other.state == P.WAITING]
    if following:
        request.ask(min(following))
    else:
        request.end(A.APPROVED)
        request.last = entry.number


def _check_actor(place: Place, row: Approval | None, entry: Told) -> Iterator[Finding]:
    """Nobody but the approver, or their deputy on that day, and never who asked for it."""
    actor = entry.by.get("id", "")
    rightful = actor == place.member and "deputyship" not in entry.data
    if not rightful and (pk := as_uuid(entry.data.get("deputyship"))) is not None:
        day = today(entry.at)
        held = Deputyship.objects.filter(pk=pk, approver=as_uuid(place.member), deputy=as_uuid(actor), starts__lte=day, ends__gte=day)
        rightful = held.exclude(ended_at__lt=entry.at).exists()
    if not rightful or (row is not None and actor == str(row.asked_by_id)):
        yield Finding("approval.not_theirs", str(entry.data.get("place")), f"entry {entry.number}")


def _check_request(row: Approval, request: Request) -> Iterator[Finding]:
    found = (row.state, row.timing, str(row.route_id), bytes(row.digest or b"").hex())
    if found != (request.state, request.timing, request.route, request.digest):
        yield Finding("approval.unlike_entry", str(row.pk), f"{row.state}, but the ledger leaves it {request.state}")
    places = {str(one.pk): _seen(one) for one in row.places.all()}
    if places != {name: (one.step, one.any_one, one.member, one.state, one.decided) for name, one in request.places.items()}:
        yield Finding("approval.unlike_entry", str(row.pk), "its places")


def _seen(place: ApprovalPlace) -> tuple[Any, ...]:
    decided = (str(place.decided_by_id), place.decided_at) if place.decided_by_id is not None else None
    return place.step, place.any_one, str(place.member_id), place.state, decided


def _check_mails(envelope: Envelope, requests: dict[str, Request]) -> Iterator[Finding]:
    """One M17 for everybody whose turn has come."""
    if not requests:
        return
    written = Counter(str(about) for about in Mail.objects.filter(stream=envelope.stream, kind="M17").values_list("about", flat=True))
    asked = {
        str(pk) for pk in ApprovalPlace.objects.filter(approval__envelope=envelope, asked_at__isnull=False).values_list("pk", flat=True)
    }
    for name in sorted(asked | written.keys()):
        if written[name] != (1 if name in asked else 0):
            yield Finding("mail.request_differs", name, f"{written[name]} mails to an approver")


def _check_gate(envelope: Envelope, requests: dict[str, Request], told: Sequence[Recorded]) -> Iterator[Finding]:
    """Where an approval stands before our own signers, none of them was asked before it was given."""
    later = [one for one in requests.values() if one.timing == Timing.AFTER and one.stands]
    opened = next((one.last for one in later if one.last is not None), None)
    if envelope.awaits_approval != (bool(later) and opened is None):
        yield Finding("approval.gate_differs", str(envelope.pk))
    if not later:
        return
    ours = Recipient.objects.filter(envelope=envelope, side=Side.OWN, kind=Kind.SIGNER)
    own = {str(pk) for pk in ours.values_list("pk", flat=True)}
    early = [one for one in told if one.event == "recipient.requested" and str(one.data.get("recipient")) in own]
    if any(opened is None or one.number < opened for one in early):
        yield Finding("approval.missing", str(envelope.pk), "our own signers were asked before it")


def _check_sent(
    envelope: Envelope, sent: Recorded, requests: dict[str, Request], rows: dict[str, Approval], told: Sequence[Recorded]
) -> Iterator[Finding]:
    """What was sent is what was approved; and approved, where the organization required it on that day."""
    said = sent.data.get("approval")
    if said is None:
        if _required(envelope, sent.at):
            yield Finding("approval.missing", str(envelope.pk), f"entry {sent.number}")
        return
    if "places" in said:
        return  # it is asked for later
    request, row = requests.get(said["approval"]), rows.get(said["approval"])
    if request is None or row is None or request.state != A.APPROVED or request.digest != said.get("digest"):
        yield Finding("approval.missing", str(envelope.pk), f"entry {sent.number}")
        return
    same = request.documents == sent.data["documents"]
    if row.salt is not None and not any(one.event in GONE_ON for one in told):
        places = {uuid.UUID(one["recipient"]): one for one in (*sent.data["slots"], *sent.data.get("others", ()))}
        same = same and digest_of(envelope, salt=bytes(row.salt), timing=Timing.BEFORE, places=places).hex() == request.digest
    if not same:
        yield Finding("approval.of_something_else", str(row.pk), str(envelope.pk))


def _required(envelope: Envelope, at: datetime) -> bool:
    policies = ledger.entries(f"organization:{envelope.organization_id}", events=("organization.routes_set",))
    standing = [one for one in policies if one.at < at]
    return bool(standing) and bool(standing[-1].data.get("requires_route"))
