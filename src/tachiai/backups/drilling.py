"""A drill: the newest generation is restored, migrated, read and judged in a scratch house; what came of it is a paper under seal."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai import ledger, sealing, vault, work
from tachiai.accounts import identity
from tachiai.accounts.models import Operator
from tachiai.backups.making import STREAM, repository
from tachiai.backups.models import BackupAct, BackupTask, Drill
from tachiai.backups.planning import overtake
from tachiai.backups.scratch import Scratch, scratch_house
from tachiai.errors import Outage, Refusal
from tachiai.pages.certificate import AuthorityKind
from tachiai.pages.drill_paper import DrillFacts, drill_paper
from tachiai.work.alarms import clear_alarm, raise_alarm

ALARM = "backups.drill"
LONGEST_SECONDS = 6 * 3600


def drill(*, now: Callable[[], datetime], task: BackupTask | None = None) -> Drill:
    """Restore the newest generation for trial and put the result on paper; a drill that failed is a result, and raises an alarm.

    The scratch house is held, so that it seals and mails nothing. Raises ``Outage`` while key or authority for the paper are away;
    refuses ``backup.unset``, ``backup.no_generation``, ``drill.no_scratch_database`` and ``operator.missing``.
    """
    identity.check_acting("drill")
    operator = Operator.objects.order_by("pk").first()
    if operator is None:
        raise Refusal("operator.missing")
    place, began = repository(), now()
    generation = next(reversed(place.generations()), "")
    if not generation:
        raise Refusal("backup.no_generation", generation="-")
    with scratch_house() as scratch, place.read_by_us():
        figures, findings = _tried(scratch, str(place.folder), generation)
    made = Drill(generation=generation, passed=not findings, figures=figures, findings=findings, began_at=began, ended_at=now())
    return _put_on_paper(made, operator, now=now, task=task)


def _tried(scratch: Scratch, folder: str, generation: str) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Restore, migrate to the code at hand, and inspect, each by a process that knows no other house."""
    restoring, code, words = _run(scratch, "restore", folder, "--home", str(scratch.home), "--generation", generation)
    figures = {"restore_ms": restoring}
    if code:
        return figures, [{"code": "drill.not_restored", "subject": generation, "detail": words[-300:]}]
    migrating, code, words = _run(scratch, "init")
    figures["migrate_ms"] = migrating
    if code:
        return figures, [{"code": "drill.not_migrated", "subject": generation, "detail": words[-300:]}]
    inspecting, _, words = _run(scratch, "restore", "inspect")
    figures["inspect_ms"] = inspecting
    try:
        found: dict[str, Any] = json.loads(words.splitlines()[-1])
        figures, findings = figures | dict(found["figures"]), list(found["findings"])
    except (ValueError, IndexError, KeyError, TypeError):
        return figures, [{"code": "drill.not_inspected", "subject": generation, "detail": words[-300:]}]
    return figures, findings + _checked(scratch, figures, generation)


def _checked(scratch: Scratch, figures: dict[str, int], generation: str) -> list[dict[str, str]]:
    """What ``tachiai fsck`` finds there; its notes are no findings."""
    figures["fsck_ms"], code, words = _run(scratch, "fsck", "--json")
    try:
        told = [json.loads(line) for line in words.splitlines()]
        findings = [one for one in told if "code" in one and not one.get("note")]
    except (ValueError, TypeError):
        findings, code = [], 2
    if code not in (0, 1):
        return [{"code": "drill.not_checked", "subject": generation, "detail": words[-300:]}]
    return [{name: str(one.get(name, "")) for name in ("code", "subject", "detail")} for one in findings]


def _run(scratch: Scratch, *command: str) -> tuple[int, int, str]:
    """One of our own commands in the scratch house: milliseconds, exit status, and what it said."""
    began = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-m", "tachiai.cli.main", *command],
            env=scratch.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as problem:
        raise Outage("drill.too_long", command[0]) from problem
    spent = int((time.monotonic() - began) * 1000)
    return spent, done.returncode, done.stdout.strip() or done.stderr.strip()


def _put_on_paper(made: Drill, operator: Operator, *, now: Callable[[], datetime], task: BackupTask | None) -> Drill:
    """The paper is certified and closed like any of the house's own, kept in the vault, and its digest noted in the ledger."""
    at = now()
    paper = drill_paper(_facts(made, operator, at=at))
    prepared = sealing.prepare(sealing.Act.PAPER, paper, subject=made.pk, stream=STREAM, at=at)
    text = sealing.SealText(
        name=operator.name, reason="復元訓練報告書の発行 (Restore drill report)", contact=operator.mail, location=operator.name
    )
    sealed = sealing.attest(prepared, text=text, at=at)
    pdf = paper + sealed.tail
    stored = vault.put(pdf, kind="drill")
    with transaction.atomic(durable=True):
        if task is not None:
            work.finish(task, at=at)
        overtake(BackupAct.DRILL, at=at)
        sealed.record()
        made.report, made.report_sha256 = vault.keep(stored, at=at), hashlib.sha256(pdf).digest()
        made.save(force_insert=True)
        data = {
            "drill": str(made.pk),
            "generation": made.generation,
            "passed": made.passed,
            "findings": len(made.findings),
            "report": sealed.sha256.hex(),
        }
        ledger.append(STREAM, "drill.done", by=ledger.Actor.house(), at=at, data=data)
        if made.passed:
            clear_alarm(ALARM, "failed", at=at)
        else:
            raise_alarm(ALARM, "failed", detail=f"{made.generation}: {made.findings[0]['code']}", at=at)
    return made


def _facts(made: Drill, operator: Operator, *, at: datetime) -> DrillFacts:
    findings = tuple((one["code"], one["subject"], one.get("detail", "")) for one in made.findings)
    authority = sealing.stamping_authority()
    kind: AuthorityKind = "accredited" if authority.accredited else "embedded" if authority.embedded else "other"
    return DrillFacts(
        str(made.pk), operator.name, made.generation, made.began_at, made.ended_at, at, made.passed, dict(made.figures), findings, kind
    )
