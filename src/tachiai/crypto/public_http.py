"""One HTTP request to an address that stands in a certificate: not trusted with this machine's network, nor with its time.

Plain HTTP only (what is fetched is signed), every name resolved once and connected to by that very address, private ranges
refused, no redirects, no proxies, nothing unpacked. One deadline bounds the whole exchange, however slowly bytes come.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

IDLE_SECONDS = 20.0
_SPARE_CONNECTIONS = 4
_PIECE = 64 * 1024
# Networks that lead on to IPv4 addresses written inside them (6to4, Teredo, NAT64): what they reach cannot be told from here.
_BRIDGES = tuple(ipaddress.ip_network(network) for network in ("2002::/16", "2001::/32"))
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class NotFetched(Exception):
    """The address was not asked, or did not answer as it must. The message says why."""


@dataclass(frozen=True)
class _Place:
    host: str
    port: int
    path: str


class PublicHttp:
    """Fetches within ``timeout`` seconds and keeps connections alive for a while. Threads may share one.

    ``allow_private`` lets names lead to private addresses and other ports, for an authority within an operator's own network.
    """

    def __init__(self, *, allow_private: bool = False, timeout: float = 10.0) -> None:
        self._allow_private, self._timeout = allow_private, timeout
        self._spare: dict[tuple[str, int], list[tuple[_Connection, float]]] = {}
        self._lock = threading.Lock()

    def fetch(self, url: str, *, largest: int, body: bytes | None = None, content_type: str = "") -> bytes:
        """What ``url`` answers to a GET, or to a POST of ``body``. Raises :class:`NotFetched`, also beyond ``largest`` bytes."""
        place = self._placed(url)
        deadline = time.monotonic() + self._timeout
        kept = self._kept(place)
        try:
            if kept is not None:
                try:
                    return self._exchange(kept, place, deadline, largest=largest, body=body, content_type=content_type)
                except (http.client.RemoteDisconnected, ConnectionError):
                    # The server has closed it meanwhile, as it may; that says nothing about the question.
                    kept.close()
            fresh = self._connected(place, deadline)
            return self._exchange(fresh, place, deadline, largest=largest, body=body, content_type=content_type)
        except TimeoutError as late:
            raise NotFetched("too slow") from late
        except (OSError, http.client.HTTPException, ValueError) as trouble:
            raise NotFetched(f"{type(trouble).__name__}: {trouble}"[:200]) from trouble

    def _placed(self, url: str) -> _Place:
        try:
            parts = urlsplit(url)
            port = parts.port or 80
        except ValueError as torn:
            raise NotFetched("no address") from torn
        if parts.scheme != "http" or not parts.hostname:
            raise NotFetched(f"{parts.scheme or 'no'} scheme")
        if port != 80 and not self._allow_private:
            # A port of somebody's choice is a way to talk to what listens there.
            raise NotFetched(f"port {port}")
        query = f"?{parts.query}" if parts.query else ""
        return _Place(parts.hostname, port, (parts.path or "/") + query)

    def _exchange(self, line: _Connection, place: _Place, deadline: float, *, largest: int, body: bytes | None, content_type: str) -> bytes:
        line.clock.deadline = deadline
        whole = False
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            line.request("GET" if body is None else "POST", place.path, body=body, headers=headers)
            with line.getresponse() as answer:
                held = _read(answer, largest=largest)
                whole = not answer.will_close
        finally:
            # A connection in the middle of an answer is of no use to anybody.
            if whole:
                self._keep(place, line)
            else:
                line.close()
        return held

    def _connected(self, place: _Place, deadline: float) -> _Connection:
        """A connection to the first address that answers, in the order the system prefers."""
        trouble: OSError | None = None
        for address in resolve(place.host, place.port, allow_private=self._allow_private):
            try:
                return _Connection(place, address, deadline)
            except OSError as failed:
                trouble = failed
        raise trouble or OSError("no address")

    def _kept(self, place: _Place) -> _Connection | None:
        with self._lock:
            spare = self._spare.get((place.host, place.port), [])
            while spare:
                line, since = spare.pop()
                if time.monotonic() - since < IDLE_SECONDS:
                    return line
                line.close()
        return None

    def _keep(self, place: _Place, line: _Connection) -> None:
        with self._lock:
            spare = self._spare.setdefault((place.host, place.port), [])
            if len(spare) < _SPARE_CONNECTIONS:
                spare.append((line, time.monotonic()))
                return
        line.close()


def _read(answer: http.client.HTTPResponse, *, largest: int) -> bytes:
    if answer.status != 200:
        raise NotFetched(f"HTTP {answer.status}")
    if answer.getheader("Content-Encoding", "identity").lower() != "identity":
        # Nothing here is worth packing, and a small packed answer may unpack to gigabytes.
        raise NotFetched("packed answer")
    held = bytearray()
    while piece := answer.read(_PIECE):
        held += piece
        if len(held) > largest:
            raise NotFetched(f"too large: more than {largest} bytes")
    if answer.length:
        raise NotFetched("torn answer")
    return bytes(held)


# ----------------------------------------------------------------------------------------- a deadline for every byte


@dataclass
class _Clock:
    """Until when the present exchange has to be over, by the monotonic clock."""

    deadline: float

    def left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left


class _Connection(http.client.HTTPConnection):
    """Connected to an address that was checked; the name is only told to the server."""

    def __init__(self, place: _Place, address: str, deadline: float) -> None:
        super().__init__(place.host, place.port)
        self.clock = _Clock(deadline)
        plain = socket.create_connection((address, place.port), timeout=self.clock.left())
        self.sock: Any = _Wire(_Kept(fileno=plain.detach()), self.clock)

    def connect(self) -> None:
        """Never again: a name that is looked up twice may lead somewhere else the second time."""
        raise ConnectionError("closed")


class _Wire:
    """A socket as ``http.client`` uses it, on which no call lasts beyond the connection's deadline."""

    def __init__(self, plain: socket.socket, clock: _Clock) -> None:
        self.plain, self._clock = plain, clock
        self._readers, self._over = 0, False
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def hurry(self) -> socket.socket:
        self.plain.settimeout(self._clock.left())
        return self.plain

    def sendall(self, data: bytes) -> None:
        self.hurry().sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_Reading(self))

    def reader_done(self) -> None:
        self._readers -= 1
        if self._over and not self._readers:
            self.plain.close()

    def close(self) -> None:
        """Of the connection: an answer that is still being read may be read to its end."""
        self._over = True
        if not self._readers:
            self.plain.close()


class _Kept(socket.socket):
    """A connection kept alive ends with whoever kept it; that is no leak to warn of."""

    def __del__(self) -> None:
        self.close()


class _Reading(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.hurry().recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._wire.reader_done()


# ------------------------------------------------------------------------------------------------- where it leads


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of ``host`` to connect to, best first. Any inner one among them refuses all. Raises :class:`NotFetched`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as unknown:
        raise NotFetched(f"{host} is not known") from unknown
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(_is_public(address) for address in addresses):
        raise NotFetched(f"{host} is not a public address")
    return addresses


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return _is_public(str(found.ipv4_mapped))
        if found not in _GLOBAL_UNICAST or any(found in bridge for bridge in _BRIDGES):
            return False
    return found.is_global and not found.is_multicast
