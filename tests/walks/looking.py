"""Looks at one page after the other, in one language, and keeps which names of the URL table it has seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from acts import aside, said, sit
from django.urls import Resolver404, get_resolver, resolve
from grand_house import people_wrote
from ruler import measured, untranslated

from tachiai.accounts.models import Member

OpenPage = Callable[..., Any]
ONLY, SHOTS = os.environ.get("PAGES_ONLY", ""), os.environ.get("PAGES_SHOTS", "")  # for whoever looks at one page
SIGNER = ("signer", "download", "registrar", "form")  # A18
BEHIND_LINKS = ("signer", "download", "registrar", "form", "verifier", "log", "public", "mailbox")
NO_PAGES = Path(__file__).with_name("no_pages.txt")


def no_pages() -> set[str]:
    lines = [line.split() for line in NO_PAGES.read_text().splitlines() if not line.startswith("#")]
    return {name for _kind, name in lines}


def named() -> set[str]:
    """Every name of the URL table."""
    found: set[str] = set()

    def walk(resolver: Any, space: str) -> None:
        for one in resolver.url_patterns:
            if hasattr(one, "url_patterns"):
                walk(one, f"{space}{one.namespace}:" if one.namespace else space)
            else:
                found.add(f"{space}{one.name}")

    walk(get_resolver(), "")
    return found


def pages(*, behind_links: bool) -> set[str]:
    return {one for one in named() - no_pages() if (one.partition(":")[0] in BEHIND_LINKS) == behind_links}


class Looking:
    """Looks at one page after the other, in one language."""

    def __init__(self, open_page: OpenPage, language: str) -> None:
        self.language, self._open = language, open_page
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        self.known: list[str] = []
        aside(lambda: self.known.extend(people_wrote()))

    def visitor(self, member: Member | None = None) -> Any:
        page = self._open(phone=self.language == "ja", language=self.language)
        if member is not None:
            sit(page, member)
        return page

    def words(self, words: str, **facts: object) -> str:
        return said(words, self.language, **facts)

    def at(self, page: Any, *paths: str, status: int = 200) -> None:
        for path in paths:
            if ONLY in path:
                answer = page.goto(path)
                if answer.status != status:
                    self.wrong.append(f"{path}: {answer.status} and not {status}")
                self.here(page)

    def here(self, page: Any) -> None:
        """The page as it stands now."""
        path = urlsplit(page.url).path
        try:
            name = resolve(path).view_name
        except Resolver404:
            name = "nothing"
        room, new = name.partition(":")[0], name not in self.seen
        self.seen.add(name)
        japanese = self.language == "ja"
        told = untranslated(page, self.known)
        coloured = new or page.locator(".error-summary, .banner").count() > 0
        told += measured(page, phone=japanese, theme=japanese and coloured, signer=room in SIGNER, axe=japanese or new)
        if SHOTS:
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 823})
                shot = f"{path.strip('/').replace('/', '_')[:60] or 'home'}-{len(self.seen)}-{self.language}-{width}.png"
                page.screenshot(path=str(Path(SHOTS) / shot), full_page=True)
        self.wrong += [f"{path}: {one}" for one in told]

    def press(self, page: Any, words: str) -> None:
        """A button of the main part, by its words."""
        page.locator("main").get_by_role("button", name=self.words(words), exact=True).last.click()
        page.wait_for_load_state()


def found_by(act: Callable[[], Any]) -> Any:
    """What a look into the house's rows finds, in a thread of its own."""
    found: list[Any] = []
    aside(lambda: found.append(act()))
    return found[0]
