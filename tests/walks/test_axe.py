"""axe finds nothing: every page of the walk, in Japanese on a phone and in English at a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, enter_code, log_in
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from cast import Cast, link_for
from registrar.test_copies import NEW, TYPED, code_for
from registrar.test_filling import confirmed, opened, power, typed
from stories import concluded, drafted, sent, vendor_of
from tachiai import clock, counterparties
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.models import Envelope

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
# Each language and each width once: what axe judges hangs on one of the two, not on how they meet.
WAYS = pytest.mark.parametrize(("phone", "language"), [(True, "ja"), (False, "en")], ids=["phone-ja", "desk-en"])
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def found_on(page: Any, paths: list[str]) -> dict[str, list[str]]:
    axe, wrong = Axe(), {}
    for path in paths:
        page.goto(path)
        violations = axe.run(page, options=OPTIONS).response["violations"]
        if violations:
            wrong[path] = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in violations]
    return wrong


@WAYS
def test_axe_finds_nothing(cast_: Cast, open_page: OpenPage, language: str, phone: bool) -> None:
    stories: list[Envelope] = []
    aside(lambda: stories.extend((concluded(cast_), sent(cast_, documents=2), drafted(cast_))))
    done, open_, draft = stories
    sign, fetch = f"/s/{link_for(vendor_of(open_).pk)}", f"/d/{link_for(vendor_of(done).pk, 'download')}"
    page = open_page(phone=phone, language=language)
    public = [
        "/login",
        "/password/reset",
        "/v",
        "/v/AAAA-AAAA-AAAA-AAAA",
        "/about",
        "/about/terms",
        "/about/privacy",
        "/about/accessibility",
        "/log/",
    ]
    wrong = found_on(page, [*public, sign, fetch, "/s/" + "A" * 43])
    enter_code(page, sign, language=language)
    wrong |= found_on(page, [f"{sign}/review", f"{sign}/review?doc=2", f"{sign}/confirm", f"{sign}/decline"])
    enter_code(page, fetch, language=language)
    wrong |= found_on(page, [f"{fetch}/files"])
    log_in(page, cast_.clerk)
    desk = [
        "/",
        "/envelopes",
        "/envelopes/new",
        "/documents",
        "/documents/validity",
        "/counterparties",
        "/counterparties/new",
        f"/counterparties/{cast_.vendor.pk}",
        "/me",
    ]
    desk += [f"/envelopes/{draft.pk}/{step}" for step in ("files", "recipients", "review")]
    desk += [f"/envelopes/{open_.pk}", f"/envelopes/{open_.pk}/sent", f"/envelopes/{open_.pk}/withdraw", f"/envelopes/{done.pk}"]
    desk += [f"/envelopes/{open_.pk}/sharing", f"/envelopes/{open_.pk}/information"]
    desk += [f"/envelopes/{open_.pk}/recipients/{vendor_of(open_).pk}/again", "/login/mfa/", "/mailbox/"]
    wrong |= found_on(page, desk)
    page = open_page(phone=phone, language=language)
    log_in(page, cast_.auditor)
    wrong |= found_on(page, ["/documents", "/documents/samples", "/documents/samples/new"])
    page = open_page(phone=phone, language=language)
    log_in(page, cast_.admin)
    admin = ["users", "users/new", "users/sheet", f"users/{cast_.clerk.pk}", f"users/{cast_.admin.pk}"]
    admin += ["groups", "groups/new", "folders/new", "security", "info-fields"]
    wrong |= found_on(page, [f"/admin/{one}" for one in admin])
    copies: list[str] = []
    aside(lambda: copies.extend(copies_of(cast_)))
    bulk = [f"/envelopes/{act}?pick={open_.pk}&pick={draft.pk}" for act in ("move", "again")]
    wrong |= found_on(page, [*copies, *bulk])
    assert wrong == {}


def copies_of(cast: Cast) -> list[str]:
    """Every page of a request for copies, the staff's too: form, code, receipt, list, decision."""
    Member.objects.filter(pk=cast.admin.pk).update(may_approve=True)
    door, browser = f"{opened(cast)}/copies", Client()
    begun, done = (browser.post(door, {**TYPED, "mail": mail}).headers["Location"] for mail in ("one@example.jp", NEW))
    browser.post(done, {"code": code_for()})
    request = CopyRequest.objects.get(mail=NEW)
    return [door, begun, f"{done}/done", "/counterparties/copies", f"/counterparties/copies/{request.pk}"]


def registrations_of(cast: Cast) -> list[str]:
    """Every page of a registration online: those of the form, from guide to receipt, and of what staff and its owner do with it."""
    door, staff = opened(cast), Client()
    begun, sent, done = (staff.post(f"{door}/form", typed(attorney=power())).headers["Location"] for _ in range(3))
    confirmed(staff, done)
    staff.post(sent)
    back = Registration.objects.get(mail="nozomi@example.jp")
    counterparties.return_registration(back, reason="委任状の日付をご記入ください。", by=cast.second, at=clock.now())
    fresh = staff.post(f"{door}/form", typed(attorney=power(), mail="other@example.jp")).headers["Location"]
    confirmed(staff, fresh, "other@example.jp")
    waiting = Registration.objects.get(mail="other@example.jp")
    public = [
        door,
        f"{door}/form",
        begun,
        begun.replace("/check", "/form"),
        sent.replace("/check", "/code"),
        done.replace("/check", "/done"),
    ]
    desk = ["/counterparties", "/counterparties?q=nobody", "/counterparties/form", "/counterparties/import"]
    return [*public, f"/r/{link_for(back.pk, 'confirm')}", *desk, f"/counterparties/{back.pk}", f"/counterparties/{waiting.pk}"]


@WAYS
def test_axe_finds_nothing_at_a_registration(cast_: Cast, open_page: OpenPage, language: str, phone: bool) -> None:
    paths: list[str] = []
    aside(lambda: paths.extend(registrations_of(cast_)))
    page = open_page(phone=phone, language=language)
    log_in(page, cast_.admin)
    wrong = found_on(page, paths)
    page.goto(paths[1])
    page.locator("main form button.button-large").click()
    assert page.locator("main a[href='#id_code']").count() == 1
    assert wrong == {} == {one["id"]: one for one in Axe().run(page, options=OPTIONS).response["violations"]}
