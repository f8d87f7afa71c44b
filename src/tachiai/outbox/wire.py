"""A message as it goes over the wire: RFC 5322 headers and two base64 parts, written straight.

The library's message takes three times as long over the same bytes: it parses every header that it is given, and folds each anew. So what
is plain is written here, and what is not (a name beside an address, a value that wants folding) is given to the library.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.policy import SMTP
from functools import lru_cache

Value = str | Address
Headers = Sequence[tuple[str, Value]]

# The library would break a long References header with encoded words, and threads with it; a message id may not be folded.
_registry = HeaderRegistry()
_registry.map_to_type("references", MessageIDHeader)  # type: ignore[arg-type]  # the stubs know only its base
# 76 is RFC 2047's limit for a line with encoded words; the library's own 78 makes words two characters too long.
LONGEST_LINE = 76
POLICY = SMTP.clone(header_factory=_registry, max_line_length=LONGEST_LINE)

# What the library itself would write as it stands: no word that looks encoded, no quoting, no comment, nothing that is folded.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_PLAIN = {
    "Subject": re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*"),
    "To": _PLAIN_ADDRESS,
    "Reply-To": _PLAIN_ADDRESS,
    "Date": re.compile(r"[A-Za-z0-9,:+ -]+"),
    "Message-ID": re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>"),
    "References": re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>"),
    "Auto-Submitted": re.compile(r"[a-z-]+"),
}
_NEVER_FOLDED = ("Message-ID", "References")
_WORD_BEGIN, _WORD_END = "=?utf-8?b?", "?="


@dataclass(frozen=True)
class Written:
    """One message, whole. Headers are asked for by their names as they were given."""

    headers: dict[str, Value]
    content: bytes

    def __getitem__(self, name: str) -> str:
        return str(self.headers[name])

    def as_bytes(self) -> bytes:
        return self.content


def written(headers: Headers, *, text: str, html: str) -> Written:
    """The message with ``text`` and the same words as ``html``. No header's value may hold a line end; none does that the library made.

    Both parts are base64 in UTF-8: the bytes pass any relay unchanged, with or without 8BITMIME, and so does a DKIM signature.
    """
    # Base64 has no such line, so the boundary cannot stand in a part.
    boundary = f"=_{secrets.token_hex(12)}"
    head = b"".join(_header(name, value) for name, value in headers)
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    parts = b"".join(f"--{boundary}\r\n".encode() + _part(subtype, words) for subtype, words in (("plain", text), ("html", html)))
    return Written(dict(headers), head + kind.encode() + parts + f"--{boundary}--\r\n".encode())


def _header(name: str, value: Value) -> bytes:
    if isinstance(value, str):
        plain = _PLAIN[name].fullmatch(value) if name in _PLAIN else None
        if plain and (name in _NEVER_FOLDED or len(name) + 2 + len(value) <= LONGEST_LINE):
            return f"{name}: {value}\r\n".encode()
        if name == "Subject" and value.isprintable() and not value.isascii():
            return _encoded_words(name, value)
    return _folded(name, str(value))


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    """As the library writes it: the same for the same value."""
    return POLICY.fold_binary(name, POLICY.header_store_parse(name, value)[1])


def _encoded_words(name: str, value: str) -> bytes:
    """Encoded words (RFC 2047, 2): each at most 75 characters with its line at most 76, and no character in two of them."""
    lines, word, room = [], b"", _octets(LONGEST_LINE - len(name) - 2)
    for letter in value:
        more = letter.encode()
        if len(word) + len(more) > room:
            lines.append(word)
            word, room = b"", _octets(LONGEST_LINE - 1)
        word += more
    words = (f"{_WORD_BEGIN}{base64.b64encode(one).decode()}{_WORD_END}" for one in (*lines, word))
    return (name + ": " + "\r\n ".join(words) + "\r\n").encode()


def _octets(line: int) -> int:
    """How many octets an encoded word that fills ``line`` characters holds."""
    return (min(line, 75) - len(_WORD_BEGIN) - len(_WORD_END)) // 4 * 3


def _part(subtype: str, words: str) -> bytes:
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    lines = b"".join(line + b"\r\n" for line in words.encode().splitlines())
    return head.encode() + base64.encodebytes(lines).replace(b"\n", b"\r\n")
