"""Who the counterparties are, who may sign for them, and since when (取引先・届出)."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.counterparties.codes import check_code, reserve_code_attempt, same_code, suspend_if_spent, well_formed
    from tachiai.counterparties.confirming import confirm_mail, find_registration, request_code
    from tachiai.counterparties.credentials import Credential, Kind, credentials_of, note_enrolled, reset_credential
    from tachiai.counterparties.drafting import Told, begin_draft, correct, find_draft, request_draft_code, revise_draft, told_in
    from tachiai.counterparties.forgetting import forget_person
    from tachiai.counterparties.form_settings import FormWords, find_form, form_of, set_form
    from tachiai.counterparties.importing import import_registrations, read_csv
    from tachiai.counterparties.recoding import approve_code, ask_for_code
    from tachiai.counterparties.registering import Entered, register
    from tachiai.counterparties.reviewing import approve, expire_registrations, return_registration, revoke, set_validity
    from tachiai.counterparties.submitting import expire_drafts, submit_draft
    from tachiai.counterparties.usable import registrations_of, usable_registrations

__all__ = [
    "Credential",
    "Entered",
    "FormWords",
    "Kind",
    "Told",
    "approve",
    "approve_code",
    "ask_for_code",
    "begin_draft",
    "check_code",
    "confirm_mail",
    "correct",
    "credentials_of",
    "expire_drafts",
    "expire_registrations",
    "find_draft",
    "find_form",
    "find_registration",
    "forget_person",
    "form_of",
    "import_registrations",
    "note_enrolled",
    "read_csv",
    "register",
    "registrations_of",
    "request_code",
    "request_draft_code",
    "reserve_code_attempt",
    "reset_credential",
    "return_registration",
    "revise_draft",
    "revoke",
    "same_code",
    "set_form",
    "set_validity",
    "submit_draft",
    "suspend_if_spent",
    "told_in",
    "usable_registrations",
    "well_formed",
]

__getattr__ = face(__name__, __file__)
