"""Requests that a certification authority's own tools accept, and returned chains that may or may not be installed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pki import MOMENT, hierarchy, key
from tachiai.crypto.certificate_requests import Subject, accept_chain, certificate_request, check_usage
from tachiai.crypto.keys import SoftwareKey, public_bytes
from tachiai.crypto.signature_algorithms import algorithm_of
from tachiai.errors import Refusal

SUBJECT = Subject(
    "架空電子契約株式会社 署名用", organization="架空電子契約株式会社", unit="𠮷野部", locality="架空市", state="架空県", serial="0001-23"
)


@pytest.mark.parametrize(("kind", "pss"), [("rsa2048", False), ("rsa2048", True), ("p256", False), ("p384", False)])
def test_openssl_reads_and_verifies_the_request(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, kind: str, pss: bool
) -> None:
    private = key(kind)
    public = public_bytes(private.public_key())
    request = certificate_request(SUBJECT, public=public, key=SoftwareKey(private, algorithm_of(private.public_key(), pss=pss)))
    (tmp_path / "request.der").write_bytes(request)
    told = program(
        "openssl", "req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus"
    )
    assert told.returncode == 0, told.stderr
    assert "verif" in (told.stdout + told.stderr).lower()
    assert "架空電子契約株式会社" in told.stdout
    assert "𠮷野部" in told.stdout
    read = x509.load_der_x509_csr(request)
    assert public_bytes(read.public_key()) == public


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"common": " "}, "key.subject_missing"),
        ({"country": "jp"}, "key.subject_unusable"),
        ({"organization": "架" * 65}, "key.subject_unusable"),
        ({"serial": "番号"}, "key.subject_unusable"),
        ({"unit": "two\nlines"}, "key.subject_unusable"),
    ],
)
def test_refuses_a_subject_that_nobody_could_certify(change: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        certificate_request(Subject(**({"common": "Seal"} | change)), public=b"", key=SoftwareKey(key("p256")))
    assert refused.value.code == code


def refusal(certificates: list[bytes], at: Any = MOMENT) -> str:
    with pytest.raises(Refusal) as refused:
        accept_chain(certificates, public=public_bytes(key("p256").public_key()), label="seal", at=at)
    return refused.value.code


def test_a_chain_in_any_order_is_brought_into_order() -> None:
    tree = hierarchy()
    own = tree.leaf("Seal", key("p256")).public_bytes(Encoding.DER)
    found = accept_chain([tree.root_der, own, tree.middle_der], public=public_bytes(key("p256").public_key()), label="seal", at=MOMENT)
    assert found.certificates == (own, tree.middle_der, tree.root_der)


def test_names_what_is_wrong_with_a_chain() -> None:
    tree = hierarchy()
    above = [tree.middle_der, tree.root_der]
    own = tree.leaf("Seal", key("p256"), until=MOMENT + timedelta(days=30)).public_bytes(Encoding.DER)
    assert refusal([]) == "key.certificate_missing"
    assert refusal(above) == "key.mismatch"
    assert refusal([tree.leaf("Other", key("p384")).public_bytes(Encoding.DER), *above]) == "key.mismatch"
    assert refusal([own, tree.middle_der]) == "key.chain_incomplete"
    assert refusal([own, tree.root_der]) == "key.chain_incomplete"
    assert refusal([own, *above], MOMENT + timedelta(days=31)) == "key.expired"
    assert refusal([own, *above], MOMENT - timedelta(days=2)) == "key.not_yet_valid"
    stamping = tree.leaf("TSA", key("p256"), purpose=ExtendedKeyUsageOID.TIME_STAMPING).public_bytes(Encoding.DER)
    assert refusal([stamping, *above]) == "key.wrong_usage"


def test_knows_certificates_for_documents() -> None:
    tree = hierarchy()
    for purpose in (ExtendedKeyUsageOID.EMAIL_PROTECTION, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")):
        check_usage(tree.leaf("Seal", key("p256"), purpose=purpose).public_bytes(Encoding.DER), label="seal")
    for wrong in (tree.middle_der, tree.leaf("Web", key("p256"), purpose=ExtendedKeyUsageOID.SERVER_AUTH).public_bytes(Encoding.DER)):
        with pytest.raises(Refusal, match=r"key\.wrong_usage"):
            check_usage(wrong, label="seal")
