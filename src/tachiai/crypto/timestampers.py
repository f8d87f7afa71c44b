"""Where timestamps come from: an authority over HTTP, or the embedded responder for demonstrations and tests."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import ssl
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from tachiai.crypto import chains, cms, cms_writing, der, exchanges, timestamp_requests, timestamps
from tachiai.crypto.keys import Credential
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage

LARGEST_REPLY = 256 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
_FIRST_RESERVE = 8 * 1024
_SLACK = 64
# An arc that no accredited authority uses; the policy says "demonstration" to whoever looks it up in docs/formats.
EMBEDDED_POLICY = "2.25.202611231200010203040506070809.1"


class HttpTimestamper:
    """RFC 3161 over HTTP (3.4). Threads may share one; all their requests overlap, on connections that are kept alive.

    ``roots`` are the DER certificates its chain must end in; ``policy`` is asked for and insisted on; ``tls`` brings a client's
    certificate or other trust for HTTPS than the machine's. Each request ends within ``timeout`` seconds once it has a connection,
    of which there are ``connections`` at most. A kept connection that proves dead is replaced by a fresh one, once.
    """

    embedded = False

    def __init__(
        self,
        url: str,
        *,
        roots: Sequence[bytes],
        accredited: bool,
        username: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
        policy: str | None = None,
        name: str = "",
        connections: int = exchanges.MOST_CONNECTIONS,
    ) -> None:
        self.name = name or _shown(url)
        self.accredited = accredited
        self.reserve = _FIRST_RESERVE
        self._roots, self._timeout, self._policy = tuple(roots), timeout, policy
        self._line = exchanges.Line(url, username=username, password=password, tls=tls, connections=connections)
        weakref.finalize(self, self._line.close).atexit = False

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        return exchanges.waited(self.submit(digest, at=at))

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        return self._line.start(self._line.in_turn(lambda: self._stamp(digest, at)))

    async def _stamp(self, digest: bytes, at: datetime) -> Token:
        try:
            # One deadline for everything, whatever pauses the authority makes between bytes.
            async with asyncio.timeout(self._timeout):
                nonce, reply = await self._ask(digest)
        except TimeoutError as late:
            raise Outage("tsa.unreachable", f"{self.name} did not finish within {self._timeout:g} s") from late
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

    async def _ask(self, digest: bytes) -> tuple[int, bytes]:
        """The nonce sent and the reply that came for it."""
        try:
            return await self._post(digest, fresh=False)
        except (aiohttp.ClientError, OSError) as first:
            if not exchanges.went_stale(first):
                raise self._unreachable(first) from first
        # Asking again, with a new nonce, costs the authority one more token and nobody anything else.
        try:
            return await self._post(digest, fresh=True)
        except (aiohttp.ClientError, OSError) as second:
            raise self._unreachable(second) from second

    async def _post(self, digest: bytes, *, fresh: bool) -> tuple[int, bytes]:
        nonce = timestamp_requests.fresh_nonce()
        body = timestamp_requests.request(digest, nonce=nonce, policy=self._policy)
        headers = {"Content-Type": QUERY, "Accept": REPLY}
        try:
            answer = await self._line.post(body, headers=headers, largest=LARGEST_REPLY, fresh=fresh)
        except exchanges.TooLong as flood:
            raise Outage("tsa.bad_reply", f"{self.name} sent more than {LARGEST_REPLY} bytes") from flood
        if answer.status != 200:
            # A 4xx is as much an outage as a 5xx: the contract's content had no part in it.
            raise Outage("tsa.unreachable", f"{self.name} answered HTTP {answer.status}")
        return nonce, answer.body

    def _unreachable(self, trouble: Exception) -> Outage:
        return Outage("tsa.unreachable", f"{self.name}: {type(trouble).__name__}")


def _shown(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


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
        nonce = timestamp_requests.fresh_nonce()
        reply = self.respond(timestamp_requests.request(digest, nonce=nonce), at=at)
        roots = self._credential.roots
        return timestamps.accept_reply(reply, digest=digest, nonce=nonce, roots=roots, at=at, accredited=False, embedded=True)

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        """Done at once: nobody has to be waited for."""
        done: Future[Token] = Future()
        try:
            done.set_result(self.timestamp(digest, at=at))
        except Outage as trouble:
            done.set_exception(trouble)
        return done

    def respond(self, request: bytes, *, at: datetime) -> bytes:
        """A TimeStampResp to any bytes: granted with the time ``at`` (whole seconds), or a rejection with its failInfo.

        Certificates are included only when asked for (certReq), and every serial number is used once (RFC 3161, 2.4.1 and 2.4.2).
        """
        try:
            asked = timestamp_requests.read_request(request)
        except timestamp_requests.BadRequest as refused:
            return rejection(refused.failure)
        if asked.policy not in (None, EMBEDDED_POLICY):
            return rejection("unacceptedPolicy")
        token = self._token(asked.digest, nonce=asked.nonce, at=at, with_chain=asked.certificate_wanted)
        return der.sequence(der.sequence(der.integer(0)), token)

    def _token(self, digest: bytes, *, nonce: int | None, at: datetime, with_chain: bool) -> bytes:
        info = der.sequence(
            der.integer(1),
            der.oid(EMBEDDED_POLICY),
            der.sequence(cms.algorithm(cms.DIGESTS[timestamp_requests.digest_name(digest)], with_null=True), der.octet_string(digest)),
            der.integer(_fresh_serial()),
            der.generalized_time(at.astimezone(UTC)),
            der.sequence(der.integer(1)),  # accuracy: one second
            b"" if nonce is None else der.integer(nonce),
        )
        credential = self._credential
        imprint = hashlib.new(credential.key.digest, info).digest()
        attributes, signature = cms_writing.sign_digest(credential, imprint, content_type=cms.TST_INFO)
        return cms_writing.signed_data(
            credential,
            attributes=attributes,
            signature=signature,
            content_type=cms.TST_INFO,
            content=info,
            certificates=credential.shown_chain if with_chain else (),
        )


def _fresh_serial() -> int:
    """126 random bits: unique without a memory, so also after a crash and beside another responder (RFC 3161, 2.4.2)."""
    return secrets.randbits(126) | 1 << 126


def rejection(failure: str) -> bytes:
    """PKIStatusInfo: rejection, with the one bit of PKIFailureInfo that has this name (RFC 3161, 2.4.2)."""
    place = next(bit for bit, word in timestamp_requests.FAILURES.items() if word == failure)
    octets, bit = divmod(place, 8)
    bits = bytes(octets) + bytes((0x80 >> bit,))
    return der.sequence(der.sequence(der.integer(2), der.tlv(der.BIT_STRING, bytes((7 - bit,)) + bits)))
