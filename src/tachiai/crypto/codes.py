"""Verifiers of six-digit codes: argon2id over the code keyed with a pepper that never enters the database.

Six digits are about 20 bits: whoever holds the database alone must not be able to try them all, hence the pepper
(OWASP ASVS 5.0, 6.5.2); whoever tries online meets the limits of ``ceremony``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 19_456
PASSES = 2
WEAK = {f"{digit}" * 6 for digit in range(10)} | {"123456", "654321", "012345", "123123", "112233", "121212"}


def normalised_code(typed: str) -> str | None:
    """The six digits a person meant: full-width digits, spaces and hyphens are accepted; None when it is no such code."""
    plain = re.sub(r"[\s\-‐-―−ー]", "", unicodedata.normalize("NFKC", typed))
    return plain if re.fullmatch(r"[0-9]{6}", plain) else None


def is_weak(code: str) -> bool:
    """Codes that everybody tries first; refused when a code is registered, never when one is entered."""
    return code in WEAK


def code_verifier(code: str, *, pepper: bytes) -> str:
    """What is stored of a code: an argon2id PHC string (RFC 9106) over HMAC-SHA256(pepper, code)."""
    kdf = Argon2id(salt=secrets.token_bytes(16), length=32, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(_peppered(code, pepper))


def code_matches(code: str, verifier: str, *, pepper: bytes) -> bool:
    """Whether ``code`` is the one ``verifier`` was made from. Takes some tens of milliseconds on purpose."""
    try:
        Argon2id.verify_phc_encoded(_peppered(code, pepper), verifier)
    except InvalidKey:
        return False
    return True


def _peppered(code: str, pepper: bytes) -> bytes:
    return hmac.new(pepper, code.encode(), hashlib.sha256).digest()
