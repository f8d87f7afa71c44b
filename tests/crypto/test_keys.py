"""Loading credentials: every form that operators bring, and every misfortune by its own name."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, pkcs12

from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai.crypto.keys import load_credential
from tachiai.errors import Refusal


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    return hierarchy()


def pem(private: object, passphrase: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)  # type: ignore[attr-defined]


def chain_pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_reads_pem_with_the_chain_in_another_file(tmp_path: Path, tree: Hierarchy, kind: str) -> None:
    leaf = tree.leaf("架空電子契約株式会社", key(kind))
    (tmp_path / "seal.key").write_bytes(pem(key(kind), b"geheim"))
    (tmp_path / "chain.pem").write_bytes(chain_pem(tree.root, tree.middle, leaf))
    found = load_credential(tmp_path / "seal.key", passphrase=b"geheim", chain_file=tmp_path / "chain.pem")
    assert found.certificate == leaf.public_bytes(Encoding.DER)
    assert (found.intermediates, found.roots) == ((tree.middle_der,), (tree.root_der,))
    assert "架空電子契約株式会社" in found.subject
    assert found.not_after == leaf.not_valid_after_utc
    assert found.label == "seal"
    assert len(found.key.sign(b"anything")) <= found.key.longest_signature


def test_reads_everything_from_one_pem_file_and_from_pkcs12(tmp_path: Path, tree: Hierarchy) -> None:
    leaf = tree.leaf("Fictional Seal", key("p256"))
    (tmp_path / "one.pem").write_bytes(pem(key("p256")) + chain_pem(leaf, tree.middle, tree.root))
    lock = BestAvailableEncryption(b"geheim")
    packed = pkcs12.serialize_key_and_certificates(b"seal", key("p256"), leaf, [tree.middle, tree.root], lock)  # type: ignore[arg-type]
    (tmp_path / "one.p12").write_bytes(packed)
    from_pem = load_credential(tmp_path / "one.pem")
    from_p12 = load_credential(tmp_path / "one.p12", passphrase=b"geheim")
    assert from_pem.fingerprint == from_p12.fingerprint
    assert from_pem.whole_chain == from_p12.whole_chain


def test_shows_no_key_and_no_bytes_when_printed(tmp_path: Path, tree: Hierarchy) -> None:
    (tmp_path / "one.pem").write_bytes(pem(key("p256")) + chain_pem(tree.leaf("Seal", key("p256")), tree.middle, tree.root))
    assert repr(load_credential(tmp_path / "one.pem", label="main")) == "Credential(label='main')"


def refusal(file: Path, **details: object) -> str:
    with pytest.raises(Refusal) as caught:
        load_credential(file, **details)  # type: ignore[arg-type]
    return caught.value.code


def test_names_each_misfortune(tmp_path: Path, tree: Hierarchy) -> None:
    leaf = tree.leaf("Seal", key("p256"))
    files = {
        "torn.pem": b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "noise.p12": bytes(range(256)),
        "locked.pem": pem(key("p256"), b"right") + chain_pem(leaf, tree.middle, tree.root),
        "locked.p12": pkcs12.serialize_key_and_certificates(None, key("p256"), leaf, None, BestAvailableEncryption(b"right")),  # type: ignore[arg-type]
        "bare.pem": pem(key("p256")),
        "other.pem": pem(key("p384")) + chain_pem(leaf, tree.middle, tree.root),
        "short.pem": pem(key("p256")) + chain_pem(leaf, tree.root),
        "rootless.pem": pem(key("p256")) + chain_pem(leaf, tree.middle),
        "bad-chain.pem": pem(key("p256")) + b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / "absent.pem") == "key.unreadable"
    assert refusal(tmp_path / "torn.pem") == "key.unreadable"
    assert refusal(tmp_path / "noise.p12") == "key.unreadable"
    assert refusal(tmp_path / "bad-chain.pem") == "key.unreadable"
    assert refusal(tmp_path / "locked.pem", passphrase=b"wrong") == "key.passphrase_wrong"
    assert refusal(tmp_path / "locked.pem") == "key.passphrase_wrong"
    assert refusal(tmp_path / "locked.p12", passphrase=b"wrong") == "key.passphrase_wrong"
    assert refusal(tmp_path / "bare.pem") == "key.certificate_missing"
    assert refusal(tmp_path / "other.pem") == "key.mismatch"
    assert refusal(tmp_path / "short.pem") == "key.chain_incomplete"
    assert refusal(tmp_path / "rootless.pem") == "key.chain_incomplete"
    assert refusal(tmp_path / "bare.pem", chain_file=tmp_path / "noise.p12") == "key.unreadable"


def test_refuses_weak_and_unknown_kinds_of_keys(tmp_path: Path, tree: Hierarchy) -> None:
    for name, private in {"weak": key("rsa1024"), "odd": key("p521"), "edwards": ed25519.Ed25519PrivateKey.generate()}.items():
        (tmp_path / f"{name}.pem").write_bytes(pem(private) + chain_pem(tree.middle, tree.root))
    assert refusal(tmp_path / "weak.pem") == "key.weak"
    assert refusal(tmp_path / "odd.pem") == "key.unsupported"
    assert refusal(tmp_path / "edwards.pem") == "key.unsupported"


def test_a_certificate_that_is_not_an_authority_issues_nothing(tmp_path: Path, tree: Hierarchy) -> None:
    false_issuer = tree.leaf("Not an authority", key("p384"))
    forged = Hierarchy(tree.root, false_issuer, tree.root_key, key("p384"))
    leaf = forged.leaf("Forged seal", key("p256"), until=MOMENT)
    (tmp_path / "forged.pem").write_bytes(pem(key("p256")) + chain_pem(leaf, false_issuer, tree.middle, tree.root))
    assert refusal(tmp_path / "forged.pem") == "key.chain_incomplete"
