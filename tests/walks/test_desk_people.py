"""Several people and one envelope, at the desk and behind links: order, approval, asking again, roles, home (B01 to B19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from acts import Clicks, aside, choose, enter_code, finish, link_in, press, read_everything, said, sit, worked
from post import Post
from ruler import axe_finds

from approvals import all_of, approver, route, stands_in
from cast import Cast, link_for
from stages import drafted
from stories import concluded, sent, vendor_of
from tachiai import clock
from tachiai.accounts.models import Member, Organization
from tachiai.accounts.route_models import Deputyship
from tachiai.clock import JAPAN
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.reminding import remind
from tachiai.envelopes.templates import save_as_template
from tachiai.outbox.composing import compose
from tachiai.outbox.models import Mail
from ventures import PARTNER, person, venture

pytestmark = pytest.mark.browser
STATES = {"ja": "取消", "en": "Cancelled"}
OpenPage = Callable[..., Any]
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])
WAYS = pytest.mark.parametrize(("language", "scripts"), [("ja", False), ("en", True)], ids=["ja-plain", "en-scripts"])


def made(act: Callable[[], Any]) -> Any:
    found: list[Any] = []
    aside(lambda: found.append(act()))
    return found[0]


def seated(open_page: OpenPage, member: Member, **how: Any) -> Any:
    page = open_page(**how)
    sit(page, member)
    return page


def asked() -> set[str]:
    """Who has been asked to sign or to confirm so far."""
    worked()
    return set(Mail.objects.filter(kind__in=("M01", "M03", "M04")).values_list("to", flat=True))


@WAYS
def test_b07_in_order_at_the_same_time_and_any_one(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    """The city confirms; two are asked at the same moment and one of them is enough; the partner after them, then the mayor."""
    how = {"scripts": scripts, "language": language}
    envelope = made(lambda: venture(cast_))
    assert asked() == {cast_.second.mail}
    desk = seated(open_page, cast_.second, **how)
    desk.goto(f"/envelopes/{envelope.pk}/sign")
    read_everything(desk)
    desk.goto(f"/envelopes/{envelope.pk}/sign/confirm")
    press(desk, "確認しました", language)
    assert asked() == {cast_.second.mail, cast_.vendor.mail, cast_.builder.mail}
    builder, vendor = (f"/s/{link_for(person(envelope, one.mail).pk)}" for one in (cast_.builder, cast_.vendor))
    other = open_page(phone=True, **how)
    assert other.goto(vendor).status == 200
    page = open_page(phone=True, **how)
    enter_code(page, builder, language=language)
    read_everything(page)
    finish(page, language=language)
    press(page, "署名手続きを完了する", language)
    page.wait_for_url("**/done")
    assert asked() == {cast_.second.mail, cast_.vendor.mail, cast_.builder.mail, PARTNER.mail}
    assert other.goto(vendor).status == 410
    assert said("お手続きは不要になりました", language) in other.locator("main").inner_text()
    desk = seated(open_page, cast_.clerk, **how)
    desk.goto(f"/envelopes/{envelope.pk}")
    row = desk.locator("table.people tr, table tr", has_text="緑野 太郎").first
    assert STATES[language] in row.inner_text()


@WAYS
def test_b08_returned_with_a_comment_and_approved_by_a_deputy(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    how = {"scripts": scripts, "language": language}
    told: dict[str, Any] = {}

    def tell() -> None:
        told["deputy"], told["late"] = approver(cast_, "deputy", "代理 三"), approver(cast_, "late", "後日 四")
        told["route"] = route(cast_, all_of(cast_.second))
        Organization.objects.filter(pk=cast_.city.pk).update(requires_route=True, default_route=told["route"])
        told["envelope"] = drafted(cast_)
        stands_in(cast_, told["late"], cast_.second, days=(5, 6))

    aside(tell)
    review, shown = f"/envelopes/{told['envelope'].pk}/review", f"/envelopes/{told['envelope'].pk}"
    clerk = seated(open_page, cast_.clerk, **how)
    clerk.goto(review)
    assert clerk.locator("main").get_by_role("button", name=said("署名を依頼する", language), exact=True).count() == 0
    press(clerk, "承認を依頼する", language)
    first = Approval.objects.get()
    second = seated(open_page, cast_.second, **how)
    second.goto("/approvals")
    second.locator(f"main a[href='/approvals/{first.pk}']").first.click()
    press(second, "差し戻す", language)
    assert second.title().startswith(said("エラー：", language))
    assert said("差し戻す理由を2文字以上で入力してください。", language) in second.get_by_test_id("error-summary").inner_text()
    second.fill("main textarea", "金額を直してください。")
    press(second, "差し戻す", language)
    clerk.goto(shown)
    assert "金額を直してください。" in clerk.locator("main").inner_text()
    assert Envelope.objects.get().state == "returned"
    press(clerk, "下書きに戻して修正する", language)
    clerk.goto(review)
    press(clerk, "承認を依頼する", language)
    again = Approval.objects.get(state="waiting")

    # The sender sees it and has no say; nor has a deputy outside the dates.
    aside(lambda: Member.objects.filter(pk=cast_.clerk.pk).update(may_approve=True))
    clerk.goto(f"/approvals/{again.pk}")
    assert clerk.locator("main").get_by_role("button", name=said("承認する", language), exact=True).count() == 0
    late = seated(open_page, told["late"], **how)
    assert late.goto(f"/approvals/{again.pk}").status == 404
    aside(lambda: (Deputyship.objects.all().delete(), stands_in(cast_, told["deputy"], cast_.second)))
    deputy = seated(open_page, told["deputy"], **how)
    deputy.goto("/approvals?view=deputy")
    deputy.locator(f"main a[href='/approvals/{again.pk}']").first.click()
    banner = said("あなたは %(name)s さんの代理として操作しています", language, name="丘野 次郎")
    assert banner in deputy.locator("main").inner_text()
    press(deputy, "承認する", language)
    assert Envelope.objects.get().state in ("sending", "in_progress")
    stood_in = said("代理：{deputy}（{approver}の代理）", language, deputy="代理 三", approver="丘野 次郎")
    admin = seated(open_page, cast_.admin, **how)
    for page, address in ((clerk, shown), (deputy, f"/approvals/{again.pk}"), (admin, "/ledger")):
        page.goto(address)
        assert stood_in in page.locator("main").inner_text(), address


@LANGUAGES
def test_b10_asked_again_by_hand_and_by_the_clock(cast_: Cast, post: Post, open_page: OpenPage, language: str) -> None:
    """By hand the old link dies; the clock's reminders keep it, 23, 16, 9 and 2 days before the day, and none in the first five."""
    Member.objects.filter(pk=cast_.clerk.pk).update(language=language)
    envelope = made(lambda: _sent_in(cast_, language))
    vendor = vendor_of(envelope)
    again, page = ("[再送]", "[Reminder]")[language == "en"], open_page(phone=True, language=language)
    old = link_in(post.text(vendor.mail))
    desk = seated(open_page, cast_.clerk, language=language)
    desk.goto(f"/envelopes/{envelope.pk}/recipients/{vendor.pk}/again")
    desk.locator("main form button.button").last.click()
    desk.wait_for_load_state()
    worked()
    new = link_in(post.text(vendor.mail))
    assert str(post.to(vendor.mail)[-1]["Subject"]).startswith(again)
    assert (page.goto(old).status, page.goto(new).status) == (410, 200)
    days = _days_reminded(envelope)
    assert days == [23, 16, 9, 2]
    for mail in Mail.objects.filter(kind="M02", to=vendor.mail).order_by("-created_at")[: len(days)]:
        letter = compose(mail)
        assert str(letter["Subject"]).startswith(again)
        assert link_in(str(letter.get_body(("plain",)).get_content())) == new  # type: ignore[union-attr]
    assert page.goto(new).status == 200
    # Thirteen days: the ninth day before the end is the fourth of the request, too early.
    soon = clock.today(clock.now()) + timedelta(days=13)
    other = made(lambda: _sent_in(cast_, language, deadline=soon))
    assert _days_reminded(other) == [2]


def _sent_in(cast: Cast, language: str, deadline: Any = None) -> Envelope:
    envelope = sent(cast)
    Recipient.objects.filter(envelope=envelope).update(language=language)
    if deadline:
        Envelope.objects.filter(pk=envelope.pk).update(deadline=deadline)
    envelope.refresh_from_db()
    return envelope


def _days_reminded(envelope: Envelope) -> list[int]:
    """On which days before its end the clock writes to whoever is to sign, asked at ten each day."""
    assert envelope.deadline
    told = []
    for left in range(30, -1, -1):
        moment = datetime.combine(envelope.deadline - timedelta(days=left), time(10), JAPAN)
        if moment < clock.now():
            continue
        before = Mail.objects.filter(kind="M02", about__isnull=False).count()
        aside(lambda moment=moment: remind(at=moment))  # type: ignore[misc]
        told += [left] * (Mail.objects.filter(kind="M02", about__isnull=False).count() - before)
    return told


def test_b13_each_role_at_each_kind_of_page(cast_: Cast, open_page: OpenPage) -> None:
    """What each role may see, asked by a browser; the system administrator sees no document at all. Words play no part here."""
    envelope = made(lambda: sent(cast_))
    document, vendor = envelope.documents.get(), vendor_of(envelope)
    here = f"/envelopes/{envelope.pk}"
    pages = {
        "/envelopes/new": "200 200 200 200 403 403 200",
        here: "200 200 200 404 200 403 404",
        f"{here}/documents/{document.pk}": "200 200 200 404 200 403 404",
        f"{here}/documents/{document.pk}/pages/1": "200 200 200 404 200 403 404",
        f"{here}/documents/{document.pk}/copy.pdf": "200 200 200 404 200 403 404",
        f"{here}/withdraw": "200 200 200 404 403 403 404",
        f"{here}/recipients/{vendor.pk}/again": "200 200 200 404 403 403 404",
        "/counterparties": "200 200 200 200 200 403 200",
        "/templates/new": "200 200 403 403 403 403 200",
        "/admin/users": "200 403 403 403 403 200 200",
        "/admin/routes": "200 403 403 403 403 200 200",
        "/ledger/check": "200 403 403 403 200 403 200",
        "/me": "200 200 200 200 200 200 200",
    }
    people = (cast_.admin, cast_.second, cast_.clerk, cast_.mayor, cast_.auditor, cast_.system, cast_.stranger_admin)
    seats = [seated(open_page, one) for one in people]
    found = {path: " ".join(str(seat.request.get(path).status) for seat in seats) for path in pages}
    assert found == pages
    # Nobody raises themselves: the page offers nothing, and what is posted in spite of it is refused.
    admin = seats[0]
    admin.goto(f"/admin/users/{cast_.admin.pk}")
    assert admin.locator("main [name=role], main [name=may_sign], main [name=act]").count() == 0
    admin.goto("/admin/users/new")
    token = admin.locator("main [name=csrfmiddlewaretoken]").first.get_attribute("value")
    form = {"csrfmiddlewaretoken": token, "act": "change", "name": "管理 太郎", "role": "admin", "language": "ja", "may_sign": "on"}
    answer = admin.request.post(f"/admin/users/{cast_.admin.pk}", form=form, headers={"Referer": admin.url})
    assert answer.status in (403, 422)
    assert not Member.objects.get(pk=cast_.admin.pk).may_sign


@WAYS
def test_b15_b16_tiles_pictures_and_empty_pages(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    how = {"scripts": scripts, "language": language}
    desk, system = seated(open_page, cast_.clerk, **how), seated(open_page, cast_.system, **how)

    def empty(page: Any, address: str, title: str, action: str) -> None:
        page.goto(address)
        box = page.locator("main .empty")
        assert box.locator("h2").inner_text() == said(title, language)
        assert box.locator("a").all_inner_texts() == ([said(action, language)] if action else [])

    for address in ("/", "/envelopes"):
        empty(desk, address, "まだ封筒がありません", "最初の署名依頼を作成する")
    empty(system, "/envelopes", "表示できる封筒がありません", "")
    empty(system, "/", "表示できる封筒がありません", "")

    def tell() -> None:
        concluded(cast_)
        Envelope.objects.filter(pk=sent(cast_).pk).update(deadline=clock.today(clock.now()) + timedelta(days=2))
        drafted(cast_)

    aside(tell)
    empty(desk, "/envelopes?words=zzz", "条件に一致する封筒がありません", "条件をクリア")
    desk.goto("/")
    tiles = [(tile.get_attribute("href"), tile.locator(".tile-number").inner_text()) for tile in desk.locator("a.tile").all()]
    assert len(tiles) == 5
    assert "1" in [number for _, number in tiles]
    drawn = {}
    for chart in desk.locator("figure.chart").all():
        key = chart.get_attribute("data-testid")
        assert chart.locator("svg[role=img]").get_attribute("aria-labelledby")
        chart.locator("summary").click()
        table = [[int(cell) for cell in row.locator("td.numeric").all_inner_texts()] for row in chart.locator("tbody tr").all()]
        in_picture = [int(one) for one in chart.locator("svg text").all_text_contents() if one.isdigit()]
        drawn[key] = (table, in_picture)
        if key != "chart-weeks":
            assert in_picture == [row[0] for row in table], key
    assert drawn["chart-funnel"][0] == [[2], [1], [1], [1], [1]]
    assert sum(row[0] for row in drawn["chart-spans"][0]) == 1
    assert drawn["chart-weeks"][0][-1] == [2, 1]
    for address, number in tiles:
        desk.goto(address)
        assert desk.locator("main tbody th[scope=row] a[href^='/envelopes/']").count() == int(number), address


@LANGUAGES
def test_b01_a_template_is_sent_in_five_presses(cast_: Cast, open_page: OpenPage, language: str) -> None:
    made(lambda: save_as_template(drafted(cast_), name="業務委託", by=cast_.second, at=clock.now()))
    page = seated(open_page, cast_.clerk, language=language)
    clicks = Clicks(page)
    page.goto("/")
    clicks.press(page.locator("nav.desk-menu a[href='/templates']"))
    clicks.press(page.locator("main a[href$='/use']").first)
    choose(page, "place-0-who", "緑野 太郎", clicks)
    page.fill("input[name=name]", "秋の契約")
    for number, part in enumerate(("2026", "11", "23")):
        page.fill(f"input[name=transaction_date_{number}]", part)
    page.fill("input[name=amount]", "1100000")
    clicks.press(page.locator("main").get_by_role("button", name=said("確認へ進む", language), exact=True))
    page.wait_for_url("**/review")
    clicks.press(page.locator("main").get_by_role("button", name=said("署名を依頼する", language), exact=True))
    page.wait_for_url("**/sent")
    assert said("署名依頼を送信しました", language) in page.locator("main").inner_text()
    assert clicks.count <= 5


@WAYS
def test_b04_recipients_wrong_twice_and_moved_by_keys(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope = made(lambda: drafted(cast_))
    page = seated(open_page, cast_.clerk, scripts=scripts, language=language)
    page.goto(f"/envelopes/{envelope.pk}/recipients")

    def by_keys(target: Any) -> None:
        target.focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def typed(name: str, mail: str) -> None:
        page.select_option(f"select[name={name}]", "typed")
        fold = page.locator("details", has=page.locator(f"[name={name}_mail]"))
        if not fold.evaluate("one => one.open") if scripts else fold.get_attribute("open") is None:
            fold.locator("summary").first.click()
        for part, value in (("organization", "はなれ商店（架空）"), ("name", "離野 守"), ("mail", mail)):
            page.fill(f"[name={name}_{part}]", value)
        page.select_option(f"select[name={name}_gate]", "none")

    typed("counterparty", "x")
    by_keys(page.locator(".wizard-actions button.button"))
    assert page.title().startswith(said("エラー：", language))
    summary = page.get_by_test_id("error-summary")
    assert summary.locator("a").count() == 1
    summary.locator("a").first.click()
    assert "counterparty_mail" in page.url
    page.fill("[name=counterparty_mail]", "someone@gmail.com")
    by_keys(page.locator("button[name=add]"))
    typed("more_0", "someone@gmail.com")
    page.fill("[name=more_0_order]", "3")
    by_keys(page.locator(".wizard-actions button.button"))
    cautions = page.locator("main form > ul").first
    assert cautions.locator("li").count() >= 3
    assert cautions.inner_text().count("離野 守") >= 3
    # Order, by keys alone: a press of ▲, and a number typed.
    by_keys(page.locator("button[name=move][value='up:more_0']"))
    orders = [page.locator(f"[name={one}_order]").input_value() for one in ("counterparty", "own", "more_0")]
    assert orders == ["1", "3", "2"]
    page.locator("[name=counterparty_order]").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("３")
    by_keys(page.locator(".wizard-actions button.button"))
    if "/fields" not in page.url:
        by_keys(page.locator(".wizard-actions button.button"))
    assert "/fields" in page.url
    assert Recipient.objects.filter(envelope=envelope, name="離野 守").count() == 2


def test_b19_the_desk_by_keys_alone(cast_: Cast, open_page: OpenPage) -> None:
    """Tab goes as the page reads and never jumps; the drawer and the menu close with Escape, and the focus comes back. No page of
    the house has a modal dialog, so that there is nothing a focus could be held in: the drawer closes when the focus leaves it."""
    page = seated(open_page, cast_.clerk, phone=True)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator("dialog, [aria-modal]").count() == 0
    assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0
    drawer = page.locator("details.drawer")
    drawer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert drawer.evaluate("one => one.open")
    assert axe_finds(page) == []
    page.keyboard.press("Tab")
    assert drawer.evaluate("one => one.contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert not drawer.evaluate("one => one.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    for _ in range(drawer.locator("a").count() + 1):
        page.keyboard.press("Tab")
    assert not drawer.evaluate("one => one.open")
    page.goto("/envelopes/new")
    page.locator("body").focus()
    places = []
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate(TABBED)
        if place < 0 or (places and place <= places[-1]):
            break
        places.append(place)
    assert len(places) > 15
    assert places == sorted(places)


TABBED = """[...document.querySelectorAll('*')].indexOf(document.activeElement === document.body ? null : document.activeElement)"""
