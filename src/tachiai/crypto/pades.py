"""PAdES (EN 319 142-1): freezing, sealing and closing a PDF. Every verb gives only the bytes to append.

``freeze`` lays in the slots and certifies, ``seal`` signs into one slot (B-T), ``close`` adds the validation data and then a
document timestamp over everything (B-LTA), ``renew`` adds another before that one ages out, ``attest`` does all but the last for the
house's own papers. The format of what is appended is described in ``docs/formats/seal-revisions.md``. Times are the caller's; a
signature is never made without a token.

Each verb works from the file's plan and looks at the file only to hash it. Without a plan, or with one that fits other bytes, the
file is planned anew: slower, and the same bytes. ``begin_seal`` stops before the timestamp, for whoever keeps many requests in flight.
"""

from __future__ import annotations

from tachiai.crypto.fields import slot_field
from tachiai.crypto.filling import Made, TokenTooLarge, Unstamped
from tachiai.crypto.freezing import begin_freeze, certifiable, freeze
from tachiai.crypto.long_term import attest, close, renew, store
from tachiai.crypto.signing import SealText
from tachiai.crypto.slot_sealing import CONSENT_KEY, FieldValue, begin_seal, seal

__all__ = [
    "CONSENT_KEY",
    "FieldValue",
    "Made",
    "SealText",
    "TokenTooLarge",
    "Unstamped",
    "attest",
    "begin_freeze",
    "begin_seal",
    "certifiable",
    "close",
    "freeze",
    "renew",
    "seal",
    "slot_field",
    "store",
]
