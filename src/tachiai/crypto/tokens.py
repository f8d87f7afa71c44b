"""Link tokens and other unguessable values. The database holds only their SHA-256: it opens nothing by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from datetime import UTC, datetime


def link_token(link_key: bytes, invitation: uuid.UUID, *, generation: int) -> str:
    """The token of a link: HMAC-SHA256 over the invitation and its generation, 43 characters of base64url.

    It can be made again at any time from the key that lives outside the database, so a reminder carries the same
    link, and a new generation ends the old one.
    """
    message = b"tachiai-link-v1" + invitation.bytes + generation.to_bytes(4, "big")
    return _text(hmac.new(link_key, message, hashlib.sha256).digest())


def fresh_token() -> str:
    """256 random bits as 43 characters of base64url."""
    return _text(secrets.token_bytes(32))


def token_digest(token: str) -> bytes:
    """What is stored of a token, and how it is looked up."""
    return hashlib.sha256(token.encode()).digest()


def timed_code(link_key: bytes, invitation: uuid.UUID, *, generation: int, at: datetime) -> str:
    """Six decimal digits that belong to one link and one moment, and can be made again from the key: HMAC-SHA256 over all of them."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds").encode()
    message = b"tachiai-code-v1" + invitation.bytes + generation.to_bytes(4, "big") + moment
    # 64 of its bits: that a million does not divide them evenly is less than one part in 10^13.
    return f"{int.from_bytes(hmac.new(link_key, message, hashlib.sha256).digest()[:8], 'big') % 1_000_000:06d}"


def one_time_code() -> str:
    """Six decimal digits, uniformly random."""
    return f"{secrets.randbelow(1_000_000):06d}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
