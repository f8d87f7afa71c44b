"""What people do in front of the doors, as they would: by labels, links and buttons."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from cast import CODE, PASSWORD
from stories import work
from tachiai.accounts.models import Member
from tachiai.pages.samples import samples

LINK = re.compile(r"https?://[^/\s]+(/[sdr]/[\w-]{43})")
WORDS = {
    "ja": {
        "login": "ログイン",
        "next": "次へ",
        "send": "署名を依頼する",
        "finish": "完了する",
        "complete": "署名手続きを完了する",
    },
    "en": {
        "login": "Log in",
        "next": "Next",
        "send": "Request signatures",
        "finish": "Finish",
        "complete": "Complete signing",
    },
}


def said(words: str, language: str, **facts: object) -> str:
    """The product's own ``words`` as a reader of ``language`` meets them; English must have words of its own for them."""
    with translation.override(language):
        told = gettext(words)
    assert language == "ja" or told != words, words
    return told % facts if "%(" in told else told.format(**facts) if facts else told


def log_in(page: Any, member: Member) -> None:
    page.goto("/login")
    page.fill("input[name=login]", member.mail)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/$"))


def sit(page: Any, member: Member) -> None:
    """At the desk as this member, whose login another test walks through."""
    client = Client()
    aside(lambda: client.force_login(member, backend="tachiai.administration.logins.MemberBackend"))
    # A page has to be there before its context knows its own address.
    page.goto("/healthz")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": page.url}])


def press(page: Any, words: str, language: str = "ja") -> None:
    """A button or a link that looks like one, in the main part, by its words."""
    main, name = page.locator("main"), said(words, language)
    button = main.get_by_role("button", name=name, exact=True)
    follow(page, (button if button.count() else main.get_by_role("link", name=name, exact=True)).last)


def follow(page: Any, target: Any) -> None:
    """Click what leads to a page, and be there: a click alone is over before its answer has come, and what it did with it."""
    with page.expect_navigation():
        target.click()


def sample_files(folder: Path, *, count: int = 1) -> list[str]:
    """The product's own sample contracts as files to choose from."""
    paths = []
    for sample in samples()[:count]:
        path = folder / sample.file_name
        path.write_bytes(sample.pdf)
        paths.append(str(path))
    return paths


class Clicks:
    """Counts what a person has to press; typing is not counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.count = 0

    def press(self, selector: Any) -> None:
        target = self.page.locator(selector) if isinstance(selector, str) else selector
        target.click()
        self.count += 1


def request_signatures(page: Any, files: list[str], *, party: str, signer: str, language: str = "ja") -> Clicks:
    """From the desk's home to the page that says it was sent."""
    words, clicks = WORDS[language], Clicks(page)
    page.goto("/")
    clicks.press(page.get_by_role("link", name=words["send"]).first)
    page.set_input_files("input[type=file]", files)
    clicks.count += 1  # choosing the files
    page.fill("input[name=name]", "庁舎清掃業務委託契約")
    for number, part in enumerate(("令和8", "１１", "23")):
        page.fill(f"input[name=transaction_date_{number}]", part)
    page.fill("input[name=counterparty]", party)
    page.fill("input[name=amount]", "１，１００，０００")
    clicks.press("main button.button[name=act][value=next]:not([tabindex='-1'])")
    choose(page, "counterparty", party, clicks)
    choose(page, "own", signer, clicks)
    clicks.press(page.get_by_role("button", name=words["next"], exact=True))
    page.wait_for_url(re.compile(r"/fields$"))
    clicks.press(page.locator("main").get_by_role("button", name=words["next"], exact=True))  # no input fields, as is usual
    clicks.press(page.locator("main").get_by_role("button", name=words["send"], exact=True))
    return clicks


def choose(page: Any, name: str, words: str, clicks: Clicks) -> None:
    """Pick the entry of a list whose text contains ``words``; a list with one entry is left as it is."""
    box = page.locator(f"select[name={name}]")
    if box.count():
        value = box.locator("option", has_text=words).first.get_attribute("value")
        if box.input_value() != value:
            box.select_option(value)
            clicks.count += 1
        return
    one = page.locator(f"label:has(input[name={name}])", has_text=words).first
    if not one.locator("input").is_checked():
        clicks.press(one)


def link_in(text: str) -> str:
    """The path of the link a mail holds; there is exactly one."""
    found = set(LINK.findall(text))
    assert len(found) == 1, text
    return found.pop()


def enter_code(page: Any, link: str, code: str = CODE, *, language: str = "ja") -> None:
    page.goto(link)
    page.fill("#code", code)
    follow(page, page.get_by_role("button", name=WORDS[language]["next"], exact=True))


def read_everything(page: Any) -> None:
    """Open every document's tab once."""
    tabs = page.locator("nav.tabs a, .tabs a")
    for number in range(tabs.count()):
        follow(page, page.locator("nav.tabs a, .tabs a").nth(number))


def complete(page: Any, *, language: str = "ja") -> None:
    """完了する, and then the button of the check page."""
    finish(page, language=language)
    page.get_by_role("button", name=WORDS[language]["complete"], exact=True).click()
    page.wait_for_url(re.compile("/done"))


def finish(page: Any, *, language: str = "ja") -> None:
    words = WORDS[language]["finish"]
    button = page.get_by_role("button", name=words, exact=True)
    follow(page, (button if button.count() else page.get_by_role("link", name=words, exact=True)).last)


def aside(act: Callable[[], object]) -> None:
    """Do something in a thread of its own, as workers do: the browser's event loop runs in this one."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as failure:  # handed to the test, whatever it is
            failures.append(failure)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def worked() -> None:
    """Let the workers do what is due."""
    aside(work)
