"""asn1crypto, mended: what was read comes out as it was read, at once, whatever its length is; names are prepared as before."""

from __future__ import annotations

from itertools import chain, repeat

import pytest
from asn1crypto import algos, cms, core, x509
from cryptography import x509 as made
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pki import MOMENT, key
from tachiai.crypto import asn1_mending, der


def certificate(padding: int) -> bytes:
    name = made.Name([made.NameAttribute(NameOID.COMMON_NAME, "架空認証"), made.NameAttribute(NameOID.ORGANIZATION_NAME, "A b")])
    owner = key("p256", 77)
    draft = made.CertificateBuilder(name, name, owner.public_key(), 1, MOMENT, MOMENT.replace(year=2030))
    bare = made.UnrecognizedExtension(made.ObjectIdentifier("1.2.3.4"), bytes(padding))
    return draft.add_extension(bare, critical=False).sign(owner, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_certificate_of_every_length_stays_as_it_is() -> None:
    met = set()
    for padding in range(256, 256 + 260):
        held = certificate(padding)
        read = x509.Certificate.load(held)
        # Everything is taken apart, as a validation does.
        assert read.native is not None
        signed = der.read(held).children()[0]
        met.add(signed.raw[3])
        assert read["tbs_certificate"].dump() == signed.raw
        assert read.dump() == held
    assert 0x80 in met


def test_nothing_that_was_read_is_encoded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unmended, each level of an unlucky value is encoded several times over: seconds for a signature with its token."""
    # The length of an ECDSA signature varies, so that one walk through the paddings can step over the length sought.
    paddings = chain.from_iterable(repeat(range(256, 512), 50))
    read = x509.Certificate.load(next(held for held in map(certificate, paddings) if held[3] == 0x80))
    assert read.native is not None

    def never(self: core.Sequence, force: bool = False) -> None:
        raise AssertionError("encoded anew")

    for kind in (core.Sequence, core.SequenceOf):
        monkeypatch.setattr(kind, "_set_contents", never)
    assert read._header[-1:] == b"\x80"
    assert read.dump()[:4] == read._header


def test_what_was_changed_is_encoded_anew() -> None:
    padded = next(n for n in range(300) if algorithm(n).dump()[-n - 4 : -n - 3] is not None and len(algorithm(n).contents) % 256 == 0x80)
    read = type(algorithm(padded)).load(algorithm(padded).dump())
    assert read._header[-1:] == b"\x80"
    read["values"] = [core.OctetString(b"other")]
    assert read.dump() == algorithm_of([b"other"]).dump()


def algorithm(padding: int) -> cms.CMSAttribute:
    return algorithm_of([bytes(padding)])


def algorithm_of(values: list[bytes]) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": "1.2.3.4", "values": [core.Any(core.OctetString(one)) for one in values]})


def test_an_indefinite_length_is_still_made_definite() -> None:
    definite = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
    indefinite = b"\x30\x80" + definite[2:] + b"\x00\x00"
    read = algos.DigestAlgorithm.load(indefinite)
    assert read.dump() == definite


@pytest.mark.parametrize("text", ["Tachiai", " two  words ", "ＡＢＣ", "架空電子契約株式会社", "soft\u00adhyphen", "x" * 300])
def test_names_are_prepared_as_before(text: str) -> None:
    name = x509.Name.build({"common_name": text})
    twin = x509.Name.load(name.dump())
    assert name.hashable == twin.hashable
    assert name == twin
    assert asn1_mending._LONGEST_REMEMBERED < 300
