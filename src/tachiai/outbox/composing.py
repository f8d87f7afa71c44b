"""Composing: a row becomes a message, its link derived at the last moment."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from tachiai.crypto.tokens import link_token
from tachiai.outbox.concealing import reveal
from tachiai.outbox.letters import Letter, one_line, write_letter
from tachiai.outbox.models import Mail
from tachiai.outbox.wire import POLICY, Headers, Value, Written, written

SERVICE_NAMES = {"ja": "電子契約 Tachiai", "en": "Tachiai e-contracts"}


def compose(mail: Mail) -> EmailMessage:
    """The message of a mail row as an object to be read: the very message that :func:`write` writes."""
    headers, letter = _composed(mail)
    message = EmailMessage(policy=POLICY)
    for name, value in headers:
        message[name] = value
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    return message


def preview(mail: Mail, *, link: str) -> Letter:
    """The letter of a mail row that was never written down, by the very same words; ``link`` stands where its link would."""
    return write_letter(mail.kind, {**_context(mail), "link": link}, language=mail.language)


def write(mail: Mail) -> Written:
    """The message of a mail row, in its language: the letter as text and as HTML, addressed and threaded, ready for the wire."""
    headers, letter = _composed(mail)
    return written(headers, text=letter.text, html=letter.html)


def _composed(mail: Mail) -> tuple[Headers, Letter]:
    context = _context(mail)
    letter = write_letter(mail.kind, context, language=mail.language)
    reply_to = one_line(str(context.get("reply_to") or ""))
    headers: list[tuple[str, Value]] = [
        ("Subject", letter.subject),
        ("From", Address(SERVICE_NAMES[mail.language], addr_spec=settings.TACHIAI.mail_from)),
        ("To", mail.to),
        ("Reply-To", reply_to),
        ("Date", format_datetime(mail.created_at)),
        ("Message-ID", mail.message_id),
        ("Auto-Submitted", "auto-generated"),
        ("References", mail.thread),
    ]
    return [(name, value) for name, value in headers if value], letter


def _context(mail: Mail) -> dict[str, Any]:
    facts = {name: value for name, value in mail.context.items() if name != "concealed"}
    facts |= {name: reveal(value) for name, value in mail.context.get("concealed", {}).items()}
    return {
        **facts,
        # The library that makes password links makes them whole; every other link is made here.
        "link": _link(mail) or facts.get("reset_url", ""),
        "service": SERVICE_NAMES[mail.language],
        "written_at": mail.created_at.isoformat(),
    }


def _link(mail: Mail) -> str:
    base = settings.TACHIAI.public_url
    if mail.link_invitation is not None:
        key = settings.TACHIAI.secret("link")
        token = link_token(key, mail.link_invitation, generation=mail.link_generation)
        return f"{base}/{mail.link_door}/{token}"
    path = str(mail.context.get("path", ""))
    return f"{base}{path}" if path else ""
