"""``tachiai archive evidence …``: evidence records (RFC 4998) made, renewed, taken out and checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tachiai import clock
from tachiai.errors import Refusal


def add_evidence_commands(archive: Any, lazy: Callable[[str, str], Callable[[argparse.Namespace], int]]) -> None:
    """The commands under ``tachiai archive evidence``."""
    evidence = archive.add_parser("evidence", help="evidence records: one token for thousands of files").add_subparsers(required=True)
    make = evidence.add_parser("make", help="stamp all filed files that have no evidence yet, together")
    make.set_defaults(command=lazy("tachiai.cli.evidence", "make"))
    renew = evidence.add_parser("renew", help="renew what is due")
    renew.add_argument("--all", action="store_true", help="also what is not due yet")
    renew.add_argument("--digest", choices=("sha384", "sha512"), help="begin a new hash tree over every file, by a stronger digest")
    renew.set_defaults(command=lazy("tachiai.cli.evidence", "renew"))
    verify = evidence.add_parser("verify", help="say since when a file has existed; needs no database")
    verify.add_argument("file", metavar="FILE")
    verify.add_argument("record", metavar="ERS")
    verify.add_argument("--roots", metavar="PEM", help="whom to trust, instead of the house's own authorities")
    verify.add_argument("--at", type=_moment, help="judge as of this time (ISO 8601)")
    verify.set_defaults(command=lazy("tachiai.cli.evidence", "verify"))
    export = evidence.add_parser("export", help="a ZIP of one contract's files with their evidence")
    export.add_argument("record", metavar="RECORD", help="the number on its certificate of conclusion, or its id")
    export.add_argument("--out", default=".", metavar="DIR")
    export.set_defaults(command=lazy("tachiai.cli.evidence", "export"))


def make(options: argparse.Namespace) -> int:
    """Make a batch now, whatever the clock says."""
    _establish()
    from tachiai.archive.evidence_work import plan_making

    if not plan_making(at=clock.now()):
        print("Every filed file has evidence.")
        return 0
    return _do()


def renew(options: argparse.Namespace) -> int:
    """Renew what is due, everything, or everything by a stronger digest."""
    _establish()
    from tachiai.archive import evidence_work

    at = clock.now()
    if options.digest:
        planned = evidence_work.plan_rehashing(options.digest, at=at)
    else:
        if options.all:
            evidence_work.bring_forward(at=at)
        planned = evidence_work.plan_renewals(at=at, now=True)
    if not planned:
        print("No renewal is due that is not under way already.")
        return 0
    return _do()


def _do() -> int:
    """Do what was planned, here; a worker may have been quicker."""
    from tachiai.archive.models import EvidenceTask
    from tachiai.config.jobs import EVIDENCE
    from tachiai.work import drain
    from tachiai.work.models import TaskState

    while drain(EVIDENCE, now=clock.now):
        pass
    left = EvidenceTask.objects.filter(state__in=(TaskState.WAITING, TaskState.STUCK)).order_by("due_at")
    for task in left:
        print(f"{task.key}: {task.state}, {task.trouble or 'a worker is at it, or it is put off'} until {task.due_at.isoformat()}")
    return 1 if left else 0


def verify(options: argparse.Namespace) -> int:
    """Print what the record proves; 0 only when it proves anything."""
    data, record = _read(options.file), _read(options.record)
    import django

    django.setup()
    from tachiai.archive.evidence_checking import check_evidence, load_certificates

    roots = load_certificates(Path(options.roots)) if options.roots else ()
    checked = check_evidence(data, record, at=options.at or clock.now(), roots=roots)
    print(f"existed: {checked.proof.since.isoformat()}, to be renewed before {checked.proof.until.isoformat()}")
    if checked.size < checked.whole:
        print(f"  the first {checked.size} of {checked.whole} bytes; what follows was appended later and is not proven by this record")
    for step in checked.proof.steps:
        answers = "" if step.proven else "  (no answer about revocation is with it)"
        print(f"  {step.at.isoformat()}  {step.digest}  {step.authority}{answers}")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the ZIP of one contract."""
    _establish()
    from tachiai.archive.evidence_exporting import record_named, zip_evidence

    record = record_named(options.record)
    content = zip_evidence(record, by=None, at=clock.now())
    path = Path(options.out) / f"{record.certificate_number}-evidence.zip"
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise Refusal("file.unreadable", file=str(path), reason=problem.strerror) from problem
    print(path)
    return 0


def _establish() -> None:
    from tachiai.cli.houses import establish

    establish()


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as problem:
        raise Refusal("file.unreadable", file=name, reason=problem.strerror) from problem


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
