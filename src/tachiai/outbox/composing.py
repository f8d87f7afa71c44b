"""Composing: a row becomes a message, its link derived at the last moment."""

from __future__ import annotations

from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from tachiai.crypto.tokens import link_token
from tachiai.outbox.concealing import reveal
from tachiai.outbox.letters import one_line, write_letter
from tachiai.outbox.models import Mail

SERVICE_NAMES = {"ja": "電子契約 Tachiai", "en": "Tachiai e-contracts"}

# The library would break a long References header with encoded words, and threads with it; a message id may not be folded.
_headers = HeaderRegistry()
_headers.map_to_type("references", MessageIDHeader)  # type: ignore[arg-type]  # the stubs know only its base
# 76 is RFC 2047's limit for a line with encoded words; the library's own 78 makes words two characters too long.
POLICY = SMTP.clone(header_factory=_headers, max_line_length=76)


def compose(mail: Mail) -> EmailMessage:
    """The message of a mail row, in its language: the letter as text and as HTML, addressed and threaded.

    Both parts are base64 in UTF-8: the bytes pass any relay unchanged, with or without 8BITMIME, and so does a DKIM signature.
    """
    context = _context(mail)
    letter = write_letter(mail.kind, context, language=mail.language)
    message = EmailMessage(policy=POLICY)
    message["Subject"] = letter.subject
    message["From"] = Address(SERVICE_NAMES[mail.language], addr_spec=settings.TACHIAI.mail_from)
    message["To"] = mail.to
    if context.get("reply_to"):
        message["Reply-To"] = one_line(str(context["reply_to"]))
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    if mail.thread:
        message["References"] = mail.thread
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    return message


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
