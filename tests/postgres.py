"""A throw-away PostgreSQL for tests: its own cluster, on loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


def programs() -> Path | None:
    """Where initdb and pg_ctl are, newest first; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    here = shutil.which("initdb")
    return Path(here).parent if here else None


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a fresh cluster (without a database name); it trusts loopback and nobody else."""
    binaries = programs()
    if binaries is None:
        raise LookupError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="tachiai-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    port = _free_port()
    data = folder / "data"
    _run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"], user)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c max_connections=200"
    _run([binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], user)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _run([binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], user)
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[object], user: str | None) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, user=user, cwd="/", timeout=120)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy(server: str, template: str, name: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def drop(server: str, name: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
