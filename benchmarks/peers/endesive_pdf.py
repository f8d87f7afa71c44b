"""endesive: its PDF signing with the key kept loaded, as its examples do. It writes no PAdES signature, only ``adbe.pkcs7.detached``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

from benchmarks.peers.as_published import Published
from benchmarks.responder import Responder
from benchmarks.rounds import Absent
from benchmarks.scene import Scene, words

NAME = "endesive"


def endesive(scene: Scene, level: str, pdf: bytes, responder: Responder) -> Published:
    if level not in ("B-B", "B-T"):
        raise Absent("writes no validation data")
    signer, cms = _library()
    # It asks over a new HTTP connection for each token; within the process it gets the same tokens as everybody, for nothing.
    signer.requests = SimpleNamespace(post=_answering(responder), RequestException=OSError)
    sealer = scene.sealer()
    url = "http://tsa.invalid/" if level == "B-T" else None

    def act(number: int) -> bytes:
        now = datetime.now(UTC).strftime("D:%Y%m%d%H%M%S+00'00'")
        told = {"sigflags": 3, "sigpage": 0, "contact": "", "location": "", "signingdate": now, "reason": words(number), "aligned": 16384}
        return pdf + bytes(cms.sign(pdf, told, sealer.private, sealer.certificate, [scene.root], "sha256", None, url))

    return Published(NAME, act, outside=(responder,))


def _library() -> tuple[Any, Any]:
    """The two modules that sign. Its verifier, imported along with them, wants a library that fails beside a recent OpenSSL."""
    unused = sys.modules.setdefault("certvalidator", ModuleType("certvalidator"))
    try:
        from endesive import signer
        from endesive.pdf import cms
    except ImportError as missing:
        raise Absent(f"not installed ({missing.name}); make bench-seal installs it") from missing
    finally:
        if sys.modules["certvalidator"] is unused:
            del sys.modules["certvalidator"]
    return signer, cms


def _answering(responder: Responder) -> Any:
    def post(_url: str, *, data: bytes, **_more: object) -> SimpleNamespace:
        return SimpleNamespace(status_code=200, content=responder.respond(data), headers={"Content-Type": "application/timestamp-reply"})

    return post
