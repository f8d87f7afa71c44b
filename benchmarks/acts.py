"""Our own acts, one by one, and what each part of one costs: with the plan kept and made anew, with the gate, with other keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import rounds
from benchmarks.peers import gates, ours, raw
from benchmarks.peers.gates import expected, released
from benchmarks.peers.ours import Act, Desk
from benchmarks.rounds import Figures, Here
from benchmarks.scene import SEALERS, Scene
from tachiai.crypto import planning, plans

FREEZE, FREEZE_ANEW, SEAL, SEAL_ANEW = "freeze", "freeze, plan made anew", "seal", "seal, plan made anew"
ATTEST, ATTEST_ANEW, CLOSE = "attest", "attest, plan made anew", "close"
GATED = {FREEZE: "freeze + gate", SEAL: "seal + gate", ATTEST: "attest + gate", CLOSE: "close + gate"}
MEANING = {
    FREEZE: "upload → first signature, B-T",
    FREEZE_ANEW: "the same, pikepdf plans the file each time",
    SEAL: "frozen file → a signer's signature, B-T",
    SEAL_ANEW: "the same, pikepdf plans the file each time",
    ATTEST: "upload → B-LTA",
    ATTEST_ANEW: "the same, pikepdf plans the file each time",
    CLOSE: "two signatures at B-T → B-LTA",
    **{gated: f"{act}, and the release gate reads the result" for act, gated in GATED.items()},
}


# How many files a second the fastest of gates may want to see.
GATE_RATE = 2500
# What the goals are stated in.
MAIN = (FREEZE, FREEZE_ANEW, SEAL, ATTEST, CLOSE, GATED[FREEZE], GATED[ATTEST])


def beside_limit(scene: Scene, size: str, *, only: Sequence[str] = (), rounds_each: int, seconds: float) -> Figures:
    """Our acts (all of them, or some) beside the limit, at one size."""
    desk = ours.desk(scene, scene.sealer().credential, scene.responder())
    found = acts(scene, desk, size)
    wanted = [desk.contender(name, act) for name, act in found.items() if not only or name in only]
    here = [raw.limit(scene.sealer(), scene.contract(size)), *wanted]
    return rounds.run(here, rounds=rounds_each, seconds=seconds)


def acts(scene: Scene, desk: Desk, size: str) -> Mapping[str, Act]:
    upload, plan = scene.contract(size), scene.plan(size)
    frozen = ours.freezing(desk, upload, plan=plan)(1)
    frozen_plan = planning.plan(frozen).encode()
    sealed = ours.sealing(desk, frozen, plan=frozen_plan)(1)
    plain = {
        FREEZE: ours.freezing(desk, upload, plan=plan),
        FREEZE_ANEW: ours.freezing(desk, upload, plan=None),
        SEAL: ours.sealing(desk, frozen, plan=frozen_plan),
        SEAL_ANEW: ours.sealing(desk, frozen, plan=None),
        ATTEST: ours.attesting(desk, upload, plan=plan),
        ATTEST_ANEW: ours.attesting(desk, upload, plan=None),
        CLOSE: ours.closing(desk, sealed, plan=planning.plan(sealed).encode()),
    }
    terms = {
        FREEZE: expected(upload, laid_in=[1]),
        SEAL: expected(upload, sealed=[1], laid_in=[1]),
        ATTEST: expected(upload, closed=True, permission=1),
        CLOSE: expected(upload, sealed=[1], laid_in=[1], closed=True),
    }
    gate = gates.fast()
    return plain | {GATED[name]: released(plain[name], gate, terms[name], desk.roots) for name in GATED}


def other_keys(scene: Scene, size: str, *, rounds_each: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Our B-T beside the limit of the same key, for each kind of key."""
    found: dict[str, dict[str, Any]] = {}
    for kind in SEALERS:
        sealer, pdf = scene.sealer(kind), scene.contract(size)
        desk = ours.desk(scene, sealer.credential, scene.responder())
        here = [raw.limit(sealer, pdf), desk.contender(FREEZE, ours.freezing(desk, pdf, plan=scene.plan(size)))]
        figures = rounds.run(here, rounds=rounds_each, seconds=seconds)
        found[kind] = figures.told(limit=raw.NAME)
    return found


def parts(scene: Scene, size: str, *, rounds_each: int, seconds: float) -> dict[str, float]:
    """Milliseconds of CPU for what a B-T consists of, each alone; the authority's own work is in none of them."""
    sealer, upload, plan = scene.sealer(), scene.contract(size), scene.plan(size)
    desk = ours.desk(scene, sealer.credential, scene.responder())
    sign, known = raw.signing(sealer.private), plans.read_plan(plan)
    begin = ours.beginning(desk, upload, plan=known)
    freezing = ours.freezing(desk, upload, plan=plan)
    # Files that the gate has not seen: what it remembers of others must not make it look faster than it is.
    tails = [freezing(number)[len(upload) :] for number in range(max(10, int(rounds_each * seconds * GATE_RATE)))]

    def frozen(number: int) -> bytes:
        return upload + tails[number % len(tails)]

    alone: dict[str, Act] = {
        "SHA-256 of the file": lambda _n: hashlib.sha256(upload).digest(),
        "raw signature": lambda number: sign(number.to_bytes(64, "big")),
        "plan: read from its bytes": lambda _n: plans.read_plan(plan).sha256,
        "plan: made anew": lambda _n: planning.plan(upload).sha256,
        "plan: encoded": lambda _n: known.encode(),
        "everything before the timestamp": begin,
        "timestamp: asked and checked": ours.stamping(desk),
        "gate (B-T, one signature)": gates.judged(
            gates.fast(), lambda number: upload + tails[number % len(tails)], expected(upload, laid_in=[1]), desk.roots
        ),
        "new file's bytes put together": lambda number: upload + number.to_bytes(8000, "big"),
    }
    here = [Here(name, act, outside=desk.outside) for name, act in alone.items()]
    figures = rounds.run(here, rounds=rounds_each, seconds=seconds)
    return {name: round(1000 / figures.rate(name), 4) for name in alone}
