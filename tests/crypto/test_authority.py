"""The embedded authority: all of it or nothing, readable by nobody else, and labelled for what it is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from pki import MOMENT, OPERATOR
from tachiai.crypto.authority import EmbeddedAuthority, create_authority, load_authority
from tachiai.errors import Refusal


def test_writes_private_files_at_once_and_never_over_others(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "authority"
    create_authority(folder, operator=OPERATOR, at=MOMENT, rsa_bits=2048)
    names = sorted(file.name for file in folder.iterdir())
    assert names == sorted(f"{stem}{end}" for stem in ("root", "seal", "tsa", "ocsp") for end in (".key.pem", ".pem"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(Refusal, match=r"authority\.exists"):
        create_authority(folder, operator="another", at=MOMENT, rsa_bits=2048)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [entry.name for entry in folder.parent.iterdir()] == ["authority"]


def test_refuses_a_nameless_operator_and_a_filled_folder(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"authority\.operator_missing"):
        create_authority(tmp_path / "a", operator=" ", at=MOMENT)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_text("something of the operator's")
    with pytest.raises(Refusal, match=r"authority\.exists"):
        create_authority(tmp_path / "b", operator=OPERATOR, at=MOMENT, rsa_bits=2048)


def test_says_that_it_is_not_accredited(authority: EmbeddedAuthority) -> None:
    for credential in (authority.root, authority.seal_credential, authority.stamp_credential):
        assert "デモ用・非認定" in credential.subject
        assert "demo, not accredited" in credential.subject
    assert f"CN={OPERATOR}" in authority.seal_credential.subject
    assert authority.timestamper.embedded
    assert not authority.timestamper.accredited


def test_cuts_a_long_name_and_keeps_the_mark(tmp_path: Path) -> None:
    create_authority(tmp_path / "a", operator="株式会社" + "長" * 60, at=MOMENT, rsa_bits=2048)
    assert "デモ用・非認定" in load_authority(tmp_path / "a").seal_credential.subject


def test_lives_long_enough(authority: EmbeddedAuthority) -> None:
    assert authority.root.not_after.year - MOMENT.year >= 20
    assert authority.seal_credential.not_after.year - MOMENT.year >= 4


def test_the_timestamping_certificate_serves_nothing_else(authority: EmbeddedAuthority) -> None:
    found = x509.load_der_x509_certificate(authority.stamp_credential.certificate)
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert [use.dotted_string for use in usage.value] == ["1.3.6.1.5.5.7.3.8"]
