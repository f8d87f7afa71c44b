"""Revocation answers over HTTP, from the addresses that our own pinned chains name: OCSP first, a list where that fails.

The addresses stand in certificates an operator has chosen, and are still not trusted with this machine's network: plain HTTP
only (the answers are signed), every name resolved once and connected to by that very address, private ranges refused, no
redirects, bounded size and time.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tachiai.crypto import chains
from tachiai.crypto.revocation import Answer, Chain, Revocation, UnusableAnswer, check_crl, check_ocsp, collected, questions
from tachiai.errors import Outage

LARGEST_ANSWER = 256 * 1024
LARGEST_LIST = 10 * 1024 * 1024
_Ask = Callable[[str, bytes, bytes, datetime], Answer]


class HttpRevocation:
    """Asks the responders named in certificates whose chains end in ``pinned_roots``; nobody else's."""

    def __init__(self, pinned_roots: Sequence[bytes], *, allow_private: bool = False, timeout: float = 10.0) -> None:
        self._roots, self._allow_private, self._timeout = frozenset(pinned_roots), allow_private, timeout
        self._http = requests.Session()
        self._http.trust_env = False

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime) -> Revocation:
        answers: list[Answer] = []
        lists: list[Answer] = []
        for chain in chains:
            if chain[-1] not in self._roots:
                # An address out of a certificate nobody pinned would let a stranger choose where this machine connects to.
                raise Outage("revocation.unreachable", "a chain that ends in no pinned root")
        for certificate, issuer in questions(chains):
            found, is_list = self._ask(certificate, issuer, at=at)
            (lists if is_list else answers).append(found)
        return collected(chains, answers, after=after, lists=lists)

    def _ask(self, certificate: bytes, issuer: bytes, *, at: datetime) -> tuple[Answer, bool]:
        """The first acceptable answer. One signed by the issuer itself yields to a list, which the deep verifier can follow."""
        troubles: list[str] = []
        direct: Answer | None = None
        for url in ocsp_urls(certificate):
            answer = self._attempt(self._ocsp, url, certificate, issuer, at, troubles)
            if answer is not None and answer.responders:
                return answer, False
            direct = direct or answer
        for url in crl_urls(certificate):
            answer = self._attempt(self._crl, url, certificate, issuer, at, troubles)
            if answer is not None:
                return answer, True
        if direct is not None:
            return direct, False
        raise Outage("revocation.unreachable", "; ".join(troubles) or "the certificate names no responder and no list")

    def _attempt(self, ask: _Ask, url: str, certificate: bytes, issuer: bytes, at: datetime, troubles: list[str]) -> Answer | None:
        try:
            return ask(url, certificate, issuer, at)
        except (UnusableAnswer, requests.RequestException, OSError) as trouble:
            troubles.append(f"{type(trouble).__name__}: {trouble}"[:200])
            return None

    def _ocsp(self, url: str, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            chains.certificate(certificate),
            chains.certificate(issuer),
            hashes.SHA1(),  # noqa: S303 - it names the issuer; responders are only required to know this one (RFC 5019)
        )
        question = builder.build().public_bytes(Encoding.DER)
        return check_ocsp(self._fetch(url, question, LARGEST_ANSWER), certificate=certificate, issuer=issuer, at=at)

    def _crl(self, url: str, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
        return check_crl(self._fetch(url, None, LARGEST_LIST), certificate=certificate, issuer=issuer, at=at)

    def _fetch(self, url: str, body: bytes | None, largest: int) -> bytes:
        """One request to a resolved address, whole within ``timeout`` seconds and ``largest`` bytes."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UnusableAnswer(f"{parts.scheme or 'no'} scheme")
        port = parts.port or 80
        address = resolve(parts.hostname, port, allow_private=self._allow_private)
        literal = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
        headers = {"Host": parts.netloc.rpartition("@")[2], "Content-Type": "application/ocsp-request"}
        deadline = time.monotonic() + self._timeout
        method = "GET" if body is None else "POST"
        with self._http.request(
            method, target, data=body, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != 200:
                raise UnusableAnswer(f"HTTP {answer.status_code}")
            held = bytearray()
            for piece in answer.iter_content(16 * 1024):
                held += piece
                if len(held) > largest or time.monotonic() > deadline:
                    raise UnusableAnswer("too large or too slow")
            return bytes(held)


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """One address of ``host`` to connect to. Any private, loopback, link-local or reserved one among them refuses all."""
    found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    addresses = sorted(str(address) for address in found)
    for address in addresses:
        if not allow_private and not _is_public(address):
            raise UnusableAnswer(f"{host} is not a public address")
    return addresses[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not (mapped or found).is_multicast


def ocsp_urls(certificate: bytes) -> list[str]:
    try:
        named = chains.certificate(certificate).extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    wanted = (a.access_location for a in named if a.access_method == AuthorityInformationAccessOID.OCSP)
    return [str(place.value) for place in wanted if isinstance(place, x509.UniformResourceIdentifier)]


def crl_urls(certificate: bytes) -> list[str]:
    try:
        points = chains.certificate(certificate).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = (name for point in points for name in point.full_name or ())
    return [str(name.value) for name in names if isinstance(name, x509.UniformResourceIdentifier)]
