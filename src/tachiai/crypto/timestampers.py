"""Where timestamps come from: an authority over HTTP, or the embedded responder for demonstrations and tests."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import requests
from requests.adapters import HTTPAdapter

from tachiai.crypto import chains, cms, der, timestamps
from tachiai.crypto.keys import Credential
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage

LARGEST_REPLY = 256 * 1024
_FIRST_RESERVE = 8 * 1024
_SLACK = 64
# An arc that no accredited authority uses; the policy says "demonstration" to whoever looks it up in docs/formats.
EMBEDDED_POLICY = "2.25.202611231200010203040506070809.1"


class HttpTimestamper:
    """RFC 3161 over HTTP (3.4), on connections that are kept alive. Threads may share one."""

    embedded = False

    def __init__(
        self,
        url: str,
        *,
        roots: Sequence[bytes],
        accredited: bool,
        username: str = "",
        password: str = "",
        timeout: float = 10.0,
        policy: str | None = None,
        name: str = "",
    ) -> None:
        self.name = name or url
        self.accredited = accredited
        self.reserve = _FIRST_RESERVE
        self._url, self._roots, self._timeout, self._policy = url, tuple(roots), timeout, policy
        self._http = requests.Session()
        # Neither proxies nor passwords may slip in from the environment of the process.
        self._http.trust_env = False
        self._http.auth = (username, password) if username else None
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=64))

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        nonce = timestamps.fresh_nonce()
        reply = self._post(timestamps.request(digest, nonce=nonce, policy=self._policy))
        token = timestamps.accept_reply(
            reply,
            digest=digest,
            nonce=nonce,
            roots=self._roots,
            at=at,
            accredited=self.accredited,
            embedded=False,
            policy=self._policy,
        )
        # Once a token has been seen, its size is known; before that a generous guess costs one retry at worst.
        self.reserve = len(token.der) + _SLACK
        return token

    def _post(self, body: bytes) -> bytes:
        """One request within ``timeout`` seconds altogether, whatever pauses the server makes between bytes."""
        deadline = time.monotonic() + self._timeout
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            with self._http.post(
                self._url, data=body, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code != 200:
                    # A 4xx is as much an outage as a 5xx: the contract's content had no part in it.
                    raise Outage("tsa.unreachable", f"{self.name} answered HTTP {answer.status_code}")
                return self._body(answer, deadline)
        except requests.RequestException as trouble:
            raise Outage("tsa.unreachable", f"{self.name}: {type(trouble).__name__}") from trouble

    def _body(self, answer: requests.Response, deadline: float) -> bytes:
        held = bytearray()
        for piece in answer.iter_content(1024):
            held += piece
            if len(held) > LARGEST_REPLY:
                raise Outage("tsa.bad_reply", f"{self.name} sent more than {LARGEST_REPLY} bytes")
            if time.monotonic() > deadline:
                raise Outage("tsa.unreachable", f"{self.name} did not finish within {self._timeout:g} s")
        return bytes(held)


class EmbeddedTimestamper:
    """A responder in this process (RFC 3161), plainly not accredited; its own replies pass the same checks as anybody's."""

    accredited = False
    embedded = True

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.name = credential.label
        # The only parts of varying size are integers and an ECDSA signature; one specimen tells the rest.
        moment = chains.certificate(credential.certificate).not_valid_before_utc
        self.reserve = len(self._token(b"\x00" * 64, nonce=2**64 - 1, at=moment, with_chain=True)) + _SLACK

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        nonce = timestamps.fresh_nonce()
        reply = self.respond(timestamps.request(digest, nonce=nonce), at=at)
        roots = self._credential.roots
        return timestamps.accept_reply(reply, digest=digest, nonce=nonce, roots=roots, at=at, accredited=False, embedded=True)

    def respond(self, request: bytes, *, at: datetime) -> bytes:
        """A TimeStampResp to any bytes: granted with the time ``at`` (whole seconds), or a rejection with its failInfo."""
        try:
            members = der.read(request).expect(der.SEQUENCE).children()
            digest = _asked_imprint(members)
            nonce = next((der.read_integer(m) for m in members[2:] if m.tag == der.INTEGER), None)
            policy = next((der.read_oid(m) for m in members[2:] if m.tag == der.OID), EMBEDDED_POLICY)
        except (der.DerError, IndexError):
            return _rejection(5)  # badDataFormat
        if digest is None:
            return _rejection(0)  # badAlg
        if policy != EMBEDDED_POLICY:
            return _rejection(15)  # unacceptedPolicy
        with_chain = any(m.tag == der.BOOLEAN and m.content == b"\xff" for m in members[2:])
        token = self._token(digest, nonce=nonce, at=at, with_chain=with_chain)
        return der.sequence(der.sequence(der.integer(0)), token)

    def _token(self, digest: bytes, *, nonce: int | None, at: datetime, with_chain: bool) -> bytes:
        info = der.sequence(
            der.integer(1),
            der.oid(EMBEDDED_POLICY),
            der.sequence(cms.algorithm(cms.DIGESTS[timestamps.digest_name(digest)], with_null=True), der.octet_string(digest)),
            der.integer(timestamps.fresh_nonce()),
            der.generalized_time(at.astimezone(UTC)),
            der.sequence(der.integer(1)),  # accuracy: one second
            b"" if nonce is None else der.integer(nonce),
        )
        credential = self._credential
        imprint = hashlib.new(credential.key.digest, info).digest()
        attributes, signature = cms.sign_digest(credential, imprint, content_type=cms.TST_INFO)
        return cms.signed_data(
            credential,
            attributes=attributes,
            signature=signature,
            content_type=cms.TST_INFO,
            content=info,
            certificates=credential.shown_chain if with_chain else (),
        )


def _asked_imprint(members: Sequence[der.Element]) -> bytes | None:
    """The digest to stamp, or None for an algorithm or size that is not accepted."""
    if der.read_integer(members[0]) != 1:
        raise der.DerError("not version 1")
    algorithm, value = members[1].expect(der.SEQUENCE).children()
    digest = value.expect(der.OCTET_STRING).content
    name = cms.DIGEST_NAMES.get(der.read_oid(algorithm.expect(der.SEQUENCE).children()[0]))
    known = name is not None and len(digest) == hashlib.new(name).digest_size
    return digest if known else None


def _rejection(failure: int) -> bytes:
    """PKIStatusInfo: rejection, with the one bit of PKIFailureInfo (RFC 3161, 2.4.2)."""
    octets, bit = divmod(failure, 8)
    bits = bytes(octets) + bytes((0x80 >> bit,))
    return der.sequence(der.sequence(der.integer(2), der.tlv(der.BIT_STRING, bytes((7 - bit,)) + bits)))
