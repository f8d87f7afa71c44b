"""A house with its doors open: a server on loopback, a real mail server, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from socketserver import ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from aiosmtpd.controller import Controller
from cast import Cast, assemble
from place import Place
from stories import work

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PHONE = {"width": 412, "height": 823}
DESKTOP = {"width": 1280, "height": 800}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        return


@pytest.fixture
def address(house: Place, settings: Any) -> Iterator[str]:  # noqa: ARG001  # the house must stand first
    """The house's web server, in this process, so that a test can look at rows and move the clock."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    application = get_wsgi_application()

    def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return application(environ, start_response)
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, served, server_class=_Server, handler_class=_Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    settings.TACHIAI = replace(settings.TACHIAI, public_url=url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Post:
    """What the mail server received. ``refuse`` names addresses it answers with 550."""

    received: list[EmailMessage] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)

    def to(self, address: str, kind: str = "") -> list[EmailMessage]:
        """Messages to an address, oldest first, whose subject contains ``kind``."""
        return [one for one in self.received if one["To"] == address and kind in str(one["Subject"])]

    def text(self, address: str, kind: str = "") -> str:
        return str(cast("EmailMessage", self.to(address, kind)[-1].get_body(("plain",))).get_content())

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  # aiosmtpd's
        if address in self.refuse:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        self.received.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def post(house: Place, settings: Any) -> Iterator[Post]:  # noqa: ARG001
    """A real SMTP server on loopback, and the house told to use it."""
    from tachiai.house import Smtp

    office = Post()
    controller = Controller(office, hostname="127.0.0.1", port=0)
    controller.start()
    port = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp("127.0.0.1", port, "", "", "none", "noreply@example.jp"))
    yield office
    controller.stop()


@pytest.fixture
def cast_(house: Place) -> Cast:  # noqa: ARG001
    """Everybody, made before the mail server is listened to: their registration mails lie in the demo mailbox."""
    people = assemble()
    work()
    return people


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """A fresh visitor: ``open_page(phone=True, scripts=False, language="en")`` gives a page with cookies of its own."""
    contexts = []

    def opened(*, phone: bool = False, scripts: bool = True, language: str = "ja") -> Any:
        context = chromium.new_context(
            base_url=address,
            viewport=PHONE if phone else DESKTOP,
            java_script_enabled=scripts,
            locale="ja-JP" if language == "ja" else "en-GB",
            accept_downloads=True,
        )
        if language != "ja":
            context.add_cookies([{"name": "tachiai_language", "value": language, "url": address}])
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def _unsafe() -> None:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
