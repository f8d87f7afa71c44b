"""Whether a closed file proves itself: every chain with its answers, from the file's own validation data (EN 319 102-1, 5.6.3).

The moment judged is that of a document timestamp: what it covers was there when it was made. Whether the last timestamp itself
still stands today is asked by the caller. What is said by an answer or a list is the same wherever it is met, so it is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp

from tachiai.crypto import chains
from tachiai.crypto.revocation_answers import Answer, UnusableAnswer, read_crl, read_ocsp, refuse_revoked
from tachiai.errors import Refusal

# Lists may be long; no more than these are kept read.
_REMEMBERED_LISTS: Final = 8
_MOST_ANSWERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Store:
    """The validation data that a document timestamp of time ``moment`` covers, all DER."""

    moment: datetime
    certs: frozenset[bytes]
    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A chain (leaf … root) that signed or stamped in ``field`` at ``at``. The document timestamps from the ``since``-th on prove it."""

    field: str
    chain: tuple[bytes, ...]
    at: datetime
    since: int


@dataclass(frozen=True, slots=True)
class Unproven:
    """The field whose signature is not proven, and what is missing, for operators."""

    field: str
    why: str


def unproven(uses: Iterable[Use], stores: Sequence[Store]) -> Unproven | None:
    """None when each use is proven at one of the timestamps that cover it; otherwise the first that is not."""
    latest: dict[tuple[tuple[bytes, ...], int], Use] = {}
    for use in uses:
        # Most signatures of a file share their chain, and what proves the latest use proves the earlier ones.
        known = latest.setdefault((use.chain, use.since), use)
        if use.at > known.at:
            latest[use.chain, use.since] = use
    for use in latest.values():
        why = "no document timestamp"
        for store in stores[use.since :]:
            trouble = _trouble(use.chain, use.at, store)
            if trouble is None:
                break
            why = trouble
        else:
            return Unproven(use.field, why)
    return None


def _trouble(chain: tuple[bytes, ...], at: datetime, store: Store) -> str | None:
    """Why ``chain``, last used ``at``, is not proven by ``store``; None when it is."""
    if not store.certs.issuperset(chain):
        return "a certificate is missing"
    # A timestamp that comes after the end of what it should prove shows only that a key nobody vouches for any more had signed by then.
    # The root stands because it is pinned.
    for held in chain[:-1]:
        if store.moment > chains.certificate(held).not_valid_after_utc:
            return f"the timestamp came after the end of {chains.name_text(chains.named(held).subject)}"
    if len(store.ocsps) + len(store.crls) > _MOST_ANSWERS:
        return "more answers than anybody needs"
    for certificate, issuer in pairwise(chain):
        answers = [answer for answer in _answers(certificate, issuer, store) if answer.holds(store.moment)]
        if not answers:
            return f"no answer in force about {chains.name_text(chains.named(certificate).subject)}"
        try:
            for answer in answers:
                refuse_revoked(answer, certificate=certificate, proven=at)
        except Refusal as revoked:
            return f"{revoked.code}: {revoked.facts.get('subject')}"
    return None


def _answers(certificate: bytes, issuer: bytes, store: Store) -> list[Answer]:
    """Everything in ``store`` that says something of ``certificate`` and may."""
    serial = _serial(certificate)
    told = [_told(reply, certificate, issuer) for reply in store.ocsps if _about(reply) == serial]
    # A delegate's own certificate has to last as long as its word is needed.
    standing = [answer for answer in told if answer is not None and _delegated(answer, issuer, store.moment)]
    listed = [_listed(held, certificate, issuer) for held in store.crls]
    return standing + [answer for answer in listed if answer is not None]


def _delegated(answer: Answer, issuer: bytes, moment: datetime) -> bool:
    try:
        for responder in answer.responders:
            chains.build_chain(responder, pool=(), roots=(issuer,), at=moment)
    except chains.BrokenChain:
        return False
    return True


@lru_cache(maxsize=512)
def _serial(certificate: bytes) -> int:
    return chains.certificate(certificate).serial_number


@lru_cache(maxsize=512)
def _about(reply: bytes) -> int | None:
    """The serial number an OCSP answer is about, before anything else of it is believed."""
    try:
        return ocsp.load_der_ocsp_response(reply).serial_number
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _told(reply: bytes, certificate: bytes, issuer: bytes) -> Answer | None:
    """The answer, checked in all but whether it is in force at the moment asked about."""
    try:
        own = ocsp.load_der_ocsp_response(reply).this_update_utc
        return read_ocsp(reply, certificate=certificate, issuer=issuer, at=own)
    except (UnusableAnswer, ValueError):
        return None


@lru_cache(maxsize=_REMEMBERED_LISTS)
def _listed(held: bytes, certificate: bytes, issuer: bytes) -> Answer | None:
    try:
        return read_crl(held, certificate=certificate, issuer=issuer, at=x509.load_der_x509_crl(held).last_update_utc)
    except (UnusableAnswer, ValueError):
        return None
