"""Signatures that do not fit: altered bytes, other keys, other certificates, weak algorithms, people who were not to sign."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from asn1crypto import algos
from asn1crypto import cms as asn1_cms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki import MOMENT, key
from vectors.attacks import bytework, honest, recasting, service
from vectors.attacks.recasting import recast
from vectors.attacks.samples import archived_too, attack

GROUP, WHO = "Wrong digest or signature", "Wrong certificate or algorithm"
TWINS = ("service-bt", "house-sealed")


def _flipped(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes((pdf[place] ^ 1,)) + pdf[place + 1 :]


@attack(GROUP, *TWINS, "service-blta", "house-closed")
def price_on_the_page(pdf: bytes) -> bytes:
    """One digit on the page."""
    return bytework.repriced(pdf)


@attack(GROUP, *TWINS)
def value_of_a_field(pdf: bytes) -> bytes:
    """A letter in a field's value."""
    return bytework.in_place(pdf, b"(as agreed)", b"(as denied)", last=False)


@attack(GROUP, *TWINS)
def stated_time(pdf: bytes) -> bytes:
    """A digit of the time that the signature states."""
    start, end = bytework.gap(pdf)
    behind, before = pdf.find(b"/M (", end), pdf.rfind(b"/M (", 0, start)
    return _flipped(pdf, (behind if behind > 0 else before) + 14)


@attack(GROUP, *TWINS)
def version_in_the_header(pdf: bytes) -> bytes:
    """The version in the header."""
    return _flipped(pdf, pdf.index(b"%PDF-1.") + 7)


@attack(GROUP, *TWINS)
def offset_in_a_table(pdf: bytes) -> bytes:
    """A digit in the newest table."""
    return bytework.in_place(pdf, b" 00000 n", b" 00000 f")


@attack(GROUP, "house-closed", "service-blta")
def validation_data(pdf: bytes) -> bytes:
    """A byte in the validation data, which only the last timestamp covers."""
    return _flipped(pdf, pdf.index(b"stream\n", pdf.rindex(b"endstream") - 500) + 60)


@attack(GROUP, *TWINS, "service-blta", "house-closed")
def signature_value(pdf: bytes) -> bytes:
    """A byte in the last signature's value."""
    cms = bytearray(bytework.contents(pdf))
    held = asn1_cms.ContentInfo.load(bytes(cms))["content"]["signer_infos"][0]["signature"].native
    place = bytes(cms).rindex(held) + len(held) - 5
    cms[place] ^= 1
    return bytework.refilled(pdf, bytes(cms))


@attack(GROUP, *TWINS)
def digest_attribute(pdf: bytes) -> bytes:
    """Another page, and the signed digest overwritten to fit; the signature over the attributes stays."""
    forged = bytework.repriced(pdf)
    return recast(forged, lambda data: recasting.set_digest(data, hashlib.sha256(recasting.covered(forged)).digest()))


@attack(GROUP, *TWINS)
def attributes_removed(pdf: bytes) -> bytes:
    """The signed attributes taken away, so that the signature would have to be over the content itself."""

    def change(data: Any) -> None:
        signer = data["signer_infos"][0]
        kept = {name: signer[name] for name in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature", "unsigned_attrs")}
        data["signer_infos"] = asn1_cms.SignerInfos([asn1_cms.SignerInfo(kept)])

    return recast(pdf, change)


@attack(GROUP, *TWINS)
def signer_removed(pdf: bytes) -> bytes:
    """SignedData without a signer."""

    def change(data: Any) -> None:
        data["signer_infos"] = asn1_cms.SignerInfos([])

    return recast(bytework.repriced(pdf), change)


@attack(GROUP, *TWINS)
def content_inside(pdf: bytes) -> bytes:
    """Another page, and the signed content carried inside the CMS, so that the file's own bytes need not fit."""

    def change(data: Any) -> None:
        data["encap_content_info"] = {"content_type": "data", "content": b"another contract"}

    return recast(bytework.repriced(pdf), change)


@attack(GROUP, *TWINS)
def signature_of_another_file(pdf: bytes) -> bytes:
    """The signature of another file, whole."""
    return bytework.refilled(pdf, bytework.contents(service.sign(honest.upload(), reason="Something else")))


# --------------------------------------------------------------------------------------------------- who and how


@attack(WHO, *TWINS)
@archived_too(WHO, "service-bt")
def other_key(pdf: bytes) -> bytes:
    """The attributes signed by a key that is not the certificate's."""
    return recast(pdf, lambda data: None, private=key("p256", 440))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def other_certificate_of_the_same_key(pdf: bytes) -> bytes:
    """Another certificate for the same key, which the signed attribute does not mean."""
    other = service.authority().leaf("Somebody Else", service.somebody().private)
    return recast(pdf, lambda data: _replace_signer(data, other))


def _replace_signer(data: Any, certificate: Any) -> None:
    given = service.asn1(certificate)
    data["certificates"] = asn1_cms.CertificateSet([given, service.asn1(service.authority().middle)])
    data["signer_infos"][0]["sid"] = asn1_cms.SignerIdentifier(
        name="issuer_and_serial_number",
        value=asn1_cms.IssuerAndSerialNumber({"issuer": given.issuer, "serial_number": given.serial_number}),
    )


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def another_certificate_meant(pdf: bytes) -> bytes:
    """The signed attribute means another certificate than the signer's."""
    wrong = service.authority().middle.public_bytes(Encoding.DER)
    return recast(pdf, lambda data: recasting.name_certificate(data, wrong), private=service.somebody().private)


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def no_certificate_meant(pdf: bytes) -> bytes:
    """PAdES without the attribute that says which certificate is meant."""
    return recast(pdf, lambda data: recasting.drop_attribute(data, "signing_certificate_v2"), private=service.somebody().private)


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def digest_names_differ(pdf: bytes) -> bytes:
    """The signer's digest is said to be SHA-1, the attributes hold SHA-256."""

    def change(data: Any) -> None:
        data["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})

    return recast(pdf, change)


def _made(**manner: Any) -> bytes:
    return service.sign(honest.upload(), **manner)


def _stamped_apart(signed: bytes) -> bytes:
    """With a token over SHA-256, where the authority would stamp nothing weaker."""
    digest = hashlib.sha256(recasting.value_of(signed)).digest()
    return recast(signed, lambda data: recasting.with_tokens(data, service.stamper().timestamp(digest, at=MOMENT).der))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def by_sha1(_pdf: bytes) -> bytes:
    """Signed over SHA-1."""
    return _stamped_apart(_made(who=service.somebody(kind="rsa2048", number=401), digest="sha1", stamped=False, room=12000))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def by_md5(_pdf: bytes) -> bytes:
    """Signed over MD5."""
    who = service.somebody(kind="rsa2048", number=401)
    return _stamped_apart(_made(who=who, digest="md5", pades=False, stamped=False, room=12000))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def by_rsa_1024(_pdf: bytes) -> bytes:
    """Signed with RSA of 1,024 bits."""
    return _made(who=service.somebody(kind="rsa1024", number=441))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def expired_before(_pdf: bytes) -> bytes:
    """The signer's certificate had run out before the timestamp."""
    return _made(who=service.somebody("Expired", number=442, since=MOMENT - timedelta(hours=40), until=MOMENT - timedelta(hours=1)))


@attack(WHO, "service-bb")
@archived_too(WHO, "service-bt")
def expired_and_untimed(_pdf: bytes) -> bytes:
    """The signer's certificate has run out, and no timestamp shows that it was earlier."""
    return _made(who=service.somebody("Expired", number=443, until=MOMENT + timedelta(hours=1)), stamped=False)


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def not_yet_valid(_pdf: bytes) -> bytes:
    """The signer's certificate was to begin after the timestamp."""
    return _made(who=service.somebody("Early", number=444, since=MOMENT + timedelta(hours=1)))


@attack(WHO, "service-blta")
def revoked_before(_pdf: bytes) -> bytes:
    """Archived with a list that says the signer's certificate was revoked before it signed."""
    who = service.somebody("Revoked", number=445)
    return service.archived(_made(who=who), who=who, revoked=(who.certificate.serial_number,))


@attack(WHO, "service-blt")
def revoked_before_without_archive(_pdf: bytes) -> bytes:
    """The same with validation data and no document timestamp."""
    who = service.somebody("Revoked", number=445)
    return service.with_validation_data(_made(who=who), who=who, revoked=(who.certificate.serial_number,))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def stranger_of_the_same_name(_pdf: bytes) -> bytes:
    """A stranger's certificate with the signer's name, under an authority of the same name; the timestamp is genuine."""
    return _made(who=service.somebody(trusted=False, number=446))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def authority_as_signer(_pdf: bytes) -> bytes:
    """Signed by a certificate that is for servers only."""
    return _made(who=service.somebody("www.example.com", number=447, purpose=ExtendedKeyUsageOID.SERVER_AUTH))


@attack(WHO, "service-bt")
@archived_too(WHO, "service-bt")
def leaf_as_authority(_pdf: bytes) -> bytes:
    """A chain in which a signer's certificate, which may not, has issued another."""
    from cryptography.hazmat.primitives import hashes

    from pki import _draft, _name

    issuer, private = service.somebody("Fictional Signer"), key("p256", 448)
    draft = _draft(
        _name("Anybody"),
        issuer.certificate.subject,
        private,
        since=MOMENT - timedelta(days=1),
        until=MOMENT + timedelta(days=99),
        authority=False,
    )
    return _made(who=service.Somebody(private, draft.sign(issuer.private, hashes.SHA256()), issuer.certificate))
