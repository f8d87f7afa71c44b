"""The little DER reader and writer: what it writes it reads, and what is not DER it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tachiai.crypto import der


@given(some.integers(-(2**200), 2**200))
def test_integers_survive(value: int) -> None:
    assert der.read_integer(der.read(der.integer(value))) == value


@given(some.lists(some.integers(0, 2**70), max_size=8), some.sampled_from([(0, 39), (1, 39), (2, 999)]))
def test_object_identifiers_survive(arcs: list[int], head: tuple[int, int]) -> None:
    dotted = ".".join(str(arc) for arc in (*head, *arcs))
    assert der.read_oid(der.read(der.oid(dotted))) == dotted


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 0x1780, 65_535, 65_536])
def test_lengths_survive_also_those_whose_last_octet_is_0x80(size: int) -> None:
    held = der.sequence(der.octet_string(bytes(size)))
    assert der.read(held).children()[0].content == bytes(size)


@given(some.datetimes(datetime(1950, 1, 1), datetime(9999, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_times_survive_to_the_second(moment: datetime) -> None:
    assert der.read_generalized_time(der.read(der.generalized_time(moment))) == moment.replace(microsecond=0)


def test_a_fraction_of_a_second_is_read() -> None:
    held = der.tlv(der.GENERALIZED_TIME, b"20250602030000.25Z")
    assert der.read_generalized_time(der.read(held)).microsecond == 250_000


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"\x30",
        b"\x30\x02\x01",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x1f\x81\x01\x00",
        b"\x05\x00\x00",
    ],
)
def test_what_is_not_der_is_not_read(torn: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read(torn)


@pytest.mark.parametrize("padded", [b"\x02\x02\x00\x7f", b"\x02\x02\xff\x80", b"\x02\x00"])
def test_integers_that_are_not_the_shortest_are_not_read(padded: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read_integer(der.read(padded))


@pytest.mark.parametrize("torn", [b"\x06\x00", b"\x06\x01\x80", b"\x06\x03\x2a\x80\x01", b"\x06\x81\x81" + b"\x2a" * 129])
def test_object_identifiers_that_are_torn_padded_or_endless_are_not_read(torn: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read_oid(der.read(torn))


def test_a_member_may_not_reach_beyond_its_holder() -> None:
    held = b"\x30\x03\x04\x02\x01" + b"\x02"
    element, rest = der.read_first(held)
    assert rest == b"\x02"
    with pytest.raises(der.DerError, match="torn off"):
        element.children()


def test_the_only_member_is_alone() -> None:
    assert der.read(der.explicit(0, der.integer(5))).only_child().raw == der.integer(5)
    for held in (der.explicit(0), der.explicit(0, der.null(), der.null()), der.octet_string(b"x")):
        with pytest.raises(der.DerError):
            der.read(held).only_child()


def test_members_are_places_in_the_bytes_they_were_read_from() -> None:
    """However many there are, none copies what follows it."""
    held = der.read(der.sequence(der.null() * 10_000))
    members = held.children()
    assert len(members) == 10_000
    assert all(member.data is held.data for member in members)
    assert [member.start for member in members[:3]] == [held.body, held.body + 2, held.body + 4]


@pytest.mark.parametrize(
    "text",
    [b"20250602030000", b"2025060203Z", b"20250602030000+0900", b"20251402030000Z", "２０２５0602030000Z".encode()],
)
def test_times_of_another_form_are_not_read(text: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read_generalized_time(der.read(der.tlv(der.GENERALIZED_TIME, text)))


@given(some.binary(max_size=60))
def test_noise_gives_a_value_or_the_one_error(noise: bytes) -> None:
    try:
        found = der.read(noise)
        members = found.children() if found.tag & 0x20 else []
    except der.DerError:
        return
    assert found.raw == noise
    assert b"".join(member.raw for member in members) == (found.content if found.tag & 0x20 else b"")
