"""Signed notes and the checkpoints of a log in them (C2SP signed-note, tlog-checkpoint), with Ed25519 (RFC 8032).

A note is text, an empty line, and one line for each signature: ``— <name> <base64 of key id and signature>``.
Reading is strict: what is accepted here is what every other reader accepts, byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tachiai.crypto.merkle import EMPTY_ROOT, HASH

ED25519 = 0x01
_KEY_ID = 4
_MARK = "— "
_MOST_SIGNATURES = 16
_LONGEST = 16_384  # characters of a whole note
_LARGEST = 1 << 63


class BadNote(ValueError):
    """A note, a key or a checkpoint is not one, or is not signed by who was asked for. ``code`` says which rule it breaks."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CheckpointText(NamedTuple):
    """What a checkpoint says of a log: its name, how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes


# -------------------------------------------------------------------------------------------------------- keys


def check_name(name: str) -> None:
    """Raises ``BadNote`` with ``note.name`` for a key name with spaces, a plus or control characters, and for an empty one.

    The first line of a checkpoint is the name of the log's key, so this is also the rule for an origin.
    """
    if not name or any(mark == "+" or mark.isspace() or not mark.isprintable() for mark in name):
        raise BadNote("note.name")


def verifier_key(name: str, seed: bytes) -> str:
    """The public key of ``seed`` as everybody may know it: name, key id and key (``name+hash+base64``)."""
    check_name(name)
    public = bytes((ED25519,)) + _public(seed)
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(public).decode()}"


class _Verifier(NamedTuple):
    name: str
    id: bytes
    key: Ed25519PublicKey


def _verifier(vkey: str) -> _Verifier:
    """Refuses with ``note.key`` what is not a verifier key of Ed25519 whose id fits."""
    name, _, rest = vkey.partition("+")
    id_hex, _, encoded = rest.partition("+")
    check_name(name)
    public = _decoded(encoded, "note.key")
    if not re.fullmatch(r"[0-9a-f]{8}", id_hex) or len(public) != 33 or public[0] != ED25519:
        raise BadNote("note.key")
    if bytes.fromhex(id_hex) != _key_id(name, public):
        raise BadNote("note.key")
    return _Verifier(name, bytes.fromhex(id_hex), Ed25519PublicKey.from_public_bytes(public[1:]))


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + public).digest()[:_KEY_ID]


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


# ------------------------------------------------------------------------------------------------------- notes


def sign_note(text: str, name: str, seed: bytes) -> str:
    """``text`` as a note signed by ``name``. Raises ``BadNote`` with ``note.text`` where it cannot be a note's text."""
    check_name(name)
    _check_text(text)
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    signed = _key_id(name, bytes((ED25519,)) + _public(seed)) + signature
    return f"{text}\n{_MARK}{name} {base64.b64encode(signed).decode()}\n"


def open_note(note: str, vkey: str) -> str:
    """The text of a note that the owner of ``vkey`` signed; whoever else signed it does not matter.

    Raises ``BadNote``: ``note.key``, ``note.malformed``, ``note.unsigned`` (by that key), ``note.signature`` (a wrong one).
    """
    verifier = _verifier(vkey)
    text, signatures = split_note(note)
    mine = [signed for name, signed in signatures if name == verifier.name and signed[:_KEY_ID] == verifier.id]
    if not mine:
        raise BadNote("note.unsigned")
    for signed in mine:
        try:
            verifier.key.verify(signed[_KEY_ID:], text.encode())
        except InvalidSignature as wrong:
            raise BadNote("note.signature") from wrong
    return text


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signatures as (name, key id and signature), none of which is checked.

    Raises ``BadNote`` with ``note.malformed``.
    """
    text, empty_line, below = note.rpartition("\n\n")
    if not empty_line or not below.endswith("\n") or len(note) > _LONGEST or below.count("\n") > _MOST_SIGNATURES:
        raise BadNote("note.malformed")
    try:
        _check_text(text + "\n")
        return text + "\n", [_signature(line) for line in below[:-1].split("\n")]
    except BadNote as wrong:
        raise BadNote("note.malformed") from wrong


def _signature(line: str) -> tuple[str, bytes]:
    if not line.startswith(_MARK):
        raise BadNote("note.malformed")
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    check_name(name)
    signed = _decoded(encoded, "note.malformed")
    if len(signed) <= _KEY_ID:
        raise BadNote("note.malformed")
    return name, signed


def _check_text(text: str) -> None:
    """A text ends its last line, is Unicode, and has no control characters but the ends of its lines."""
    if not text.endswith("\n") or any(ord(mark) < 0x20 and mark != "\n" for mark in text):
        raise BadNote("note.text")
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise BadNote("note.text") from wrong


def _decoded(encoded: str, code: str) -> bytes:
    """Base64 (RFC 4648, section 4) in its one spelling: padded, nothing between, no bits left over."""
    try:
        plain = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise BadNote(code) from wrong
    if base64.b64encode(plain).decode() != encoded:
        raise BadNote(code)
    return plain


# ------------------------------------------------------------------------------------------------- checkpoints


def checkpoint_text(origin: str, size: int, root: bytes, extensions: Sequence[str] = ()) -> str:
    """The text of a checkpoint: origin, size, root and whatever lines extend it.

    Raises ``BadNote`` with ``checkpoint.malformed`` for what :func:`parse_checkpoint` would not read back the same.
    """
    text = "".join(f"{line}\n" for line in (origin, str(size), base64.b64encode(root).decode(), *extensions))
    if parse_checkpoint(text) != (origin, size, root) or checkpoint_extensions(text) != list(extensions):
        raise BadNote("checkpoint.malformed")
    return text


def parse_checkpoint(text: str) -> CheckpointText:
    """Origin, size and root from the text of an opened note; the lines after them may say anything.

    Raises ``BadNote`` with ``checkpoint.malformed``: an origin that is no key name, a size with leading zeros, a root of
    another length or in another spelling, an empty line, and a size of 0 whose root is not that of the empty tree.
    """
    lines = _lines(text)
    origin, size, encoded = lines[:3]
    try:
        check_name(origin)
        root = _decoded(encoded, "checkpoint.malformed")
    except BadNote as wrong:
        raise BadNote("checkpoint.malformed") from wrong
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size, re.ASCII) or int(size) >= _LARGEST or len(root) != HASH:
        raise BadNote("checkpoint.malformed")
    if size == "0" and root != EMPTY_ROOT:
        raise BadNote("checkpoint.malformed")
    return CheckpointText(origin, int(size), root)


def checkpoint_extensions(text: str) -> list[str]:
    """The lines after the root, as they stand."""
    return _lines(text)[3:]


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise BadNote("checkpoint.malformed")
    return lines
