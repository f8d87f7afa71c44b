"""Every page of the house, in both languages (B19, X01): axe, nothing wider than the screen or cut off, every word in its language.

The pages are held against the URL table: a new URL that is neither looked at here nor said to be no page fails. In Japanese axe looks
at each state of them as a phone shows it, in English at each page once as a desk shows it; colours hang on no words, and are judged
once for each page and wherever something is said in a colour. Nothing may be wider than 320 or 1280 px, nor with text twice as large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acts import aside, enter_code, log_in, read_everything
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse
from grand_house import places
from looking import ONLY, Looking, found_by, named, no_pages, pages

from cast import PASSWORD, Cast, mailed_code
from tachiai import clock
from tachiai.accounts import identity
from tachiai.ceremony.models import Invitation
from tachiai.counterparties.models import Registration
from tachiai.envelopes.models import Recipient
from tachiai.pages.samples import samples
from ventures import HEIR, mailed

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


@pytest.fixture
def address(address: str, settings: Any) -> str:
    """By its name: no passkey is asked for at a number."""
    named = address.replace("127.0.0.1", "localhost")
    settings.TACHIAI = replace(settings.TACHIAI, public_url=named)
    return named


def test_what_is_no_page_is_in_the_url_table() -> None:
    assert no_pages() <= named()


@pytest.mark.timeout(900)  # many pages, and the machine may be busy
@LANGUAGES
def test_every_page_behind_a_link_and_in_public(grand: Cast, open_page: OpenPage, language: str) -> None:
    look, at = Looking(open_page, language), places()
    for part in (_ceremony, _mailed, _strong, _ends, _downloads, _registrations, _public):
        if not ONLY or ONLY in part.__name__:
            part(look, at)
    assert look.wrong == [], "\n".join(look.wrong)
    assert ONLY or pages(behind_links=True) - look.seen == set()


def _ceremony(look: Looking, at: dict[str, str]) -> None:
    """S-01 to S-06 of whoever has a registered code, with fields and without."""
    page, link = look.visitor(), at["/open"]
    look.at(page, link)
    enter_code(page, link, "12", language=look.language)
    look.here(page)
    enter_code(page, link, language=look.language)
    look.at(page, f"{link}/review", f"{link}/review?view=text", f"{link}/decline")
    look.press(page, "署名しない")
    look.here(page)
    look.at(page, f"{link}/confirm", status=422)
    look.at(page, f"{link}/review?doc=2", f"{link}/confirm")
    page.goto(f"{link}/review")
    page.get_by_role("button", name=look.words("あとで続ける")).click()
    look.here(page)
    link = at["/filled"]
    enter_code(page, link, language=look.language)
    look.at(page, f"{link}/review?doc=1&page=2")
    page.get_by_test_id("sticky-bar").get_by_role("button").click()
    look.here(page)
    link = at["/declining"]
    enter_code(page, link, language=look.language)
    page.goto(f"{link}/decline")
    page.locator("main input[type=radio]").last.check()
    page.fill("main textarea", "第3条の金額を直してください。")
    look.press(page, "署名しない")
    look.here(page)
    link = at["/reviewed"]
    page.goto(link)
    page.locator("main form button").first.click()
    page.wait_for_url("**/review")
    look.at(page, f"{link}/review", f"{link}/confirm")
    look.press(page, "確認しました")
    look.here(page)


def _mailed(look: Looking, at: dict[str, str]) -> None:
    """S-02 and S-07: a one-time code, and somebody else named."""
    page, link = look.visitor(), at["/mailed"]
    look.at(page, link)
    look.press(page, "認証コードを送る")
    look.here(page)
    person = Recipient.objects.get(pk=at["reassignable"])
    page.fill("#code", found_by(lambda: mailed(person)))
    look.press(page, "次へ")
    look.at(page, f"{link}/forward")
    page.locator("main form button.button").last.click()
    look.here(page)
    for name, value in (("organization", HEIR.organization), ("name", HEIR.name), ("mail", HEIR.mail), ("reason", "異動")):
        page.fill(f"[name={name}]", value)
    page.check("[name=authority]")
    page.locator("main form button.button").last.click()
    page.wait_for_url("**/forwarded")
    look.here(page)
    look.at(look.visitor(), link, status=410)


def _strong(look: Looking, at: dict[str, str]) -> None:
    page = look.visitor()
    for link, rest in ((at["/passkey"], "/passkey"), (at["/app"], "/authenticator")):
        enter_code(page, link, language=look.language)
        read_everything(page)
        look.at(page, link + rest)
    page.fill("#code", "000000")
    look.press(page, "次へ")
    look.here(page)


def _ends(look: Looking, at: dict[str, str]) -> None:
    """S-08, and S-05 of who has signed."""
    page = look.visitor()
    look.at(page, f"/s/{'A' * 43}", f"/d/{'A' * 43}", f"/r/{'A' * 43}", status=404)
    look.at(page, at["/withdrawn"], status=410)
    link = at["/signing"]
    enter_code(page, link, language=look.language)
    page.goto(f"{link}/confirm")
    look.press(page, "署名手続きを完了する")
    look.here(page)
    aside(lambda: _ends_now(subject=at["asked"], purpose="sign"))
    page = look.visitor()
    look.at(page, at["/open"], status=410)
    look.press(page, "再送を依頼する")
    look.here(page)


def _ends_now(**whose: object) -> None:
    Invitation.objects.filter(**whose).update(expires_at=clock.now() - timedelta(minutes=1))


def _downloads(look: Looking, at: dict[str, str]) -> None:
    page, link = look.visitor(), at["/done-code"]
    look.at(page, link)
    enter_code(page, link, language=look.language)
    look.at(page, f"{link}/files")
    other = look.visitor()
    look.at(other, at["/done-mailed"])
    other.locator("main form button").first.click()
    other.wait_for_url("**/otp")
    look.here(other)
    aside(lambda: _ends_now(purpose="download"))
    fresh = look.visitor()
    look.at(fresh, link, status=410)
    look.at(fresh, f"{link}/reissue")
    look.at(fresh, at["/done-mailed"], status=410)


def _registrations(look: Looking, at: dict[str, str]) -> None:
    """I-01 to I-05, the confirmation of one from paper, and asking for copies."""
    page = look.visitor()
    door = at["/begun"].split("/", 3)
    base = "/".join(door[:3])
    look.at(page, base, f"{base}/form", at["/begun"], at["/begun"].replace("/check", "/form"), at["/sent"], at["/receipt"])
    page.goto(f"{base}/form")
    page.locator("main form button.button-large").last.click()
    look.here(page)
    look.at(page, at["/corrected"], f"{base}/copies", at["/copies"], at["/copied"])
    page.goto(at["/paper"])
    look.here(page)
    page.locator("main form button").first.click()
    page.wait_for_url("**/code")
    look.here(page)
    asked = Registration.objects.get(mail="minato@example.jp")
    page.fill("input[autocomplete=one-time-code]", found_by(lambda: mailed_code(asked)))
    page.check("[name=authority]")
    look.press(page, "確認する")
    page.wait_for_url("**/done")
    look.here(page)
    look.at(page, "/i/nobody", status=404)


def _public(look: Looking, at: dict[str, str]) -> None:
    page = look.visitor()
    look.at(page, "/v", f"/v/{at['number']}", "/about", "/about/terms", "/about/privacy", "/about/accessibility", "/log/", "/mailbox/")
    look.at(page, "/v/AAAA-AAAA-AAAA-AAAA", "/nothing-here", status=404)
    page.goto("/mailbox/")
    page.locator("ul.letters a").first.click()
    look.here(page)
    for name, pdf in (("unsigned.pdf", samples()[0].pdf), ("none.pdf", b"nothing")):
        page.goto("/v")
        page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/pdf", "buffer": pdf})
        page.locator("main form:has(input[type=file]) button").first.click()
        page.wait_for_load_state()
        look.here(page)


@pytest.mark.timeout(900)  # many pages, and the machine may be busy
@LANGUAGES
def test_every_page_of_the_desk(grand: Cast, open_page: OpenPage, language: str) -> None:
    look, at = Looking(open_page, language), places()
    for who, paths in _seats(at).items():
        if any(ONLY in path for path in paths):
            page = look.visitor(getattr(grand, who))
            look.at(page, *paths)
    for part in (_refused, _acts, _logins, _held):
        if not ONLY or ONLY in part.__name__:
            part(look, at, grand)
    assert look.wrong == [], "\n".join(look.wrong)
    assert ONLY or pages(behind_links=False) - look.seen == set()


def _seats(at: dict[str, str]) -> dict[str, list[str]]:
    """Who looks at what: each page once, as whoever has most to see there; lists also where nothing is found."""

    def of(name: str, *rest: str) -> list[str]:
        return [f"/envelopes/{at[name]}{one and '/' + one}" for one in rest]

    clerk = [
        "/",
        "/envelopes/new",
        "/templates",
        "/me",
        "/counterparties?q=nobody",
        *of("draft", "files", "recipients", "fields", "review"),
    ]
    clerk += [*of("draft", "uploads", f"uploads/{at['upload']}"), *of("fields", "fields?doc=1&page=1", "recipients", "review")]
    clerk += [*of("fields", f"preview/{at['shown']}/letters", *(f"preview/{at['shown']}/{one}" for one in ("entry", "review", "confirm")))]
    clerk += [*of("planned", "", "schedule"), *of("returned", ""), *of("open", "sent"), f"/templates/{at['template']}/use"]
    second = [
        "/approvals",
        "/approvals?view=deputy",
        "/approvals?view=done",
        f"/approvals/{at['approval']}",
        "/me/deputy",
        "/templates/new",
    ]
    second += [
        *of("fields", "template"),
        f"/templates/{at['template']}",
        f"/templates/{at['template']}/fields",
        *of("draft", f"documents/{at['warned']}"),
    ]
    admin = [
        "/",
        "/envelopes",
        "/envelopes?due_from=2020-01-01&sort=-deadline",
        "/envelopes?words=nobody",
        "/documents",
        "/documents?words=nobody",
    ]
    admin += [*of("open", "", "withdraw", "sharing", "information", f"documents/{at['document']}"), *of("done", ""), *of("waiting", "")]
    admin += [
        *of("mailed", ""),
        *of("withdrawn", ""),
        *of("expired", "", "extend"),
        *of("open", *(f"recipients/{at['asked']}/{one}" for one in ("again", "revoke"))),
    ]
    admin += of("mailed", f"recipients/{at['reassignable']}/change-signer")
    admin += [f"/envelopes/{act}?pick={at['open']}&pick={at['draft']}" for act in ("move", "again")]
    admin += ["/documents/validity", "/counterparties", "/counterparties/new", "/counterparties/import", "/counterparties/form"]
    admin += [f"/counterparties/{at[name]}" for name in ("vendor", "back", "filed")]
    admin += [
        "/counterparties/copies",
        f"/counterparties/copies/{at['request']}",
        "/ledger",
        "/ledger?words=zzz",
        "/ledger/check",
        "/backups",
    ]
    admin += [
        "/admin/handover",
        "/admin/reminders",
        "/admin/users",
        "/admin/users/new",
        "/admin/users/sheet",
        "/admin/groups",
        "/admin/groups/new",
    ]
    admin += [
        f"/admin/users/{at['clerk']}",
        f"/admin/users/{at['invited']}",
        f"/admin/groups/{at['group']}",
        f"/admin/folders/{at['folder']}",
    ]
    admin += [
        "/admin/folders/new",
        "/admin/info-fields",
        "/admin/routes",
        "/admin/routes/new",
        f"/admin/routes/{at['route']}",
        "/admin/deputies",
    ]
    admin += ["/admin/security", "/me/seals"]
    auditor = ["/documents", "/documents/samples", "/documents/samples/new", f"/documents/samples/{at['sample']}"]
    auditor += of("done", "concluded/1.pdf")  # the page that asks an auditor for the reason
    return {"clerk": clerk, "second": second, "admin": admin, "auditor": auditor, "system": ["/", "/envelopes", "/admin/users"]}


def _refused(look: Looking, at: dict[str, str], cast: Cast) -> None:
    """E-01: what is not there, not allowed, wrong."""
    page = look.visitor(cast.clerk)
    look.at(page, "/admin/users", status=403)
    look.at(page, f"/envelopes/{at['asked']}", "/nothing-here", f"/join/{'A' * 43}", status=404)
    look.at(page, "/envelopes/concluded.zip", "/envelopes/again", status=422)
    page.goto(f"/envelopes/{at['open']}/withdraw")
    page.locator("main form button.button").last.click()
    look.here(page)
    page.goto("/counterparties/new")
    page.locator("main form button.button").last.click()
    look.here(page)


def _acts(look: Looking, at: dict[str, str], cast: Cast) -> None:
    """Our own signer at the desk; and what stands there after one of two has declined."""
    page, sign = look.visitor(cast.mayor), f"/envelopes/{at['ours']}/sign"
    look.at(page, "/", sign, f"{sign}/confirm", f"{sign}/decline")
    page.goto(f"{sign}/confirm")
    look.press(page, "署名手続きを完了する")
    page.wait_for_url("**/sign/done")
    look.here(page)


def _logins(look: Looking, at: dict[str, str], cast: Cast) -> None:
    """The login, its second factor, a forgotten password, and who is invited."""
    page = look.visitor()
    look.at(
        page,
        "/login",
        "/password/reset",
        "/password/reset/done",
        "/password/reset/key/done",
        "/password/reset/key/x-y/",
        f"/join/{at['join']}",
    )
    page.goto("/login")
    page.locator("main form button").last.click()
    look.here(page)
    uid, key = user_pk_to_url_str(cast.second), default_token_generator.make_token(cast.second)
    look.at(page, reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key}))
    page = look.visitor()
    log_in(page, cast.system)
    look.at(page, "/password/change", "/reauthenticate", "/logout", "/login/mfa/")
    page.goto(reverse("mfa_activate_totp"))
    page.fill("input[name=password]", PASSWORD)  # asked for once more before anything of the second factor
    with page.expect_navigation():
        page.locator("main form button").last.click()
    look.here(page)
    aside(lambda: TOTP.activate(cast.system, generate_totp_secret()))
    look.at(page, "/login/mfa/", reverse("mfa_deactivate_totp"), reverse("mfa_generate_recovery_codes"))
    with page.expect_navigation():
        page.locator("main form button").last.click()
    look.at(page, reverse("mfa_view_recovery_codes"), reverse("mfa_reauthenticate"))
    page = look.visitor()
    page.goto("/login")
    page.fill("input[name=login]", cast.system.mail)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button").last.click()
    page.wait_for_url("**/authenticate/**")
    look.here(page)


def _held(look: Looking, at: dict[str, str], cast: Cast) -> None:
    """A restored house that nobody has accepted yet says so."""
    page = look.visitor(cast.admin)
    aside(lambda: identity.hold("house.restored", at=clock.now()))
    look.at(page, "/backups")
