"""Remote signing: against an independent implementation of the API, and against a service that misbehaves."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crypto.server import Answer, Served, serving
from pki import hierarchy, key
from tachiai.crypto import chains, pins
from tachiai.crypto.remote_signing import RemoteKey, ServicePlace, ask_service, open_remote
from tachiai.errors import Outage, Refusal

MESSAGE = b"what is to be signed"
CONFIG = """
external-url-prefix: http://127.0.0.1
keysets:
  fictional:
    path-prefix: {folder}
    keys:
      root: {{path: root.pem}}
      rsa: {{path: rsa.pem}}
      curve: {{path: curve.pem}}
pki-architectures:
  house:
    keyset: fictional
    entity-defaults: {{country-name: JP, organization-name: Fictional Trust}}
    entities:
      root: {{common-name: Fictional Remote Root}}
      rsa: {{common-name: Fictional Remote Seal}}
      curve: {{common-name: Fictional Remote Curve}}
    certs:
      root:
        subject: root
        issuer: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}}
        profiles: [{{id: simple-ca, params: {{max-path-len: 1}}}}]
      rsa: &leaf
        subject: rsa
        issuer: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2059-01-01T00:00:00+0000"}}
        extensions:
          - id: key_usage
            critical: true
            smart-value: {{schema: key-usage, params: [digital_signature, non_repudiation]}}
      curve:
        <<: *leaf
        subject: curve
"""


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    yield
    pins._refused.clear()


@pytest.fixture(scope="module")
def independent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of certomancer's CSC server, a program that is not ours, with keys made for this run."""
    folder = tmp_path_factory.mktemp("certomancer")
    for name, kind in (("root", "rsa2048"), ("rsa", "rsa2048"), ("curve", "p256")):
        held = key(kind, 31).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(held)
    (folder / "config.yml").write_text(CONFIG.format(folder=folder))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "csc_dummy", str(folder / "config.yml"), str(port), "2"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://localhost:{port}/csc/v1"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/info", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.parametrize(
    ("credential", "pss", "name"), [("rsa", False, "RSA-2048"), ("rsa", True, "RSA-PSS-2048"), ("curve", False, "P-256")]
)
def test_signs_with_an_independent_service(independent: str, credential: str, pss: bool, name: str) -> None:
    place = ServicePlace(independent, f"house/{credential}")
    certificates = ask_service(place).certificates
    signing = open_remote(place, certificate=certificates[0], pss=pss)
    signature = signing.sign(MESSAGE)
    assert repr(signing) == f"RemoteKey({name})"
    assert len(certificates) == 2
    assert len(signature) <= signing.longest_signature
    public: Any = chains.certificate(certificates[0]).public_key()
    if credential == "curve":
        public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    else:
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        public.verify(signature, MESSAGE, scheme, hashes.SHA256())


def test_threads_ask_an_independent_service_at_the_same_time(independent: str) -> None:
    place = ServicePlace(independent, "house/curve")
    signing = open_remote(place, certificate=ask_service(place).certificates[0])
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(signing.sign, (b"%d" % number for number in range(24))))) == 24


def test_an_independent_service_does_not_know_the_credential(independent: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask_service(ServicePlace(independent, "house/nobody"))
    assert refused.value.code == "key.absent"


# ------------------------------------------------------------------------------------------- as we are told


@dataclass
class Service:
    """A small service of our own that answers as a test wants; ``asked`` lists path and body of each request."""

    version: int = 2
    pin: str = ""
    mode: str = "implicit"
    bearer: str = ""
    raw: bool = False
    faults: dict[str, Answer] = field(default_factory=dict)
    signer: Callable[[bytes], bytes] | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def certificates(self) -> list[bytes]:
        tree = hierarchy()
        return [tree.leaf("架空の遠隔印", key("p256", 32)).public_bytes(Encoding.DER), tree.middle_der, tree.root_der]

    def behave(self, path: str, body: bytes) -> Answer:
        name = path.removeprefix(f"/csc/v{self.version}/")
        told = {} if name == "/token" else json.loads(body)
        self.asked.append((name, told))
        if name in self.faults:
            return self.faults[name]
        if name == "/token":
            return answer({"access_token": self.bearer})
        return {"credentials/info": self.info, "credentials/authorize": self.authorize, "signatures/signHash": self.sign}[name](told)

    def info(self, _told: dict[str, Any]) -> Answer:
        about: dict[str, Any] = {"auth": {"mode": self.mode}} if self.version == 2 else {"authMode": self.mode}
        return answer({"key": {"status": "enabled"}, "cert": {"certificates": [text(c) for c in CERTIFICATES]}} | about)

    def authorize(self, told: dict[str, Any]) -> Answer:
        given = told.get("PIN") if self.version == 1 else next((d["value"] for d in told.get("authData", []) if d["id"] == "PIN"), None)
        if self.pin and given != self.pin:
            return answer({"error": "invalid_pin", "error_description": "The PIN is wrong"}, 400)
        return answer({"SAD": json.dumps(told["hashes" if self.version == 2 else "hash"])})

    def sign(self, told: dict[str, Any]) -> Answer:
        asked = told["hashes" if self.version == 2 else "hash"]
        assert json.loads(told["SAD"]) == asked
        made = key("p256", 32).sign(base64.b64decode(asked[0]), ec.ECDSA(utils.Prehashed(hashes.SHA256())))  # type: ignore[call-arg, union-attr, arg-type]
        if self.raw:
            made = b"".join(part.to_bytes(32, "big") for part in utils.decode_dss_signature(made))
        return answer({"signatures": [text(made)]})


def text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def answer(body: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, [json.dumps(body).encode()]


CERTIFICATES = Service().certificates


@pytest.fixture
def service() -> Iterator[tuple[Service, Served]]:
    told = Service()
    with serving(told.behave) as served:
        yield told, served


def place_of(told: Service, served: Served, **details: Any) -> ServicePlace:
    return ServicePlace(f"{served.url}/csc/v{told.version}", "seal", timeout=1.0, **details)


def opened(told: Service, served: Served, **details: Any) -> RemoteKey:
    return open_remote(place_of(told, served, **details), certificate=CERTIFICATES[0])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("raw", [True, False])
def test_speaks_both_versions_and_reads_both_forms_of_a_signature(service: tuple[Service, Served], version: int, raw: bool) -> None:
    told, served = service
    told.version, told.raw = version, raw
    signature = opened(told, served).sign(MESSAGE)
    chains.certificate(CERTIFICATES[0]).public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr, call-arg, arg-type]


@pytest.mark.parametrize("version", [1, 2])
def test_a_pin_is_sent_and_a_wrong_one_only_once(service: tuple[Service, Served], tmp_path: Path, version: int) -> None:
    told, served = service
    told.version, told.mode, told.pin = version, "explicit", "271828"
    pin_file = tmp_path / "pin"
    pin_file.write_text("271828\n")
    assert opened(told, served, pin_file=pin_file).sign(MESSAGE)
    pin_file.write_text("000000\n")
    signing = opened(told, served, pin_file=pin_file, memory=tmp_path)
    told.asked.clear()
    for _ in range(3):
        with pytest.raises(Outage, match=r"key\.pin_wrong"):
            signing.sign(MESSAGE)
    assert [name for name, _ in told.asked] == ["credentials/authorize"]
    with pytest.raises(Outage, match=r"key\.pin_missing"):
        opened(told, served).sign(MESSAGE)


def test_gets_a_token_and_a_new_one_when_it_has_aged(service: tuple[Service, Served], tmp_path: Path) -> None:
    told, served = service
    told.bearer = "first"
    secret = tmp_path / "secret"
    secret.write_text("fictional")
    signing = opened(told, served, token_url=f"{served.url}/csc/v2//token", client_id="house", client_secret_file=secret)
    assert {seen[3] for seen in served.seen if "token" not in seen[2]} == {"Bearer first"}
    served.behave = lambda path, body: answer({}, 401) if served.seen[-1][3] == "Bearer first" else told.behave(path, body)
    told.bearer = "second"
    assert signing.sign(MESSAGE)
    served.behave = lambda path, body: told.behave(path, body) if path.endswith("token") else answer({}, 401)
    with pytest.raises(Outage, match=r"key\.login_refused"):
        signing.sign(MESSAGE)


FAULTS: dict[str, tuple[str, Answer]] = {
    "5xx": ("credentials/authorize", answer({}, 503)),
    "declines": ("credentials/authorize", answer({"error": "invalid_request"}, 400)),
    "redirects": ("signatures/signHash", (302, {"Location": "http://127.0.0.1:9/"}, [b""])),
    "no JSON": ("signatures/signHash", (200, {}, [b"<html>"])),
    "a list": ("signatures/signHash", answer([])),
    "no signature": ("signatures/signHash", answer({"signatures": []})),
    "not base64": ("signatures/signHash", answer({"signatures": ["%%%"]})),
    "too large": ("signatures/signHash", answer({"signatures": ["A" * 2_000_000]})),
    "of something else": ("signatures/signHash", answer({"signatures": [text(bytes(64))]})),
    "torn": ("signatures/signHash", answer({"signatures": [text(b"0\x06\x02\x01")]})),
    "no SAD": ("credentials/authorize", answer({})),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_while_signing_is_an_outage(service: tuple[Service, Served], fault: str) -> None:
    told, served = service
    signing = opened(told, served)
    told.faults = dict([FAULTS[fault]])
    with pytest.raises(Outage) as outage:
        signing.sign(MESSAGE)
    assert outage.value.code == "key.unreachable"


def test_nobody_answers(service: tuple[Service, Served]) -> None:
    told, served = service
    place = replace(place_of(told, served), url="http://127.0.0.1:9/csc/v2")
    with pytest.raises(Outage):
        open_remote(place, certificate=CERTIFICATES[0])


def test_refuses_at_once_what_can_never_work(service: tuple[Service, Served]) -> None:
    told, served = service
    cases: dict[str, Answer] = {
        "key.absent": answer({"error": "invalid_request"}, 400),
        "key.login_refused": answer({}, 403),
        "key.disabled": answer({"key": {"status": "disabled"}}),
        "key.certificate_missing": answer({"key": {"status": "enabled"}, "auth": {"mode": "implicit"}}),
        "key.interactive": answer({"cert": {"certificates": [text(CERTIFICATES[0])]}, "auth": {"mode": "oauth2code"}}),
        "key.mismatch": answer({"cert": {"certificates": [text(CERTIFICATES[1])]}, "auth": {"mode": "implicit"}}),
    }
    for code, given in cases.items():
        told.faults = {"credentials/info": given}
        with pytest.raises(Refusal) as refused:
            opened(told, served)
        assert refused.value.code == code
    told.faults = {"credentials/info": answer({"cert": {"certificates": ["AA=="]}, "authMode": "explicit", "OTP": {"presence": "true"}})}
    with pytest.raises(Refusal, match=r"key\.interactive"):
        opened(told, served)
    with pytest.raises(Refusal, match=r"key\.service_insecure"):
        ask_service(ServicePlace("http://sign.example.jp/csc/v2", "seal"))
