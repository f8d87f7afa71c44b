"""Seals of a key met before: only the message digest, the signature and the timestamp token are new.

The token is not judged here; it only has to be one value of the size it had in the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tachiai.crypto import cms
from tachiai.crypto.frames import first_value
from tachiai.crypto.signed_frames import SignedFrame, form_of, parts_of

# Several keys may make signatures of one size.
_MOST_FORMS = 8


@dataclass(frozen=True, eq=False, slots=True)
class SealFrame:
    """The form of a seal that was judged in full, and where its token stands."""

    signed: SignedFrame
    token: slice

    def fits(self, seal: bytes) -> bool:
        token = seal[self.token]
        return self.signed.frame.fits(seal) and first_value(token) == token


@lru_cache(maxsize=64)
def known_forms(size: int) -> list[SealFrame]:
    """The forms met so far of seals of ``size`` bytes: a list that :func:`remember` adds to."""
    return []


def form_for(seal: bytes) -> SealFrame | None:
    """The form that ``seal`` has, if it is one of those met so far."""
    return next((form for form in known_forms(len(seal)) if form.fits(seal)), None)


def remember(seal: bytes, data: cms.SignedData, token: bytes) -> None:
    """Keep the form of a seal with ``token`` that was read and judged in full; a token of unusual size is not worth it."""
    parts = parts_of(seal)
    if parts.unsigned is None or first_value(token) != token:
        return
    end = parts.unsigned.end
    place = slice(end - len(token), end)
    forms = known_forms(len(seal))
    if seal[place] == token and len(forms) < _MOST_FORMS:
        forms.append(SealFrame(form_of(seal, data, parts, [place]), place))
