"""The mailbox to which mails come back, by IMAP or POP3. Each mail is marked or removed only once its taker has come back for the next."""

from __future__ import annotations

import imaplib
import poplib
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from tachiai.errors import Outage

TIMEOUT_SECONDS = 30
AT_MOST = 500
PORTS = {"imaps": 993, "imap": 143, "pop3s": 995, "pop3": 110}


def returned_mails(url: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each mail in ``imaps://user:password@host/folder`` that nobody has seen, or in ``pop3s://user:password@host``.

    Without the ``s`` the connection is made with STARTTLS, and refused where the server has none.
    Raises ``Outage`` (``bounces.unreachable``).
    """
    parts = urlsplit(url)
    read = _imap if parts.scheme.startswith("imap") else _pop3
    try:
        yield from read(parts)
    except (imaplib.IMAP4.error, poplib.error_proto, OSError) as problem:
        raise Outage("bounces.unreachable", type(problem).__name__) from problem


def _imap(parts: SplitResult) -> Iterator[tuple[str, bytes]]:
    host, port, context = parts.hostname or "", parts.port or PORTS[parts.scheme], ssl.create_default_context()
    if parts.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=TIMEOUT_SECONDS)
    else:
        server = imaplib.IMAP4(host, port, timeout=TIMEOUT_SECONDS)
        server.starttls(context)
    with server:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        _good(server.select(f'"{folder}"'))
        for number in _good(server.uid("SEARCH", "UNSEEN"))[0].split()[:AT_MOST]:
            name = number.decode()
            # Without PEEK the mail would count as seen before anybody has taken it.
            answer = _good(server.uid("FETCH", name, "(BODY.PEEK[])"))
            message = next((part[1] for part in answer if isinstance(part, tuple)), b"")
            yield name, bytes(message)
            _good(server.uid("STORE", name, "+FLAGS", r"(\Seen)"))


def _good(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(kind)
    return data


def _pop3(parts: SplitResult) -> Iterator[tuple[str, bytes]]:
    host, port, context = parts.hostname or "", parts.port or PORTS[parts.scheme], ssl.create_default_context()
    if parts.scheme == "pop3s":
        server: poplib.POP3 = poplib.POP3_SSL(host, port, context=context, timeout=TIMEOUT_SECONDS)
    else:
        server = poplib.POP3(host, port, timeout=TIMEOUT_SECONDS)
        server.stls(context)
    try:
        server.user(unquote(parts.username or ""))
        server.pass_(unquote(parts.password or ""))
        for number in range(1, min(server.stat()[0], AT_MOST) + 1):
            yield str(number), b"\r\n".join(server.retr(number)[1])
            server.dele(number)
    finally:
        # What was deleted is gone only after this word (RFC 1939, 6).
        server.quit()
