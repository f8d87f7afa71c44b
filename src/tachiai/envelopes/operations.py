"""P-13: the operation log of an organization, across its envelopes' streams and its own; who may see which of them."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from tachiai import ledger
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import role_now
from tachiai.backups.showing import may_see_backups
from tachiai.clock import end_of
from tachiai.counterparties.models import Registration
from tachiai.envelopes.access import envelopes_for
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.listing import matching
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.operation_kinds import EVENTS, FAILED, Kind
from tachiai.errors import Refusal
from tachiai.ledger import Found, Sought, Streams, Told

PREFIX = "envelope"
TRACED = (Role.ADMIN, Role.AUDITOR, Role.SYSTEM)
WHOLE = (Role.ADMIN, Role.AUDITOR)
# A system administrator runs the house and reads no contract: logins and settings alone.
SYSTEM_EVENTS = EVENTS[Kind.LOGIN] + EVENTS[Kind.SETTINGS]


@dataclass(frozen=True)
class Asked:
    """What a reader of the log looks for; everything given must hold. Days are Japan's, both ends included."""

    since: date | None = None
    until: date | None = None
    member: uuid.UUID | None = None
    kind: Kind | None = None
    words: str = ""
    result: Literal["", "done", "failed"] = ""
    address: str = ""


@dataclass(frozen=True)
class Operation:
    """One line. ``actor`` is a name or empty, ``actor_kind`` the ledger's; ``subject`` what was acted on, with its ``envelope``."""

    place: int
    stream: str
    number: int
    at: datetime
    event: str
    actor: str
    actor_kind: str
    role: str
    subject: str
    envelope: Envelope | None
    failed: bool
    address: str
    agent: str
    facts: dict[str, Any] = field(default_factory=dict)


def sees_traces(member: Member) -> bool:
    """Whether network addresses and browsers are shown to ``member``, and may be looked for."""
    return role_now(member) in TRACED


def operations(member: Member, asked: Asked, *, before: int | None = None, most: int) -> list[Operation]:
    """At most ``most`` lines of what ``member`` may see and asked for, newest first, from before the line at ``before``."""
    found = ledger.find_entries(_streams(member, words=asked.words), _sought(member, asked), before=before, most=most)
    names = _Names(found)
    return [_operation(one, names, traces=sees_traces(member)) for one in found]


def _streams(member: Member, *, words: str = "") -> Streams:
    role = role_now(member)
    own = [f"organization:{member.organization_id}"] if role in (*WHOLE, Role.SYSTEM) else []
    if may_see_backups(member):
        own.append("house")
    rows = envelopes_for(member) if role != Role.SYSTEM else None
    if not words:
        return Streams(own, PREFIX, rows)
    return Streams([], PREFIX, matching(rows, words) if rows is not None else None)


def _sought(member: Member, asked: Asked) -> Sought:
    events: set[str] | None = set(EVENTS[asked.kind]) if asked.kind is not None else None
    if role_now(member) == Role.SYSTEM:
        events = set(SYSTEM_EVENTS) if events is None else events & set(SYSTEM_EVENTS)
    if asked.result == "failed":
        events = set(FAILED) if events is None else events & set(FAILED)
    return Sought(
        events=events,
        but_events=FAILED if asked.result == "done" else (),
        since=end_of(asked.since - timedelta(days=1)) if asked.since else None,
        until=end_of(asked.until) if asked.until else None,
        actor=str(asked.member) if asked.member else "",
        address=asked.address if sees_traces(member) else "",
    )


def _operation(found: Found, names: _Names, *, traces: bool) -> Operation:
    told = found.told
    envelope = names.envelope(found.stream)
    facts = {**told.data, **{key: value for key, value in told.personal.items() if key not in ("address", "agent")}}
    facts["recipient_name"] = names.recipient(str(told.data.get("recipient") or told.data.get("about") or ""))
    facts["document_name"] = names.document(str(told.data.get("document", "")))
    if "deputyship" in told.data:
        facts["instead_of"] = names.subject(told.data)
    return Operation(
        place=found.place,
        stream=found.stream,
        number=told.number,
        at=told.at,
        event=told.event,
        actor=names.actor(told.by),
        actor_kind=told.by["kind"],
        role=names.role(told.by),
        subject=(envelope.name or envelope.number) if envelope else names.subject(told.data),
        envelope=envelope,
        failed=told.event in FAILED,
        address=_network_address(told.personal) if traces else "",
        agent=str(told.personal.get("agent", "")) if traces else "",
        facts=facts,
    )


def _network_address(personal: Mapping[str, object]) -> str:
    """Where the act came from. A registration keeps where the company is (所在地) by the same word, which is no trace of anybody."""
    said = str(personal.get("address", ""))
    try:
        ipaddress.ip_address(said)
    except ValueError:
        return ""
    return said


class _Names:
    """The names behind the ids of some lines, with a question for each sort of row and not for each line."""

    def __init__(self, found: Iterable[Found]) -> None:
        told = [one.told for one in found]
        streams = [one.stream for one in found]
        envelopes = {uuid.UUID(name.partition(":")[2]) for name in streams if name.startswith(f"{PREFIX}:")}
        self._envelopes = {str(row.pk): row for row in Envelope.objects.filter(pk__in=envelopes)}
        self._recipients = {str(row.pk): row.name for row in Recipient.objects.filter(envelope_id__in=envelopes).only("name")}
        self._documents = {str(row.pk): row.name for row in Document.objects.filter(envelope_id__in=envelopes).only("name")}
        self._members = {str(row.pk): row for row in Member.objects.filter(pk__in=_uuids(told, "member"))}
        registrations = Registration.objects.filter(pk__in=_uuids(told, "registration")).select_related("counterparty")
        self._registrations = {str(row.pk): f"{row.counterparty.name} {row.name}" for row in registrations}
        asked = CopyRequest.objects.filter(pk__in=_uuids(told, "copy_request"))
        self._requests = {str(row.pk): f"{row.number} {row.party} {row.name}".strip() for row in asked}

    def envelope(self, stream: str) -> Envelope | None:
        return self._envelopes.get(stream.partition(":")[2])

    def recipient(self, pk: str) -> str:
        return self._recipients.get(pk, "")

    def document(self, pk: str) -> str:
        return self._documents.get(pk, "")

    def actor(self, by: dict[str, str]) -> str:
        pk = by.get("id", "")
        if by["kind"] == "member":
            return self._members[pk].name if pk in self._members else ""
        return self._recipients.get(pk, "") or self._registrations.get(pk, "")

    def role(self, by: dict[str, str]) -> str:
        found = self._members.get(by.get("id", "")) if by["kind"] == "member" else None
        return found.role if found else ""

    def subject(self, data: dict[str, Any]) -> str:
        member = self._members.get(str(data.get("member", "")))
        if member:
            return member.name
        key = str(data.get("registration") or data.get("copy_request") or data.get("about") or "")
        return self._registrations.get(key) or self._requests.get(key, "")


def _uuids(told: Iterable[Told], kind: str) -> set[uuid.UUID]:
    """The ids that may be of one kind of row: as actor, or named in the facts."""
    found = set()
    for one in told:
        for text in (one.by.get("id", ""), one.data.get(kind, ""), one.data.get("about", "")):
            try:
                found.add(uuid.UUID(str(text)))
            except ValueError:
                continue
    return found


# How many entries one request re-derives: a second or two, so that a page can tell how far it is.
AT_ONCE = 20_000


@dataclass(frozen=True)
class Check:
    """How far a check of the whole log is. ``broken``: a stream, and the first number that cannot be. ``after`` None: over."""

    streams: int
    entries: int
    after: int | None
    broken: tuple[str, int] | None = None

    @property
    def broken_envelope(self) -> Envelope | None:
        if self.broken is None or not self.broken[0].startswith(f"{PREFIX}:"):
            return None
        return Envelope.objects.filter(pk=self.broken[0].partition(":")[2]).first()


def may_check(member: Member) -> bool:
    """Checking is for those who see the whole of the organization's log."""
    return role_now(member) in WHOLE


def check_operations(member: Member, *, so_far: Check | None = None) -> Check:
    """Go on checking every stream that ``member`` sees, from the raw rows. Refuses with ``operations.not_allowed``."""
    if not may_check(member):
        raise Refusal("operations.not_allowed")
    so_far = so_far or Check(0, 0, 0)
    if so_far.after == 0:
        lost = ledger.without_stream(PREFIX, envelopes_for(member))
        if lost is not None:
            return Check(0, 0, None, (f"{PREFIX}:{lost}", 1))
    found = ledger.check_next(_streams(member), after=so_far.after or 0, entries=AT_ONCE)
    return Check(so_far.streams + found.streams, so_far.entries + found.entries, found.after, found.broken)
