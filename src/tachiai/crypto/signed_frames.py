"""SignedData of a signer met before: only the digests, the signature and what is signed or stamped are new.

The first of each form is read and judged in full. Of those that have its every other byte, the signature is verified over all that it
covers, and nothing else of them could be otherwise than it was then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tachiai.crypto import cms, der
from tachiai.crypto.frames import Frame, inside, learn

_SIGNING_TIME = "1.2.840.113549.1.9.5"


class SignedFrame(NamedTuple):
    """The form of a SignedData that was judged in full, and where what is new stands in it. ``pool``: the certificates it brings."""

    frame: Frame
    digest: str
    said: slice
    attributes: slice
    signature: slice
    verify: Callable[[bytes, bytes], None]
    signer: bytes
    pool: tuple[bytes, ...]

    def holds(self, held: bytes, content_digest: bytes) -> bool:
        """Whether ``held``, which fits the frame, bears a signature over content of this digest."""
        if held[self.said] != content_digest:
            return False
        try:
            # The attributes are signed under their own tag, not under that of the place they stand in (RFC 5652, 5.4).
            self.verify(held[self.signature], b"\x31" + held[self.attributes])
        except cms.BadSignature:
            return False
        return True


class Parts(NamedTuple):
    """The places of a SignedData's members in the bytes that hold it (RFC 5652, 5.1 and 5.3)."""

    content: der.Element | None
    attributes: der.Element
    signature: der.Element
    unsigned: der.Element | None


def parts_of(held: bytes) -> Parts:
    """``held`` is one whole ContentInfo that :func:`cms.read_signed_data` has read."""
    members = der.read(held).children()[1].only_child().children()
    encapsulated = members[2].children()
    signer = members[-1].children()[0].children()
    content = encapsulated[1].only_child() if len(encapsulated) > 1 else None
    return Parts(content, signer[3], signer[5], der.optional(signer, 6, 0xA1))


def form_of(held: bytes, data: cms.SignedData, parts: Parts, more: Iterable[slice] = ()) -> SignedFrame:
    """The form of ``held``, which is read as ``data``; ``more`` are the places of what else differs from one to the next."""
    signer = data.signer_certificate()
    said, claimed = _attribute(parts.attributes, cms.MESSAGE_DIGEST), _attribute(parts.attributes, _SIGNING_TIME)
    if said is None:
        raise cms.BadSignature("no message digest")
    new = [inside(part) for part in (said, claimed, parts.signature) if part is not None]
    return SignedFrame(
        frame=learn(held, [*new, *more]),
        digest=data.signer.digest,
        said=inside(said),
        attributes=slice(parts.attributes.start + 1, parts.attributes.end),
        signature=inside(parts.signature),
        verify=cms.signature_check(signer, data.signer),
        signer=signer,
        pool=data.certificates,
    )


def _attribute(attributes: der.Element, dotted: str) -> der.Element | None:
    """The value of a signed attribute that has one, when it is primitive."""
    for entry in attributes.children():
        kind, values = entry.children()
        held = values.children() if der.read_oid(kind) == dotted else []
        if len(held) == 1 and not held[0].tag & 0x20:
            return held[0]
    return None
