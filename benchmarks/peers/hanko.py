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

from benchmarks.peers.raw import signing
from benchmarks.responder import Responder
from benchmarks.rounds import Absent, Here
from benchmarks.scene import NAME, Scene, Sealer, words

DOCUMENTED = "pyhanko-documented"
TUNED = "pyhanko-tuned"
FIELD = "Signature1"


class Stamps(TimeStamper):  # type: ignore[misc]  # the library is untyped
    """The common responder, asked within the process."""

    def __init__(self, responder: Responder) -> None:
        super().__init__()
        self._responder = responder

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._responder.respond(req.dump()))


class KeptKey(signers.Signer):  # type: ignore[misc]  # the library is untyped
    """A signer whose key stays loaded: its own one decodes and checks the private key at every signature."""

    def __init__(self, sealer: Sealer, scene: Scene) -> None:
        registry = SimpleCertificateStore()
        registry.register(asn1_x509.Certificate.load(scene.roots[0]))
        certificate = asn1_x509.Certificate.load(sealer.certificate.public_bytes(Encoding.DER))
        mechanism = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
        super().__init__(signing_cert=certificate, cert_registry=registry, signature_mechanism=mechanism)
        self._sign = signing(sealer.private)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(256) if dry_run else self._sign(data)


def documented(scene: Scene, level: str, pdf: bytes, responder: Responder) -> Here:
    key, certificate, chain = scene.file("seal", key=True), scene.single_file, scene.file("root")
    signer = signers.SimpleSigner.load(str(key), str(certificate), ca_chain_files=(str(chain),))
    stamps = None if level == "B-B" else Stamps(responder)
    more = _long_term(scene) | {"use_pades_lta": True} if level == "B-LTA" else {}
    if level not in ("B-B", "B-T", "B-LTA"):
        raise Absent(f"not measured at {level}")

    def act(number: int) -> bytes:
        out = signers.sign_pdf(_writer(pdf), _meta(number, **more), signer=signer, timestamper=stamps)
        return bytes(out.getbuffer())

    return Here(DOCUMENTED, act, outside=(responder,))


def tuned(scene: Scene, level: str, pdf: bytes, responder: Responder) -> Here:
    signer = KeptKey(scene.sealer(), scene)
    return _tuned(scene, level, pdf, responder, signer, TUNED)


def _tuned(scene: Scene, level: str, pdf: bytes, responder: Responder, signer: signers.Signer, name: str) -> Here:
    stamps = None if level == "B-B" else Stamps(responder)
    reserved = 2 * (4096 if level == "B-B" else 8192)

    def act(number: int) -> bytes:
        out = signers.PdfSigner(_meta(number), signer=signer, timestamper=stamps).sign_pdf(_writer(pdf), bytes_reserved=reserved)
        return bytes(out.getbuffer())

    context = _long_term(scene)["validation_context"]

    def archival_act(number: int) -> bytes:
        meta = _meta(number, embed_validation_info=True, validation_context=context)
        out = signers.PdfSigner(meta, signer=signer, timestamper=stamps).sign_pdf(_writer(pdf), bytes_reserved=reserved)
        # Given a context, the stamper would write validation data behind its own timestamp.
        stamped = PdfTimeStamper(stamps).timestamp_pdf(IncrementalPdfFileWriter(out), "sha256", bytes_reserved=reserved)
        return bytes(stamped.getbuffer())

    return Here(name, archival_act if level == "B-LTA" else act, outside=(responder,))


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
