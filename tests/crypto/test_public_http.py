"""Fetching from addresses that stand in certificates: where it leads, how much it takes, how long it may last."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crypto.server import Served, good, serving
from tachiai.crypto import public_http
from tachiai.crypto.public_http import NotFetched, PublicHttp, resolve

INNER = (
    "127.0.0.1 10.1.2.3 169.254.169.254 172.16.0.1 192.168.0.1 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 198.18.0.1 "
    "::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::1 2001:0:7f00:1::1 2001:db8::1"
)
OUTER = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8")


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_asked, **_how: [(0, 0, 0, "", (a, 80)) for a in addresses])


@pytest.mark.parametrize("address", OUTER)
def test_public_addresses_are_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    assert resolve("ca.example", 80, allow_private=False) == [address]


@pytest.mark.parametrize("address", INNER.split())
def test_no_inner_address_counts_as_public(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    # One public address beside an inner one is how a name server would lead this machine astray.
    for addresses in ((address,), (OUTER[0], address)):
        resolving(monkeypatch, *addresses)
        with pytest.raises(NotFetched, match="not a public address"):
            resolve("ca.example", 80, allow_private=False)


def test_a_name_is_looked_up_once_and_connected_to_by_that_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that says one thing when asked and another when connected to gains nothing."""
    answers = iter([[(0, 0, 0, "", ("8.8.8.8", 80))], [(0, 0, 0, "", ("127.0.0.1", 80))]])
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_how: object) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.getaddrinfo", lambda *_asked, **_how: next(answers))
    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(NotFetched, match="ConnectionRefused"):
        PublicHttp().fetch("http://ca.example/crl", largest=10)
    assert tried == [("8.8.8.8", 80)]


def test_the_next_address_is_tried_when_one_does_not_answer(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    port = int(served.url.rpartition(":")[2])
    really = socket.getaddrinfo

    def look_up(host: str, *asked: object, **how: object) -> list[object]:
        names = {"ca.example": ("127.0.0.9", "127.0.0.1")}
        return [found for address in names.get(host, (host,)) for found in really(address, *asked, **how)]  # type: ignore[arg-type]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    fetched = PublicHttp(allow_private=True, timeout=2).fetch(f"http://ca.example:{port}/x?y=1", largest=10)
    assert (fetched, served.seen[0][2]) == (b"answer", "/x?y=1")


PLACES = {
    "https://ca.example/": "https scheme",
    "file:///etc/passwd": "file scheme",
    "ldap://ca.example/cn=x": "ldap scheme",
    "http:///nowhere": "scheme",
    "http://ca.example:22/": "port 22",
    "http://ca.example:99999/": "no address",
    "http://[::1/": "no address",
    "": "no scheme",
    "http://169.254.169.254/latest/meta-data/": "not a public address",
    "http://user@127.0.0.1/": "not a public address",
    "http://localhost/": "not a public address",
    "http://0x7f000001/": "not a public address",
}


@pytest.mark.parametrize("url", PLACES)
def test_other_places_are_not_asked(url: str) -> None:
    with pytest.raises(NotFetched, match=PLACES[url]):
        PublicHttp(timeout=2).fetch(url, largest=10)


def test_no_second_line_slips_into_a_request(served: Served) -> None:
    with pytest.raises(NotFetched):
        PublicHttp(allow_private=True, timeout=2).fetch(f"{served.url}/a b\x01", largest=10)
    assert served.seen == []


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(lambda _path, _body: good(b"answer")) as found:
        yield found


def fetch(served: Served, *, largest: int = 1000, timeout: float = 2.0) -> bytes:
    return PublicHttp(allow_private=True, timeout=timeout).fetch(served.url, largest=largest)


def test_redirects_and_errors_lead_nowhere(served: Served) -> None:
    for status in (301, 302, 307, 404, 500, 204):
        served.behave = lambda _path, _body, status=status: (status, {"Location": f"{served.url}/other"}, [b""])  # type: ignore[misc]
        with pytest.raises(NotFetched, match=f"HTTP {status}"):
            fetch(served)
    assert {path for _c, _m, path, _a in served.seen} == {"/"}


def test_packed_answers_are_not_unpacked(served: Served) -> None:
    bomb = gzip.compress(bytes(50 * 1024 * 1024))
    served.behave = lambda _path, _body: (200, {"Content-Encoding": "gzip"}, [bomb])
    with pytest.raises(NotFetched, match="packed"):
        fetch(served, largest=10**9)


def test_floods_are_cut_off(served: Served) -> None:
    served.behave = lambda _path, _body: good(bytes(1001))
    with pytest.raises(NotFetched, match="too large"):
        fetch(served)
    served.behave = lambda _path, _body: good(bytes(1000))
    assert fetch(served) == bytes(1000)


@contextmanager
def trickling(first: bytes, pieces: bytes) -> Iterator[str]:
    """A server that says ``first`` and then goes on with ``pieces``, a byte at a time, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            line.sendall(first)
            while not over.wait(0.05):
                try:
                    line.sendall(pieces)
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        thread.join(5)
        listener.close()


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_the_deadline_is_for_the_whole_however_slowly_it_comes(first: bytes) -> None:
    with trickling(first, b"1") as url:
        begun = time.monotonic()
        with pytest.raises(NotFetched, match="too slow"):
            PublicHttp(allow_private=True, timeout=0.4).fetch(url, largest=10**6)
        assert time.monotonic() - begun < 2


def test_a_torn_answer_is_none(served: Served) -> None:
    def hang_up() -> None:
        raise ConnectionResetError

    served.behave = lambda _path, _body: (200, {}, [b"half", hang_up, b"the rest"])
    with pytest.raises(NotFetched):
        fetch(served)


def test_connections_are_kept_alive_and_replaced_when_they_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    http = PublicHttp(allow_private=True, timeout=2)
    for _ in range(3):
        http.fetch(served.url, largest=10)
    assert len({connection for connection, *_ in served.seen}) == 1
    served.behave = lambda _path, _body: (200, {"Connection": "close"}, [b"last"])
    http.fetch(served.url, largest=10)
    served.behave = lambda _path, _body: good(b"new")
    assert http.fetch(served.url, largest=10) == b"new"
    assert len({connection for connection, *_ in served.seen}) == 2
    monkeypatch.setattr(public_http, "IDLE_SECONDS", 0.0)
    http.fetch(served.url, largest=10)
    assert len({connection for connection, *_ in served.seen}) == 3
