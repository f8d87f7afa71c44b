"""Ways out for a composed message: SMTP, or the demo's mailbox folder."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from tachiai.errors import Outage
from tachiai.house import Smtp

TIMEOUT_SECONDS = 20


class Refused(Exception):
    """The server will not take this mail for this address, ever; ``reply`` is what it said."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class Transport(Protocol):
    def send(self, message: EmailMessage) -> str:
        """Hand one message over and return the server's reply. Raises ``Refused`` or ``Outage``."""
        ...


class SmtpTransport:
    """One connection per message: a mail is rare beside a seal, and a broken connection then costs one mail."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    def send(self, message: EmailMessage) -> str:
        try:
            server = self._connected()
            try:
                return self._hand_over(server, message)
            finally:
                # What was answered stands, however the farewell goes: a mail accepted must not be sent again.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
        except smtplib.SMTPServerDisconnected as problem:
            raise Outage("smtp.unreachable", str(problem)) from problem
        except smtplib.SMTPResponseException as problem:
            raise Outage("smtp.failed", f"{type(problem).__name__} {problem.smtp_code}") from problem
        except smtplib.SMTPException as problem:
            raise Outage("smtp.failed", type(problem).__name__) from problem
        except OSError as problem:
            raise Outage("smtp.unreachable", str(problem.strerror or problem)) from problem

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

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> str:
        recipient = _ascii_address(str(message["To"]))
        server.ehlo_or_helo_if_needed()
        _answered(server.mail(self._smtp.sender), whole_house=True)
        _answered(server.rcpt(recipient), whole_house=False)
        try:
            answer = server.data(message.as_bytes())
        except smtplib.SMTPDataError as problem:
            # DATA itself was declined, before a byte was sent: this recipient's answer like any other.
            answer = (problem.smtp_code, _as_bytes(problem.smtp_error))
        return _answered(answer, whole_house=False)


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


def _as_bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()


def _answered(answer: tuple[int, bytes], *, whole_house: bool) -> str:
    """The reply of a step that went well. A refusal of our own address is everybody's outage, not this recipient's."""
    code, said = answer
    reply = f"{code} {said.decode('utf-8', 'replace')}"
    if code < 300:
        return reply
    if whole_house:
        raise Outage("smtp.failed", reply)
    if code >= 500:
        raise Refused(reply)
    raise Outage("smtp.deferred", reply)


class MailboxTransport:
    """The demo's mailbox: a folder whose messages a page on loopback shows. Nothing leaves the machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> str:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = self._folder / f"{name}.eml"
        scratch = path.with_suffix(".new")
        scratch.write_bytes(message.as_bytes())
        scratch.rename(path)
        return "250 kept in the demo mailbox"


def transport() -> Transport:
    """The house's way out. Raises ``Outage`` when none is configured: mail then waits instead of vanishing."""
    house = settings.TACHIAI
    if house.smtp is not None:
        return SmtpTransport(house.smtp)
    if house.mode == "demo":
        return MailboxTransport(house.home / "mailbox")
    raise Outage("smtp.unconfigured", "set TACHIAI_SMTP_URL")
