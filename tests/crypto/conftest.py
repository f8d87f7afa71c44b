"""What every test of the signing half needs: an authority, a contract on its way, and the outside judges."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crypto.contract import Contract
from pki import embedded
from tachiai.crypto.authority import EmbeddedAuthority


@pytest.fixture(scope="session")
def authority() -> EmbeddedAuthority:
    return embedded()


@pytest.fixture(scope="session")
def stranger() -> EmbeddedAuthority:
    """An authority nobody here trusts, whose names are the same."""
    return embedded("架空電子契約株式会社 ")


@pytest.fixture(scope="session")
def contract(authority: EmbeddedAuthority) -> Contract:
    return Contract(authority)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The deep verifier logs a traceback for every forgery it finds; finding them is what happens here all day."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an outside judge; a machine without it skips, naming it."""

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        if shutil.which(str(command[0])) is None:
            pytest.skip(f"{command[0]} is not installed")
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)

    return run
