"""Level × cross-reference × form × slots × fields × key × order: every pair of values at least once, each file before all judges."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto.ocsp import OCSPResponse
from asn1crypto.x509 import Certificate
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import OCSPContainer

from crypto import judges, matrix
from crypto.matrix import Built, Case
from pki import MOMENT, embedded
from tachiai.crypto import pades_verify, planning, release
from tachiai.crypto.judgement import Report
from tachiai.crypto.reading import open_reader
from tachiai.errors import Refusal

LATER = MOMENT + timedelta(days=400)
LEVELS = {"B-B": "B-T", "frozen": "B-T", "B-T": "B-T", "B-LT": "B-T", "B-LTA": "B-LTA", "B-LTA renewed": "B-LTA"}


def test_every_pair_of_values_is_met() -> None:
    cases = matrix.covering()
    assert set().union(*(matrix.pairs_of(case) for case in cases)) == matrix.every_pair()
    assert 40 <= len(cases) <= 60
    assert all(count >= 5 for _name, _value, count in matrix.names_in(cases))


@pytest.mark.parametrize("case", matrix.covering(), ids=str)
def test_every_judge_agrees(case: Case, tmp_path: Path) -> None:
    built = matrix.build(case)
    pdf = built.last.pdf
    assert all(later.pdf.startswith(earlier.pdf) for earlier, later in zip(built.stages, built.stages[1:], strict=False))
    assert pdf.startswith(built.upload)
    assert built.plan == planning.plan(pdf)

    # Our two gates: the fast one at every step, the deep one (pyHanko's validation and difference analysis) on the finished file.
    for stage in built.stages:
        _gate(release.verify, stage)
    report = _gate(pades_verify.verify, built.last)
    if report is not None:
        assert {row.level for row in report.rows if row.kind != "timestamp"} == {LEVELS[case.level]}
        assert tuple(row.field for row in report.rows if row.kind != "timestamp") == built.seals
    if case.level == "B-LT":
        _long_term(pdf)

    # Programs that share no code with any of this.
    outside = judges.Judges(tmp_path, root=embedded().roots[0], at=LATER)
    outside.put(pdf)
    signed = judges.signed_in(pdf)
    assert [one.field for one in signed if not one.is_timestamp] == list(built.seals)
    assert sum(one.is_timestamp for one in signed) == {"B-LTA": 1, "B-LTA renewed": 2}.get(case.level, 0)
    outside.poppler(signed, whole=case.level != "B-LT")
    outside.openssl(pdf, signed)
    outside.qpdf()
    _looks(outside, built, case)


def _gate(verify: object, stage: matrix.Stage) -> Report | None:
    def asked() -> Report:
        roots = embedded().roots
        report: Report = verify(stage.pdf, expected=stage.expected, roots=roots, tsa_roots=roots, at=LATER)  # type: ignore[operator]
        return report

    if stage.refusal is None:
        return asked()
    with pytest.raises(Refusal, match=rf"seal\.{stage.refusal}"):
        asked()
    return None


def _long_term(pdf: bytes) -> None:
    """pyHanko's word on B-LT (EN 319 102-1, 5.5): a day later every signature validates with time, from what the store holds."""
    reader = open_reader(pdf)
    store = DocumentSecurityStore.read_dss(reader)
    answers = [OCSPResponse.load(held.get_object().data) for held in store.ocsps]
    known = LocalKnowledge(
        known_ocsps=[one for answer in answers for one in OCSPContainer.load_multi(answer)], known_certs=list(store.load_certs())
    )
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[Certificate.load(root) for root in embedded().roots]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=True),
    )
    offline = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY, CertificateFetchingRule.NEVER_FETCH)
    spec = SignatureValidationSpec(
        cert_validation_policy=policy, ts_cert_validation_policy=policy, revinfo_gathering_policy=offline, local_knowledge=known
    )
    moment = MOMENT + timedelta(days=1)
    timing = ValidationTimingInfo(validation_time=moment, best_signature_time=moment, point_in_time_validation=True)
    found = list(reader.embedded_regular_signatures)
    assert found
    for signature in found:
        judging = ades_with_time_validation(signature.signed_data, spec, timing_info=timing, raw_digest=signature.compute_digest())
        assert asyncio.run(judging).ades_subindic is AdESPassed.OK


def _looks(outside: judges.Judges, built: Built, case: Case) -> None:
    """Pages are drawn without a complaint. Nobody sees fields without a place, and everybody sees what was filled in."""
    after = outside.mupdf()
    # A signature field that has a place is drawn as something yet to be signed, so it is the frozen file that tells what came later.
    outside.put(built.upload if case.fields == "none" else built.stages[0].pdf)
    before = outside.mupdf()
    assert (before != after) == (case.fields != "none" and case.level != "frozen")
