"""A key-encryption key at a key management service, by the two calls that HashiCorp Vault's transit engine has (docs/formats/kms.md).

``POST <url>/encrypt/<key>`` and ``POST <url>/decrypt/<key>``, JSON and Base64. Its address is the operator's own, from the
configuration, so it may lie on a private network; it is HTTPS, no redirect is followed and no proxy of the environment used.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import aiohttp

from tachiai.crypto.exchanges import Answer, Line, TooLong, waited, went_stale
from tachiai.crypto.key_wrapping import LONGEST, frame, unframe
from tachiai.crypto.pins import read_secret
from tachiai.errors import Outage, Refusal

LARGEST_ANSWER = 64 * 1024
CONNECTIONS = 16
_ACTS = ("encrypt", "decrypt")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CODES = {400: "kek.refused", 401: "kek.login_refused", 403: "kek.login_refused", 404: "kek.absent"}


@dataclass(frozen=True)
class KmsPlace:
    """Which key of which service. ``url`` ends before ``/encrypt``; ``timeout`` is in seconds, for a whole exchange.

    ``token_file`` is read anew for each request, for tokens are renewed. ``roots_file``: whom to trust as a server (None: the
    machine's own).
    """

    url: str
    key: str
    token_file: Path | None = None
    roots_file: Path | None = None
    client_file: Path | None = None
    timeout: float = 5.0


class KmsKey:
    """The key named ``key`` at the service. The service's own word is checked: what it wrapped is unwrapped before it is used."""

    def __init__(self, place: KmsPlace) -> None:
        self._place = place
        self.id = hashlib.sha256(f"tachiai-kek-kms:{place.key}".encode()).hexdigest()[:16]
        self._name = urlsplit(place.url).hostname or place.url
        tls = _tls(place)
        self._lines = {act: Line(_address(place, act), username="", password="", tls=tls, connections=CONNECTIONS) for act in _ACTS}

    def __repr__(self) -> str:
        return f"KmsKey({self._name}, {self._place.key})"

    def wrap(self, data_key: bytes) -> bytes:
        inner = self._ask("encrypt", {"plaintext": base64.b64encode(data_key).decode()}, "ciphertext").encode()
        if not 0 < len(inner) <= LONGEST:
            raise Outage("kek.lied", f"{self._name} gave a wrapped key of {len(inner)} bytes")
        if self._decrypted(inner) != data_key:
            # What cannot be unwrapped now would be lost, and with it the document.
            raise Outage("kek.lied", f"{self._name} does not unwrap what it wrapped")
        return frame(data_key, inner, kek=self.id)

    def unwrap(self, wrapped: bytes) -> bytes:
        framed = unframe(wrapped, kek=self.id)
        return framed.check(self._decrypted(framed.inner), keeper=self._name)

    def close(self) -> None:
        for line in self._lines.values():
            line.close()

    def _decrypted(self, inner: bytes) -> bytes:
        found = self._ask("decrypt", {"ciphertext": inner.decode("ascii", "replace")}, "plaintext")
        try:
            return base64.b64decode(found, validate=True)
        except (binascii.Error, ValueError) as torn:
            raise Outage("kek.lied", f"{self._name} did not answer in Base64") from torn

    def _ask(self, act: str, body: dict[str, str], wanted: str) -> str:
        line = self._lines[act]
        answer = waited(line.start(self._exchanged(line, json.dumps(body).encode(), self._headers())))
        if answer.status != 200:
            code = _CODES.get(answer.status, "kek.unreachable")
            raise Outage(code, f"{self._name} answered HTTP {answer.status} to {act}")
        try:
            found = json.loads(answer.body)["data"][wanted]
        except (ValueError, KeyError, TypeError) as torn:
            raise Outage("kek.lied", f"{self._name} gave no {wanted}") from torn
        if not isinstance(found, str):
            raise Outage("kek.lied", f"{self._name} gave no {wanted}")
        return found

    async def _exchanged(self, line: Line, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            async with asyncio.timeout(self._place.timeout):
                try:
                    return await line.post(body, headers=headers, largest=LARGEST_ANSWER)
                except aiohttp.ClientError as failed:
                    if not went_stale(failed):
                        raise
                    return await line.post(body, headers=headers, largest=LARGEST_ANSWER, fresh=True)
        except TimeoutError as late:
            raise Outage("kek.unreachable", f"{self._name} did not answer within {self._place.timeout:g} s") from late
        except TooLong as flood:
            raise Outage("kek.lied", f"{self._name} answered more than {LARGEST_ANSWER} bytes") from flood
        except (aiohttp.ClientError, OSError, ValueError) as trouble:
            raise Outage("kek.unreachable", f"{self._name}: {type(trouble).__name__}") from trouble

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Vault-Request": "true"}
        if self._place.token_file is None:
            return headers
        try:
            token = read_secret(self._place.token_file)
        except Refusal as refusal:
            raise Outage(f"kek.{refusal.code.removeprefix('key.')}", str(refusal)) from refusal
        return headers | {"Authorization": f"Bearer {token}"}


def check_kms_place(place: KmsPlace) -> None:
    """Refuses ``key.configuration`` (detail) for an address that is none, or whose wire others could read."""
    try:
        parts = urlsplit(place.url)
        port = parts.port
    except ValueError as torn:
        raise Refusal("key.configuration", label=place.key, detail="url is no address") from torn
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not parts.hostname or not secure or port == 0 or parts.username is not None or parts.query or parts.fragment:
        raise Refusal("key.configuration", label=place.key, detail="url is an https address without user, query and fragment")


def _address(place: KmsPlace, act: str) -> str:
    return f"{place.url.rstrip('/')}/{act}/{quote(place.key, safe='')}"


def _tls(place: KmsPlace) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(place.roots_file) if place.roots_file else None)
        if place.client_file is not None:
            context.load_cert_chain(str(place.client_file))
    except (OSError, ssl.SSLError) as trouble:
        detail = f"its certificates cannot be read: {trouble}"[:200]
        raise Refusal("key.configuration", label=place.key, detail=detail) from trouble
    return context
