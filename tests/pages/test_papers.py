"""The papers the house prints: the certificate of conclusion and the samples."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pikepdf
import pytest
import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

from tachiai.pages.certificate import (
    JST,
    CertificateApproval,
    CertificateChange,
    CertificateCheckpoint,
    CertificateDocument,
    CertificateFacts,
    CertificateOperator,
    CertificatePerson,
    CertificateReviewer,
    CertificateTimestamp,
    certificate,
)
from tachiai.pages.inspect import inspect
from tachiai.pages.render import render, render_page
from tachiai.pages.samples import samples
from tachiai.pages.typesetting import printable

MORNING = datetime(2026, 4, 2, 9, 10, 5, tzinfo=JST)
UPLOAD, CONCLUDED = "0123456789abcdef" * 4, "fedcba9876543210" * 4

HANAKO = CertificatePerson(
    order=1,
    organization="株式会社みどり野製作所（架空）",
    title="代表取締役",
    name="見本　花子",
    mail="hanako@midorino.example.jp",
    level="mail+code",
    registration="online",
    requested_at=MORNING,
    opened_at=MORNING + timedelta(hours=1),
    consented_at=MORNING + timedelta(hours=1, minutes=20),
    sealed_at=MORNING + timedelta(hours=1, minutes=20, seconds=2),
    address="192.0.2.14",
)
STAMP = CertificateTimestamp("業務委託契約書.pdf", 2, datetime(2026, 4, 2, 15, 30, 41, tzinfo=UTC), "CN=Tachiai Embedded TSA", False)
LOGGED = CertificateCheckpoint(
    "keiyaku.example.jp/log/e1",
    20_852_163,
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    "ab" * 32,
    datetime(2026, 4, 2, 15, 30, 45, tzinfo=UTC),
)
FACTS = CertificateFacts(
    number="C-2026-000123",
    verification_url="https://keiyaku.example.jp/v/C-2026-000123",
    operator=CertificateOperator("さくら丘市（架空）", "Sakuragaoka City (fictional)", is_party=True),
    envelope_name="案内板維持管理業務委託契約",
    control_number="総契-0101",
    sender_organization="さくら丘市（架空）",
    sender_person="契約　係員",
    concluded_at=datetime(2026, 4, 2, 15, 30, 41, tzinfo=UTC),
    issued_at=datetime(2026, 4, 2, 15, 30, 50, tzinfo=UTC),
    contract_date=date(2026, 4, 1),
    counterparty="株式会社みどり野製作所（架空）",
    amount=1_320_000,
    authority_name="CN=Tachiai Embedded TSA",
    authority_kind="embedded",
    documents=(CertificateDocument("業務委託契約書.pdf", 2, UPLOAD, CONCLUDED),),
    people=(HANAKO,),
    timestamps=(STAMP,),
    checkpoint=LOGGED,
)


def text_of(pdf: bytes) -> str:
    return "".join(page.text for page in render(pdf).pages).replace("\n", "")


def red_pixels(pdf: bytes) -> int:
    pages = len(render(pdf).pages)
    pictures = [Image.open(io.BytesIO(render_page(pdf, number=number, width=828))).convert("RGB") for number in range(1, pages + 1)]
    colours = [entry for picture in pictures for entry in picture.getcolors(1 << 24)]
    return sum(count for count, (red, green, blue) in colours if red > 150 and max(green, blue) < 90)


@pytest.fixture(scope="module")
def paper():
    return text_of(certificate(FACTS))


def test_the_certificate_says_what_happened_in_both_languages(paper):
    for words in (
        "締結証明書",
        "Certificate of Conclusion",
        "C-2026-000123",
        "運営者は契約当事者です。",
        "The operator is a party to this contract.",
        "2026年4月3日 00:30:41 JST",
        "2026-04-02 15:30:41 UTC",
        "2026年4月1日",
        "1,320,000円",
        "見本　花子",
        "代表取締役",
        "メール＋届出済みアクセスコード",
        "オンライン（本人入力）",
        "192.0.2.14",
        "10:30:07 JST",
        "https://keiyaku.example.jp/v/C-2026-000123",
        "keiyaku.example.jp/log/e1",
        "20,852,163",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "ab" * 32,
        "2026-04-02 15:30:45 UTC",
    ):
        assert words in paper


def test_who_confirmed_and_who_took_anothers_place_are_told(paper):
    change = CertificateChange("みどり野 前野 一 <mae@midorino.example.jp>", "みどり野 見本　花子 <hanako@midorino.example.jp>", MORNING)
    reviewer = CertificateReviewer(
        order=2,
        role="決裁者",
        role_en="Deciding officer",
        organization="さくら丘市（架空）",
        title="課長",
        name="丘野　次郎",
        mail="jiro@sakuragaoka.example.jp",
        level="desk",
        registration="typed",
        requested_at=MORNING,
        opened_at=None,
        confirmed_at=MORNING + timedelta(minutes=7),
        address="",
    )
    told = text_of(certificate(replace(FACTS, people=(replace(HANAKO, history=(change,)),), reviewers=(reviewer,))))
    for words in (
        "確認した方（署名なし）",
        "Confirmed without signing",
        "丘野　次郎",
        "決裁者",
        "Deciding officer",
        "届出なし（送信者が入力）",
        "09:17:05 JST",
        "署名者変更",
        "mae@midorino.example.jp",
        "→",
        "2026-04-02 09:10:05 JST",
    ):
        assert words in told
    assert "確認した方" not in paper
    assert "署名者変更" not in paper


def test_no_katakana_word_is_broken_over_two_lines():
    by_passkey = replace(HANAKO, level="mail+code+passkey", organization="ミドリノ" * 30)
    text = "".join(page.text for page in render(certificate(replace(FACTS, people=(by_passkey,)))).pages)
    assert "メール＋届出済みアクセスコード＋\nパスキー\n" in text.replace("\r", "")


def test_digests_can_be_copied_whole(paper):
    assert UPLOAD in paper
    assert CONCLUDED in paper


def test_a_trial_authority_is_said_in_red_and_an_accredited_one_is_not():
    embedded = certificate(FACTS)
    stamp = replace(FACTS.timestamps[0], authority="CN=Example TSU", accredited=True)
    accredited = certificate(replace(FACTS, authority_kind="accredited", authority_name="CN=Example TSU", timestamps=(stamp,)))
    assert "認定タイムスタンプではありません（組込みの試験用時刻認証局）" in text_of(embedded)
    assert "Not an accredited timestamp" in text_of(embedded)
    assert "ではありません（組込み" not in text_of(accredited)
    assert red_pixels(embedded) > 500
    assert red_pixels(accredited) == 0


def test_an_amount_not_stated_is_not_zero():
    assert "記載なし" in text_of(certificate(replace(FACTS, amount=None)))
    zero = text_of(certificate(replace(FACTS, amount=0)))
    assert "0円" in zero
    assert "記載なし" not in zero


def test_approvals_say_who_decided_and_for_whom(paper):
    given = CertificateApproval(2, "財政課", "課長", "代理 三", "部長 二", MORNING)
    shown = text_of(certificate(replace(FACTS, approvals=(given,))))
    assert all(words in shown for words in ("差出側の承認", "代理 三", "部長 二", "2026-04-02"))
    assert "差出側の承認" not in paper


def test_an_operator_who_is_no_party_says_so():
    paper = text_of(certificate(replace(FACTS, operator=replace(FACTS.operator, is_party=False))))
    assert "運営者は契約当事者ではありません。" in paper


@pytest.mark.parametrize(
    "name",
    ["𠮷野㈱", "髙﨑", "#panic(1) $x$ *b* _c_ [d] @e <f>", "Łukasz Žižka", "ไทย", "😀", "\u202ex", "W" * 300, "長" * 200, "אברהם", "محمد"],
    ids=lambda name: ascii(name)[:20],
)
def test_no_name_disappears_or_breaks_the_paper(name):
    pdf = certificate(replace(FACTS, people=(replace(HANAKO, name=name, mail="m" * 64 + "@" + "d" * 180 + ".example.jp"),)))
    assert len(render(pdf).pages) <= 3
    shown = text_of(pdf)
    expected = printable(name)
    # Readers give right-to-left words back in the order in which they stand on the paper.
    assert expected.replace(" ", "") in shown.replace(" ", "") or all(letter in shown for letter in expected)


def test_nothing_is_drawn_outside_the_margins():
    wide = replace(HANAKO, name="W" * 200, organization="X" * 200, title="Y" * 200, mail="m" * 200, level="L" * 200, address="9" * 200)
    wide_facts = replace(FACTS, people=(wide,), envelope_name="E" * 300, counterparty="C" * 300, control_number="N" * 300, number="Q" * 60)
    pdf = certificate(wide_facts)
    for number in range(1, len(render(pdf).pages) + 1):
        page = Image.open(io.BytesIO(render_page(pdf, number=number, width=828))).convert("L")
        margin = int(828 * 20 / 210)
        for strip in ((0, 0, margin, page.height), (828 - margin, 0, 828, page.height)):
            assert page.crop(strip).getextrema()[0] > 200


def test_the_certificate_is_the_same_for_the_same_facts():
    assert certificate(FACTS) == certificate(FACTS)
    assert certificate(FACTS) != certificate(replace(FACTS, control_number="other"))


def test_the_certificate_is_pdfa_with_embedded_fonts_and_numbered_pages():
    pdf = certificate(replace(FACTS, people=tuple(replace(HANAKO, order=number) for number in range(1, 6))))
    inspection = inspect(pdf)
    assert inspection.pdfa == "2A"
    # The link to the verification page is the only thing to be told of it.
    assert sorted(finding.code for finding in inspection.findings) == ["links.external", "pdfa.claim"]
    total = inspection.page_count
    assert total >= 2
    assert [f"{page.number} / {total}" in page.text for page in render(pdf).pages] == [True] * total
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert "Marked" in str(document.Root.MarkInfo)


def test_a_time_without_a_zone_is_an_error():
    with pytest.raises(ValueError, match="zone"):
        certificate(replace(FACTS, concluded_at=datetime(2026, 4, 2, 15, 30)))  # noqa: DTZ001


def test_samples_look_like_contracts_and_pass_the_door():
    titles = {}
    for sample in samples():
        inspection = inspect(sample.pdf)
        assert [finding.code for finding in inspection.findings] == ["pdfa.claim"]
        assert sample.file_name.endswith(".pdf")
        assert len(sample.pdf) < 200_000
        titles[sample.file_name.split("_")[0]] = inspection.page_count
        assert "架空" in text_of(sample.pdf)
    assert titles == {"業務委託契約書": 2, "秘密保持契約書": 2, "仕様書": 1}


def test_samples_are_printed_once_and_always_alike():
    assert samples()[0].pdf is samples()[0].pdf
    first = samples()
    first.clear()
    assert len(samples()) == 3


def test_the_qr_code_on_the_paper_is_that_of_the_verification_page():
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(FACTS.verification_url)
    code.make(fit=True)
    matrix = code.get_matrix()
    page = Image.open(io.BytesIO(render_page(certificate(FACTS), number=1, width=2480))).convert("L")
    millimetre = 2480 / 210
    left, top, module = (210 - 23 - 24) * millimetre, 20 * millimetre, 24 * millimetre / len(matrix)
    seen = [
        [page.getpixel((int(left + (x + 0.5) * module), int(top + (y + 0.5) * module))) < 128 for x in range(len(matrix))]
        for y in range(len(matrix))
    ]
    assert seen == matrix
