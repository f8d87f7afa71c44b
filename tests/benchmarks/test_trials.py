"""Counting verdicts over a folder, and the table of attacks: what they say is what the files are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import attacks
from crypto.pdfs import plain
from vectors.attacks.samples import FOLDER, HONEST, kept

ROOT = Path(__file__).parent.parent.parent
# Brackets that open and never close: a parser that goes down by calling itself has no way back.
BOTTOMLESS = b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000


def tried(folder: Path, *more: str) -> tuple[str, dict[str, dict[str, object]]]:
    command = [sys.executable, "-m", "benchmarks.trials", str(folder), "--at", attacks.AT.isoformat(), *more]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=dict(os.environ), timeout=120)
    lines = told.stdout.rstrip().splitlines()
    return told.stdout, {one["file"]: one for one in json.loads(lines[-1])["trials"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trials")
    held = {
        "good/archived.pdf": (FOLDER / "honest/service-blta.pdf").read_bytes(),
        "good/unsigned.pdf": plain(),
        "bad/altered.pdf": (FOLDER / "wrong-digest-or-signature/price-on-the-page--service-blta.pdf").read_bytes(),
        "bad/bottomless.pdf": BOTTOMLESS,
        "bad/nothing.pdf": b"",
        "bad/notes.txt": b"no PDF",
    }
    for name, pdf in held.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_bytes(pdf)
    return made


def test_a_folder_is_counted_by_its_sub_folders(folder: Path) -> None:
    text, found = tried(folder, "--roots", str(FOLDER / "roots.pem"))
    assert {name: one["verdict"] for name, one in found.items()} == {
        "good/archived.pdf": "valid",
        "good/unsigned.pdf": "none",
        "bad/altered.pdf": "invalid",
        "bad/bottomless.pdf": "unverifiable",
        "bad/nothing.pdf": "refused by size",
    }
    assert (found["good/unsigned.pdf"]["group"], found["good/unsigned.pdf"]["upload"]) == ("good", "warn")
    assert found["bad/bottomless.pdf"]["upload"] == "refuse"
    assert all(seconds > 0 for seconds in found["good/archived.pdf"]["cpu_seconds"])  # type: ignore[attr-defined]
    assert all(10_000_000 < octets < 1_200_000_000 for octets in found["good/archived.pdf"]["peak_bytes"])  # type: ignore[attr-defined]
    assert "Verdicts" in text
    assert "The worst" in text


def test_a_list_may_say_the_groups(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.tsv"
    listed.write_text("group\tfile\nfirst\tgood/unsigned.pdf\nbad\taltered.pdf\n", encoding="utf-8")
    _text, found = tried(folder, "--manifest", str(listed))
    assert {(one["group"], name) for name, one in found.items()} == {("first", "good/unsigned.pdf"), ("bad", "bad/altered.pdf")}


def test_three_judges_are_asked_of_every_sample() -> None:
    listed = {row["file"]: row for row in attacks.listed()}
    chosen = ("honest/service-bt.pdf", "wrong-digest-or-signature/price-on-the-page--service-bt.pdf", "honest/service-unknown-root.pdf")
    found = attacks.judge_all([listed[name] for name in chosen])
    assert [(told.hanko, told.pdfsig, told.whole) for _row, told in found] == [
        (True, True, True),
        (False, False, False),
        (False, True, True),
    ]
    assert found[1][1].ours == "invalid"
    assert len(listed) == len(kept())


def test_the_table_in_the_document_counts_what_is_kept() -> None:
    held = attacks.DOCUMENT.read_text(encoding="utf-8").partition(attacks.BEGIN)[2].partition(attacks.END)[0]
    lines = [[cell.strip(" *") for cell in line.split("|")] for line in held.splitlines() if line.startswith("|")]
    rows = {cells[1]: int(cells[2]) for cells in lines if cells[2].isdigit()}
    counted = {group: sum(one.group == group for one in kept()) for group in dict.fromkeys(one.group for one in kept())}
    assert rows.pop("All attacks") == sum(one.role == "attack" for one in kept())
    assert rows == counted
    assert HONEST in rows
