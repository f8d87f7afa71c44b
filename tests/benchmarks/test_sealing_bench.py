"""The measurements of sealing and verifying, tiny and without peers: every figure is there, and the samples are what they claim to be."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tachiai.crypto.pades_verify import examine

ROOT = Path(__file__).resolve().parents[2]
FIGURES = (
    "bt_share_of_limit",
    "bt_share_of_limit_tsa_in",
    "blta_share_of_limit",
    "gate_share_of_limit",
    "seal_share_of_limit",
    "verify_bt_x_pyhanko",
    "verify_blta_x_pyhanko",
    "slowest_x_median",
    "memory_mb_10mb",
)


def run(module: str, out: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    command = [sys.executable, "-m", module, "--quick", "--rounds", "1", "--seconds", "0.005", *arguments]
    environment = os.environ | {"TACHIAI_BENCH_OUT": str(out)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.strip().splitlines()
    assert lines, done.stderr
    return done.returncode, done.stdout, json.loads(lines[-1])


@pytest.mark.slow
def test_tiny_measurement_of_sealing_has_every_figure_and_sound_samples(tmp_path: Path) -> None:
    status, shown, told = run("benchmarks.sealing", tmp_path, "--peers", "", "--seals", "20")
    assert status == 0, shown
    assert told["problems"] == []
    assert all(told[name] > 0 for name in FIGURES), told
    # Nobody is faster than the limit; a release gate and a timestamping authority cost something.
    assert told["gate_share_of_limit"] < 1
    assert told["bt_share_of_limit_tsa_in"] < told["bt_share_of_limit"] < 1
    assert told["slowest"]["ours"]["seals"] == 20
    assert json.loads((tmp_path / "sealing.json").read_text()) == told
    assert Path(told["samples"]) == tmp_path
    check_samples(tmp_path)


def check_samples(folder: Path) -> None:
    listed = json.loads((folder / "manifest.json").read_text())
    root = x509.load_pem_x509_certificate((folder / listed["roots"]).read_bytes()).public_bytes(Encoding.DER)
    assert {one["level"] for one in listed["files"]} == {"B-T", "B-LTA"}
    for one in listed["files"]:
        pdf, upload = ((folder / one[name]).read_bytes() for name in ("file", "upload"))
        assert hashlib.sha256(pdf).hexdigest() == one["sha256"]
        assert pdf.startswith(upload)
        assert len(pdf) > len(upload)
        report = examine(pdf, roots=[root], tsa_roots=[root], at=_moment(listed["made_at"]))
        # What is not closed yet holds no proof of revocation, and not everybody has signed.
        pending = set() if one["level"] == "B-LTA" else {"revocation_missing", "signer_missing"}
        assert {*report.problems, *(code for row in report.rows for code in row.problems)} <= pending, (one["file"], report)
        rows = [row for row in report.rows if row.kind != "timestamp"]
        assert [row.level for row in rows] == [one["level"]] * one["signatures"]


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told) + timedelta(seconds=2)


@pytest.mark.slow
def test_tiny_measurement_of_verifying_compares_with_pyhanko(tmp_path: Path) -> None:
    status, shown, told = run("benchmarks.verifying", tmp_path)
    assert status == 0, shown
    assert told["verified_by"] == "release gate"
    assert told["verify_bt_x_pyhanko"] > 1
    assert told["verify_blta_x_pyhanko"] > 1
    assert set(told["cases"]) == {"B-T, 130 KB, 1 signature", "B-LTA, 130 KB, 1 signature"}
    assert json.loads((tmp_path / "verifying.json").read_text()) == told


def test_no_measurement_is_begun_when_the_time_is_up(tmp_path: Path) -> None:
    status, shown, told = run("benchmarks.sealing", tmp_path, "--peers", "", "--limit", "0")
    assert status == 0, shown
    assert told["not_measured"]["B-T, 130 KB"] == "the time ran out"
    assert "bt_share_of_limit" not in told
    assert "absent: the time ran out" in shown
