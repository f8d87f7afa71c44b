"""What registrations say of a person besides their name and address, forgotten when the person is (docs/operations/personal-data.md)."""

from __future__ import annotations

from tachiai import vault
from tachiai.counterparties.models import Registration, RegistrationDraft, Reviewer


def forget_person(mail: str) -> None:
    """In the caller's transaction: details and power of attorney of their registrations, their place as reviewer, their drafts."""
    mine = Registration.objects.filter(mail__iexact=mail)
    blobs = [one.attorney for one in mine.select_related("attorney") if one.attorney is not None]
    Reviewer.objects.filter(registration__in=mine).delete()
    Reviewer.objects.filter(mail__iexact=mail).delete()
    for draft in RegistrationDraft.objects.select_related("attorney"):
        if str(draft.values.get("mail", "")).lower() == mail.lower() or (draft.attorney is not None and draft.attorney in blobs):
            blobs += [draft.attorney] if draft.attorney is not None and draft.attorney not in blobs else []
            draft.delete()
    mine.update(representative="", representative_title="", contact="", return_reason="", attorney=None, attorney_name="")
    if blobs:
        vault.shred(blobs)
