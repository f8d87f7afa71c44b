"""A contract that asks for a passkey and for an authenticator app, on a phone, with Chromium's own virtual authenticator."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from acts import aside, choose, enter_code, finish, log_in, read_everything
from ruler import found_on

from cast import Cast, link_for
from stages import MAYOR, VENDOR, signs
from stories import drafted, work
from tachiai import clock
from tachiai.ceremony.models import Consent, Level
from tachiai.crypto.totp import code_at, step_of
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.models import Envelope, Proof, Recipient
from tachiai.envelopes.sending import send_envelope

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
BUILDER = "builder@example.com"
NEXT = {"ja": "次へ", "en": "Next"}
SET_UP = {"ja": "パスキーを登録する", "en": "Set up the passkey"}


@pytest.fixture
def address(address: str, settings: Any) -> str:
    """By its name: a browser does no passkeys at a number."""
    named = address.replace("127.0.0.1", "localhost")
    settings.TACHIAI = replace(settings.TACHIAI, public_url=named)
    return named


def with_authenticator(page: Any, *, unlocked: bool = True) -> Any:
    """A device that holds passkeys, with a finger on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": unlocked,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def draft_in(cast: Cast, stories: list[Envelope]) -> None:
    stories.append(drafted(cast))


def send(envelope: Envelope, cast: Cast) -> None:
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()


def place(envelope: Envelope, mail: str) -> Recipient:
    related = ("envelope__organization__operator", "envelope__sender", "member__organization", "registration__counterparty")
    return Recipient.objects.select_related(*related).get(envelope=envelope, mail=mail)


def prove_with_app(page: Any, *, language: str = "ja") -> None:
    plain = page.locator("[data-testid=secret]").inner_text().replace(" ", "")
    secret = base64.b32decode(plain + "=" * (-len(plain) % 8))
    page.fill("#code", code_at(secret, step_of(clock.now())))
    page.get_by_role("button", name=NEXT[language], exact=True).click()
    page.wait_for_url("**/confirm")


def test_a_contract_is_concluded_with_a_passkey_and_an_app(cast_: Cast, open_page: OpenPage) -> None:
    stories: list[Envelope] = []
    aside(lambda: draft_in(cast_, stories))
    (envelope,) = stories
    # The clerk says in the draft how each is to prove themselves.
    desk = open_page()
    log_in(desk, cast_.clerk)
    desk.goto(f"/envelopes/{envelope.pk}/recipients")
    choose(desk, "counterparty", "みどり野", Ignored())
    desk.select_option("select[name=counterparty_proof]", "passkey")
    desk.get_by_role("button", name="宛先を追加", exact=True).click()
    desk.locator("select[name=more_0]").wait_for()
    choose(desk, "more_0", "建設", Ignored())
    desk.select_option("select[name=more_0_proof]", "totp")
    desk.get_by_role("button", name="次へ", exact=True).click()
    desk.wait_for_url("**/fields")
    desk.locator("main").get_by_role("button", name="次へ", exact=True).click()
    assert "アクセスコード＋パスキー" in desk.locator("main").inner_text()
    assert "アクセスコード＋認証アプリ（TOTP）" in desk.locator("main").inner_text()
    desk.locator("main").get_by_role("button", name="署名を依頼する", exact=True).click()
    desk.wait_for_url("**/sent")
    aside(work)

    vendor = open_page(phone=True)
    with_authenticator(vendor)
    link = f"/s/{link_for(place(envelope, VENDOR).pk)}"
    enter_code(vendor, link)
    read_everything(vendor)
    finish(vendor)
    vendor.wait_for_url("**/passkey")
    wrong = found_on(vendor, [f"{link}/passkey"])
    vendor.get_by_role("button", name="パスキーを登録する", exact=True).click()
    vendor.wait_for_url("**/confirm")
    wrong |= found_on(vendor, [f"{link}/confirm"])
    vendor.get_by_role("button", name="署名手続きを完了する", exact=True).click()
    vendor.wait_for_url("**/done")
    assert "受け付けました" in vendor.locator("main").inner_text()

    builder = open_page(phone=True, scripts=False)
    link = f"/s/{link_for(place(envelope, BUILDER).pk)}"
    enter_code(builder, link)
    read_everything(builder)
    finish(builder)
    builder.wait_for_url("**/authenticator")
    prove_with_app(builder)
    builder.get_by_role("button", name="署名手続きを完了する", exact=True).click()
    builder.wait_for_url("**/done")

    aside(work)
    aside(lambda: signs(place(envelope, MAYOR)))
    aside(work)
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    assert place(envelope, VENDOR).level == Level.MAIL_CODE_AND_PASSKEY
    assert place(envelope, BUILDER).level == Level.MAIL_CODE_AND_TOTP
    desk.goto(f"/envelopes/{envelope.pk}")
    assert "届出済みアクセスコード＋パスキー" in desk.locator("main").inner_text()
    wrong |= found_on(desk, [f"/counterparties/{cast_.vendor.pk}", f"/envelopes/{envelope.pk}"])
    assert wrong == {}


def test_without_a_finger_or_scripts_nothing_is_signed(cast_: Cast, open_page: OpenPage) -> None:
    stories: list[Envelope] = []
    aside(lambda: draft_in(cast_, stories))
    (envelope,) = stories
    proofs = [Proof.PASSKEY, Proof.TOTP, Proof.PLAIN]
    people = [(1, cast_.vendor), (1, cast_.builder), (2, cast_.mayor)]
    name_recipients(envelope, people, by=cast_.clerk, at=clock.now(), proofs=proofs)
    aside(lambda: send(envelope, cast_))
    link, other = (f"/s/{link_for(place(envelope, mail).pk)}" for mail in (VENDOR, BUILDER))
    page = open_page(phone=True, scripts=False, language="en")
    enter_code(page, link, language="en")
    read_everything(page)
    finish(page, language="en")
    page.wait_for_url("**/passkey")
    assert page.get_by_text("A passkey needs JavaScript.").count()
    page.get_by_role("button", name=SET_UP["en"], exact=True).click()
    assert "A passkey needs JavaScript." in page.locator("[data-testid=error-summary]").inner_text()
    page = open_page(phone=True, language="en")
    with_authenticator(page, unlocked=False)
    enter_code(page, link, language="en")
    finish(page, language="en")
    page.get_by_role("button", name=SET_UP["en"], exact=True).click()
    page.get_by_text("The passkey was not used.").wait_for()
    wrong = found_on(page, [f"{link}/passkey"])
    page = open_page(language="en")
    enter_code(page, other, language="en")
    read_everything(page)
    finish(page, language="en")
    page.wait_for_url("**/authenticator")
    wrong |= found_on(page, [f"{other}/authenticator"])
    prove_with_app(page, language="en")
    page.get_by_role("button", name="Complete signing", exact=True).click()
    page.wait_for_url("**/done")
    assert wrong == {}
    assert Consent.objects.count() == 1


class Ignored:
    """Clicks that nobody counts."""

    count = 0

    def press(self, target: Any) -> None:
        target.click()
