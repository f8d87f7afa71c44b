"""What an authority says of the demonstration house's certificates, as a test wants it said: by answers or lists, old or new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki import key
from tachiai import clock
from tachiai.crypto import keys
from tachiai.crypto.authority import EmbeddedAuthority, issue, load_authority
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.revocation import Chain, Known, Revocation, RevocationSource, collected, questions, read_crl, read_ocsp
from tachiai.sealing import handles
from tachiai.sealing.keyring import Keyring, embedded_key


@dataclass
class Telling:
    """A source over the embedded root's own keys. ``by`` "lists" or "answers"; ``issued`` is the time of which it speaks, None: now."""

    home: Path
    by: str
    issued: datetime | None
    validity: timedelta = timedelta(hours=6)
    revoked: dict[bytes, datetime] = field(default_factory=dict)
    asked: int = 0

    @property
    def authority(self) -> EmbeddedAuthority:
        return load_authority(self.home / "keys" / "authority")

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime, used: Mapping[bytes, datetime] | None = None) -> Revocation:
        self.asked += 1
        known = {certificate: self._known(certificate, issuer, at=at) for certificate, issuer in questions(chains)}
        return collected(chains, known, after=after, used=used)

    def _known(self, certificate: bytes, issuer: bytes, *, at: datetime) -> Known:
        if self.by == "lists":
            return Known((read_crl(self._list(at), certificate=certificate, issuer=issuer, at=at),), asked=at, offered=False)
        source = self.authority.revocation_source
        answer = read_ocsp(source.answer(certificate, at=self.issued or at), certificate=certificate, issuer=issuer, at=at)
        return Known((answer,), asked=at, offered=True)

    def _list(self, at: datetime) -> bytes:
        held = self.home / "keys" / "authority" / "root.key.pem"
        private = keys.load_pem_private_key(held.read_bytes(), None)
        root = x509.load_der_x509_certificate(self.authority.root.certificate)
        issued = (self.issued or at).replace(microsecond=0)
        draft = x509.CertificateRevocationListBuilder(root.subject).last_update(issued).next_update(issued + self.validity)
        for certificate, since in self.revoked.items():
            serial = x509.load_der_x509_certificate(certificate).serial_number
            draft = draft.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build())
        return draft.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]

    def another_key(self) -> Credential:
        """A new certificate of the same authority for the same operator, with a key of its own."""
        directory = self.home / "keys" / "authority"
        private = key("rsa2048", 77)
        root = x509.load_der_x509_certificate(self.authority.root.certificate)
        old = x509.load_der_x509_certificate(self.authority.seal_credential.certificate)
        root_key = keys.load_pem_private_key((directory / "root.key.pem").read_bytes(), None)
        at = clock.now() - timedelta(seconds=1)
        leaf = issue(old.subject, private.public_key(), issuer=root.subject, issuer_key=root_key, at=at, validity=timedelta(days=900))  # type: ignore[arg-type]
        return credential_of(private, [leaf.public_bytes(Encoding.DER), self.authority.root.certificate], label="another")


def install(*, revocation: RevocationSource | None = None, credential: Credential | None = None) -> None:
    """Put them into the process's handles until those are forgotten. The old key stays on the ring, as an operator's would."""
    held = handles.handles()
    keyring = Keyring((embedded_key(credential), *held.keyring.keys)) if credential is not None else held.keyring
    handles.handles._held = replace(held, revocation=revocation or held.revocation, keyring=keyring)
    handles.handles._look_again = float("inf")


@contextmanager
def told(home: Path, by: str, *, issued: datetime) -> Iterator[Telling]:
    telling = Telling(home, by, issued)
    install(revocation=telling)
    try:
        yield telling
    finally:
        handles.handles.cache_clear()
