"""The mail server of one case: it says what it is told to, and remembers everything that it said 250 to, on disk and in order."""

from __future__ import annotations

import email
import os
import re
import signal
import socketserver
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email import policy
from pathlib import Path
from typing import Any

LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Post:
    """A running server: its port, its process and what it has taken."""

    port: int
    pid: int
    book: Path

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def taken(self) -> list[tuple[str, str, str]]:
        """Each message as it was accepted: Message-ID, addressee, and every link in it."""
        return [_told(path.read_bytes()) for path in sorted(self.book.glob("*.eml"))]

    def twice(self) -> dict[str, int]:
        """Messages accepted more than once, and how often more; each time the same to the letter that counts."""
        taken = self.taken()
        kinds = Counter(message for message, _, _ in set(taken))
        assert max(kinds.values(), default=1) == 1, f"one Message-ID, different mails: {kinds}"
        return {message: count - 1 for message, count in Counter(message for message, _, _ in taken).items() if count > 1}


def _told(message: bytes) -> tuple[str, str, str]:
    parsed: Any = email.message_from_bytes(message, policy=policy.default)
    text = parsed.get_body(("plain",)).get_content()
    return str(parsed["Message-ID"]), str(parsed["To"]), " ".join(LINK.findall(text))


def open_post(folder: Path, *, mood: str = "") -> Post:
    """Start a server in a process of its own. ``mood`` is how it fails (``MOODS``); nothing is a good day."""
    folder.mkdir()
    server = _Server(("127.0.0.1", 0), _Clerk)
    server.book, server.mood = folder, mood
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(600)
        try:
            server.serve_forever(poll_interval=0.5)
        finally:
            os._exit(0)
    port = int(server.server_address[1])
    server.server_close()
    return Post(port, pid, folder)


# How it fails for the first mails of each connection, and what becomes of it.
MOODS = (
    "cut after 250",
    "250 lost",
    "takes it with garbage",
    "250 with control characters",
    "slow",
    "451",
    "hangs up at DATA",
    "greets with garbage",
)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    book: Path
    mood: str

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that is killed amid its words is what this is for, and no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    faults = 0
    lock = threading.Lock()


class _Clerk(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as the house speaks."""

    server: _Server

    def handle(self) -> None:
        if self._fails("greets with garbage"):
            return self._say("hello there")
        self._say("220 torture")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                if self._fails("hangs up at DATA") or not self._data():
                    return None
            elif verb == b"QUIT":
                return self._say("221 bye")
            elif verb == b"RCPT" and self._fails("451"):
                self._say("451 4.7.1 later")
            else:
                self._say("250 OK")
        return None

    def _data(self) -> bool:
        """Take one message down; whether the conversation goes on."""
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if line != b".\r\n":
            return False  # cut off in the middle: nothing was accepted
        self._write_down(b"".join(lines))
        if self._fails("250 lost"):
            return False
        if self._fails("takes it with garbage"):
            self._say("thank you")
            return True
        if self._fails("250 with control characters"):
            self._say("250 \x00queued\x1b[2J")
            return True
        if self._fails("slow"):
            time.sleep(1)
        self._say("250 queued")
        return not self._fails("cut after 250")

    def _write_down(self, message: bytes) -> None:
        with self.server.lock:
            number = len(list(self.server.book.glob("*.eml")))
            (self.server.book / f"{number:04d}.eml").write_bytes(message)

    def _fails(self, mood: str) -> bool:
        if self.server.mood != mood or self.server.faults >= 2:
            return False
        self.server.faults += 1
        return True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
