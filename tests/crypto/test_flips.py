"""One byte flipped anywhere inside a signed range is found: at every structural byte and at many others, by both gates.

Only the gap of the last signature or timestamp lies in no signed range; what is in there is held by its own cryptography.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest

from crypto import matrix
from crypto.matrix import Case
from crypto.test_matrix import LATER
from pki import embedded
from tachiai.crypto import cms, pades_verify, release
from tachiai.errors import Refusal

CASES = [
    Case("B-LTA", "classic", "direct", 2, "seen", "p256", "last to first"),
    Case("B-LTA renewed", "stream", "stream", 2, "blanks", "rsa2048", "first to last"),
    Case("B-T", "hybrid", "stream", 3, "seen", "pss", "shuffled"),
    Case("frozen", "stream", "none", 1, "none", "p384", "first to last"),
]
# Whatever a reader steers by: headers, keys, brackets, cross-references, ranges, ends.
STRUCTURE = re.compile(
    rb"\d+ \d+ obj|endobj|endstream|stream\n|<<|>>|/[A-Za-z0-9]+|xref|trailer|startxref\n\d+|%%EOF\n?|\[[^\]]{0,80}\]"
    rb"|\d{10} \d{5} [nf] ?\n|%PDF-\d"
)
MOST_STRUCTURAL, ELSEWHERE, DEEPLY = 700, 300, 24


@lru_cache(maxsize=4)
def built(case: Case) -> matrix.Built:
    return matrix.build(case)


def gap_of_the_last(pdf: bytes) -> tuple[int, int]:
    return [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", pdf)][-1]


def places(pdf: bytes, dice: random.Random) -> Iterator[int]:
    """First and last byte of every token (or of as many as there is time for), and others by chance; none of the last gap."""
    start, end = gap_of_the_last(pdf)
    edges = {edge for found in STRUCTURE.finditer(pdf) for edge in (found.start(), found.end() - 1)}
    signed = [place for place in range(len(pdf)) if not start <= place < end]
    structural = sorted(edges.intersection(signed))
    yield from dice.sample(structural, min(MOST_STRUCTURAL, len(structural)))
    yield from dice.sample(signed, ELSEWHERE)


def flipped(pdf: bytes, place: int, dice: random.Random) -> bytes:
    return pdf[:place] + bytes((pdf[place] ^ 1 << dice.randrange(8),)) + pdf[place + 1 :]


def must_refuse(verify: Callable[..., object], pdf: bytes, case: Case, place: int) -> None:
    roots = embedded().roots
    try:
        verify(pdf, expected=built(case).last.expected, roots=roots, tsa_roots=roots, at=LATER)
    except Refusal as told:
        assert told.code.startswith("seal."), (place, told)  # noqa: PT017 - any code of the gate's will do
    else:
        pytest.fail(f"the byte at {place} may be another")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_flipped_byte_anywhere_in_a_signed_range(case: Case) -> None:
    dice = random.Random(20250602)  # noqa: S311 - places to try, not secrets
    pdf = built(case).last.pdf
    chosen = list(places(pdf, dice))
    assert len(chosen) > ELSEWHERE + 100
    for place in chosen:
        must_refuse(release.verify, flipped(pdf, place, dice), case, place)
    for place in dice.sample(chosen, DEEPLY):
        must_refuse(pades_verify.verify, flipped(pdf, place, dice), case, place)


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids=str)
def test_one_flipped_bit_in_the_gap_that_nothing_covers(case: Case) -> None:
    """The last signature or token itself: refused, or the very same bytes once its hexadecimal is read."""
    dice = random.Random(20250602)  # noqa: S311
    pdf = built(case).last.pdf
    start, end = gap_of_the_last(pdf)
    for place in dice.sample(range(start, end), 400):
        forged = flipped(pdf, place, dice)
        if not (start < place < end - 1 and same_number(pdf[place], forged[place])):
            must_refuse(release.verify, forged, case, place)


def same_number(one: int, other: int) -> bool:
    """Whether two hexadecimal digits are the same in another case."""
    return chr(one).lower() == chr(other).lower()


def test_one_flipped_bit_in_the_signed_attributes_of_the_last_signature() -> None:
    case = CASES[3]
    pdf = built(case).last.pdf
    start, end = gap_of_the_last(pdf)
    data = cms.read_signed_data(bytes.fromhex(pdf[start + 1 : end - 1].decode()), padded=True)
    first = pdf.index(data.signer.attributes_raw[1:].hex().encode(), start)
    for place in range(first, first + 2 * (len(data.signer.attributes_raw) - 1)):
        other = b"%x" % (int(pdf[place : place + 1], 16) ^ 1)
        must_refuse(release.verify, pdf[:place] + other + pdf[place + 1 :], case, place)
