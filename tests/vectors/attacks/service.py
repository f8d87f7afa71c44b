"""Another signing service: its certificates, and its signatures as pyHanko makes them. The house has no part in any of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pki import MOMENT, Hierarchy, PrivateKey, hierarchy, key
from tachiai.crypto.timestampers import EmbeddedTimestamper

FILLED = 2  # DocMDP: forms may be filled and signatures added


@cache
def authority() -> Hierarchy:
    """Whom the judges trust."""
    return hierarchy(40)


@cache
def stranger() -> Hierarchy:
    """Whom nobody trusts, though its names are the same."""
    return hierarchy(41)


@dataclass(frozen=True)
class Somebody:
    """Who signs: a key, its certificate and those above it."""

    private: PrivateKey
    certificate: x509.Certificate
    above: x509.Certificate

    def signer(self, **details: Any) -> signers.SimpleSigner:
        held = self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return signers.SimpleSigner(
            signing_cert=asn1(self.certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(held),
            cert_registry=SimpleCertificateStore.from_certs([asn1(self.above)]),
            **details,
        )


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


@cache
def somebody(name: str = "Fictional Signer", kind: str = "p256", number: int = 400, *, trusted: bool = True, **details: Any) -> Somebody:
    """The same person for the same words; ``details`` are those of `Hierarchy.leaf`."""
    tree, private = authority() if trusted else stranger(), key(kind, number)
    return Somebody(private, tree.leaf(name, private, **details), tree.middle)


@cache
def stamper(number: int = 410, *, trusted: bool = True) -> EmbeddedTimestamper:
    tree = authority() if trusted else stranger()
    return tree.timestamper("Fictional TSA", key("p256", number))


class Stamps(TimeStamper):
    """pyHanko's way of asking; answered at a moment of the past, by an authority in this process."""

    def __init__(self, at: datetime, source: EmbeddedTimestamper) -> None:
        super().__init__()
        self._at, self._source = at, source

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._source.respond(req.dump(), at=self._at))


class _Signer(signers.PdfSigner):
    """States the moment of the past as its own, instead of the clock's."""

    moment: datetime = MOMENT

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self.moment
        return session


@dataclass(frozen=True)
class Manner:
    """How a signature is made; by default an approval of PAdES B-T in a field of its own that cannot be seen."""

    field: str = "Signature1"
    who: Somebody | None = None
    certify: int | None = None
    lock: fields.FieldMDPSpec | None = None
    box: tuple[int, int, int, int] | None = None
    stamped: bool = True
    source: EmbeddedTimestamper | None = None
    pades: bool = True
    digest: str = "sha256"
    pss: bool = False
    name: str | None = "Fictional Signer"
    reason: str | None = "Agreed"
    at: datetime = MOMENT
    room: int | None = None


def sign(pdf: bytes, manner: Manner | None = None, **changes: Any) -> bytes:
    """``pdf`` with one more signature, in an update behind it."""
    manner = Manner(**changes) if manner is None else manner
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    subfilter = fields.SigSeedSubFilter.PADES if manner.pades else fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    meta = signers.PdfSignatureMetadata(
        field_name=manner.field,
        md_algorithm=manner.digest,
        name=manner.name,
        reason=manner.reason,
        subfilter=subfilter,
        certify=manner.certify is not None,
        docmdp_permissions=fields.MDPPerm(manner.certify or FILLED),
    )
    made = _Signer(
        meta,
        (manner.who or somebody()).signer(prefer_pss=manner.pss),
        timestamper=Stamps(manner.at, manner.source or stamper()) if manner.stamped else None,
        new_field_spec=fields.SigFieldSpec(manner.field, box=manner.box, field_mdp_spec=manner.lock),
    )
    made.moment = manner.at
    return bytes(made.sign_pdf(writer, bytes_reserved=manner.room).getvalue())


def fielded(pdf: bytes, *names: str, locks: dict[str, fields.FieldMDPSpec] | None = None) -> bytes:
    """``pdf`` with signature fields that wait for somebody."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    for name in names:
        fields.append_signature_field(writer, fields.SigFieldSpec(name, field_mdp_spec=(locks or {}).get(name)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def revocation_list(issuer: x509.Certificate, private: PrivateKey, *, at: datetime, revoked: tuple[int, ...] = ()) -> bytes:
    """A list of an authority; who is on it was revoked a day before the moment of signing."""
    draft = x509.CertificateRevocationListBuilder(issuer_name=issuer.subject, last_update=at, next_update=at + timedelta(days=300))
    draft = draft.add_extension(x509.CRLNumber(1), critical=False)
    for serial in revoked:
        draft = draft.add_revoked_certificate(
            x509.RevokedCertificateBuilder(serial_number=serial, revocation_date=MOMENT - timedelta(hours=12)).build()
        )
    return draft.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)


def with_validation_data(
    pdf: bytes, *, at: datetime = MOMENT + timedelta(hours=1), revoked: tuple[int, ...] = (), who: Somebody | None = None
) -> bytes:
    """``pdf`` with certificates and fresh revocation lists in a store (DSS), and nothing else."""
    tree = authority()
    lists = [
        revocation_list(tree.root, tree.root_key, at=at),
        revocation_list(tree.middle, tree.middle_key, at=at, revoked=revoked),
    ]
    out = io.BytesIO(pdf)
    held = (asn1((who or somebody()).certificate), asn1(tree.middle), asn1(tree.root), _stamper_certificate())
    DocumentSecurityStore.add_dss(out, None, certs=held, crls=[_list(one) for one in lists], strict=False)
    return out.getvalue()


def _stamper_certificate() -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(stamper()._credential.certificate)


def _list(held: bytes) -> Any:
    from asn1crypto import crl

    return crl.CertificateList.load(held)


def stamp(
    pdf: bytes, *, at: datetime = MOMENT + timedelta(hours=2), field: str = "Timestamp1", source: EmbeddedTimestamper | None = None
) -> bytes:
    """``pdf`` with a document timestamp over all of it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    clock = signers.PdfTimeStamper(Stamps(at, source or stamper()), field_name=field)
    return bytes(clock.timestamp_pdf(writer, "sha256").getvalue())


def archived(pdf: bytes, *, revoked: tuple[int, ...] = (), who: Somebody | None = None) -> bytes:
    """B-LTA: validation data, and a document timestamp over them."""
    return stamp(with_validation_data(pdf, revoked=revoked, who=who))
