"""What was met before is only held against its form, and never passes where a full reading would refuse."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator

import pytest

from crypto.gated import Gated
from crypto.pdfs import plain
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto import cms, seal_frames, signature_worth, timestamps, token_frames
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.frames import Frame, first_value, learn
from tachiai.crypto.signature_worth import Judged
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.errors import Refusal

REMEMBERED = (signature_worth._judge_known, signature_worth._judge_seal, signature_worth._judge_stamp)
DIGESTS = [hashlib.sha256(b"contract %d" % number).digest() for number in range(40)]


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    token_frames.known_forms.cache_clear()
    seal_frames.known_forms.cache_clear()
    for remembered in REMEMBERED:
        remembered.cache_clear()


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    return hierarchy()


@pytest.fixture(scope="module", params=["rsa2048", "p256"])
def tsa(tree: Hierarchy, request: pytest.FixtureRequest) -> EmbeddedTimestamper:
    return tree.timestamper(private=key(request.param, 20))


def two_alike(tsa: EmbeddedTimestamper) -> tuple[bytes, bytes]:
    """Two tokens of one size, of which the first is known."""
    met: dict[int, bytes] = {}
    for digest in DIGESTS:
        token = tsa.timestamp(digest, at=MOMENT).der
        if len(token) in met:
            return met[len(token)], token
        met[len(token)] = token
    raise AssertionError("no two tokens of one size")


def told(reading: Callable[..., object], token: bytes, roots: tuple[bytes, ...]) -> object:
    """What a reading gives, or that it refuses."""
    try:
        return reading(token, roots=roots, accredited=False, embedded=True, plain=True)
    except (timestamps.BadToken, cms.BadSignature, ValueError):
        return "refused"


# ------------------------------------------------------------------------------------------------------ frames


def test_a_frame_fits_what_differs_in_its_gaps_alone() -> None:
    frame = learn(b"abcDEfgHij", [slice(7, 8), slice(3, 5)])
    assert frame.fits(b"abcXXfgYij")
    assert not frame.fits(b"abcDEfgHiX")
    assert not frame.fits(b"abcDEfgHijk")
    assert not frame.fits(b"Xbc")
    assert learn(b"", []) == Frame(0, ((0, 0),), [b""])


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (b"\x30\x82\x00\x02ab", b"\x30\x82\x00\x02ab"),
        (b"\x30\x82\x00\x02ab\x00\x00", b"\x30\x82\x00\x02ab"),
        (b"\x30\x82\x00\x02abc", None),
        (b"\x30\x82\x00\x03ab", None),
        (b"\x30\x02ab", None),
        (b"\x30\x82", None),
        (b"", None),
    ],
)
def test_the_first_value_is_cut_off_when_only_zeros_follow(held: bytes, found: bytes | None) -> None:
    assert first_value(held) == found


# ------------------------------------------------------------------------------------------------------ tokens


def test_a_token_of_a_known_form_is_not_read_in_full(tsa: EmbeddedTimestamper, tree: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    _first, token = two_alike(tsa)
    fresh = told(timestamps._read_in_full, token, (tree.root_der,))

    def forbidden(*_arguments: object, **_more: object) -> None:
        raise AssertionError("read in full")

    monkeypatch.setattr(timestamps, "_read_in_full", forbidden)
    assert told(timestamps._read, token, (tree.root_der,)) == fresh != "refused"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_no_byte_of_a_token_counts_less_by_its_form(tsa: EmbeddedTimestamper, tree: Hierarchy) -> None:
    _first, token = two_alike(tsa)
    dice = random.Random(20261126)  # noqa: S311 - which bit, not a secret
    for place in range(len(token)):
        other = token[:place] + bytes((token[place] ^ 1 << dice.randrange(8),)) + token[place + 1 :]
        known = told(timestamps._read, other, (tree.root_der,))
        token_frames.known_forms.cache_clear()
        assert told(timestamps._read_in_full, other, (tree.root_der,)) == known, place
        token_frames.known_forms.cache_clear()
        assert told(timestamps._read, token, (tree.root_der,)) != "refused"


def test_a_form_belongs_to_the_roots_it_was_judged_under(tsa: EmbeddedTimestamper) -> None:
    _first, token = two_alike(tsa)
    assert told(timestamps._read, token, (hierarchy(90).root_der,)) == "refused"


def test_a_known_form_still_asks_for_imprint_and_time(tsa: EmbeddedTimestamper, tree: Hierarchy) -> None:
    _first, token = two_alike(tsa)
    with pytest.raises(timestamps.OtherImprint):
        timestamps.read_token(token, digest=bytes(32), roots=(tree.root_der,))


def test_forms_are_bounded(tsa: EmbeddedTimestamper, tree: Hierarchy) -> None:
    token = two_alike(tsa)[1]
    for _ in range(10):
        told(timestamps._read_in_full, token, (tree.root_der,))
    assert len(token_frames.known_forms(len(token), (tree.root_der,))) == 4


# ------------------------------------------------------------------------------------------------------- seals


def outcome(contract: Gated, pdf: bytes, upload: bytes) -> str:
    """What the release gate says of a file with the house's signature alone."""
    try:
        contract.verify(pdf, contract.expected(upload))
    except Refusal as refused:
        return refused.code
    return "released"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_no_byte_of_a_seal_counts_less_by_its_form(authority: EmbeddedAuthority) -> None:
    contract, dice = Gated(authority), random.Random(20261126)  # noqa: S311 - places to try, not secrets
    first, second = plain(), plain(pages=2)
    known, pdf = contract.freeze(first), contract.freeze(second)
    found = list(re.finditer(rb"<[0-9a-f]{1000,}>", pdf))[-1]
    for place in dice.sample(range(found.start() + 1, found.end() - 1), 600):
        other = pdf[:place] + b"%x" % (int(pdf[place : place + 1], 16) ^ 1 << dice.randrange(4)) + pdf[place + 1 :]
        forget()
        read_in_full = outcome(contract, other, second)
        assert outcome(contract, known, first) == "released"
        assert outcome(contract, other, second) == read_in_full != "released", place


def test_a_seal_of_a_known_form_is_not_read_in_full(authority: EmbeddedAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = Gated(authority)
    pdfs = [(contract.freeze(upload), upload) for upload in (plain(), plain(pages=2))]
    assert outcome(contract, *pdfs[0]) == "released"

    def forbidden(*_arguments: object, **_more: object) -> Judged:
        raise AssertionError("read in full")

    monkeypatch.setattr(signature_worth, "_judge_seal", forbidden)
    monkeypatch.setattr(signature_worth, "_signed_data", forbidden)
    assert outcome(contract, *pdfs[1]) == "released"
