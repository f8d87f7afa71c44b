"""The trial before anything is sealed: what is wrong is found at the start, each by its own name and in its own words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.checks import run_checks

from crypto.server import good, serving
from pki import MOMENT, hierarchy, key
from place import Place
from sealing.keys import in_file, in_token, install, pem_of
from softhsm import SoftToken, new_token
from tachiai import clock, sealing
from tachiai.crypto import hsm_sessions, pins
from tachiai.crypto.keys import SoftwareKey
from tachiai.errors import Refusal
from tachiai.house import House, Smtp, Tsa
from tachiai.sealing import Trial, handles
from tachiai.sealing.key_folders import KeyFolder
from tachiai.sealing.preflight import probe
from tsa_server import pinned, stamping

DAY = timedelta(days=1)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MOMENT)


@pytest.fixture
def real(house: Place, settings: Any, tmp_path: Path, at: None) -> Iterator[Any]:
    """A production house with an authority on loopback, and no key yet."""
    tree = hierarchy(3)
    with stamping(settings, tree.timestamper(), pinned(tmp_path, tree.root_der), timeout=5):
        smtp = Smtp("127.0.0.1", 25, "", "", "none", "noreply@example.jp")
        settings.TACHIAI = replace(settings.TACHIAI, mode="production", smtp=smtp, accept_software_key=True)
        handles.handles.cache_clear()
        yield settings
    pins._refused.clear()


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return new_token(tmp_path)


def trials(settings: Any, **change: Any) -> dict[str, str]:
    """What failed, by name, and its code; ``!`` marks what stops the start."""
    settings.TACHIAI = replace(settings.TACHIAI, **change)
    handles.handles.cache_clear()
    return {trial.name: ("!" if trial.grave else "") + trial.code for trial in sealing.try_keys(at=MOMENT) if not trial.passed}


def told(settings: Any) -> list[str]:
    """What the start says, ours alone."""
    handles.handles.cache_clear()
    found = run_checks(include_deployment_checks=True)
    return [str(message.msg) for message in found if str(message.id).startswith("tachiai.")]


@pytest.mark.parametrize(("kind", "pss"), [("rsa-2048", False), ("rsa-2048", True), ("p-256", False), ("p-384", False)])
def test_a_key_in_a_token_passes_and_needs_no_word_by_name(real: Any, token: SoftToken, tmp_path: Path, kind: str, pss: bool) -> None:
    real.TACHIAI = replace(real.TACHIAI, accept_software_key=False)
    install(real.TACHIAI, in_token(real.TACHIAI, "hardware", token, kind=kind, pss=pss), tmp_path)
    assert trials(real) == {}
    assert told(real) == []
    assert len(sealing.try_keys(at=MOMENT)) == 2


def test_a_key_in_a_file_wants_a_word_by_name(real: Any, tmp_path: Path) -> None:
    install(real.TACHIAI, in_file(real.TACHIAI, "software"), tmp_path)
    assert trials(real) == {}
    real.TACHIAI = replace(real.TACHIAI, accept_software_key=False)
    assert [message for message in told(real) if "whoever copies it" in message]


def test_wrong_chain(real: Any, tmp_path: Path) -> None:
    """A chain that somebody changed by hand after it was installed."""
    made = in_file(real.TACHIAI, "seal")
    install(real.TACHIAI, made, tmp_path)
    other = hierarchy(1)
    leaf = made.chain_file.read_text().partition("-----END CERTIFICATE-----\n")
    made.chain_file.write_bytes((leaf[0] + leaf[1]).encode() + pem_of(other.middle, other.root))
    assert trials(real) == {"seal": "!key.chain_incomplete"}
    assert told(real)[0].startswith("Signing key seal: the chain of certificates is not whole: ")


def test_expired_certificate(real: Any, tmp_path: Path) -> None:
    install(real.TACHIAI, in_file(real.TACHIAI, "seal"), tmp_path, at=MOMENT - DAY / 2, until=MOMENT - DAY / 4)
    assert trials(real) == {"seal": "!key.expired"}
    assert "the certificate expired on 2025-06-01" in told(real)[0]
    # With a successor it stops nobody.
    install(real.TACHIAI, in_file(real.TACHIAI, "next"), tmp_path)
    assert trials(real) == {"seal": "key.expired"}


def test_certificate_not_yet_valid(real: Any, tmp_path: Path) -> None:
    install(real.TACHIAI, in_file(real.TACHIAI, "seal"), tmp_path, since=MOMENT + DAY)
    assert trials(real) == {"seal": "!key.not_yet_valid"}
    assert "not valid before 2025-06-03" in told(real)[0]


def test_key_without_its_certificate(real: Any, tmp_path: Path) -> None:
    in_file(real.TACHIAI, "seal")
    assert trials(real) == {"seal": "!key.certificate_missing"}
    assert "the key has no certificate: install what the certification authority sent" in told(real)[0]
    install(real.TACHIAI, in_file(real.TACHIAI, "other"), tmp_path)
    assert trials(real) == {"seal": "key.certificate_missing"}


def test_certificate_of_another_key(real: Any, token: SoftToken, tmp_path: Path) -> None:
    """The token's key was made anew under the same label."""
    one = in_token(real.TACHIAI, "one", token)
    install(real.TACHIAI, one, tmp_path)
    other = in_token(real.TACHIAI, "other", token)
    other.chain_file.write_bytes(one.chain_file.read_bytes())
    assert trials(real) == {"other": "!key.mismatch"}
    assert "none of the certificates belongs to the key" in told(real)[0]


def test_certificate_for_something_else(real: Any, tmp_path: Path) -> None:
    made = in_file(real.TACHIAI, "seal")
    with pytest.raises(Refusal, match=r"key\.wrong_usage"):
        install(real.TACHIAI, made, tmp_path, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    assert trials(real) == {"seal": "!key.certificate_missing"}


def test_authority_whose_certificate_is_not_for_timestamping(real: Any, tmp_path: Path) -> None:
    install(real.TACHIAI, in_file(real.TACHIAI, "seal"), tmp_path)
    tree = hierarchy(3)
    for number, details in enumerate(({"purpose": None}, {"critical": False}, {"more_purposes": [ExtendedKeyUsageOID.EMAIL_PROTECTION]})):
        from tachiai.crypto.timestampers import EmbeddedTimestamper

        given = {"purpose": ExtendedKeyUsageOID.TIME_STAMPING} | details
        responder = EmbeddedTimestamper(tree.credential(f"TSA {number}", key("p256", 40 + number), **given))
        with serving(lambda _path, body, responder=responder: good(responder.respond(body, at=MOMENT))) as served:  # type: ignore[misc]
            tsa = Tsa(served.url, pinned(tmp_path, tree.root_der), accredited=True, user="", password="", name="Fictional TSA")
            assert trials(real, tsa=tsa) == {"Fictional TSA": "!tsa.wrong_usage"}
            assert told(real)[0].startswith("Timestamp authority Fictional TSA: its certificate is not for timestamping: ")


def test_every_authority_of_a_list_is_tried(real: Any, tmp_path: Path) -> None:
    install(real.TACHIAI, in_file(real.TACHIAI, "seal"), tmp_path)
    first = real.TACHIAI.tsa
    away = replace(first, url="http://127.0.0.1:9", name="away")
    assert trials(real, standby_tsas=(away,)) == {"away": "tsa.unreachable"}
    with serving(lambda *_: good(b"<html>")) as served:
        assert trials(real, standby_tsas=(replace(first, url=served.url, name="odd"),)) == {"odd": "!tsa.bad_reply"}
        # The key signs all the same, and that is seen.
        assert trials(real, tsa=away, standby_tsas=()) == {"away": "tsa.unreachable"}


def anew() -> None:
    """As in the next process."""
    hsm_sessions._begin_anew()
    pins._refused.clear()


def hardware(house: House, token: SoftToken, folder: Path) -> KeyFolder:
    made = in_token(house, "hardware", token)
    install(house, made, folder)
    return made


def test_pin_wrong(real: Any, token: SoftToken, tmp_path: Path) -> None:
    hardware(real.TACHIAI, token, tmp_path)
    anew()
    token.pin_file.write_text("000000\n")
    assert trials(real) == {"hardware": "!key.pin_wrong"}
    assert "it is not tried again before that file is written anew" in told(real)[0]
    # Started again and again by whatever watches over it, the house still tries it no second time.
    written = token.pin_file.stat().st_mtime_ns
    token.pin_file.write_text("271828\n")
    os.utime(token.pin_file, ns=(written, written))
    anew()
    assert trials(real) == {"hardware": "!key.pin_wrong"}
    os.utime(token.pin_file)
    anew()
    assert trials(real) == {}


def test_token_absent(real: Any, token: SoftToken, tmp_path: Path) -> None:
    made = hardware(real.TACHIAI, token, tmp_path)
    description = made.folder / "key.toml"
    description.write_text(description.read_text().replace(f'token = "{token.place.token}"', 'token = "taken-away"'))
    assert trials(real) == {"hardware": "!key.token_absent"}
    assert told(real) == ["Signing key hardware: there is no token labelled taken-away [key.token_absent]"]


def test_nothing_to_try(real: Any) -> None:
    assert told(real) == ["No signing key is configured."]


def test_a_certificate_the_judges_would_not_accept(real: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason: a probe that would not stand up is no key to seal with."""
    install(real.TACHIAI, in_file(real.TACHIAI, "seal"), tmp_path)
    monkeypatch.setattr("tachiai.sealing.preflight.probe", lambda: probe().replace(b"595", b"596"))
    assert trials(real) == {}
    honest = SoftwareKey.sign

    def lying(self: SoftwareKey, message: bytes) -> bytes:
        return honest(self, message + b"." * (self.algorithm.scheme == "ecdsa"))

    monkeypatch.setattr(SoftwareKey, "sign", lying)
    assert trials(real) == {"seal": "!key.probe_rejected"}
    # Not even where nobody is there to stamp a probe.
    away = replace(real.TACHIAI.tsa, url="http://127.0.0.1:9", name="away")
    assert trials(real, tsa=away) == {"away": "tsa.unreachable", "seal": "!key.mismatch"}


def test_every_failure_has_words(real: Any) -> None:
    from tachiai.sealing.checks import MESSAGES
    from tachiai.sealing.checks import told as words

    facts = dict.fromkeys(("detail", "until", "since", "file", "token", "key", "module", "kind", "bits", "service", "label"), "x")
    for code in MESSAGES:
        assert "{" not in words(Trial("key", "seal", code, facts=facts))


def test_qpdf_finds_nothing_wrong_with_the_probe(tmp_path: Path, program: Callable[..., Any]) -> None:
    (tmp_path / "probe.pdf").write_bytes(probe())
    assert program("qpdf", "--check", "probe.pdf").returncode == 0
