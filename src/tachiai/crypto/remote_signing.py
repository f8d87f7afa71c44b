"""Keys of a remote signing service, by the Cloud Signature Consortium's API (versions 1.0.4 and 2).

One signature is two requests: ``credentials/authorize`` binds the authorisation (SAD) to the one digest, ``signatures/signHash``
spends it. Nothing a service answers is believed before the certificate's key has verified it.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tachiai.crypto import chains, der, pins
from tachiai.crypto.keys import KeyFace, public_bytes
from tachiai.crypto.signature_algorithms import DIGESTS, Algorithm, algorithm_of, load_public
from tachiai.errors import Outage, Refusal

LARGEST_ANSWER = 1024 * 1024
MOST_CONNECTIONS = 64


@dataclass(frozen=True)
class ServicePlace:
    """Which credential of which service (``url`` ends in the version: ``…/csc/v1``), and how the house shows who it is.

    Either ``token_file`` holds a bearer token, or ``token_url``, ``client_id`` and ``client_secret_file`` get one (OAuth 2.0 client
    credentials, RFC 6749, 4.4), or neither. ``client_file``: PEM of a TLS client certificate with its key; ``ca_file``: whom to trust.
    """

    url: str
    credential: str
    token_file: Path | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    pin_file: Path | None = None
    ca_file: Path | None = None
    client_file: Path | None = None
    memory: Path | None = None
    timeout: float = 15.0


@dataclass(frozen=True)
class Offered:
    """What a service says of a credential: its certificates (DER, own first) and whether a PIN is wanted."""

    certificates: tuple[bytes, ...]
    wants_pin: bool


class RemoteKey(KeyFace):
    """A key at a signing service. Threads may ask at the same time; each asks for itself, on connections that are kept alive."""

    def __init__(self, place: ServicePlace, certificate: bytes, algorithm: Algorithm, *, wants_pin: bool) -> None:
        super().__init__(algorithm)
        self._place, self._wants_pin = place, wants_pin
        self._public = load_public(public_bytes(chains.certificate(certificate).public_key()))
        self._service = _Service(place)

    def sign(self, message: bytes) -> bytes:
        """Sign. ``Outage("key.unreachable")`` for whatever is wrong with the service: no document is to blame for that."""
        digest = self.algorithm.hashed(message)
        try:
            signature = self._signed(digest, self._authorised(digest))
        except Refusal as refusal:
            raise Outage("key.unreachable", str(refusal)) from refusal
        except Declined as declined:
            raise Outage("key.unreachable", str(declined)) from declined
        if not self.algorithm.holds(self._public, signature, message):
            raise Outage("key.unreachable", f"{self._service.name} gave a signature that does not hold")
        return signature

    def _authorised(self, digest: bytes) -> str:
        """The SAD for this one digest (CSC 1.0.4, 11.6; 2.0, 11.6)."""
        body: dict[str, Any] = {"credentialID": self._place.credential, "numSignatures": 1}
        hashed, hash_algorithm = _text(digest), DIGESTS[self.digest]
        if self._service.second:
            body |= {"hashes": [hashed], "hashAlgorithmOID": hash_algorithm}
        else:
            body |= {"hash": [hashed]}
        if self._wants_pin:
            return self._authorised_by_pin(body)
        return _string(self._service.call("credentials/authorize", body), "SAD")

    def _authorised_by_pin(self, body: dict[str, Any]) -> str:
        place = self._place
        if place.pin_file is None:
            raise Refusal("key.pin_missing", service=self._service.name)
        pins.check_untried(place.credential, place.pin_file, memory=place.memory)
        pin = pins.read_secret(place.pin_file)
        body |= {"authData": [{"id": "PIN", "value": pin}]} if self._service.second else {"PIN": pin}
        try:
            return _string(self._service.call("credentials/authorize", body), "SAD")
        except Declined as declined:
            if not declined.names_pin:
                raise
            pins.remember_refused(place.credential, place.pin_file, memory=place.memory)
            raise Refusal("key.pin_wrong", token=place.credential, file=place.pin_file.name) from declined

    def _signed(self, digest: bytes, sad: str) -> bytes:
        """Spend the authorisation (CSC 1.0.4, 11.9; 2.0, 11.10)."""
        body: dict[str, Any] = {"credentialID": self._place.credential, "SAD": sad, "signAlgo": self.signature_algorithm}
        if self._service.second:
            body |= {"hashes": [_text(digest)], "hashAlgorithmOID": DIGESTS[self.digest], "operationMode": "S"}
        else:
            body |= {"hash": [_text(digest)], "hashAlgo": DIGESTS[self.digest]}
        if self.algorithm.scheme == "pss":
            body["signAlgoParams"] = _text(der.read(self.algorithm_identifier).children()[1].raw)
        answer = self._service.call("signatures/signHash", body).get("signatures")
        if not isinstance(answer, list) or len(answer) != 1:
            raise Declined(self._service.name, "no signature in its answer")
        return self._normal(_octets(answer[0], self._service.name))

    def _normal(self, signature: bytes) -> bytes:
        """ECDSA as ECDSA-Sig-Value, whichever of the two forms in use the service chose."""
        part = self.algorithm.part
        if not part or len(signature) != 2 * part:
            return signature
        return der.sequence(*(der.integer(int.from_bytes(half, "big")) for half in (signature[:part], signature[part:])))


def open_remote(place: ServicePlace, *, certificate: bytes, pss: bool = False) -> RemoteKey:
    """The key of a credential whose certificate must be ``certificate`` (DER) still.

    Refuses ``key.mismatch`` and as :func:`ask_service`; ``Outage("key.unreachable")`` when nobody answers.
    """
    offered = ask_service(place)
    if offered.certificates[0] != certificate:
        raise Refusal("key.mismatch", label=place.credential)
    found = chains.certificate(certificate)
    algorithm = algorithm_of(found.public_key(), certificate=found, pss=pss)
    return RemoteKey(place, certificate, algorithm, wants_pin=offered.wants_pin)


def ask_service(place: ServicePlace) -> Offered:
    """What the service holds for the credential (CSC 1.0.4, 11.5; 2.0, 11.5).

    Refuses ``key.absent`` (no such credential), ``key.disabled``, ``key.interactive`` (a person with a telephone would have to be there
    for each signature), ``key.login_refused`` and ``key.certificate_missing``; ``Outage("key.unreachable")`` when nobody answers.
    """
    service = _Service(place)
    body: dict[str, Any] = {"credentialID": place.credential, "certificates": "chain"}
    if service.second:
        body["authInfo"] = True
    try:
        answer = service.call("credentials/info", body)
    except Declined as declined:
        if declined.status in (400, 404):
            raise Refusal("key.absent", key=place.credential) from declined
        raise Outage("key.unreachable", str(declined)) from declined
    key = answer.get("key")
    if isinstance(key, dict) and key.get("status", "enabled") != "enabled":
        raise Refusal("key.disabled", key=place.credential)
    held = answer.get("cert")
    listed = held.get("certificates") if isinstance(held, dict) else None
    if not isinstance(listed, list) or not listed:
        raise Refusal("key.certificate_missing", label=place.credential)
    return Offered(tuple(_octets(one, service.name) for one in listed), wants_pin=_wants_pin(answer, place.credential))


def _wants_pin(answer: dict[str, Any], credential: str) -> bool:
    """How each use is authorised: ``implicit`` by who we are, ``explicit`` by a PIN; anything else needs a person."""
    about = answer.get("auth")
    mode = about.get("mode") if isinstance(about, dict) else answer.get("authMode")
    one_time = answer.get("OTP")
    asks_code = isinstance(one_time, dict) and str(one_time.get("presence", "false")).lower() == "true"
    objects = about.get("objects", []) if isinstance(about, dict) else []
    asks_code = asks_code or any(isinstance(one, dict) and one.get("type") not in ("Password", None) for one in objects)
    if mode not in ("implicit", "explicit") or asks_code:
        raise Refusal("key.interactive", key=credential)
    return bool(mode == "explicit")


class Declined(Exception):
    """The service answered, and not as was hoped. Never leaves this module."""

    def __init__(self, service: str, detail: str, *, status: int = 0) -> None:
        super().__init__(f"{service}: {detail}")
        self.status = status
        self.names_pin = "pin" in detail.lower()


class _Service:
    """The service's HTTP side: who we are, one request at a time, and what its answers may look like."""

    def __init__(self, place: ServicePlace) -> None:
        parts = urlsplit(place.url)
        if parts.hostname is None or (parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1")):
            # Whoever reads the wire could spend our authorisations.
            raise Refusal("key.service_insecure", service=place.url)
        self.name = parts.hostname
        self.second = parts.path.rstrip("/").endswith("/v2")
        self._place = place
        self._lock = threading.Lock()
        self._bearer: str | None = None
        self._http = requests.Session()
        # Neither proxies nor passwords may slip in from the environment of the process.
        self._http.trust_env = False
        self._http.verify = str(place.ca_file) if place.ca_file else True
        self._http.cert = str(place.client_file) if place.client_file else None
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=MOST_CONNECTIONS))

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request. Raises :class:`Declined`; refuses ``key.login_refused``; ``Outage("key.unreachable")``."""
        url = f"{self._place.url.rstrip('/')}/{path}"
        bearer = self._token(stale=None)
        status, answer = self._post(url, bearer, as_json=body)
        if status == 401 and bearer is not None:
            # Tokens age; one that is refused right after it was given means that we are not wanted.
            status, answer = self._post(url, self._token(stale=bearer), as_json=body)
        if status in (401, 403):
            raise Refusal("key.login_refused", service=self.name)
        if status >= 500:
            raise Outage("key.unreachable", f"{self.name} answered HTTP {status}")
        if status != 200:
            detail = f"HTTP {status} {answer.get('error', '')} {answer.get('error_description', '')}"
            raise Declined(self.name, detail.strip()[:200], status=status)
        return answer

    def _token(self, *, stale: str | None) -> str | None:
        with self._lock:
            if self._bearer is None or self._bearer == stale:
                self._bearer = self._fetch_token()
            return self._bearer

    def _fetch_token(self) -> str | None:
        place = self._place
        if place.token_file is not None:
            return pins.read_secret(place.token_file)
        if not place.token_url or place.client_secret_file is None:
            return None
        form = {"grant_type": "client_credentials", "client_id": place.client_id, "scope": "service"}
        form["client_secret"] = pins.read_secret(place.client_secret_file)
        status, answer = self._post(place.token_url, None, as_form=form)
        if status >= 500:
            raise Outage("key.unreachable", f"{self.name} answered HTTP {status}")
        token = answer.get("access_token")
        if status != 200 or not isinstance(token, str):
            raise Refusal("key.login_refused", service=self.name)
        return token

    def _post(
        self, url: str, bearer: str | None, *, as_json: dict[str, Any] | None = None, as_form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        try:
            with self._http.post(
                url, json=as_json, data=as_form, headers=headers, timeout=self._place.timeout, stream=True, allow_redirects=False
            ) as answer:
                held = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
                return answer.status_code, _read_json(held, answer.status_code, self.name)
        except (requests.RequestException, OSError) as trouble:
            raise Outage("key.unreachable", f"{self.name}: {type(trouble).__name__}") from trouble


def _read_json(held: bytes, status: int, name: str) -> dict[str, Any]:
    try:
        found = json.loads(held) if len(held) <= LARGEST_ANSWER else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    if status == 200:
        raise Outage("key.unreachable", f"{name} did not answer in JSON")
    return {}


def _string(answer: dict[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise Declined("the service", f"no {name} in its answer")
    return found


def _octets(text: object, name: str) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as torn:
        raise Outage("key.unreachable", f"{name}: not Base64") from torn


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
