"""A person's browser, as thin as possible: cookies, links, forms. What it costs is reported apart from the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import lxml.html  # type: ignore[import-untyped]
import urllib3

TIMEOUT_SECONDS = 60.0
MOST_REDIRECTS = 5
# What Chromium sends with a form of a page whose referrer policy is no-referrer.
FORM_HEADERS = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


class Unexpected(Exception):
    """The house answered otherwise than a person could go on with."""


@dataclass(frozen=True)
class Upload:
    """A file for a form's file field."""

    name: str
    content: bytes


class Page:
    """One answer of the house. The HTML is parsed when something is looked for in it."""

    def __init__(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.url, self.status, self.headers, self.body = url, status, headers, body
        self._tree: Any = None

    @property
    def tree(self) -> Any:
        if self._tree is None:
            self._tree = lxml.html.document_fromstring(self.body, parser=lxml.html.HTMLParser(encoding="utf-8"))
        return self._tree

    def form(self, *, having: str = "") -> Form:
        """The one POST form inside ``main``, or the one that has a field named ``having``."""
        found = [form for form in self.tree.xpath("//main//form") if form.method == "POST"]
        if having:
            found = [form for form in found if having in form.fields]
        if len(found) != 1:
            raise Unexpected(f"{len(found)} forms{f' with {having}' if having else ''} at {self.url}: {self.words()}")
        return Form(self, found[0])

    def link(self, ending: str) -> str | None:
        """The first link inside ``main`` whose path ends so."""
        for href in self.tree.xpath("//main//a/@href"):
            if urlsplit(href).path.endswith(ending):
                return urljoin(self.url, str(href))
        return None

    def next_page(self) -> str | None:
        """Where ``rel=next`` leads: the page viewer's way on."""
        found = self.tree.xpath("//main//a[@rel='next']/@href")
        return urljoin(self.url, str(found[0])) if found else None

    def pictures(self) -> list[str]:
        return [urljoin(self.url, source) for source in self.tree.xpath("//main//img/@src") if not source.startswith("data:")]

    def words(self) -> str:
        """The beginning of what a person reads, for a message about what went wrong."""
        shown = self.tree.xpath("//main")
        return " ".join((shown[0] if shown else self.tree).text_content().split())[:300]


class Form:
    """A form with everything that stands in it already, hidden inputs included."""

    def __init__(self, page: Page, element: Any) -> None:
        self._element = element
        self.url = urljoin(page.url, element.get("action") or page.url)
        self.multipart = element.get("enctype") == "multipart/form-data"
        self.values: dict[str, str] = {}
        # Boxes of one name that are ticked beside the first.
        self.further: list[tuple[str, str]] = []
        for name, value in element.form_values():
            if name in self.values:
                self.further.append((name, value or ""))
            else:
                self.values[name] = value or ""
        for chosen in element.xpath(".//input[@type='radio'][@checked][@value='']"):
            self.values[chosen.get("name")] = ""  # lxml takes an empty value for none, and says "on"

    def entries(self) -> list[tuple[str, str]]:
        """Everything that is posted."""
        return [*self.values.items(), *self.further]

    def fill(self, **values: object) -> Form:
        """Type into fields. A name the form does not have is a mistake of the benchmark, not something to send silently."""
        for name, value in values.items():
            if name not in self._element.fields:
                raise Unexpected(f"{self.url} has no field {name}: {sorted(self._element.fields)}")
            self.values[name] = str(value)
        return self

    def choose(self, name: str, words: str) -> Form:
        """Take the option of a select that says ``words``."""
        for option in self._element.xpath(f".//select[@name='{name}']//option"):
            if words in option.text_content():
                self.values[name] = option.get("value")
                return self
        raise Unexpected(f"{self.url} offers nobody like {words} as {name}")

    def press(self, name: str, value: str) -> Form:
        """Use the button of this name and value."""
        self.values[name] = value
        return self


class Browser:
    """Cookies and one kept-alive connection. Answers that are errors raise ``Unexpected``."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.base = base
        self.requests = 0
        self.received = 0
        self._cookies: dict[tuple[str, str], str] = {}
        self._pool = urllib3.HTTPConnectionPool(parts.hostname or "", parts.port, maxsize=1, timeout=TIMEOUT_SECONDS, retries=False)
        self._headers = {"User-Agent": "Mozilla/5.0 (tachiai benchmark)", "Accept-Language": "ja", "Accept-Encoding": "gzip"}

    def close(self) -> None:
        self._pool.close()

    def get(self, url: str) -> Page:
        """A page, redirects followed."""
        return self.follow(self._ask("GET", url))

    def submit(self, form: Form, files: Mapping[str, Upload] | None = None) -> Page:
        """Post a form and return its own answer, a redirect not followed."""
        headers = dict(FORM_HEADERS)
        if form.multipart or files:
            parts: list[Any] = list(form.entries())
            parts += [(name, (file.name, file.content, "application/pdf")) for name, file in (files or {}).items()]
            body, headers["Content-Type"] = urllib3.encode_multipart_formdata(parts)
        else:
            body, headers["Content-Type"] = urlencode(form.entries()).encode(), "application/x-www-form-urlencoded"
        return self._ask("POST", form.url, body=body, headers=headers)

    def post(self, form: Form, files: Mapping[str, Upload] | None = None) -> Page:
        """Post a form that is accepted: the answer must be a redirect, which is followed."""
        answer = self.submit(form, files)
        if answer.status not in (302, 303):
            raise Unexpected(f"POST {form.url} was answered {answer.status}: {answer.words()}")
        return self.follow(answer)

    def follow(self, answer: Page) -> Page:
        for _ in range(MOST_REDIRECTS):
            if answer.status not in (301, 302, 303):
                return answer
            answer = self._ask("GET", urljoin(answer.url, answer.headers["Location"]))
        raise Unexpected(f"{answer.url} redirects in a circle")

    def _ask(self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Page:
        parts = urlsplit(urljoin(self.base, url))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {**self._headers, **(headers or {})}
        cookies = "; ".join(f"{name}={value}" for (path, name), value in self._cookies.items() if parts.path.startswith(path))
        if cookies:
            sent["Cookie"] = cookies
        answer = self._pool.urlopen(method, target, body=body, headers=sent, redirect=False)
        self.requests += 1
        self.received += len(answer.data)
        self._remember(answer.headers.getlist("Set-Cookie"))
        if answer.status >= 400:
            page = Page(parts.geturl(), answer.status, answer.headers, answer.data)
            raise Unexpected(f"{method} {target} was answered {answer.status}: {page.words() if answer.data else ''}")
        return Page(parts.geturl(), answer.status, answer.headers, answer.data)

    def _remember(self, given: list[str]) -> None:
        for line in given:
            for name, cookie in SimpleCookie(line).items():
                self._cookies[cookie["path"] or "/", name] = cookie.value
