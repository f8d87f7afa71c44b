"""Files that others have signed, put before the whole judgement: lists of trust, what a program is told, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cast import assemble
from crypto import hand_made
from crypto.foreign_files import Authority, archived, signed
from crypto.pdfs import plain
from pki import MOMENT, hierarchy
from stories import concluded, sent
from tachiai import clock, vault
from tachiai.archive import verification
from tachiai.archive.verification import Verdict, judge, told
from tachiai.cli.main import main
from tachiai.envelopes.reading import concluded_files
from tachiai.errors import Outage
from tachiai.pages import child
from tachiai.sealing import handles

pytestmark = pytest.mark.usefixtures("house")
OUTSIDE = Authority(hierarchy(9))


@pytest.fixture
def lasting() -> bytes:
    return archived(signed(hand_made.plain(), OUTSIDE.signer(), stamper=OUTSIDE.stamper(MOMENT)), OUTSIDE)


@pytest.fixture
def listed(settings: Any, tmp_path: Path) -> None:
    for use in ("signing", "timestamps"):
        (tmp_path / "lists" / "架空リスト" / use).mkdir(parents=True)
        (tmp_path / "lists" / "架空リスト" / use / "root.der").write_bytes(OUTSIDE.root)
    settings.TACHIAI = replace(settings.TACHIAI, trust_lists=tmp_path / "lists")
    handles.handles.cache_clear()


@pytest.mark.usefixtures("listed")
def test_a_file_of_others_is_valid_by_a_list_and_told_in_full(lasting: bytes) -> None:
    judged = judge(lasting, at=clock.now())
    assert (judged.verdict, judged.reasons, judged.file) == (Verdict.VALID, (), None)
    found = json.loads(json.dumps(told(judged)))
    assert (found["v"], found["verdict"], found["whole_file"], found["closed"], found["record"]) == (2, "valid", True, True, None)
    row, stamp = found["signatures"]
    assert row["trust"]["by"] == "listed"
    assert row["trust"]["list"] == row["timestamp"]["trust"]["list"] == "架空リスト"
    assert [link["subject"].split(",")[0] for link in row["trust"]["chain"]][-1] == "CN=Fictional Root"
    assert (row["timestamp"]["time"], row["level"], row["revocation"]) == (MOMENT.isoformat(), "B-LTA", {"status": "good", "at": None})
    assert {one["use"] for one in row["algorithms"]} >= {"digest", "key", "certificate", "timestamp_digest", "timestamp_key"}
    assert row["changes"][0] == {"revision": 2, "kind": "validation_data", "allowed": True, "pages": []}
    assert found["until"] == row["until"] == stamp["until"]
    assert found["until"]["cause"] == "timestamp_certificate"


def test_without_the_list_the_root_is_unknown_and_that_is_the_reason(lasting: bytes) -> None:
    judged = judge(lasting, at=clock.now())
    assert (judged.verdict, judged.reasons[0]) == (Verdict.ATTENTION, "seal.unknown_root")
    assert "file.not_ours" not in judged.reasons
    assert told(judged)["signatures"][0]["code"] == "seal.unknown_root"  # type: ignore[index]


@pytest.mark.usefixtures("listed")
def test_the_weightiest_reason_comes_first(lasting: bytes) -> None:
    altered = judge(hand_made.swapped(lasting, b"1000 yen", b"9000 yen"), at=clock.now())
    assert (altered.verdict, altered.reasons) == (Verdict.INVALID, ("seal.broken",))
    appended = judge(lasting + b"\n%\n", at=clock.now())
    assert (appended.verdict, appended.reasons) == (Verdict.ATTENTION, ("seal.not_whole_file",))


def test_a_seal_of_this_house_needs_its_record() -> None:
    """Whoever has a certificate of the same authority can write any name into a signature."""
    cast = assemble()
    envelope = concluded(cast)
    contract = vault.read(concluded_files(envelope)[0].blob)
    assert judge(contract, at=clock.now()).verdict == Verdict.VALID
    half = sent(cast).documents.select_related("blob").get()
    judged = judge(vault.read(half.blob), at=clock.now())
    assert (judged.verdict, judged.reasons[0]) == (Verdict.ATTENTION, "file.not_ours")
    assert "seal.signer_missing" in judged.reasons


def test_a_file_that_takes_too_much_is_told_as_that(lasting: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    small = child.Limits(memory_bytes=verification.LIMITS.memory_bytes, cpu_seconds=1, wall_seconds=0.001, answer_bytes=0)
    monkeypatch.setattr(verification, "LIMITS", small)
    judged = judge(lasting, at=clock.now())
    assert (judged.verdict, judged.reasons, judged.detail) == (Verdict.UNVERIFIABLE, ("file.too_complex",), "time")
    assert told(judged)["detail"] == "time"


# ------------------------------------------------------------------------------------------------- the command


@pytest.mark.usefixtures("listed")
def test_the_command_judges_several_files(lasting: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bare = tmp_path / "good.pdf", tmp_path / "bare.pdf"
    good.write_bytes(lasting)
    bare.write_bytes(plain())
    assert main(["verify", str(good)]) == 0
    words = capsys.readouterr().out
    for wanted in ("VALID", "CN=Outside Signer", "known by the list 架空リスト", "B-LTA", "provable from the file itself until"):
        assert wanted in words
    assert main(["verify", str(good), str(bare)]) == 1
    assert "NO SIGNATURE" in capsys.readouterr().out
    assert main(["verify", "--json", str(good)]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "valid"
    assert main(["verify", "--json", str(good), str(bare)]) == 1
    both = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["verdict"]) for one in both] == [(str(good), "valid"), (str(bare), "none")]


def test_the_command_says_what_is_wrong_in_words(lasting: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "contract.pdf"
    file.write_bytes(lasting)
    assert main(["verify", str(file)]) == 1
    assert "leads to a root that nobody here knows [seal.unknown_root]" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "absent.pdf")]) == 1
    assert "absent.pdf" in capsys.readouterr().err


def test_nothing_in_a_file_speaks_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "loud.pdf"
    file.write_bytes(
        signed(hand_made.plain(), OUTSIDE.signer("\x1b[2J\x9b31mValid\n"), stamper=OUTSIDE.stamper(MOMENT + timedelta(days=1)))
    )
    assert main(["verify", str(file)]) == 1
    words = capsys.readouterr().out
    assert "Valid" in words
    assert not {"\x1b", "\x9b"} & set(words)


def test_that_no_child_is_free_is_said_and_is_no_verdict(
    lasting: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> object:
        raise Outage("pages.busy", "no child became free in 60 s")

    monkeypatch.setattr(child, "run", busy)
    file = tmp_path / "contract.pdf"
    file.write_bytes(lasting)
    assert main(["verify", "--json", str(file)]) == 1
    told_so = capsys.readouterr()
    assert (told_so.out, "no child became free" in told_so.err) == ("", True)
