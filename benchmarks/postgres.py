"""A PostgreSQL cluster for one measurement: made, started and thrown away, with the server's own defaults."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from benchmarks.ports import free_port

INSTALLED = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
START_WITHIN_SECONDS = 30.0


class NoPostgres(Exception):
    """There is none to measure on; the message says why."""


def server_binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``, the newest if there are several."""
    found = [path.parent for path in INSTALLED.glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0)
    on_path = shutil.which("postgres")
    if on_path is None:
        raise NoPostgres("no PostgreSQL server is installed here (looked for postgres on PATH and in /usr/lib/postgresql)")
    return Path(on_path).resolve().parent


class Postgres:
    """A context manager around the cluster; ``pid`` is its head process, ``url`` what the house is given."""

    def __init__(self) -> None:
        self._binaries = server_binaries()
        self._as_whom = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="tachiai-postgres-"))
        self._password = secrets.token_hex(16)
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://tachiai:{self._password}@127.0.0.1:{self._port}/tachiai"

    @property
    def pid(self) -> int:
        if self._server is None:
            raise RuntimeError("the cluster is not running")
        return self._server.pid

    def __enter__(self) -> Postgres:
        try:
            self._create()
            self._start()
        except (OSError, subprocess.CalledProcessError) as problem:
            self._throw_away()
            raise NoPostgres(f"a cluster cannot be made here: {_told(problem)}") from problem
        except BaseException:
            self._throw_away()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self._throw_away()

    def version(self) -> str:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""

    def size(self) -> int:
        """Bytes of the database's tables and indexes, after a checkpoint; the write-ahead log is preallocated and not in it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT pg_database_size('tachiai')").fetchone()
        return int(row[0]) if row else 0

    def _create(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self._password)
        secret.chmod(0o600)
        if "user" in self._as_whom:
            for path in (self._folder, secret):
                os.chown(path, self._as_whom["user"], self._as_whom["group"])
        command = [str(self._binaries / "initdb"), "-D", str(self._folder / "data"), "-U", "tachiai", "--auth=scram-sha-256"]
        command += [f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._as_whom)

    def _start(self) -> None:
        settings = [f"port={self._port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}"]
        command = [str(self._binaries / "postgres"), "-D", str(self._folder / "data")]
        for setting in settings:
            command += ["-c", setting]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, start_new_session=True, **self._as_whom)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        first = f"{self.url.rpartition('/')[0]}/postgres"
        while True:
            try:
                with psycopg.connect(first, autocommit=True) as connection:
                    connection.execute("CREATE DATABASE tachiai")
            except psycopg.OperationalError as problem:
                ended = self._server is None or self._server.poll() is not None
                if ended or time.monotonic() > deadline:
                    said = (self._folder / "log").read_text(errors="replace")[-400:]
                    raise NoPostgres(f"the cluster did not start: {problem} {said}") from problem
                time.sleep(0.1)
            else:
                return

    def _throw_away(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the arguments that make a child somebody else, if we are root."""
    if os.geteuid() != 0:
        return {}
    for name in UNPRIVILEGED:
        try:
            who = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    raise NoPostgres("this is root, which PostgreSQL refuses, and there is no user postgres or nobody to run it as")


def _told(problem: OSError | subprocess.CalledProcessError) -> str:
    said = problem.stderr.decode(errors="replace").strip() if isinstance(problem, subprocess.CalledProcessError) else ""
    return f"{problem} {said}".strip()
