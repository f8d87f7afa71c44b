"""What an inspection finds: the shapes that the child fills and the house reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_PAGES = 500

Severity = Literal["accept", "warn", "normalise", "refuse"]
XrefKind = Literal["table", "stream", "hybrid", "none"]


STAGES = ("reading", "walking", "drawing", "rehearsing")


class Stage(NamedTuple):
    """How far an inspection is: ``name`` is one of `STAGES`, in this order; ``done`` of ``total`` parts of it, pages in "drawing"."""

    name: str
    done: int
    total: int


@dataclass(frozen=True)
class Finding:
    """One thing found. ``code`` is stable (``fonts.unembedded``); ``facts`` are the values its sentence names."""

    code: str
    severity: Severity
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ForeignSignatures:
    """Signatures that were in the file before us.

    ``docmdp`` is the strictest permission level of a certification (ISO 32000-2 table 257: 1 none, 2 forms, 3 annotations), None
    without one. ``locks`` is true when a FieldMDP locks fields it does not name, so that nothing may be added.
    """

    signatures: int
    timestamps: int
    docmdp: int | None
    locks: bool

    def __bool__(self) -> bool:
        return self.signatures > 0 or self.timestamps > 0


@dataclass(frozen=True)
class Inspection:
    """What `inspect` promises of a file it did not refuse. Page sizes are (width, height) in points, as displayed (rotation applied).

    ``plan`` is the sealer's (docs/formats/plan.md), encoded; empty for a file that must be normalised first.
    """

    page_count: int
    page_sizes: tuple[tuple[float, float], ...]
    pdf_version: str
    xref: XrefKind
    has_form: bool
    foreign: ForeignSignatures
    pdfa: str | None
    findings: tuple[Finding, ...]
    plan: bytes = b""

    @property
    def reasons_to_normalise(self) -> tuple[Finding, ...]:
        """Why the file cannot be kept as it is; empty when it can."""
        return tuple(finding for finding in self.findings if finding.severity == "normalise")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What the clerk should know, and may go on from."""
        return tuple(finding for finding in self.findings if finding.severity == "warn")
