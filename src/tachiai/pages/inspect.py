"""What an uploaded PDF is, and whether it can be sealed byte for byte: `inspect`, `normalise` and `plan`.

All work in a child (`tachiai.pages.child`); this module holds what the house sees of it. The rules are `seal.md`'s: revision 0 is
the upload, byte for byte; a file is rewritten only for a stated reason that the clerk confirms, and never when somebody else
has signed it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import cast, get_args

from tachiai.crypto.plans import LARGEST as LARGEST_PLAN
from tachiai.errors import Outage, Refusal
from tachiai.pages import child
from tachiai.pages.findings import MAX_FILE_BYTES, MAX_PAGES, Finding, ForeignSignatures, Inspection, Severity, Stage, XrefKind
from tachiai.pages.frame import Head

__all__ = ["MAX_FILE_BYTES", "MAX_PAGES", "Finding", "ForeignSignatures", "Inspection", "Stage", "inspect", "normalise", "plan"]

# The largest files take a second or two; a tagged one, whose structure names each line and cell of some hundred pages, ten times that.
# The wall is wider because the machine is shared, and nobody waits before it: after a moment the upload is held and goes on behind.
LIMITS = child.Limits(memory_bytes=512 * 1024 * 1024, cpu_seconds=30, wall_seconds=120.0, answer_bytes=LARGEST_PLAN)
# A rewrite may be larger than its source (object streams unpacked by repair), but not without bound.
NORMALISE_LIMITS = child.Limits(memory_bytes=768 * 1024 * 1024, cpu_seconds=40, wall_seconds=150.0, answer_bytes=2 * MAX_FILE_BYTES)


def inspect(pdf: bytes, *, progress: Callable[[Stage], None] | None = None) -> Inspection:
    """Reads ``pdf`` with two parsers and tells what it is.

    Refuses with ``file.empty``, ``file.too_large`` (limit_mb), ``file.not_pdf`` (looks_like), ``file.encrypted`` (reason: password,
    restricted, certificate), ``file.broken``, ``file.no_pages``, ``file.too_many_pages`` (pages, limit), ``file.active_content``
    (kinds), ``file.locked_by_signature`` (reason: docmdp, fieldmdp), ``file.signed_and_damaged`` (reasons) and ``file.too_complex``
    (reason: objects, pixels, annotations, time, memory, crash).

    ``progress`` hears some words of how far it is, in this thread; what it raises ends the work and passes through.
    """
    refuse_by_size(pdf)
    head, plan = child.run("inspect", pdf, limits=LIMITS, hear=progress)
    inspection = _inspection(head, plan)
    for finding in inspection.findings:
        if finding.severity == "refuse":
            raise Refusal(finding.code, **finding.facts)
    return inspection


def normalise(pdf: bytes) -> bytes:
    """The file rewritten by qpdf into one canonical form, deterministic for the same bytes, for the clerk to confirm.

    The product has been inspected in the child: nothing about it would need normalising or be refused. Refuses as `inspect` does,
    and with ``file.locked_by_signature`` (reason: signed) whenever the file bears a signature, because a rewrite would break it.
    """
    refuse_by_size(pdf)
    _, body = child.run("normalise", pdf, limits=NORMALISE_LIMITS)
    if len(body) > MAX_FILE_BYTES:
        raise Refusal("file.too_large", limit_mb=MAX_FILE_BYTES // (1024 * 1024))
    return body


def plan(pdf: bytes, *, pages: Collection[int] = (1,)) -> bytes:
    """The sealer's plan of a file that has been taken in (docs/formats/plan.md), should the one kept beside it be lost.

    Refuses as ``crypto.planning.plan``, and with ``file.too_complex`` when the child did not live to answer.
    """
    return child.run("plan", pdf, limits=LIMITS, options={"pages": sorted(pages)})[1]


def refuse_by_size(pdf: bytes) -> None:
    """Refuses an empty file (``file.empty``) and one above `MAX_FILE_BYTES` (``file.too_large``) without looking inside."""
    if not pdf:
        raise Refusal("file.empty")
    if len(pdf) > MAX_FILE_BYTES:
        raise Refusal("file.too_large", limit_mb=MAX_FILE_BYTES // (1024 * 1024))


def _inspection(head: Head, plan: bytes) -> Inspection:
    # The child has read a stranger's bytes, so its answer is checked like a stranger's.
    try:
        foreign = head["foreign"]
        docmdp = foreign["docmdp"]
        return Inspection(
            page_count=int(head["page_count"]),
            page_sizes=tuple((float(width), float(height)) for width, height in head["page_sizes"]),
            pdf_version=str(head["pdf_version"])[:8],
            xref=_one_of(head["xref"]),
            has_form=bool(head["has_form"]),
            foreign=ForeignSignatures(
                signatures=int(foreign["signatures"]),
                timestamps=int(foreign["timestamps"]),
                docmdp=None if docmdp is None else int(docmdp),
                locks=bool(foreign["locks"]),
            ),
            pdfa=None if head["pdfa"] is None else str(head["pdfa"])[:8],
            findings=tuple(_finding(item) for item in head["findings"]),
            plan=plan,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Outage("pages.answer", type(error).__name__) from error


def _finding(item: Head) -> Finding:
    if item["severity"] not in get_args(Severity):
        raise ValueError(item["severity"])
    return Finding(str(item["code"]), cast("Severity", item["severity"]), dict(item["facts"]))


def _one_of(kind: object) -> XrefKind:
    if kind not in get_args(XrefKind):
        raise ValueError(kind)
    return cast("XrefKind", kind)
