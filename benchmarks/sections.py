"""What a measurement of sealing consists of. Each section measures one thing, prints its table and adds to what will be told."""

from __future__ import annotations

import argparse
import math
import secrets
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks import acts, alone, engines, rounds, softtoken, verifying
from benchmarks.circumstances import say
from benchmarks.engines import DOCUMENTED, ENDESIVE, LIBPDF, OURS, SIGNPDF, TUNED, Asked
from benchmarks.peers import raw
from benchmarks.peers.hanko_judging import Judge
from benchmarks.responder import Served
from benchmarks.rounds import Absent, Figures
from benchmarks.scene import SIZES, Scene
from benchmarks.specimens import Specimen
from benchmarks.tables import RATE_COLUMNS, rates, table

NAMES = {
    raw.NAME: "the limit: raw signature + SHA-256",
    OURS: "Tachiai",
    TUNED: "pyHanko, tuned (key kept, room given)",
    DOCUMENTED: "pyHanko, as documented",
    ENDESIVE: "endesive (adbe.pkcs7.detached, not PAdES)",
    LIBPDF: "@libpdf/core",
    SIGNPDF: "@signpdf (no PAdES attributes)",
    softtoken.RAW: "the token: raw signature",
    softtoken.HANKO: "pyHanko, PKCS11Signer",
}
SEALS = 2000
MEGABYTE = 1e6
PATIENCE = 8.0


@dataclass
class Run:
    """One measurement: what it was asked for, what it has found, and until when something new may be begun."""

    scene: Scene
    options: argparse.Namespace
    until: float
    found: dict[str, Any] = field(default_factory=dict)
    headline: dict[str, Any] = field(default_factory=dict)
    specimens: list[Specimen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def section(self, title: str, measure: Callable[[Run], None]) -> None:
        """Measure something, unless the time is up; what cannot be had is said in its place."""
        if time.monotonic() > self.until:
            self._absent(title, "the time ran out")
            return
        began = time.monotonic()
        try:
            measure(self)
        except Absent as why:
            self._absent(title, str(why))
        except Exception as broken:  # whatever else is wrong with one section, the others' figures are still to be told
            traceback.print_exc()
            self.problems.append(f"{title}: {type(broken).__name__}: {broken}"[:300])
        say(f"{title}: {time.monotonic() - began:.1f} s")

    def _absent(self, title: str, why: str) -> None:
        self.found.setdefault("not_measured", {})[title] = why
        print(f"\n{title}: absent: {why}")

    def keep(self, figures: Figures, engine: str, name: str, *, act: str, level: str, signatures: int, size: str = "130 KB") -> None:
        """One of the engine's timed outputs, chosen at random, among the samples."""
        pdf = secrets.choice(figures.outputs(engine))
        self.specimens.append(Specimen(name, act, level, signatures, size, pdf))

    def times(self) -> dict[str, Any]:
        """Fewer rounds for what is not compared with others, when there is little time."""
        return {"rounds_each": 3 if self.quick else self.options.rounds, "seconds": self.options.seconds}

    @property
    def patience(self) -> float:
        """Seconds that a table with all engines may take before it makes do with two rounds."""
        return PATIENCE if self.quick else math.inf

    @property
    def quick(self) -> bool:
        return bool(self.options.quick)

    @property
    def peers(self) -> tuple[str, ...]:
        return tuple(filter(None, self.options.peers.split(",")))


Measure = Callable[[Run], None]


def sections(options: argparse.Namespace) -> list[tuple[str, Measure]]:
    """The most telling first, because the time may run out."""
    every: list[tuple[str, Measure]] = [
        ("B-T, 130 KB", partial(_level, level="B-T", size="130 KB")),
        ("B-LTA, 130 KB", partial(_level, level="B-LTA", size="130 KB")),
        ("verification", _verification),
        ("our acts", _our_acts),
        ("the slowest seal", _slowest),
        ("PKCS#11", _token),
        ("memory", _memory),
        ("other keys", _other_keys),
        ("parts", _parts),
        ("B-B, 130 KB", partial(_level, level="B-B", size="130 KB")),
    ]
    sizes = [] if options.quick else [size for size in SIZES if size != "130 KB"]
    return every + [(f"{level}, {size}", partial(_level, level=level, size=size)) for size in sizes for level in ("B-T", "B-LTA")]


# ------------------------------------------------------------------------------------------------ engine by engine


def _level(run: Run, *, level: str, size: str) -> None:
    """Every engine that makes the level, beside the limit; and what pyHanko says of one output of each."""
    responder = run.scene.responder()
    with Served(responder) as served:
        here, absent = engines.gathered((OURS, *run.peers), Asked(run.scene, level, size, responder, served.url))
        try:
            limit = raw.limit(run.scene.sealer(), run.scene.contract(size))
            everybody = [limit, *here.values()]
            figures = rounds.run(everybody, rounds=run.options.rounds, seconds=run.options.seconds, within=run.patience)
        finally:
            engines.dismiss(list(here.values()))
    judged = _judged(run.scene, figures, level)
    told = figures.told(limit=raw.NAME)
    run.found.setdefault("levels", {})[f"{level}, {size}"] = {"engines": told, "absent": absent, "judged": judged}
    print(table(f"{level}, {size}: documents per CPU second", (*RATE_COLUMNS, "pyHanko says"), _with_verdicts(told, absent, judged)))
    if judged.get(OURS):
        run.problems.append(f"{level}, {size}: an output of ours is not sound: {judged[OURS]}")
    if OURS in here:
        name = f"{level.lower()}-{size.replace(' ', '').lower()}.pdf"
        run.keep(figures, OURS, name, act=acts.FREEZE if level == "B-T" else acts.ATTEST, level=level, signatures=1, size=size)
    if size == "130 KB" and OURS in here:
        run.headline |= _compared(figures, level, [peer for peer in here if peer != OURS])


def _compared(figures: Figures, level: str, peers: list[str]) -> dict[str, float]:
    key = level.removeprefix("B-").lower()
    prefix = {"t": "bt", "lta": "blta"}[key]
    told = {
        f"{prefix}_share_of_limit": figures.ratio(OURS, raw.NAME),
        f"{prefix}_share_of_limit_tsa_in": figures.ratio(OURS, raw.NAME, outside=True),
        f"{prefix}_per_cpu_second": figures.rate(OURS),
    }
    if TUNED in peers:
        told[f"{prefix}_x_pyhanko_tuned"] = figures.ratio(OURS, TUNED)
    if peers:
        told[f"{prefix}_x_fastest_peer"] = figures.ratio(OURS, max(peers, key=figures.rate))
    return {name: round(value, 4) for name, value in told.items()}


def _judged(scene: Scene, figures: Figures, level: str) -> dict[str, str]:
    """What is wrong with an output of each engine, or nothing."""
    judge = Judge(scene)
    judging = {"B-B": judge.basic, "B-T": judge.stamped, "B-LTA": judge.archival}[level]
    told: dict[str, str] = {}
    for name in figures.turns:
        if name != raw.NAME:
            try:
                told[name] = judging(figures.outputs(name)[-1])
            except Exception as trouble:  # the library raises a dozen kinds, and each means that the file does not stand
                told[name] = str(trouble)[:60]
    return told


def _with_verdicts(told: dict[str, dict[str, float]], absent: dict[str, str], judged: dict[str, str]) -> list[list[str]]:
    verdicts = {NAMES.get(name, name): trouble or "valid" for name, trouble in judged.items()}
    return [[*row, verdicts.get(row[0], "")] for row in rates(told, absent, names=NAMES)]


# ------------------------------------------------------------------------------------------------------ ours alone


def _our_acts(run: Run) -> None:
    figures = acts.beside_limit(run.scene, "130 KB", only=acts.MAIN if run.quick else (), **run.times())
    told = figures.told(limit=raw.NAME)
    run.found["acts"] = told
    names = NAMES | {name: f"{name}: {meaning}" for name, meaning in acts.MEANING.items()}
    print(table("Our acts, 130 KB: documents per CPU second", RATE_COLUMNS, rates(told, {}, names=names)))
    shares = {
        "gate_share_of_limit": acts.GATED[acts.FREEZE],
        "gate_share_of_limit_seal": acts.GATED[acts.SEAL],
        "gate_share_of_limit_blta": acts.GATED[acts.ATTEST],
        "seal_share_of_limit": acts.SEAL,
        "close_share_of_limit": acts.CLOSE,
        "bt_share_of_limit_planned_anew": acts.FREEZE_ANEW,
    }
    run.headline |= {key: round(figures.ratio(name, raw.NAME), 4) for key, name in shares.items() if name in told}
    run.keep(figures, acts.SEAL, "b-t-sealed.pdf", act=acts.SEAL, level="B-T", signatures=2)
    run.keep(figures, acts.CLOSE, "b-lta-closed.pdf", act=acts.CLOSE, level="B-LTA", signatures=2)


def _other_keys(run: Run) -> None:
    found = acts.other_keys(run.scene, "130 KB", **run.times())
    run.found["keys"] = found
    rows = [
        [
            kind,
            f"{one[raw.NAME]['per_cpu_second']:,.1f}",
            f"{one[acts.FREEZE]['per_cpu_second']:,.1f}",
            f"{100 * one[acts.FREEZE]['share_of_limit']:.1f} %",
        ]
        for kind, one in found.items()
    ]
    print(table("Our B-T with other keys, 130 KB: documents per CPU second", ("", "limit", "Tachiai", "of limit"), rows))


def _parts(run: Run) -> None:
    found = acts.parts(run.scene, "130 KB", **run.times())
    run.found["parts_ms"] = found
    rows = [[name, f"{spent:.3f}"] for name, spent in found.items()]
    print(table("What a B-T of ours consists of, 130 KB: CPU milliseconds", ("", "ms"), rows))


def _verification(run: Run) -> None:
    found = verifying.measure(run.scene, cases=verifying.QUICK, until=run.until, **run.times())
    run.found["verification"] = found
    run.headline |= verifying.headline(found)
    print(verifying.shown(found))


# -------------------------------------------------------------------------------------------- in processes of their own


def _slowest(run: Run) -> None:
    rows, found = [], {}
    for engine in (OURS, *(peer for peer in (TUNED,) if peer in run.peers)):
        seconds = run.options.patience if engine != OURS else 30.0
        one = alone.slowest(run.scene, engine, acts=run.options.seals, seconds=seconds)
        found[engine] = {
            "seals": one.acts,
            "median_ms": round(1000 * one.median, 3),
            "longest_ms": round(1000 * one.longest, 3),
            "longest_x_median": round(one.ratio, 2),
            "over_ten_medians": one.over_ten_medians,
            "unfinished_seconds": round(one.unfinished, 1),
        }
        rows.append([NAMES[engine], *(f"{value:,}" for value in found[engine].values())])
    run.found["slowest"] = found
    run.headline["slowest_x_median"] = found[OURS]["longest_x_median"]
    columns = ("", "seals", "median ms", "longest ms", "× median", "over 10 ×", "ended after s")
    print(table("Single seals (B-T, 130 KB) with tokens of every size", columns, rows))


def _memory(run: Run) -> None:
    peers = (TUNED, LIBPDF) if run.quick else (TUNED, ENDESIVE, LIBPDF)
    wanted = [(OURS, "B-T"), (OURS, "B-LTA"), *((peer, "B-T") for peer in peers if peer in run.peers)]
    found: dict[str, Any] = {}
    for engine, level in wanted:
        try:
            found[f"{engine}, {level}"] = round(alone.memory(run.scene, engine, level=level, size="10 MB") / MEGABYTE, 1)
        except Absent as why:
            found[f"{engine}, {level}"] = f"absent: {why}"
    run.found["memory_mb"] = found
    run.headline["memory_mb_10mb"] = found[f"{OURS}, B-T"]
    rows = [[name, str(one)] for name, one in found.items()]
    print(table("Peak memory for 10 MB, in MB (fresh process, three documents)", ("", "MB"), rows))


def _token(run: Run) -> None:
    here = softtoken.contenders(run.scene, "130 KB", run.scene.responder())
    figures = rounds.run(here if TUNED in run.peers else here[:-1], rounds=run.options.rounds, seconds=run.options.seconds)
    told = figures.told(limit=softtoken.RAW)
    run.found["pkcs11"] = told
    run.headline["hsm_share_of_token"] = round(figures.ratio(softtoken.OURS, softtoken.RAW), 4)
    columns = (*RATE_COLUMNS[:3], "of token", *RATE_COLUMNS[4:])
    print(table("Through SoftHSM, B-T, 130 KB: documents per CPU second", columns, rates(told, {}, names=NAMES)))
    run.keep(figures, softtoken.OURS, "b-t-pkcs11.pdf", act=acts.FREEZE, level="B-T", signatures=1)
