"""Inspects, draws and examines every file of a folder where no packet can go unseen, and says what it saw. Started by `test_no_packets`.

``namespace``: in a network of its own, whose one interface counts. ``sockets``: with a filter in the kernel that ends whoever of the family
opens a socket of the internet; the filter is inherited and cannot be taken off.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import platform
import socket
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

SYSTEM_CALLS = {"x86_64": 41, "aarch64": 198}  # socket(2)
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x41
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06
KILL, ALLOW = 0x80000000, 0x7FFF0000


def raise_interface() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))


def packets() -> int:
    rows = [row.split(":")[1].split() for row in Path("/proc/net/dev").read_text().splitlines() if ":" in row]
    return sum(int(row[1]) + int(row[9]) for row in rows)


def forbid_sockets() -> None:
    number = SYSTEM_CALLS[platform.machine()]
    steps = [
        (LOAD, 0, 0, 0),
        (EQUALS, 0, 4, number),
        (LOAD, 0, 0, 16),
        (EQUALS, 1, 0, socket.AF_INET),
        (EQUALS, 0, 1, socket.AF_INET6),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ]
    packed = b"".join(struct.pack("<HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(packed)
    program = struct.pack("@HxxxxxxP", len(steps), ctypes.addressof(held))
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or kernel.prctl(SECCOMP, FILTER, ctypes.create_string_buffer(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was not taken")


def knock() -> int:
    """One packet to ourselves, by a process that may not live to send it: how it ended."""
    pid = os.fork()
    if pid == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            handle.sendto(b"x", ("127.0.0.1", 9))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def answers(folder: Path) -> list[str]:
    from tachiai.crypto.examination import question
    from tachiai.errors import Refusal
    from tachiai.pages import births, child, inspect, render

    at = datetime(2026, 6, 1, tzinfo=UTC)
    told = []
    for file in sorted(folder.iterdir()):
        pdf = file.read_bytes()
        for verb in (
            lambda pdf=pdf: inspect.inspect(pdf),
            lambda pdf=pdf: inspect.normalise(pdf),
            lambda pdf=pdf: render.render(pdf),
            lambda pdf=pdf: child.run("examine", pdf, limits=render.LIMITS, options=question(roots=[], tsa_roots=[], at=at)),
        ):
            try:
                verb()
                told.append("done")
            except Refusal as refusal:
                told.append(refusal.code)
    births.stop()
    return told


def main(mode: str, folder: str) -> None:
    if mode == "sockets":
        forbid_sockets()
        told = answers(Path(folder))
        sys.stdout.write(json.dumps({"answers": told, "packets": 0, "knock": knock()}))
        return
    raise_interface()
    before = packets()
    told = answers(Path(folder))
    between = packets()
    ended = knock()
    sys.stdout.write(json.dumps({"answers": told, "packets": between - before, "knock": ended, "seen": packets() - between}))


if __name__ == "__main__":
    main(*sys.argv[1:])
