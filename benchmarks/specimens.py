"""Samples of what was measured, for others to judge: sealed files, their roots and a list of what they claim to be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.scene import Scene

README = """Files sealed during a measurement, taken at random from the timed acts.
roots.pem       trusted for signers and timestamps alike; nothing here is accredited, everybody is invented
manifest.json   for each file: which act made it, its level, what it began as (each starts with that file's bytes), its digests
"""


@dataclass(frozen=True)
class Specimen:
    """``signatures`` counts regular signatures; at B-LTA a document timestamp covers the whole file besides."""

    name: str
    act: str
    level: str
    signatures: int
    upload: str
    pdf: bytes = field(repr=False)


def leave(scene: Scene, specimens: list[Specimen], folder: Path) -> None:
    """Write them into ``folder``, with whatever lay there from an earlier run taken away."""
    for old in (*folder.glob("*.pdf"), folder / "manifest.json"):
        old.unlink(missing_ok=True)
    uploads = {one.upload for one in specimens}
    for size in uploads:
        (folder / _upload_name(size)).write_bytes(scene.contract(size))
    for one in specimens:
        (folder / one.name).write_bytes(one.pdf)
    (folder / "roots.pem").write_bytes(scene.root.public_bytes(Encoding.PEM))
    (folder / "README.txt").write_text(README)
    told = {
        "version": 1,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "roots": "roots.pem",
        "files": [_told(scene, one) for one in specimens],
    }
    (folder / "manifest.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _told(scene: Scene, one: Specimen) -> dict[str, object]:
    upload = scene.contract(one.upload)
    return {
        "file": one.name,
        "act": one.act,
        "level": one.level,
        "signatures": one.signatures,
        "size": len(one.pdf),
        "sha256": hashlib.sha256(one.pdf).hexdigest(),
        "upload": _upload_name(one.upload),
        "upload_size": len(upload),
        "upload_sha256": hashlib.sha256(upload).hexdigest(),
    }


def _upload_name(size: str) -> str:
    return f"upload-{size.replace(' ', '')}.pdf"
