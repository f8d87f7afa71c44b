"""Who the counterparties are, who may sign for them, and since when (取引先・届出)."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.counterparties.codes import check_code, reserve_code_attempt, suspend_if_spent, well_formed
    from tachiai.counterparties.confirming import confirm_mail, find_registration, request_code
    from tachiai.counterparties.credentials import Credential, Kind, credentials_of, note_enrolled, reset_credential
    from tachiai.counterparties.registering import Entered, approve, register, revoke
    from tachiai.counterparties.usable import registrations_of, usable_registrations

__all__ = [
    "Credential",
    "Entered",
    "Kind",
    "approve",
    "check_code",
    "confirm_mail",
    "credentials_of",
    "find_registration",
    "note_enrolled",
    "register",
    "registrations_of",
    "request_code",
    "reserve_code_attempt",
    "reset_credential",
    "revoke",
    "suspend_if_spent",
    "usable_registrations",
    "well_formed",
]

__getattr__ = face(__name__, __file__)
