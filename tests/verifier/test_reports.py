"""The result taken along: what the page carries, and the reports made of it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from crypto.judges import Judges, signed_in
from crypto.pdfs import plain
from pages.test_papers import text_of
from signer.walking import words
from stages import cast
from stories import concluded
from tachiai import administration, clock, ledger, sealing, vault
from tachiai.archive.verification import ALTERED, Verdict, judge, told
from tachiai.envelopes.reading import concluded_files
from tachiai.errors import Outage, Refusal
from tachiai.ledger.models import Entry
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Seal
from tachiai.web.verifier import carried, files, reports
from tachiai.web.verifier.carried import Carried, hand_out, take_back
from verifier import made

__all__ = ["cast"]

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def operator(house: object) -> None:
    administration.create_operator("立会テスト運営", name_en="Tachiai Test Operator", phone="03-0000-0000", at=clock.now())


def token_of(answer: Any) -> str:
    found = re.search(r'name="result" value="([^"]+)"', answer.content.decode())
    assert found is not None
    return found.group(1)


def token(judgement: Any = None, *, name: str = "contract.pdf") -> str:
    return hand_out(Carried(judgement or made.listed(), name, clock.now()))


def ask_pdf(held: str, browser: Client | None = None, language: str = "ja") -> Any:
    return (browser or Client()).post(f"/v/report.pdf?lang={language}", {"result": held})


def house_entries(event: str) -> list[dict[str, Any]]:
    rows = Entry.objects.filter(stream__name="house", event=event).order_by("number")
    return [json.loads(bytes(row.body))["data"] for row in rows]


# --- what the page carries


def test_the_page_carries_the_result_and_not_the_file() -> None:
    pdf = plain() + b"\n% something that stands in the file alone\n"
    held = io.BytesIO(pdf)
    held.name = "contract.pdf"
    brought = token_of(Client().post("/v", {"pdf": held}))
    back = take_back(brought, at=clock.now())
    assert (back.name, back.judgement.sha256, back.judgement.size) == ("contract.pdf", hashlib.sha256(pdf).digest(), len(pdf))
    assert back.judgement == judge(pdf, at=back.judged_at)
    assert len(brought) < 1000


def test_every_flipped_letter_of_a_token_is_refused() -> None:
    good = token()
    for place in range(0, len(good), 7):
        other = "A" if good[place] != "A" else "B"
        answer = Client().post("/v/report.json", {"result": good[:place] + other + good[place + 1 :]})
        assert answer.status_code == 400, place
        assert "もう一度ファイルを選んで" in words(answer)


@pytest.mark.parametrize("forged", ["", "x", ":", "a:b", "é:ü", "." * 600_000])
def test_what_is_no_token_is_a_clear_error_and_costs_nothing(forged: str) -> None:
    for address in ("/v/report.json", "/v/report.pdf"):
        answer = Client().post(address, {"result": forged})
        assert answer.status_code == 400
        assert "検証結果を読み取れません。" in words(answer)
    assert not Seal.objects.exists()


def test_a_token_signed_for_something_else_is_refused() -> None:
    told_elsewhere = signing.Signer(salt="another").sign_object({"v": 1}, compress=True)
    with pytest.raises(Refusal, match=r"report\.altered"):
        take_back(told_elsewhere, at=clock.now())


def test_a_token_holds_for_an_hour(operator: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made_at = clock.now()
    held = token()
    assert take_back(held, at=made_at + timedelta(minutes=59)).judgement == made.listed()
    monkeypatch.setattr(clock, "now", lambda: made_at + timedelta(minutes=61))
    for address in ("/v/report.json", "/v/report.pdf"):
        answer = Client().post(address, {"result": held})
        assert answer.status_code == 410
        assert "検証から1時間が過ぎました。" in words(answer)
    assert not Seal.objects.exists()


def test_a_result_too_large_to_carry_is_to_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [made.row(name=hashlib.sha512(b"%d" % number).hexdigest() * 3) for number in range(200)]
    large = made.judged(Verdict.ATTENTION, *rows, reasons=("file.not_ours",))
    assert len(hand_out(Carried(large, "x", clock.now()))) > 20_000
    monkeypatch.setattr(carried, "LARGEST", 20_000)
    assert hand_out(Carried(large, "x", clock.now())) == ""
    monkeypatch.setattr(files, "judge", lambda *_args, **_more: large)
    held = io.BytesIO(plain())
    held.name = "contract.pdf"
    page = Client().post("/v", {"pdf": held})
    assert "この画面を印刷して保存してください。" in words(page)
    assert "PDFレポートを発行" not in words(page)


def test_a_name_is_kept_to_a_length() -> None:
    assert len(take_back(token(name="名" * 5000), at=clock.now()).name) == carried.LONGEST_NAME


def test_reports_are_only_given_to_who_posts() -> None:
    for address in ("/v/report.json", "/v/report.pdf"):
        assert Client().get(address).status_code == 405
        assert Client(enforce_csrf_checks=True).post(address).status_code == 400


# --- as JSON


def test_the_json_report_tells_what_was_judged_when_and_by_whom(operator: None) -> None:
    answer = Client().post("/v/report.json", {"result": token(name="<契約>.pdf")})
    assert answer["Content-Type"] == "application/json"
    assert re.fullmatch(r'attachment; filename="verification-[0-9a-f]{16}\.json"', answer["Content-Disposition"])
    report = json.loads(answer.content)
    assert report.pop("judged_at")
    assert report == {
        "v": 1,
        "judged_by": "立会テスト運営",
        "file_name_claimed": "<契約>.pdf",
        "file_kept": False,
        "judgement": json.loads(json.dumps(told(made.listed()))),
    }


# --- as a PDF that the house attests


def test_the_report_of_a_concluded_contract_is_certified_closed_and_noted(cast: Any, tmp_path: Path) -> None:
    contract = vault.read(concluded_files(concluded(cast))[0].blob)
    held = io.BytesIO(contract)
    held.name = "契約書.pdf"
    answer = ask_pdf(token_of(Client().post("/v", {"pdf": held})))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    report = bytes(answer.content)
    text = text_of(report)
    for wanted in (
        "署名検証報告書",
        hashlib.sha256(contract).hexdigest(),
        "契約書.pdf",
        "有効",
        "署名者2名を確認しました",
        "立会テスト運営",
    ):
        assert wanted in text
    assert "認定タイムスタンプではありません（組込みの試験用時刻認証局）" in text

    (entry,) = house_entries("verdict.attested")
    seal = Seal.objects.get(pk=entry.pop("seal"))
    assert entry.pop("report") == str(seal.subject)
    assert entry == {
        "sha256": hashlib.sha256(report).hexdigest(),
        "file": hashlib.sha256(contract).hexdigest(),
        "verdict": "valid",
    }
    assert (seal.act, seal.state) == ("paper", "sealed")
    ledger.check_stream("house")

    expected = sealing.expected_of_paper(report, subject=seal.subject)
    sealing.verify(report, expected=expected, at=clock.now(), deep=True)
    judged = judge(report, at=clock.now())
    assert [row.kind for row in judged.rows] == ["certification", "timestamp"]
    assert not ALTERED & {code.removeprefix("seal.") for code in judged.reasons}
    assert judged.report is not None
    assert judged.report.closed
    assert judged.report.whole_file

    programs = Judges(tmp_path, root=handles().roots[0], at=clock.now())
    programs.put(report)
    programs.poppler(signed_in(report), whole=True)
    programs.openssl(report, signed_in(report))
    programs.qpdf()
    assert programs.mupdf(pages=1)


def test_a_report_in_english_for_an_english_reader(operator: None) -> None:
    text = text_of(bytes(ask_pdf(token(made.unknown_root()), language="en").content))
    for wanted in ("Signature verification report", "Tachiai Test Operator", "that this service does not know", "was not kept"):
        assert wanted in text
    assert "署名検証" not in text


def test_two_reports_of_one_result_are_two_papers(operator: None) -> None:
    held = token()
    first, second = (bytes(ask_pdf(held).content) for _ in range(2))
    assert first != second
    assert [len(house_entries(event)) for event in ("seal.intended", "verdict.attested")] == [2, 2]


@pytest.mark.parametrize("away", [Outage("tsa.unreachable", "secret detail"), Refusal("key.revoked", subject="CN=X")])
def test_while_the_authority_is_away_there_is_json_and_an_explanation(
    operator: None, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise away

    monkeypatch.setattr(sealing.seals.pades, "attest", fail)
    answer = ask_pdf(token())
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert "JSONは今すぐ保存できます。" in words(answer)
    assert "secret" not in answer.content.decode()
    assert Client().post("/v/report.json", {"result": token()}).status_code == 200
    assert house_entries("verdict.attested") == []
    assert [seal.state for seal in Seal.objects.all()] == ["intended"]


def test_a_house_without_an_operator_attests_nothing() -> None:
    assert ask_pdf(token()).status_code == 503
    assert not Seal.objects.exists()


# --- how often


def test_one_address_may_not_have_reports_without_end(operator: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "REPORTS", 2)
    near, far = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    held = token()
    assert [ask_pdf(held, near).status_code for _ in range(3)] == [200, 200, 429]
    assert near.post("/v/report.json", {"result": held}).status_code == 200
    assert ask_pdf(held, far).status_code == 200


def test_many_addresses_together_have_a_budget_too(operator: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "ALL_REPORTS", 2)
    held = token()
    codes = [ask_pdf(held, Client(REMOTE_ADDR=f"192.0.2.{number}")).status_code for number in range(1, 5)]
    assert codes == [200, 200, 429, 429]
    assert Seal.objects.count() == 2


def test_pdfsig_opens_the_report(operator: None, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(bytes(ask_pdf(token()).content))
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False, timeout=60).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
