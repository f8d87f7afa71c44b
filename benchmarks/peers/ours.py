"""Ours: the acts of ``tachiai.crypto.pades``, bytes in, the whole new file's bytes out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.responder import Responder
from benchmarks.rounds import Here
from benchmarks.scene import NAME, OPERATOR, Scene, words
from tachiai.crypto import pades, plans, timestamp_requests, timestamps
from tachiai.crypto.keys import Credential
from tachiai.crypto.pades import SealText
from tachiai.crypto.plans import Plan
from tachiai.crypto.revocation import Revocation, RevocationSource
from tachiai.crypto.timestamps import Timestamper, Token

Act = Callable[[int], bytes]


class Stamps:
    """The common responder as the product's timestamper. Asking and checking the reply are the engine's own time."""

    name, accredited, embedded = "bench", False, True

    def __init__(self, responder: Responder) -> None:
        self._responder, self._roots = responder, (responder.root,)
        self.timestamp(hashlib.sha256(b"a first token, for its size").digest(), at=datetime.now(UTC))

    @property
    def reserve(self) -> int:
        return self._responder.longest + 64

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        nonce = timestamp_requests.fresh_nonce()
        reply = self._responder.respond(timestamp_requests.request(digest, nonce=nonce))
        return timestamps.accept_reply(reply, digest=digest, nonce=nonce, roots=self._roots, at=at, accredited=False, embedded=True)

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        answered: Future[Token] = Future()
        answered.set_result(self.timestamp(digest, at=at))
        return answered


class SharedAnswers:
    """Validation data asked for once and given to every closing that it is fresh enough for, as one answer serves all who wait.

    ``spent`` is the CPU time of making and checking new answers, once a second.
    """

    def __init__(self, source: RevocationSource) -> None:
        self.spent = 0.0
        self._source = source
        self._held: dict[tuple[tuple[bytes, ...], ...], tuple[datetime, Revocation]] = {}

    def gather(
        self, chains: Sequence[Sequence[bytes]], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None
    ) -> Revocation:
        asked = tuple(tuple(chain) for chain in chains)
        held = self._held.get(asked)
        if held is None or held[0] < after.replace(microsecond=0):
            started, moment = time.thread_time(), max(after, at)
            held = moment.replace(microsecond=0), self._source.gather(chains, after=after, at=moment)
            self._held[asked] = held
            self.spent += time.thread_time() - started
        return held[1]


@dataclass(frozen=True)
class Desk:
    """Everything an act needs beside the file, and who spends time in this process that is not the engine's."""

    credential: Credential
    stamps: Timestamper
    answers: RevocationSource
    roots: tuple[bytes, ...]
    outside: tuple[Responder | SharedAnswers, ...] = ()

    def contender(self, name: str, act: Act) -> Here:
        return Here(name, act, outside=self.outside)


def desk(scene: Scene, credential: Credential, responder: Responder) -> Desk:
    answers = SharedAnswers(scene.authority.revocation_source)
    return Desk(credential, Stamps(responder), answers, scene.roots, (responder, answers))


def freezing(desk: Desk, upload: bytes, *, plan: bytes | None, slots: Sequence[int] = (1,)) -> Act:
    """The plain upload to its first signature (B-T): slots laid in, certified. ``plan`` as it is kept, or made anew each time."""

    def act(number: int) -> bytes:
        made = pades.freeze(
            upload,
            slots=slots,
            credential=desk.credential,
            timestamper=desk.stamps,
            text=_house(number),
            at=datetime.now(UTC),
            plan=_read(plan),
        )
        return upload + made.tail

    return act


def sealing(desk: Desk, frozen: bytes, *, plan: bytes | None, slot: int = 1) -> Act:
    """A signer's seal on the frozen file (B-T)."""

    def act(number: int) -> bytes:
        made = pades.seal(
            frozen,
            slot=slot,
            credential=desk.credential,
            timestamper=desk.stamps,
            text=SealText(name=NAME, reason=words(number)),
            consent_digest=consent(slot),
            at=datetime.now(UTC),
            plan=_read(plan),
        )
        return frozen + made.tail

    return act


def attesting(desk: Desk, upload: bytes, *, plan: bytes | None) -> Act:
    """The plain upload to B-LTA in one act: certified, validation data, document timestamp."""

    def act(number: int) -> bytes:
        made = pades.attest(
            upload,
            credential=desk.credential,
            timestamper=desk.stamps,
            revocation=desk.answers,
            text=_house(number),
            at=datetime.now(UTC),
            plan=_read(plan),
        )
        return upload + made.tail

    return act


def closing(desk: Desk, signed: bytes, *, plan: bytes | None) -> Act:
    """A file at B-T to B-LTA."""

    def act(_number: int) -> bytes:
        made = pades.close(
            signed, timestamper=desk.stamps, revocation=desk.answers, roots=desk.roots, at=datetime.now(UTC), plan=_read(plan)
        )
        return signed + made.tail

    return act


def beginning(desk: Desk, upload: bytes, *, plan: Plan) -> Act:
    """A part of :func:`freezing`: until the imprint stands that the timestamp is asked for."""

    def act(number: int) -> bytes:
        begun = pades.begin_freeze(
            upload,
            slots=[1],
            credential=desk.credential,
            reserve=desk.stamps.reserve,
            text=_house(number),
            at=datetime.now(UTC),
            plan=plan,
        )
        return begun.imprint

    return act


def stamping(desk: Desk) -> Act:
    """Another part: the request made, the reply checked."""

    def act(number: int) -> bytes:
        return desk.stamps.timestamp(hashlib.sha256(number.to_bytes(8, "big")).digest(), at=datetime.now(UTC)).der

    return act


def consent(slot: int) -> bytes:
    return hashlib.sha256(b"consent %d" % slot).digest()


def _house(number: int) -> SealText:
    return SealText(name=OPERATOR, reason=words(number))


def _read(plan: bytes | None) -> Plan | None:
    return None if plan is None else plans.read_plan(plan)
