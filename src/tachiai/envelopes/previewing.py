"""What a recipient will read and be asked, shown to the sender before anything is sent. Nothing here changes or records anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tachiai.ceremony import Level
from tachiai.envelopes.asking_consent import Asked
from tachiai.envelopes.entering import blanks_of
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Document, Gate, Proof, Recipient, Side
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.routing import due_on
from tachiai.envelopes.telling import first_request
from tachiai.envelopes.terms import view_of
from tachiai.envelopes.wording import consent_text
from tachiai.outbox import Mail, preview

HERE = {"ja": "（ここに専用のリンクが入ります）", "en": "(the personal link stands here)"}


@dataclass(frozen=True)
class Letter:
    """A mail as its reader would see it, without a working link."""

    to: str
    language: str
    subject: str
    text: str


def request_letter(recipient: Recipient, *, at: datetime, language: str = "") -> Letter:
    """The request that ``recipient`` would be sent, composed as the real one is; ``language`` other than theirs for comparison."""
    kind, facts = first_request(recipient, due=due_on(recipient))
    spoken = language or recipient.language
    mail = Mail(kind=kind, to=recipient.mail, language=spoken, context=facts, message_id="<preview@invalid>", created_at=at)
    letter = preview(mail, link=HERE[spoken])
    return Letter(recipient.mail, spoken, letter.subject, letter.text)


def documents_for(recipient: Recipient) -> list[Document]:
    """The documents of a draft that ``recipient`` is to have."""
    meant = documents_meant(recipient.envelope_id).get(recipient.pk)
    return [one for one in documents_of(recipient.envelope) if not meant or one.pk in meant]


def asked_beforehand(recipient: Recipient, *, language: str) -> Asked:
    """What a signer of a draft will be asked to agree to, as far as it stands now; there is no offer that could come back."""
    documents = documents_for(recipient)
    text = consent_text(recipient, language=language)
    view = view_of(recipient, [one.name for one in documents], blanks_of(recipient), text)
    pages = [(one.name, one.pages) for one in documents]
    return Asked(view=view, documents=pages, level=level_asked(recipient), offer="", passkey=None)


def level_asked(recipient: Recipient) -> Level:
    """How sure the house will be of who signed, if they do what is asked of them."""
    if recipient.side == Side.OWN:
        return Level.PASSWORD if recipient.proof == Proof.PLAIN else Level.PASSWORD_AND_TOTP
    if recipient.proof == Proof.TOTP:
        return Level.MAIL_CODE_AND_TOTP
    if recipient.proof == Proof.PASSKEY:
        return Level.MAIL_CODE_AND_PASSKEY
    return Level.MAIL_AND_CODE if recipient.gate == Gate.REGISTERED else Level.MAIL_ONLY
