"""``tachiai fsck``: the whole house checked from raw rows and bytes (docs/operations/fsck.md). It repairs nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachiai.clock import JAPAN
from tachiai.errors import Outage, Refusal
from tachiai.house import Misconfigured, read

if TYPE_CHECKING:
    from tachiai.envelopes.checking import Finding

CLEAN, FOUND, COULD_NOT_LOOK = 0, 1, 2


def add_checking_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    fsck = commands.add_parser("fsck", help="check every row and byte of the house against the ledger and each other; repairs nothing")
    fsck.add_argument("--json", action="store_true", help="one object a line for each finding, and one for the whole at the end")
    fsck.add_argument("--quick", action="store_true", help="without judging each signed file as a reader would")
    fsck.add_argument("--since", type=_moment, metavar="DATE", help="only what was touched since this day (in Japan) or moment")
    fsck.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint from a completion mail: is this its log?"
    )
    fsck.set_defaults(command=lazy("tachiai.cli.checking", "fsck"))


def _moment(given: str) -> datetime:
    """ISO 8601; a day begins in Japan."""
    moment = datetime.fromisoformat(given)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=JAPAN)


def fsck(options: argparse.Namespace) -> int:
    """Tell every finding as it is found: 0 when there is none (notes are none), 1 when there is, 2 when the house cannot be looked at."""
    told = Counter[str]()
    try:
        for finding in _findings(options):
            told["notes" if finding.note else "findings"] += 1
            print(_line(finding, as_json=options.json), flush=True)
    except Exception as trouble:
        if not _means_away(trouble):
            raise
        print(f"tachiai: cannot look: {trouble}", file=sys.stderr)
        return COULD_NOT_LOOK
    counts = {"findings": told["findings"], "notes": told["notes"]}
    print(json.dumps({"v": 1, **counts}) if options.json else f"{counts['findings']} findings, {counts['notes']} notes")
    return FOUND if counts["findings"] else CLEAN


def _means_away(trouble: Exception) -> bool:
    """Whether the house could not be looked at; anything else is a mistake of ours, to be heard of."""
    from django.db import DatabaseError

    return isinstance(trouble, (Outage, Refusal, Misconfigured, OSError, DatabaseError))


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    house = read()
    if not house.database_url and not (house.home / "tachiai.sqlite3").is_file():
        raise Misconfigured(f"there is no house in {house.home}")
    import django

    django.setup()
    from tachiai.envelopes.checking import check_house

    known = [_checkpoint(Path(name).read_text(encoding="utf-8")) for name in options.checkpoint]
    yield from check_house(quick=options.quick, since=options.since, known=known)


def _checkpoint(text: str) -> str:
    """The signed note in what somebody has copied out of a mail: its lines, without what stands around them."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").strip().split("\n")]
    last = max((number for number, line in enumerate(lines) if line.startswith("\N{EM DASH} ")), default=len(lines) - 1)
    # Origin, size and root, an empty line, and the signature: five lines end with it.
    return "\n".join(lines[max(0, last - 4) : last + 1]) + "\n"


def _line(finding: Finding, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(finding._asdict(), ensure_ascii=False)
    said = f"{'note: ' if finding.note else ''}{finding.code}  {finding.subject}  {finding.detail}".rstrip()
    # What somebody has written into a row may not speak to the terminal.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in said)
