"""Proof that certificates were not revoked: OCSP answers (RFC 6960) and revocation lists (RFC 5280), always checked.

``gather`` is asked at closing, for the chains of every signature and timestamp of a document at once. Of the certificates that
have signed or stamped (the leaves) it wants answers produced after the last timestamp; an authority's own certificate needs a
valid one only (docs/operations/closing-stuck.md has the rule and its limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from tachiai.crypto import chains, cms, der
from tachiai.crypto.keys import Credential
from tachiai.crypto.revocation_answers import (
    SKEW,
    Answer,
    Revoked,
    UnusableAnswer,
    check_crl,
    check_ocsp,
    issuer_hashes,
    read_crl,
    read_ocsp,
    refuse_revoked,
)
from tachiai.crypto.revocation_memory import Memory
from tachiai.errors import Outage, Refusal

__all__ = [
    "PATIENCE",
    "SKEW",
    "Answer",
    "Chain",
    "EmbeddedRevocation",
    "Known",
    "Older",
    "PatientRevocation",
    "Revocation",
    "RevocationByRoot",
    "RevocationSource",
    "Revoked",
    "UnusableAnswer",
    "check_crl",
    "check_ocsp",
    "collected",
    "fresher_at",
    "questions",
    "read_crl",
    "read_ocsp",
]

# How long a closing waits for an answer newer than the last timestamp where a responder is offered.
PATIENCE = timedelta(minutes=3)
# When a newer answer is looked for afterwards, and how late authorities may publish what they have promised.
SOON, LATENESS = timedelta(hours=1), timedelta(minutes=5)
_OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1"

Chain = Sequence[bytes]


@dataclass(frozen=True)
class Older:
    """A certificate whose newest answer was produced before the last timestamp. ``until``: when a newer one is due at the latest.

    ``soon``: a responder is offered, so that a newer answer may come at any moment.
    """

    certificate: bytes
    produced: datetime
    until: datetime
    soon: bool

    @property
    def subject(self) -> str:
        return chains.name_text(chains.named(self.certificate).subject)


@dataclass(frozen=True)
class Revocation:
    """What a DSS needs, all DER. ``fresh``: every answer about a leaf was produced after the moment that was asked for.

    ``older`` says which were not. ``revoked`` are certificates that were revoked after the last use that is to be proven:
    what they have signed stands, and they must sign nothing more.
    """

    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    certs: tuple[bytes, ...]
    fresh: bool
    older: tuple[Older, ...] = ()
    revoked: tuple[bytes, ...] = ()


class RevocationSource(Protocol):
    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        """Answers for every certificate of ``chains`` (each leaf … root) but the roots, valid at ``at``.

        ``used`` says of leaves when they have signed last, if that was before ``after``. Refuses ``key.revoked`` for what was
        revoked by then; raises ``Outage("revocation.unreachable")`` when no acceptable answer is to be had.
        """


@dataclass(frozen=True)
class Known:
    """What was last heard about one certificate, and when it was asked. ``offered``: a responder is named for it."""

    answers: tuple[Answer, ...]
    asked: datetime
    offered: bool

    @property
    def produced(self) -> datetime:
        return max(answer.produced for answer in self.answers)

    @property
    def until(self) -> datetime:
        return min(answer.until for answer in self.answers)

    @property
    def size(self) -> int:
        return sum(len(answer.der) for answer in self.answers)

    def holds(self, at: datetime) -> bool:
        return all(answer.holds(at) for answer in self.answers)

    def fresh(self, after: datetime) -> bool:
        """Answers count in whole seconds, so ``after`` does too."""
        return self.produced >= after.replace(microsecond=0)


def questions(asked: Sequence[Chain]) -> list[tuple[bytes, bytes]]:
    """Each (certificate, issuer) of the chains once, roots left out."""
    return list(dict.fromkeys(pair for chain in asked for pair in pairwise(chain)))


def collected(
    asked: Sequence[Chain], known: Mapping[bytes, Known], *, after: datetime, used: Mapping[bytes, datetime] | None = None
) -> Revocation:
    """Everything together, each thing once. Refuses ``key.revoked`` for a certificate revoked before its last use."""
    leaves = dict.fromkeys(chain[0] for chain in asked)
    revoked = [held for held, found in known.items() if _was_revoked(held, found, proven=(used or {}).get(held, after))]
    older = [
        Older(held, known[held].produced, known[held].until, known[held].offered)
        for held in leaves
        if held in known and not known[held].fresh(after)
    ]
    every = [answer for found in known.values() for answer in found.answers]
    certs = [*(cert for chain in asked for cert in chain), *(cert for answer in every for cert in answer.responders)]
    return Revocation(
        ocsps=tuple(dict.fromkeys(answer.der for answer in every if not answer.is_list)),
        crls=tuple(dict.fromkeys(answer.der for answer in every if answer.is_list)),
        certs=tuple(dict.fromkeys(certs)),
        fresh=not older,
        older=tuple(older),
        revoked=tuple(revoked),
    )


def _was_revoked(certificate: bytes, found: Known, *, proven: datetime) -> bool:
    for answer in found.answers:
        refuse_revoked(answer, certificate=certificate, proven=proven)
    return any(answer.revoked for answer in found.answers)


# ------------------------------------------------------------------------------------- one source for each root


class RevocationByRoot:
    """Asks for each chain the source that answers for its root: seal and timestamps may come from different authorities."""

    def __init__(self, *sources: tuple[Sequence[bytes], RevocationSource]) -> None:
        self._sources = tuple((frozenset(roots), source) for roots, source in sources)

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        groups: dict[int, list[Chain]] = {}
        for chain in chains:
            groups.setdefault(self._place(chain[-1]), []).append(chain)
        found = [self._sources[place][1].gather(group, after=after, at=at, used=used) for place, group in groups.items()]
        return Revocation(
            ocsps=tuple(dict.fromkeys(held for part in found for held in part.ocsps)),
            crls=tuple(dict.fromkeys(held for part in found for held in part.crls)),
            certs=tuple(dict.fromkeys(held for part in found for held in part.certs)),
            fresh=all(part.fresh for part in found),
            older=tuple(older for part in found for older in part.older),
            revoked=tuple(dict.fromkeys(held for part in found for held in part.revoked)),
        )

    def _place(self, root: bytes) -> int:
        for place, (roots, _source) in enumerate(self._sources):
            if root in roots:
                return place
        raise Refusal("key.chain_incomplete", detail="nobody answers for this root")


class PatientRevocation:
    """The source of one closing: waits a while for newer answers where they may come, and remembers what it was given.

    ``patience`` None: it waits for ever, also for the next list. That is for a top-up, which has no other purpose.
    """

    def __init__(self, source: RevocationSource, *, patience: timedelta | None = PATIENCE) -> None:
        self._source, self._patience = source, patience
        self.found: Revocation | None = None

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        """As its source; raises ``Outage("revocation.not_fresh")`` while it is too early to make do with an older answer."""
        found = self._source.gather(chains, after=after, at=at, used=used)
        patience = self._patience
        awaited = [older.subject for older in found.older if patience is None or (older.soon and at < after + patience)]
        if awaited:
            raise Outage("revocation.not_fresh", "; ".join(awaited)[:300])
        self.found = found
        return found


def fresher_at(older: Sequence[Older], *, at: datetime) -> datetime:
    """When newer answers about all of ``older`` are worth asking for: a responder's within the hour, a list's once it is due."""
    return max((min(one.until, at + SOON) if one.soon else one.until) for one in older) + LATENESS


# -------------------------------------------------------------------------------------- the embedded authority


class EmbeddedRevocation:
    """OCSP answers about what ``issuer`` (DER) has issued, signed by its ``responder`` when one new enough is not at hand.

    ``revoked`` maps serial numbers to the time since when. Threads may share one.
    """

    VALIDITY = timedelta(days=7)

    def __init__(self, issuer: bytes, *, responder: Credential, revoked: Mapping[int, datetime] | None = None) -> None:
        self._issuer, self._responder, self._revoked = issuer, responder, dict(revoked or {})
        self._memory: Memory[Known] = Memory()

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        known = {certificate: self._known(certificate, issuer, after=after, at=at) for certificate, issuer in questions(chains)}
        return collected(chains, known, after=after, used=used)

    def _known(self, certificate: bytes, issuer: bytes, *, after: datetime, at: datetime) -> Known:
        if issuer != self._issuer:
            raise Refusal("key.chain_incomplete", detail="a certificate of another authority")

        def ask(_before: Known | None) -> Known:
            answer = read_ocsp(self.answer(certificate, at=at), certificate=certificate, issuer=issuer, at=at)
            return Known((answer,), asked=at, offered=True)

        return self._memory.recall((certificate, issuer), good=lambda known: known.holds(at) and known.fresh(after), ask=ask)

    def answer(self, certificate: bytes, *, at: datetime) -> bytes:
        """An OCSPResponse about a certificate, produced at ``at``. Whether the issuer knows it is not looked up.

        Built here because the builder at hand would read the clock for ``producedAt``.
        """
        name_hash, key_hash = issuer_hashes(self._issuer, "sha256")
        serial = chains.certificate(certificate).serial_number
        since = self._revoked.get(serial)
        status = der.tlv(0x80, b"") if since is None else der.tlv(0xA1, der.generalized_time(since))
        named_by = cms.algorithm(cms.DIGESTS["sha256"], with_null=True)
        about = der.sequence(named_by, der.octet_string(name_hash), der.octet_string(key_hash), der.integer(serial))
        own = self._responder
        # An answer must not outlive whom it is about nor who gives it: a deep verifier judges the chain at the answer's end.
        end = min(at + self.VALIDITY, own.not_after, chains.certificate(certificate).not_valid_after_utc)
        single = der.sequence(about, status, der.generalized_time(at), der.explicit(0, der.generalized_time(end)))
        responder = der.explicit(1, chains.named(own.certificate).subject)
        data = der.sequence(responder, der.generalized_time(at), der.sequence(single))
        signed = der.sequence(
            data, own.key.algorithm_identifier, der.bit_string(own.key.sign(data)), der.explicit(0, der.sequence(own.certificate))
        )
        wrapped = der.sequence(der.oid(_OCSP_BASIC), der.octet_string(signed))
        return der.sequence(der.tlv(der.ENUMERATED, b"\x00"), der.explicit(0, wrapped))
