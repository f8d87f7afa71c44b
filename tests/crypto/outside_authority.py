"""An authority that shares no code with ours (certomancer): root, intermediate, signer, TSA, responder and lists, on loopback.

``at`` is its clock; what it answers is what it would have answered then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import ocsp
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, PKIArchitecture, ServiceLabel
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crypto.server import Answer, Served, good, serving
from pki import MOMENT, key
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.timestampers import EmbeddedTimestamper

# Which private keys of the tests its people have.
KEYS = {"root": ("rsa2048", 401), "middle": ("rsa2048", 402), "signer": ("p256", 403), "stamp": ("rsa2048", 404), "answers": ("p256", 405)}
LISTS_EVERY = timedelta(days=1)


@dataclass
class Outside:
    """``down`` are the paths that answer HTTP 500; ``asked`` lists the paths in the order they were asked."""

    arch: PKIArchitecture
    served: Served
    at: datetime
    down: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def certificate(self, label: str) -> bytes:
        return bytes(self.arch.get_cert(CertLabel(label)).dump())

    @property
    def root(self) -> bytes:
        return self.certificate("root")

    def credential(self, label: str) -> Credential:
        chain = [self.certificate(name) for name in (label, "middle", "root")]
        return credential_of(key(*KEYS[label]), chain, label=label)

    def stamper(self) -> EmbeddedTimestamper:
        return EmbeddedTimestamper(self.credential("stamp"))

    def answer(self, path: str, body: bytes) -> Answer:
        kind = path.split("/")[2]
        self.asked.append(kind if kind == "ocsp" else f"{kind}/{path.split('/')[3]}")
        if self.asked[-1] in self.down:
            return 500, {}, [b"out of order"]
        services = self.arch.service_registry
        label = ServiceLabel(path.split("/")[3])
        if kind == "ocsp":
            responder = services.summon_responder(label, self.at)
            return good(bytes(responder.build_ocsp_response(ocsp.OCSPRequest.load(body)).dump()))
        if kind == "crls":
            return good(bytes(services.get_crl(label, self.at).dump()))
        return good(self.certificate(Path(path).stem))


@contextmanager
def outside(
    folder: Path,
    *,
    offers: tuple[str, ...] = ("ocsp", "crl"),
    delegated: bool = True,
    revoked: dict[str, tuple[datetime, str]] | None = None,
) -> Iterator[Outside]:
    """``offers``: what the certificates of signer and TSA name. ``revoked``: label → since when and why."""
    with serving(lambda _path, _body: good(b"")) as served:
        arch = _arch(folder, served.url, offers=offers, delegated=delegated, revoked=revoked or {})
        made = Outside(arch, served, at=MOMENT)
        served.behave = made.answer
        yield made


def _arch(folder: Path, url: str, *, offers: tuple[str, ...], delegated: bool, revoked: dict[str, tuple[datetime, str]]) -> PKIArchitecture:
    for name, kind in KEYS.items():
        pem = key(*kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(pem)
    answering = "answers" if delegated else "middle"
    config: dict[str, Any] = {
        "external-url-prefix": url,
        "keysets": {"ours": {"keys": {name: {"path": f"{name}.pem"} for name in KEYS}}},
        "pki-architectures": {
            "outside": {
                "keyset": "ours",
                "entity-defaults": {"country-name": "JP", "organization-name": "Imaginary Trust"},
                "entities": {name: {"common-name": f"Imaginary {name}"} for name in KEYS},
                "certs": _certs(offers, revoked),
                "services": {
                    "ocsp": {"middle": {"for-issuer": "middle", "responder-cert": answering, "signing-key": answering}},
                    "crl-repo": {
                        name: {"for-issuer": name, "signing-key": name, "simulated-update-schedule": "P1D"} for name in ("root", "middle")
                    },
                    "cert-repo": {"root": {"for-issuer": "root", "publish-issued-certs": True}},
                },
            }
        },
    }
    return CertomancerConfig(config, key_search_dir=str(folder)).get_pki_arch(ArchLabel("outside"))


def _certs(offers: tuple[str, ...], revoked: dict[str, tuple[datetime, str]]) -> dict[str, Any]:
    places = _places(offers)
    leaf_usage = _smart("key_usage", "key-usage", ["digital_signature", "non_repudiation"], critical=True)
    stamping = {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]}
    answering = [{"id": "extended_key_usage", "value": ["ocsp_signing"]}, {"id": "ocsp_no_check"}]
    found = {
        "root": {"issuer": "root", "profiles": [{"id": "simple-ca", "params": {"crl-repo": "root"}}]},
        "middle": {"issuer": "root", "profiles": [{"id": "simple-ca"}]},
        "signer": {"issuer": "middle", "extensions": [leaf_usage, *places]},
        "stamp": {
            "issuer": "middle",
            "extensions": [_smart("key_usage", "key-usage", ["digital_signature"], critical=True), stamping, *places],
        },
        "answers": {
            "issuer": "middle",
            "extensions": [_smart("key_usage", "key-usage", ["digital_signature"], critical=True), *answering],
        },
    }
    for name, details in found.items():
        details |= {"subject": name, "subject-key": name, "authority-key": details["issuer"]}
        details["validity"] = {"valid-from": "2025-01-01T00:00:00+0000", "valid-to": "2035-01-01T00:00:00+0000"}
        if name in revoked:
            since, reason = revoked[name]
            details["revocation"] = {"revoked-since": since.isoformat(), **({"reason": reason} if reason else {})}
    return found


def _places(offers: tuple[str, ...]) -> list[dict[str, Any]]:
    aia: dict[str, Any] = {"ca-issuer-links": [{"repo": "root", "cert-labels": ["middle"], "include-repo-authority": False}]}
    if "ocsp" in offers:
        aia["ocsp-responder-names"] = ["middle"]
    found = [_smart("authority_information_access", "aia-urls", aia)]
    if "crl" in offers:
        found.append(_smart("crl_distribution_points", "crl-dist-url", {"crl-repo-names": ["middle"]}))
    return found


def _smart(kind: str, schema: str, params: Any, *, critical: bool = False) -> dict[str, Any]:
    return {"id": kind, "critical": critical, "smart-value": {"schema": schema, "params": params}}
