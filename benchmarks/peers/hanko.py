"""pyHanko, twice: as its documentation shows, and tuned as far as its own interfaces go."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import Any

from asn1crypto import algos, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from benchmarks.peers.as_published import Published
from benchmarks.peers.raw import signing
from benchmarks.responder import Responder
from benchmarks.rounds import Absent
from benchmarks.scene import NAME, Scene, Sealer, words

DOCUMENTED = "pyhanko-documented"
TUNED = "pyhanko-tuned"
FIELD = "Signature1"
SHA256_WITH_RSA = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
# In digits of hexadecimal, as the library counts them.
_ROOM = 2 * 8192


class Stamps(TimeStamper):
    """The common responder, asked within the process."""

    def __init__(self, responder: Responder) -> None:
        super().__init__()
        self._responder = responder

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._responder.respond(req.dump()))


class KeptKey(signers.Signer):
    """A signer whose key stays loaded: its own one decodes and checks the private key at every signature."""

    def __init__(self, sealer: Sealer, scene: Scene, *, shown_twice: bool = False) -> None:
        registry = SimpleCertificateStore()
        registry.register(asn1_x509.Certificate.load(scene.roots[0]))
        certificate = asn1_x509.Certificate.load(sealer.certificate.public_bytes(Encoding.DER))
        if shown_twice:
            registry.register(asn1_x509.Certificate.load(sealer.certificate.public_bytes(Encoding.DER)))
        super().__init__(signing_cert=certificate, cert_registry=registry, signature_mechanism=SHA256_WITH_RSA)
        self._sign = signing(sealer.private)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(256) if dry_run else self._sign(data)


def documented(scene: Scene, level: str, pdf: bytes, responder: Responder) -> Published:
    key, certificate, chain = scene.file("seal", key=True), scene.single_file, scene.file("root")
    signer = signers.SimpleSigner.load(str(key), str(certificate), ca_chain_files=(str(chain),))
    stamps = None if level == "B-B" else Stamps(responder)
    more = _long_term(scene) | {"use_pades_lta": True} if level == "B-LTA" else {}
    if level not in ("B-B", "B-T", "B-LTA"):
        raise Absent(f"not measured at {level}")

    def act(number: int) -> bytes:
        out = signers.sign_pdf(_writer(pdf), _meta(number, **more), signer=signer, timestamper=stamps)
        return bytes(out.getbuffer())

    return Published(DOCUMENTED, act, outside=(responder,))


def tuned(scene: Scene, level: str, pdf: bytes, responder: Responder) -> Published:
    if level not in ("B-B", "B-T", "B-LTA"):
        raise Absent(f"not measured at {level}")
    signer = KeptKey(scene.sealer(), scene)
    if level == "B-LTA":
        return _archival(signer, pdf, responder, _long_term(scene))
    return signed_by(signer, level, pdf, responder, name=TUNED)


def like_pkcs11(scene: Scene, pdf: bytes, responder: Responder) -> Published:
    """Signatures as large as those of its PKCS#11 signer, which shows the signer's certificate twice."""
    return signed_by(KeptKey(scene.sealer(), scene, shown_twice=True), "B-T", pdf, responder, name="pyhanko-pkcs11")


def signed_by(signer: signers.Signer, level: str, pdf: bytes, responder: Responder, *, name: str) -> Published:
    """Any signer of its, with the room for the signature given, so that none is tried out first."""
    stamps = None if level == "B-B" else Stamps(responder)

    def act(number: int) -> bytes:
        out = signers.PdfSigner(_meta(number), signer=signer, timestamper=stamps).sign_pdf(_writer(pdf), bytes_reserved=_ROOM)
        return bytes(out.getbuffer())

    return Published(name, act, outside=(responder,))


def _archival(signer: signers.Signer, pdf: bytes, responder: Responder, long_term: dict[str, Any]) -> Published:
    stamps = Stamps(responder)

    def act(number: int) -> bytes:
        signing = signers.PdfSigner(_meta(number, **long_term), signer=signer, timestamper=stamps)
        out = signing.sign_pdf(_writer(pdf), bytes_reserved=_ROOM)
        # Given a context, the stamper would write validation data behind its own timestamp.
        stamped = PdfTimeStamper(stamps).timestamp_pdf(IncrementalPdfFileWriter(out), "sha256", bytes_reserved=_ROOM)
        return bytes(stamped.getbuffer())

    return Published(TUNED, act, outside=(responder,))


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    return IncrementalPdfFileWriter(io.BytesIO(pdf))


def _meta(number: int, **more: Any) -> signers.PdfSignatureMetadata:
    return signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=NAME, reason=words(number), **more
    )


def _long_term(scene: Scene) -> dict[str, Any]:
    # It warns at each signature that nothing may be fetched; nothing needs to be.
    logging.getLogger("pyhanko").setLevel(logging.ERROR)
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(scene.roots[0])],
        ocsps=[ocsp.OCSPResponse.load(scene.ocsp_file(stem).read_bytes()) for stem in ("seal", "tsa")],
        allow_fetching=False,
        revocation_mode="hard-fail",
        time_tolerance=timedelta(minutes=2),
    )
    return {"embed_validation_info": True, "validation_context": context}
