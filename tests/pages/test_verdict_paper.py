"""The report of a verification on paper."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pytest
from django.utils import translation

from pages.test_papers import red_pixels, text_of
from tachiai.archive.verification import Judgement
from tachiai.pages.inspect import inspect
from tachiai.pages.verdict_paper import LABELS, VerdictFacts, verdict_paper
from tachiai.web.verifier.papers import verdict_words
from verifier import made


def facts(judgement: Judgement, language: str = "ja", *, name: str = "業務委託契約書.pdf") -> VerdictFacts:
    with translation.override(language):
        words = verdict_words(judgement, name=name)
    return VerdictFacts(
        number="6e0a3d3c-5b6a-4f06-9a1e-0d2f6c6f6c11",
        operator="さくら丘市（架空）",
        sha256=judgement.sha256.hex(),
        size=judgement.size,
        judged_at=made.AT,
        issued_at=datetime(2026, 4, 2, 1, 11, tzinfo=UTC),
        authority_kind="embedded",
        words=words,
    )


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("make", [made.listed, made.unknown_root, made.altered, made.revoked, made.unverifiable, made.unsigned])
def test_it_says_which_bytes_were_judged_when_by_whom_and_with_what_result(make: object, language: str) -> None:
    judgement: Judgement = make()  # type: ignore[operator]
    told = facts(judgement, language)
    paper = text_of(verdict_paper(told)).replace(" ", "")
    for wanted in (judgement.sha256.hex(), "123,456", "業務委託契約書.pdf", "さくら丘市（架空）", told.number, told.words.verdict):
        assert wanted.replace(" ", "") in paper
    for reason in told.words.reasons:
        assert reason.cause.replace(" ", "") in paper
        assert reason.step.replace(" ", "") in paper
    labels = LABELS["en" if language == "en" else "ja"]
    assert labels["not_kept"].replace(" ", "") in paper
    assert labels["name"].replace(" ", "") in paper
    assert ("2Apr2026,10:10:05JST" if language == "en" else "2026年4月2日10:10:05JST") in paper


def test_each_signature_is_told_as_on_the_page() -> None:
    paper = text_of(verdict_paper(facts(made.listed())))
    for wanted in (
        "署名者2名を確認しました",
        "見本　花子",
        "hanako@midorino.example.jp",
        "Example Time Stamping Unit 7のタイムスタンプ",
        "信頼リスト「Example List」にある発行者",
        "失効していません（2026年4月2日 10:11:05の情報）",
        "2040年12月31日（RSA-2048の利用期限）",
        "改訂3：署名の追加",
        "認められた変更",
        "バージョン1と同じ",
        made.CHAIN[1].fingerprint,
        "2030年12月31日",
    ):
        assert wanted in paper


def test_a_trial_authority_is_said_in_red_and_an_accredited_one_is_not() -> None:
    told = facts(made.listed())
    accredited = verdict_paper(replace(told, authority_kind="accredited"))
    assert red_pixels(verdict_paper(told)) > 300
    assert red_pixels(accredited) == 0
    assert "認定タイムスタンプではありません（組込みの試験用時刻認証局）" not in text_of(accredited)


def test_words_of_strangers_are_no_instructions_and_none_disappears() -> None:
    odd = "#panic() *x* \u202egnp.exe 😀\u0000 " + "W" * 200
    judgement = made.judged(made.Verdict.ATTENTION, made.row(name=odd, reason=odd, trust_list=odd), reasons=("file.not_ours",))
    paper = text_of(verdict_paper(facts(judgement, name=odd)))
    for wanted in ("#panic() *x*", "〔U+202E〕gnp.exe", "〔U+0000〕"):
        assert paper.count(wanted) >= 3


def test_it_is_tagged_pdf_a_and_the_same_for_the_same_facts() -> None:
    told = facts(made.listed())
    pdf = verdict_paper(told)
    assert pdf == verdict_paper(told)
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert opened.Root.MarkInfo.Marked
    assert [finding.code for finding in inspect(pdf).findings] == ["pdfa.claim"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        verdict_paper(replace(facts(made.listed()), judged_at=datetime(2026, 4, 2)))  # noqa: DTZ001  # that is the point
