"""``tachiai key``: from nothing to a certified key, by the commands an operator types."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management.base import SystemCheckError
from django.utils import translation

from crypto.server import serving
from crypto.test_remote_signing import CERTIFICATES, Service
from pki import Hierarchy, hierarchy
from place import Place
from sealing.keys import certify, pem_of
from softhsm import new_token
from tachiai.cli import main, working
from tachiai.crypto import pins
from tachiai.house import Misconfigured
from tachiai.ledger import entries
from tachiai.sealing import handles

ENGLISH = "en"


@pytest.fixture(autouse=True)
def _english_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


@pytest.fixture
def tree() -> Hierarchy:
    return hierarchy()


@pytest.fixture
def key(
    house: Place, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """Runs one command in the test's house, which stands already; gives its exit status and what it printed."""
    settings.TACHIAI = replace(settings.TACHIAI, accept_software_key=True)
    monkeypatch.setattr("tachiai.cli.keys._establish", lambda: None)

    def run(*arguments: object) -> tuple[int, str]:
        handles.handles.cache_clear()
        with translation.override(ENGLISH):
            status = main.main(["key", *(str(argument) for argument in arguments)])
        told = capsys.readouterr()
        return status, told.out + told.err

    yield run
    pins._refused.clear()


def certified(request: Path, tree: Hierarchy, folder: Path, **details: Any) -> Path:
    """What a certification authority makes of a request."""
    asked = x509.load_pem_x509_csr(request.read_bytes())
    assert asked.is_signature_valid
    public = asked.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    chain = folder / f"{request.stem}-chain.pem"
    chain.write_bytes(pem_of(certify(public, tree, **details), tree.middle, tree.root))
    return chain


def test_a_key_in_a_token_from_its_making_to_its_first_seal(key: Callable[..., tuple[int, str]], tree: Hierarchy, tmp_path: Path) -> None:
    token = new_token(tmp_path)
    place = ("--module", token.place.module, "--token", token.place.token, "--pin-file", token.pin_file)
    assert key("init", "seal-2026", "--provider", "pkcs11", "--kind", "p-384", *place)[0] == 0
    status, said = key("list")
    assert (status, "no certificate yet" in said, "[key.certificate_missing]" in said) == (0, True, True)
    request = tmp_path / "seal.csr"
    names = ("--common-name", "架空電子契約株式会社", "--organization", "架空電子契約株式会社", "--locality", "架空市", "--state", "架空県")
    assert key("csr", "seal-2026", *names, "--out", request)[0] == 0
    assert "BEGIN CERTIFICATE REQUEST" in key("csr", "seal-2026", *names)[1]
    status, said = key("import", "seal-2026", certified(request, tree, tmp_path))
    assert status == 0, said
    assert "* seal-2026" in key("list")[1]
    status, said = key("preflight")
    assert (status, said.count("ok  ")) == (0, 2), said
    credential = handles.handles().credential
    chain_key = x509.load_der_x509_certificate(credential.certificate).public_key()
    assert isinstance(chain_key, ec.EllipticCurvePublicKey)
    assert repr(credential.key) == "HsmKey(P-384)"
    assert [told.event for told in entries("house") if told.event.startswith("key.")] == [
        "key.made",
        "key.requested",
        "key.requested",
        "key.certified",
    ]


def test_a_key_that_is_in_its_token_already(key: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    token = new_token(tmp_path)
    place = ("--module", token.place.module, "--token", token.place.token, "--pin-file", token.pin_file)
    assert key("init", "first", "--provider", "pkcs11", "--kind", "p-256", *place)[0] == 0
    status, said = key("init", "again", "--provider", "pkcs11", "--key", "first", *place)
    assert (status, "already holds a key labelled “first”" in said) == (1, True)
    assert "again" not in key("list")[1]
    assert key("init", "again", "--provider", "pkcs11", "--key", "first", "--existing", *place)[0] == 0
    status, said = key("init", "none", "--provider", "pkcs11", "--key", "none", "--existing", *place)
    assert (status, "There is no key “none”" in said) == (1, True)


def test_a_software_key_is_encrypted_where_a_passphrase_is_given(
    key: Callable[..., tuple[int, str]], tree: Hierarchy, settings: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("ひみつの言葉\n")
    assert key("init", "soft", "--provider", "file", "--kind", "rsa-2048", "--pss", "--passphrase-file", secret)[0] == 0
    held = (settings.TACHIAI.seal_keys / "soft" / "key.pem").read_bytes()
    assert held.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    request = tmp_path / "soft.csr"
    assert key("csr", "soft", "--common-name", "Fictional", "--out", request)[0] == 0
    assert x509.load_pem_x509_csr(request.read_bytes()).signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10"
    assert key("import", "soft", certified(request, tree, tmp_path))[0] == 0
    assert repr(handles.handles().credential.key) == "SoftwareKey(RSA-PSS-2048)"
    secret.write_text("another")
    status, said = key("preflight")
    assert (status, "The passphrase does not open" in said) == (1, True)


def test_a_credential_of_a_signing_service_brings_its_certificate(key: Callable[..., tuple[int, str]]) -> None:
    told = Service()
    with serving(told.behave) as served:
        status, said = key("init", "remote", "--provider", "csc", "--url", f"{served.url}/csc/v2", "--credential", "seal")
        assert status == 0, said
        assert "* remote" in key("list")[1]
        assert handles.handles().credential.certificate == CERTIFICATES[0]
        status, said = key("preflight")
        assert (status, said.count("ok  ")) == (0, 2), said
        status, said = key("csr", "remote", "--common-name", "Fictional")
        assert (status, "It needs no request" in said) == (1, True)


def test_says_why_a_chain_is_not_installed(key: Callable[..., tuple[int, str]], tree: Hierarchy, settings: Any, tmp_path: Path) -> None:
    assert key("init", "seal", "--provider", "file", "--kind", "p-256")[0] == 0
    assert key("init", "other", "--provider", "file", "--kind", "p-256")[0] == 0
    requests = {name: tmp_path / f"{name}.csr" for name in ("seal", "other")}
    for name, request in requests.items():
        key("csr", name, "--common-name", "Fictional", "--out", request)
    status, said = key("import", "seal", certified(requests["other"], tree, tmp_path))
    assert (status, "No certificate belongs to the key “seal”" in said) == (1, True)
    rootless = certified(requests["seal"], tree, tmp_path)
    rootless.write_bytes(rootless.read_bytes().replace(pem_of(tree.root), b""))
    assert "do not lead to a root" in key("import", "seal", rootless)[1]
    assert "cannot be read" in key("import", "seal", tmp_path / "absent.pem")[1]
    assert not (settings.TACHIAI.seal_keys / "seal" / "chain.pem").exists()
    assert "No key named “nobody”" in key("import", "nobody", rootless)[1]


def test_names_and_kinds_that_cannot_be(key: Callable[..., tuple[int, str]], settings: Any) -> None:
    assert "A key cannot be named" in key("init", "../out", "--provider", "file")[1]
    assert key("init", "seal", "--provider", "file", "--kind", "p-256")[0] == 0
    assert "already a key named" in key("init", "seal", "--provider", "file")[1]
    assert key("init", "scant", "--provider", "pkcs11")[0] == 1
    assert [folder.name for folder in settings.TACHIAI.seal_keys.iterdir() if folder.is_dir()] == ["seal"]


def test_help_starts_no_house(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["key", "init", "--help"])
    assert "--pin-file" in capsys.readouterr().out


def test_a_worker_started_alone_in_production_is_checked(house: Place, settings: Any) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, mode="production")
    with pytest.raises((Misconfigured, SystemCheckError), match="No signing key is configured"):
        working.check_alone()
    settings.TACHIAI = replace(settings.TACHIAI, mode="demo")
    working.check_alone()


def test_the_commands_know_whether_a_worker_was_checked() -> None:
    assert main.parser().parse_args(["work", "--checked"]).checked
    parsed: argparse.Namespace = main.parser().parse_args(["work"])
    assert not parsed.checked
