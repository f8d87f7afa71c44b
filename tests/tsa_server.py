"""A timestamping authority on loopback (RFC 3161 over HTTP) that does as it is told: answer, or fail in a chosen way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from crypto.server import Answer, Served, good, serving
from pki import MOMENT, hierarchy, key
from tachiai import clock
from tachiai.crypto import der, timestamp_requests
from tachiai.crypto.timestampers import LARGEST_REPLY, EmbeddedTimestamper
from tachiai.house import Tsa

Behaviour = Callable[["Authority", bytes], Answer]
HEADERS = {"Content-Type": "application/timestamp-reply"}


@dataclass
class Authority:
    """``fault`` names how it fails, once it has answered ``first`` more requests; empty, it stamps. ``asked`` counts them all.

    ``delay`` seconds pass before each answer.
    """

    responder: EmbeddedTimestamper
    fault: str = ""
    first: int = 0
    asked: int = 0
    delay: float = 0.0

    def behave(self, _path: str, body: bytes) -> Answer:
        self.asked += 1
        if self.delay:
            threading.Event().wait(self.delay)
        if not self.fault or self.first > 0:
            self.first -= 1
            return self.answer(body)
        return FAULTS[self.fault][1](self, body)

    def answer(self, body: bytes) -> Answer:
        return 200, HEADERS, [self.responder.respond(body, at=clock.now())]


def _asked(body: bytes) -> tuple[bytes, int]:
    """The digest and the nonce of a request."""
    members = der.read(body).expect(der.SEQUENCE).children()
    digest = members[1].children()[1].content
    return digest, next(der.read_integer(member) for member in members[2:] if member.tag == der.INTEGER)


def _hang_up(_authority: Authority, _body: bytes) -> Answer:
    raise ConnectionResetError


def _other_imprint(authority: Authority, body: bytes) -> Answer:
    return authority.answer(timestamp_requests.request(bytes(32), nonce=_asked(body)[1]))


def _other_nonce(authority: Authority, body: bytes) -> Answer:
    digest, nonce = _asked(body)
    return authority.answer(timestamp_requests.request(digest, nonce=nonce ^ 1))


@lru_cache(maxsize=1)
def _others() -> dict[str, EmbeddedTimestamper]:
    """Authorities that are not ours, and one of them whose time is over."""
    strangers = hierarchy()
    return {
        "stranger": strangers.timestamper(private=key("p256", 12)),
        "expired": strangers.timestamper(name="Expired TSA", private=key("p256", 13), until=MOMENT + timedelta(days=1)),
        "careless": strangers.timestamper(name="Careless TSA", private=key("p256", 14), critical=False),
    }


def _by(who: str) -> Behaviour:
    return lambda _authority, body: good(_others()[who].respond(body, at=clock.now()))


def _later(authority: Authority, body: bytes) -> Answer:
    return good(authority.responder.respond(body, at=clock.now() + timedelta(hours=1)))


# How it fails, and which outage that must be.
FAULTS: dict[str, tuple[str, Behaviour]] = {
    "hangs up": ("tsa.unreachable", _hang_up),
    "hangs": ("tsa.unreachable", lambda *_: (200, HEADERS, [b"", lambda: threading.Event().wait(1.5), b"late"])),
    "500": ("tsa.unreachable", lambda *_: (500, {}, [b"sorry"])),
    "redirects": ("tsa.unreachable", lambda *_: (302, {"Location": "http://127.0.0.1:9/"}, [b""])),
    "garbage": ("tsa.bad_reply", lambda *_: good(b"<html>welcome</html>")),
    "nothing": ("tsa.bad_reply", lambda *_: good(b"")),
    "floods": ("tsa.bad_reply", lambda *_: good(bytes(LARGEST_REPLY + 1))),
    "torn": ("tsa.bad_reply", lambda authority, body: good(authority.responder.respond(body, at=clock.now())[:-40])),
    "rejects": ("tsa.refused", lambda authority, _body: good(authority.responder.respond(b"\x30\x00", at=clock.now()))),
    "another imprint": ("tsa.bad_reply", _other_imprint),
    "another nonce": ("tsa.bad_reply", _other_nonce),
    "another time": ("tsa.bad_reply", _later),
    "a stranger's certificate": ("tsa.bad_reply", _by("stranger")),
    "an expired certificate": ("tsa.bad_reply", _by("expired")),
    "a certificate for another purpose": ("tsa.bad_reply", _by("careless")),
}


@contextmanager
def stamping(
    settings: Any, responder: EmbeddedTimestamper, roots_file: Path, *, timeout: float = 0.5
) -> Iterator[tuple[Authority, Served]]:
    """An authority on loopback that this house's settings name, its root pinned from ``roots_file``."""
    from tachiai.sealing import handles

    authority = Authority(responder)
    _others()  # making their keys takes longer than a client waits
    with serving(authority.behave) as served:
        # A hanging server need not hang the tests.
        tsa = Tsa(served.url, roots_file, accredited=False, user="", password="", timeout=timeout)
        settings.TACHIAI = replace(settings.TACHIAI, tsa=tsa, standby_tsas=())
        handles.handles.cache_clear()
        yield authority, served
    handles.handles.cache_clear()


def pinned(folder: Path, *certificates: bytes) -> Path:
    """A PEM file of DER certificates."""
    file = folder / "pinned.pem"
    file.write_bytes(b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in certificates))
    return file
