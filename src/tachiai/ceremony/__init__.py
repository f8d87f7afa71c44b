"""Links, codes and consent (署名手続): who came, how they proved it, and what exactly they agreed to."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.ceremony.attempts import REGISTRATION_TRIES, TRIES_IN_LIFE, Attempt, reserve_attempt, settle_attempt, wrong_attempts
    from tachiai.ceremony.consents import (
        ConsentText,
        Instruction,
        Shown,
        consent_of,
        forget_personal,
        instruction_of,
        record_consent,
    )
    from tachiai.ceremony.invitations import close_invitation, find_invitation, invite, invite_many, link_of
    from tachiai.ceremony.models import Ceremony, Consent, Invitation, Level, Purpose
    from tachiai.ceremony.visits import begin, current, end

__all__ = [
    "REGISTRATION_TRIES",
    "TRIES_IN_LIFE",
    "Attempt",
    "Ceremony",
    "Consent",
    "ConsentText",
    "Instruction",
    "Invitation",
    "Level",
    "Purpose",
    "Shown",
    "begin",
    "close_invitation",
    "consent_of",
    "current",
    "end",
    "find_invitation",
    "forget_personal",
    "instruction_of",
    "invite",
    "invite_many",
    "link_of",
    "record_consent",
    "reserve_attempt",
    "settle_attempt",
    "wrong_attempts",
]

__getattr__ = face(__name__, __file__)
