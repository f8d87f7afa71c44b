"""What the page says of judgements of every kind, in words; the judgements are made by hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from crypto.pdfs import plain
from signer.walking import words
from tachiai.archive.verification import Judgement, Verdict
from tachiai.crypto import sunsets
from tachiai.crypto.judgement import Algorithm, Change
from tachiai.web.verifier import files
from verifier import made
from verifier.made import judged, row, stamp

pytestmark = pytest.mark.usefixtures("house")
Shown = Callable[..., str]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The result page for a judgement."""

    def page(judgement: Judgement, language: str = "ja") -> Any:
        monkeypatch.setattr(files, "judge", lambda *_args, **_more: judgement)
        held = io.BytesIO(plain())
        held.name = "contract.pdf"
        answer = Client().post(f"/v?lang={language}", {"pdf": held})
        assert answer.status_code == 200
        return answer

    return page


@pytest.fixture
def shown(answered: Callable[..., Any]) -> Shown:
    """The result page's words for a judgement."""
    return lambda judgement, language="ja": words(answered(judgement, language))


def of(shown: Shown, **different: Any) -> str:
    return shown(judged(Verdict.ATTENTION, row(**different), reasons=("file.not_ours",)))


@pytest.mark.parametrize(
    ("make", "chip", "sentence", "who", "whole", "when"),
    [
        (
            made.listed,
            "有効",
            "信頼リストにある発行者の証明書による署名です。署名後に変更されていません。",
            "署名者2名を確認しました",
            "署名後の変更はありません",
            "2026年4月2日 10:13には存在していました",
        ),
        (
            made.unknown_root,
            "要確認",
            "証明書の発行元が、このサービスの知らない発行者です。改ざんは見つかっていません。",
            "署名者を確認できません",
            "署名後の変更はありません",
            "2026年4月2日 10:13と記録されています",
        ),
        (
            made.altered,
            "無効",
            "署名したあとに、ファイルの内容が変更されています。",
            "署名者を確認できません",
            "署名後に変更されています",
            "確認できません",
        ),
        (
            made.revoked,
            "無効",
            "失効した証明書による署名が含まれています。",
            "証明書が失効しています",
            "署名後の変更はありません",
            "には存在していました",
        ),
    ],
)
def test_a_verdict_with_its_three_answers(
    shown: Shown, make: Callable[[], Judgement], chip: str, sentence: str, who: str, whole: str, when: str
) -> None:
    text = shown(make())
    for wanted in (chip, sentence, who, whole, when, "根拠"):
        assert wanted in text


def test_without_a_signature_there_are_no_cards_to_misread(shown: Shown) -> None:
    for judgement, chip in ((made.unsigned(), "署名なし"), (made.unverifiable(), "検証できません")):
        text = shown(judgement)
        assert chip in text
        assert "元のファイルで検証してください。" in text
        assert "誰が署名したか" not in text
        assert "JSONで保存" in text


def test_an_unknown_root_is_said_exactly_and_nothing_is_called_tampered(shown: Shown) -> None:
    text = shown(made.unknown_root())
    assert text.count("改ざんされているという意味ではありません。") >= 2
    assert "このサービスが知らない発行者（改ざんを意味しません）" in text
    for wrong in ("署名後に変更されています", "変更が加えられています", "無効"):
        assert wrong not in text
    english = shown(made.unknown_root(), "en")
    assert "The certificate comes from an issuer that this service does not know. No tampering was found." in english
    assert "an issuer that this service does not know (this does not mean tampering)" in english


def test_an_unknown_root_does_not_hide_that_something_was_appended(shown: Shown) -> None:
    unknown: dict[str, Any] = {"verdict": "attention", "code": "unknown_root", "trust": "unknown_root"}
    text = shown(judged(Verdict.ATTENTION, row(**unknown), reasons=("seal.unknown_root", "seal.not_whole_file"), whole_file=False))
    assert "改ざんは見つかっていません" not in text
    assert "署名のあとに追加された内容があります" in text


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        ("house", "このサービスの発行者"),
        ("listed", "信頼リスト「Example List」にある発行者"),
        ("unknown_root", "このサービスが知らない発行者（改ざんを意味しません）"),
        ("incomplete", "発行元までの証明書がそろっていません"),
        ("unjudged", "信頼確認していません"),
    ],
)
def test_whom_the_chain_leads_to(shown: Shown, trust: str, said: str) -> None:
    assert said in of(shown, trust=trust).replace("\n", "").replace("信頼 ", "信頼")


@pytest.mark.parametrize(
    ("revocation", "at", "said"),
    [
        ("good", made.AT, "失効していません（2026年4月2日 10:10:05の情報）"),
        ("good", None, "失効していません"),
        ("revoked", made.AT, "失効しています（2026年4月2日 10:10:05から）"),
        ("revoked", None, "失効しています"),
        ("missing", None, "失効情報がファイルに含まれていません"),
        ("not_needed", None, "この証明書には不要です"),
        ("unjudged", None, "確認していません"),
    ],
)
def test_what_is_known_of_revocation(shown: Shown, revocation: str, at: Any, said: str) -> None:
    assert said in of(shown, revocation=revocation, revocation_at=at)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("validation_data", "検証情報の追加"),
        ("timestamp", "文書タイムスタンプの追加"),
        ("signature", "署名の追加"),
        ("field_added", "入力欄の追加"),
        ("form_filled", "入力欄への入力"),
        ("annotation", "注釈の追加・変更"),
        ("metadata", "文書情報の変更"),
        ("content", "ページの内容の変更"),
        ("unread", "読み取れない変更"),
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
def test_what_a_revision_brought_and_whether_it_was_allowed(shown: Shown, kind: Any, said: str, allowed: bool) -> None:
    text = of(shown, changes=(Change(7, kind, allowed=allowed, pages=(2, 5)),))
    assert f"改訂7：{said}（2、5ページ）" in text
    assert ("認められていない変更" in text) is not allowed
    assert ("署名のあとに変更があります" in text) is not allowed
    assert ("変更のあるページ：2、5" in text) is not allowed


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("algorithm", "2040年12月31日（RSA-2048の利用期限）"),
        ("certificate", "2040年12月31日（署名者の証明書の有効期限）"),
        ("timestamp_certificate", "2040年12月31日（タイムスタンプの証明書の有効期限）"),
        ("unknown", "2040年12月31日（理由は確認していません）"),
    ],
)
def test_until_when_and_what_ends_first(shown: Shown, cause: Any, said: str) -> None:
    text = shown(judged(Verdict.ATTENTION, row(until_cause=cause), until_cause=cause, reasons=("file.not_ours",)))
    assert text.count(said) == 2


def test_a_policys_day_is_told_as_the_policy_has_it(shown: Shown) -> None:
    """It ends in Japan: what still stands at that hour is not that algorithm's end."""
    assert sunsets.end_of(date(2040, 12, 31)) == made.UNTIL
    assert "2040年12月31日（RSA-2048の利用期限）" in of(shown, until=made.UNTIL)
    assert "（暗号の利用期限）" in of(shown, until=made.UNTIL + timedelta(seconds=1))


def test_an_end_that_is_no_algorithms_is_told_plainly(shown: Shown) -> None:
    assert "（暗号の利用期限）" in of(shown, algorithms=(Algorithm("key", "Ed25519", 128, date(2050, 12, 31), date(2060, 12, 31)),))


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"time_list": "架空リスト"}, "Example Time Stamping Unit 7のタイムスタンプ\n信頼リスト「架空リスト」にある時刻認証局"),
        ({"time_trust": "house"}, "このサービスが信頼する時刻認証局"),
        ({"time_trust": "unknown_root"}, "このサービスが知らない時刻認証局"),
        ({"time_trust": "incomplete"}, "発行元までの証明書がそろっていません"),
        ({"gen_time": None, "tsa_subject": ""}, "署名した側の時計（タイムスタンプはありません）"),
        ({"gen_time": None, "tsa_subject": "", "trust": "unjudged"}, "署名した側の時計（タイムスタンプは確認していません）"),
        ({"gen_time": None, "tsa_subject": "", "signed_at": None}, "ありません"),
    ],
)
def test_whose_clock_it_was(shown: Shown, different: dict[str, Any], said: str) -> None:
    text = of(shown, **different)
    for part in said.split("\n"):
        assert part in text


def test_technical_details_name_each_certificate_and_algorithm_once(shown: Shown) -> None:
    text = shown(made.listed())
    assert text.count(made.CHAIN[1].fingerprint) == 1
    assert text.count("バージョン1と同じ") == 5  # of the second signature three parts, of the timestamp two
    for wanted in ("RSA-2048", "112ビット", "2030年12月31日", "2040年12月31日", "B-LTA（LTV", "RSA-4096"):
        assert wanted in text


def test_a_broken_algorithm_is_said_to_be_unusable(shown: Shown) -> None:
    broken = (Algorithm("digest", "SHA-1", 0, None, None),)
    bad = row(verdict="unverifiable", code="algorithm_broken", problems=("algorithm_broken",), algorithms=broken)
    text = shown(judged(Verdict.UNVERIFIABLE, bad, reasons=("seal.algorithm_broken",)))
    for wanted in (
        "安全でなくなった暗号が使われているため、検証できません。",
        "2026年4月2日 10:10と記録されています",
        "SHA-1",
        "安全ではありません",
        "使えません",
    ):
        assert wanted in text


def test_what_nobody_has_worked_out_is_said_not_to_be_checked(shown: Shown) -> None:
    """The defaults of a row, as a judge leaves them that does not ask these questions."""
    plainly = row()._replace(**made.row().__class__._field_defaults)
    text = shown(judged(Verdict.ATTENTION, plainly, reasons=("file.not_ours",), until=None, until_cause="unknown"))
    assert text.count("確認していません") >= 4  # the chip, trust, revocation, and until when
    assert "検証できません" not in text


def test_a_timestamp_is_not_said_to_have_a_signer(shown: Shown) -> None:
    text = shown(judged(Verdict.ATTENTION, stamp(chain=made.TIME_CHAIN, signer_subject=made.TSA), reasons=("file.not_ours",)))
    assert text.count(made.TIME_CHAIN[0].fingerprint) == 1
    assert "文書タイムスタンプ（長期保存用）" in text
    assert "署名時刻" not in text
    assert "PAdESの水準" not in text


def test_a_certification_by_somebody_else_is_not_said_to_be_the_operators(shown: Shown) -> None:
    assert "作成者による文書の証明" in of(shown, kind="certification")
    assert "運営者による文書の確定" in of(shown, kind="certification", trust="house")


def test_a_timestamp_that_does_not_fit_is_neither_proof_of_time_nor_of_wholeness(shown: Shown) -> None:
    bad = stamp(verdict="invalid", code="timestamp_mismatch", problems=("timestamp_mismatch",))
    text = shown(judged(Verdict.INVALID, row(), bad, reasons=("seal.timestamp_mismatch",)))
    assert "署名やファイルに合わないタイムスタンプが含まれています。" in text
    assert "内容に合わないタイムスタンプがあります" in text
    assert "には存在していました" not in text
    assert "署名後の変更はありません" not in text


@pytest.mark.parametrize(("measure", "said"), [(1, "総務大臣認定の時刻認証業務による"), (None, "認定タイムスタンプではありません。")])
def test_a_file_on_record_names_its_signers_even_when_its_proof_has_aged(shown: Shown, measure: int | None, said: str) -> None:
    house = {"trust": "house", "time_trust": "house"}
    text = shown(judged(Verdict.VALID, row(**house), stamp(**house), file=made.filed(measure=measure)))
    for wanted in ("このサービスで締結された文書です。", "署名者1名を確認しました", "立会テスト運営が保管したファイルと、全体が一致", said):
        assert wanted in text
    aged = row(**house, verdict="attention", code="archive_expired", problems=("archive_expired",))
    text = shown(judged(Verdict.ATTENTION, aged, reasons=("seal.archive_expired",), file=made.filed()))
    assert "署名者1名を確認しました" in text
    assert "2026年4月2日 10:10と記録されています" in text
    assert "一致しません" not in text


@pytest.mark.parametrize(
    ("language", "said", "day"),
    [
        ("ja", ("本物です", "更新後のファイルを、送信者から"), "2036年3月30日"),
        ("en", ("genuine copy", "renewed file from the sender"), "30 Mar 2036"),
    ],
)
def test_a_copy_from_before_a_renewal_is_told_kindly_that_its_proof_ran_out(
    shown: Shown, language: str, said: tuple[str, ...], day: str
) -> None:
    house = {"trust": "house", "time_trust": "house"}
    aged = judged(Verdict.ATTENTION, row(**house), stamp(**house), reasons=("seal.archive_expired",), file=made.filed())
    text = shown(aged, language)
    for wanted in (*said, day):
        assert wanted in text
    assert {"ja": "要確認", "en": "attention"}[language] in text
    # The file that is kept itself has nothing newer to point to.
    assert aged.file is not None
    aged.file.sha256 = aged.sha256
    assert said[0] not in shown(aged, language)


def test_the_weightiest_reason_makes_the_headline(shown: Shown) -> None:
    rows = row(verdict="attention", code="certificate_revoked", revocation="revoked", trust="unknown_root")
    text = shown(judged(Verdict.ATTENTION, rows, reasons=("seal.certificate_revoked", "seal.unknown_root")))
    assert "このファイルだけでは、有効と判断できません。" in text
    assert "証明書が失効しています" in text


def test_names_of_strangers_are_never_markup(answered: Callable[..., Any]) -> None:
    said = "<b>name</b>"
    strange = row(name=said, reason=said, location=said, contact=said, tsa_subject=f"CN={said}", trust_list=said, issuer=f"CN={said}")
    body = answered(judged(Verdict.ATTENTION, strange, reasons=("file.not_ours",))).content.decode()
    assert body.count("&lt;b&gt;name&lt;/b&gt;") >= 7
    assert said not in body
