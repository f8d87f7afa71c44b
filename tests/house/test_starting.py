"""What keeps a production house from starting: stand-ins, a key that can be copied, no way to stamp, no way to send mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from place import Place
from tachiai.crypto.authority import load_authority
from tachiai.house import Misconfigured, Smtp
from tachiai.sealing import handles
from tachiai.sealing.handles import _handles
from tsa_server import pinned, stamping

SMTP = Smtp("127.0.0.1", 25, "", "", "none", "noreply@example.jp")


@pytest.fixture
def real(house: Place, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """A production house that has everything; each test takes something away."""
    folder = house.home / "keys" / "authority"
    authority = load_authority(folder)
    with stamping(settings, authority.timestamper, pinned(tmp_path, *authority.roots), timeout=5):
        settings.TACHIAI = replace(
            settings.TACHIAI,
            mode="production",
            smtp=SMTP,
            seal_key_file=folder / "seal.key.pem",
            seal_chain_file=folder / "seal.pem",
            accept_software_key=True,
        )
        handles.handles.cache_clear()
        yield settings


def problems(settings: Any, **change: Any) -> set[str]:
    """The errors of the start, by id; empty when it may start."""
    settings.TACHIAI = replace(settings.TACHIAI, **change)
    handles.handles.cache_clear()
    try:
        call_command("check", deploy=True, fail_level="ERROR", verbosity=0)
    except SystemCheckError as problem:
        return {word.strip("()") for word in str(problem).replace(":", " ").split() if word.startswith("(tachiai.")}
    return set()


def test_a_house_that_has_everything_starts(real: Any) -> None:
    assert problems(real) == set()


def test_no_key(real: Any) -> None:
    assert problems(real, seal_key_file=None) == {"tachiai.E001"}


def test_a_key_in_a_file_wants_a_word_by_name(real: Any) -> None:
    assert problems(real, accept_software_key=False) == {"tachiai.E002"}


def test_no_authority(real: Any) -> None:
    assert problems(real, tsa=None) == {"tachiai.E003"}


def test_no_mail_server(real: Any) -> None:
    assert problems(real, smtp=None) == {"tachiai.E005"}


def test_nothing_at_all(real: Any) -> None:
    assert problems(real, seal_key_file=None, tsa=None, smtp=None) == {"tachiai.E001", "tachiai.E003", "tachiai.E005"}


def test_a_key_or_roots_that_cannot_be_read_are_found_at_the_start(real: Any, tmp_path: Path) -> None:
    tsa = real.TACHIAI.tsa
    assert problems(real, tsa=replace(tsa, roots_file=None)) == {"tachiai.E004"}
    assert problems(real, tsa=replace(tsa, roots_file=tmp_path / "absent.pem")) == {"tachiai.E004"}
    torn = tmp_path / "torn.pem"
    torn.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert problems(real, tsa=tsa, seal_key_file=torn) == {"tachiai.E004"}
    assert problems(real, seal_key_file=tmp_path / "absent.pem") == {"tachiai.E004"}


def test_the_embedded_authority_never_seals_in_production(real: Any) -> None:
    """Even if somebody skips the checks."""
    for change in ({"seal_key_file": None}, {"tsa": None}):
        with pytest.raises(Misconfigured, match="demonstration"):
            _handles(replace(real.TACHIAI, **change))


def test_the_embedded_authority_starts_where_it_is_wanted_by_name(real: Any) -> None:
    named = {"accept_embedded_authority": True, "seal_key_file": None, "tsa": None}
    assert problems(real, **named) == set()
    assert handles.handles().timestamper.embedded
    assert handles.handles().keyring.keys[0].keeper == "embedded"


def test_an_authority_that_does_not_answer_stops_no_start(real: Any) -> None:
    """Its absence passes; what waits to be sealed waits for it. It is told all the same."""
    assert problems(real, tsa=replace(real.TACHIAI.tsa, url="http://127.0.0.1:9")) == {"tachiai.W004"}


def test_a_demonstration_starts_with_its_own(house: Place, settings: Any) -> None:
    assert settings.TACHIAI.mode == "demo"
    assert problems(settings) == set()
    assert handles.handles().timestamper.embedded
    assert not handles.handles().timestamper.accredited
