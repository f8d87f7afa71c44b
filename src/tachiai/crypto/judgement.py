"""What a judge of signed files is asked, and what it answers: the words that the release gate and the deep verifier share.

They share nothing else, so that a mistake of one is not a mistake of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Kind = Literal["certification", "signature", "timestamp"]
Coverage = Literal["whole_file", "earlier_revision", "unclear"]
Level = Literal["none", "B-B", "B-T", "B-LTA"]


@dataclass(frozen=True)
class Expected:
    """What a file must be: the house's certification (or its approval beside signatures of others), and who has sealed.

    ``slots`` maps each sealed slot to SHA-256 of its consent; ``every_slot``, when given, must be exactly the slots laid in.
    ``permission`` is the certification's P; 1 is for the house's own papers, which have no slots. ``values``, for each slot it
    names, must be exactly what the slot's value fields hold: number of the field to its text, or whether it is ticked.
    ``every_field``, when given, must be exactly the value fields laid in: slot to their numbers.
    """

    certification: bool
    slots: Mapping[int, bytes]
    closed: bool
    upload_size: int
    upload_sha256: bytes
    every_slot: tuple[int, ...] = ()
    permission: int = 2
    values: Mapping[int, Mapping[int, str | bool]] = field(default_factory=dict)
    every_field: Mapping[int, Sequence[int]] | None = None


class Row(NamedTuple):
    """One signature, as a reader lists it. ``problems`` are codes without their ``seal.`` prefix; empty when it stands."""

    field: str
    kind: Kind
    name: str
    reason: str
    contact: str
    location: str
    signed_at: datetime | None
    gen_time: datetime | None
    tsa_subject: str
    signer_subject: str
    issuer: str
    not_after: datetime | None
    fingerprint: str
    coverage: Coverage
    consent: str | None
    level: Level
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """``rows`` in signing order; ``problems`` concern the file as a whole. ``closed``: a document timestamp covers it all."""

    rows: tuple[Row, ...]
    closed: bool
    whole_file: bool
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing is wrong with any signature or with the file. It says nothing about whose signatures they are."""
        return not self.problems and not any(row.problems for row in self.rows)
