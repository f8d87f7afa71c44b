"""Timestamp tokens of an authority met before: only their time, serial number, nonce, imprint and signature are new.

An authority's tokens are alike but for these (RFC 3161, 2.4.2). The first of each size is read and judged in full; those that have its
every other byte are judged by what differs.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from tachiai.crypto import cms, der
from tachiai.crypto.frames import inside
from tachiai.crypto.signed_frames import SignedFrame, form_of, parts_of

# Serial numbers and fractions of a second may differ in length, so one authority has tokens of several forms, even of one size.
_MOST_FORMS = 4


class Stated(NamedTuple):
    """What is new in a token. ``nonce`` None: it states none."""

    gen_time: datetime
    serial: int
    imprint: bytes
    nonce: int | None


class TokenFrame(NamedTuple):
    """The form of a token that was judged in full, and where what is new stands in it.

    ``plain``: its uncovered parts are in the form that the release gate demands.
    """

    signed: SignedFrame
    content: slice
    serial: slice
    gen_time: slice
    imprint: slice
    nonce: slice | None
    policy: str
    subject: str
    plain: bool

    def read(self, token: bytes) -> Stated | None:
        """What ``token`` states, when it has this form and its signature holds; None leaves it to the full reading."""
        signed = self.signed
        if not signed.frame.fits(token) or not signed.holds(token, hashlib.new(signed.digest, token[self.content]).digest()):
            return None
        try:
            return Stated(
                der.generalized_time_in(token[self.gen_time]),
                der.integer_in(token[self.serial]),
                token[self.imprint],
                None if self.nonce is None else der.integer_in(token[self.nonce]),
            )
        except der.DerError:
            return None


@lru_cache(maxsize=64)
def known_forms(size: int, roots: tuple[bytes, ...]) -> list[TokenFrame]:
    """The forms met so far of tokens of ``size`` bytes that lead to ``roots``: a list that :func:`remember` adds to."""
    return []


def remember(token: bytes, data: cms.SignedData, *, roots: tuple[bytes, ...], policy: str, subject: str, plain: bool) -> None:
    """Keep the form of a token that was read and judged in full, its chain to ``roots`` included."""
    parts = parts_of(token)
    if parts.content is None:
        raise cms.BadSignature("a token without content")
    info = der.within(parts.content).children()
    imprint = info[2].children()[1]
    nonce = next((part for part in info[5:] if part.tag == der.INTEGER), None)
    new = [inside(part) for part in (imprint, info[3], info[4], nonce) if part is not None]
    form = TokenFrame(
        signed=form_of(token, data, parts, new),
        content=inside(parts.content),
        serial=inside(info[3]),
        gen_time=inside(info[4]),
        imprint=inside(imprint),
        nonce=None if nonce is None else inside(nonce),
        policy=policy,
        subject=subject,
        plain=plain,
    )
    forms = known_forms(len(token), roots)
    if len(forms) >= _MOST_FORMS:
        del forms[0]
    forms.append(form)
