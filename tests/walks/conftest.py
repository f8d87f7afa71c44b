"""A house with its doors open: a server on loopback, a real mail server, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from acts import aside
from aiosmtpd.controller import Controller
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from grand_house import tell
from post import Post, free_port

from cast import Cast
from place import Place
from stages import cast, recalled, tell_once

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
__all__ = ["cast"]
PHONE = {"width": 412, "height": 823}
DESKTOP = {"width": 1280, "height": 800}


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        return


@pytest.fixture
def address(house: Place, settings: Any) -> Iterator[str]:  # the house must stand first
    """The house's web server, in this process, so that a test can look at rows and move the clock."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    application = get_wsgi_application()

    def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return application(environ, start_response)
        finally:
            connections.close_all()

    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(served)
    url = f"http://127.0.0.1:{server.server_port}"
    settings.TACHIAI = replace(settings.TACHIAI, public_url=url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def post(house: Place, settings: Any) -> Iterator[Post]:
    """A real SMTP server on loopback, and the house told to use it."""
    from tachiai.house import Smtp

    office = Post()
    port = free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp("127.0.0.1", port, "", "", "none", "noreply@example.jp"))
    yield office
    controller.stop()


@pytest.fixture
def cast_(cast: Cast) -> Cast:
    """Everybody, made before the mail server is listened to: their registration mails lie in the demo mailbox."""
    return cast


@pytest.fixture
def grand(house: Place, cast: Cast) -> Cast:  # the people stand first
    """A house in which every page has something to show (``grand_house.places``)."""
    tell_once("grand", lambda: aside(tell), house.home)
    return recalled()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for the length of a module: its event loop runs in this thread, and other tests must find none there."""
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
        context.set_default_timeout(60_000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def _unsafe() -> None:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
