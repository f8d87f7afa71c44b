"""The mail server of everybody's addresses: an SMTP sink on loopback that the walks wait at for their links."""

from __future__ import annotations

import email
import email.policy
import re
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

from benchmarks.ports import free_port

LINK = re.compile(r"https?://[^\s<>\"]+")


class NoMail(Exception):
    """A mail that should have come has not."""


@dataclass(frozen=True)
class Letter:
    """One delivered mail: to whom, the envelope it names, its links, and when the sink had it (Unix time)."""

    to: str
    about: str
    links: tuple[str, ...]
    at: float


class Mails:
    """A context manager around the sink. ``expect`` an envelope's name before its mails can be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self._news = threading.Condition()
        self._expected: set[str] = set()
        self._letters: dict[str, list[Letter]] = {}
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.port}?tls=none"

    def __enter__(self) -> Mails:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self._server.stop()

    def expect(self, name: str) -> None:
        with self._news:
            self._expected.add(name)

    def forget(self, name: str) -> None:
        with self._news:
            self._expected.discard(name)
            self._letters.pop(name, None)

    def wait(self, name: str, *, to: str, link: str, timeout: float) -> tuple[str, float]:
        """The first link containing ``link`` in a mail about the envelope ``name`` to this address, and when that mail came."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                for letter in self._letters.get(name, ()):
                    for url in letter.links:
                        if letter.to == to and link in url:
                            return url, letter.at
                left = deadline - time.monotonic()
                if left <= 0:
                    raise NoMail(f"no mail to {to} about {name} with a link to {link} within {timeout:.0f} s")
                self._news.wait(left)

    async def handle_DATA(self, server: Any, peer: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        at = time.time()
        text = _text(envelope.content)
        with self._news:
            self.count += 1
            about = next((name for name in self._expected if name in text), "")
            letter = Letter(envelope.rcpt_tos[0], about, tuple(LINK.findall(text)), at)
            self._letters.setdefault(about, []).append(letter)
            self._news.notify_all()
        return "250 OK"


def _text(content: bytes) -> str:
    body = email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",))
    return str(body.get_content()) if body is not None else ""
