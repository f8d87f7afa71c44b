"""Whom else an operator believes: read whole or not at all, named in the file that is wrong, and read again when it changes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from crypto.contract import Contract
from crypto.pdfs import plain
from pki import MOMENT, embedded, hierarchy
from tachiai import sealing
from tachiai.archive import evidence_times
from tachiai.crypto.sunsets import CRYPTREC
from tachiai.house import House, Misconfigured, read
from tachiai.sealing import handles, lasting
from tachiai.sealing.trust_lists import configured_lists, configured_policy

POLICY = """
name = "of our own"
[[era]]
bits = 112
sign_until = 2029-12-31
verify_until = 2035-12-31
"""


SHORT = """
name = "a short one"
[[era]]
bits = 112
sign_until = 2028-12-31
verify_until = 2029-06-30
"""


def house(**given: object) -> House:
    return read({f"TACHIAI_{name}": str(value) for name, value in given.items()})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two lists: one with PEM and DER for both uses, one for timestamps alone."""
    one, two, tmp_path = hierarchy(1), hierarchy(2), tmp_path / "lists"
    for name in ("Bridge/signing", "Bridge/timestamps", "Clocks/timestamps", ".hidden/signing"):
        (tmp_path / name).mkdir(parents=True)
    both = one.root.public_bytes(Encoding.PEM) + two.root.public_bytes(Encoding.PEM)
    (tmp_path / "Bridge/signing/roots.pem").write_bytes(both)
    (tmp_path / "Bridge/timestamps/root.der").write_bytes(one.root_der)
    (tmp_path / "Clocks/timestamps/root.pem").write_bytes(two.root.public_bytes(Encoding.PEM))
    (tmp_path / "README.txt").write_text("Who keeps these lists, and from where.")
    return tmp_path


def test_without_a_word_nobody_else_is_believed() -> None:
    assert (configured_lists(house()), configured_policy(house())) == ((), CRYPTREC)


def test_each_folder_is_a_list(folder: Path) -> None:
    bridge, clocks = configured_lists(house(TRUST_LISTS=folder))
    assert (bridge.name, len(bridge.signing), len(bridge.timestamps)) == ("Bridge", 2, 1)
    assert (clocks.name, clocks.signing, len(clocks.timestamps)) == ("Clocks", (), 1)
    assert x509.load_der_x509_certificate(bridge.timestamps[0]).subject.rfc4514_string() == "CN=Fictional Root,O=架空認証"


@pytest.mark.parametrize("held", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_named(folder: Path, held: bytes) -> None:
    (folder / "Bridge/signing/torn.pem").write_bytes(held)
    with pytest.raises(Misconfigured, match=r"TACHIAI_TRUST_LISTS.*torn\.pem"):
        configured_lists(house(TRUST_LISTS=folder))


def test_a_list_without_certificates_and_a_folder_that_is_not_there(folder: Path) -> None:
    (folder / "Empty").mkdir()
    with pytest.raises(Misconfigured, match="Empty"):
        configured_lists(house(TRUST_LISTS=folder))
    with pytest.raises(Misconfigured, match="absent"):
        configured_lists(house(TRUST_LISTS=folder / "absent"))


def test_a_policy_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    assert configured_policy(house(ALGORITHM_POLICY_PATH=file)).name == "of our own"
    for torn in ("", 'name = "x"', POLICY.replace("2029", "2039")):
        file.write_text(torn)
        with pytest.raises(Misconfigured, match=r"TACHIAI_ALGORITHM_POLICY_PATH.*policy\.toml"):
            configured_policy(house(ALGORITHM_POLICY_PATH=file))
    with pytest.raises(Misconfigured, match="absent"):
        configured_policy(house(ALGORITHM_POLICY_PATH=tmp_path / "absent"))


@pytest.mark.usefixtures("house")
def test_one_policy_decides_for_strangers_for_renewal_and_for_evidence(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = Contract(embedded())
    closed = contract.whole(plain(form=True), (1,))
    trusted = replace(handles.handles(), roots=contract.authority.roots, tsa_roots=contract.authority.roots)
    monkeypatch.setattr(lasting, "handles", lambda: replace(trusted, policy=handles.handles().policy))
    usual = sealing.longevity_of(closed)
    assert usual.cause == "timestamp_certificate"
    file = tmp_path / "policy.toml"
    file.write_text(SHORT)
    settings.TACHIAI = replace(settings.TACHIAI, algorithm_policy_file=file)
    handles.handles.cache_clear()
    assert {sealing.trust_for_strangers()["policy"].name, sealing.algorithm_policy().name, evidence_times.policy().name} == {"a short one"}
    found = sealing.longevity_of(closed)
    assert (found.cause, found.until) == ("algorithm", datetime(2029, 6, 30, 14, 59, 59, tzinfo=UTC))
    assert evidence_times.outlived("sha256", at=datetime(2028, 7, 1, tzinfo=UTC))
    assert not evidence_times.outlived("sha256", at=datetime(2028, 6, 1, tzinfo=UTC))


@pytest.mark.usefixtures("house")
def test_what_cannot_be_read_stops_the_start(settings: Any, folder: Path) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, trust_lists=folder)
    call_command("check", fail_level="ERROR", verbosity=0)
    (folder / "Bridge/signing/torn.pem").write_bytes(b"torn")
    with pytest.raises(SystemCheckError, match=r"torn\.pem"):
        call_command("check", fail_level="ERROR", verbosity=0)


@pytest.mark.usefixtures("house")
def test_a_new_list_is_seen_without_a_new_start(settings: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles, "LOOK_AGAIN_SECONDS", 0.0)
    settings.TACHIAI = replace(settings.TACHIAI, trust_lists=folder)
    handles.handles.cache_clear()
    assert [one.name for one in sealing.trust_for_strangers()["lists"]] == ["Bridge", "Clocks"]
    new = folder / "Another" / "signing"
    new.mkdir(parents=True)
    (new / "root.pem").write_bytes(hierarchy(3).root.public_bytes(Encoding.PEM))
    os.utime(new / "root.pem", (MOMENT.timestamp(), MOMENT.timestamp()))
    assert [one.name for one in sealing.trust_for_strangers()["lists"]] == ["Another", "Bridge", "Clocks"]
    assert sealing.trust_for_strangers()["policy"] == CRYPTREC
