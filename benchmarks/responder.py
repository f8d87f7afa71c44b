"""The one source of timestamps for every engine that is measured: an RFC 3161 responder that counts its own CPU time.

It shares no code with the product, so that no engine is favoured. Every token is really made and signed at the moment it is
asked for. In one process engines call :meth:`Responder.respond`; those of other processes ask over loopback (:class:`Served`).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

SEQUENCE, SET, INTEGER, OCTETS, OID, BOOLEAN = 0x30, 0x31, 0x02, 0x04, 0x06, 0x01
POLICY = "1.2.3.4.1"


@dataclass(frozen=True)
class Shape:
    """What may differ between the tokens of one authority, and with it their size."""

    serial_octets: int = 16
    policy_arcs: int = 0  # further arcs of the policy's name, one octet each
    accuracy: tuple[int, ...] = (1,)  # seconds, milliseconds, microseconds: as many as are given
    fraction_digits: int = 0
    names_itself: bool = False
    shows_root: bool = False


def steady(serial_octets: int) -> Callable[[int], Shape]:
    """As accredited authorities answer: every token alike, with its whole chain, which some engines need to find the issuer."""
    shape = Shape(serial_octets=serial_octets, shows_root=True)
    return lambda _number: shape


def varied(number: int) -> Shape:
    """Another shape for each token in turn, so that the lengths at every depth pass through every last octet, 0x80 included."""
    accuracies = ((1,), (), (1, 500), (0, 1, 999))
    # Steps without a common divisor: 2,000 tokens in a row meet each pair of values about equally often.
    return Shape(
        serial_octets=1 + number % 20,
        policy_arcs=number * 37 % 57,
        accuracy=accuracies[number % 4],
        fraction_digits=number % 7,
        names_itself=number % 3 == 1,
        shows_root=number % 5 == 2,
    )


class Responder:
    """A timestamping authority. ``spent`` is the CPU time (seconds) of its threads within :meth:`respond`, all in all.

    ``longest`` is the size of its longest token so far, or what it announces beforehand.
    """

    def __init__(
        self,
        key: rsa.RSAPrivateKey,
        certificate: x509.Certificate,
        root: x509.Certificate,
        shape: Callable[[int], Shape],
        *,
        longest: int = 0,
    ) -> None:
        self.spent = 0.0
        self.answered = 0
        self.root = root.public_bytes(Encoding.DER)
        self.longest = longest
        self._key, self._shape, self._lock = key, shape, threading.Lock()
        self._certificate = certificate.public_bytes(Encoding.DER)
        self._subject = certificate.subject.public_bytes()
        self._signer = sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number))

    def respond(self, request: bytes) -> bytes:
        """A TimeStampResp, always granted: what asks here is a benchmark."""
        started = time.thread_time()
        imprint, nonce, wants_chain = _asked(request)
        with self._lock:
            number, self.answered = self.answered, self.answered + 1
        token = self._token(imprint, nonce, wants_chain, self._shape(number))
        reply = sequence(sequence(integer(0)), token)
        self.longest = max(self.longest, len(token))
        with self._lock:
            self.spent += time.thread_time() - started
        return reply

    def _token(self, imprint: bytes, nonce: bytes, wants_chain: bool, shape: Shape) -> bytes:
        info = sequence(
            integer(1),
            oid(POLICY + ".1" * shape.policy_arcs),
            imprint,
            tlv(INTEGER, b"\x01" + secrets.token_bytes(shape.serial_octets - 1)),
            tlv(0x18, _moment(shape.fraction_digits)),
            _accuracy(shape.accuracy),
            nonce,
            tlv(0xA0, tlv(0xA4, self._subject)) if shape.names_itself else b"",
        )
        attributes = sorted(
            (
                sequence(oid("1.2.840.113549.1.9.3"), tlv(SET, oid("1.2.840.113549.1.9.16.1.4"))),
                sequence(oid("1.2.840.113549.1.9.4"), tlv(SET, tlv(OCTETS, hashlib.sha256(info).digest()))),
                sequence(oid("1.2.840.113549.1.9.16.2.47"), tlv(SET, sequence(sequence(sequence(_digest_of(self._certificate)))))),
            )
        )
        signature = self._key.sign(tlv(SET, b"".join(attributes)), padding.PKCS1v15(), hashes.SHA256())
        signer = sequence(
            integer(1),
            self._signer,
            _SHA256,
            tlv(0xA0, b"".join(attributes)),
            sequence(oid("1.2.840.113549.1.1.11"), b"\x05\x00"),
            tlv(OCTETS, signature),
        )
        shown = sorted((self._certificate, self.root) if shape.shows_root else (self._certificate,))
        body = sequence(
            integer(3),
            tlv(SET, _SHA256),
            sequence(oid("1.2.840.113549.1.9.16.1.4"), tlv(0xA0, tlv(OCTETS, info))),
            tlv(0xA0, b"".join(shown)) if wants_chain else b"",
            tlv(SET, signer),
        )
        return sequence(oid("1.2.840.113549.1.7.2"), tlv(0xA0, body))


class Served:
    """The responder over loopback HTTP while entered; ``url`` is where. Connections are kept alive."""

    def __init__(self, responder: Responder) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave in one packet, or each reply would wait for the asker's delayed acknowledgement.
            wbufsize = -1

            def do_POST(self) -> None:
                reply = responder.respond(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="tsa", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


# ------------------------------------------------------------------------------------------- as much DER as this needs


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    held = bytearray()
    for arc in (first * 40 + second, *rest):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(0x80 | (arc & 0x7F))
        held += bytes(reversed(octets))
    return tlv(OID, bytes(held))


_SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"))


def _digest_of(certificate: bytes) -> bytes:
    return tlv(OCTETS, hashlib.sha256(certificate).digest())


def _moment(digits: int) -> bytes:
    now = datetime.now(UTC)
    # DER wants no zeros at a fraction's end (RFC 3161, 2.4.2), so the last digit is never one.
    fraction = f".{now.microsecond:06d}"[:digits] + "5" if digits else ""
    return now.strftime(f"%Y%m%d%H%M%S{fraction}Z").encode()


def _accuracy(parts: tuple[int, ...]) -> bytes:
    if not parts:
        return b""
    seconds, *finer = parts
    told = [tlv(0x80 | place, integer(value)[2:]) for place, value in enumerate(finer)]
    return sequence(integer(seconds) if seconds else b"", *told)


def _read(held: bytes, start: int) -> tuple[int, int, int]:
    """Tag, and where the content begins and ends."""
    size, begin = held[start + 1], start + 2
    if size & 0x80:
        octets = size & 0x7F
        size, begin = int.from_bytes(held[begin : begin + octets], "big"), begin + octets
    return held[start], begin, begin + size


def _asked(request: bytes) -> tuple[bytes, bytes, bool]:
    """The imprint and the nonce as they are encoded, and whether the certificate is wanted."""
    _tag, at, end = _read(request, 0)
    parts: list[tuple[int, bytes]] = []
    while at < end:
        tag, _begin, stop = _read(request, at)
        parts.append((tag, request[at:stop]))
        at = stop
    imprint = parts[1][1]
    nonce = next((raw for tag, raw in parts[2:] if tag == INTEGER), b"")
    wants_chain = any(tag == BOOLEAN and raw[-1:] == b"\xff" for tag, raw in parts[2:])
    return imprint, nonce, wants_chain
