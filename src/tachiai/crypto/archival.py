"""Whether a closed file proves itself: PAdES-B-LTA validation (EN 319 102-1, 5.6.3) from its own material, without network.

The moment judged is that of the last document timestamp: its material must have been complete when it was stamped. Whether that
timestamp itself still stands at a later day is a question about its authority's certificate, asked by the caller.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from tachiai.crypto import (
    asn1_mending,  # noqa: F401 - mends when it is imported
    proven_at_once,
    proven_in_turn,
)
from tachiai.crypto.changes import STRICT_POLICY
from tachiai.crypto.library_clock import as_of
from tachiai.crypto.reading import Reader

Judged = TypeVar("Judged")

# Clocks of a timestamping authority and of an OCSP responder may differ by as much as a token's time is allowed to.
_DRIFT = timedelta(minutes=2)


@dataclass(frozen=True)
class Archive:
    """A closed file's signatures in their order, its document timestamps, and whom to trust.

    ``moment`` is the last stamp's; ``at`` the time of asking (None: the machine's own).
    """

    reader: Reader
    signatures: Sequence[EmbeddedPdfSignature]
    stamps: Sequence[EmbeddedPdfSignature]
    roots: Sequence[bytes]
    tsa_roots: Sequence[bytes]
    moment: datetime
    at: datetime | None = None

    def trouble(self) -> tuple[str, str] | None:
        """None when every signature validates as B-LTA from what the file holds; otherwise the first that does not, and why."""
        return settled(self._as_of())

    async def _as_of(self) -> tuple[str, str] | None:
        with as_of(self.at):
            return await self._trouble()

    async def _trouble(self) -> tuple[str, str] | None:
        for deep in (*self.signatures, *self.stamps):
            deep.compute_integrity_info(diff_policy=STRICT_POLICY)  # type: ignore[no-untyped-call]
        timing = ValidationTimingInfo(validation_time=self.moment, best_signature_time=self.moment, point_in_time_validation=True)
        spec = _specification(self.roots, self.tsa_roots)
        doubtful = self.signatures
        if len(self.stamps) == 1:
            doubtful = await proven_at_once.doubtful(self.reader, self.signatures, self.stamps[0], spec=spec, timing=timing)
        elif self.stamps:
            doubtful = await proven_in_turn.doubtful(self.reader, self.signatures, self.stamps, spec=spec)
        for deep in doubtful:
            trouble = await _thorough_trouble(deep, spec, timing)
            if trouble is not None:
                return deep.field_name, trouble
        return None


async def _thorough_trouble(deep: EmbeddedPdfSignature, spec: SignatureValidationSpec, timing: ValidationTimingInfo) -> str | None:
    """What pyHanko's whole procedure says of one signature: it follows a chain of stamps, and what ran out between them."""
    result = await ades_lta_validation(deep, PdfSignatureValidationSpec(spec, diff_policy=STRICT_POLICY), timing_info=timing)
    if result.ades_subindic is not AdESPassed.OK:
        return f"{result.ades_subindic}: {result.failure_msg}"
    stamped = result.signature_timestamp_status
    if result.oldest_evidence_record_timestamp is None or stamped is None or stamped.ades_subindic is not AdESPassed.OK:
        return "a timestamp is missing or does not validate"
    return None


def _specification(roots: Sequence[bytes], tsa_roots: Sequence[bytes]) -> SignatureValidationSpec:
    return SignatureValidationSpec(
        cert_validation_policy=_policy(roots),
        ts_cert_validation_policy=_policy(tsa_roots),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY,
            certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
        ),
    )


def settled(judging: Coroutine[Any, Any, Judged]) -> Judged:
    """What pyHanko's coroutine comes to. Where an event loop runs already, in a thread of its own: none can run within another."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(judging)
    with ThreadPoolExecutor(max_workers=1) as aside:
        return aside.submit(asyncio.run, judging).result()


def has_validation_data(reader: PdfFileReader) -> bool:
    return "/DSS" in reader.root


def _policy(roots: Sequence[bytes]) -> CertValidationPolicySpec:
    trusted = [x509.Certificate.load(root) for root in roots]
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=trusted),
        # An answer given later speaks of the time before it, too (EN 319 102-1, 5.2.5.4): without this nothing that was signed
        # before its certificate was revoked would ever validate.
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=True),
    )
    return dataclasses.replace(policy, time_tolerance=_DRIFT)
