"""Links, codes and consent (署名手続): who came, how they proved it, and what exactly they agreed to."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.ceremony.attempts import (
        REGISTRATION_TRIES,
        TRIES_IN_LIFE,
        Attempt,
        reserve_attempt,
        reserve_guess,
        settle_attempt,
        take_back_guess,
        wrong_attempts,
    )
    from tachiai.ceremony.authenticators import (
        end_authenticator,
        enrol_authenticator,
        live_authenticator,
        matching_step,
        pending_secret,
        take_step,
    )
    from tachiai.ceremony.checking import check_consents, check_links
    from tachiai.ceremony.consents import (
        ConsentText,
        Instruction,
        Proposed,
        Shown,
        consent_of,
        consents_of,
        forget_personal,
        instruction_of,
        propose,
        record_consent,
    )
    from tachiai.ceremony.invitations import close_invitation, find_invitation, invite, invite_many, link_of, standing_invitation
    from tachiai.ceremony.models import Authenticator, Ceremony, Consent, Invitation, Level, Passkey, PasskeyProof, Purpose, WrongCode
    from tachiai.ceremony.offers import Offer, read_offer, shown_digest, write_offer
    from tachiai.ceremony.passkeys import (
        call_for,
        check_proof,
        check_word,
        end_passkey,
        enrol_passkey,
        forget_credentials,
        live_passkey,
        passkey_place,
        passkey_proof,
        passkeys_possible,
        proofs_of,
        read_word,
        record_proof,
        setup_for,
    )
    from tachiai.ceremony.visits import begin, current, end, strengthen

__all__ = [
    "REGISTRATION_TRIES",
    "TRIES_IN_LIFE",
    "Attempt",
    "Authenticator",
    "Ceremony",
    "Consent",
    "ConsentText",
    "Instruction",
    "Invitation",
    "Level",
    "Offer",
    "Passkey",
    "PasskeyProof",
    "Proposed",
    "Purpose",
    "Shown",
    "WrongCode",
    "begin",
    "call_for",
    "check_consents",
    "check_links",
    "check_proof",
    "check_word",
    "close_invitation",
    "consent_of",
    "consents_of",
    "current",
    "end",
    "end_authenticator",
    "end_passkey",
    "enrol_authenticator",
    "enrol_passkey",
    "find_invitation",
    "forget_credentials",
    "forget_personal",
    "instruction_of",
    "invite",
    "invite_many",
    "link_of",
    "live_authenticator",
    "live_passkey",
    "matching_step",
    "passkey_place",
    "passkey_proof",
    "passkeys_possible",
    "pending_secret",
    "proofs_of",
    "propose",
    "read_offer",
    "read_word",
    "record_consent",
    "record_proof",
    "reserve_attempt",
    "reserve_guess",
    "settle_attempt",
    "setup_for",
    "shown_digest",
    "standing_invitation",
    "strengthen",
    "take_back_guess",
    "take_step",
    "write_offer",
    "wrong_attempts",
]

__getattr__ = face(__name__, __file__)
