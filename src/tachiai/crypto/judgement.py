"""What a judge of signed files is asked, and what it answers: the words that the release gate and the deep verifier share.

They share nothing else, so that a mistake of one is not a mistake of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

Kind = Literal["certification", "signature", "timestamp"]
Coverage = Literal["whole_file", "earlier_revision", "unclear"]
Level = Literal["none", "B-B", "B-T", "B-LT", "B-LTA"]
Verdict = Literal["valid", "attention", "invalid", "unverifiable"]
# To whom the chain of a signer leads: this house, a list the operator has configured, a root nobody here knows, or to nobody.
Trust = Literal["house", "listed", "unknown_root", "incomplete", "unjudged"]
# What the file itself shows of revocation at the time that counts. ``not_needed``: the root itself signed, or RFC 9608 says so.
Revocation = Literal["good", "revoked", "missing", "not_needed", "unjudged"]
# What a revision brought, as far as a reader can see or must know it. Everything but the first four is for somebody to look at.
ChangeKind = Literal[
    "validation_data", "timestamp", "signature", "field_added", "form_filled", "annotation", "metadata", "content", "unread"
]
UntilCause = Literal["timestamp_certificate", "certificate", "algorithm", "unknown"]


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


class Link(NamedTuple):
    """One certificate of a chain, the signer's first. Names as in RFC 4514; ``fingerprint`` is SHA-256 in hex."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    key: str


class Algorithm(NamedTuple):
    """What a signature rests on: ``use`` is ``digest``, ``key``, ``certificate``, ``timestamp_digest`` or ``timestamp_key``.

    ``sign_until`` and ``verify_until`` are the days of the policy; None for what is not to be believed at all.
    """

    use: str
    name: str
    bits: int
    sign_until: date | None
    verify_until: date | None


class Change(NamedTuple):
    """What one revision after a signature brought. ``allowed``: the signature's own terms permit it; ``pages`` count from 1."""

    revision: int
    kind: ChangeKind
    allowed: bool
    pages: tuple[int, ...] = ()


class Row(NamedTuple):
    """One signature, as a reader lists it. ``problems`` are codes without their ``seal.`` prefix; empty when it stands.

    ``verdict`` and what follows it are worked out only where strangers' files are examined; the release gate leaves them as they are here.
    ``code`` is the reason that decided. ``until``: how long what the file holds will go on proving it, and what ends first.
    """

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
    verdict: Verdict = "unverifiable"
    code: str = ""
    trust: Trust = "unjudged"
    trust_list: str = ""
    time_trust: Trust = "unjudged"
    chain: tuple[Link, ...] = ()
    time_chain: tuple[Link, ...] = ()
    revocation: Revocation = "unjudged"
    revocation_at: datetime | None = None
    algorithms: tuple[Algorithm, ...] = ()
    changes: tuple[Change, ...] = ()
    until: datetime | None = None
    until_cause: UntilCause = "unknown"
    time_list: str = ""


@dataclass(frozen=True)
class Report:
    """``rows`` in signing order; ``problems`` concern the file as a whole. ``closed``: a document timestamp covers it all.

    ``whole_file``: the last signature covers everything, or nothing follows it but validation data.
    """

    rows: tuple[Row, ...]
    closed: bool
    whole_file: bool
    problems: tuple[str, ...]
    until: datetime | None = None
    until_cause: UntilCause = "unknown"

    @property
    def sound(self) -> bool:
        """Nothing is wrong with any signature or with the file. It says nothing about whose signatures they are."""
        return not self.problems and not any(row.problems for row in self.rows)
