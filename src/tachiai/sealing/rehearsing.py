"""A rehearsal at the door: whether a file out of the ordinary can go the whole way, before anybody is asked to sign it."""

from __future__ import annotations

from datetime import datetime

from tachiai.pages import child
from tachiai.pages.inspect import Inspection

LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=60.0, answer_bytes=0)
# What an update has to thread its way around; an ordinary file needs no rehearsal, and most files are ordinary.
KNOTTY = {"file.irregular"}


def rehearse(pdf: bytes, inspection: Inspection, *, at: datetime) -> None:
    """Seal and verify a knotty file once with throwaway keys, in a limited child.

    Refuses with ``file.unwritable`` (why) when the result would not pass the release gate.
    """
    knotty = inspection.foreign or inspection.has_form or inspection.xref == "hybrid"
    if knotty or any(finding.code in KNOTTY for finding in inspection.findings):
        child.run("rehearse", pdf, limits=LIMITS, options={"at": at.isoformat()})
