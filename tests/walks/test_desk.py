"""At the desk: what a clerk meets, check by check (the numbers are the journey's)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from acts import aside, link_in, log_in, press, said, sample_files, sit, worked
from post import Post

from cast import Cast, link_for
from invariants import events
from stories import concluded, drafted, sent, vendor_of
from tachiai.clock import JAPAN
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.timeline import timeline
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


def made(act: Callable[[], Envelope]) -> Envelope:
    found: list[Envelope] = []
    aside(lambda: found.append(act()))
    return found[0]


@LANGUAGES
def test_b02_bad_files_are_named_and_good_ones_kept(cast_: Cast, open_page: OpenPage, tmp_path: Path, language: str) -> None:
    """Encrypted, empty, a renamed .docx, and one byte more than 50 MB."""
    import pikepdf

    good = sample_files(tmp_path)[0]
    (tmp_path / "空.pdf").write_bytes(b"")
    (tmp_path / "文書.pdf").write_bytes(b"PK\x03\x04" + bytes(400))
    with pikepdf.open(good) as pdf:
        pdf.save(tmp_path / "鍵付き.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    page = open_page(scripts=False, language=language)
    sit(page, cast_.clerk)
    page.goto("/envelopes/new")
    names = ["空.pdf", "文書.pdf", "鍵付き.pdf"]
    page.set_input_files("input[type=file]", [good, *(str(tmp_path / name) for name in names)])
    page.locator("button[name=act][value=add]").click()
    assert page.title().startswith(said("エラー：", language))
    summary = page.get_by_test_id("error-summary")
    told = summary.locator("a, li").all_inner_texts()
    assert all(name in summary.inner_text() for name in names)
    assert len({words for words in told if any(name in words for name in names)}) == 3  # each for a reason of its own
    envelope = Envelope.objects.get()
    assert [document.file_name for document in envelope.documents.all()] == [Path(good).name]
    large = tmp_path / "大きい.pdf"
    with large.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(50 * 1024 * 1024 + 1)
    page.set_input_files("input[type=file]", str(large))
    page.locator("button[name=act][value=add]").click()
    assert "50MB" in summary.inner_text().replace(" ", "")
    assert "大きい.pdf" in summary.inner_text()
    assert envelope.documents.count() == 1


@LANGUAGES
def test_b03_steps_and_values_are_kept(cast_: Cast, open_page: OpenPage, language: str) -> None:
    envelope = made(lambda: drafted(cast_))
    page = open_page(language=language)
    log_in(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/recipients")
    assert page.locator(".steps [aria-current=step]").count() == 1
    assert said("全%(all)sステップ中、%(step)sステップ目", language, all=4, step=2) in page.locator("body").text_content()
    press(page, "戻る", language)
    assert page.locator("input[name=name]").input_value() == envelope.name
    # The draft waits through a logout, and so does what was typed last.
    page.fill("input[name=name]", "打ちかけの封筒")
    page.locator("main button.button[name=act][value=next]:not([tabindex='-1'])").click()
    page.wait_for_url("**/recipients")
    page.locator("details.user summary").click()
    page.locator("details.user form button").click()
    page.wait_for_url("**/login**")
    log_in(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/files")
    assert page.locator("input[name=name]").input_value() == "打ちかけの封筒"


@LANGUAGES
def test_b06_the_review_page_tells_everything(cast_: Cast, post: Post, open_page: OpenPage, language: str) -> None:
    envelope = made(lambda: drafted(cast_, documents=2))
    page = open_page(language=language)
    sit(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/review")
    text = page.locator("main").inner_text()
    for words in (envelope.name, "1,100,000", "緑野 太郎", "坂本 一郎", *[one.name for one in envelope.documents.all()]):
        assert words in text
    assert page.get_by_role("link", name=re.compile(said("変更する", language))).count() >= 3
    press(page, "署名を依頼する", language)
    page.wait_for_url("**/sent")
    assert said("署名依頼を送信しました", language) in page.locator("main").inner_text()
    worked()
    envelope.refresh_from_db()
    assert envelope.state == "in_progress"
    subjects = [str(one["Subject"]) for one in post.to("vendor@example.jp")]
    assert "【さくら丘市（架空）】 様より庁舎清掃業務委託契約への署名依頼が届いています" in subjects
    assert not post.to(cast_.mayor.mail, "署名依頼")


@pytest.mark.parametrize(("language", "scripts"), [("ja", True), ("en", False)], ids=["ja-scripts", "en-plain"])
def test_b09_withdrawing_needs_reason_and_tick(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope = made(lambda: sent(cast_))
    token = link_for(vendor_of(envelope).pk)
    page = open_page(scripts=scripts, language=language)
    sit(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/withdraw")
    for reason, ticked in (("", False), ("金額に誤りがあったため。", False), ("", True)):
        page.locator("main textarea").fill(reason)
        page.locator("main input[type=checkbox]").set_checked(ticked)
        page.locator("main form button.button").last.click()
        assert page.title().startswith(said("エラー：", language))
    page.locator("main textarea").fill("金額に誤りがあったため。")
    page.locator("main input[type=checkbox]").check()
    page.locator("main form button.button").last.click()
    page.wait_for_load_state()
    envelope.refresh_from_db()
    assert envelope.state == "withdrawn"
    assert list(Mail.objects.filter(kind="M11").values_list("to", flat=True)) == ["vendor@example.jp"]
    assert page.goto(f"/s/{token}").status == 410
    fresh = made(lambda: drafted(cast_))
    assert fresh.number != envelope.number


@LANGUAGES
def test_b11_the_timeline_tells_each_event_once(cast_: Cast, open_page: OpenPage, language: str) -> None:
    envelope = made(lambda: concluded(cast_))
    page = open_page(language=language)
    sit(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}")
    lines = page.locator(".timeline > li")
    assert lines.count() >= 8
    times = [line.locator("time").first.get_attribute("datetime") for line in lines.all()]
    assert times == sorted(times)
    clock_face = {"ja": r"\d{4}年\d{1,2}月\d{1,2}日 \d{1,2}:\d{2}:\d{2}", "en": r"\d{1,2} \w{3} \d{4}, \d{2}:\d{2}:\d{2} JST"}
    told = [line.inner_text() for line in lines.all()]
    assert all(re.search(clock_face[language], words) for words in told)
    # Each event of the record stands there once; of two letters of one kind to one address in one second the words are the same.
    assert len(told) == len(timeline(envelope, reader=cast_.clerk))
    acts = [words for words in told if not words.startswith(said("メールを送信", language))]
    assert len(set(acts)) == len(acts)
    # What is shown is Japan's time of what was recorded.
    first = datetime.fromisoformat(times[0]).astimezone(JAPAN)
    assert f"{first.hour:02}:{first:%M:%S}" in told[0] or f"{first.hour}:{first:%M:%S}" in told[0]
    assert events(envelope).count("envelope.concluded") == 1


def test_b12_the_three_items_find_it(cast_: Cast, open_page: OpenPage) -> None:
    made(lambda: concluded(cast_))
    page = open_page(scripts=False)
    log_in(page, cast_.clerk)
    page.goto("/documents")

    def found(**values: str) -> int:
        page.goto("/documents")
        for name, value in values.items():
            page.fill(f"[name={name}]", value)
        page.get_by_role("button", name="検索", exact=False).first.click()
        page.wait_for_load_state()
        return int(page.locator("main table tbody tr").count())

    assert found() == 1
    assert found(counterparty="（株）みどり野") == 1
    assert found(counterparty="ほかの会社") == 0
    assert found(amount_from="1100000", amount_to="1100000") == 1
    assert found(amount_from="1100001") == 0
    assert found(counterparty="みどり野", amount_to="1099999") == 0


def test_send_again_duplicate_and_undelivered(cast_: Cast, post: Post, open_page: OpenPage) -> None:
    post.refuse.add("vendor@example.jp")
    envelope = made(lambda: sent(cast_))
    page = open_page(scripts=False)
    log_in(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}")
    assert "不達" in page.locator("main").inner_text()
    assert post.to(cast_.clerk.mail, "メール送信に失敗しました")
    post.refuse.clear()
    page.get_by_role("link", name=re.compile("再依頼")).first.click()
    page.locator("main form button.button").last.click()
    page.wait_for_load_state()
    worked()
    assert str(post.to("vendor@example.jp")[-1]["Subject"]).startswith("[再送]")
    assert page.request.get(link_in(post.text("vendor@example.jp"))).status == 200
    page.goto(f"/envelopes/{envelope.pk}")
    page.get_by_role("button", name=re.compile("複製")).click()
    page.wait_for_load_state()
    copy = Envelope.objects.get(recreated_from=envelope)
    assert (copy.state, copy.documents.count(), copy.recipients.count()) == ("draft", 1, 2)


def test_paper_registration_goes_the_whole_way(cast_: Cast, post: Post, open_page: OpenPage) -> None:
    from tachiai.counterparties.models import Registration

    page = open_page(scripts=False)
    log_in(page, cast_.clerk)
    page.goto("/counterparties/new")
    given = {
        "counterparty": "合同会社みなと設計（架空）",
        "title": "代表社員",
        "name": "港 はじめ",
        "mail": "minato@example.jp",
        "code": "５２８０１７",
    }
    for name, value in given.items():
        page.fill(f"[name={name}]", value)
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    page.locator("main form button.button").last.click()
    page.wait_for_load_state()
    registration = Registration.objects.get(mail="minato@example.jp")
    assert "528017" not in page.content()
    worked()
    # The address confirms itself.
    other = open_page(phone=True, scripts=False)
    other.goto(link_in(post.text("minato@example.jp")))
    other.locator("main form button.button").first.click()
    worked()
    code = re.search(r"認証コード：(\d{6})", post.text("minato@example.jp", "認証コード"))
    assert code
    other.locator("input[autocomplete=one-time-code]").fill(code.group(1))
    other.locator("main input[type=checkbox]").check()
    other.locator("main form button.button").first.click()
    other.wait_for_load_state()
    registration.refresh_from_db()
    assert registration.state == "confirmed"
    # The clerk who entered it cannot approve it; a second member can.
    second = open_page(scripts=False)
    log_in(second, cast_.second)
    second.goto(f"/counterparties/{registration.pk}")
    second.get_by_role("button", name=re.compile("承認")).click()
    second.wait_for_load_state()
    registration.refresh_from_db()
    assert registration.state == "approved"
    assert registration.approved_by == cast_.second
