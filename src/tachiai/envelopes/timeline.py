"""An envelope's life as its ledger stream tells it: each event once, oldest first, fit to be shown to a member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tachiai import ledger
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import role_now
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Envelope
from tachiai.ledger import Told

# Drafting's small steps and the house's inner book-keeping stay in the ledger; a reader of the timeline needs the acts.
UNTOLD = {"envelope.described", "recipients.named", "envelope.frozen", "seal.intended", "record.admitted"}
UNTOLD_ROOM = "upload."  # what was given and became no document; what became one is told as that
TRACES = ("address", "agent")


@dataclass(frozen=True)
class Event:
    """One told act. ``code`` is the ledger's event; ``actor`` is a person's name, or empty for the house itself.

    ``by`` says what sort of actor it was and by which id, as the ledger does.
    """

    code: str
    at: datetime
    actor: str
    facts: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    by: dict[str, str] = field(default_factory=dict)

    def is_by(self, kind: str, pk: object) -> bool:
        return self.by.get("kind") == kind and self.by.get("id") == str(pk)


def timeline(envelope: Envelope, *, reader: Member) -> list[Event]:
    """What happened to ``envelope``. Network addresses are told to admins and auditors alone."""
    told = [entry for entry in ledger.entries(envelope.stream) if _is_told(entry)]
    names = _Names(envelope, told)
    traces = role_now(reader) in (Role.ADMIN, Role.AUDITOR)
    return [_event(entry, names, traces=traces) for entry in told]


def _is_told(entry: Told) -> bool:
    # Sending again is one act of the sender; the renewed request is its consequence and would say it twice.
    renewed = entry.event == "recipient.requested" and bool(entry.data.get("again"))
    return entry.event not in UNTOLD and not entry.event.startswith(UNTOLD_ROOM) and not renewed


def _event(entry: Told, names: _Names, *, traces: bool) -> Event:
    facts = {**entry.data, **{key: value for key, value in entry.personal.items() if key not in TRACES}}
    facts["recipient_name"] = names.recipient(str(entry.data.get("recipient") or entry.data.get("about") or ""))
    facts["document_name"] = names.document(str(entry.data.get("document", "")))
    if "deputyship" in entry.data:
        facts["instead_of"] = names.member(str(entry.data.get("member", "")))
    address = str(entry.personal.get("address", "")) if traces else ""
    return Event(entry.event, entry.at, names.actor(entry.by), facts, address, entry.by)


class _Names:
    """The names behind the ids of a stream, looked up once for the whole of it."""

    def __init__(self, envelope: Envelope, told: Iterable[Told]) -> None:
        self._recipients = {str(row.pk): row.name for row in signers_of(envelope)}
        self._documents = {str(row.pk): row.name for row in documents_of(envelope)}
        self._members = {str(envelope.sender_id): envelope.sender.name}
        others = {entry.by.get("id", "") for entry in told if entry.by["kind"] == "member"}
        others |= {str(entry.data["member"]) for entry in told if "deputyship" in entry.data}
        others -= self._members.keys()
        if others:
            self._members |= {str(row.pk): row.name for row in Member.objects.filter(pk__in=others)}

    def actor(self, by: dict[str, str]) -> str:
        return (self._members if by["kind"] == "member" else self._recipients).get(by.get("id", ""), "")

    def recipient(self, pk: str) -> str:
        return self._recipients.get(pk, "")

    def member(self, pk: str) -> str:
        return self._members.get(pk, "")

    def document(self, pk: str) -> str:
        return self._documents.get(pk, "")
