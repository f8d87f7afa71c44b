"""Making the scene: keys, certificates, OCSP answers, contracts of three sizes and their plans."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, KeySerializationEncryption, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from benchmarks.scene import OPERATOR, PASSPHRASE, SEALERS, SIZES, PrivateKey, Scene
from tachiai.crypto import planning
from tachiai.crypto.authority import create_authority, issue
from tachiai.pages.samples import samples


def set_up(folder: Path) -> Scene:
    """Make everything. Takes about two seconds."""
    now = datetime.now(UTC)
    create_authority(folder / "authority", operator=OPERATOR, at=now - timedelta(days=1), rsa_bits=2048)
    scene = Scene(folder)
    _issue_more_sealers(scene, now)
    for stem in ("seal", "tsa"):
        scene.ocsp_file(stem).write_bytes(_ocsp_answer(scene, stem, now))
    sealer = scene.sealer()
    scene.single_file.write_bytes(sealer.certificate.public_bytes(Encoding.PEM))
    held = pkcs12.serialize_key_and_certificates(b"seal", sealer.private, sealer.certificate, [scene.root], _p12_protection())
    scene.pkcs12_file.write_bytes(held)
    for size, octets in SIZES.items():
        held = _contract(octets)
        scene.contract_file(size).write_bytes(held)
        scene.plan_file(size).write_bytes(planning.plan(held).encode())
    return scene


def _issue_more_sealers(scene: Scene, now: datetime) -> None:
    keys: dict[str, PrivateKey] = {
        "RSA-3072": rsa.generate_private_key(65537, 3072),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
    }
    for kind, key in keys.items():
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{OPERATOR} {kind}")])
        made = issue(
            subject,
            key.public_key(),
            issuer=scene.root.subject,
            issuer_key=scene.private("root"),
            at=now - timedelta(days=1),
            validity=timedelta(days=365),
        )
        path = b"".join(found.public_bytes(Encoding.PEM) for found in (made, scene.root))
        scene.file(SEALERS[kind]).write_bytes(path)
        scene.file(SEALERS[kind], key=True).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _p12_protection() -> KeySerializationEncryption:
    """Few rounds, because one of the peers opens the file anew for every signature and its figure should not be about that."""
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
    return builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(hashes.SHA256()).build(PASSPHRASE)


def _ocsp_answer(scene: Scene, stem: str, now: datetime) -> bytes:
    responder, key = scene.certificate("ocsp"), scene.private("ocsp")
    draft = ocsp.OCSPResponseBuilder().add_response(
        cert=scene.certificate(stem),
        issuer=scene.root,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now - timedelta(minutes=1),
        next_update=now + timedelta(days=7),
        revocation_time=None,
        revocation_reason=None,
    )
    draft = draft.responder_id(ocsp.OCSPResponderEncoding.NAME, responder).certificates([responder])
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _contract(octets: int) -> bytes:
    """The house's own two-page sample, grown to about ``octets`` bytes by a picture that does not compress."""
    base = samples()[0].pdf
    with pikepdf.open(io.BytesIO(base)) as pdf:
        grain = max(0, octets - len(base) - 400)
        noise = random.Random(octets).randbytes(grain)  # noqa: S311  # a picture, the same in every run
        picture = pikepdf.Stream(pdf, noise, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        picture.Width, picture.Height, picture.BitsPerComponent, picture.ColorSpace = grain, 1, 8, pikepdf.Name.DeviceGray
        page = pdf.pages[-1]
        name = page.add_resource(picture, pikepdf.Name.XObject)
        page.contents_add(b"q 100 0 0 100 450 40 cm %b Do Q" % name.unparse())
        made = io.BytesIO()
        pdf.save(made, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    return made.getvalue()
