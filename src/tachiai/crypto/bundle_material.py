"""The certificates, answers and tokens inside a file that this house has sealed, one by one, for whoever wants to check each by itself.

Nothing is judged here. What is read are the house's own revisions alone, never the upload before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tachiai.crypto import cms, der
from tachiai.crypto.own_revisions import Held, objects_behind
from tachiai.crypto.pdf_values import OddValue, reference, string
from tachiai.errors import Refusal

_STAMP: Final = b"/DocTimeStamp"


@dataclass
class Material:
    """Certificates, OCSP answers, lists and timestamp tokens (DER), each once and in the order in which they were met."""

    certificates: dict[bytes, None] = field(default_factory=dict)
    ocsps: dict[bytes, None] = field(default_factory=dict)
    crls: dict[bytes, None] = field(default_factory=dict)
    tokens: dict[bytes, None] = field(default_factory=dict)

    def add(self, other: Material) -> None:
        self.certificates |= other.certificates
        self.ocsps |= other.ocsps
        self.crls |= other.crls
        self.tokens |= other.tokens


def material_of(pdf: bytes, *, behind: int) -> Material:
    """What the revisions ``behind`` the first bytes of ``pdf`` bring. Refuses ``seal.unreadable`` where they are not this house's."""
    found = Material()
    try:
        objects = list(objects_behind(pdf, behind))
        for held in objects:
            if isinstance(held.value, dict) and b"/ByteRange" in held.value:
                found.add(_signed(string(held.value.get(b"/Contents")), is_stamp=held.value.get(b"/Type") == _STAMP))
            elif isinstance(held.value, dict) and held.value.get(b"/Type") == b"/DSS":
                found.add(_store(pdf, held, objects))
    except (OddValue, cms.BadSignature, der.DerError) as odd:
        raise Refusal("seal.unreadable", detail=str(odd)) from odd
    return found


def material_of_token(token: bytes) -> Material:
    """A timestamp token by itself, with the certificates it brings. Refuses ``seal.unreadable``."""
    try:
        return _signed(token, is_stamp=True)
    except (cms.BadSignature, der.DerError) as odd:
        raise Refusal("seal.unreadable", detail=str(odd)) from odd


def _signed(contents: bytes, *, is_stamp: bool) -> Material:
    data = cms.read_signed_data(contents, padded=True)
    found = Material(certificates=dict.fromkeys(data.certificates))
    if is_stamp:
        found.tokens[der.read_first(contents)[0].raw] = None
    for stamp in data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, []):
        found.add(_signed(stamp.raw, is_stamp=True))
    return found


def _store(pdf: bytes, store: Held, objects: Iterable[Held]) -> Material:
    streams = {held.at: pdf[held.stream[0] : held.stream[1]] for held in objects if held.stream is not None}
    lists = {held.at: held.value for held in objects if isinstance(held.value, list)}

    def each(kind: bytes) -> Iterator[bytes]:
        listed = store.value.get(kind, [])
        at = reference(listed) if isinstance(listed, bytes) else None
        for item in lists.get(at, []) if at is not None else listed:
            place = reference(item)
            if place in streams:
                yield streams[place]

    return Material(dict.fromkeys(each(b"/Certs")), dict.fromkeys(each(b"/OCSPs")), dict.fromkeys(each(b"/CRLs")))
