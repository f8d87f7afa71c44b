"""Revocation answers over HTTP, from the addresses that our own pinned chains name: OCSP first, a list where there is none.

The addresses stand in certificates an operator has chosen, and are still not trusted with this machine's network: see
:mod:`tachiai.crypto.public_http`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tachiai.crypto import chains
from tachiai.crypto.public_http import NotFetched, PublicHttp
from tachiai.crypto.revocation import Answer, Chain, Known, Revocation, UnusableAnswer, collected, questions, read_crl, read_ocsp
from tachiai.crypto.revocation_memory import Memory
from tachiai.errors import Outage

LARGEST_ANSWER = 256 * 1024
LARGEST_LIST = 10 * 1024 * 1024
# A longer list is not put into a contract where a responder is offered: every copy would carry it for ever.
LARGEST_BESIDE = 100 * 1024
LARGEST_ISSUERS = 64 * 1024
# After how long an answer that still holds, but is not as new as one would like, is asked for again.
OFTEN, AT_TIMES, SELDOM = timedelta(seconds=15), timedelta(minutes=10), timedelta(hours=12)
# An answer this much older than the question came from a store, not from somebody who looked just now.
_STORED = timedelta(minutes=1)
_MOST_ADDRESSES = 4

_Read = Callable[[str], Answer]


class HttpRevocation:
    """Asks the responders named in certificates whose chains end in ``pinned_roots``; nobody else's.

    Answers are remembered while they hold; threads may share one source, and those who wait for the same answer ask once.
    """

    def __init__(self, pinned_roots: Sequence[bytes], *, allow_private: bool = False, timeout: float = 10.0) -> None:
        self._roots = frozenset(pinned_roots)
        self._http = PublicHttp(allow_private=allow_private, timeout=timeout)
        self._memory: Memory[Known] = Memory()

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        for chain in chains:
            if chain[-1] not in self._roots:
                # An address out of a certificate nobody pinned would let a stranger choose where this machine connects to.
                raise Outage("revocation.unreachable", "a chain that ends in no pinned root")
        leaves = {chain[0] for chain in chains}
        known: dict[bytes, Known] = {}
        pending = questions(chains)
        while pending:
            certificate, issuer = pending.pop(0)
            found = known[certificate] = self._known(certificate, issuer, after=after if certificate in leaves else None, at=at)
            pending += [(asked, issuer) for asked in _doubtful_responders(found) if asked not in known]
        return collected(chains, known, after=after, used=used)

    def _known(self, certificate: bytes, issuer: bytes, *, after: datetime | None, at: datetime) -> Known:
        """``after`` None: any answer that holds will do."""

        def good(known: Known) -> bool:
            if not known.holds(at):
                return False
            return (after is not None and known.fresh(after)) or at - known.asked < _pause(known, leaf=after is not None)

        def ask(before: Known | None) -> Known:
            try:
                return self._ask(certificate, issuer, at=at)
            except Outage:
                if before is None or not before.holds(at):
                    raise
                return before

        return self._memory.recall((certificate, issuer), good=good, ask=ask)

    def _ask(self, certificate: bytes, issuer: bytes, *, at: datetime) -> Known:
        """The newest acceptable answer. One signed by the issuer itself is joined by a list, which the deep verifier can follow.

        A list that tells of a revocation takes the place of an answer that does: pyHanko 0.38 takes only a list's word for it that
        a certificate was good until then.
        """
        troubles: list[str] = []
        responders = ocsp_urls(certificate)
        told = self._best(responders, lambda url: self._ocsp(url, certificate, issuer, at), troubles)
        if told is not None and told.responders and told.revoked is None:
            return Known((told,), asked=at, offered=True)
        largest = LARGEST_BESIDE if responders else LARGEST_LIST
        listed = self._best(crl_urls(certificate), lambda url: self._crl(url, certificate, issuer, at, largest), troubles)
        if told is not None and told.revoked is not None:
            return Known((listed if listed is not None and listed.revoked is not None else told,), asked=at, offered=True)
        answers = tuple(answer for answer in (told, listed) if answer is not None)
        if not answers:
            raise Outage("revocation.unreachable", "; ".join(troubles) or "the certificate names no responder and no list")
        return Known(answers, asked=at, offered=bool(responders))

    def _best(self, urls: Sequence[str], ask: _Read, troubles: list[str]) -> Answer | None:
        """The first answer of those places that can be used."""
        for url in urls:
            try:
                return ask(url)
            except (UnusableAnswer, NotFetched) as trouble:
                troubles.append(f"{url[:80]}: {trouble}"[:200])
        return None

    def _ocsp(self, url: str, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            chains.certificate(certificate),
            chains.certificate(issuer),
            hashes.SHA1(),  # noqa: S303 - it names the issuer; responders are only required to know this one (RFC 5019)
        )
        question = builder.build().public_bytes(Encoding.DER)
        reply = self._http.fetch(url, largest=LARGEST_ANSWER, body=question, content_type="application/ocsp-request")
        return read_ocsp(reply, certificate=certificate, issuer=issuer, at=at)

    def _crl(self, url: str, certificate: bytes, issuer: bytes, at: datetime, largest: int) -> Answer:
        return read_crl(self._http.fetch(url, largest=largest), certificate=certificate, issuer=issuer, at=at)

    def complete_chain(self, leaf: bytes, *, pool: Iterable[bytes] = (), at: datetime) -> tuple[bytes, ...]:
        """The path from ``leaf`` to a pinned root, with issuers fetched from where certificates name them (RFC 5280, 4.2.2.1).

        ``leaf`` has to be of the operator's own choosing: its addresses are asked before it is known where they lead. What is
        fetched counts only as a link of a path that ends in a pinned root. Raises :class:`~tachiai.crypto.chains.BrokenChain`.
        """
        known, asked = list(pool), [leaf]
        for _depth in range(chains.LONGEST):
            try:
                return chains.build_chain(leaf, pool=known, roots=tuple(self._roots), at=at)
            except chains.BrokenChain:
                asked = [held for one in asked for held in self._issuers(one) if held not in known]
                if not asked:
                    raise
                known += asked
        raise chains.BrokenChain("the path is too long")

    def _issuers(self, certificate: bytes) -> list[bytes]:
        """The certificates that ``certificate`` says have issued it; only those whose name is its issuer's."""
        found: list[bytes] = []
        for url in _places(certificate, AuthorityInformationAccessOID.CA_ISSUERS):
            try:
                found += _certificates(self._http.fetch(url, largest=LARGEST_ISSUERS))
            except (NotFetched, ValueError, UnsupportedAlgorithm):
                continue
        wanted = chains.named(certificate).issuer
        return [held for held in dict.fromkeys(found) if chains.named(held).subject == wanted]


def _pause(known: Known, *, leaf: bool) -> timedelta:
    """For how long it is of no use to ask again, although the answer is not as new as it should be."""
    if not leaf:
        return SELDOM
    if not known.offered:
        return AT_TIMES
    return OFTEN if known.asked - known.produced > _STORED else timedelta(0)


def _doubtful_responders(found: Known) -> list[bytes]:
    """Delegates about whom their issuer wants to be asked too: those not marked as needing no check (RFC 6960, 4.2.2.2.1)."""
    every = (held for answer in found.answers for held in answer.responders)
    return [held for held in every if not _exempt(held)]


def _exempt(responder: bytes) -> bool:
    try:
        chains.extensions(responder).get_extension_for_class(x509.OCSPNoCheck)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return True


def _certificates(held: bytes) -> list[bytes]:
    """A certificate, or a bundle of them (RFC 5280, 4.2.2.1), in DER."""
    try:
        return [x509.load_der_x509_certificate(held).public_bytes(Encoding.DER)]
    except ValueError:
        return [one.public_bytes(Encoding.DER) for one in pkcs7.load_der_pkcs7_certificates(held)]


def ocsp_urls(certificate: bytes) -> list[str]:
    return _places(certificate, AuthorityInformationAccessOID.OCSP)


def _places(certificate: bytes, method: x509.ObjectIdentifier) -> list[str]:
    try:
        named = chains.extensions(certificate).get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    wanted = (a.access_location for a in named if a.access_method == method)
    return [str(place.value) for place in wanted if isinstance(place, x509.UniformResourceIdentifier)][:_MOST_ADDRESSES]


def crl_urls(certificate: bytes) -> list[str]:
    try:
        points = chains.extensions(certificate).get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    # A point with an issuer of its own or for some reasons only would name an indirect or a partial list.
    names = (name for point in points if not point.crl_issuer and not point.reasons for name in point.full_name or ())
    return [str(name.value) for name in names if isinstance(name, x509.UniformResourceIdentifier)][:_MOST_ADDRESSES]
