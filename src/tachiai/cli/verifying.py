"""``tachiai verify FILE…``: the same judgement as the public page, for a terminal or a program."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tachiai import clock
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.archive.verification import Judgement, Row

VERDICTS = {
    "valid": "VALID",
    "attention": "ATTENTION: for somebody to look at",
    "invalid": "INVALID",
    "unverifiable": "UNVERIFIABLE: nothing can be said",
    "none": "NO SIGNATURE",
}
WORDS = {
    "file.not_ours": "a seal of this house, but no file that it keeps as concluded: the names in it are claims",
    "file.too_complex": "the file took more time or memory than one file may",
    "file.broken": "the file cannot be read as a PDF",
    "seal.broken": "the signed bytes are not those that were signed",
    "seal.byte_range": "the signature does not cover what it claims to",
    "seal.modified": "something was changed afterwards that the signature does not allow",
    "seal.timestamp_mismatch": "the timestamp is over something else: it was taken from another signature",
    "seal.certificate_revoked": "the certificate was revoked",
    "seal.unreadable": "it cannot be read",
    "seal.unknown_signature": "it is signed in a manner that is not understood",
    "seal.algorithm_broken": "it rests on an algorithm that is no longer believed",
    "seal.algorithm_unknown": "it rests on an algorithm that is not known here",
    "seal.not_whole_file": "something follows the last signature that nobody has signed",
    "seal.changed_after": "something was added afterwards that the signature allows and a reader may see",
    "seal.signer_missing": "somebody who was to sign has not signed",
    "seal.unknown_root": "its certificate leads to a root that nobody here knows",
    "seal.chain_incomplete": "the certificates up to its root are not all there",
    "seal.certificate_unfit": "its certificate is not for signing documents",
    "seal.certificate_expired": "its certificate was not valid at the time that counts",
    "seal.certificate_not_yet_valid": "its certificate was not valid yet at the time that counts",
    "seal.certificate_unnamed": "it does not say which certificate is meant, as its form demands",
    "seal.algorithm_past": "it was made with an algorithm whose time for new signatures was over",
    "seal.timestamp_missing": "it has no timestamp: only the signer's clock says when",
    "seal.timestamp_wrong": "its timestamp cannot be believed",
    "seal.timestamp_untrusted": "its timestamp leads to a root that nobody here knows",
    "seal.timestamp_unfit": "its timestamp was made with a certificate that is not for timestamps alone",
    "seal.archive_expired": "the certificate of the last timestamp has run out, and nothing in the file renewed it",
    "seal.revocation_missing": "the file holds no proof that its certificates were not revoked",
    "seal.not_archival": "the file does not prove itself for the long term",
    "seal.no_signature": "there is no signature",
}
TRUST = {
    "house": "of this house",
    "listed": "known by the list {list}",
    "unknown_root": "leads to a root nobody here knows",
    "incomplete": "does not lead to a root",
    "unjudged": "not judged",
}


def verify(options: argparse.Namespace) -> int:
    """Print the verdict on each file and what it rests on; 0 only when all are valid. With ``--json`` one file's object, or a list."""
    files = [(path, _read(path)) for path in map(Path, options.files)]
    from tachiai.cli.houses import establish

    establish()
    from tachiai.archive.verification import judge, told

    # One after the other: each is let go before the next is read by a child of its own.
    judged = ((path, judge(pdf, at=clock.now())) for path, pdf in files)
    if options.json:
        found = [(judgement, {"file": str(path), **told(judgement)}) for path, judgement in judged]
        objects = [one for _judgement, one in found]
        print(json.dumps(objects[0] if len(objects) == 1 else objects, ensure_ascii=False, indent=2))
        return _status([judgement for judgement, _one in found])
    seen = []
    for path, judgement in judged:
        print("\n".join(map(_printable, _lines(path, judgement))))
        seen.append(judgement)
    return _status(seen)


def _printable(line: str) -> str:
    """Names are what a stranger wrote: nothing in them may speak to the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Refusal("file.unreadable", file=str(path), reason=problem.strerror) from problem


def _status(judged: list[Judgement]) -> int:
    return 0 if all(judgement.verdict == "valid" for judgement in judged) else 1


def _lines(path: Path, judgement: Judgement) -> Iterator[str]:
    detail = f" ({judgement.detail})" if judgement.detail else ""
    yield f"{path}: {VERDICTS[judgement.verdict]}{detail}"
    yield from (f"  - {_words(code)}" for code in judgement.reasons)
    if judgement.verdict == "valid":
        yield (
            "  concluded by this house, and unchanged since"
            if judgement.file
            else "  every signature leads to somebody the operator trusts"
        )
    if judgement.report is not None and judgement.report.until is not None:
        yield f"  provable from the file itself until {judgement.report.until:%Y-%m-%d} ({judgement.report.until_cause})"
    for number, row in enumerate(judgement.rows, 1):
        yield from (f"  {line}" for line in _row_lines(number, row))


def _row_lines(number: int, row: Row) -> Iterator[str]:
    yield f"{number}. {row.kind} {row.level if row.level != 'none' else ''}: {row.verdict}".replace(" :", ":")
    who = row.signer_subject or "not readable"
    yield f"   certificate  {who}; {_trust(row.trust, row.trust_list)}"
    if row.name or row.reason:
        yield f"   says         {' / '.join(part for part in (row.name, row.reason) if part)}"
    yield f"   when         {_when(row)}"
    yield f"   covers       {row.coverage.replace('_', ' ')}; revocation {row.revocation.replace('_', ' ')}"
    yield from (
        f"   afterwards   revision {one.revision}: {one.kind}{_pages(one.pages)}{'' if one.allowed else ', not allowed'}"
        for one in row.changes
    )
    yield from (f"   but          {_words(f'seal.{code}')}" for code in row.problems)


def _when(row: Row) -> str:
    if row.gen_time is not None:
        return f"{_time(row.gen_time)} by {row.tsa_subject}; {_trust(row.time_trust, row.time_list)}"
    return f"{_time(row.signed_at)} by the signer's clock" if row.signed_at else "not stated"


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


def _trust(trust: str, name: str) -> str:
    return TRUST[trust].format(list=name)


def _pages(pages: tuple[int, ...]) -> str:
    return f" on page {', '.join(map(str, pages))}" if pages else ""


def _words(code: str) -> str:
    return f"{WORDS[code]} [{code}]" if code in WORDS else f"[{code}]"
