"""The frame in which a job and its answer cross the pipe between the house and a child. See ``docs/formats/page-pack.md``.

A frame is ``magic(4) version(1) reserved(3) head-length(u32) body-length(u64)``, big-endian, then a JSON head, then raw bytes.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any

GREETING = b"chamber1"  # a child's first bytes: it lives, it is limited, it has not yet seen the file
MAGIC = b"TCHI"
VERSION = 1
PREFIX = struct.Struct(">4sB3xIQ")
MAX_HEAD_BYTES = 8 * 1024 * 1024

Head = dict[str, Any]


class FrameError(Exception):
    """The bytes on the pipe are not a frame of this version, are cut short, or exceed what the reader allows."""


def opening(head: Head, *, body_length: int) -> bytes:
    """Everything of a frame that precedes its body, so that a large body is written without being copied first."""
    encoded = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return PREFIX.pack(MAGIC, VERSION, len(encoded), body_length) + encoded


def read(stream: IO[bytes], *, max_body_bytes: int) -> tuple[Head, bytes]:
    """Reads one frame. Raises `FrameError` before it would hold more than ``max_body_bytes`` of a stranger's body."""
    magic, version, head_length, body_length = PREFIX.unpack(_exactly(stream, PREFIX.size))
    if magic != MAGIC or version != VERSION:
        raise FrameError("not a frame of this version")
    if head_length > MAX_HEAD_BYTES or body_length > max_body_bytes:
        raise FrameError("frame is larger than allowed")
    return _decode(_exactly(stream, head_length)), _exactly(stream, body_length)


def _decode(encoded: bytes) -> Head:
    # RecursionError: a child in a stranger's hands may answer with a thousand brackets.
    try:
        head = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise FrameError("head is not JSON") from error
    if not isinstance(head, dict):
        raise FrameError("head is not an object")
    return head


def _exactly(stream: IO[bytes], length: int) -> bytes:
    # A buffered pipe's read(n) returns n bytes or has met the end.
    chunk = stream.read(length)
    if len(chunk) != length:
        raise FrameError("frame is cut short")
    return chunk
