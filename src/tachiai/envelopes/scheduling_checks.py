"""Whether what was promised for a moment is still due, and nothing is due that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tachiai.envelopes.models import Envelope
from tachiai.envelopes.schedule_models import OPEN, SendTask
from tachiai.findings import Finding
from tachiai.ledger import Recorded

# After any of these nothing is scheduled any more.
ENDS = ("envelope.schedule_cancelled", "envelope.schedule_failed", "envelope.sent", "envelope.withdrawn")


def check_schedule(envelope: Envelope, told: Iterable[Recorded]) -> Iterator[Finding]:
    """The last word about the schedule, the envelope's row and the work that is due say the same."""
    promised: datetime | None = None
    for entry in told:
        if entry.event == "envelope.scheduled":
            promised = datetime.fromisoformat(entry.data["send_at"])
        elif entry.event in ENDS:
            promised = None
    due = list(SendTask.objects.filter(envelope=envelope, state__in=OPEN))
    if envelope.send_at != promised or len(due) != (promised is not None):
        yield Finding("envelope.schedule_differs", str(envelope.pk), f"promised for {promised}, {len(due)} due")
    elif promised is not None and due[0].due_at < promised:
        yield Finding("envelope.schedule_differs", str(envelope.pk), f"promised for {promised}, due at {due[0].due_at}")
