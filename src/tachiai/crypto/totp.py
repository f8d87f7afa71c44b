"""Time-based one-time passwords (RFC 6238): six digits of an authenticator app, one for each step of thirty seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
WINDOW = 1
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226, 4: 160 bits; every app takes SHA-1 alone


def step_of(at: datetime) -> int:
    """The number of the step that ``at`` lies in, counted from 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The six digits of one step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, *, at: datetime) -> int | None:
    """The step whose code this is: that of ``at``, or of the step before or after it; None for a wrong code."""
    present = step_of(at)
    found = [step for step in range(max(0, present - WINDOW), present + WINDOW + 1) if hmac.compare_digest(code_at(secret, step), code)]
    return found[-1] if found else None


def written(secret: bytes) -> str:
    """The secret as apps take it when it is typed: base32 in groups of four."""
    plain = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def address_of(secret: bytes, *, issuer: str, account: str) -> str:
    """The ``otpauth:`` address that an app reads from a QR code."""
    plain = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode({"secret": plain, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(account, safe='@')}?{query}"
