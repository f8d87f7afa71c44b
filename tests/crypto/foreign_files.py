"""Files that others have signed, made with pyHanko's signers and an authority of their own, whose lists and clock a test decides."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pki import MOMENT, Hierarchy, PrivateKey, hierarchy, key
from tachiai.crypto.trust_lists import TrustList

LATER = MOMENT + timedelta(days=30)
SIGNER, STAMP = ("p256", 701), ("rsa2048", 702)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def private_info(private: PrivateKey) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def loaded(certificate: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate)


@dataclass
class Authority:
    """An authority outside. ``revoked``: serial number → since when."""

    tree: Hierarchy = field(default_factory=lambda: hierarchy(7))
    revoked: dict[int, datetime] = field(default_factory=dict)

    @property
    def root(self) -> bytes:
        return self.tree.root_der

    @property
    def listed(self) -> TrustList:
        return TrustList("Imaginary list", (self.root,), (self.root,))

    def signer(self, name: str = "Outside Signer", private: PrivateKey | None = None, **details: Any) -> signers.SimpleSigner:
        chosen = private or key(*SIGNER)
        return self.signer_with(self.tree.leaf(name, chosen, **details), chosen)

    def signer_with(self, leaf: x509.Certificate, private: PrivateKey, *, whole: bool = True) -> signers.SimpleSigner:
        """``whole``: it brings the certificates up to its root."""
        above = [loaded(self.tree.middle_der), loaded(self.root)] if whole else []
        store = SimpleCertificateStore.from_certs(above)
        return signers.SimpleSigner(signing_cert=loaded(der(leaf)), signing_key=private_info(private), cert_registry=store)

    def stamper(self, at: datetime, **details: Any) -> DummyTimeStamper:
        leaf = self.stamp_certificate(**details)
        above = SimpleCertificateStore.from_certs([loaded(self.tree.middle_der), loaded(self.root)])
        return DummyTimeStamper(loaded(der(leaf)), private_info(key(*STAMP)), certs_to_embed=above, fixed_dt=at)

    def stamp_certificate(self, **details: Any) -> x509.Certificate:
        kept = (self.root, *sorted(details.items(), key=str))
        if kept not in _STAMPS:
            _STAMPS[kept] = self.tree.leaf("Outside TSA", key(*STAMP), **({"purpose": ExtendedKeyUsageOID.TIME_STAMPING} | details))
        return _STAMPS[kept]

    def lists(self, at: datetime) -> list[bytes]:
        """The revocation lists of root and intermediate, as they were at ``at``."""
        return [self._list(self.tree.root, self.tree.root_key, at), self._list(self.tree.middle, self.tree.middle_key, at)]

    def _list(self, issuer: x509.Certificate, private: PrivateKey, at: datetime) -> bytes:
        made = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(at).next_update(at + timedelta(days=7))
        for serial, since in self.revoked.items():
            if since <= at:
                made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build())
        return made.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)


_STAMPS: dict[tuple[Any, ...], x509.Certificate] = {}


def signed(
    pdf: bytes,
    signer: signers.Signer,
    *,
    name: str = "Outside",
    stamper: DummyTimeStamper | None = None,
    certify: int | None = None,
    lock: fields.FieldMDPSpec | None = None,
    box: tuple[int, int, int, int] | None = None,
    subfilter: fields.SigSeedSubFilter = fields.SigSeedSubFilter.PADES,
    digest: str = "sha256",
    proofs: Sequence[bytes] = (),
) -> bytes:
    """``proofs``: revocation lists to be put into the signature itself, as Adobe's programs do."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    existing = [found for found, _value, _ref in fields.enumerate_sig_fields(writer)]
    if name not in existing:
        fields.append_signature_field(writer, fields.SigFieldSpec(name, box=box, field_mdp_spec=lock))
    meta = signers.PdfSignatureMetadata(
        field_name=name,
        md_algorithm=digest,
        subfilter=subfilter,
        certify=certify is not None,
        docmdp_permissions=fields.MDPPerm(certify or 2),
        name="Somebody (a claim)",
        embed_validation_info=bool(proofs),
        validation_context=_believing(signer, proofs) if proofs else None,
    )
    return bytes(signers.PdfSigner(meta, signer, timestamper=stamper).sign_pdf(writer).getvalue())


def _believing(signer: signers.Signer, lists: Sequence[bytes]) -> ValidationContext:
    """The signer's own root, and these lists as all there is to know."""
    held = [one for one in signer.cert_registry if one.self_signed != "no"]
    return ValidationContext(trust_roots=held, crls=list(lists), allow_fetching=False, moment=MOMENT)


def with_field(pdf: bytes, name: str, box: tuple[int, int, int, int]) -> bytes:
    """An empty signature field with a place of its own."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec(name, box=box))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_store(pdf: bytes, *, certificates: Sequence[bytes] = (), lists: Sequence[bytes] = (), answers: Sequence[bytes] = ()) -> bytes:
    """A further revision with validation data, which nobody signs."""
    from asn1crypto import crl, ocsp

    out = io.BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        out,
        None,
        certs=[loaded(one) for one in certificates],
        crls=[crl.CertificateList.load(one) for one in lists],
        ocsps=[ocsp.OCSPResponse.load(one) for one in answers],
    )
    return out.getvalue()


def stamped(pdf: bytes, stamper: DummyTimeStamper, *, name: str = "Archive") -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = signers.PdfTimeStamper(stamper, field_name=name).timestamp_pdf(writer, "sha256")
    return bytes(out.getvalue())


def archived(pdf: bytes, authority: Authority, *, at: datetime = MOMENT + timedelta(hours=1)) -> bytes:
    """Validation data, and a document timestamp over it."""
    certificates = [authority.tree.middle_der, authority.root]
    held = with_store(pdf, certificates=certificates, lists=authority.lists(at - timedelta(minutes=1)))
    return stamped(held, authority.stamper(at))


def refilled(pdf: bytes, contents: bytes, *, place: int = -1) -> bytes:
    """Another value in the gap of one of the signatures."""
    import re

    gap = list(re.finditer(rb"<[0-9a-fA-F]{1000,}>", pdf))[place]
    return pdf[: gap.start() + 1] + contents.hex().encode().ljust(gap.end() - gap.start() - 2, b"0") + pdf[gap.end() - 1 :]


def unnamed(pdf: bytes) -> bytes:
    """The signature of `SIGNER` made anew without the attribute that names its certificate; its timestamp is made anew with it."""
    from asn1crypto import cms, tsp

    made = cms.ContentInfo.load(contents_of(pdf))
    (signer,) = made["content"]["signer_infos"]
    kept = [one for one in signer["signed_attrs"] if one["type"].native not in ("signing_certificate", "signing_certificate_v2")]
    signer["signed_attrs"] = cms.CMSAttributes(kept)
    value = key(*SIGNER).sign(signer["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg,arg-type]
    signer["signature"] = value
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(value).digest()}
    asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    token = Authority().stamper(MOMENT).request_tsa_response(asked)["time_stamp_token"]
    signer["unsigned_attrs"] = cms.CMSAttributes([cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})])
    return refilled(pdf, made.dump(force=True))


def contents_of(pdf: bytes, *, place: int = -1) -> bytes:
    import re

    gap = list(re.finditer(rb"<[0-9a-fA-F]{1000,}>", pdf))[place]
    return bytes.fromhex(gap.group()[1:-1].decode())


Held = Mapping[str, bytes]
