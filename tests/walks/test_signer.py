"""Behind the link: what a counterparty meets, check by check (the numbers are the journey's), in both languages.

One house with two requests, of one document and of two, is told once and copied. What hangs on no words is walked in one language; that
every page is whole in the other is ``test_every_page``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from acts import aside, complete, enter_code, finish, press, read_everything, said, worked
from ruler import JAPANESE, axe_finds

import fielded
from cast import CODE, Cast, link_for
from invariants import events
from place import Place
from stages import tell_once
from stories import sent, vendor_of
from tachiai.ceremony.models import Consent
from tachiai.envelopes.models import Envelope
from tachiai.outbox.composing import compose
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
Asked = dict[int, tuple[Envelope, str]]
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
WAYS = pytest.mark.parametrize(("language", "scripts"), [("ja", True), ("ja", False), ("en", True), ("en", False)])


@pytest.fixture
def asked(house: Place, cast_: Cast) -> Asked:
    """Two requests by their number of documents, each with the link in its mail."""
    tell_once("asked", lambda: aside(lambda: [sent(cast_), sent(cast_, documents=2)]), house.home)
    found = {envelope.documents.count(): envelope for envelope in Envelope.objects.select_related("organization__operator", "sender")}
    return {count: (envelope, f"/s/{link_for(vendor_of(envelope).pk)}") for count, envelope in found.items()}


def summary_of(page: Any) -> Any:
    return page.get_by_test_id("error-summary")


@LANGUAGES
def test_before_the_code_nothing_changes_and_nothing_is_shown(asked: Asked, cast_: Cast, open_page: OpenPage, language: str) -> None:
    """A01, A02, A05, A21."""
    envelope, link = asked[1]
    before, name = (vendor_of(envelope).state, len(events(envelope))), envelope.documents.get().name
    page = open_page(phone=True, language=language)
    for _ in range(3):
        assert page.goto(link).status == 200
    assert page.request.head(link).status == 200
    city = cast_.city.name if language == "ja" else cast_.city.name_en
    assert page.locator("h1").inner_text() == said("{organization} 様からの署名依頼", language, organization=city)
    assert (vendor_of(envelope).state, len(events(envelope))) == before
    for rest in ("/review", "/confirm", "/done", "/decline", "/forward", "/documents/1/pages/1", "/documents/1/copy.pdf"):
        answer = page.request.get(link + rest, max_redirects=0)
        assert answer.status in (302, 403), rest
        assert name not in answer.text()
    assert name not in page.content()
    field = page.locator("#code")
    assert page.get_by_label(said("アクセスコード（6桁の数字）", language)).count() == 1
    assert (field.get_attribute("type"), field.get_attribute("inputmode"), field.get_attribute("name")) == ("text", "numeric", "code")
    foreign: list[str] = []
    page.on("request", lambda one: foreign.append(one.url) if "127.0.0.1" not in one.url and not one.url.startswith("data:") else None)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in CODE)
    field.focus()
    page.keyboard.insert_text(f"{wide[:3]}−{wide[3:]}")  # as a paste or an input method does: at once
    press(page, "次へ", language)
    assert page.url.endswith("/review")
    for path in ("", "/review", "/confirm", "/decline"):
        headers = page.goto(link + path).headers
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "private, no-store"
        assert "noindex" in headers["x-robots-tag"]
    assert foreign == []


@pytest.mark.parametrize(("language", "scripts"), [("ja", False), ("en", True)], ids=["ja-plain", "en-scripts"])
def test_a03_wrong_codes_lock(asked: Asked, cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope, link = asked[1]
    page = open_page(phone=True, scripts=scripts, language=language)
    enter_code(page, link, "000001", language=language)
    assert page.title().startswith(said("エラー：", language))
    summary = summary_of(page)
    left = said("アクセスコードが正しくありません。あと{left}回入力できます。", language, left=4)
    assert left in summary.inner_text()
    assert summary.locator("a").first.get_attribute("href") == "#code"
    if scripts:
        assert page.evaluate("document.activeElement.closest('[data-testid=error-summary]') !== null")
    summary.locator("a").first.click()
    assert page.url.endswith("#code")
    for wrong in ("000002", "000003", "000004", "000005"):
        enter_code(page, link, wrong, language=language)
    assert re.search(r"\d{1,2}:\d{2}", page.locator("main").inner_text())
    enter_code(page, link, CODE, language=language)
    assert "/review" not in page.url
    assert sorted(Mail.objects.filter(kind="M15").values_list("to", flat=True)) == sorted([cast_.clerk.mail, "vendor@example.jp"])
    assert vendor_of(envelope).state == "requested"


@WAYS
def test_two_documents_to_the_end(asked: Asked, open_page: OpenPage, language: str, scripts: bool) -> None:
    """A06, A09, A10, A11, A17: steps and tabs, what is missing is named, text, one signature however often it is pressed."""
    envelope, link = asked[2]
    first, second = envelope.documents.order_by("position")
    page = open_page(phone=True, scripts=scripts, language=language)
    enter_code(page, link, language=language)
    assert "2 / 3" in page.locator("body").inner_text()
    tabs = page.locator(".tabs a")
    assert tabs.count() == 2
    assert [bool(tab.get_attribute("aria-current")) for tab in tabs.all()] == [True, False]
    assert said("未確認", language) in tabs.nth(1).inner_text()
    assert said("未確認", language) not in tabs.nth(0).inner_text()
    # A09
    finish(page, language=language)
    assert page.title().startswith(said("エラー：", language))
    assert second.name in summary_of(page).inner_text()
    assert first.name not in summary_of(page).inner_text()
    if scripts:
        assert page.evaluate("document.activeElement.closest('[data-testid=error-summary]') !== null")
    summary_of(page).locator("a").first.click()
    page.wait_for_url(re.compile("doc=2"))
    # A17
    page.get_by_role("link", name=said("文字で読む", language)).first.click()
    page.wait_for_load_state()
    assert "第1条" in page.locator(".text-body").first.inner_text()
    assert axe_finds(page) == [] if scripts else True
    # A10
    finish(page, language=language)
    page.wait_for_url("**/confirm")
    assert page.locator("dialog").count() == 0  # a page of its own: there is no dialog that Escape would close
    press(page, "文書に戻る", language)
    assert "/review" in page.url
    finish(page, language=language)
    button = page.get_by_role("button", name=said("署名手続きを完了する", language), exact=True)
    button.dblclick()
    page.wait_for_url(re.compile("/done"))
    worked()
    # A11
    if scripts:
        # The page looks again by itself until the seal is there; a browser takes one way at a time.
        page.locator("[data-refresh]").wait_for(state="detached")
    page.reload()
    assert page.locator("h1").inner_text() == said("署名手続きが完了しました", language)
    if scripts:
        assert page.evaluate("document.activeElement.tagName") == "H1"
    page.go_back()
    page.wait_for_load_state()
    page.goto(f"{link}/confirm")
    assert button.count() == 0
    assert Consent.objects.count() == 1
    assert events(envelope).count("recipient.consented") == 1


@WAYS
def test_a08_four_actions_from_the_mail_to_the_end(asked: Asked, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope, link = asked[1]
    page = open_page(phone=True, scripts=scripts, language=language)
    page.goto(link)  # one: the link in the mail
    page.fill("#code", CODE)
    for words in ("次へ", "完了する", "署名手続きを完了する"):  # two, three, four
        button = page.get_by_role("button", name=said(words, language), exact=True)
        (button if button.count() else page.get_by_role("link", name=said(words, language), exact=True)).last.click()
        page.wait_for_load_state()
    page.wait_for_url(re.compile("/done"))
    assert vendor_of(envelope).state == "consented"


@pytest.mark.parametrize(("language", "scripts"), [("ja", False), ("en", True)], ids=["ja-plain", "en-scripts"])
def test_a12_declining_needs_a_reason(asked: Asked, cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope, link = asked[1]
    page = open_page(phone=True, scripts=scripts, language=language)
    enter_code(page, link, language=language)
    page.get_by_role("link", name=said("署名しない（修正依頼・辞退）", language)).click()
    press(page, "署名しない", language)
    assert page.title().startswith(said("エラー：", language))
    assert vendor_of(envelope).state == "opened"
    page.get_by_label(said("内容を修正してほしい", language)).check()
    page.locator("textarea").fill("第3条の金額を直してください。")
    press(page, "署名しない", language)
    page.wait_for_url("**/declined")
    envelope.refresh_from_db()
    assert (envelope.state, envelope.reason) == ("declined", "第3条の金額を直してください。")
    # The sender and whoever was mailed, but for the one who declined; the mayor, whose turn had not come, hears nothing.
    assert list(Mail.objects.filter(kind="M10").values_list("to", flat=True)) == [cast_.clerk.mail]
    page.goto(link)
    assert page.get_by_role("button", name=said("次へ", language), exact=True).count() == 0


def test_a16_english_throughout(asked: Asked, cast_: Cast, open_page: OpenPage) -> None:
    """By ``?lang=en`` alone: titles, buttons, errors and the mail; only what people have written is Japanese."""
    envelope, link = asked[2]
    page = open_page(phone=True)
    vendor = vendor_of(envelope)
    ours = [envelope.name, envelope.comment, "契約課", "桜田 花子", vendor.organization_name, vendor.title, vendor.name, "立会テスト運営"]
    ours += [cast_.city.name, *(document.name for document in envelope.documents.all())]

    def english(text: str) -> None:
        for words in sorted(ours, key=len, reverse=True):
            text = text.replace(words, "")
        assert not JAPANESE.search(text), text

    def shown() -> None:
        assert page.locator("html").get_attribute("lang") == "en"
        english(page.locator("main").inner_text() + page.title())

    page.goto(link + "?lang=en")
    shown()
    for code in ("000001", CODE):
        enter_code(page, link, code, language="en")
        shown()
    finish(page, language="en")
    shown()
    read_everything(page)
    shown()
    page.goto(f"{link}/decline")
    press(page, "署名しない", "en")
    shown()
    page.goto(f"{link}/review")
    complete(page, language="en")
    shown()
    mail = Mail.objects.filter(kind="M01", about=vendor.pk)[0]
    mail.language = "en"
    letter: EmailMessage = compose(mail)
    body = letter.get_body(("plain",))
    assert body is not None
    assert "has requested your signature" in str(letter["Subject"])
    english(f"{letter['Subject']} {body.get_content()}")


def test_a19_a20_light_and_nothing_covered(asked: Asked, cast_: Cast, open_page: OpenPage) -> None:
    """Words play no part here. The whole page is tabbed through; and it is loaded once more with nothing in the cache."""
    sent_: list[Envelope] = []
    aside(lambda: sent_.append(fielded.sent(cast_)))
    link = f"/s/{link_for(vendor_of(sent_[0]).pk)}"
    page = open_page(phone=True)
    enter_code(page, link)
    page.goto(f"{link}/review?doc=1&page=2")
    page.keyboard.press("Tab")
    reached = set()
    for _ in range(60):
        told = page.evaluate(FOCUSED)
        if told is None or told["what"] in reached:
            break
        reached.add(told["what"])
        assert told["covered"] == 0, told
        assert told["outline"] >= 2, told
        page.keyboard.press("Tab")
    assert len(reached) > 15
    # A20, on the plain request: what the first page of a contract costs.
    link = asked[1][1]
    page = open_page(phone=True)
    enter_code(page, link)
    page.goto("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    kinds: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda one: kinds.update({one["requestId"]: (one["type"], one["response"]["url"])}))
    session.on("Network.loadingFinished", lambda one: sizes.update({one["requestId"]: int(one["encodedDataLength"])}))
    page.add_init_script(SHIFTED)
    page.goto(f"{link}/review", wait_until="networkidle")
    assert page.evaluate("window.shifted") <= 0.02
    # What had arrived when the first page could be read; the icon of the tab comes after it.
    until = list(sizes)[: 1 + next(number for number, one in enumerate(sizes) if "/pages/1" in kinds.get(one, ("", ""))[1])]
    assert 3 <= len(until) <= 6, kinds
    assert sum(sizes[one] for one in until) <= 120 * 1024, sizes
    assert all("127.0.0.1" in url or url.startswith("data:") for _, url in kinds.values())
    assert not [kind for kind, _ in kinds.values() if kind == "Font"]
    assert [kind for kind, _ in kinds.values()].count("Image") == 1


FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const bar = document.querySelector('[data-testid=sticky-bar]');
  const here = one.getBoundingClientRect(), over = bar.getBoundingClientRect();
  const wide = Math.min(here.right, over.right) - Math.max(here.left, over.left);
  const high = Math.min(here.bottom, over.bottom) - Math.max(here.top, over.top);
  // A field on the page shows the focus by its own frame, drawn at the same width at every zoom.
  const style = getComputedStyle(one), frame = one.matches('.field-box') && getComputedStyle(one.querySelector('rect'));
  const outline = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
  return {
    what: [...document.querySelectorAll('*')].indexOf(one),
    covered: bar.contains(one) ? 0 : Math.max(0, wide) * Math.max(0, Math.round(high)),
    outline: frame ? parseFloat(frame.strokeWidth) : outline,
    html: one.outerHTML.slice(0, 100),
  };
}"""
SHIFTED = """window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value; })
  .observe({type: 'layout-shift', buffered: true});"""
