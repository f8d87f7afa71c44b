"""pyHanko as a judge: the peer of our verifiers, and the outsider who says whether an engine's output is what it claims to be."""

from __future__ import annotations

import asyncio
import io
import logging
from datetime import timedelta

from asn1crypto import ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from benchmarks.scene import Scene

_TOLERANCE = timedelta(minutes=2)


class Judge:
    """Roots and OCSP answers are loaded once. Both methods give what is wrong, or an empty text; both judge every signature."""

    def __init__(self, scene: Scene) -> None:
        self._root = x509.Certificate.load(scene.roots[0])
        self._answers = [ocsp.OCSPResponse.load(scene.ocsp_file(stem).read_bytes()) for stem in ("seal", "tsa")]
        # It logs a warning for each answer it does not fetch, and a traceback for each doubt.
        logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
        logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

    def stamped(self, pdf: bytes) -> str:
        """B-T: every signature intact, trusted and timestamped (``validate_pdf_signature`` with its default difference policy)."""
        troubles = [self._trouble(found, stamped=True) for found in _signatures(pdf)]
        return next((trouble for trouble in troubles if trouble), "") if troubles else "no signature"

    def basic(self, pdf: bytes) -> str:
        troubles = [self._trouble(found, stamped=False) for found in _signatures(pdf)]
        return next((trouble for trouble in troubles if trouble), "") if troubles else "no signature"

    def archival(self, pdf: bytes) -> str:
        """B-LTA: every signature proves itself from the file's own material (``ades_lta_validation``, nothing fetched)."""
        troubles = [self._archival_trouble(found) for found in _signatures(pdf)]
        return next((trouble for trouble in troubles if trouble), "") if troubles else "no signature"

    def _trouble(self, found: EmbeddedPdfSignature, *, stamped: bool) -> str:
        context = ValidationContext(trust_roots=[self._root], ocsps=self._answers, allow_fetching=False, time_tolerance=_TOLERANCE)
        status = validate_pdf_signature(found, signer_validation_context=context, ts_validation_context=context)
        if not status.bottom_line:
            return f"{found.field_name}: {status.summary()}"
        stamp = status.timestamp_validity
        if stamped and (stamp is None or not (stamp.valid and stamp.trusted)):
            return f"{found.field_name}: no valid timestamp"
        return ""

    def _archival_trouble(self, found: EmbeddedPdfSignature) -> str:
        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=[self._root]),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
            time_tolerance=_TOLERANCE,
        )
        spec = SignatureValidationSpec(
            cert_validation_policy=policy,
            ts_cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
                certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
            ),
        )
        result = asyncio.run(ades_lta_validation(found, PdfSignatureValidationSpec(spec)))
        if result.ades_subindic is not AdESPassed.OK:
            return f"{found.field_name}: {result.ades_subindic} {result.failure_msg}"
        return "" if result.oldest_evidence_record_timestamp is not None else f"{found.field_name}: no document timestamp"


def _signatures(pdf: bytes) -> list[EmbeddedPdfSignature]:
    return list(PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures)
