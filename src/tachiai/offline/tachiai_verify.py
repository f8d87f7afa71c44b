#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check an evidence bundle (証拠一式) without the house that made it, without a network and without unpacking anything.

    python3 tachiai_verify.py BUNDLE.zip [--checkpoint FILE] [--root FILE.pem] [--log-key KEY] [--json]

Needs Python 3.9 or later and the package ``cryptography``; nothing else. The format, every check and every code are described in
``evidence-bundle.md`` of the Tachiai documentation. Exit status: 0 everything holds, 1 something does not, 2 this is no usable bundle.

It is one file on purpose: it travels inside the bundle and has to be readable from top to bottom by somebody who trusts nobody. So it
shares no code with the house, and reads ZIP, JSON, DER, PDF and CBOR itself, each in the narrowest form that a bundle may have.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import locale
import os
import re
import struct
import sys
import zlib
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
except ImportError:  # said in words, because the reader may never have heard of it
    sys.stderr.write("Python package 'cryptography' is needed: python3 -m pip install cryptography\n")
    raise SystemExit(2) from None

CHECKS = (
    "container",
    "manifest",
    "pdf",
    "signature",
    "revocation",
    "consent",
    "passkey",
    "entries",
    "agreement",
    "log",
    "delivery",
    "material",
)
KIND = "tachiai-evidence-bundle"
MB = 1_000_000
LARGEST, MOST, LARGEST_ENTRY, LARGEST_ALL, LARGEST_TEXT = 1000 * MB, 4000, 200 * MB, 2000 * MB, 20 * MB
SKEW = timedelta(minutes=5)
ORDER_TOLERANCE = timedelta(seconds=60)
WHOLE = 2**53 - 1
DEEPEST_JSON = 100

Json = Any  # whatever JSON can hold; its shape is asked for by `shaped`


class Wrong(Exception):
    """One thing that does not hold. ``subject`` is set by whoever knows it."""

    def __init__(self, code: str, detail: str = "", subject: str = "") -> None:
        super().__init__(code)
        self.code, self.detail, self.subject = code, detail, subject


def demand(holds: object, code: str, detail: str = "", subject: str = "") -> None:
    if not holds:
        raise Wrong(code, detail, subject)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ============================================================================================== the container (ZIP)

_NAME = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,3}")


class Packed(NamedTuple):
    name: str
    method: int
    crc: int
    size: int
    start: int
    end: int


def open_container(data: bytes) -> Dict[str, bytes]:
    """The files by name, of the narrow form alone: what two programs might read differently is not read at all."""
    demand(len(data) <= LARGEST, "zip.size")
    entries = _central(data)
    for entry in entries:
        demand(entry.size <= LARGEST_ENTRY, "zip.size", subject=entry.name)
        text = entry.name.endswith((".json", ".jsonl", ".txt"))
        demand(not text or entry.size <= LARGEST_TEXT, "zip.size", subject=entry.name)
    demand(sum(entry.size for entry in entries) <= LARGEST_ALL, "zip.size")
    _names(entries)
    return {entry.name: _unpacked(data, entry) for entry in entries}


def _central(data: bytes) -> List[Packed]:
    demand(len(data) >= 22 and data[-22:-18] == b"PK\x05\x06", "zip.unreadable", "no end record")
    disk, first, here, count, size, place, comment = struct.unpack("<HHHHIIH", data[-18:])
    demand((disk, first, comment) == (0, 0, 0) and here == count, "zip.unreadable", "end record")
    demand(place + size == len(data) - 22, "zip.unreadable", "directory does not end where it should")
    demand(count <= MOST, "zip.size")
    entries: List[Packed] = []
    expected = 0
    directory = place
    for _ in range(count):
        entry, place, expected = _entry(data, place, expected, limit=len(data) - 22)
        entries.append(entry)
    demand(place == len(data) - 22 and expected == directory, "zip.unreadable", "bytes between the parts")
    return entries


def _entry(data: bytes, place: int, expected: int, *, limit: int) -> Tuple[Packed, int, int]:
    """One entry of the directory and its local header, which must stand at ``expected`` and say the same."""
    demand(place + 46 <= limit and data[place : place + 4] == b"PK\x01\x02", "zip.unreadable", "directory")
    fields = struct.unpack("<HHHHHHIIIHHHHHII", data[place + 4 : place + 46])
    flags, method, crc, packed, size, name_size = fields[2], fields[3], fields[6], fields[7], fields[8], fields[9]
    demand(fields[10:13] == (0, 0, 0) and fields[15] == expected, "zip.unreadable", "directory entry")
    demand(flags & ~0x0800 == 0 and method in (0, 8) and place + 46 + name_size <= limit, "zip.unreadable", "flags or method")
    demand(0xFFFFFFFF not in (packed, size), "zip.unreadable", "ZIP64")
    name = data[place + 46 : place + 46 + name_size]
    head = data[expected : expected + 30]
    demand(len(head) == 30 and head[:4] == b"PK\x03\x04", "zip.unreadable", "local header")
    local = struct.unpack("<HHHHHIIIHH", head[4:])
    same = (local[1], local[2], local[5], local[6], local[7], local[8], local[9]) == (flags, method, crc, packed, size, name_size, 0)
    demand(same and data[expected + 30 : expected + 30 + name_size] == name, "zip.unreadable", "headers differ")
    start = expected + 30 + name_size
    demand(start + packed <= limit, "zip.unreadable", "torn entry")
    entry = Packed(name.decode("latin-1"), method, crc, size, start, start + packed)
    return entry, place + 46 + name_size, start + packed


def _names(entries: Sequence[Packed]) -> None:
    for entry in entries:
        demand(len(entry.name) <= 120 and _NAME.fullmatch(entry.name.encode("latin-1")), "zip.name", subject=shown(entry.name))
    small: Set[str] = set()
    for entry in entries:
        demand(entry.name.lower() not in small, "zip.twin", subject=entry.name)
        small.add(entry.name.lower())
    for entry in entries:
        parts = entry.name.lower().split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        demand(not folders & small, "zip.twin", subject=entry.name)


def _unpacked(data: bytes, entry: Packed) -> bytes:
    held = data[entry.start : entry.end]
    if entry.method == 8:
        unpacker = zlib.decompressobj(-15)
        try:
            held = unpacker.decompress(held, entry.size + 1)
        except zlib.error:
            raise Wrong("zip.content", subject=entry.name) from None
        demand(unpacker.eof and not unpacker.unused_data and not unpacker.unconsumed_tail, "zip.content", subject=entry.name)
    demand(len(held) == entry.size and zlib.crc32(held) == entry.crc, "zip.content", subject=entry.name)
    return held


# ================================================================================================== canonical JSON


def canonical(value: Json) -> str:
    """RFC 8785 for what may stand in a bundle: no floating-point numbers."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, float) or (type(value) is int and abs(value) > WHOLE):
        raise ValueError("a number that has no place here")
    return json.dumps(value, ensure_ascii=False)


def is_shallow(value: Json, left: int = DEEPEST_JSON) -> bool:
    """Whether at most ``left`` objects and lists stand inside one another: how many a program can read differs from one to the next."""
    if not isinstance(value, (dict, list)):
        return True
    return left > 0 and all(is_shallow(item, left - 1) for item in (value.values() if isinstance(value, dict) else value))


def _whole(text: str) -> Json:
    """As every program reads it: an integer that Python alone would hold is a number like any other, and has no place in canonical JSON."""
    return int(text) if len(text) < 20 else float(text)


def _constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")


def load_json(text: str) -> Json:
    """What any JSON says, canonical or not. Raises ``ValueError``."""
    try:
        value = json.loads(text, parse_int=_whole, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not is_shallow(value):
        raise ValueError("nested too deeply")
    return value


def read_json(data: bytes) -> Json:
    """The value, when ``data`` is its canonical form. Raises ``ValueError``."""
    text = data.decode("utf-8")
    value = load_json(text)
    if canonical(value) != text:
        raise ValueError("not canonical")
    return value


Shape = Any  # a regular expression, a predicate, [shape of each], {member: shape}, or several of these in a tuple
HEX = re.compile(r"[0-9a-f]{64}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def is_size(value: Json) -> bool:
    return type(value) is int and value >= 0


def is_number(value: Json) -> bool:
    return type(value) is int and value >= 1


def is_yes_or_no(value: Json) -> bool:
    return isinstance(value, bool)


def is_nothing(value: Json) -> bool:
    return value is None


def is_object(value: Json) -> bool:
    return isinstance(value, dict)


def is_one(value: Json) -> bool:
    return type(value) is int and value == 1


def shaped(value: Json, shape: Shape) -> bool:
    """Whether ``value`` has exactly this shape."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and value.keys() == shape.keys() and all(shaped(value[key], shape[key]) for key in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(shaped(item, shape[0]) for item in value)
    if isinstance(shape, tuple):
        return any(shaped(value, one) for one in shape)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    return bool(shape(value))


SIGNER: Dict[str, Any] = {"slot": is_number, "order": is_number, "recipient": UUID}
MANIFEST: Shape = {
    "v": is_one,
    "kind": re.compile(re.escape(KIND)),
    "made_at": TIME,
    "house": {"operator": is_text, "organization": is_text, "url": is_text},
    "envelope": {"id": UUID, "number": is_text, "name": is_text, "concluded_at": TIME},
    "documents": [
        {
            "document": UUID,
            "name": is_text,
            "path": re.compile(r"documents/[0-9]{2}\.pdf"),
            "upload_sha256": HEX,
            "upload_size": is_number,
            "frozen_sha256": HEX,
            "frozen_size": is_number,
            "sha256": HEX,
            "size": is_number,
        }
    ],
    "certificate": {
        "path": re.compile(r"certificate\.pdf"),
        "number": is_text,
        "paper_size": is_number,
        "sha256": HEX,
        "size": is_number,
    },
    "signers": [(SIGNER, {**SIGNER, "documents": [UUID]})],
    "roots": [{"sha256": HEX, "uses": [re.compile("seal|timestamp")], "embedded": is_yes_or_no, "accredited": is_yes_or_no}],
    "files": [{"path": is_text, "sha256": HEX, "size": is_size}],
}
ENTRY: Shape = {
    "v": is_one,
    "stream": is_text,
    "seq": is_number,
    "previous": HEX,
    "at": TIME,
    "event": is_text,
    "by": is_object,
    "data": is_object,
    "personal": (HEX, is_nothing),
}
CONSENT: Shape = {
    "v": is_one,
    "consent": UUID,
    "envelope": UUID,
    "recipient": UUID,
    "slot": is_number,
    "at": TIME,
    "documents": [{"document": UUID, "sha256": HEX, "size": is_size, "pages": is_size}],
    "values": is_object,
    "text": {"id": is_text, "language": is_text, "sha256": HEX},
    "authentication": is_object,
    "personal": HEX,
}
SALTED: Shape = {"v": is_one, "salt": HEX, "personal": is_text}
PERSONAL: Shape = {"v": is_one, "entries": [{"seq": is_number, "salt": HEX, "personal": is_text}]}
PROOFS: Shape = {
    "v": is_one,
    "size": is_number,
    "leaves": [{"seq": is_number, "index": is_size, "path": [HEX]}],
    "earlier": [{"number": is_number, "size": is_size, "path": [HEX]}],
}
DELIVERIES: Shape = {
    "v": is_one,
    "mails": [
        {
            "seq": is_number,
            "mail": UUID,
            "kind": is_text,
            "result": re.compile("accepted|refused"),
            "at": TIME,
            "to": (is_text, is_nothing),
            "reply": (is_text, is_nothing),
            "message_id": (is_text, is_nothing),
        }
    ],
}
PASSKEY: Shape = {
    "v": is_one,
    "rp_id": is_text,
    "credential": BASE64URL,
    "public_key_cose": BASE64URL,
    "authenticator_data": BASE64URL,
    "client_data_json": BASE64URL,
    "signature": BASE64URL,
    "origin": is_text,
    "enrolled_at": is_text,
    "aaguid": is_text,
}

# ============================================================================================================== DER


class Torn(ValueError):
    """Not the DER that was expected."""


class Node:
    """One value of DER: ``raw`` is all of it, ``content`` what is behind tag and length."""

    __slots__ = ("content", "raw", "tag")

    def __init__(self, tag: int, raw: bytes, content: bytes) -> None:
        self.tag, self.raw, self.content = tag, raw, content

    def children(self) -> List[Node]:
        if not self.tag & 0x20:
            raise Torn("a primitive value has no members")
        found: List[Node] = []
        place = 0
        while place < len(self.content):
            node, place = _node(self.content, place)
            found.append(node)
        return found

    def only(self) -> Node:
        (child,) = _some(self.children(), 1)
        return child

    def expect(self, tag: int) -> Node:
        if self.tag != tag:
            raise Torn(f"tag {self.tag:#x} instead of {tag:#x}")
        return self

    def number(self) -> int:
        held = self.expect(0x02).content
        if not held or (len(held) > 1 and (held[0], held[1] >> 7) in ((0, 0), (0xFF, 1))):
            raise Torn("an integer in another form")
        return int.from_bytes(held, "big", signed=True)

    def oid(self) -> str:
        held = self.expect(0x06).content
        if not held or held[-1] & 0x80 or len(held) > 128:
            raise Torn("a torn identifier")
        arcs: List[int] = []
        value = 0
        for octet in held:
            if value == 0 and octet == 0x80:
                raise Torn("an identifier that is not the shortest")
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in [first, arcs[0] - 40 * first, *arcs[1:]])

    def bits(self) -> bytes:
        """The octets of a BIT STRING that fills them."""
        held = self.expect(0x03).content
        if held[:1] != b"\0":
            raise Torn("bits that do not fill octets")
        return held[1:]

    def time(self) -> datetime:
        text = self.content.decode("ascii", "replace")
        if self.tag == 0x17 and re.fullmatch(r"[0-9]{12}Z", text):
            text = ("19" if text >= "50" else "20") + text
        elif self.tag != 0x18 or not re.fullmatch(r"[0-9]{14}(?:\.[0-9]{1,9})?Z", text):
            raise Torn("a time in another form")
        try:
            moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError:
            raise Torn("a time that no calendar holds") from None
        return moment + timedelta(microseconds=int((text[15:-1] + "000000")[:6]))


def _node(data: bytes, place: int) -> Tuple[Node, int]:
    start, body = place, place + 2
    if len(data) < body or data[place] & 0x1F == 0x1F:
        raise Torn("torn, or an unusual tag")
    size = data[place + 1]
    if size >= 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[body : body + count], "big")
        if not 1 <= count <= 4 or len(data) < body + count or data[body] == 0 or size < 0x80:
            raise Torn("a length in another form")
        body += count
    if len(data) < body + size:
        raise Torn("torn off")
    return Node(data[place], data[start : body + size], data[body : body + size]), body + size


def read_der(data: bytes, *, padded: bool = False) -> Node:
    node, end = _node(data, 0)
    if data[end:] and (not padded or data[end:].strip(b"\0")):
        raise Torn("bytes behind the value")
    return node


def _some(nodes: List[Node], count: int) -> List[Node]:
    if len(nodes) != count:
        raise Torn(f"{len(nodes)} members instead of {count}")
    return nodes


def _tagged(nodes: Sequence[Node], tag: int) -> Optional[Node]:
    return next((node for node in nodes if node.tag == tag), None)


# ==================================================================================== signature algorithms and keys

DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
RSA_KINDS = {f"1.2.840.113549.1.1.{last}": name for last, name in ((11, "sha256"), (12, "sha384"), (13, "sha512"))}
ECDSA_KINDS = {f"1.2.840.10045.4.3.{last}": name for last, name in ((2, "sha256"), (3, "sha384"), (4, "sha512"))}
LONGEST_SALT = 512
RSA_PLAIN, RSA_PSS, MASK, ED25519 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8", "1.3.101.112"
HASHES: Dict[str, Any] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class Unknown(ValueError):
    """An algorithm or a key that is not accepted."""


class Check(NamedTuple):
    """How a signature is checked: ``holds(signature, message)``."""

    holds: Callable[[bytes, bytes], bool]


def _holding(verify: Callable[[bytes, bytes], Any]) -> Check:
    def holds(signature: bytes, message: bytes) -> bool:
        try:
            verify(signature, message)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True

    return Check(holds)


def check_for(spki: bytes, algorithm: Node, digest: str = "") -> Check:
    """How signatures of this key by this AlgorithmIdentifier are checked. ``digest`` is the one CMS names beside it. Raises `Unknown`."""
    members = algorithm.expect(0x30).children()
    kind = members[0].oid() if members else ""
    try:
        key = serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise Unknown("a key that cannot be used") from None
    if isinstance(key, rsa.RSAPublicKey):
        return _rsa(key, kind, members, digest)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1") and kind in ECDSA_KINDS:
        if digest not in ("", ECDSA_KINDS[kind]):
            raise Unknown("digest and algorithm disagree")
        curve_key, scheme = key, ec.ECDSA(HASHES[ECDSA_KINDS[kind]]())
        return _holding(lambda signature, message: curve_key.verify(signature, message, scheme))
    if isinstance(key, ed25519.Ed25519PublicKey) and kind == ED25519:
        return _holding(key.verify)
    raise Unknown(f"algorithm {kind}")


def _rsa(key: rsa.RSAPublicKey, kind: str, members: Sequence[Node], digest: str) -> Check:
    if key.key_size < 2048:
        raise Unknown("an RSA key below 2048 bits")
    named = RSA_KINDS.get(kind, digest if kind == RSA_PLAIN else "")
    if kind == RSA_PSS:
        named, salt = _pss(members[1])
        scheme: Any = padding.PSS(mgf=padding.MGF1(HASHES[named]()), salt_length=salt)
    else:
        scheme = padding.PKCS1v15()
    if named not in HASHES or digest not in ("", named):
        raise Unknown(f"algorithm {kind}")
    return _holding(lambda signature, message: key.verify(signature, message, scheme, HASHES[named]()))


def _pss(parameters: Node) -> Tuple[str, int]:
    """Digest and salt of RSASSA-PSS (RFC 4055, 3.1). The defaults are SHA-1 and not accepted."""
    found = {node.tag: node.only() for node in parameters.expect(0x30).children()}
    if not {0xA0, 0xA1, 0xA2} <= found.keys():
        raise Unknown("RSASSA-PSS with its defaults")
    named = DIGESTS.get(found[0xA0].children()[0].oid(), "")
    mask = found[0xA1].children()
    if not named or len(mask) != 2 or mask[0].oid() != MASK or DIGESTS.get(mask[1].children()[0].oid()) != named:
        raise Unknown("RSASSA-PSS with two digests")
    salt = found[0xA2].number()
    if not 0 <= salt <= LONGEST_SALT:
        raise Unknown("RSASSA-PSS with a salt of no length")
    return named, salt


# ===================================================================================================== certificates

_UNDERSTOOD = {"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.32", "2.5.29.17"}
_SHORT = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.5": "SN"}
TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
LONGEST_CHAIN, MOST_TRIED, MOST_ANSWERS = 8, 64, 2000


class Certificate:
    """The parts of a certificate that are asked about here (RFC 5280, 4.1)."""

    def __init__(self, der: bytes) -> None:
        outer = _some(read_der(der).expect(0x30).children(), 3)
        members = outer[0].expect(0x30).children()
        first = 1 if members and members[0].tag == 0xA0 else 0
        if len(members) < first + 6:
            raise Torn("a certificate without its members")
        self.der, self.fingerprint = der, sha256(der)
        self.serial, self.issuer, self.subject = members[first], members[first + 2].raw, members[first + 4].raw
        validity = _some(members[first + 3].expect(0x30).children(), 2)
        self.not_before, self.not_after = validity[0].time(), validity[1].time()
        self.spki = members[first + 5].raw
        self.key_bits = _some(members[first + 5].children(), 2)[1].bits()
        self.signed, self.algorithm, self.signature = outer[0].raw, outer[1], outer[2].bits()
        self.extensions: Dict[str, Tuple[bool, bytes]] = {}
        held = _tagged(members[first + 6 :], 0xA3)
        for extension in held.only().expect(0x30).children() if held else ():
            self._extension(extension.children())

    def _extension(self, parts: Sequence[Node]) -> None:
        kind, critical = parts[0].oid(), parts[1].tag == 0x01 and parts[1].content != b"\0"
        if kind in self.extensions:
            raise Torn("an extension twice")
        self.extensions[kind] = critical, parts[-1].expect(0x04).content

    def value(self, kind: str) -> Optional[Node]:
        return read_der(self.extensions[kind][1]) if kind in self.extensions else None

    def purposes(self) -> List[str]:
        held = self.value("2.5.29.37")
        return [node.oid() for node in held.expect(0x30).children()] if held else []

    def key_usage(self, bit: int) -> Optional[bool]:
        """Whether key usage allows what ``bit`` stands for; None without that extension."""
        held = self.value("2.5.29.15")
        if held is None:
            return None
        octets = held.expect(0x03).content[1:]
        return bit // 8 < len(octets) and bool(octets[bit // 8] & (0x80 >> bit % 8))

    def authority(self) -> Tuple[bool, Optional[int]]:
        """Whether it is a CA, and how many may stand below it."""
        held = self.value("2.5.29.19")
        parts = held.expect(0x30).children() if held else []
        is_ca = bool(parts) and parts[0].tag == 0x01 and parts[0].content != b"\0"
        return is_ca, parts[1].number() if len(parts) > 1 else None

    def name(self) -> str:
        parts = [part for group in reversed(read_der(self.subject).children()) for part in group.children()]
        return ", ".join(_name_part(part) for part in parts)

    def issued_by(self, issuer: Certificate) -> bool:
        try:
            return self.issuer == issuer.subject and check_for(issuer.spki, self.algorithm).holds(self.signature, self.signed)
        except (Unknown, Torn, IndexError):
            return False


def _name_part(part: Node) -> str:
    kind, value = _some(part.children(), 2)
    coding = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}.get(value.tag, "utf-8")
    return f"{_SHORT.get(kind.oid(), kind.oid())}={value.content.decode(coding, 'replace')}"


_known: Dict[bytes, Certificate] = {}


def certificate(der: bytes) -> Certificate:
    """Raises `Torn`, whatever is wrong with it."""
    if der not in _known:
        try:
            _known[der] = Certificate(der)
            _known[der].purposes(), _known[der].key_usage(0), _known[der].authority(), _known[der].name()
        except (IndexError, ValueError) as torn:
            _known.pop(der, None)
            raise Torn(str(torn)) from None
    return _known[der]


Chain = Tuple[Certificate, ...]


def build_chain(leaf: Certificate, pool: Sequence[Certificate], roots: Sequence[Certificate], at: datetime) -> Chain:
    """The path ``leaf … root``, every link valid at ``at``. Raises ``ValueError``."""
    anchors = {root.der for root in roots}
    candidates = list({held.der: held for held in (*roots, *pool)}.values())
    tries = iter(range(MOST_TRIED))

    def extend(path: Chain) -> Optional[Chain]:
        if not _stands(path[-1], depth=len(path) - 1, at=at):
            return None
        if path[-1].der in anchors:
            return path
        for candidate in candidates:
            if candidate in path or len(path) >= LONGEST_CHAIN or path[-1].issuer != candidate.subject or next(tries, None) is None:
                continue
            found = extend((*path, candidate)) if path[-1].issued_by(candidate) else None
            if found:
                return found
        return None

    found = extend((leaf,))
    if found is None:
        raise ValueError(f"no path from {leaf.name()}")
    return found


def _stands(held: Certificate, *, depth: int, at: datetime) -> bool:
    if not held.not_before <= at <= held.not_after or any(c and kind not in _UNDERSTOOD for kind, (c, _) in held.extensions.items()):
        return False
    try:
        key = serialization.load_der_public_key(held.spki)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        return False
    is_ca, below = held.authority()
    return depth == 0 or (is_ca and (below is None or depth - 1 <= below) and held.key_usage(5) is not False)


# =========================================================================================== signed data (CMS, RFC 5652)

SIGNED_DATA, DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"


class Signed:
    """SignedData with one signer, read and not yet believed. Raises `Torn`."""

    def __init__(self, data: bytes) -> None:
        outer = read_der(data, padded=True)
        kind, wrapped = _some(outer.expect(0x30).children(), 2)
        if kind.oid() != SIGNED_DATA:
            raise Torn("not SignedData")
        members = wrapped.expect(0xA0).only().expect(0x30).children()
        if len(members) < 4:
            raise Torn("SignedData without its members")
        inner = members[2].expect(0x30).children()
        self.raw = outer.raw
        self.content_type = inner[0].oid()
        self.content = inner[1].expect(0xA0).only().expect(0x04).content if len(inner) > 1 else None
        held = _tagged(members[3:], 0xA0)
        self.certificates = [certificate(node.raw) for node in (held.children() if held else ()) if node.tag == 0x30]
        info = members[-1].expect(0x31).only().expect(0x30).children()
        if len(info) < 6:
            raise Torn("a signer without its members")
        self.named, self.digest_oid = info[1], info[2].children()[0].oid()
        self.attributes_raw = b"\x31" + info[3].expect(0xA0).raw[1:]
        self.attributes = _attributes(info[3])
        self.algorithm, self.signature = info[4], info[5].expect(0x04).content
        self.unsigned = _attributes(info[6]) if len(info) > 6 and info[6].tag == 0xA1 else {}

    def signer(self) -> Optional[Certificate]:
        for held in self.certificates:
            if self.named.tag == 0x30 and [node.raw for node in self.named.children()] == [held.issuer, held.serial.raw]:
                return held
            key = held.value("2.5.29.14")
            if self.named.tag == 0x80 and key is not None and key.content == self.named.content:
                return held
        return None

    def single(self, kind: str) -> Optional[Node]:
        values = self.attributes.get(kind, [])
        return values[0] if len(values) == 1 else None


def read_signed(data: bytes) -> Signed:
    """Raises `Torn`, whatever is wrong with it."""
    try:
        return Signed(data)
    except (IndexError, ValueError) as torn:
        raise Torn(str(torn)) from None


def _attributes(holder: Node) -> Dict[str, List[Node]]:
    found: Dict[str, List[Node]] = {}
    for entry in holder.children():
        kind, values = _some(entry.expect(0x30).children(), 2)
        found.setdefault(kind.oid(), []).extend(values.expect(0x31).children())
    return found


def check_signed(signed: Signed, digest_of: Callable[[str], bytes], prefix: str) -> Certificate:
    """The signer's certificate, when the signature holds over content with the digest that ``digest_of`` gives by name.

    Raises `Wrong` with ``<prefix>.algorithm``, ``.digest``, ``.certificate`` or ``.wrong``.
    """
    digest, signer = DIGESTS.get(signed.digest_oid, ""), signed.signer()
    demand(digest, f"{prefix}.algorithm", signed.digest_oid)
    demand(signer is not None, f"{prefix}.certificate", "the signer's certificate is not included")
    assert signer is not None  # noqa: S101  # just demanded; for the reader of types
    try:
        check = check_for(signer.spki, signed.algorithm, digest)
    except (Unknown, Torn, IndexError) as unknown:
        raise Wrong(f"{prefix}.algorithm", str(unknown)) from None
    stated = signed.single(MESSAGE_DIGEST)
    demand(stated is not None and stated.tag == 0x04 and stated.content == digest_of(digest), f"{prefix}.digest")
    kind = signed.single(CONTENT_TYPE)
    demand(kind is not None and kind.tag == 0x06 and kind.oid() == signed.content_type, f"{prefix}.digest", "content-type")
    demand(_meant(signed, signer.der), f"{prefix}.certificate")
    demand(check.holds(signed.signature, signed.attributes_raw), f"{prefix}.wrong")
    return signer


def _meant(signed: Signed, der: bytes) -> bool:
    """Whether the signing-certificate attribute (RFC 5035, RFC 2634) names this very certificate first."""
    newer, older = signed.single(SIGNING_CERTIFICATE_V2), signed.single(SIGNING_CERTIFICATE)
    try:
        if newer is not None:
            first = newer.children()[0].children()[0].children()
            named = DIGESTS.get(first[0].children()[0].oid(), "") if first[0].tag == 0x30 else "sha256"
            held = first[1 if first[0].tag == 0x30 else 0].expect(0x04).content
            return bool(named) and hashlib.new(named, der).digest() == held
        if older is not None:
            # SHA-1 is what RFC 2634 defines; it only repeats which certificate is meant.
            return older.children()[0].children()[0].children()[0].expect(0x04).content == hashlib.sha1(der).digest()  # noqa: S324
    except (IndexError, ValueError):
        return False
    return False


class Token(NamedTuple):
    """A timestamp token (RFC 3161) that holds: its time, who stamped, the path to a root, and its own bytes."""

    at: datetime
    chain: Chain
    raw: bytes


def check_token(data: bytes, digest_of: Callable[[str], bytes], roots: Sequence[Certificate]) -> Token:
    """The token, when it stamps what ``digest_of`` gives by name and leads to a root. Raises `Wrong` with ``token.…``."""
    try:
        signed = read_signed(data)
        demand(signed.content_type == TST_INFO and signed.content is not None, "token.unreadable")
        info = read_der(signed.content or b"").expect(0x30).children()
        demand(len(info) >= 5 and info[0].number() == 1, "token.unreadable", "not a TSTInfo of version 1")
        imprint = _some(info[2].expect(0x30).children(), 2)
        named, stamped = DIGESTS.get(imprint[0].children()[0].oid(), ""), imprint[1].expect(0x04).content
        at = info[4].expect(0x18).time()
        held = _tagged(info[5:], 0xA1)
        critical = [e for e in (held.children() if held else ()) if e.children()[1].tag == 0x01 and e.children()[1].content != b"\0"]
        demand(not critical, "token.unreadable", "a critical extension")
    except (IndexError, ValueError) as torn:
        raise Wrong("token.unreadable", str(torn)) from None
    try:
        signer = check_signed(signed, lambda name: hashlib.new(name, signed.content or b"").digest(), "token")
    except Wrong as wrong:
        raise Wrong(wrong.code if wrong.code == "token.algorithm" else "token.wrong", wrong.detail) from None
    except ValueError as torn:
        raise Wrong("token.unreadable", str(torn)) from None
    purpose = signer.extensions.get("2.5.29.37")
    usable = signer.key_usage(0) is not False or signer.key_usage(1)
    demand(purpose is not None and purpose[0] and signer.purposes() == [TIME_STAMPING] and usable, "token.certificate")
    demand(named and digest_of(named) == stamped, "token.imprint")
    try:
        chain = build_chain(signer, signed.certificates, roots, at)
    except ValueError as broken:
        raise Wrong("token.chain", str(broken)) from None
    return Token(at, chain, signed.raw)


# ================================================================================= answers about certificates (revocation)


class Answer(NamedTuple):
    """What somebody who may say it says of one certificate: from when it speaks, until when, and whether it was revoked."""

    since: datetime
    until: datetime
    revoked: Optional[datetime]
    reason: Optional[int]
    delegate: Optional[Certificate]

    def in_force(self, at: datetime, issuer: Certificate) -> bool:
        if self.delegate is not None and not (_stands(self.delegate, depth=0, at=at) and _stands(issuer, depth=1, at=at)):
            return False
        return self.since - at <= SKEW and self.until >= at


def answers_about(held: Certificate, issuer: Certificate, ocsps: Sequence[bytes], crls: Sequence[bytes]) -> Iterator[Answer]:
    for read, stored in ((_ocsp, ocsps), (_crl, crls)):
        for der in stored:
            try:
                answer = read(der, held, issuer)
            except (IndexError, ValueError):
                continue  # it proves nothing; whether something else does is asked by the caller
            if answer is not None:
                yield answer


def basic_response(der: bytes) -> List[Node]:
    """The members of a BasicOCSPResponse in a successful answer (RFC 6960, 4.2.1)."""
    members = read_der(der).expect(0x30).children()
    if members[0].expect(0x0A).content != b"\0":
        raise Torn("no successful answer")
    kind, octets = _some(members[1].expect(0xA0).only().children(), 2)
    if kind.oid() != "1.3.6.1.5.5.7.48.1.1":
        raise Torn("another kind of answer")
    return read_der(octets.expect(0x04).content).expect(0x30).children()


def _ocsp(der: bytes, held: Certificate, issuer: Certificate) -> Optional[Answer]:
    basic = basic_response(der)
    # A version and the responder's name come before them, extensions behind; all of these bear other tags.
    produced, singles = [node for node in basic[0].children() if node.tag in (0x18, 0x30)][:2]
    single = next((one.children() for one in singles.children() if _is_about(one.children()[0], held, issuer)), None)
    if single is None:
        return None
    status, since = single[1], single[2].time()
    until = _tagged(single[3:], 0xA0)
    if until is None or status.tag not in (0x80, 0xA1):
        return None
    delegate = _responder(basic, issuer, since)
    revoked = reason = None
    if status.tag == 0xA1:
        parts = status.children()
        revoked, reason = parts[0].time(), parts[1].only().content[-1] if len(parts) > 1 else None
    return Answer(min(produced.time(), since), until.only().time(), revoked, reason, delegate)


def _is_about(identifier: Node, held: Certificate, issuer: Certificate) -> bool:
    algorithm, name, key, serial = _some(identifier.children(), 4)
    named = {**DIGESTS, "1.3.14.3.2.26": "sha1"}.get(algorithm.children()[0].oid())
    # In a CertID the digest only names the issuer; RFC 5019 still prescribes SHA-1 there.
    return (
        named is not None
        and serial.raw == held.serial.raw
        and name.content == hashlib.new(named, issuer.subject).digest()
        and key.content == hashlib.new(named, issuer.key_bits).digest()
    )


def _responder(basic: Sequence[Node], issuer: Certificate, at: datetime) -> Optional[Certificate]:
    """None when the issuer itself answered, otherwise the delegate it certified for that. Raises `Torn` for anybody else."""
    carried = _tagged(basic[3:], 0xA0)
    others = [certificate(node.raw) for node in (carried.only().children() if carried else ())]
    for candidate in (issuer, *others):
        try:
            signs = check_for(candidate.spki, basic[1]).holds(basic[2].bits(), basic[0].raw)
        except Unknown:
            continue
        if signs and candidate.der == issuer.der:
            return None
        certified = signs and OCSP_SIGNING in candidate.purposes() and candidate.issued_by(issuer)
        if certified and _stands(candidate, depth=0, at=at) and _stands(issuer, depth=1, at=at):
            return candidate
    raise Torn("nobody who may answer")


def _crl(der: bytes, held: Certificate, issuer: Certificate) -> Optional[Answer]:
    outer = _some(read_der(der).expect(0x30).children(), 3)
    members = outer[0].children()
    members = members[1:] if members[0].tag == 0x02 else members
    if members[1].raw != issuer.subject or issuer.key_usage(6) is False:
        return None
    extensions = _tagged(members, 0xA0)
    for extension in extensions.only().children() if extensions else ():
        parts = extension.children()
        if parts[1].tag == 0x01 and (parts[0].oid() != "2.5.29.28" or not _covers(read_der(parts[-1].content), held)):
            return None
    if not check_for(issuer.spki, outer[1]).holds(outer[2].bits(), outer[0].raw):
        return None
    times = [node.time() for node in members if node.tag in (0x17, 0x18)]
    listed = [node for node in members[3:] if node.tag == 0x30]
    for entry in listed[0].children() if listed else ():
        parts = entry.children()
        if parts[0].raw == held.serial.raw:
            return Answer(times[0], times[1], parts[1].time(), _crl_reason(parts[2:]), None)
    return Answer(times[0], times[1], None, None, None)


def _crl_reason(more: Sequence[Node]) -> Optional[int]:
    for extension in more[0].children() if more else ():
        if extension.children()[0].oid() == "2.5.29.21":
            return read_der(extension.children()[-1].content).expect(0x0A).content[-1]
    return None


def _covers(part: Node, held: Certificate) -> bool:
    """Whether a list that is one of several is the one that ``held`` would stand on (RFC 5280, 5.2.5)."""
    found = {node.tag: node for node in part.children()}
    is_ca = held.authority()[0]
    if found.keys() - {0xA0, 0x81, 0x82} or (0x81 in found and is_ca) or (0x82 in found and not is_ca):
        return False
    if 0xA0 not in found:
        return True
    named = found[0xA0].only()
    points = held.value("2.5.29.31")
    asked = [node.only() for point in (points.children() if points else ()) for node in point.children() if node.tag == 0xA0]
    wanted = {name.raw for full in asked if full.tag == 0xA0 for name in full.children()}
    return named.tag == 0xA0 and bool({name.raw for name in named.children()} & wanted)


class Use(NamedTuple):
    """A chain that was used at ``at``; the document timestamps from the ``since``-th on may prove it."""

    field: str
    chain: Chain
    at: datetime
    since: int


class Store(NamedTuple):
    """The validation data that a document timestamp of time ``at`` covers."""

    at: datetime
    certs: Set[bytes]
    ocsps: List[bytes]
    crls: List[bytes]


def check_use(use: Use, stores: Sequence[Store]) -> None:
    """Raises `Wrong` when no document timestamp proves it."""
    trouble = Wrong("revocation.missing", "no document timestamp")
    for store in stores[use.since :]:
        found = _trouble(use, store)
        if found is None:
            return
        trouble = found
    raise trouble


def _trouble(use: Use, store: Store) -> Optional[Wrong]:
    try:
        _prove(use, store)
    except Wrong as wrong:
        return wrong
    return None


def check_uses(uses: Sequence[Use], stores: Sequence[Store]) -> None:
    for use in uses:
        check_use(use, stores)


def _prove(use: Use, store: Store) -> None:
    demand(store.certs.issuperset(held.der for held in use.chain), "revocation.missing", "a certificate is not in the DSS")
    demand(all(store.at <= held.not_after for held in use.chain[:-1]), "revocation.missing", "the timestamp came too late")
    demand(len(store.ocsps) + len(store.crls) <= MOST_ANSWERS, "revocation.missing", "too many answers")
    for held, issuer in zip(use.chain, use.chain[1:]):
        answers = [one for one in answers_about(held, issuer, store.ocsps, store.crls) if one.in_force(store.at, issuer)]
        demand(answers, "revocation.missing", held.name())
        for answer in answers:
            if answer.revoked is not None:
                harmless = answer.revoked > use.at and (answer.reason in (0, 3, 4, 5) or TIME_STAMPING not in held.purposes())
                demand(harmless, "revocation.revoked", held.name())


# ================================================================================ the revisions of a PDF, as they are appended

Value = Any  # a dict, a list, or bytes: b"/Name", b"(" and a string's content, b"7 0 R", or a number or keyword as it stands
Entries = Dict[bytes, Value]
_BLANK = rb"[\0\t\n\f\r ]"
_REGULAR = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
_TOKEN = re.compile(
    _BLANK
    + rb"*(?:(/"
    + _REGULAR
    + rb"*)|([0-9]{1,10}"
    + _BLANK
    + rb"+[0-9]{1,5}"
    + _BLANK
    + rb"+R)(?!"
    + _REGULAR
    + rb")|(<<|>>|\[|\])|<([0-9A-Fa-f\0\t\n\f\r ]*)>|(\()|("
    + _REGULAR
    + rb"+))"
)
_PLAIN = re.compile(rb"[^()\\]*")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)|\r\n?", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_OBJECT = re.compile(rb"([1-9][0-9]{0,9}) ([0-9]{1,5}) obj\n")
_SIZE = re.compile(rb"/Size[\0\t\n\f\r ]+([0-9]{1,10})")
_END = re.compile(rb"startxref\n([0-9]{1,12})\n%%EOF\n")
_REFERENCE = re.compile(rb"([0-9]{1,10}) ([0-9]{1,5}) R")
_SLOT = re.compile(r"TachiaiSlot([0-9]{3})")
_VALUE = re.compile(r"TachiaiValue([0-9]{3})-[0-9]{2}")
_ARCHIVE = re.compile(r"TachiaiArchive[1-9][0-9]{0,3}")
HOUSE = "TachiaiHouse"
DEEPEST, LONGEST_VALUE = 32, 4_000_000


class Odd(ValueError):
    """Bytes behind an upload that are not of the form in which revisions are appended."""


def _value(pdf: bytes, place: int, limit: int, depth: int = 0) -> Tuple[Value, int]:
    """The value that begins at ``place``, and where it ends."""
    found = _TOKEN.match(pdf, place, limit)
    if found is None or depth > DEEPEST:
        raise Odd("no value")
    name, reference, bracket, digits, literal, word = found.groups()
    if bracket in (b"<<", b"["):
        return _members(pdf, found.end(), limit, depth, bracket)
    if bracket is not None:
        raise Odd("a bracket that nothing opens")
    if digits is not None:
        packed = re.sub(rb"[\0\t\n\f\r ]", b"", digits)
        return b"(" + binascii.unhexlify(packed + b"0" * (len(packed) % 2)), found.end()
    if literal is not None:
        return _literal(pdf, found.end(), limit)
    if reference is not None:
        number, generation = reference.replace(b"\0", b" ").split()[:2]
        return b"%d %d R" % (int(number), int(generation)), found.end()
    return name or word, found.end()


def _members(pdf: bytes, place: int, limit: int, depth: int, bracket: bytes) -> Tuple[Value, int]:
    held: List[Value] = []
    closing = b">>" if bracket == b"<<" else b"]"
    while True:
        found = _TOKEN.match(pdf, place, limit)
        if found is not None and found.group(3) == closing:
            place = found.end()
            break
        value, place = _value(pdf, place, limit, depth + 1)
        held.append(value)
    if closing == b"]":
        return held, place
    keys = held[::2]
    if len(held) % 2 or not all(isinstance(key, bytes) and key[:1] == b"/" for key in keys) or len(set(keys)) != len(keys):
        raise Odd("a torn dictionary")
    return dict(zip(keys, held[1::2])), place


def _literal(pdf: bytes, place: int, limit: int) -> Tuple[bytes, int]:
    """A string in round brackets; ``place`` is behind the first."""
    start, depth = place, 1
    while depth:
        place = _end_of(_PLAIN.match(pdf, place, limit))
        if place >= limit:
            raise Odd("a string that nothing closes")
        depth += {b"(": 1, b")": -1}.get(pdf[place : place + 1], 0)
        place += 2 if pdf[place : place + 1] == b"\\" else 1
    return b"(" + _ESCAPE.sub(_unescaped, pdf[start : place - 1]), place


def _end_of(found: Optional[re.Match[bytes]]) -> int:
    if found is None:
        raise Odd("no value")
    return found.end()


def _unescaped(found: re.Match[bytes]) -> bytes:
    what = found.group(1)
    if what is None:
        return b"\n"
    return bytes((int(what, 8) & 0xFF,)) if what[:1] in b"01234567" and what.isdigit() else _LETTERS.get(what, what)


def string(value: Value) -> bytes:
    if not isinstance(value, bytes) or value[:1] != b"(":
        raise Odd("not a string")
    return value[1:]


def words(value: Value) -> str:
    held = string(value) if value is not None else b""
    return held[2:].decode("utf-16-be", "replace") if held[:2] == b"\xfe\xff" else held.decode("latin-1")


def reference(value: Value) -> Optional[int]:
    """The number of the object that is meant; objects of ours have one generation each."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, bytes) and value[:1] not in (b"/", b"(") else None
    return int(found.group(1)) if found else None


class Held(NamedTuple):
    """One object: where its value stands, and where its stream's content does."""

    number: int
    generation: int
    offset: int
    start: int
    end: int
    value: Value
    stream: Optional[Tuple[int, int]]

    def is_meant(self, value: Value) -> bool:
        return bool(value == b"%d %d R" % (self.number, self.generation))


class Section(NamedTuple):
    start: int
    end: int
    objects: Dict[int, Held]
    trailer: Entries
    size: int
    startxref: int


def read_sections(pdf: bytes, start: int) -> List[Section]:
    """Every section from ``start`` to the last byte. Raises `Odd`."""
    found: List[Section] = []
    while start < len(pdf):
        section = _section(pdf, start, first=not found)
        if not found and section.size < max([_size_before(pdf, section), *(number + 1 for number in section.objects)]):
            raise Odd("a section that does not continue the upload")
        if found:
            before = found[-1]
            size = max([before.size, *(number + 1 for number in section.objects)])
            chained = section.trailer.get(b"/Prev") == b"%d" % before.startxref
            if not chained or section.trailer.get(b"/Root") != before.trailer.get(b"/Root") or section.size < size:
                raise Odd("a section that does not continue the one before")
        found.append(section)
        start = section.end
    return found


def _size_before(pdf: bytes, section: Section) -> int:
    """The /Size of the upload: the first that stands where the section's /Prev leads. Whose number is below is no new object."""
    place = section.trailer.get(b"/Prev")
    if not isinstance(place, bytes) or not place.isdigit() or len(place) > 12:
        raise Odd("a section without the one before")
    found = _SIZE.search(pdf, int(place), section.start)
    if found is None:
        raise Odd("an upload that does not state its size")
    return int(found.group(1))


def _section(pdf: bytes, start: int, *, first: bool) -> Section:
    place = start
    if first and pdf[start - 1 : start] not in (b"\n", b"\r") and pdf[start : start + 1] == b"\n":
        place += 1
    objects: Dict[int, Held] = {}
    begin = place
    while True:
        header = _OBJECT.match(pdf, place)
        if header is None:
            break
        held, after = _object(pdf, header)
        if held.number in objects:
            raise Odd("the same object twice")
        objects[held.number], begin, place = held, place, after
    if pdf.startswith(b"xref\n", place):
        trailer, end, startxref = *_table(pdf, place, objects), place
    else:
        trailer, end, startxref = _stream(pdf, objects), place, begin
    closing = _END.match(pdf, end)
    size = _digits(trailer.get(b"/Size"), 10)
    if closing is None or int(closing.group(1)) != startxref or size is None:
        raise Odd("a section without its proper end")
    return Section(start, closing.end(), objects, trailer, size, startxref)


def _digits(value: Value, most: int) -> Optional[int]:
    """The whole number that stands here, if it is one of at most so many digits."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) <= most else None


def _object(pdf: bytes, header: re.Match[bytes]) -> Tuple[Held, int]:
    start = header.end()
    value, end = _value(pdf, start, min(len(pdf), start + LONGEST_VALUE))
    stream = None
    after = end
    if pdf.startswith(b"\nstream\n", end):
        length = value.get(b"/Length") if isinstance(value, dict) else None
        if not isinstance(length, bytes) or not length.isdigit() or len(length) > 10:
            raise Odd("a stream without a length")
        stream = (end + 8, end + 8 + int(length))
        after = stream[1] + 10
        if not pdf.startswith(b"\nendstream", stream[1]):
            raise Odd("a stream that is not as long as it says")
    if not pdf.startswith(b"\nendobj\n", after):
        raise Odd("an object without an end")
    held = Held(int(header.group(1)), int(header.group(2)), header.start(), start, end, value, stream)
    return held, after + 8


def _runs(objects: Dict[int, Held]) -> List[List[Held]]:
    runs: List[List[Held]] = []
    for number in sorted(objects):
        if not runs or runs[-1][-1].number != number - 1:
            runs.append([])
        runs[-1].append(objects[number])
    return runs


def _table(pdf: bytes, place: int, objects: Dict[int, Held]) -> Tuple[Entries, int]:
    """The classic table at ``place`` has to list exactly ``objects``."""
    lines = [b"xref\n"]
    for run in _runs(objects):
        lines.append(b"%d %d\n" % (run[0].number, len(run)))
        lines += [b"%010d %05d n \n" % (held.offset, held.generation) for held in run]
    listed = b"".join([*lines, b"trailer\n"])
    if not pdf.startswith(listed, place):
        raise Odd("a table that does not list its objects")
    start = place + len(listed)
    trailer, end = _value(pdf, start, min(len(pdf), start + LONGEST_VALUE))
    if not isinstance(trailer, dict) or pdf[end : end + 1] != b"\n":
        raise Odd("no trailer")
    return trailer, end + 1


def _stream(pdf: bytes, objects: Dict[int, Held]) -> Entries:
    """The last object has to be the stream that lists all of them. It is taken out of ``objects``."""
    held = list(objects.values())[-1] if objects else None
    if held is None or held.stream is None or held.value.get(b"/Type") != b"/XRef" or b"/Filter" in held.value:
        raise Odd("a section without its cross-reference stream")
    runs = _runs(objects)
    index = [b"%d" % part for run in runs for part in (run[0].number, len(run))]
    rows = b"".join(b"\1" + one.offset.to_bytes(5, "big") + one.generation.to_bytes(2, "big") for run in runs for one in run)
    listed = held.value.get(b"/W") == [b"1", b"5", b"2"] and held.value.get(b"/Index") == index
    if not listed or pdf[held.stream[0] : held.stream[1]] != rows:
        raise Odd("a cross-reference stream that does not list its objects")
    del objects[held.number]
    trailer: Entries = held.value
    return trailer


class Signature(NamedTuple):
    """One signature as its section has it; nothing of it is believed yet."""

    field: str
    held: Held
    is_timestamp: bool
    contents: bytes
    gap: Tuple[int, int]
    section: Section
    name: str
    consent: Optional[bytes]
    permission: Optional[int]
    frees: Optional[Set[str]]

    @property
    def kind(self) -> str:
        return "timestamp" if self.is_timestamp else "house" if self.field == HOUSE else "slot"

    def covered(self, pdf: bytes, digest: str) -> bytes:
        running = hashlib.new(digest)
        view = memoryview(pdf)
        running.update(view[: self.gap[0]])
        running.update(view[self.gap[1] : self.section.end])
        return running.digest()


def find_signature(pdf: bytes, section: Section) -> Optional[Signature]:
    """The one signature that ``section`` brings. Raises `Odd`, and `Wrong` for a range that leaves out anything but the signature."""
    values = [held for held in section.objects.values() if isinstance(held.value, dict) and b"/ByteRange" in held.value]
    if not values:
        return None
    fields = [one for one in section.objects.values() if isinstance(one.value, dict) and values[0].is_meant(one.value.get(b"/V"))]
    if len(values) > 1 or len(fields) != 1:
        raise Odd("not one signature in one field")
    said, field = values[0].value, string(fields[0].value.get(b"/T")).decode("latin-1")
    kinds = [(b"/ETSI.CAdES.detached", b"/Sig"), (b"/ETSI.RFC3161", b"/DocTimeStamp")]
    if (said.get(b"/SubFilter"), said.get(b"/Type")) not in kinds:
        raise Odd("a signature of another kind")
    contents = string(said.get(b"/Contents"))
    gap = _gap(pdf, section, values[0], contents)
    demand(gap is not None, "pdf.byte_range", subject=field)
    permission, frees = _references(said.get(b"/Reference"))
    consent = string(said[b"/XXTachiaiConsent"]) if b"/XXTachiaiConsent" in said else None
    is_timestamp = said[b"/Type"] == b"/DocTimeStamp"
    name = words(said.get(b"/Name"))
    return Signature(field, values[0], is_timestamp, contents, gap or (0, 0), section, name, consent, permission, frees)


def filled_in(signature: Signature) -> Tuple[Dict[str, str], bool]:
    """What a slot's section puts into value fields, by their names, and whether its signature is seen."""
    told: Dict[str, str] = {}
    seen = False
    for held in signature.section.objects.values():
        field = held.value
        if not isinstance(field, dict) or b"/T" not in field:
            continue
        name, value = string(field[b"/T"]).decode("latin-1"), field.get(b"/V")
        if name == signature.field:
            seen = b"/AP" in field
        elif isinstance(value, bytes) and value[:1] == b"/":
            told[name] = value[1:].decode("latin-1")
        else:
            told[name] = words(value)
    return told, seen


def _gap(pdf: bytes, section: Section, held: Held, contents: bytes) -> Optional[Tuple[int, int]]:
    """What the range leaves out, if that is exactly the string of /Contents, which stands last, and the rest is the file so far."""
    stated = held.value[b"/ByteRange"]
    if not isinstance(stated, list) or len(stated) != 4 or not all(isinstance(n, bytes) and n.isdigit() and len(n) < 12 for n in stated):
        return None
    zero, start, end, rest = (int(number) for number in stated)
    if zero != 0 or end + rest != section.end or not held.start < start < end < held.end:
        return None
    last = pdf[start - 10 : start] == b"/Contents " and pdf[end : held.end] in (b" >>", b">>")
    return (start, end) if last and pdf[start:end] == b"<" + binascii.hexlify(contents) + b">" else None


def _references(held: Value) -> Tuple[Optional[int], Optional[Set[str]]]:
    """The P of DocMDP, and the fields that FieldMDP leaves open (none: everything is locked; None: it says nothing of the kind)."""
    permission: Optional[int] = None
    frees: Optional[Set[str]] = None
    for entry in held if isinstance(held, list) else ():
        params = entry.get(b"/TransformParams") if isinstance(entry, dict) else None
        if not isinstance(params, dict):
            raise Odd("a reference without terms")
        method, names = entry.get(b"/TransformMethod"), params.get(b"/Fields")
        if method == b"/DocMDP" and permission is None and params.get(b"/P") in (b"1", b"2", b"3"):
            permission = int(params[b"/P"])
        elif method == b"/FieldMDP" and frees is None and params.get(b"/Action") == b"/All":
            frees = set()
        elif method == b"/FieldMDP" and frees is None and params.get(b"/Action") == b"/Exclude" and isinstance(names, list):
            frees = {string(name).decode("latin-1") for name in names}
        else:
            raise Odd("terms of another kind")
    return permission, frees


def slot_of(name: str) -> int:
    """Whose field it is: a slot's number, 0 for nobody's."""
    found = _SLOT.fullmatch(name) or _VALUE.fullmatch(name)
    return int(found.group(1)) if found else 0


class Terms(NamedTuple):
    """What a file has to be: where its upload ends, which slots are signed, and what the manifest says of it."""

    path: str
    upload_size: int
    upload_sha256: str
    slots: List[int]
    frozen: Optional[Tuple[int, str]]


class Pdf:
    """A file of the bundle, read. ``stores`` holds the validation data that each document timestamp covers, without its time."""

    def __init__(self, data: bytes, terms: Terms) -> None:
        self.data, self.path, self.terms = data, terms.path, terms
        self.signatures: List[Signature] = []
        self.stores: List[Dict[bytes, List[bytes]]] = []
        self.tokens: Dict[str, Token] = {}
        self.signers: Dict[str, Chain] = {}

    def up_to(self, end: int) -> str:
        return hashlib.sha256(memoryview(self.data)[:end]).hexdigest()

    def blanks(self, slot: int) -> Dict[str, bool]:
        """The value fields that were laid in for a slot, by their names: whether each is a box to tick."""
        fields = [held.value for held in self.signatures[0].section.objects.values() if isinstance(held.value, dict)]
        named = [(string(field[b"/T"]).decode("latin-1"), field.get(b"/FT") == b"/Btn") for field in fields if b"/T" in field]
        return {name: is_check for name, is_check in named if _VALUE.fullmatch(name) and slot_of(name) == slot}

    def stamps(self) -> List[Signature]:
        return [signature for signature in self.signatures if signature.is_timestamp]


def read_pdf(data: bytes, terms: Terms) -> Pdf:
    """Everything that can be said of a file before any signature is looked into. Raises `Wrong` with ``pdf.…``."""
    pdf = Pdf(data, terms)
    start = terms.upload_size
    demand(len(data) >= start and terms.upload_sha256 in ("", pdf.up_to(start)), "pdf.upload")
    try:
        sections = read_sections(data, start)
        found = [(section, find_signature(data, section)) for section in sections]
    except (Odd, binascii.Error) as odd:
        raise Wrong("pdf.unreadable", str(odd)) from None
    pdf.signatures = [signature for _, signature in found if signature is not None]
    demand(pdf.signatures, "pdf.not_signed")
    last = found[-1][1]
    demand(last is not None and last.is_timestamp, "pdf.not_whole_file")
    _check_signers(pdf.signatures, terms.slots)
    _check_locks(pdf, bears_others=b"/ByteRange" in data[:start])
    try:
        pdf.stores = _check_changes(data, found)
    except Odd as odd:
        raise Wrong("pdf.changed", str(odd)) from None
    if terms.frozen is not None:
        size, digest = terms.frozen
        demand(pdf.signatures[0].section.end == size and pdf.up_to(size) == digest, "pdf.frozen")
    return pdf


def _check_signers(signatures: Sequence[Signature], slots: Sequence[int]) -> None:
    signed = [one.field for one in signatures if not one.is_timestamp]
    wanted = [HOUSE, *(f"TachiaiSlot{slot:03d}" for slot in slots)]
    for name in wanted:
        demand(name in signed, "pdf.signer_missing", subject=name)
    for place, one in enumerate(signatures):
        known = _ARCHIVE.fullmatch(one.field) if one.is_timestamp else one.field in wanted and (one.field == HOUSE) == (place == 0)
        again = any(other.field == one.field for other in signatures[:place])
        early = any(not other.is_timestamp for other in signatures[place:]) and one.is_timestamp
        demand(known and not again and not early, "pdf.signer_unexpected", subject=one.field)


def _check_locks(pdf: Pdf, *, bears_others: bool) -> None:
    """DocMDP by the house alone, and every lock leaves open exactly the other slots' fields."""
    first, paper = pdf.signatures[0], not pdf.terms.slots
    every = first.frees if first.frees is not None else {"?"}
    slots = {name for name in every if _SLOT.fullmatch(name)}
    known = slots == {f"TachiaiSlot{slot:03d}" for slot in pdf.terms.slots} and all(slot_of(name) in pdf.terms.slots for name in every)
    demand(known, "pdf.lock", subject=first.field)
    permissions: Set[Optional[int]] = {1 if paper else 2, *([None] if bears_others else [])}
    for one in pdf.signatures:
        if one.is_timestamp:
            demand(one.permission is None and one.frees is None and one.consent is None, "pdf.lock", subject=one.field)
            continue
        own = slot_of(one.field)
        others = {name for name in every if own == 0 or slot_of(name) != own}
        allowed = one.permission in permissions if one is first else one.permission is None
        demand(allowed and one.frees == others, "pdf.lock", subject=one.field)


def _check_changes(pdf: bytes, found: Sequence[Tuple[Section, Optional[Signature]]]) -> List[Dict[bytes, List[bytes]]]:
    """What each section rewrites is what its kind may. Gives the validation data that each timestamp covers. Raises `Odd`."""
    latest: Dict[int, Held] = {}
    stores: List[Dict[bytes, List[bytes]]] = []
    size = found[0][0].size
    for place, (section, signature) in enumerate(found):
        root = reference(section.trailer.get(b"/Root")) or 0
        rewritten = [held for number, held in section.objects.items() if number < size]
        if place == 0:
            if signature is None or signature.field != HOUSE:
                raise Odd("the house's section is not the first")
        elif signature is None:
            _check_store(latest, rewritten, root)
        elif signature.is_timestamp:
            _check_stamp(latest, rewritten, root)
        else:
            for held in rewritten:
                _check_field(latest, held, signature.field)
        latest.update(section.objects)
        size = section.size
        if signature is not None and signature.is_timestamp:
            stores.append(_store(pdf, latest, root))
    return stores


def _differ(before: Entries, after: Entries) -> Set[bytes]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _check_field(latest: Dict[int, Held], held: Held, field: str) -> None:
    before = latest[held.number].value if held.number in latest else None
    if not isinstance(before, dict) or not isinstance(held.value, dict) or b"/FT" not in before:
        raise Odd("a section of a signer rewrites something else than fields")
    name = string(before.get(b"/T")).decode("latin-1")
    own = name == field or (_VALUE.fullmatch(name) and slot_of(name) == slot_of(field))
    if not own or _differ(before, held.value) - {b"/V", b"/AP", b"/AS"}:
        raise Odd("a section of a signer rewrites another field")


def _check_store(latest: Dict[int, Held], rewritten: Sequence[Held], root: int) -> None:
    for held in rewritten:
        before = latest[root].value if root in latest else held.value
        if held.number != root or not _differ_only(before, held.value, b"/DSS"):
            raise Odd("validation data that changes something else")


def _check_stamp(latest: Dict[int, Held], rewritten: Sequence[Held], root: int) -> None:
    """A timestamp adds its field to the list, wherever that stands: in an object of its own, in the form, or in the catalogue's form."""
    form_at = reference(_member(latest, root, b"/AcroForm"))
    list_at = reference(_member(latest, form_at, b"/Fields"))
    for held in rewritten:
        if held.number not in latest:
            raise Odd("a timestamp that rewrites what no section has written")
        before, after = latest[held.number].value, held.value
        if held.number == root:
            fine = _differ_only(before, after, b"/AcroForm") and _form_grew(before.get(b"/AcroForm"), after.get(b"/AcroForm"))
        elif held.number == form_at:
            fine = _form_grew(before, after)
        else:
            fine = held.number == list_at and _list_grew(before, after)
        if not fine:
            raise Odd("a timestamp that changes something else")


def _member(latest: Dict[int, Held], number: Optional[int], key: bytes) -> Value:
    value = latest[number].value if number in latest else None
    return value.get(key) if isinstance(value, dict) else None


def _differ_only(before: Value, after: Value, *keys: bytes) -> bool:
    return isinstance(before, dict) and isinstance(after, dict) and not _differ(before, after) - set(keys)


def _form_grew(before: Value, after: Value) -> bool:
    """Of a form only flags and fields change, and of these none is lost. One that stands elsewhere stays where it stands."""
    if before == after:
        return True
    return _differ_only(before, after, b"/Fields", b"/SigFlags") and _list_grew(before.get(b"/Fields"), after.get(b"/Fields"))


def _list_grew(before: Value, after: Value) -> bool:
    return bool(before == after or (isinstance(before, list) and isinstance(after, list) and after[: len(before)] == before))


def _store(pdf: bytes, latest: Dict[int, Held], root: int) -> Dict[bytes, List[bytes]]:
    """The validation data as the catalogue has it now; what came with the upload is not looked for."""
    held = latest.get(reference(_member(latest, root, b"/DSS")) or 0)
    found: Dict[bytes, List[bytes]] = {}
    for kind in (b"/Certs", b"/OCSPs", b"/CRLs"):
        listed = held.value.get(kind, []) if held is not None and isinstance(held.value, dict) else []
        behind = latest.get(reference(listed) or 0)
        listed = behind.value if behind is not None else listed
        streams = [latest[number].stream for number in map(reference, listed) if number in latest]
        found[kind] = [pdf[place[0] : place[1]] for place in streams if place is not None]
    return found


# ===================================================================================== the log: notes, proofs, checkpoints


class Checkpoint(NamedTuple):
    """A signed note over a tree (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    text: bytes
    lines: List[Tuple[str, bytes]]


Dated = Tuple[Checkpoint, datetime]


class LogKey(NamedTuple):
    name: str
    identifier: bytes
    key: bytes

    def signed(self, checkpoint: Checkpoint) -> bool:
        if checkpoint.origin != self.name:
            return False
        return any(self._holds(signature, checkpoint.text) for name, signature in checkpoint.lines if name == self.name)

    def _holds(self, signature: bytes, text: bytes) -> bool:
        if signature[:4] != self.identifier or len(signature) != 68:
            return False
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.key).verify(signature[4:], text)
        except (InvalidSignature, ValueError):
            return False
        return True


def read_log_key(line: str) -> LogKey:
    """A verifier key of C2SP signed-note. Raises ``ValueError``."""
    found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)", line)
    if found is None:
        raise ValueError("no verifier key")
    held = _base64(found.group(3))
    identifier = hashlib.sha256(found.group(1).encode() + b"\n" + held).digest()[:4]
    if len(held) != 33 or held[0] != 1 or identifier.hex() != found.group(2):
        raise ValueError("another kind of key, or another's name")
    return LogKey(found.group(1), identifier, held[1:])


def read_checkpoint(data: bytes) -> Checkpoint:
    """Raises ``ValueError``."""
    text, mark, rest = data.decode("utf-8").partition("\n\n")
    lines = text.split("\n")
    if not mark or len(lines) < 3 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise ValueError("no checkpoint")
    root = _base64(lines[2])
    signed = [re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)", line) for line in rest.split("\n")[:-1]]
    if len(root) != 32 or not rest.endswith("\n") or not signed or None in signed:
        raise ValueError("no checkpoint")
    found = [(one.group(1), _base64(one.group(2))) for one in signed if one is not None]
    return Checkpoint(lines[0], int(lines[1]), root, (text + "\n").encode(), found)


def _base64(text: str) -> bytes:
    """Base64 in its one spelling. Raises ``ValueError``."""
    held = base64.b64decode(text, validate=True)
    if base64.b64encode(held).decode() != text:
        raise ValueError("base64 in another form")
    return held


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    place, last, running = index, size - 1, leaf
    for held in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            running = node_hash(held, running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = node_hash(running, held)
        place, last = place >> 1, last >> 1
    return last == 0 and running == root


def consistent(first: int, old: bytes, second: int, new: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if first == second:
        return old == new and not path
    if first > second or (first and not path):
        return False
    if first == 0:
        return not path and old == hashlib.sha256(b"").digest()
    held = list(path)
    if first & (first - 1) == 0:
        held.insert(0, old)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    one = two = held[0]
    for node in held[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            one, two = node_hash(node, one), node_hash(node, two)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            two = node_hash(two, node)
        place, last = place >> 1, last >> 1
    return last == 0 and one == old and two == new


# ================================================================================================== passkeys (WebAuthn)


def _base64url(text: str) -> bytes:
    held = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(held).rstrip(b"=").decode() != text:
        raise ValueError("base64url in another form")
    return held


def read_cose(data: bytes) -> Dict[int, Any]:
    """A COSE key: a CBOR map of small integers to integers and byte strings. Raises ``ValueError``."""
    head, place = _cbor(data, 0)
    if head[0] != 5 or head[1] > 16:
        raise ValueError("no map")
    found: Dict[int, Any] = {}
    for _ in range(head[1]):
        key, place = _cbor(data, place)
        value, place = _cbor(data, place)
        if key[0] > 1 or value[0] > 2 or key[1] in found:
            raise ValueError("another kind of map")
        found[key[1]] = value[1]
    if place != len(data):
        raise ValueError("bytes behind the map")
    return found


def _cbor(data: bytes, place: int) -> Tuple[Tuple[int, Any], int]:
    """Major type and value of an integer, a byte string or a map's head (RFC 8949)."""
    major, more = data[place] >> 5, data[place] & 0x1F
    place += 1
    width = {24: 1, 25: 2, 26: 4}.get(more, 0)
    if more > 26 or len(data) < place + width or major not in (0, 1, 2, 5):
        raise ValueError("CBOR of another kind")
    size = int.from_bytes(data[place : place + width], "big") if width else more
    place += width
    if major != 2:
        return (major, -1 - size if major == 1 else size), place
    if len(data) < place + size:
        raise ValueError("torn CBOR")
    return (2, data[place : place + size]), place + size


def cose_check(data: bytes) -> Check:
    """ES256, RS256 and EdDSA. Raises ``ValueError``."""
    key = read_cose(data)
    if (key.get(1), key.get(3), key.get(-1)) == (2, -7, 1) and len(key[-2]) == len(key[-3]) == 32:
        x, y = int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big")
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        return _holding(lambda signature, message: point.verify(signature, message, ec.ECDSA(hashes.SHA256())))
    if (key.get(1), key.get(3)) == (3, -257):
        numbers = rsa.RSAPublicNumbers(int.from_bytes(key[-2], "big"), int.from_bytes(key[-1], "big"))
        modulus = numbers.public_key()
        if modulus.key_size < 2048:
            raise ValueError("an RSA key below 2048 bits")
        return _holding(lambda signature, message: modulus.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()))
    if (key.get(1), key.get(3), key.get(-1)) == (1, -8, 6):
        return _holding(ed25519.Ed25519PublicKey.from_public_bytes(key[-2]).verify)
    raise ValueError("another kind of key")


def check_passkey(data: bytes, consent: bytes, authentication: Json) -> None:
    """That whoever holds the passkey confirmed this very consent. Raises `Wrong` with ``passkey.…``."""
    try:
        told = read_json(data)
        demand(shaped(told, PASSKEY), "passkey.unreadable", "form")
        authenticator, client_data = _base64url(told["authenticator_data"]), _base64url(told["client_data_json"])
        signature, credential = _base64url(told["signature"]), _base64url(told["credential"])
        holds = cose_check(_base64url(told["public_key_cose"])).holds
        client = load_json(client_data.decode("utf-8"))
        demand(len(authenticator) >= 37 and isinstance(client, dict), "passkey.unreadable")
    except (ValueError, KeyError, TypeError, IndexError, UnsupportedAlgorithm) as torn:
        raise Wrong("passkey.unreadable", str(torn)) from None
    demand(authentication.get("credential") == sha256(credential), "passkey.credential")
    host = re.fullmatch(r"https?://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?", told["origin"])
    near = host is not None and told["rp_id"] and ("." + host.group(1).lower()).endswith("." + told["rp_id"])
    alone = client.get("crossOrigin", False) is False
    same = client.get("type") == "webauthn.get" and client.get("origin") == told["origin"] and alone
    demand(same and near and authenticator[:32] == hashlib.sha256(told["rp_id"].encode()).digest(), "passkey.origin")
    challenge = hashlib.sha256(b"tachiai-consent-challenge-v1\0" + consent).digest()
    wanted = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    demand(client.get("challenge") == wanted, "passkey.challenge")
    demand(authenticator[32] & 0x05 == 0x05, "passkey.presence")
    demand(holds(signature, authenticator + hashlib.sha256(client_data).digest()), "passkey.signature")


# ======================================================================================================= the examination


class Reader(NamedTuple):
    """What the reader brought along, from elsewhere: roots (DER), the log's key, a checkpoint; and the time of asking."""

    roots: Tuple[bytes, ...] = ()
    log_key: str = ""
    checkpoint: bytes = b""
    at: Optional[datetime] = None


_FIXED = (
    "certificate.pdf",
    "ledger/checkpoint.tst",
    "ledger/checkpoint.txt",
    "ledger/entries.jsonl",
    "ledger/log-key.txt",
    "ledger/personal.json",
    "ledger/proofs.json",
    "mail/deliveries.json",
)
_KNOWN_PATH = re.compile(
    "|".join(
        (
            *(re.escape(path) for path in _FIXED),
            r"documents/[0-9]{2}\.pdf",
            r"ledger/earlier/[1-9][0-9]{0,3}\.(?:txt|tst)",
            r"consents/[1-9][0-9]{0,2}(?:\.personal|\.passkey)?\.json",
            r"certificates/[0-9a-f]{64}\.der",
            r"revocation/[0-9a-f]{64}\.(?:ocsp|crl)",
            r"tokens/[0-9a-f]{64}\.tst",
            r"README\.(?:ja|en)\.txt",
            r"verify/tachiai_verify\.(?:py|html)",
        )
    )
)


class Stop(Exception):
    """Nothing that follows could be checked."""


class Examination:
    """One bundle, examined check by check in the order of the format page."""

    def __init__(self, data: bytes, reader: Reader) -> None:
        self.data, self.reader = data, reader
        self.problems: List[Dict[str, str]] = []
        self.states = dict.fromkeys(CHECKS, "skipped")
        self.current = ""
        self.files: Dict[str, bytes] = {}
        self.manifest: Optional[Dict[str, Any]] = None
        self.pdfs: List[Pdf] = []
        self.roots: List[Certificate] = []
        self.consents: Dict[int, Dict[str, Any]] = {}
        self.entries: List[Dict[str, Any]] = []
        self.leaves: List[bytes] = []
        self.places: Dict[int, int] = {}
        self.personal: Dict[int, Json] = {}
        self.told: Dict[int, Json] = {}
        self.asked: Dict[int, Dict[str, Any]] = {}
        self.log_key: Optional[LogKey] = None
        self.checkpoint: Optional[Checkpoint] = None
        self.stamped_at: Optional[datetime] = None
        self.mail: Optional[str] = None
        self.erased = False

    # -------------------------------------------------------------------------------------------------- telling

    def run(self) -> None:
        steps = (
            self._container,
            self._manifest,
            self._pdf,
            self._signature,
            self._revocation,
            self._consent,
            self._passkey,
            self._entries,
            self._agreement,
            self._log,
            self._delivery,
            self._material,
        )
        try:
            for name, step in zip(CHECKS, steps):
                self.current = name
                step()
        except Stop:
            pass

    def _begin(self) -> None:
        """Something of the current check is looked at."""
        if self.states[self.current] == "skipped":
            self.states[self.current] = "ok"

    def _tell(self, wrong: Wrong, subject: str = "") -> None:
        self.states[self.current] = "failed"
        self.problems.append({"code": wrong.code, "subject": subject or wrong.subject, "detail": wrong.detail})

    def _try(self, subject: str, check: Callable[..., object], *arguments: Any) -> bool:
        """Do one check of one subject; its first failure is told."""
        self._begin()
        try:
            check(*arguments)
        except Wrong as wrong:
            self._tell(wrong, subject)
            return False
        return True

    @property
    def form(self) -> Dict[str, Any]:
        """The manifest, where it could be read."""
        return self.manifest or {}

    # --------------------------------------------------------------------------------------- 1 and 2: what is there

    def _container(self) -> None:
        self._begin()
        try:
            self.files = open_container(self.data)
        except Wrong as wrong:
            self._tell(wrong)
            raise Stop from None

    def _manifest(self) -> None:
        self._begin()
        try:
            demand("manifest.json" in self.files, "manifest.missing")
            self.manifest = _read_manifest(self.files["manifest.json"])
        except Wrong as wrong:
            self._tell(wrong, "manifest.json")
            raise Stop from None
        listed = {held["path"]: held for held in self.form["files"]}
        for path, held in listed.items():
            self._listed(path, held)
        slots = [f"consents/{signer['slot']}.json" for signer in self.form["signers"]]
        needed = sorted([*_FIXED, *(document["path"] for document in self.form["documents"]), *slots])
        for path in [path for path in needed if path not in listed]:
            self._tell(Wrong("file.missing"), path)
        for path in sorted(self.files):
            if path != "manifest.json" and (path not in listed or not self._has_place(path)):
                self._tell(Wrong("file.unlisted"), path)
        held_roots = [_certificate_or_none(self.files.get(f"certificates/{root['sha256']}.der", b"")) for root in self.form["roots"]]
        self.roots = [root for root in held_roots if root is not None]

    def _has_place(self, path: str) -> bool:
        """Whether a file of this name belongs here: what looks like a document or a consent has to be one that is checked."""
        if path.startswith("documents/"):
            return path in [held["path"] for held in self.form["documents"]]
        if path.startswith("consents/") and _KNOWN_PATH.fullmatch(path):
            return int(path[9:].partition(".")[0]) <= len(self.form["signers"])
        return _KNOWN_PATH.fullmatch(path) is not None

    def _listed(self, path: str, held: Json) -> None:
        data = self.files.get(path)
        if data is None:
            self._tell(Wrong("file.missing"), path)
        elif (len(data), sha256(data)) != (held["size"], held["sha256"]):
            self._tell(Wrong("file.digest"), path)

    # --------------------------------------------------------------------------- 3 to 5: the PDFs and their signatures

    def _pdf(self) -> None:
        for held in self.form["documents"]:
            slots = [signer["slot"] for signer in self.form["signers"] if has(signer, held["document"])]
            frozen = (held["frozen_size"], held["frozen_sha256"])
            self._read_pdf(Terms(held["path"], held["upload_size"], held["upload_sha256"], slots, frozen))
        paper = self.form["certificate"]
        self._read_pdf(Terms(paper["path"], paper["paper_size"], "", [], None))

    def _read_pdf(self, terms: Terms) -> None:
        data = self.files.get(terms.path)
        if data is None:
            return
        self._begin()
        try:
            self.pdfs.append(read_pdf(data, terms))
        except Wrong as wrong:
            self._tell(wrong, terms.path + (f"#{wrong.subject}" if wrong.subject else ""))

    def _rooted(self, use: str) -> List[Certificate]:
        wanted = {root["sha256"] for root in self.form["roots"] if use in root["uses"]}
        return [root for root in self.roots if root.fingerprint in wanted]

    def _trusted(self, chain: Chain) -> None:
        given = [held for held in self.reader.roots if held == chain[-1].der]
        demand(given or not self.reader.roots, "chain.untrusted", chain[-1].name())

    def _signature(self) -> None:
        for pdf in self.pdfs:
            times: List[datetime] = []
            for signature in pdf.signatures:
                self._one_signature(pdf, signature, times)

    def _one_signature(self, pdf: Pdf, signature: Signature, times: List[datetime]) -> None:
        subject = f"{pdf.path}#{signature.field}"
        if signature.is_timestamp:
            stamped = self._token(pdf, signature, signature.contents, lambda name: signature.covered(pdf.data, name), subject)
            if stamped is not None and self._try(subject, demand, _in_order(stamped, times), "token.order"):
                pdf.tokens[signature.field] = stamped
            times += [stamped.at] if stamped is not None else []
            return None
        try:
            self._begin()
            signed = read_signed(signature.contents)
            signer = check_signed(signed, lambda name: signature.covered(pdf.data, name), "signature")
        except Wrong as wrong:
            return self._tell(wrong, subject)
        except Torn as torn:
            return self._tell(Wrong("signature.unreadable", str(torn)), subject)
        held = signed.unsigned.get(SIGNATURE_TIME_STAMP, [])
        if len(held) != 1:
            return self._tell(Wrong("token.missing"), f"{subject}/token")
        stamped = self._token(pdf, signature, held[0].raw, lambda name: hashlib.new(name, signed.signature).digest(), f"{subject}/token")
        if stamped is None:
            return None
        times.append(stamped.at)
        try:
            chain = build_chain(signer, signed.certificates, self._rooted("seal"), stamped.at)
            self._trusted(chain)
        except ValueError as broken:
            return self._tell(Wrong("chain.broken", str(broken)), subject)
        except Wrong as wrong:
            return self._tell(wrong, subject)
        pdf.tokens[signature.field], pdf.signers[signature.field] = stamped, chain
        return None

    def _token(self, pdf: Pdf, signature: Signature, held: bytes, digest_of: Callable[[str], bytes], subject: str) -> Optional[Token]:
        found: List[Token] = []

        def check() -> None:
            found.append(check_token(held, digest_of, self._rooted("timestamp")))
            self._trusted(found[0].chain)

        return found[0] if self._try(subject, check) else None

    def _holding_pdfs(self) -> List[Pdf]:
        return [pdf for pdf in self.pdfs if len(pdf.tokens) == len(pdf.signatures)]

    def _revocation(self) -> None:
        for pdf in self._holding_pdfs():
            stamps = pdf.stamps()
            stores = [
                Store(pdf.tokens[stamp.field].at, set(held[b"/Certs"]), held[b"/OCSPs"], held[b"/CRLs"])
                for stamp, held in zip(stamps, pdf.stores)
            ]
            later = 0
            for signature in pdf.signatures:
                token = pdf.tokens[signature.field]
                later = min(later + 1, len(stamps) - 1) if signature.is_timestamp else 0
                chains = [token.chain] if signature.is_timestamp else [pdf.signers[signature.field], token.chain]
                uses = [Use(signature.field, chain, token.at, later) for chain in chains]
                self._try(f"{pdf.path}#{signature.field}", check_uses, uses, stores)

    # --------------------------------------------------------------------------------------- 6 and 7: who consented

    def _consent(self) -> None:
        for signer in self.form["signers"]:
            slot = signer["slot"]
            data = self.files.get(f"consents/{slot}.json")
            if data is not None:
                self._try(f"slot:{slot}", self._one_consent, signer, data)

    def _one_consent(self, signer: Json, data: bytes) -> None:
        slot = signer["slot"]
        try:
            consent = read_json(data)
        except ValueError as odd:
            raise Wrong("consent.unreadable", str(odd)) from None
        demand(shaped(consent, CONSENT), "consent.unreadable", "not consent v1")
        self.consents[slot] = consent
        named = (consent["envelope"], consent["recipient"], consent["slot"])
        demand(named == (self.form["envelope"]["id"], signer["recipient"], slot), "consent.envelope")
        theirs = [held for held in self.form["documents"] if has(signer, held["document"])]
        wanted = [(held["document"], held["frozen_sha256"], held["frozen_size"]) for held in theirs]
        demand([(d["document"], d["sha256"], d["size"]) for d in consent["documents"]] == wanted, "consent.documents")
        digest = hashlib.sha256(data).digest()
        for pdf in self.pdfs:
            for signature in pdf.signatures:
                if slot_of(signature.field) == slot:
                    demand(signature.consent == digest, "consent.not_in_signature", pdf.path)
                    self._filled(pdf, signature, consent)
        held = self.files.get(f"consents/{slot}.personal.json")
        self.erased = self.erased or held is None
        if held is not None:
            self.personal[slot] = _salted(held, SALTED, consent["personal"], "consent.personal")

    def _filled(self, pdf: Pdf, signature: Signature, consent: Json) -> None:
        """What the seal filled into its blanks is what was consented to, and it is seen where that was consented to, and nowhere else."""
        laid, values = pdf.blanks(consent["slot"]), consent["values"]
        unticked = {name for name, is_check in laid.items() if is_check and values.get(name) == "Off"}
        wanted = {name: values[name] for name in laid if name in values and name not in unticked}
        told, seen = filled_in(signature)
        document = next(held["document"] for held in self.form["documents"] if held["path"] == pdf.path)
        demand(told == wanted and seen == (f"{signature.field}:{document}" in values), "consent.values", pdf.path)

    def _passkey(self) -> None:
        for slot, consent in sorted(self.consents.items()):
            level = consent["authentication"].get("level")
            wanted = isinstance(level, str) and level.endswith("-passkey")
            data = self.files.get(f"consents/{slot}.passkey.json")
            subject = f"slot:{slot}"
            if data is None and wanted:
                self._try(subject, demand, False, "passkey.missing")
            elif data is not None and not wanted:
                self._try(subject, demand, False, "passkey.unexpected")
            elif data is not None:
                body, auth = self.files[f"consents/{slot}.json"], consent["authentication"]
                self._try(subject, check_passkey, data, body, auth)

    # ------------------------------------------------------------------------------------ 8 and 9: what was recorded

    def _entries(self) -> None:
        data = self.files.get("ledger/entries.jsonl")
        if data is None:
            return
        self._begin()
        lines = data.split(b"\n")
        ended = not lines.pop() and bool(lines)
        previous = "0" * 64
        for number, line in enumerate(lines, start=1):
            if not self._try(f"entry:{number}", self._one_entry, line, number, previous):
                return
            previous = self.leaves[-1].hex()
        if not self._try(f"entry:{len(lines) + 1}", demand, ended, "entry.unreadable", "the last line has no end"):
            return
        self._try("ledger/personal.json", self._personal_form)
        for seq, held in sorted(self.told.items()):
            self._try(f"entry:{seq}", self._one_personal, seq, held)
        self.erased = self.erased or any(entry["personal"] and entry["seq"] not in self.told for entry in self.entries)

    def _one_entry(self, line: bytes, number: int, previous: str) -> None:
        try:
            entry = read_json(line)
        except ValueError as odd:
            raise Wrong("entry.unreadable", str(odd)) from None
        demand(shaped(entry, ENTRY), "entry.unreadable", "not entry v1")
        demand(entry["stream"] == f"envelope:{self.form['envelope']['id']}", "entry.stream")
        demand(entry["seq"] == number, "entry.gap")
        demand(entry["previous"] == previous, "entry.chain")
        self.entries.append(entry)
        self.leaves.append(hashlib.sha256(b"\0" + line).digest())

    def _personal_form(self) -> None:
        data = self.files.get("ledger/personal.json")
        if data is None:
            return
        told = _json_of(data, PERSONAL, "entry.personal")["entries"]
        numbers = [held["seq"] for held in told]
        demand(numbers == sorted(set(numbers)), "entry.personal", "not in order")
        self.told = {held["seq"]: held for held in told}

    def _one_personal(self, seq: int, held: Json) -> None:
        entry = self.entries[seq - 1] if seq <= len(self.entries) else None
        demand(entry is not None and entry["personal"] is not None, "entry.personal", "for an entry that has none")
        committed = entry["personal"] if entry else ""
        held["read"] = _committed(held["salt"], held["personal"], committed, "entry.personal")

    def _agreement(self) -> None:
        if self.states["entries"] != "ok":
            return
        self._try("", self._sent)
        for held in self.form["documents"]:
            frozen = {"document": held["document"], "sha256": held["frozen_sha256"]}
            self._try(held["path"], demand, self._once("document.frozen", frozen), "entry.frozen")
        for signer in self.form["signers"]:
            self._try(f"slot:{signer['slot']}", self._consented, signer)
        documents = {held["path"]: held["document"] for held in self.form["documents"]}
        for pdf in self.pdfs:
            if pdf.path in documents:
                self._recorded(pdf, documents[pdf.path])
            else:
                self._concluded(pdf)

    def _named(self, event: str, data: Dict[str, Any]) -> int:
        """How many entries of this event say all of ``data``."""
        return sum(e["event"] == event and all(e["data"].get(key) == value for key, value in data.items()) for e in self.entries)

    def _once(self, event: str, data: Dict[str, Any]) -> bool:
        """Whether one entry says so, and no other entry of this event anything else of the same thing."""
        key = next(iter(data))
        return self._named(event, data) == 1 == self._named(event, {key: data[key]})

    def _sent(self) -> None:
        uploads = [held["upload_sha256"] for held in self.form["documents"]]
        sent = [entry["data"] for entry in self.entries if entry["event"] == "envelope.sent"]
        demand(len(sent) == 1 and sent[0].get("documents") == uploads, "entry.sent")
        told = sent[0].get("slots")
        demand(isinstance(told, list) and all(is_place(one) for one in told), "entry.sent")
        standing = self._standing(told)
        for one in standing:
            demand(one.get("proof", "totp") in ("totp", "passkey"), "entry.sent", "a proof that is not known here")
            demand(one.get("gate", "otp") in ("otp", "none"), "entry.sent", "a gate that is not known here")
        demand(sorted({one["slot"] for one in standing}) == [one["slot"] for one in self.form["signers"]], "entry.sent")
        for signer in self.form["signers"]:
            group = [one for one in standing if one["slot"] == signer["slot"]]
            own = [one for one in group if one["recipient"] == signer["recipient"]]
            demand(len(own) == 1 and own[0]["order"] == signer["order"], "entry.sent")
            demand(canonical(own[0].get("documents")) == canonical(signer.get("documents")), "entry.sent")
            demand(len(group) == 1 or all(one.get("any_one") is True for one in group), "entry.sent", "one slot for several")
            self.asked[signer["slot"]] = own[0]

    def _standing(self, told: List[Json]) -> List[Json]:
        """Who was to sign where in the end: who was sent to, but for those in whose place somebody else was named."""
        standing = {one["recipient"]: one for one in told}
        demand(len(standing) == len(told), "entry.sent")
        for entry in self.entries:
            if entry["event"] != "recipient.reassigned":
                continue
            old, place = entry["data"].get("recipient"), entry["data"].get("place")
            demand(isinstance(old, str) and isinstance(place, dict), "entry.sent", "somebody reassigned to nobody")
            if old not in standing and "slot" not in place:
                continue  # somebody who was not to sign
            demand(old in standing and is_place(place) and place["recipient"] not in standing, "entry.sent", "reassigned from nobody")
            before = standing.pop(old)
            # Written out, because to Python true is 1.
            same = all(canonical(before.get(name)) == canonical(place.get(name)) for name in _TERMS)
            demand(same, "entry.sent", "reassigned on other terms")
            standing[place["recipient"]] = place
        return list(standing.values())

    def _consented(self, signer: Json) -> None:
        consent = self.consents.get(signer["slot"])
        if consent is None:
            return
        digest = sha256(self.files[f"consents/{signer['slot']}.json"])
        wanted = {"recipient": signer["recipient"], "consent": consent["consent"], "digest": digest}
        demand(self._once("recipient.consented", wanted), "entry.consent")
        level = consent["authentication"].get("level")
        said = level if isinstance(level, str) else ""
        place = self.asked.get(signer["slot"], {})
        enough = said.endswith(f"-{place['proof']}" if "proof" in place else "") and (said != "mail-only" or "gate" in place)
        demand(enough, "entry.consent", "less than the sender asked for")

    def _recorded(self, pdf: Pdf, document: str) -> None:
        recipients = {signer["slot"]: signer["recipient"] for signer in self.form["signers"]}
        closed = False
        for signature in pdf.signatures[1:]:
            said = {"document": document, "sha256": pdf.up_to(signature.section.end)}
            code, events = "entry.closed", ("document.topped_up", "document.renewed") if closed else ("document.closed",)
            if not signature.is_timestamp:
                slot = slot_of(signature.field)
                consent = {"consent": self.consents[slot]["consent"]} if slot in self.consents else {}
                said = {**said, "recipient": recipients[slot], **consent}
                code, events = "entry.sealed", ("document.sealed", "document.resealed")
            closed = closed or signature.is_timestamp
            known = any(self._named(event, said) for event in events)
            self._try(f"{pdf.path}#{signature.field}", demand, known, code)

    def _concluded(self, pdf: Pdf) -> None:
        first, *others = [pdf.up_to(stamp.section.end) for stamp in pdf.stamps()]
        events = [entry["data"] for entry in self.entries if entry["event"] == "envelope.concluded"]
        number = self.form["certificate"]["number"]
        right = len(events) == 1 and events[0].get("certificate") == number and events[0].get("sha256") == first
        later = ("certificate.topped_up", "certificate.renewed")
        named = all(any(self._named(event, {"sha256": digest}) for event in later) for digest in others)
        self._try(pdf.path, demand, right and named, "entry.concluded")

    # --------------------------------------------------------------------------------------------------- 10: the log

    def _log(self) -> None:
        key = self.files.get("ledger/log-key.txt")
        if key is None or not self._try("ledger/log-key.txt", self._read_key, key):
            return
        self._try("ledger/log-key.txt", demand, not self.reader.log_key or self.reader.log_key == self._key_line(), "log.key_other")
        found = self._note("ledger/checkpoint")
        earlier = self._proofs(found) if found else []
        if found:
            self.checkpoint, self.stamped_at = found
            self._try("ledger/checkpoint.txt", self._check_dated, found[1])
            self._try("ledger/entries.jsonl", self._check_concluded, [found, *earlier])
            if self.reader.checkpoint:
                self._try("mail", self._compare_mail, [found[0], *(held for held, _ in earlier)])

    def _key_line(self) -> str:
        return self.files["ledger/log-key.txt"].decode("latin-1").rstrip("\n")

    def _read_key(self, data: bytes) -> None:
        try:
            self.log_key = read_log_key(data[:-1].decode("utf-8"))
            demand(data[-1:] == b"\n", "log.key")
        except ValueError as odd:
            raise Wrong("log.key", str(odd)) from None

    def _note(self, path: str) -> Optional[Dated]:
        """A checkpoint of the bundle with its token's time, if both hold."""
        note, token = self.files.get(f"{path}.txt"), self.files.get(f"{path}.tst")
        if note is None or token is None:
            return None
        found: List[Dated] = []

        def check() -> None:
            checkpoint = self._read_note(note)
            try:
                stamped = check_token(token, lambda name: hashlib.new(name, note).digest(), self._rooted("timestamp"))
            except Wrong as wrong:
                raise Wrong("checkpoint.token", f"{wrong.code} {wrong.detail}") from None
            self._trusted(stamped.chain)
            found.append((checkpoint, stamped.at))

        return found[0] if self._try(f"{path}.txt", check) else None

    def _read_note(self, note: bytes) -> Checkpoint:
        try:
            checkpoint = read_checkpoint(note)
        except ValueError as odd:
            raise Wrong("checkpoint.unreadable", str(odd)) from None
        demand(self.log_key is not None and self.log_key.signed(checkpoint), "checkpoint.signature")
        return checkpoint

    def _proofs(self, found: Dated) -> List[Dated]:
        data, told = self.files.get("ledger/proofs.json"), []

        def read() -> None:
            proofs = _json_of(data or b"", PROOFS, "proof.unreadable")
            demand(proofs["size"] == found[0].size, "proof.unreadable", "another size than the checkpoint's")
            numbers = [held["number"] for held in proofs["earlier"]]
            demand(numbers == list(range(1, len(numbers) + 1)), "proof.unreadable", "earlier checkpoints not in order")
            told.append(proofs)

        if data is None or not self._try("ledger/proofs.json", read):
            return []
        self._inclusions(told[0]["leaves"], found[0])
        return self._earlier(told[0]["earlier"], found)

    def _inclusions(self, leaves: Json, checkpoint: Checkpoint) -> None:
        if self.states["entries"] != "ok":
            return
        numbers = [held["seq"] for held in leaves]
        by_number = {held["seq"]: held for held in leaves}
        for number in sorted({*numbers, *range(1, len(self.leaves) + 1)}):
            known = number in by_number and number <= len(self.leaves) and numbers.count(number) == 1

            def check(number: int = number, known: bool = known) -> None:
                demand(known, "proof.missing")
                held = by_number[number]
                path = [bytes.fromhex(node) for node in held["path"]]
                leaf = self.leaves[number - 1]
                demand(included(leaf, held["index"], checkpoint.size, path, checkpoint.root), "proof.inclusion")
                self.places[number] = held["index"]

            self._try(f"entry:{number}", check)

    def _earlier(self, told: Json, found: Dated) -> List[Dated]:
        kept: List[Dated] = []
        stray = {path for path in self.files if path.startswith("ledger/earlier/")}
        stray -= {f"ledger/earlier/{held['number']}.{ending}" for held in told for ending in ("txt", "tst")}
        for path in sorted(stray):
            self._try(path, demand, False, "proof.unreadable", "a checkpoint without a proof")
        for held in told:
            subject = f"ledger/earlier/{held['number']}.txt"
            if subject not in self.files or f"{subject[:-4]}.tst" not in self.files:
                self._try(subject, demand, False, "proof.unreadable", "a proof without its checkpoint")
                continue
            one = self._note(subject[:-4])
            if one is None:
                continue
            hashes_up = [bytes.fromhex(node) for node in held["path"]]
            right = one[0].size == held["size"] and consistent(one[0].size, one[0].root, found[0].size, found[0].root, hashes_up)
            if self._try(subject, self._before, one, found, right):
                kept.append(one)
        return kept

    def _before(self, one: Dated, found: Dated, right: bool) -> None:
        demand(right, "checkpoint.consistency")
        demand(one[1] - found[1] <= ORDER_TOLERANCE, "checkpoint.token", "stamped later than the one that follows")

    def _check_dated(self, stamped_at: datetime) -> None:
        """Nothing in the tree says that it happened after the tree was stamped, but for what two clocks may differ."""
        for entry in self.entries if self.states["entries"] == "ok" else ():
            at = _instant(entry["at"])
            demand(at is not None and at - stamped_at <= SKEW, "checkpoint.token", f"stamped before entry {entry['seq']}")

    def _check_concluded(self, known: Sequence[Dated]) -> None:
        """The checkpoint that the conclusion was made under, and the mails carried, is among those that are here, and is that old."""
        for entry in self.entries if self.states["entries"] == "ok" else ():
            named = entry["data"].get("checkpoint") if entry["event"] == "envelope.concluded" else None
            if isinstance(named, dict) and named.get("origin") == known[0][0].origin:
                size, root = named.get("size"), named.get("root")
                same = [one for one in known if type(size) is int and (one[0].size, one[0].root.hex()) == (size, root)]
                demand(same, "checkpoint.concluded")
                at = _instant(entry["at"])
                demand(at is not None and same[0][1] - at <= SKEW, "checkpoint.concluded", "stamped after the conclusion")
                self._check_entered(same[0][0])

    def _check_entered(self, one: Checkpoint) -> None:
        """What was done until the last document was closed stood in the tree of ``one``; else it was told anew, in a tree that grew on."""
        closed = max((entry["seq"] for entry in self.entries if entry["event"] == "document.closed"), default=0)
        for number in range(1, closed + 1):
            demand(self.places.get(number, 0) < one.size, "proof.later", f"entry {number}")

    def _compare_mail(self, known: Sequence[Checkpoint]) -> None:
        try:
            mailed = read_checkpoint(self.reader.checkpoint)
        except ValueError as odd:
            raise Wrong("checkpoint.mail", str(odd)) from None
        demand(self.log_key is not None and self.log_key.signed(mailed), "checkpoint.mail", "by another key")
        for place, one in enumerate(known):
            if one.size == mailed.size:
                demand(one.root == mailed.root, "checkpoint.mail", "another tree of the same size")
                self._check_entered(one)
                self.mail = "earlier" if place else "same"
                return
        self.mail = "unrelated"
        raise Wrong("checkpoint.unrelated")

    # ----------------------------------------------------------------------------- 11 and 12: letters and other files

    def _delivery(self) -> None:
        data = self.files.get("mail/deliveries.json")
        if data is None or self.states["entries"] != "ok":
            return
        told: List[Json] = []
        if not self._try("mail/deliveries.json", lambda: told.extend(_json_of(data, DELIVERIES, "delivery.unreadable")["mails"])):
            return
        about = {entry["seq"]: entry for entry in self.entries if entry["event"] in ("mail.accepted", "mail.refused")}
        numbers = [held["seq"] for held in told]
        for held in told:
            entry = about.get(held["seq"]) if numbers.count(held["seq"]) == 1 else None
            self._try(f"entry:{held['seq']}", self._one_delivery, held, entry)
        for number in sorted(about.keys() - set(numbers)):
            self._try(f"entry:{number}", demand, False, "delivery.missing")

    def _one_delivery(self, held: Json, entry: Optional[Dict[str, Any]]) -> None:
        demand(entry is not None, "delivery.unknown")
        said = entry or {"data": {}}
        same = (said["event"], said["at"]) == (f"mail.{held['result']}", held["at"])
        demand(same and (said["data"].get("mail"), said["data"].get("kind")) == (held["mail"], held["kind"]), "delivery.unknown")
        personal = self.told.get(held["seq"], {}).get("read") or {}
        names = ("to", "reply", "message_id")
        demand([held[name] for name in names] == [personal.get(name) for name in names], "delivery.unknown")

    def _material(self) -> None:
        known = {sha256(token.raw) for pdf in self.pdfs for token in pdf.tokens.values()}
        whole = self._holding_pdfs() == self.pdfs and len(self.pdfs) == len(self.form["documents"]) + 1
        for path in sorted(self.files):
            folder, _, name = path.partition("/")
            if folder in ("certificates", "revocation", "tokens"):
                self._try(path, _check_material, path, name.partition(".")[0], self.files[path])
            if folder == "tokens" and whole:
                self._try(path, demand, name[:-4] in known, "material.unknown")
        wanted = [f"certificates/{root['sha256']}.der" for root in self.form["roots"]] + [f"tokens/{one}.tst" for one in sorted(known)]
        for path in wanted:
            self._try(path, demand, path in self.files, "material.missing")


def _certificate_or_none(der: bytes) -> Optional[Certificate]:
    """One that is missing or unreadable is told of as material."""
    try:
        return certificate(der)
    except Torn:
        return None


def _read_manifest(data: bytes) -> Dict[str, Any]:
    try:
        held = read_json(data)
    except ValueError as odd:
        raise Wrong("manifest.unreadable", str(odd)) from None
    named = isinstance(held, dict) and held.get("kind") == KIND and is_one(held.get("v"))
    demand(named, "manifest.version")
    demand(shaped(held, MANIFEST), "manifest.form")
    paths = [one["path"] for one in held["files"]]
    documents = [one["path"] for one in held["documents"]]
    slots = [one["slot"] for one in held["signers"]]
    roots = [one["sha256"] for one in held["roots"]]
    ordered = (
        paths == sorted(set(paths))
        and "manifest.json" not in paths
        and documents == [f"documents/{number:02d}.pdf" for number in range(1, len(documents) + 1)]
        and slots == list(range(1, len(slots) + 1))
        and all(_are_theirs(one["documents"], held["documents"]) for one in held["signers"] if "documents" in one)
        and roots == sorted(set(roots))
        and all(one["uses"] in (["seal"], ["timestamp"], ["seal", "timestamp"]) for one in held["roots"])
    )
    demand(ordered and documents and slots, "manifest.form")
    manifest: Dict[str, Any] = held
    return manifest


_TERMS = ("slot", "order", "any_one", "proof", "documents")
_PLACE = {"slot", "order", "recipient", "any_one", "gate", "proof", "deadline", "documents", "may_reassign", "wants_copy"}


def is_place(value: Json) -> bool:
    """Whether an entry names somebody who is to sign, and nothing about them that is not known here."""
    return isinstance(value, dict) and value.keys() <= _PLACE and shaped({name: value.get(name) for name in SIGNER}, SIGNER)


def has(signer: Json, document: str) -> bool:
    """Whether a signer signs this document: all of them, unless some are named."""
    return bool(document in signer.get("documents", [document]))


def _are_theirs(some: Sequence[str], documents: Sequence[Json]) -> bool:
    """Documents of the bundle, in its order, and at least one."""
    return bool(some) and list(some) == [held["document"] for held in documents if held["document"] in some]


def _json_of(data: bytes, shape: Shape, code: str) -> Json:
    """A JSON file of the bundle. Another version is as unreadable as no JSON."""
    try:
        held = read_json(data)
    except ValueError as odd:
        raise Wrong(code, str(odd)) from None
    demand(shaped(held, shape), code, "form")
    return held


def _salted(data: bytes, shape: Shape, committed: str, code: str) -> Json:
    held = _json_of(data, shape, code)
    return _committed(held["salt"], held["personal"], committed, code)


def _committed(salt: str, personal: str, committed: str, code: str) -> Json:
    """The personal data, when salt and text give the commitment."""
    try:
        data = personal.encode("utf-8")
        told = read_json(data)
    except ValueError as odd:
        raise Wrong(code, str(odd)) from None
    demand(isinstance(told, dict) and sha256(bytes.fromhex(salt) + data) == committed, code)
    return told


def _instant(text: str) -> Optional[datetime]:
    """The moment of a time of the formats; none, where no calendar holds it."""
    try:
        return datetime.fromisoformat(text[:-1] + "+00:00")
    except ValueError:
        return None


def _in_order(stamped: Token, times: Sequence[datetime]) -> bool:
    return all(one - stamped.at <= ORDER_TOLERANCE for one in times)


def _check_material(path: str, digest: str, data: bytes) -> None:
    demand(digest == sha256(data), "material.name")
    try:
        if path.endswith(".der"):
            certificate(data)
        elif path.endswith(".tst"):
            read_signed(data)
        elif path.endswith(".ocsp"):
            basic_response(data)
        else:
            _some(read_der(data).expect(0x30).children(), 3)
    except (IndexError, ValueError) as torn:
        raise Wrong("material.unreadable", str(torn)) from None


# ==================================================================================================== what is answered

UNUSABLE = {"manifest.missing", "manifest.unreadable", "manifest.version"}


def verify_bundle(data: bytes, reader: Optional[Reader] = None) -> Dict[str, Any]:
    """Examine a bundle; the answer is that of the format page. Never raises for anything that is in the bundle."""
    reader = reader or Reader()
    done = Examination(data, reader)
    done.run()
    codes = {problem["code"] for problem in done.problems}
    unusable = done.states["container"] == "failed" or codes & UNUSABLE
    return {
        "v": 1,
        "verdict": "unusable" if unusable else "false" if codes else "true",
        "bundle": {"sha256": sha256(data), "size": len(data)},
        "envelope": _envelope(done.manifest),
        "checks": [{"check": name, "state": done.states[name]} for name in CHECKS],
        "problems": done.problems,
        "signatures": [_signature_told(pdf, one) for pdf in done.pdfs for one in pdf.signatures],
        "consents": [_consent_told(done, slot) for slot in sorted(done.consents)],
        "compare": _compare(done, reader),
        "unchecked": _unchecked(done, reader),
    }


def _envelope(manifest: Optional[Dict[str, Any]]) -> Optional[Dict[str, str]]:
    if manifest is None:
        return None
    held, house = manifest["envelope"], manifest["house"]
    named = {"id": held["id"], "number": held["number"], "name": held["name"], "concluded_at": held["concluded_at"]}
    return {**named, "organization": house["organization"], "operator": house["operator"], "certificate": manifest["certificate"]["number"]}


def _moment(moment: Optional[datetime]) -> Optional[str]:
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _signature_told(pdf: Pdf, one: Signature) -> Dict[str, Any]:
    token, chain = pdf.tokens.get(one.field), pdf.signers.get(one.field)
    return {
        "path": pdf.path,
        "field": one.field,
        "kind": one.kind,
        "name": one.name,
        "time": _moment(token.at) if token else None,
        "signer": chain[0].fingerprint if chain else None,
        "authority": token.chain[0].fingerprint if token else None,
    }


def _consent_told(done: Examination, slot: int) -> Dict[str, Any]:
    consent = done.consents[slot]
    level = consent["authentication"].get("level")
    return {
        "slot": slot,
        "at": consent["at"],
        "level": level if isinstance(level, str) else "",
        "digest": sha256(done.files[f"consents/{slot}.json"]),
        "personal": done.personal.get(slot),
        "passkey": f"consents/{slot}.passkey.json" in done.files,
    }


def _compare(done: Examination, reader: Reader) -> Dict[str, Any]:
    held = {root.fingerprint: root for root in done.roots}
    checkpoint = done.checkpoint
    return {
        "roots": [
            {
                "sha256": root["sha256"],
                "subject": held[root["sha256"]].name() if root["sha256"] in held else "",
                "uses": root["uses"],
                "embedded": root["embedded"],
                "accredited": root["accredited"],
                "given": root["sha256"] in {sha256(given) for given in reader.roots},
            }
            for root in done.form.get("roots", [])
        ],
        "log_key": done._key_line() if done.log_key else None,
        "log_key_given": bool(reader.log_key),
        "checkpoint": checkpoint
        and {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": base64.b64encode(checkpoint.root).decode(),
            "stamped_at": _moment(done.stamped_at),
        },
        "mail": done.mail,
    }


def _unchecked(done: Examination, reader: Reader) -> List[str]:
    at = reader.at or datetime.now(timezone.utc)
    last = [pdf.tokens[pdf.signatures[-1].field] for pdf in done.pdfs if pdf.signatures[-1].field in pdf.tokens]
    told = (
        ("trust.roots", not reader.roots),
        ("trust.log_key", not reader.log_key),
        ("trust.mail", done.mail is None),
        ("trust.embedded", any(root["embedded"] for root in done.form.get("roots", []))),
        ("trust.accreditation", True),
        ("trust.content", True),
        ("time.expired", any(token.chain[0].not_after < at for token in last)),
        ("personal.erased", done.erased),
        ("revocation.checkpoint", True),
    )
    return [code for code, holds in told if holds]


# ======================================================================================================== words

NAMES = {
    "container": ("ZIPの形式", "the container"),
    "manifest": ("目録とファイルの一致", "the manifest and its files"),
    "pdf": ("PDFの版（追記）の構成", "the revisions of each PDF"),
    "signature": ("電子署名とタイムスタンプ", "signatures and timestamps"),
    "revocation": ("証明書の失効情報", "revocation at the time of use"),
    "consent": ("同意の記録と署名の対応", "consents and the signatures made on them"),
    "passkey": ("パスキーによる確認", "passkeys"),
    "entries": ("操作記録の連鎖", "the chain of the record"),
    "agreement": ("操作記録とファイルの一致", "agreement of record and files"),
    "log": ("台帳（透明性ログ）への記載", "inclusion in the log"),
    "delivery": ("メールの送達結果", "delivery of mail"),
    "material": ("証明書・トークンの写し", "copies of certificates and tokens"),
}
STATES = {"ok": ("適合", "ok"), "failed": ("不適合", "FAILED"), "skipped": ("対象なし／未実施", "not reached, or nothing to check")}
VERDICTS = {
    "true": ("すべての検査に適合しました。", "Everything that can be checked holds."),
    "false": ("適合しない点があります。この証拠一式は信用できません。", "Something does not hold. Do not rely on this bundle."),
    "unusable": ("証拠一式として読み取れません。", "This cannot be read as an evidence bundle."),
}
BLIND = (
    "ルート証明書または台帳の鍵が照合されていません。だれでも、自分の鍵で、すべての検査に適合する一式を作れます。公表されている値と必ず照合してください。",
    "The roots or the log's key were not compared: anybody can make what passes, with other keys. Compare them with what is published.",
)
SENTENCES = {
    "zip.unreadable": ("ZIPとして読み取れないか、許されない形式です。", "No ZIP, or not of the narrow form a bundle has."),
    "zip.size": ("大きさの上限を超えています。", "It exceeds the limits of size."),
    "zip.name": ("許されないファイル名です。", "A file name of another form."),
    "zip.twin": ("同じ名前のファイルがあります。", "Two files of one name."),
    "zip.content": ("ファイルを正しく展開できません。", "An entry does not unpack to what it states."),
    "manifest.missing": ("目録（manifest.json）がありません。", "There is no manifest."),
    "manifest.unreadable": ("目録を読み取れません。", "The manifest is not canonical JSON."),
    "manifest.version": ("この検証ツールが知らない版の目録です。", "A version of the manifest that is not known here."),
    "manifest.form": ("目録の項目が正しくありません。", "The manifest does not have the form it must have."),
    "file.missing": ("必要なファイルがありません。", "A file is missing."),
    "file.unlisted": ("目録にないファイルがあります。", "A file that nothing lists."),
    "file.digest": ("目録のハッシュ値と異なります。", "The file is not the one that was listed."),
    "pdf.upload": ("元の文書の部分が異なります。", "The part that was uploaded is another."),
    "pdf.unreadable": ("元の文書の後に、規定外のデータがあります。", "What follows the upload is not a row of revisions."),
    "pdf.not_signed": ("電子署名がありません。", "There is no signature."),
    "pdf.byte_range": ("署名の対象範囲（ByteRange）が正しくありません。", "A signature does not cover what it must cover."),
    "pdf.not_whole_file": ("最後のタイムスタンプがファイル全体を覆っていません。", "No timestamp covers the whole file."),
    "pdf.signer_missing": ("署名が足りません。", "A signature is missing."),
    "pdf.signer_unexpected": ("予定にない署名があるか、順序が異なります。", "A signature that should not be there, or out of order."),
    "pdf.lock": ("変更禁止の指定（DocMDP・FieldMDP）が異なります。", "What the signature forbids is not what it must forbid."),
    "pdf.changed": ("署名の後に、許されない変更があります。", "A revision changes more than it may."),
    "pdf.frozen": ("確定時の版が、目録の記載と異なります。", "The frozen revision is another than stated."),
    "signature.unreadable": ("署名を読み取れません。", "The signature cannot be read."),
    "signature.algorithm": ("認められない暗号方式です。", "An algorithm that is not accepted."),
    "signature.digest": ("署名された内容が改変されています。", "The signed bytes were altered."),
    "signature.certificate": ("署名が別の証明書を指しています。", "The signature names another certificate."),
    "signature.wrong": ("署名の値が正しくありません。", "The signature does not hold."),
    "token.missing": ("署名のタイムスタンプがありません。", "The signature has no timestamp."),
    "token.unreadable": ("タイムスタンプを読み取れません。", "The timestamp cannot be read."),
    "token.algorithm": ("タイムスタンプの暗号方式が認められません。", "An algorithm of the timestamp is not accepted."),
    "token.wrong": ("タイムスタンプの署名が正しくありません。", "The timestamp's signature does not hold."),
    "token.certificate": ("タイムスタンプ専用の証明書ではありません。", "The certificate is not for timestamps alone."),
    "token.imprint": ("別のデータに対するタイムスタンプです。", "The timestamp is over something else."),
    "token.chain": ("タイムスタンプの証明書がルート証明書につながりません。", "The timestamp leads to none of the roots."),
    "token.order": ("タイムスタンプの時刻の順序が矛盾しています。", "The timestamps contradict each other."),
    "chain.broken": ("署名の証明書がルート証明書につながりません。", "The signature leads to none of the roots."),
    "chain.untrusted": ("指定されたルート証明書につながりません。", "It leads to none of the roots that you gave."),
    "revocation.missing": ("失効していないことの証明が足りません。", "The proof that a certificate was not revoked is missing."),
    "revocation.revoked": ("使用時に失効していた証明書です。", "A certificate was revoked."),
    "consent.unreadable": ("同意の記録を読み取れません。", "The consent cannot be read."),
    "consent.envelope": ("別の封筒・署名者の同意です。", "The consent is another envelope's or signer's."),
    "consent.documents": ("同意した文書が、確定した文書と異なります。", "The consent is to other documents."),
    "consent.values": (
        "文書に入力された内容が、同意の内容と異なります。",
        "What was filled into the document is not what was consented to.",
    ),
    "consent.not_in_signature": ("署名の中の同意ハッシュ値が異なります。", "The signature was not made on this consent."),
    "consent.personal": ("同意者の情報が、同意の記録と一致しません。", "The person's data are not those of the consent."),
    "passkey.missing": ("パスキーの記録がありません。", "The passkey's assertion is missing."),
    "passkey.unexpected": ("同意の記録にないパスキーの記録があります。", "An assertion that the consent does not speak of."),
    "passkey.unreadable": ("パスキーの記録を読み取れません。", "The assertion cannot be read."),
    "passkey.credential": ("別のパスキーです。", "It is another passkey."),
    "passkey.origin": ("別のサイトで使われたパスキーです。", "The passkey was used at another site."),
    "passkey.challenge": ("別の同意に対するパスキーの署名です。", "The passkey confirmed something else."),
    "passkey.presence": ("本人の確認（UV）を伴わない操作です。", "The user was not verified."),
    "passkey.signature": ("パスキーの署名が正しくありません。", "The passkey's signature does not hold."),
    "entry.unreadable": ("操作記録を読み取れません。", "An entry cannot be read."),
    "entry.stream": ("別の封筒の操作記録です。", "An entry of another stream."),
    "entry.gap": ("操作記録の番号が連続していません。", "The numbers have a gap."),
    "entry.chain": ("操作記録の連鎖が切れています。", "The chain of entries is broken."),
    "entry.personal": ("操作記録の個人情報が一致しません。", "Personal data are not those of the entry."),
    "entry.sent": ("送信の記録が、文書・署名者と一致しません。", "What was sent is not what is here."),
    "entry.frozen": ("文書の確定の記録が一致しません。", "The record of freezing does not agree."),
    "entry.consent": ("同意の操作記録が一致しません。", "The record of a consent does not agree."),
    "entry.sealed": ("署名の操作記録が一致しません。", "No entry knows this signature."),
    "entry.closed": ("完了処理の操作記録が一致しません。", "No entry knows this timestamp."),
    "entry.concluded": ("締結の操作記録が、締結証明書と一致しません。", "The record of the conclusion does not agree."),
    "log.key": ("台帳の鍵を読み取れません。", "The log's key cannot be read."),
    "log.key_other": ("指定された台帳の鍵と異なります。", "It is not the log key that you gave."),
    "checkpoint.unreadable": ("チェックポイントを読み取れません。", "The checkpoint cannot be read."),
    "checkpoint.signature": ("チェックポイントの署名が正しくありません。", "The checkpoint's signature does not hold."),
    "checkpoint.token": ("チェックポイントのタイムスタンプが正しくありません。", "The checkpoint's timestamp does not hold."),
    "checkpoint.consistency": (
        "以前のチェックポイントと矛盾しています（台帳の書換え）。",
        "The log was rewritten since an earlier checkpoint.",
    ),
    "checkpoint.mail": (
        "お手元のチェックポイントと矛盾しています（台帳の書換え）。",
        "It contradicts the checkpoint that you hold: the log was rewritten.",
    ),
    "checkpoint.concluded": (
        "締結時のチェックポイントがありません。",
        "The checkpoint under which the contract was concluded is not here.",
    ),
    "checkpoint.unrelated": (
        "お手元のチェックポイントと同じ大きさの記録が、この一式にありません（矛盾の有無を確かめられません）。",
        "The bundle holds nothing of the size of the checkpoint that you gave: nothing can be compared.",
    ),
    "proof.unreadable": ("台帳の証明を読み取れません。", "The proofs cannot be read."),
    "proof.missing": ("台帳の証明がない操作記録があります。", "An entry without a proof."),
    "proof.inclusion": ("操作記録が台帳に含まれていません。", "An entry is not in the log."),
    "proof.later": (
        "締結時のチェックポイントより後に台帳へ加えられた操作記録です（記録の作り直し）。",
        "It was entered in the log after the checkpoint of the conclusion: the record was told anew.",
    ),
    "delivery.unreadable": ("送達結果を読み取れません。", "The list of mail cannot be read."),
    "delivery.unknown": ("操作記録にない送達結果です。", "A delivery that no entry knows."),
    "delivery.missing": ("送達結果が欠けています。", "A delivery is missing."),
    "material.name": ("ファイル名がハッシュ値と一致しません。", "A file is not named by its digest."),
    "material.unreadable": ("証明書・失効情報・トークンとして読み取れません。", "No certificate, answer or token."),
    "material.missing": ("必要な証明書・トークンがありません。", "A certificate or token is missing."),
    "material.unknown": ("どのPDFにもないトークンです。", "A token that is in none of the files."),
}
UNCHECKED = {
    "trust.roots": (
        "ルート証明書の真正性。下の指紋を、各認証局・時刻認証局が公表する値と照合してください（--root で指定できます）。",
        "Whether the roots are genuine. Compare the fingerprints below with what each authority publishes, or give yours with --root.",
    ),
    "trust.log_key": (
        "台帳の鍵の真正性。下の鍵を、運営者が公表する値と照合してください（--log-key で指定できます）。",
        "Whether the log's key is genuine. Compare it with what the operator publishes, or give yours with --log-key.",
    ),
    "trust.mail": (
        "お手元の締結完了メールのチェックポイントとの照合（--checkpoint で指定できます）。",
        "The checkpoint in your own completion mail was not compared: give it with --checkpoint.",
    ),
    "trust.embedded": (
        "組込みの試験用認証局・時刻認証局が使われています。認定タイムスタンプではなく、運営者自身に対する証明にはなりません。",
        "A demonstration authority of the operator's own is used: it is not accredited and proves nothing against the operator.",
    ),
    "trust.accreditation": (
        "時刻認証局が認定（総務大臣）を受けているか。証明書からは分かりません。",
        "Whether the timestamping authority is accredited: no certificate says so.",
    ),
    "trust.content": ("文書の内容が合意のとおりか。文書を読んでご確認ください。", "Whether the text is what was meant: read it."),
    "time.expired": (
        "最後のタイムスタンプの証明書の有効期限が過ぎています。暗号方式がその後も安全であったかは分かりません。",
        "The certificate of a last timestamp has run out: whether its algorithms stayed sound cannot be told from here.",
    ),
    "personal.erased": (
        "一部の個人情報は消去されています（記録の真正性には影響しません）。",
        "Some personal data were erased; the record stays true.",
    ),
    "revocation.checkpoint": (
        "チェックポイントの時刻認証局の、その時点での失効の有無。",
        "Whether the certificate of the checkpoint's timestamp was revoked then.",
    ),
}
LABELS = {
    "envelope": ("封筒", "Envelope"),
    "concluded": ("締結日時（目録の記載）", "Concluded at (as the manifest says)"),
    "certificate": ("締結証明書番号", "Certificate of conclusion"),
    "consents": ("同意", "Consents"),
    "signatures": ("電子署名とタイムスタンプ", "Signatures and timestamps"),
    "problems": ("適合しない点", "What does not hold"),
    "unchecked": ("検査していない点", "What was not checked"),
    "compare": ("ご自身で照合していただく値", "What you have to compare yourself"),
    "root": ("ルート証明書 SHA-256", "Root SHA-256"),
    "key": ("台帳の鍵", "Log key"),
    "checkpoint": ("チェックポイント", "Checkpoint"),
    "embedded": ("組込みの試験用", "embedded, for demonstration"),
    "given": ("指定された値と照合", "compared with yours"),
    "same": ("お手元のチェックポイントと一致しました。", "The checkpoint that you gave is that of the bundle."),
    "earlier": (
        "お手元のチェックポイントは、この台帳の以前の状態です（矛盾なし）。",
        "The checkpoint that you gave is an earlier state of this log.",
    ),
    "unrelated": (
        "お手元のチェックポイントとの関係は、この証拠一式からは分かりません。",
        "The bundle does not tell how the checkpoint that you gave is related.",
    ),
}


def shown(text: str) -> str:
    """Words of a bundle on a terminal: nothing in them steers it."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text[:400])


def in_words(answer: Dict[str, Any], language: int) -> Iterator[str]:
    """The answer for people; ``language`` 0 is Japanese, 1 English."""
    envelope = answer["envelope"]
    if envelope:
        yield f"{LABELS['envelope'][language]}: {shown(envelope['number'])} {shown(envelope['name'])} / {shown(envelope['organization'])}"
        yield f"{LABELS['concluded'][language]}: {envelope['concluded_at']}"
        yield f"{LABELS['certificate'][language]}: {shown(envelope['certificate'])}"
    # First of all whose word this is: with keys of one's own everything below can be made to hold.
    yield from _to_compare(answer["compare"], language)
    blind = answer["verdict"] != "unusable" and not {"trust.roots", "trust.log_key"}.isdisjoint(answer["unchecked"])
    if blind:
        yield f"  !! {BLIND[language]} (--root FILE.pem, --log-key KEY)"
    yield ""
    for number, held in enumerate(answer["checks"], start=1):
        yield f"{number:3} [{STATES[held['state']][language]}] {NAMES[held['check']][language]}"
    yield from _told(answer, language)
    yield f"\n{LABELS['unchecked'][language]}:"
    for code in answer["unchecked"]:
        yield f"  - {UNCHECKED[code][language]} [{code}]"
    yield f"\n=> {VERDICTS[answer['verdict']][language]}"
    if blind and answer["verdict"] == "true":
        yield f"   {BLIND[language]}"


def _told(answer: Dict[str, Any], language: int) -> Iterator[str]:
    if answer["consents"]:
        yield f"\n{LABELS['consents'][language]}:"
    for held in answer["consents"]:
        person = held["personal"] or {}
        named = " ".join(shown(str(person.get(key, ""))) for key in ("organization", "title", "name", "mail"))
        yield f"  {held['slot']}: {held['at']} {shown(held['level'])} {named}"
    if answer["signatures"]:
        yield f"\n{LABELS['signatures'][language]}:"
    for held in answer["signatures"]:
        yield f"  {held['path']}: {held['field']} {held['time'] or '-'} {shown(held['name'])}"
    if answer["problems"]:
        yield f"\n{LABELS['problems'][language]}:"
    for held in answer["problems"]:
        detail = f" ({shown(held['detail'])})" if held["detail"] else ""
        yield f"  ! {shown(held['subject'])}: {SENTENCES[held['code']][language]} [{held['code']}]{detail}"


def _to_compare(compare: Dict[str, Any], language: int) -> Iterator[str]:
    yield f"\n{LABELS['compare'][language]}:"
    for root in compare["roots"]:
        marks = [LABELS[name][language] for name in ("embedded", "given") if root[name]]
        mark = f" ({', '.join(marks)})" if marks else ""
        yield f"  {LABELS['root'][language]}: {root['sha256']} {shown(root['subject'])}{mark}"
    if compare["log_key"]:
        mark = f" ({LABELS['given'][language]})" if compare["log_key_given"] else ""
        yield f"  {LABELS['key'][language]}: {shown(compare['log_key'])}{mark}"
    held = compare["checkpoint"]
    if held:
        yield f"  {LABELS['checkpoint'][language]}: {shown(held['origin'])} {held['size']} {held['root']} {held['stamped_at']}"
    if compare["mail"]:
        yield f"  {LABELS[compare['mail']][language]}"


# ======================================================================================================= the program


def _language(wanted: str) -> int:
    if wanted in ("ja", "en"):
        return int(wanted == "en")
    stated = os.environ.get("LC_ALL") or os.environ.get("LANG") or (locale.getlocale()[0] or "")
    return int(not stated.lower().startswith(("ja", "japanese")))


def read_roots(text: bytes) -> Tuple[bytes, ...]:
    """The certificates (DER) of a PEM file. Raises ``ValueError``."""
    found = re.findall(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", text, re.DOTALL)
    roots = tuple(base64.b64decode(b"".join(one.split()), validate=True) for one in found)
    if not roots:
        raise ValueError("no certificate")
    for root in roots:
        certificate(root)
    return roots


_NOTE = re.compile("^[^\\s+]+/log/e[0-9]+\n[0-9]+\n[A-Za-z0-9+/=]{44}\n(?:[^\n]+\n)*\n(?:\u2014 [^\n]+\n)+", re.MULTILINE)


def note_in(text: bytes) -> bytes:
    """The checkpoint in a text: a mail as it was saved, or its five lines as they were copied. Raises ``ValueError``."""
    lines = [line.rstrip() for line in text.decode("utf-8").replace("\r\n", "\n").split("\n")]
    found = _NOTE.search("\n".join([*lines, ""]))
    note = (found.group(0) if found else "").encode()
    read_checkpoint(note)
    return note


def _reader(options: argparse.Namespace) -> Reader:
    """What the reader gave. Raises ``ValueError`` and ``OSError``."""
    roots: Tuple[bytes, ...] = ()
    for path in options.root:
        with open(path, "rb") as file:
            roots += read_roots(file.read())
    checkpoint = b""
    if options.checkpoint:
        with open(options.checkpoint, "rb") as file:
            checkpoint = note_in(file.read(LARGEST_TEXT))
    if options.log_key:
        read_log_key(options.log_key)
    at = datetime.fromisoformat(options.at.replace("Z", "+00:00")) if options.at else None
    if at is not None and at.tzinfo is None:
        raise ValueError("--at needs an offset")
    return Reader(roots, options.log_key, checkpoint, at)


def _read_bundle(path: str) -> bytes:
    """Raises ``OSError``. What is larger than a bundle may be is refused by its first bytes."""
    if path == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with open(path, "rb") as file:
        return file.read(LARGEST + 1)


def _options(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="証拠一式の検証 / Check a Tachiai evidence bundle, offline.")
    parser.add_argument("bundle", metavar="BUNDLE.zip", help="- for standard input / - は標準入力")
    parser.add_argument(
        "--checkpoint", default="", metavar="FILE", help="the checkpoint of your completion mail / 締結完了メールのチェックポイント"
    )
    parser.add_argument("--root", action="append", default=[], metavar="FILE.pem", help="trust these roots alone / 信頼するルート証明書")
    parser.add_argument("--log-key", default="", metavar="KEY", help="the log's key as published / 公表された台帳の鍵")
    parser.add_argument("--at", default="", metavar="TIME", help="judge as of this time (ISO 8601) / 検証の基準日時")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON / 結果をJSONで出力")
    parser.add_argument("--lang", choices=("ja", "en", "auto"), default="auto")
    return parser.parse_args(arguments)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    options = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        reader = _reader(options)
        data = _read_bundle(options.bundle)
    except (OSError, ValueError) as trouble:
        print(f"{options.bundle}: {trouble}", file=sys.stderr)
        return 2
    answer = verify_bundle(data, reader)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print("\n".join(in_words(answer, _language(options.lang))))
    return {"true": 0, "false": 1}.get(answer["verdict"], 2)


if __name__ == "__main__":
    sys.exit(main())
