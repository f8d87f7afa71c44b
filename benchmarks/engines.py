"""Every engine by its name. What one needs is imported only when it is asked for, so that each can be met alone in a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.responder import Responder
from benchmarks.rounds import Absent, Contender, Here
from benchmarks.scene import Scene

OURS, TUNED, DOCUMENTED, ENDESIVE, LIBPDF, SIGNPDF = "ours", "pyhanko-tuned", "pyhanko-documented", "endesive", "libpdf", "signpdf"
PEERS = (TUNED, DOCUMENTED, ENDESIVE, LIBPDF, SIGNPDF)


@dataclass(frozen=True)
class Asked:
    """What an engine is to make: of which contract, to which level, with whose timestamps (and where they answer over HTTP)."""

    scene: Scene
    level: str
    size: str
    responder: Responder
    tsa_url: str = ""

    @property
    def contract(self) -> bytes:
        return self.scene.contract(self.size)


def contender(engine: str, asked: Asked) -> Contender:
    """Raises :class:`~benchmarks.rounds.Absent` when the engine is not here or cannot make the level."""
    return _MAKERS[engine](asked)


def gathered(engines: Sequence[str], asked: Asked) -> tuple[dict[str, Contender], dict[str, str]]:
    """Those that are here by name, and of the others why not."""
    here: dict[str, Contender] = {}
    absent: dict[str, str] = {}
    for engine in engines:
        try:
            here[engine] = contender(engine, asked)
        except Absent as why:
            absent[engine] = str(why)
    return here, absent


def dismiss(contenders: Sequence[Contender]) -> None:
    """End whatever processes the contenders hold."""
    for one in contenders:
        stop = getattr(one, "stop", None)
        if stop is not None:
            stop()


def _ours(asked: Asked) -> Here:
    from benchmarks.peers import ours

    if asked.level not in ("B-T", "B-LTA"):
        raise Absent("never signs without a timestamp")
    desk = ours.desk(asked.scene, asked.scene.sealer().credential, asked.responder)
    make = ours.freezing if asked.level == "B-T" else ours.attesting
    return desk.contender(OURS, make(desk, asked.contract, plan=asked.scene.plan(asked.size)))


def _tuned(asked: Asked) -> Here:
    from benchmarks.peers import hanko

    return hanko.tuned(asked.scene, asked.level, asked.contract, asked.responder)


def _documented(asked: Asked) -> Here:
    from benchmarks.peers import hanko

    return hanko.documented(asked.scene, asked.level, asked.contract, asked.responder)


def _endesive(asked: Asked) -> Here:
    from benchmarks.peers import endesive_pdf

    return endesive_pdf.endesive(asked.scene, asked.level, asked.contract, asked.responder)


def _node(engine: str) -> Callable[[Asked], Contender]:
    def make(asked: Asked) -> Contender:
        from benchmarks.peers import node

        return node.Node(engine, asked.scene, asked.level, asked.scene.contract_file(asked.size), tsa_url=asked.tsa_url)

    return make


_MAKERS: dict[str, Callable[[Asked], Contender]] = {
    OURS: _ours,
    TUNED: _tuned,
    DOCUMENTED: _documented,
    ENDESIVE: _endesive,
    LIBPDF: _node(LIBPDF),
    SIGNPDF: _node(SIGNPDF),
}
