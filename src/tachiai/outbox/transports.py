"""Ways out for a composed message: SMTP, or the demo's mailbox folder."""

from __future__ import annotations

import atexit
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from django.conf import settings

from tachiai.accounts import identity
from tachiai.errors import Outage
from tachiai.house import Smtp

TIMEOUT_SECONDS = 20
# Servers count what one connection brings, and how long it says nothing.
MAILS_PER_CONNECTION = 50
KEPT_SECONDS = 2.0


class Refused(Exception):
    """The server will not take this mail for this address, ever; ``reply`` is what it said."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class Unanswered(Outage):
    """The server was given the whole mail and said nothing to it that can be understood: it may have taken it, or not."""


class Outgoing(Protocol):
    """A composed message."""

    def __getitem__(self, name: str, /) -> object: ...

    def as_bytes(self) -> bytes: ...


class Transport(Protocol):
    def send(self, message: Outgoing) -> str:
        """Hand one message over and return the server's reply. Raises ``Refused`` or ``Outage`` (``Unanswered`` among them)."""
        ...


@dataclass
class _Line:
    """An open connection to the server, and how often it has been used. ``at`` is when it was last (monotonic seconds)."""

    server: smtplib.SMTP
    uses: int = 0
    at: float = 0.0

    def is_clear(self) -> bool:
        """Whether the server still listens and remembers nothing of the last mail (RFC 5321, 4.1.1.5)."""
        try:
            return self.server.rset()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def hang_up(self) -> None:
        # What was answered stands, however the farewell goes: a mail accepted must not be sent again.
        with suppress(smtplib.SMTPException, OSError):
            self.server.quit()
        self.server.close()


class SmtpTransport:
    """One connection for mails that follow each other closely: a new one costs more than the mail, with TLS many times more.

    A connection that was kept is asked to forget the last mail before it is given the next; whatever went wrong on one, it is
    closed. So no mail suffers from another's, and none is handed over twice.
    """

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        _in_use.add(self)
        self._lock = threading.Lock()
        self._kept: list[_Line] = []
        # Whether somebody comes to look for idle connections: one look at a time, however many mails pass meanwhile.
        self._watched = False

    def send(self, message: Outgoing) -> str:
        try:
            return self._send(message)
        except smtplib.SMTPServerDisconnected as problem:
            raise Outage("smtp.unreachable", str(problem)) from problem
        except smtplib.SMTPResponseException as problem:
            raise Outage("smtp.failed", f"{type(problem).__name__} {problem.smtp_code}") from problem
        except smtplib.SMTPException as problem:
            raise Outage("smtp.failed", type(problem).__name__) from problem
        except OSError as problem:
            raise Outage("smtp.unreachable", str(problem.strerror or problem)) from problem

    def hang_up(self) -> None:
        """Ends every connection that is kept."""
        with self._lock:
            kept, self._kept = self._kept, []
        for line in kept:
            line.hang_up()

    def _send(self, message: Outgoing) -> str:
        line = self._clear_line()
        try:
            reply = self._hand_over(line.server, message)
        except Refused:
            self._keep(line)
            raise
        except BaseException:
            line.hang_up()
            raise
        self._keep(line)
        return reply

    def _clear_line(self) -> _Line:
        while True:
            with self._lock:
                line = self._kept.pop() if self._kept else None
            if line is None:
                return _Line(self._connected())
            if line.is_clear():
                return line
            line.hang_up()

    def _keep(self, line: _Line) -> None:
        line.uses, line.at = line.uses + 1, time.monotonic()
        if line.uses >= MAILS_PER_CONNECTION:
            line.hang_up()
            return
        with self._lock:
            self._kept.append(line)
            unwatched, self._watched = not self._watched, True
        if unwatched:
            _later(KEPT_SECONDS, self._hang_up_idle)

    def _hang_up_idle(self) -> None:
        """Ends the connections that nobody has used for a while, and looks again while others are kept."""
        with self._lock:
            idle = [line for line in self._kept if time.monotonic() - line.at >= KEPT_SECONDS]
            self._kept = [line for line in self._kept if line not in idle]
            wait = min((line.at + KEPT_SECONDS - time.monotonic() for line in self._kept), default=None)
            self._watched = wait is not None
        for line in idle:
            line.hang_up()
        if wait is not None:
            _later(max(0.1, wait), self._hang_up_idle)

    def _connected(self) -> smtplib.SMTP:
        smtp = self._smtp
        if smtp.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                smtp.host, smtp.port, timeout=TIMEOUT_SECONDS, context=_trust(ssl.get_default_verify_paths())
            )
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS)
        try:
            if smtp.tls == "starttls":
                server.starttls(context=_trust(ssl.get_default_verify_paths()))
            if smtp.user:
                server.login(smtp.user, smtp.password)
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, message: Outgoing) -> str:
        recipient = _ascii_address(str(message["To"]))
        server.ehlo_or_helo_if_needed()
        _answered(server.mail(_way_back(self._smtp, message)), whole_house=True)
        _answered(server.rcpt(recipient), whole_house=False)
        answer = server.docmd("DATA")
        if answer[0] == 354:
            server.send(_on_the_wire(message.as_bytes()))
            answer = _last_answer(server)
        # DATA itself may be declined, before a byte was sent: this recipient's answer like any other.
        return _answered(answer, whole_house=False)


def _way_back(smtp: Smtp, message: Outgoing) -> str:
    """The envelope's sender: where a mail goes that cannot be delivered."""
    if not smtp.own_ways_back:
        return smtp.sender
    local, _, domain = smtp.sender.rpartition("@")
    return f"{local}+{str(message['Message-ID']).strip('<>').partition('@')[0]}@{domain}"


_in_use: WeakSet[SmtpTransport] = WeakSet()


@atexit.register
def hang_up() -> None:
    """Says farewell on every connection this process keeps."""
    for transport in list(_in_use):
        transport.hang_up()


def _later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


@lru_cache(maxsize=2)
def _trust(_places: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """Whom this machine trusts, read once in a process for each place it is kept: reading takes 20 ms of CPU, more than the mail."""
    return ssl.create_default_context()


def _ascii_address(address: str) -> str:
    """The address as SMTP without SMTPUTF8 takes it: a domain in its ASCII form. A local part that has none is refused."""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError as problem:
        raise Refused(f"553 not a domain: {domain}") from problem
    if not local.isascii():
        raise Refused("553 the part before @ is not ASCII")
    return f"{local}@{ascii_domain}"


def _on_the_wire(message: bytes) -> bytes:
    """The message with its end: a line that begins with a dot gets another (RFC 5321, 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _last_answer(server: smtplib.SMTP) -> tuple[int, bytes]:
    """What the server says to the whole mail. Raises ``Unanswered``."""
    try:
        answer = server.getreply()
    except (smtplib.SMTPException, OSError) as problem:
        raise Unanswered("smtp.unanswered", str(problem)) from problem
    if not 200 <= answer[0] < 600:
        raise Unanswered("smtp.unanswered", _words(answer))
    return answer


def _words(answer: tuple[int, bytes]) -> str:
    """A reply as it can be kept anywhere: no database and no log takes every character that a server might say."""
    code, said = answer
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", f"{code} {said.decode('utf-8', 'replace')}")


def _answered(answer: tuple[int, bytes], *, whole_house: bool) -> str:
    """The reply of a step that went well. A refusal of our own address is everybody's outage, not this recipient's."""
    code, reply = answer[0], _words(answer)
    if 200 <= code < 300:
        return reply
    # What is no reply of SMTP at all (smtplib gives it the code -1) says nothing about a recipient.
    if whole_house or not 300 <= code < 600:
        raise Outage("smtp.failed", reply)
    if code >= 500:
        raise Refused(reply)
    raise Outage("smtp.deferred", reply)


class MailboxTransport:
    """The demo's mailbox: a folder whose messages a page on loopback shows. Nothing leaves the machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Outgoing) -> str:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = self._folder / f"{name}.eml"
        scratch = path.with_suffix(".new")
        scratch.write_bytes(message.as_bytes())
        scratch.rename(path)
        return "250 kept in the demo mailbox"


@lru_cache(maxsize=4)
def _smtp_transport(smtp: Smtp) -> SmtpTransport:
    return SmtpTransport(smtp)


def transport() -> Transport:
    """The house's way out. Raises ``Outage`` when none is configured: mail then waits instead of vanishing."""
    house = settings.TACHIAI
    if identity.standing().copy:
        # Its rows hold the addresses of real people. Whoever tries the copy reads in the folder what they would have got.
        return MailboxTransport(house.home / "mailbox")
    if house.smtp is not None:
        return _smtp_transport(house.smtp)
    if house.mode == "demo":
        return MailboxTransport(house.home / "mailbox")
    raise Outage("smtp.unconfigured", "set TACHIAI_SMTP_URL")
