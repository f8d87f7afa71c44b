"""Houses whose files can be renewed before their time: the authority's certificate has grown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki import key
from tachiai import clock
from tachiai.crypto.authority import issue
from tachiai.sealing import handles


def longer_stamps(home: Path) -> None:
    """The demonstration's authority stamps with a certificate of ten years from now on."""
    folder = home / "keys" / "authority"
    root_key = load_pem_private_key((folder / "root.key.pem").read_bytes(), None)
    root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
    old = x509.load_pem_x509_certificates((folder / "tsa.pem").read_bytes())[0]
    private = key("p256", 88)
    leaf = issue(
        old.subject,
        private.public_key(),
        issuer=root.subject,
        issuer_key=root_key,  # type: ignore[arg-type]
        at=clock.now(),
        validity=timedelta(days=3650),
        purpose=ExtendedKeyUsageOID.TIME_STAMPING,
    )
    (folder / "tsa.key.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    handles.handles.cache_clear()
