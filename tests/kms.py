"""A key management service of a test's own: small, shaped like the real ones, and able to fail, to dawdle and to lie."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from dataclasses import dataclass, field

from crypto.server import Answer, good

TOKEN = "fictional-token"


@dataclass
class Kms:
    """``trouble`` says what is wrong with it. Its ciphertexts are random numbers that it remembers the plaintexts of."""

    held: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    waiting: threading.Event = field(default_factory=threading.Event)

    def behave(self, path: str, body: bytes) -> Answer:
        act = path.split("/")[-2]
        if self.trouble.isdigit():
            return int(self.trouble), {"Location": "/elsewhere/encrypt/x"}, [b"{}"]
        if self.trouble == f"slow {act}":
            return 200, {}, [b" " * 10, lambda: self.waiting.wait(20), b" " * 10]
        if self.trouble == f"torn {act}":
            return good(b"<html>")
        if self.trouble == f"flood {act}":
            return good(b" " * 100_000)
        return good(json.dumps({"data": self._said(act, json.loads(body))}).encode())

    def _said(self, act: str, asked: dict[str, str]) -> dict[str, object]:
        return self._encrypted(asked["plaintext"]) if act == "encrypt" else self._decrypted(asked["ciphertext"])

    def _encrypted(self, plaintext: str) -> dict[str, object]:
        if self.trouble == "replay encrypt":
            return {"ciphertext": next(iter(self.held))}
        made = f"vault:v1:{secrets.token_hex(30)}"
        self.held[made] = plaintext
        return {"ciphertext": "x" * 2_000} if self.trouble == "long encrypt" else {"ciphertext": made}

    def _decrypted(self, ciphertext: str) -> dict[str, object]:
        answers: dict[str, object] = {
            "other decrypt": base64.b64encode(secrets.token_bytes(32)).decode(),
            "replay decrypt": next(iter(self.held.values())),
            "no text decrypt": "***",
            "number decrypt": 7,
        }
        return {"plaintext": answers.get(self.trouble, self.held[ciphertext])}
