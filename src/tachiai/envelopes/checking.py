"""``tachiai fsck``: the whole house re-derived from raw rows and bytes. It changes nothing, and says what it finds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from tachiai import archive, ceremony, ledger, outbox, sealing, vault
from tachiai.envelopes.checking_approvals import check_approvals
from tachiai.envelopes.checking_copies import check_copies
from tachiai.envelopes.checking_documents import check_missing, check_papers, papers_of
from tachiai.envelopes.checking_fields import check_fields
from tachiai.envelopes.checking_outcomes import check_conclusion, check_consents, check_going_on, check_mails
from tachiai.envelopes.checking_walks import check_people, check_places, check_shown, check_walk
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.scheduling_checks import check_schedule
from tachiai.envelopes.templates_checking import check_templates
from tachiai.findings import Finding, as_uuid, caught, looked_at, walk

__all__ = ["Finding", "check_envelope", "check_house"]


def check_house(*, quick: bool = False, since: datetime | None = None, known: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that is not as it must be (docs/operations/fsck.md), one finding after the other, in bounded memory.

    ``quick`` judges no signed file as a reader would; ``since`` looks at what has been touched since then, and at what belongs to it.
    ``known`` are checkpoints that were kept elsewhere, as a completion mail carries them. Each room looks at its own rows; then each
    envelope is held against the ledger, the consents and the bytes. Raises ``Outage`` and the database's errors when it cannot look.
    """
    yield from ledger.check_streams(since=since)
    yield from looked_at("log", partial(_log, known))
    yield from vault.check_boxes(since=since)
    yield from sealing.check_seals(since=since)
    yield from ceremony.check_consents(since=since)
    yield from ceremony.check_links(since=since)
    yield from outbox.check_mails(since=since)
    yield from archive.check_records(quick=quick, since=since)
    yield from _missing(since)
    yield from looked_at("templates", check_templates)
    for envelopes in walk(Envelope.objects.all()):
        touched = None if since is None else ledger.touched([envelope.stream for envelope in envelopes], since=since)
        for envelope in envelopes:
            if touched is None or envelope.stream in touched:
                yield from looked_at(str(envelope.pk), partial(check_envelope, envelope.pk, quick=quick))


def _log(known: Sequence[str]) -> Iterator[Finding]:
    """The tree over all entries, and whether it still is the one whose checkpoints others hold."""
    _roots, tsa_roots = sealing.trust()
    yield from (Finding(*one) for one in ledger.check_tree(known=known, roots=tsa_roots))


def _missing(since: datetime | None) -> Iterator[Finding]:
    """Envelopes of which the ledger tells and no row is left."""
    for entries in ledger.recorded_as(["envelope.created"], since=since):
        named = {str(pk): entry for entry in entries if (pk := as_uuid(entry.stream.partition(":")[2]))}
        rows = {str(pk) for pk in Envelope.objects.filter(pk__in=list(named)).values_list("pk", flat=True)}
        for name in sorted(named.keys() - rows):
            yield Finding("envelope.missing", name, named[name].stream)


def check_envelope(pk: uuid.UUID, *, quick: bool = False) -> Iterator[Finding]:
    """One envelope: its walk, its people, every revision of its documents, every consent, its conclusion, and who is told."""
    envelope = Envelope.objects.select_related("organization", "sender").get(pk=pk)
    told = ledger.recorded_in(envelope.stream)
    people = list(envelope.recipients.order_by("position"))
    papers = papers_of(envelope, told)
    parts = [
        partial(check_walk, envelope, told),
        partial(check_people, envelope, people, told),
        partial(check_places, envelope, people, told),
        partial(check_shown, envelope, told),
        partial(check_approvals, envelope, told),
        partial(check_missing, envelope, told, papers),
        *(partial(check_papers, one, quick=quick) for one in papers),
        partial(check_consents, envelope, people, papers, told),
        partial(check_fields, envelope, people, papers, told),
        partial(check_going_on, envelope, people, papers),
        partial(check_schedule, envelope, told),
        partial(check_conclusion, envelope, people, papers, told, quick=quick),
        partial(check_mails, envelope, people, told),
        partial(check_copies, envelope, told),
    ]
    for part in parts:
        yield from caught(str(pk), part)
