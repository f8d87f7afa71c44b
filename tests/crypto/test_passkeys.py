"""Passkeys and one-time passwords: what is taken, and every lie that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from authenticators import PRESENT, VERIFIED, SoftKey
from tachiai.crypto.passkeys import LONGEST, Assertion, Place, check_assertion, check_enrolment, consent_challenge, from_base64url
from tachiai.crypto.totp import address_of, code_at, matching_step, step_of, written
from tachiai.errors import Refusal

HERE = Place("localhost", "http://localhost:8000")
CHALLENGE = consent_challenge(b'{"v":1}')


def asserted(key: SoftKey, challenge: bytes = CHALLENGE) -> Assertion:
    client, data, signature = key.signs(challenge)
    return Assertion(key.id, data, client, signature)


def check(given: Assertion, key: SoftKey, *, counter: int | None = None) -> int:
    return check_assertion(given, public_key=key.public_key, challenge=CHALLENGE, place=HERE, counter=counter)


@pytest.mark.parametrize("kind", ["es256", "rs256", "eddsa"])
def test_a_passkey_is_enrolled_and_then_signs(kind: str) -> None:
    key = SoftKey(kind=kind, counter=4)
    client, attestation = key.enrols(b"e" * 32)
    enrolled = check_enrolment(client, attestation, challenge=b"e" * 32, place=HERE)
    assert (enrolled.credential, enrolled.public_key, enrolled.counter, enrolled.aaguid) == (key.id, key.public_key, 4, bytes(16))
    key.counter = 5
    assert check(asserted(key), key, counter=enrolled.counter) == 5


def test_the_challenge_is_of_exactly_these_bytes() -> None:
    assert CHALLENGE.hex() == "109a4263ea188c865737ae7df47c985b73ac4785fcf483f3cfe860ced8798a0a"
    assert consent_challenge(b'{"v":1} ') != CHALLENGE


def elsewhere(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(replace_key(key, origin="https://evil.example")), "passkey.wrong_origin"


def other_house(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(replace_key(key, rp_id="evil.example")), "passkey.wrong_house"


def nobody_there(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(replace_key(key, flags=VERIFIED)), "passkey.not_verified"


def not_unlocked(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(replace_key(key, flags=PRESENT)), "passkey.not_verified"


def other_bytes(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(key, consent_challenge(b'{"v":2}')), "passkey.other_challenge"


def another_key(key: SoftKey) -> tuple[Assertion, str]:
    return asserted(SoftKey(kind=key.kind)), "passkey.wrong_signature"


def flipped(key: SoftKey) -> tuple[Assertion, str]:
    good = asserted(key)
    return replace(good, signature=good.signature[:-1] + bytes([good.signature[-1] ^ 1])), "passkey.wrong_signature"


def other_client_data(key: SoftKey) -> tuple[Assertion, str]:
    good = asserted(key)
    return replace(good, client_data=good.client_data + b" "), "passkey.wrong_signature"


def for_enrolment(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), client_data=key.client_data("webauthn.create", CHALLENGE)), "passkey.malformed"


def in_a_frame(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), client_data=key.client_data("webauthn.get", CHALLENGE, crossOrigin=True)), "passkey.wrong_origin"


def no_json(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), client_data=b"[" * 5000), "passkey.malformed"


def not_an_object(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), client_data=b"7"), "passkey.malformed"


def cut_short(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), authenticator_data=bytes(36)), "passkey.malformed"


def too_long(key: SoftKey) -> tuple[Assertion, str]:
    return replace(asserted(key), client_data=bytes(LONGEST + 1)), "passkey.malformed"


def replace_key(key: SoftKey, **said: object) -> SoftKey:
    other = replace(key, **said)  # type: ignore[arg-type]
    other.private = key.private
    return other


LIES = [
    elsewhere,
    other_house,
    nobody_there,
    not_unlocked,
    other_bytes,
    another_key,
    flipped,
    other_client_data,
    for_enrolment,
    in_a_frame,
    no_json,
    not_an_object,
    cut_short,
    too_long,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_whatever_else_is_refused(lie: Callable[[SoftKey], tuple[Assertion, str]]) -> None:
    key = SoftKey()
    given, code = lie(key)
    with pytest.raises(Refusal) as refused:
        check(given, key)
    assert refused.value.code == code


def test_a_counter_that_goes_back_or_stands_tells_of_a_copy() -> None:
    key = SoftKey(counter=7)
    assert check(asserted(key), key, counter=6) == 7
    assert check(asserted(key), key) == 7
    for known in (7, 8):
        with pytest.raises(Refusal, match=r"passkey\.counter_back"):
            check(asserted(key), key, counter=known)
    key.counter = 0
    assert check(asserted(key), key, counter=0) == 0, "a passkey that is on several devices counts nothing"
    with pytest.raises(Refusal, match=r"passkey\.counter_back"):
        check(asserted(key), key, counter=1)


def test_an_enrolment_is_judged_as_strictly() -> None:
    key = SoftKey()
    client, attestation = key.enrols(CHALLENGE)
    for code, altered in {
        "passkey.other_challenge": lambda: check_enrolment(client, attestation, challenge=bytes(32), place=HERE),
        "passkey.wrong_origin": lambda: check_enrolment(client, attestation, challenge=CHALLENGE, place=Place("localhost", "https://x")),
        "passkey.wrong_house": lambda: check_enrolment(client, attestation, challenge=CHALLENGE, place=Place("x", HERE.origin)),
        "passkey.malformed": lambda: check_enrolment(client, attestation[:-9], challenge=CHALLENGE, place=HERE),
    }.items():
        with pytest.raises(Refusal) as refused:
            altered()
        assert refused.value.code == code
    for bad in (b"", b"\x9f" * 4000, b"\x81" * 4000 + b"\x01", b"\xa0"):
        with pytest.raises(Refusal, match=r"passkey\.malformed"):
            check_enrolment(client, bad, challenge=CHALLENGE, place=HERE)
    unlocked = SoftKey(flags=PRESENT)
    with pytest.raises(Refusal, match=r"passkey\.not_verified"):
        check_enrolment(*unlocked.enrols(CHALLENGE), challenge=CHALLENGE, place=HERE)
    other = SoftKey(kind="es384")
    with pytest.raises(Refusal, match=r"passkey\.algorithm"):
        check_enrolment(*other.enrols(CHALLENGE), challenge=CHALLENGE, place=HERE)


def test_base64url_is_read_in_one_way_only() -> None:
    assert from_base64url("-_8") == b"\xfb\xff"
    for odd in ("-_8=", "-_9", "+/8", "a b", "あ"):
        with pytest.raises(ValueError, match="not "):
            from_base64url(odd)


def test_one_time_passwords_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, the last six digits."""
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        at = datetime.fromtimestamp(seconds, UTC)
        assert code_at(secret, step_of(at)) == code
        assert matching_step(secret, code, at=at) == step_of(at)
        for away in (-30, 30):
            assert matching_step(secret, code, at=at + timedelta(seconds=away)) == step_of(at)
        for away in (-60, 60):
            assert matching_step(secret, code, at=at + timedelta(seconds=away)) is None
    assert written(secret) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert address_of(secret, issuer="立会 テスト", account="a@example.jp").startswith("otpauth://totp/%E7%AB%8B%E4%BC%9A%20")
