"""Counting verdicts over any folder of trial files: ``python -m benchmarks.trials FOLDER [--roots FILE] [--manifest FILE]``.

Every PDF below the folder goes twice through the house's own jobs: as a stranger's file that somebody wants judged ("examine"), and as an
upload ("inspect"). Each job runs in a child of its own under the house's own limits. Counts are by group: the sub-folder a file lies
in, or what a manifest says (tab-separated, with a heading; columns ``group`` and ``file``). No house is needed: ``--roots`` names a
PEM file with whom to trust. The last line is everything as JSON.

Memory is the child's peak (``ru_maxrss``), and so counts the parsers that the children share with their parent, as in the house itself.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import logging
import os
import resource
import select
import signal
import socket
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.tables import table
from benchmarks.verdicts import VERDICTS, refusal_weighed, weighed
from tachiai.crypto import examination
from tachiai.errors import Refusal
from tachiai.pages import chamber
from tachiai.pages.child import Limits
from tachiai.pages.findings import MAX_FILE_BYTES
from tachiai.pages.inspect import LIMITS as INSPECT_LIMITS

# The house's own limits for strangers' files; the room that sets them needs a house to be loaded.
EXAMINE_LIMITS = Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=60.0, answer_bytes=0)
UPLOADS = ("accept", "warn", "normalise", "refuse", "no answer")
_GRAVITY = ("refuse", "normalise", "warn", "accept")


@dataclass(frozen=True)
class Outcome:
    """One job's answer. ``told`` is None when the child did not live to give one; ``cause`` says why then."""

    told: Mapping[str, Any] | None
    cause: str
    seconds: float
    octets: int


@dataclass(frozen=True)
class Trial:
    group: str
    file: str
    verdict: str
    upload: str
    codes: tuple[str, ...]
    examined: Outcome
    inspected: Outcome


def run(job: str, pdf: bytes, options: dict[str, Any], limits: Limits) -> Outcome:
    """``job`` on ``pdf`` in a forked child that limits itself before it reads, as the nursery's children do, and what it cost."""
    here, there = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        here.close()
        _be_child(job, pdf, options, limits, there)
    there.close()
    answer, late = _listen(here, limits.wall_seconds)
    if late:
        os.kill(pid, signal.SIGKILL)
    _pid, status, used = os.wait4(pid, 0)
    here.close()
    ended = os.waitstatus_to_exitcode(status)
    told = json.loads(answer) if answer.endswith(b"\n") else None
    cause = "" if told is not None else "time" if late or ended == -signal.SIGXCPU else f"crash ({ended})"
    return Outcome(told, cause, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _be_child(job: str, pdf: bytes, options: dict[str, Any], limits: Limits, answer_to: socket.socket) -> None:
    """The forked child: one job, one line of answer. Does not return."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        chamber.limit_self(memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds)
        module, function = chamber.JOBS[job]
        work = getattr(import_module(module), function)
        head, _body = chamber._answer(work, pdf, options)  # noqa: SLF001 - what the house itself would hear
        answer_to.sendall(json.dumps(head).encode() + b"\n")
    finally:
        # Tearing down a damaged document is the last place to crash, and nobody waits for it.
        os._exit(0)


def _listen(here: socket.socket, seconds: float) -> tuple[bytes, bool]:
    """What the child says until it hangs up, and whether it was late."""
    until, heard = time.monotonic() + seconds, bytearray()
    while True:
        ready, _, _ = select.select([here], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return bytes(heard), True
        piece = here.recv(1 << 16)
        if not piece:
            return bytes(heard), False
        heard += piece


# --------------------------------------------------------------------------------------------------------- counting


def try_file(path: Path, group: str, name: str, question: dict[str, Any]) -> Trial:
    pdf = path.read_bytes()
    if not 0 < len(pdf) <= MAX_FILE_BYTES:
        code = "file.too_large" if pdf else "file.empty"
        nothing = Outcome({"refusal": code}, "", 0.0, 0)
        return Trial(group, name, "refused by size", "refuse", (code,), nothing, nothing)
    examined = run("examine", pdf, question, EXAMINE_LIMITS)
    inspected = run("inspect", pdf, {}, INSPECT_LIMITS)
    verdict, codes = _verdict(examined)
    return Trial(group, name, verdict, _upload(inspected), codes, examined, inspected)


def _verdict(outcome: Outcome) -> tuple[str, tuple[str, ...]]:
    """As the verifier's page would say it of a file that no archive knows."""
    if outcome.told is None:
        return "unverifiable", (f"file.too_complex: {outcome.cause}",)
    if "refusal" in outcome.told:
        return refusal_weighed(Refusal(str(outcome.told["refusal"]), **outcome.told.get("facts", {})))
    return weighed(examination.read_report(dict(outcome.told)))


def _upload(outcome: Outcome) -> str:
    """As the desk would be told: the gravest of the findings. Without an answer it would be a refusal too (``file.too_complex``)."""
    if outcome.told is None:
        return "no answer"
    if "refusal" in outcome.told:
        return "refuse"
    found = {str(finding["severity"]) for finding in outcome.told["findings"]}
    return next((one for one in _GRAVITY if one in found), "accept")


def trials(folder: Path, manifest: Path | None, question: dict[str, Any]) -> list[Trial]:
    done = []
    for path, group in _files(folder, manifest):
        done.append(try_file(path, group, path.relative_to(folder).as_posix(), question))
        print(f"\r{len(done)} files", end="", file=sys.stderr)
    print(file=sys.stderr)
    return done


def _files(folder: Path, manifest: Path | None) -> Iterable[tuple[Path, str]]:
    if manifest is not None:
        with manifest.open(encoding="utf-8", newline="") as held:
            rows = list(csv.DictReader(held, delimiter="\t"))
        return [(_place(folder, row), row["group"]) for row in rows if row["file"].lower().endswith(".pdf")]
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() == ".pdf")
    return [(path, path.parent.relative_to(folder).as_posix()) for path in found]


def _place(folder: Path, row: Mapping[str, str]) -> Path:
    """A manifest may name files from the folder, or from their group's own folder."""
    direct = folder / row["file"]
    return direct if direct.exists() else folder / row["group"] / row["file"]


# --------------------------------------------------------------------------------------------------------- telling


def report(done: Sequence[Trial]) -> str:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in done:
        groups[trial.group].append(trial)
    verdicts = [[name, str(len(held)), *_counts((one.verdict for one in held), VERDICTS)] for name, held in groups.items()]
    uploads = [[name, str(len(held)), *_counts((one.upload for one in held), UPLOADS)] for name, held in groups.items()]
    worst = [_worst("examine", done, "examined"), _worst("inspect", done, "inspected")]
    return "\n".join(
        (
            table("Verdicts", ("group", "files", *VERDICTS), verdicts),
            table("Uploads", ("group", "files", *UPLOADS), uploads),
            table("The worst", ("job", "CPU s", "file", "peak MB", "file"), worst),
            *(f"no answer: {trial.file}: {job}: {outcome.cause}" for trial in done for job, outcome in _silent(trial)),
        )
    )


def _counts(words: Iterable[str], wanted: Sequence[str]) -> list[str]:
    counted = Counter(words)
    return [str(counted[word]) for word in wanted]


def _worst(job: str, done: Sequence[Trial], which: str) -> list[str]:
    slow = max(done, key=lambda trial: getattr(trial, which).seconds)
    large = max(done, key=lambda trial: getattr(trial, which).octets)
    seconds, octets = getattr(slow, which).seconds, getattr(large, which).octets
    return [job, f"{seconds:.2f}", slow.file, f"{octets / 1e6:.0f}", large.file]


def _silent(trial: Trial) -> list[tuple[str, Outcome]]:
    jobs = (("examine", trial.examined), ("inspect", trial.inspected))
    return [(job, outcome) for job, outcome in jobs if outcome.told is None]


def as_json(done: Sequence[Trial]) -> str:
    told = [
        {
            "group": one.group,
            "file": one.file,
            "verdict": one.verdict,
            "codes": list(one.codes),
            "upload": one.upload,
            "cpu_seconds": [round(one.examined.seconds, 3), round(one.inspected.seconds, 3)],
            "peak_bytes": [one.examined.octets, one.inspected.octets],
            "silent": [f"{job}: {outcome.cause}" for job, outcome in _silent(one)],
        }
        for one in done
    ]
    return json.dumps({"trials": told}, ensure_ascii=False)


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--roots", type=Path, help="certificates to trust, PEM")
    asked.add_argument("--manifest", type=Path, help="groups, tab-separated; without it the sub-folders are the groups")
    asked.add_argument("--at", type=datetime.fromisoformat, default=None, help="the moment of judging, ISO 8601 with an offset; now")
    options = asked.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    pems = x509.load_pem_x509_certificates(options.roots.read_bytes()) if options.roots else []
    trusted = [one.public_bytes(Encoding.DER) for one in pems]
    question = examination.question(roots=trusted, tsa_roots=trusted, at=options.at or datetime.now(UTC))
    warm_up()
    done = trials(options.folder, options.manifest, question)
    if not done:
        raise SystemExit("no PDF below this folder")
    print(report(done))
    print(as_json(done))


def warm_up() -> None:
    """Loads what the jobs need before anybody is forked, and keeps the collector's hands off it, as a nursery does."""
    for module, _function in (chamber.JOBS["examine"], chamber.JOBS["inspect"]):
        getattr(import_module(module), "warm_up", lambda: None)()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
