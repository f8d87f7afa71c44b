"""``tachiai run``: the web server and the workers, started together, watched, and stopped together."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from urllib.parse import urlsplit

from tachiai.house import House, Misconfigured, read

STOP_WITHIN_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.2
RESTART_AFTER_SECONDS = 1.0
# Somebody waits for a page; nobody watches a seal being made. Where there is CPU for both, this changes nothing.
WORK_NICENESS = 5
HIGHEST_PORT = 65535


@dataclass
class Part:
    """One process of the house."""

    name: str
    command: Sequence[str]
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = None


def run(options: argparse.Namespace) -> int:
    """Establish the house and run it until SIGINT or SIGTERM."""
    _choose_mode(options)
    check_port(options.host, options.port)
    # The house is made ready by a process of its own, so that the one that only watches stays small.
    settling = ["--for-story"] if options.data != "none" else []
    ready = subprocess.run([sys.executable, "-m", "tachiai.cli.main", "init", "--ready", *settling], check=False)  # noqa: S603  # our own program
    if ready.returncode:
        return ready.returncode
    house = read()
    # Once more: making a house ready takes long enough for somebody else to start.
    check_port(options.host, options.port)
    parts = [Part("web", _web(options))]
    working = [sys.executable, "-m", "tachiai.cli.main", "work", "--checked"]
    parts += [Part(f"work-{number + 1}", working, WORK_NICENESS) for number in range(options.workers)]
    story = None
    if house.mode == "demo" and house.telling.exists():
        story = Part("data", [sys.executable, "-m", "tachiai.cli.main", "demo-seed", "--scale", options.data], WORK_NICENESS)
    return _supervise(parts, house, options, story)


def _choose_mode(options: argparse.Namespace) -> None:
    """``--demo`` is an environment like any other, so that every process of the house sees the same."""
    if options.demo:
        os.environ["TACHIAI_MODE"] = "demo"
    os.environ.setdefault("TACHIAI_PUBLIC_URL", f"http://{options.host}:{options.port}")
    house = read()
    local = is_loopback(options.host)
    if house.mode == "demo" and not local and house.smtp is None:
        raise Misconfigured("a demonstration without TACHIAI_SMTP_URL stays on this machine: use a loopback --host")
    os.environ["TACHIAI_MAILBOX"] = "yes" if house.mode == "demo" and local and house.smtp is None else "no"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(host: str, port: int) -> None:
    """Refuses (``Misconfigured``) where no server can listen, and where one does: the web server would share its port in silence.

    It sets SO_REUSEPORT, so that connections would go to the one or the other house as the kernel likes.
    """
    if not 0 <= port <= HIGHEST_PORT:
        raise Misconfigured(f"there is no port {port}")
    bound = _bound(host).strip("[]")
    try:
        socket.create_server((bound, port), family=socket.AF_INET6 if ":" in bound else socket.AF_INET).close()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Misconfigured(
                f"port {port} is in use: another server listens at {host}; stop that one, or choose another --port"
            ) from problem
        raise Misconfigured(f"no server can listen at {host}, port {port}: {problem.strerror}") from problem


def _bound(host: str) -> str:
    """The server binds to numbers only; passkeys take a name in the address, and on one's own machine that is "localhost"."""
    return "127.0.0.1" if host == "localhost" else host


def _web(options: argparse.Namespace) -> list[str]:
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        f"--host={_bound(options.host)}",
        f"--port={options.port}",
        "--workers=1",
        "--blocking-threads=8",
        "--no-ws",
        "--log-level=error",
        "tachiai.config.wsgi:application",
    ]


def _supervise(parts: Sequence[Part], house: House, options: argparse.Namespace, story: Part | None) -> int:
    """Watch the parts until told to stop. While a ``story`` is told, the workers, who live in the present, wait for its end."""
    stopping = False
    at_work = [*parts] if story is None else [parts[0]]

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    for part in at_work if story is None else [*at_work, story]:
        _start(part)
    try:
        if not _answers(house, options, parts, lambda: stopping):
            print("tachiai: the web server does not answer", file=sys.stderr)
            return 1
        _greet(house, options)
        while not stopping:
            time.sleep(LOOK_EVERY_SECONDS)
            if story is not None and story.process is not None and story.process.poll() is not None:
                story, at_work = None, [*parts]
                for part in parts[1:]:
                    _start(part)
            _restart_fallen(at_work)
    finally:
        _stop(at_work if story is None else [*at_work, story])
    print("Stopped.")
    return 0


def _start(part: Part) -> None:
    # A group of its own: Ctrl-C reaches the supervisor alone, which then stops everybody in order.
    part.process = subprocess.Popen(part.command, start_new_session=True)  # noqa: S603  # our own programs
    if part.niceness:
        # Before it has threads or children of its own, which inherit it. A system that refuses is no reason not to run.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, part.process.pid, part.niceness + os.getpriority(os.PRIO_PROCESS, 0))


def _restart_fallen(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.process is not None and part.process.poll() is not None:
            print(f"tachiai: {part.name} ended with {part.process.returncode}; starting it again", file=sys.stderr)
            time.sleep(RESTART_AFTER_SECONDS)
            _start(part)


def _stop(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.process is not None and part.process.poll() is None:
            part.process.terminate()
    deadline = time.monotonic() + STOP_WITHIN_SECONDS
    for part in parts:
        if part.process is None:
            continue
        try:
            part.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()


def _answers(house: House, options: argparse.Namespace, parts: Sequence[Part], stopped: object) -> bool:
    """Whether the server answers within a minute."""
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104  # compared, not bound
    # Asked by the name that the house answers to; in production it knows no other.
    name = urlsplit(house.public_url).netloc
    question = urllib.request.Request(f"http://{host}:{options.port}/healthz", headers={"Host": name})  # our own address
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (callable(stopped) and stopped()):
        if parts[0].process is not None and parts[0].process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(question, timeout=2):  # noqa: S310  # our own address
                return True
        except OSError:
            time.sleep(LOOK_EVERY_SECONDS)
    return False


def _greet(house: House, options: argparse.Namespace) -> None:
    url = f"http://{options.host}:{options.port}/"
    print(f"\nTachiai 立会 is running: {url}")
    if house.mode == "demo":
        from tachiai.cli.demo_people import COUNTERPARTIES, LOGINS, SLUG, demo_password

        print("\n  Demonstration only: embedded CA and TSA, key in software. 認定タイムスタンプではありません。")
        print(f"  Logins (password for all: {demo_password(house)})")
        for login in LOGINS:
            print(f"    {login.mail:34} {login.name}  {login.does}")
        if house.smtp is None:
            print("  Registered counterparties and the six-digit codes they chose:")
            for party, _, name, mail, code, _ in COUNTERPARTIES:
                print(f"    {mail:34} {code}  {name}, {party}")
            print(f"  Every mail of the demonstration: {url}mailbox/")
        print(f"  To register online, as a counterparty would: {url}i/{SLUG}")
        _tell_of_data(house)
    print("\n  Ctrl-C stops it.\n", flush=True)


def _tell_of_data(house: House) -> None:
    from tachiai.cli.demo_cast import CODE

    if house.telling.exists():
        print("  Demo data (デモデータ) is being told: look around meanwhile; logging in and sending work as soon as it is there.")
    if house.telling.exists() or house.told.exists():
        print(f"  The code of every counterparty of the demo data: {CODE}")
        print("  More of it, 240 envelopes: make run DATA=full TACHIAI_HOME=<a new folder>")
    else:
        print("  With three months of contracts: make run DATA=small TACHIAI_HOME=<a new folder>")
