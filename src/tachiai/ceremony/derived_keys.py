"""Keys of the ceremony's own, each derived from the house's pepper for one use: nothing in the database opens or forges what they guard."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


@lru_cache(maxsize=8)
def derived_key(use: str) -> bytes:
    """32 bytes for ``use``, the same for as long as the house keeps its pepper (HMAC-SHA256 as a key derivation, NIST SP 800-108)."""
    pepper: bytes = settings.TACHIAI.secret("pepper")
    return hmac.new(pepper, f"tachiai-ceremony-{use}-v1".encode(), hashlib.sha256).digest()


def keyed(use: str, *parts: bytes) -> bytes:
    """HMAC-SHA256 of ``parts``, told apart by their lengths, under the key for ``use``."""
    told = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(derived_key(use), told, hashlib.sha256).digest()
