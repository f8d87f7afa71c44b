"""Examining a stranger's file in a limited child: how the question and the report cross the pipe between house and child.

The job runs behind ``tachiai.pages.chamber``, which limits memory and time before it reads a byte. What comes back is checked
here like anything else a stranger may have had a hand in.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar, get_args

from tachiai.crypto.examining import examine
from tachiai.crypto.judgement import (
    Algorithm,
    Change,
    ChangeKind,
    Coverage,
    Kind,
    Level,
    Link,
    Report,
    Revocation,
    Row,
    Trust,
    UntilCause,
    Verdict,
)
from tachiai.crypto.sunsets import CRYPTREC, Era, Policy
from tachiai.crypto.trust_lists import TrustList
from tachiai.errors import Refusal

__all__ = ["Report", "Row", "examine_job", "question", "read_report"]

Head = dict[str, Any]
Made = TypeVar("Made")

LONGEST_WORDS = 500
MOST_ROWS = 200
MOST_PARTS = 500
MOST_PAGES = 1000
_WORDS = (
    "field", "name", "reason", "contact", "location", "tsa_subject", "signer_subject", "issuer", "fingerprint", "trust_list", "time_list",
)  # fmt: skip
_MOMENTS = ("signed_at", "gen_time", "not_after", "revocation_at", "until")
# The words that may stand for each of these: anything else is no answer.
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "coverage": get_args(Coverage),
    "level": get_args(Level),
    "verdict": get_args(Verdict),
    "trust": get_args(Trust),
    "time_trust": get_args(Trust),
    "revocation": get_args(Revocation),
    "until_cause": get_args(UntilCause),
}


def question(
    *,
    roots: Sequence[bytes],
    tsa_roots: Sequence[bytes],
    at: datetime,
    lists: Sequence[TrustList] = (),
    policy: Policy = CRYPTREC,
) -> Head:
    """What the child is told beside the file: whom to trust (DER certificates), by which policy, and what time it is."""
    return {
        "roots": _texts(roots),
        "tsa_roots": _texts(tsa_roots),
        "lists": [[one.name, _texts(one.signing), _texts(one.timestamps)] for one in lists],
        "policy": [policy.name, [[era.bits, era.sign_until.isoformat(), era.verify_until.isoformat()] for era in policy.eras]],
        "at": at.isoformat(),
    }


def examine_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """The child's side: refuses as :func:`~tachiai.crypto.examining.examine` does."""
    name, eras = options["policy"]
    report = examine(
        pdf,
        roots=_certificates(options["roots"]),
        tsa_roots=_certificates(options["tsa_roots"]),
        at=datetime.fromisoformat(options["at"]),
        lists=[TrustList(named, _certificates(signing), _certificates(stamps)) for named, signing, stamps in options["lists"]],
        policy=Policy(name, tuple(Era(bits, date.fromisoformat(sign), date.fromisoformat(verify)) for bits, sign, verify in eras)),
    )
    if len(report.rows) > MOST_ROWS:
        raise Refusal("seal.unreadable", detail=f"{len(report.rows)} signatures")
    return {
        "rows": [_told(row) for row in report.rows],
        "closed": report.closed,
        "whole_file": report.whole_file,
        "problems": list(report.problems),
        "until": _moment_text(report.until),
        "until_cause": report.until_cause,
    }, b""


def read_report(head: Head) -> Report:
    """The house's side. Refuses ``seal.unreadable`` when the answer is no report."""
    try:
        return Report(
            rows=tuple(_row(one) for one in head["rows"][:MOST_ROWS]),
            closed=head["closed"] is True,
            whole_file=head["whole_file"] is True,
            problems=_codes(head["problems"]),
            until=_moment(head["until"]),
            until_cause=_chosen("until_cause", head["until_cause"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as torn:
        raise Refusal("seal.unreadable", detail="answer") from torn


def _texts(certificates: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(held).decode() for held in certificates]


def _certificates(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(text) for text in texts)


# ---------------------------------------------------------------------------------------------- the child's words


def _told(row: Row) -> Head:
    words: Head = {name: getattr(row, name)[:LONGEST_WORDS] for name in _WORDS}
    moments = {name: _moment_text(getattr(row, name)) for name in _MOMENTS}
    choices = {name: getattr(row, name) for name in _CHOICES}
    return (
        words
        | moments
        | choices
        | {
            "code": row.code,
            "consent": row.consent,
            "problems": list(row.problems),
            "chain": [_link_told(link) for link in row.chain],
            "time_chain": [_link_told(link) for link in row.time_chain],
            "algorithms": [
                [one.use, one.name, one.bits, _moment_text(one.sign_until), _moment_text(one.verify_until)] for one in row.algorithms
            ],
            "changes": [[one.revision, one.kind, one.allowed, list(one.pages[:MOST_PAGES])] for one in row.changes[:MOST_PARTS]],
        }
    )


def _moment_text(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _link_told(link: Link) -> list[str]:
    names = [link.subject[:LONGEST_WORDS], link.issuer[:LONGEST_WORDS]]
    return [*names, link.not_before.isoformat(), link.not_after.isoformat(), link.fingerprint, link.key]


# ------------------------------------------------------------------------------------------ what is made of them


def _row(one: Head) -> Row:
    words: Head = {name: _word(one[name]) for name in _WORDS}
    moments: Head = {name: _moment(one[name]) for name in _MOMENTS}
    choices: Head = {name: _chosen(name, one[name]) for name in _CHOICES}
    return Row(
        **words,
        **moments,
        **choices,
        code=str(one["code"])[:40],
        consent=None if one["consent"] is None else str(one["consent"])[:128],
        problems=_codes(one["problems"]),
        chain=_parts(one["chain"], _link),
        time_chain=_parts(one["time_chain"], _link),
        algorithms=_parts(one["algorithms"], _algorithm),
        changes=_parts(one["changes"], _change),
    )


def _parts(told: Any, make: Callable[[Any], Made]) -> tuple[Made, ...]:
    return tuple(make(one) for one in list(told)[:MOST_PARTS])


def _word(told: Any) -> str:
    return str(told)[:LONGEST_WORDS]


def _moment(told: Any) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


def _day(told: Any) -> date | None:
    return None if told is None else date.fromisoformat(told)


def _codes(told: Any) -> tuple[str, ...]:
    return tuple(str(code)[:40] for code in list(told)[:MOST_PARTS])


def _chosen(name: str, told: Any) -> Any:
    choices = _CHOICES[name]
    return choices[choices.index(told)]


def _link(told: Any) -> Link:
    subject, issuer, start, end, fingerprint, key = told
    return Link(_word(subject), _word(issuer), datetime.fromisoformat(start), datetime.fromisoformat(end), _word(fingerprint), _word(key))


def _algorithm(told: Any) -> Algorithm:
    use, name, bits, sign_until, verify_until = told
    return Algorithm(_word(use), _word(name), int(bits), _day(sign_until), _day(verify_until))


def _change(told: Any) -> Change:
    number, kind, allowed, pages = told
    kinds = get_args(ChangeKind)
    return Change(int(number), kinds[kinds.index(kind)], allowed is True, tuple(int(page) for page in pages[:MOST_PAGES]))
