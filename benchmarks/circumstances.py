"""Where and when something was measured: said beside every figure."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cryptography.hazmat.backends.openssl import backend

ROOT = Path(__file__).resolve().parent.parent


def circumstances() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": processor(),
        "python": platform.python_version(),
        "openssl": backend.openssl_version_text(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of everything that takes part; what is not there is left out."""
    found: dict[str, str] = {}
    for name in ("cryptography", "pyhanko", "asn1crypto", "endesive", "python-pkcs11"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    for name, command in {"node": ("node", "--version"), "pdfsig": ("pdfsig", "-v")}.items():
        if shutil.which(name) is not None:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found[name] = (done.stdout or done.stderr).strip().partition("\n")[0]
    return found


def processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def results() -> Path:
    """Where figures and samples are left: ``TACHIAI_BENCH_OUT`` or ``out/bench-samples``, made if need be."""
    folder = Path(os.environ.get("TACHIAI_BENCH_OUT") or ROOT / "out" / "bench-samples").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(told: dict[str, Any], name: str) -> None:
    (results() / name).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def say(words: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {words}", file=sys.stderr, flush=True)
