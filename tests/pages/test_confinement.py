"""What a child can no longer do, tried by one that has given it up."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tachiai.pages import confinement

# Whether this kernel offers filters at all; it says so itself.
OFFERED = Path("/proc/sys/kernel/seccomp/actions_avail")
ON_A_KNOWN_MACHINE = platform.machine() in ("x86_64", "aarch64") and OFFERED.exists()


def tried(act: Callable[[], object], *, confined: bool = True) -> str:
    """What becomes of ``act`` in a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = "done"
        try:
            if confined and not confinement.confine_self():
                told = "not confined"
            else:
                act()
        except OSError as refused:
            told = type(refused).__name__
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    told = os.read(reading, 100).decode()
    os.close(reading)
    os.waitpid(pid, 0)
    return told


def a_program() -> None:
    os.execv(sys.executable, [sys.executable, "-c", ""])  # noqa: S606 - whether that is possible is the question


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, getattr(socket, "AF_NETLINK", socket.AF_INET)])
def test_no_socket_leads_outside(family: socket.AddressFamily) -> None:
    def knock() -> None:
        socket.socket(family, socket.SOCK_DGRAM).close()

    assert tried(knock, confined=False) == "done"
    assert tried(knock) == ("PermissionError" if ON_A_KNOWN_MACHINE else "not confined")


def test_no_program_is_started() -> None:
    # Whoever has become another program says nothing any more.
    assert tried(a_program, confined=False) == ""
    assert tried(a_program) == ("PermissionError" if ON_A_KNOWN_MACHINE else "not confined")


def test_what_a_job_needs_goes_on() -> None:
    def work() -> None:
        near, far = socket.socketpair()
        near.sendall(b"x")
        assert far.recv(1) == b"x"
        assert Path(os.devnull).read_bytes() == b""

    assert tried(work) == ("done" if ON_A_KNOWN_MACHINE else "not confined")


def test_it_cannot_be_taken_off() -> None:
    def twice() -> None:
        confinement.confine_self()
        subprocess.run([sys.executable, "-c", ""], check=True)

    assert tried(twice) == ("PermissionError" if ON_A_KNOWN_MACHINE else "not confined")


def test_an_unknown_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    assert tried(lambda: None) == "not confined"
