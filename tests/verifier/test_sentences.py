"""Every reason of a judgement is said in both languages: what it is, and what to do about it."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from tachiai.web.verifier.names import common_name
from tachiai.web.verifier.sentences import REASONS, reasons

CODES = """
file.not_ours seal.broken seal.byte_range seal.modified seal.not_whole_file seal.untrusted seal.timestamp_missing seal.timestamp_wrong
seal.unknown_signature seal.not_archival seal.archive_expired seal.unreadable seal.no_signature seal.unknown_root seal.chain_incomplete
seal.certificate_expired seal.certificate_unfit seal.certificate_revoked seal.revocation_missing seal.algorithm_broken
seal.algorithm_unknown seal.timestamp_untrusted seal.timestamp_mismatch seal.changed_after seal.signer_missing
"""
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@pytest.mark.parametrize("code", CODES.split())
def test_each_reason_says_the_cause_and_the_next_step_in_both_languages(code: str) -> None:
    assert code in REASONS
    with translation.override("ja"):
        (ja,) = reasons([code])
    with translation.override("en"):
        (en,) = reasons([code])
    for japanese, english in zip(ja, en, strict=True):
        assert japanese.endswith("。")
        assert english.endswith(".")
        assert not JAPANESE.search(english)


def test_an_unknown_root_is_never_called_tampering() -> None:
    with translation.override("ja"):
        (ja,) = reasons(["unknown_root"])
    assert "知らない発行者" in ja.cause
    assert "改ざんされているという意味ではありません" in ja.cause
    with translation.override("en"):
        (en,) = reasons(["unknown_root"])
    assert "does not mean" in en.cause


def test_a_code_of_a_signature_may_come_without_its_room_and_an_unknown_one_counts_as_unreadable() -> None:
    assert reasons(["broken"]) == reasons(["seal.broken"])
    assert reasons(["seal.never_heard_of"]) == reasons(["seal.unreadable"])
    assert len(reasons(["seal.broken", "broken", "seal.broken"])) == 1


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("CN=Example CA,O=Example,C=JP", "Example CA"),
        ("C=JP, O=Example, CN=Example CA", "Example CA"),
        ("CN=Works, Ltd., O=Example", "Works, Ltd."),
        ("CN=Works\\, Ltd.,O=Example", "Works, Ltd."),
        ("O=Example without a name", "O=Example without a name"),
        ("O=X-CN=y,CN=z", "z"),
        ("", ""),
    ],
)
def test_a_certificate_is_called_by_its_common_name(subject: str, name: str) -> None:
    assert common_name(subject) == name
