"""The plan of a file about to be sealed: the one kept beside it, or a new one made in a limited child, never in a worker."""

from __future__ import annotations

from tachiai.crypto.plans import BadPlan, Plan, read_plan
from tachiai.errors import Outage
from tachiai.pages.inspect import plan
from tachiai.sealing.models import Seal


def fitting_plan(intent: Seal, pdf: bytes, held: bytes, *, pages: tuple[int, ...] = ()) -> Plan:
    """The plan of ``pdf``, whose digest the intent has on record. ``held`` is what was kept; ``pages`` is what freezing needs to know.

    One that is not understood any more, or is of other bytes, is as good as none. Refuses as ``pages.inspect.plan``. Raises ``Outage``
    when no child can be had, or its answer is not to be used.
    """
    known = _read(held)
    if known is not None and _fits(known, intent, pdf, pages):
        return known
    made = _read(plan(pdf, pages=pages or (1,)))
    if made is None or not _fits(made, intent, pdf, pages):
        # The child has read a stranger's bytes. The engine would plan anew itself, and that here.
        raise Outage("pages.answer", "a plan of something else")
    return made


def _read(held: bytes) -> Plan | None:
    try:
        return read_plan(held) if held else None
    except BadPlan:
        return None


def _fits(known: Plan, intent: Seal, pdf: bytes, pages: tuple[int, ...]) -> bool:
    same = known.length == len(pdf) and known.sha256 == bytes(intent.input_sha256)
    return same and known.pages.keys() >= set(pages)
