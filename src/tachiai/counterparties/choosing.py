"""A code as it is chosen: judged, made into a verifier at once, and forgotten."""

from __future__ import annotations

from django.conf import settings

from tachiai.crypto.codes import code_verifier, is_weak, normalised_code
from tachiai.errors import Refusal


def verifier_of(code: str) -> str:
    """What is kept of a chosen code. Slow on purpose, so never inside a transaction. Refuses with ``code.malformed`` or ``code.weak``."""
    plain = normalised_code(code)
    if plain is None:
        raise Refusal("code.malformed")
    if is_weak(plain):
        raise Refusal("code.weak")
    return code_verifier(plain, pepper=settings.TACHIAI.secret("pepper"))
