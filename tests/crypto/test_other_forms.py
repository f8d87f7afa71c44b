"""What the public is told of signatures in forms that the house does not make: what is true, and never that they are sound."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from crypto import hand_made, pdfs
from crypto.contract import Contract
from crypto.test_pades import foreign
from pki import MOMENT, hierarchy, key
from tachiai.crypto.judgement import Row
from tachiai.crypto.pades_verify import examine

LATER = MOMENT + timedelta(days=2)


def told(pdf: bytes) -> Row:
    roots = [hierarchy(4).root_der]
    return examine(pdf, roots=roots, tsa_roots=roots, at=MOMENT).rows[0]


def gap_of(pdf: bytes) -> tuple[int, int]:
    found = list(re.finditer(rb"<[0-9a-fA-F]{1000,}>", pdf))[-1]
    return found.start(), found.end()


def refilled(pdf: bytes, contents: bytes) -> bytes:
    start, end = gap_of(pdf)
    return pdf[: start + 1] + contents.hex().encode().ljust(end - start - 2, b"0") + pdf[end - 1 :]


def with_open_length(pdf: bytes) -> bytes:
    """The same signature, its outermost length left open and closed by a mark (X.690, 8.1.3.6), as some programs write it."""
    start, end = gap_of(pdf)
    held = bytes.fromhex(pdf[start + 1 : end - 1].decode())
    size = int.from_bytes(held[2:4], "big")
    assert held[:2] == b"\x30\x82"
    return refilled(pdf, b"\x30\x80" + held[4 : 4 + size] + b"\x00\x00")


def as_of_old(pdf: bytes) -> bytes:
    """PKCS #7 as ISO 32000-1 had it: nothing signed says which certificate is meant."""
    start, end = gap_of(pdf)
    private = key("rsa2048", 50)
    assert isinstance(private, rsa.RSAPrivateKey)
    leaf = hierarchy(4).leaf("Somebody else", private)
    builder = PKCS7SignatureBuilder().set_data(pdf[:start] + pdf[end:]).add_signer(leaf, private, hashes.SHA256())
    builder = builder.add_certificate(x509.load_der_x509_certificate(hierarchy(4).middle_der))
    return refilled(pdf, builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary]))


@pytest.fixture(scope="module")
def signed() -> bytes:
    return foreign(hand_made.plain())


def test_lengths_that_are_left_open_change_nothing(signed: bytes) -> None:
    assert told(with_open_length(signed))._replace(chain=()) == told(signed)._replace(chain=())
    assert (told(signed).level, told(signed).problems) == ("B-B", ("timestamp_missing", "revocation_missing"))


def test_a_signature_as_of_old_stands_without_being_pades(signed: bytes) -> None:
    row = told(as_of_old(signed))
    assert (row.level, row.problems) == ("none", ("timestamp_missing", "revocation_missing"))
    assert "Somebody else" in row.signer_subject


@pytest.mark.parametrize("form", [with_open_length, as_of_old])
def test_what_was_altered_is_told_in_every_form(signed: bytes, form: Callable[[bytes], bytes]) -> None:
    altered = hand_made.swapped(form(signed), b"1000 yen", b"9000 yen")
    assert told(altered).problems == ("broken",)


def test_an_unknown_kind_is_not_called_altered(signed: bytes) -> None:
    start, end = gap_of(signed)
    held = bytes.fromhex(signed[start + 1 : end - 1].decode())
    sha256, sha1 = bytes.fromhex("300d06096086480165030402010500"), bytes.fromhex("300d06096086480165030402050500")
    other = held.replace(sha256, sha1) if sha256 in held else held.replace(sha256[2:-2], sha1[2:-2])
    assert other != held
    assert told(refilled(signed, other)).problems == ("algorithm_unknown",)


def test_of_our_own_no_other_form_is_accepted(contract: Contract) -> None:
    upload = pdfs.plain()
    frozen = contract.freeze(upload)
    with pytest.raises(Exception, match=r"seal\.broken"):
        contract.verify(with_open_length(frozen), contract.expected(upload))


def test_a_reference_to_nothing_beneath_a_signature_of_others_is_null(contract: Contract) -> None:
    """The difference analysis follows the form's resources; what is not there was not added either."""
    form = b" /AcroForm << /Fields [7 0 R] /DA (/F1 10 Tf 0 g) /DR << /Font << /F1 5 0 R >> /XObject << /X 77 0 R >> >> >>"
    upload = foreign(hand_made.laid(hand_made.with_form(form)).table())
    whole = contract.whole(upload)
    expected = contract.expected(upload, (1,), closed=True, certification=False)
    assert contract.verify(whole, expected, LATER).rows[1].level == "B-LTA"
