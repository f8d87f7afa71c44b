"""Whether every concluded copy is held by whom the ledger says: nobody has turned a download to an address of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tachiai.envelopes.copy_models import CopyGrant
from tachiai.envelopes.giving_copies import person_of_grant, said_of_grant
from tachiai.envelopes.models import Envelope
from tachiai.findings import Finding
from tachiai.ledger import Recorded


def check_copies(envelope: Envelope, told: Sequence[Recorded]) -> Iterator[Finding]:
    """Each grant is told of once, as it stands and at its time, and by another than who took the new address in; each told of is there."""
    entries = {str(entry.data.get("grant", "")): entry for entry in told if entry.event == "copies.given"}
    grants = {str(grant.pk): grant for grant in CopyGrant.objects.filter(recipient__envelope=envelope).select_related("registration")}
    for name in sorted(entries.keys() | grants.keys()):
        entry, grant = entries.get(name), grants.get(name)
        if grant is None or entry is None:
            yield Finding("copy.missing" if grant is None else "copy.unrecorded", name, envelope.stream)
        elif not _as_told(grant, entry):
            yield Finding("copy.unlike_entry", name, f"{envelope.stream} entry {entry.number}")
        elif grant.registration is not None and grant.granted_by_id in (
            grant.registration.entered_by_id,
            grant.registration.approved_by_id,
        ):
            yield Finding("copy.same_member", name, f"{envelope.stream} entry {entry.number}")


def _as_told(grant: CopyGrant, entry: Recorded) -> bool:
    said = said_of_grant(grant)
    same = said.items() <= entry.data.items() and ("registration" in said) == ("registration" in entry.data)
    return same and grant.granted_at == entry.at and entry.personal in ({}, person_of_grant(grant))
