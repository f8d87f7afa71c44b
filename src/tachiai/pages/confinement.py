"""No network and no other program for a child: a filter in the kernel (seccomp), taken on for good before a stranger's byte is read.

Nothing in a child wants either; this is for the day on which a parser is made to do what its authors never meant. What is asked for in
vain fails as "not permitted". The filter is laid on the machines whose numbers of system calls are known here, where the kernel offers it;
elsewhere the other limits stand alone.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
from dataclasses import dataclass

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL, _FAIL, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
# struct seccomp_data: the number of the call, the machine it is meant for, and the lower half of its first argument.
_CALL, _MACHINE, _FIRST = 0, 4, 16
# On x86-64 calls with this bit are those of another interface, whose numbers are not looked at here.
_OTHER_INTERFACE = 0x40000000


@dataclass(frozen=True)
class _Machine:
    """AUDIT_ARCH, and the numbers of what is forbidden: execve, execveat, ptrace and io_uring_setup, which could open sockets too."""

    audit: int
    socket: int
    forbidden: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 41, (59, 322, 101, 425)),
    "aarch64": _Machine(0xC00000B7, 198, (221, 281, 117, 425)),
}


def confine_self() -> bool:
    """Gives up, for good, sockets other than local ones and the starting of programs. False where the kernel offers no such thing."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    steps = _steps(machine)
    held = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(steps), ctypes.addressof(held)))
    kernel = ctypes.CDLL(None)
    taken: int = kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or kernel.prctl(_SET_SECCOMP, _MODE_FILTER, program, 0, 0)
    return taken == 0


def _steps(machine: _Machine) -> list[tuple[int, int, int, int]]:
    """The filter: (operation, steps to skip if so, steps to skip if not, operand)."""
    refused = _FAIL | errno.EPERM
    body = [
        (_LOAD, 0, 0, _CALL),
        (_AT_LEAST, 0, 1, _OTHER_INTERFACE),
        (_RETURN, 0, 0, refused),
    ]
    for number in machine.forbidden:
        body += [(_EQUALS, 0, 1, number), (_RETURN, 0, 0, refused)]
    body += [
        (_EQUALS, 0, 3, machine.socket),
        (_LOAD, 0, 0, _FIRST),
        (_EQUALS, 1, 0, socket.AF_UNIX),
        (_RETURN, 0, 0, refused),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [(_LOAD, 0, 0, _MACHINE), (_EQUALS, 1, 0, machine.audit), (_RETURN, 0, 0, _KILL), *body]
