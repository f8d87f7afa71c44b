"""A software token (SoftHSM) of a test's own, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

import pytest

from tachiai.crypto import hsm_sessions
from tachiai.crypto.hsm import TokenPlace

PIN = "271828"
_numbers = count(1)
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftToken:
    place: TokenPlace

    @property
    def pin_file(self) -> Path:
        return self.place.pin_file


def library() -> Path | None:
    """Where the library is; None on a machine without it, or without its program."""
    found = next((Path(name) for name in _MODULES if Path(name).is_file()), None)
    return found if shutil.which("softhsm2-util") else None


@lru_cache(maxsize=1)
def module() -> Path:
    """The library, pointed at a folder of this process. A machine without it skips, naming it."""
    found = library()
    if found is None:
        pytest.skip("softhsm2 is not installed")
    folder = Path(tempfile.mkdtemp(prefix="tachiai-softhsm-"))
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    # The library reads this when it is initialised: once in a process.
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    return found


def new_token(folder: Path, *, sessions: int = 4) -> SoftToken:
    """A fresh token with :data:`PIN`, its PIN in a file of ``folder``, refused PINs remembered in ``folder``."""
    library = module()
    label = f"fictional-{os.getpid()}-{next(_numbers)}"
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "31415926"]
    subprocess.run(command, check=True, capture_output=True)
    # The library lists the tokens it found when it was initialised: as after a fork, this process begins anew.
    hsm_sessions._begin_anew()
    pin_file = folder / f"{label}.pin"
    pin_file.write_text(PIN + "\n")
    return SoftToken(TokenPlace(library, label, pin_file, memory=folder, sessions=sessions))
