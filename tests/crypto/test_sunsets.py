"""Strengths and dates of algorithms, and an operator's own file of dates."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from pki import key
from tachiai.crypto import sunsets
from tachiai.errors import Refusal

OWN = """
name = "an operator's own"
[[era]]
bits = 128
sign_until = 2035-12-31
verify_until = 2045-12-31
"""


@pytest.mark.parametrize(
    ("name", "shown", "bits"),
    [("sha256", "SHA-256", 128), ("SHA-384", "SHA-384", 192), ("sha1", "SHA-1", 0), ("sha3_256", "SHA3-256", 128), ("md5", "MD5", 0)],
)
def test_digests(name: str, shown: str, bits: int) -> None:
    assert sunsets.of_digest(name) == (shown, bits)


def test_keys() -> None:
    assert sunsets.of_key(key("rsa2048").public_key()) == ("RSA-2048", 112)
    assert sunsets.of_key(key("rsa1024").public_key()) == ("RSA-1024", 0)
    assert sunsets.of_key(key("p384").public_key()) == ("P-384", 192)
    assert sunsets.of_key(ec.generate_private_key(ec.SECP192R1()).public_key()).bits == 0
    assert sunsets.of_key(ed25519.Ed25519PrivateKey.generate().public_key()).bits == 128
    assert sunsets.of_key(ed448.Ed448PrivateKey.generate().public_key()).bits == 224
    assert sunsets.of_key(object()).bits == 0


def test_the_usual_policy() -> None:
    short, usual = sunsets.of_key(key("rsa2048").public_key()), sunsets.of_digest("sha256")
    era = sunsets.CRYPTREC.era(sunsets.weakest([usual, short]))
    assert era is not None
    assert (era.sign_until, era.verify_until) == (date(2030, 12, 31), date(2040, 12, 31))
    assert sunsets.CRYPTREC.era(sunsets.of_digest("sha1")) is None


def test_a_day_ends_in_japan() -> None:
    assert sunsets.end_of(date(2040, 12, 31)) == datetime(2040, 12, 31, 23, 59, 59, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert sunsets.end_of(date(2040, 12, 31)).isoformat() == "2040-12-31T14:59:59+00:00"


def test_an_operators_policy() -> None:
    policy = sunsets.read_policy(OWN)
    assert policy.era(sunsets.Strength("RSA-2048", 112)) is None
    assert policy.eras[0].verify_until == date(2045, 12, 31)


@pytest.mark.parametrize("torn", ["", "name = 1", "[[era]]", OWN.replace("2045", "2025"), OWN.replace("2045-12-31", '"soon"'), "]"])
def test_a_policy_that_cannot_be_read(torn: str) -> None:
    with pytest.raises(Refusal, match=r"policy\.unreadable"):
        sunsets.read_policy(torn)
