"""`tachiai run --demo`, `tachiai demo` and `tachiai verify` as a newcomer starts them: programs of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from postgres import cluster, programs

TACHIAI = [sys.executable, "-m", "tachiai.cli.main"]
PORT = 8765


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACHIAI_", "DJANGO_"))}
    return {**kept, "TACHIAI_HOME": str(home), **more}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demonstration house, started and ready; its process and everything it printed until then."""
    command = [*TACHIAI, "run", "--demo", "--port", str(PORT)]
    process = subprocess.Popen(command, env=environment(tmp_path / "home"), stdout=subprocess.PIPE, text=True)
    printed = ""
    assert process.stdout is not None
    while "Ctrl-C" not in printed:
        line = process.stdout.readline()
        assert line, f"ended early: {printed}"
        printed += line
    yield process, printed
    if process.poll() is None:
        process.terminate()
        process.wait(30)
    process.stdout.close()


def get(path: str) -> tuple[int, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


def workers(parent: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in parent.children(recursive=True):
        try:
            if "work" in child.cmdline():
                found.append(child)
        except psutil.Error:
            continue  # it ended while we looked
    return found


def test_run_serves_survives_and_stops(running: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, printed = running
    # It says where it is, who can log in, and where the mail lies.
    assert f"http://127.0.0.1:{PORT}/" in printed
    assert "clerk@sakuragaoka.example.jp" in printed
    assert "/mailbox/" in printed
    assert "認定タイムスタンプではありません" in printed
    assert get("/healthz") == (200, '{"status": "ok"}')
    assert "組込みの認証局" in get("/login")[1]
    assert get("/mailbox/")[0] == 200
    # A stranger can register as a counterparty: the form is open.
    assert f"http://127.0.0.1:{PORT}/i/sakuragaoka" in printed
    assert "デモ用の受信箱" in get("/i/sakuragaoka")[1]
    # Nobody else is let in at its port, where connections would go to either; nor is a second house begun for that.
    second = tmp_path / "second"
    command = [*TACHIAI, "run", "--demo", "--port", str(PORT)]
    told = subprocess.run(command, env=environment(second), capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, second.exists()) == (1, False)
    assert f"port {PORT} is in use" in told.stderr
    # A worker that is killed is started again.
    parent = psutil.Process(process.pid)
    (worker,) = workers(parent)
    assert worker.nice() == min(19, parent.nice() + 5)
    worker.kill()
    deadline = time.monotonic() + 30
    while not [child for child in workers(parent) if child.pid != worker.pid]:
        assert time.monotonic() < deadline, "the worker was not started again"
        time.sleep(0.1)
    # It stops cleanly, with everything it started.
    everybody = parent.children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not [child for child in everybody if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_demonstration_stays_on_this_machine(tmp_path: Path) -> None:
    told = subprocess.run(
        [*TACHIAI, "run", "--demo", "--host", "0.0.0.0"],  # noqa: S104  # refused, which is the point
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 1
    assert "loopback" in told.stderr


def test_demo_concludes_and_verifies(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [*TACHIAI, "demo", "--out", str(out)]
    told = subprocess.run(command, env=environment(tmp_path / "unused"), capture_output=True, text=True, timeout=180, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["ok"]
    assert summary["uploads_kept"] == [True, True, True]
    assert {row["verdict"] for row in summary["files"]} == {"valid"}
    assert summary["bundle"] == {"file": "evidence-bundle.zip", "accepted": True}
    assert (out / "evidence-bundle.zip").stat().st_size > (out / "certificate.pdf").stat().st_size
    contracts = sorted((out / "contracts").glob("*.pdf"))
    assert len(contracts) == 3
    for contract in contracts:
        judged = subprocess.run(["pdfsig", str(contract)], capture_output=True, text=True, check=False).stdout
        assert judged.count("Signature is Valid") == 3
        names = re.findall(r"^\s*- Signed Ranges", judged, re.MULTILINE)
        assert len(names) == 4
    # Another house did not conclude it, and says no more than that it looks sound.
    home = environment(tmp_path / "other", TACHIAI_MODE="demo")
    verify = subprocess.run(
        [*TACHIAI, "verify", "--json", str(contracts[0])], env=home, capture_output=True, text=True, timeout=60, check=False
    )
    verdict = json.loads(verify.stdout)["verdict"]
    assert (verify.returncode, verdict) == (1, "attention")


def test_demo_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"not a contract")
    command = [*TACHIAI, "demo", "--out", str(tmp_path / "out"), str(bad)]
    told = subprocess.run(command, env=environment(tmp_path / "unused"), capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 1
    assert "PDFファイルではありません" in told.stderr


def test_the_same_code_on_postgresql() -> None:
    """The story, its races, its work, and what fsck finds, once more on the other database."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    chosen = [
        "tests/envelopes/test_story.py",
        "tests/envelopes/test_races.py",
        "tests/house/test_fsck.py",
        "tests/work",
        "tests/ledger",
    ]
    part = "story or bytes_and_digests or leases or signing_against_the_clock or double or on_postgresql or test_tree"
    with cluster() as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACHIAI_", "DJANGO_", "PYTEST"))}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *chosen, "-k", part]
        told = subprocess.run(
            command, env={**kept, "TACHIAI_TESTS_POSTGRES": server}, capture_output=True, text=True, timeout=800, check=False
        )
    assert told.returncode == 0, told.stdout[-4000:]
    assert " passed" in told.stdout
    assert " failed" not in told.stdout
