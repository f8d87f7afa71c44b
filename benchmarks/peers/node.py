"""Engines in JavaScript: each one node process, warmed, that times itself; and how their packages get here.

Packages come by npm from whatever registry the machine is set up for, without running any script of theirs, into a folder of the
user's cache. A process takes one line of JSON for each turn and answers with one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.rounds import Absent, Turn
from benchmarks.scene import PASSPHRASE, Scene

PACKAGES = {
    "@libpdf/core": "0.4.2",
    "@signpdf/signpdf": "3.3.0",
    "@signpdf/signer-p12": "3.3.0",
    "@signpdf/placeholder-plain": "3.3.0",
}
LEVELS = {"libpdf": ("B-B", "B-T", "B-LTA"), "signpdf": ("B-B",)}
_WARM_ACTS, _WARM_SECONDS = 60, 1.5
_INSTALL_WITHIN_SECONDS = 90


class Node:
    """A contender in a process of its own, until ``stop``. ``peak`` is its highest resident memory so far, in bytes."""

    def __init__(self, name: str, scene: Scene, level: str, file: Path, *, tsa_url: str) -> None:
        if level not in LEVELS[name]:
            raise Absent(f"does not make {level}")
        folder = packages()
        # A module is looked up beside the file that asks for it, so the script has to stand beside the packages.
        script = folder / f"{name}.mjs"
        shutil.copyfile(Path(__file__).with_name(script.name), script)
        self.name = name
        self.peak = 0
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(["node", str(script)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._output = scene.folder / f"{name}-{level}.pdf"
        told = {
            "level": level,
            "file": str(file),
            "p12": str(scene.pkcs12_file),
            "passphrase": PASSPHRASE.decode(),
            "tsa": tsa_url,
            "certificates": {stem: str(scene.file(stem)) for stem in ("seal", "tsa")},
            "ocsp": {stem: str(scene.ocsp_file(stem)) for stem in ("seal", "tsa")},
            "output": str(self._output),
        }
        self._ask(told)
        self._warm()

    def _warm(self) -> None:
        """Until the just-in-time compiler has had its time: a second and a half of work, or sixty documents."""
        done, seconds = 0, 0.0
        while done < _WARM_ACTS and seconds < _WARM_SECONDS:
            turn = self.turn(5)
            done, seconds = done + turn.acts, seconds + turn.seconds

    def __enter__(self) -> Node:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def turn(self, acts: int) -> Turn:
        answer = self._ask({"acts": acts})
        self.peak = max(self.peak, int(answer["peak"]))
        return Turn(acts, answer["seconds"], 0.0, self._output.read_bytes())

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def _ask(self, told: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("the process was started with pipes")
        try:
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said before it fell is read below
        line = process.stdout.readline()
        if not line:
            raise Absent(f"it failed: {process.stderr.read()[-300:].strip()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@lru_cache(maxsize=1)
def packages() -> Path:
    """A folder in whose ``node_modules`` the packages stand. Raises :class:`Absent` where there is no node, no npm or no registry."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Absent(f"{program} is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tachiai-bench" / "-".join(PACKAGES.values())
    if not (folder / ".ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"private": True, "type": "module", "dependencies": PACKAGES}))
        print("fetching the JavaScript peers by npm", file=sys.stderr, flush=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_INSTALL_WITHIN_SECONDS)
        except subprocess.TimeoutExpired as late:
            raise Absent("npm did not finish in time") from late
        if done.returncode:
            raise Absent(f"npm: {done.stderr.strip()[-200:]}")
        (folder / ".ready").touch()
    return folder


def node_version() -> str:
    found = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return found.stdout.strip()
