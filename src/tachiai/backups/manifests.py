"""The manifest of a generation (docs/formats/backup.md): canonical JSON that names the SHA-256 of everything in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal

VERSION = 1
MANIFEST = "manifest.json"
BOXES = "boxes.jsonl"


@dataclass(frozen=True)
class Held:
    """One file of a generation, or one box of the pool: its name, SHA-256 in hexadecimal digits, and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """``database`` is "sqlite" or "postgresql"; ``files`` lie in the generation itself, its boxes in the pool.

    ``checkpoint`` is the last that the rows hold of the log, as origin, size and root (hex); None before the log's first.
    """

    house: str
    generation: str
    made_at: str
    made_by: str
    database: str
    migrations: tuple[str, ...]
    files: tuple[Held, ...]
    boxes: int
    boxes_size: int
    checkpoint: dict[str, object] | None = None

    def encode(self) -> bytes:
        facts = asdict(self) | {"v": VERSION}
        if self.checkpoint is None:
            del facts["checkpoint"]
        return canonical({**facts, "migrations": list(self.migrations), "files": [asdict(one) for one in self.files]})

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.encode()).digest()

    @property
    def size(self) -> int:
        return self.boxes_size + sum(one.size for one in self.files)


def read_manifest(data: bytes) -> Manifest:
    """The manifest that these very bytes are. Refuses ``backup.manifest`` for anything else, other versions included."""
    try:
        held: dict[str, Any] = json.loads(data)
        if held.pop("v") != VERSION:
            raise Refusal("backup.manifest", detail="version")
        held["files"] = tuple(Held(**one) for one in held["files"])
        found = Manifest(**{**held, "migrations": tuple(held["migrations"])})
        encoded = found.encode()
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise Refusal("backup.manifest", detail=type(problem).__name__) from problem
    if encoded != data:
        raise Refusal("backup.manifest", detail="not canonical")
    return found


def encode_boxes(boxes: Iterable[Held]) -> bytes:
    """One line a box, in the order of their paths."""
    return b"".join(canonical(asdict(box)) + b"\n" for box in sorted(boxes, key=lambda box: box.path))


def read_boxes(data: bytes) -> list[Held]:
    """The boxes of :func:`encode_boxes`; a path that would lead out of the pool is refused (``backup.manifest``)."""
    try:
        found = [Held(**json.loads(line)) for line in data.splitlines()]
    except (ValueError, TypeError) as problem:
        raise Refusal("backup.manifest", detail="boxes") from problem
    if any(box.path.startswith("/") or ".." in box.path.split("/") for box in found):
        raise Refusal("backup.manifest", detail="path")
    return found
