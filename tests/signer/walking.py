"""Walking through the signer's door with a browser that has no scripts: Django's client, and what a page says."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

from cast import CODE, link_for
from tachiai.envelopes.models import Recipient

DEVICE = {"REMOTE_ADDR": "192.0.2.10", "HTTP_USER_AGENT": "tests"}


def words(response: Any) -> str:
    """What a reader sees of a page: its text without tags, with single spaces."""
    body = response.content.decode()
    main = re.search(r"<main.*?</main>", body, re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", main.group(0) if main else body)
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def title(response: Any) -> str:
    found = re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)
    return html.unescape(found.group(1)) if found else ""


def device() -> Client:
    """A browser of its own, with its own cookies. Forms must carry their secret token, as in a real one."""
    return Client(**DEVICE)


def link_of(recipient: Recipient) -> str:
    return f"/s/{link_for(recipient.pk)}"


def enter(browser: Client, link: str, code: str = CODE) -> Any:
    return browser.post(link, {"code": code})


def inside(recipient: Recipient) -> tuple[Client, str]:
    """A browser in which the right code was given, and the link."""
    browser, link = device(), link_of(recipient)
    response = enter(browser, link)
    assert response.status_code == 302, words(response)
    return browser, link


def press(browser: Client, link: str, **options: Any) -> Any:
    """The confirm page's button, with what the page carries."""
    page = browser.get(link + "/confirm")
    found = re.search(r'name="offer" value="([^"]+)"', page.content.decode())
    return browser.post(link + "/confirm", {"offer": html.unescape(found.group(1)) if found else ""}, **options)
