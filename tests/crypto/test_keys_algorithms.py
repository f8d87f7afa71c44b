"""Each algorithm's identifier as other programs write it, and certificates that bind their key to RSA-PSS."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import algos
from cryptography import x509

from pki import hierarchy, key
from tachiai.crypto.keys import SoftwareKey, load_credential
from tachiai.crypto.signature_algorithms import algorithm_of
from tachiai.errors import Refusal

MESSAGE = b"what is to be signed"


@pytest.mark.parametrize(
    ("kind", "pss", "name"),
    [("rsa2048", False, "rsassa_pkcs1v15"), ("rsa2048", True, "rsassa_pss"), ("p256", False, "ecdsa"), ("p384", False, "ecdsa")],
)
def test_an_independent_reader_understands_the_identifier(kind: str, pss: bool, name: str) -> None:
    public = key(kind).public_key()
    signing = SoftwareKey(key(kind), algorithm_of(public, pss=pss))
    read = algos.SignedDigestAlgorithm.load(signing.algorithm_identifier, strict=True)
    assert read.signature_algo == name
    assert read["algorithm"].dotted == signing.signature_algorithm
    assert read.hash_algo == signing.digest
    if pss:
        parameters = read["parameters"]
        assert parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native == "sha256"
        assert parameters["salt_length"].native == 32
        assert parameters["trailer_field"].native == "trailer_field_bc"
    signature = signing.sign(MESSAGE)
    assert len(signature) <= signing.longest_signature
    assert signing.algorithm.holds(public, signature, MESSAGE)
    assert not signing.algorithm.holds(public, signature, MESSAGE + b".")


def pss_file(program: Callable[..., subprocess.CompletedProcess[str]], folder: Path, digest: str, salt: int, *, bound: bool = True) -> Path:
    options = [f"rsa_pss_keygen_md:{digest}", f"rsa_pss_keygen_mgf1_md:{digest}", f"rsa_pss_keygen_saltlen:{salt}"] if bound else []
    made = program(
        *("openssl", "req", "-x509", "-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-noenc", "-days", "30"),
        *(part for option in options for part in ("-pkeyopt", option)),
        *("-keyout", "key.pem", "-out", "own.pem", "-subj", "/CN=Fictional PSS", "-sigopt", f"rsa_pss_saltlen:{salt}"),
        *(("-" + digest,) if bound else ()),
    )
    assert made.returncode == 0, made.stderr
    whole = folder / "whole.pem"
    whole.write_bytes((folder / "key.pem").read_bytes() + (folder / "own.pem").read_bytes())
    return whole


@pytest.mark.parametrize(("digest", "salt", "bound"), [("sha256", 32, True), ("sha384", 48, True), ("sha256", 32, False)])
def test_a_pss_certificate_needs_no_word_in_the_configuration(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, digest: str, salt: int, bound: bool
) -> None:
    found = load_credential(pss_file(program, tmp_path, digest, salt, bound=bound))
    signing = found.key
    assert isinstance(signing, SoftwareKey)
    assert (signing.algorithm.scheme, signing.digest, signing.algorithm.salt) == ("pss", digest, salt)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(signing.sign(MESSAGE))
    public = x509.load_der_x509_certificate(found.certificate)
    assert public.public_key_algorithm_oid.dotted_string == signing.signature_algorithm
    program("openssl", "x509", "-in", "own.pem", "-pubkey", "-noout", "-out", "public.pem")
    options = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}")
    told = program("openssl", "dgst", f"-{digest}", *options, "-verify", "public.pem", "-signature", "signature", "message")
    assert "OK" in told.stdout, told.stderr


def test_a_certificate_bound_to_a_digest_nobody_seals_with_is_refused(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    with pytest.raises(Refusal) as refused:
        load_credential(pss_file(program, tmp_path, "sha512", 64))
    assert refused.value.code == "key.unsupported"


def test_pss_is_chosen_by_configuration_for_an_ordinary_certificate(tmp_path: Path) -> None:
    from crypto.test_keys import chain_pem, pem

    tree = hierarchy()
    (tmp_path / "one.pem").write_bytes(pem(key("rsa2048")) + chain_pem(tree.leaf("Seal", key("rsa2048")), tree.middle, tree.root))
    assert repr(load_credential(tmp_path / "one.pem").key) == "SoftwareKey(RSA-2048)"
    assert repr(load_credential(tmp_path / "one.pem", pss=True).key) == "SoftwareKey(RSA-PSS-2048)"
