"""Real SMTP servers on loopback for the tests: one that answers as told, and ones that misbehave below SMTP."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tachiai.outbox import transports

HOST = "127.0.0.1"


@dataclass
class Clerk:
    """What the server answers at each step, by recipient where it matters, and what it took in."""

    rcpt: dict[str, str] = field(default_factory=dict)
    sender: str = "250 OK"
    data: str = "250 queued as 4711"
    farewell: str = "221 Bye"
    hang_up: bool = False
    hang_up_at_farewell: bool = False
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    callers: list[Session] = field(default_factory=list)
    forgetful: str = "250 OK"

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802  # the library's name
        if session not in self.callers:
            self.callers.append(session)
        if self.sender.startswith("250"):
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up:
            server.transport.abort()
        elif self.data.startswith("250"):
            self.taken.append((envelope.rcpt_tos[0], bytes(envelope.content or b"")))
        return self.data

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.forgetful

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up_at_farewell:
            server.transport.abort()
        return self.farewell


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def open_office(clerk: Clerk, **options: Any) -> Iterator[int]:
    """A server that is open for the length of the block; its port."""
    controller = Controller(clerk, hostname=HOST, **{"port": free_port(), **options})
    controller.start()
    try:
        yield int(controller.port)
    finally:
        # The office closes after its customers have left, as in life.
        transports.hang_up()
        controller.stop()


def only(user: str, password: str) -> Any:
    """An authenticator that knows one user."""

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        known = isinstance(given, LoginPassword) and given == LoginPassword(user.encode(), password.encode())
        return AuthResult(success=known, handled=False)

    return authenticate


def behind_tls(certificate: str, key: str) -> dict[str, Any]:
    """Options of an office that speaks STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return {"tls_context": context, "auth_require_tls": True}


@contextlib.contextmanager
def silent_office() -> Iterator[int]:
    """Something that accepts connections and never says a word."""
    with socket.create_server((HOST, 0)) as listener:
        accepted: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                accepted.append(listener.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.close()
            thread.join(timeout=5)
            for one in accepted:
                one.close()
