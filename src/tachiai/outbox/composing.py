"""Composing: a row becomes a message, its link derived at the last moment."""

from __future__ import annotations

import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from tachiai.crypto.tokens import link_token
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail

SENDER_NAME = "電子契約 Tachiai"


def compose(mail: Mail) -> EmailMessage:
    """The message of a mail row, in its language: subject and text from ``mail/<kind>.txt``, HTML from ``mail/<kind>.html``."""
    context = _context(mail)
    with translation.override(mail.language):
        subject = one_line(render_to_string(f"mail/{mail.kind}.subject.txt", context))
        text = render_to_string(f"mail/{mail.kind}.txt", context)
        html = render_to_string("mail/frame.html", {**context, "subject": subject, "text": text})
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = Address(SENDER_NAME, addr_spec=settings.TACHIAI.mail_from)
    message["To"] = mail.to
    if context.get("reply_to"):
        message["Reply-To"] = one_line(str(context["reply_to"]))
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    if mail.thread:
        message["References"] = mail.thread
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _context(mail: Mail) -> dict[str, Any]:
    concealed = mail.context.get("concealed", {})
    return {
        **mail.context,
        **{name: reveal(value) for name, value in concealed.items()},
        "link": _link(mail),
        "service": settings.TACHIAI.public_url,
        "language": mail.language,
    }


def _link(mail: Mail) -> str:
    base = settings.TACHIAI.public_url
    if mail.link_invitation is not None:
        key = settings.TACHIAI.secret("link")
        token = link_token(key, mail.link_invitation, generation=mail.link_generation)
        return f"{base}/{mail.link_door}/{token}"
    path = str(mail.context.get("path", ""))
    return f"{base}{path}" if path else ""


def one_line(value: str, *, longest: int = 200) -> str:
    """Text that is safe in a header: no line ends, control or direction-changing characters, and not endless."""
    kept = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in value)
    plain = "".join(char for char in kept if unicodedata.category(char) != "Cf")
    return " ".join(plain.split())[:longest]
