"""Finished files and their parts, made once for a run, that the targets take as their beginnings."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

from crypto import pdfs
from crypto.contract import HOUSE, Contract, consent, words
from crypto.test_reference import VALUES, drawn, slot_of
from pki import MOMENT, embedded
from tachiai.crypto import cms, pades
from tachiai.crypto.pades import Made
from tachiai.crypto.pades_verify import Expected

LATER = MOMENT + timedelta(days=2)


@lru_cache(maxsize=1)
def contract() -> Contract:
    return Contract(embedded())


@lru_cache(maxsize=8)
def upload(*, stream: bool) -> bytes:
    return pdfs.plain(pages=2, form=True, stream_xref=stream)


@lru_cache(maxsize=8)
def frozen(*, stream: bool) -> bytes:
    """With blanks and a visible signature for each of two slots."""
    house, held = contract(), upload(stream=stream)
    slots = [slot_of(number, "seen") for number in (1, 2)]
    seal = house.authority.seal_credential
    return held + pades.freeze(held, slots=slots, credential=seal, timestamper=house.stamps, text=HOUSE, at=MOMENT).tail


def sealed(held: bytes, slot: int) -> Made:
    house = contract()
    return pades.seal(
        held,
        slot=slot,
        credential=house.authority.seal_credential,
        timestamper=house.stamps,
        text=words(slot),
        consent_digest=consent(slot),
        at=MOMENT + timedelta(hours=slot),
        values=VALUES,
        appearance=drawn(100, 50),
    )


@lru_cache(maxsize=8)
def once(*, stream: bool) -> bytes:
    held = frozen(stream=stream)
    return held + sealed(held, 1).tail


@lru_cache(maxsize=8)
def closed(*, stream: bool) -> bytes:
    held = once(stream=stream)
    return contract().close(held + sealed(held, 2).tail)


def expected(*, stream: bool, slots: tuple[int, ...], shut: bool) -> Expected:
    return contract().expected(upload(stream=stream), slots, closed=shut)


def gaps(pdf: bytes) -> list[tuple[int, int]]:
    """Where the hexadecimal strings of signatures stand."""
    return [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", pdf)]


@lru_cache(maxsize=1)
def signatures() -> tuple[bytes, ...]:
    """CMS as it stands in a closed file: of the house, of two slots, and a token over the whole."""
    held = closed(stream=False)
    found = (bytes.fromhex(held[start + 1 : end - 1].decode()) for start, end in gaps(held))
    # A SEQUENCE of 256 to 65535 octets, as all of these are; what a signature ends with may be a zero like the room behind it.
    return tuple(data[: 4 + int.from_bytes(data[2:4], "big")] for data in found)


@lru_cache(maxsize=1)
def tokens() -> tuple[bytes, ...]:
    inside = (cms.read_signed_data(held).signer.unsigned[cms.SIGNATURE_TIME_STAMP][0].raw for held in signatures()[:-1])
    return (*inside, signatures()[-1])
