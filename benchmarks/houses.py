"""A house started as an operator starts it: ``tachiai run`` with its web server and its workers, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks import processes
from benchmarks.ports import free_port
from benchmarks.processes import Cpu

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_SECONDS = 90.0
STOP_WITHIN_SECONDS = 30.0


class Broken(Exception):
    """The house did not start or did not do what it was told; the end of its log is in the message."""


@dataclass(frozen=True)
class People:
    """Who plays: the clerk who sends, our own signer, and a counterparty with the code it registered."""

    password: str
    clerk: str
    own: str
    party: str
    counterparty: str
    name: str
    code: str


class House:
    """A context manager: made and settled when constructed, running while entered, thrown away by ``demolish``."""

    def __init__(self, *, smtp_url: str, database_url: str = "", workers: int = 1) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="tachiai-bench-"))
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._log = self.home / "house.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")}
        self._environment |= {"TACHIAI_HOME": str(self.home / "home"), "TACHIAI_MODE": "demo", "TACHIAI_PUBLIC_URL": self.base}
        if database_url:
            self._environment["TACHIAI_DATABASE_URL"] = database_url
        try:
            self.people = People(**self._inside("settle", TACHIAI_MAILBOX="yes"))
        except BaseException:
            self.demolish()
            raise
        self._environment["TACHIAI_SMTP_URL"] = smtp_url

    def __enter__(self) -> House:
        command = [sys.executable, "-m", "tachiai.cli.main", "run", "--demo", "--port", str(self.port), "--workers", str(self._workers)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=self._environment, start_new_session=True)
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            for process in reversed(processes.family(self._process.pid)):
                process.kill()
            self._process.wait()

    def demolish(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    def told(self) -> dict[str, float]:
        """When the ledger says each envelope was concluded (Unix time, by envelope id)."""
        return dict(self._inside("told"))

    def verify(self, file: Path) -> str:
        """What ``tachiai verify`` says of a file, in its first line."""
        command = [sys.executable, "-m", "tachiai.cli.main", "verify", str(file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=self._environment)
        return (done.stdout or done.stderr).strip().partition("\n")[0]

    def roots(self) -> dict[str, list[int]]:
        """The head process of each part: ``web``, and ``work`` (one for each worker); ``supervisor`` is who watches them."""
        if self._process is None:
            raise RuntimeError("the house is not running")
        found: dict[str, list[int]] = {"supervisor": [self._process.pid], "web": [], "work": []}
        for child in psutil.Process(self._process.pid).children():
            found["web" if "granian" in child.cmdline() else "work"].append(child.pid)
        return found

    def cpu(self) -> dict[str, Cpu]:
        """CPU seconds so far, by part; together they are everything under the supervisor."""
        roots = self.roots()
        shares = {part: [processes.cpu(pid) for pid in roots[part]] for part in ("web", "work")}
        return {part: Cpu(sum(one.own for one in found), sum(one.ended for one in found)) for part, found in shares.items()}

    def resident(self) -> int:
        return processes.resident(self._process.pid) if self._process else 0

    def stored(self) -> dict[str, int]:
        """Bytes on disk (allocated blocks): encrypted documents, and SQLite's files if it is the database."""
        home = self.home / "home"
        return {"vault": _allocated(home / "vault"), "sqlite": sum(_blocks(path) for path in home.glob("tachiai.sqlite3*"))}

    def complaints(self) -> list[str]:
        """What the house logged as an error or an outage, or said about a part that fell."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line for line in lines if '"level": "error"' in line or '"level": "warning"' in line or "starting it again" in line]

    def tail(self) -> str:
        return self._log.read_text(errors="replace")[-3000:] if self._log.exists() else ""

    def _wait(self) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.base}/healthz", timeout=2):  # noqa: S310  # our own address
                    return
            except OSError:
                time.sleep(0.1)
        raise Broken(f"the house does not answer:\n{self.tail()}")

    def _inside(self, verb: str, **more: str) -> Any:
        command = [sys.executable, "-m", "benchmarks.inside", verb]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env={**self._environment, **more})
        if done.returncode:
            raise Broken(f"{verb}: {done.stderr[-3000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def _allocated(folder: Path) -> int:
    return sum(_blocks(path) for path in folder.rglob("*") if path.is_file())


def _blocks(path: Path) -> int:
    return path.stat().st_blocks * 512
