"""What every engine is given: keys with their certificates, contracts of three sizes, validation data. All in one folder.

The folder lets child processes and programs of other languages start from the same files. Everybody in it is invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from benchmarks.responder import Responder, steady, varied
from tachiai.crypto.authority import EmbeddedAuthority, load_authority
from tachiai.crypto.keys import Credential, credential_of

OPERATOR = "架空電子契約株式会社"
NAME = "株式会社𠮷野サンプル／代表取締役 見本 花子"
SIZES = {"130 KB": 130_000, "1 MB": 1_000_000, "10 MB": 10_000_000}
# The product's own default comes second; the first is the size the goals are stated in.
SEALERS = {"RSA-2048": "seal", "RSA-3072": "seal-rsa3072", "P-256": "seal-p256"}
PASSPHRASE = b"bench"
CALMEST = 16

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Sealer:
    """A key as ``cryptography`` holds it, its certificate, and both as the product's credential."""

    private: PrivateKey = field(repr=False)
    certificate: x509.Certificate = field(repr=False)
    credential: Credential = field(repr=False)


def words(number: int) -> str:
    """The reason that stands beside seal ``number``: another for each, so that no two seals sign the same bytes."""
    return f"メールと登録コードで認証し同意 (封筒 E-{number:08d})"


@dataclass(frozen=True)
class Scene:
    """A folder made by ``benchmarks.setting_up``. Every process that opens it finds the same keys and contracts."""

    folder: Path

    @cached_property
    def authority(self) -> EmbeddedAuthority:
        return load_authority(self.folder / "authority")

    @cached_property
    def root(self) -> x509.Certificate:
        return self.certificate("root")

    @property
    def roots(self) -> tuple[bytes, ...]:
        return (self.root.public_bytes(Encoding.DER),)

    def file(self, stem: str, *, key: bool = False) -> Path:
        """The PEM file of a certificate with its issuer (``root``, ``tsa``, ``ocsp``, one of ``SEALERS``), or of its key."""
        return self.folder / "authority" / (f"{stem}.key.pem" if key else f"{stem}.pem")

    def certificate(self, stem: str) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.file(stem).read_bytes())[0]

    def private(self, stem: str) -> PrivateKey:
        loaded = load_pem_private_key(self.file(stem, key=True).read_bytes(), None)
        if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise TypeError(type(loaded).__name__)
        return loaded

    def sealer(self, kind: str = "RSA-2048") -> Sealer:
        private, certificate = self.private(SEALERS[kind]), self.certificate(SEALERS[kind])
        path = [found.public_bytes(Encoding.DER) for found in (certificate, self.root)]
        return Sealer(private, certificate, credential_of(private, path, label=SEALERS[kind]))

    def responder(self, *, changing: bool = False) -> Responder:
        """The timestamping authority: all tokens of one size, or ``changing`` from one to the next."""
        key = self.private("tsa")
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the authority stamps with RSA")
        own, root = self.certificate("tsa"), self.root
        if changing:
            return Responder(key, own, root, varied, longest=4096)
        return Responder(key, own, root, steady(self.serial_octets))

    @property
    def serial_octets(self) -> int:
        """How long the serial numbers of steady tokens are. See :func:`benchmarks.alone.find_calm`."""
        return int(self._serial_file.read_text()) if self._serial_file.exists() else CALMEST

    def settle(self, serial_octets: int) -> None:
        self._serial_file.write_text(str(serial_octets))

    @property
    def _serial_file(self) -> Path:
        return self.folder / "serial-octets"

    def contract(self, size: str) -> bytes:
        return self.contract_file(size).read_bytes()

    def contract_file(self, size: str) -> Path:
        return self.folder / f"contract-{SIZES[size]}.pdf"

    def plan_file(self, size: str) -> Path:
        """The contract's plan as the product keeps it beside the file."""
        return self.contract_file(size).with_suffix(".plan")

    def plan(self, size: str) -> bytes:
        return self.plan_file(size).read_bytes()

    def ocsp_file(self, stem: str) -> Path:
        """An OCSP answer about a certificate, as an engine finds it in its cache."""
        return self.folder / f"{stem}.ocsp"

    @property
    def single_file(self) -> Path:
        """The seal's certificate alone, in PEM."""
        return self.folder / "seal-alone.pem"

    @property
    def pkcs12_file(self) -> Path:
        return self.folder / "seal.p12"
