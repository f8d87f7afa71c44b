"""What the counterparty will read, shown to the sender before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tachiai.envelopes.models import Recipient, Side
from tachiai.envelopes.telling import request_context
from tachiai.outbox import Mail, compose


@dataclass(frozen=True)
class Letter:
    """A mail as its reader would see it, without a working link."""

    to: str
    subject: str
    text: str


def request_letter(recipient: Recipient, *, at: datetime) -> Letter:
    """The request that ``recipient`` would be sent, composed as the real one is; its link leads nowhere."""
    kind = "M04" if recipient.side == Side.OWN else "M01"
    path = f"/envelopes/{recipient.envelope_id}/sign" if recipient.side == Side.OWN else "/s/…"
    context = {**request_context(recipient), "path": path}
    mail = Mail(kind=kind, to=recipient.mail, language=recipient.language, context=context, message_id="<preview@invalid>", created_at=at)
    message = compose(mail)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return Letter(recipient.mail, str(message["Subject"]), text)
