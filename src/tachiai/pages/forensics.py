"""Inspection and rewriting, inside a child: the order of the questions, and how damage is told from intent.

qpdf (through pikepdf) answers for the structure, PDFium for what a reader would see. Anything on which the two disagree, or which
qpdf had to repair, is a reason to normalise: the clerk and the signer must see what the seal covers.
"""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import pikepdf
from pikepdf import Array, Name, Pdf

from tachiai.crypto import planning
from tachiai.crypto.fields import ARCHIVE_FIELDS
from tachiai.crypto.plans import Plan
from tachiai.crypto.rehearsal import rehearse
from tachiai.errors import Refusal
from tachiai.pages import form_values, layers, leftovers, object_walk, outside, pdfium, revisions, structure, tidying, wording
from tachiai.pages.findings import MAX_PAGES, Finding, ForeignSignatures, Inspection
from tachiai.pages.frame import Head
from tachiai.pages.progress import tell
from tachiai.pages.readings import Readings
from tachiai.pages.surveying import survey_job  # noqa: F401  # a job of the children that have loaded both parsers

MAX_REASONS = 5
# A contract takes hundredths of a second. With ten signers the closing of a file costs about thirteen times as much. A tagged file of many
# pages is looked through object by object, at half a millisecond each: it is given the time, and a small file that takes long is not.
LONGEST_REHEARSAL_SECONDS = 2.0
SECONDS_AN_OBJECT = 0.001
LONGEST_OF_ALL_SECONDS = 15.0  # thirteen times that is within what the deep verifier may take at a closing (sealing.verifying)
MOST_ANNOTATIONS = 3_000  # so many are rehearsed in about half of that time
_BEYOND_REWRITING = ("file.xfa", "file.field_name_taken", "file.too_complex")

# Slips of well-known producers that every reader passes over alike. A signed file with nothing worse can still take our signature.
_HARMLESS = re.compile(
    r"xref entry for the xref stream itself is missing|extraneous whitespace seen before xref|Resources is missing or invalid"
    r"|/Type key should be /Pages? but is not"
)


def inspect_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``inspect``: the head is an `Inspection` as a dictionary, the body its plan; refusals the face makes are findings."""
    del options
    inspection = _planned(pdf, examine(pdf))
    head = asdict(inspection)
    return head, head.pop("plan")


def warm_up() -> None:
    """Inspects an empty page of our own, for what the libraries load and set up once: a nursery's children then find it done."""
    inspect_job(pdfium.EMPTY_PAGE, {})


def normalise_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``normalise``: the body is the rewritten file, which has passed `examine` itself."""
    del options
    before = examine(pdf)
    _raise_refusals(before)
    if before.foreign:
        raise Refusal("file.locked_by_signature", reason="signed")
    with _opened(pdf) as document:
        tidying.tidy(document)
        rewritten = _rewrite(document)
    after = _planned(rewritten, examine(rewritten))
    _raise_refusals(after)
    if after.reasons_to_normalise:
        raise _beyond_mending(after.reasons_to_normalise[0])
    return {}, rewritten


def plan_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``plan``: the body is the encoded plan with the wanted ``pages``."""
    return {}, planning.plan(pdf, pages=options["pages"]).encode()


def examine(pdf: bytes) -> Inspection:
    """Reads the whole file once with each parser. Raises `Refusal` only where nothing at all can be told of the file."""
    tell("reading")
    # Step 1: the outside. A renamed Word file should hear what it is, not that it is a broken PDF.
    findings = outside.outside_findings(pdf)
    with _opened(pdf) as document:
        # Step 2: encryption, before anything is read through it.
        findings += _examine_encryption(document)
        # Step 3: pages, with a limit before any loop over them. The parser mends their tree as soon as it is asked for it.
        findings += structure.page_tree_findings(document)
        page_sizes, size_findings = structure.page_sizes(document, limit=MAX_PAGES)
        findings += size_findings
        # Step 4: every object once: what acts by itself, what leads outside, what is signed, what is not embedded.
        tell("walking")
        walk = object_walk.walk(document)
        findings += walk.findings
        findings += layers.layer_findings(document, signed=bool(walk.foreign))
        # Step 5: what a reader sees, in the file as it is and in qpdf's reading of it, tidied as a rewrite would be.
        findings += [] if walk.foreign else tidying.tidy(document)
        canonical = _rewrite(document)
        readings = Readings.of(pdf, canonical)
        findings += readings.findings
        findings += wording.paper_wording(readings.texts)
        # Step 6: what nobody sees as the file is, but somebody may bring to light: earlier revisions, and what nothing leads to.
        ends = revisions.ends_of_revisions(pdf)
        findings += revisions.revision_findings(pdf, document, ends)
        findings += leftovers.leftover_findings(pdf, document, canonical, ends, kept=walk.kept, signed=bool(walk.foreign))
        # Step 7: what forms show beside what they hold.
        findings += form_values.value_findings(document)
        # Step 8: damage qpdf met on the way, now that everything has been touched.
        findings += _examine_damage(document)
        # Step 9: a signed file is never rewritten, so what would be a reason to normalise is a refusal there.
        findings += _examine_locks(walk.foreign, findings)
        claim = structure.pdfa_claim(document)
        findings += structure.pdfa_findings(claim, findings)
        return Inspection(
            page_count=len(page_sizes),
            page_sizes=tuple(page_sizes),
            pdf_version=document.pdf_version,
            xref=structure.xref_kind(pdf),
            has_form=walk.has_form,
            foreign=walk.foreign,
            pdfa=claim,
            findings=tuple(findings),
        )


def _beyond_mending(left: Finding) -> Refusal:
    """What a rewrite has left as it was: the sealer's own reason, where it is the sealer who cannot go on."""
    if left.code == "file.unwritable":
        return Refusal(left.code, **left.facts)
    return Refusal("file.broken", cause=left.code)


def _planned(pdf: bytes, inspection: Inspection) -> Inspection:
    """With the sealer's plan of the file. What could not be sealed or verified is found here, and not after people have agreed."""
    if any(finding.severity in ("refuse", "normalise") for finding in inspection.findings):
        return inspection
    try:
        return replace(inspection, plan=_rehearsed_plan(pdf).encode())
    except Refusal as refused:
        # A rewrite mends how a file is put together, unless somebody has signed it or the trouble is of another kind altogether.
        beyond = inspection.foreign or refused.code in _BEYOND_REWRITING
        code = refused.code if beyond else "file.unwritable"
        found = Finding(code, "refuse" if beyond else "normalise", {**refused.facts, **_what_took_long(pdf, refused)})
        return replace(inspection, findings=(*inspection.findings, found))


def _rehearsed_plan(pdf: bytes) -> Plan:
    """The plan of a file that has gone the whole way once. Refuses as planning and rehearsing do, ``file.field_name_taken`` and,
    where judging alone takes longer than a worker may spend on it at each closing, ``file.too_complex``."""
    tell("rehearsing")
    plan = planning.plan(pdf)
    taken = [name for name in plan.taken if not name.startswith(ARCHIVE_FIELDS)]
    if taken:
        raise Refusal("file.field_name_taken", field=taken[0])
    with _no_longer_than(min(LONGEST_REHEARSAL_SECONDS + plan.free * SECONDS_AN_OBJECT, LONGEST_OF_ALL_SECONDS)):
        rehearse(pdf, plan=plan)
    return plan


def _what_took_long(pdf: bytes, refused: Refusal) -> Head:
    """A file may look like any other and be full of links: where there are too many, that is the reason to name."""
    if refused.code != "file.too_complex":
        return {}
    with _opened(pdf) as document:
        notes = (page.obj.get(Name.Annots) for page in document.pages)
        count = sum(len(held) for held in notes if isinstance(held, Array))
    return {"reason": "annotations", "count": count, "limit": MOST_ANNOTATIONS} if count > MOST_ANNOTATIONS else {}


class _TooLong(BaseException):
    """The time is up. It is nobody's ordinary error, so that no reader takes it for one of its own."""


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Refuses ``file.too_complex`` when what is within takes more CPU time. For the main thread, of which a child has no other."""

    def ring(*_given: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except _TooLong:
        raise Refusal("file.too_complex", reason="time") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _raise_refusals(inspection: Inspection) -> None:
    for finding in inspection.findings:
        if finding.severity == "refuse":
            raise Refusal(finding.code, **finding.facts)


def _opened(pdf: bytes) -> Pdf:
    try:
        return pikepdf.open(io.BytesIO(pdf), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refusal("file.encrypted", reason="password") from None
    except pikepdf.PdfError as error:
        if re.search(r"encrypt|security handler|/Filter", str(error), re.IGNORECASE):
            raise Refusal("file.encrypted", reason="certificate") from None
        raise Refusal("file.broken", cause="unreadable") from None


def _examine_encryption(document: Pdf) -> list[Finding]:
    if not document.is_encrypted:
        return []
    # An empty password opens the file; whether its author allows a copy without protection is said by the permissions
    # (ISO 32000-2 table 22). Where editing is forbidden, taking the protection off is not ours to do.
    allow = document.allow
    if allow.modify_other and allow.extract:
        return [Finding("file.empty_password", "normalise")]
    return [Finding("file.encrypted", "refuse", {"reason": "restricted"})]


def _examine_damage(document: Pdf) -> list[Finding]:
    warnings = [re.sub(r"^.*?: ", "", str(warning), count=1)[:120] for warning in document.get_warnings()]
    damage = [warning for warning in warnings if not _HARMLESS.search(warning)]
    if damage:
        return [Finding("file.repaired", "normalise", {"warnings": len(damage), "examples": damage[:MAX_REASONS]})]
    return [Finding("file.irregular", "warn", {"warnings": len(warnings), "examples": warnings[:MAX_REASONS]})] if warnings else []


def _examine_locks(foreign: ForeignSignatures, findings: list[Finding]) -> list[Finding]:
    if foreign.docmdp == 1:
        return [Finding("file.locked_by_signature", "refuse", {"reason": "docmdp"})]
    if foreign.locks:
        return [Finding("file.locked_by_signature", "refuse", {"reason": "fieldmdp"})]
    reasons = [finding.code for finding in findings if finding.severity == "normalise"]
    if foreign and reasons:
        return [Finding("file.signed_and_damaged", "refuse", {"reasons": reasons})]
    return []


def _rewrite(document: Pdf) -> bytes:
    # Nothing is decoded or compressed again: a bomb stays small, and images and fonts keep their bytes. A fixed /ID makes the
    # same upload give the same rewrite, so that the clerk can confirm it twice.
    target = io.BytesIO()
    settings: dict[str, Any] = {
        "static_id": False,
        "deterministic_id": True,
        "compress_streams": False,
        "stream_decode_level": pikepdf.StreamDecodeLevel.none,
        "object_stream_mode": pikepdf.ObjectStreamMode.disable,
        "encryption": False,
        "fix_metadata_version": False,
    }
    if Name.Root not in document.trailer:
        raise Refusal("file.broken", cause="catalogue")
    document.save(target, **settings)
    return target.getvalue()
