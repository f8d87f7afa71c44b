"""What members may change about themselves: what they are called and which language mails reach them in. Never a right."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ledger, outbox
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.errors import Refusal


def change_own_details(*, name: str, language: str, by: Member, at: datetime) -> None:
    """Record the member's own name and language. Refuses with ``member.nameless`` or ``language.unknown``."""
    called = outbox.one_line(name, longest=100)
    if not called:
        raise Refusal("member.nameless")
    if language not in Language.values:
        raise Refusal("language.unknown")
    with transaction.atomic(durable=True):
        Member.objects.filter(pk=by.pk).update(name=called, language=language)
        stream = f"organization:{by.organization_id}"
        actor = ledger.Actor("member", str(by.pk))
        data = {"member": str(by.pk), "language": language}
        ledger.append(stream, "member.changed", by=actor, at=at, data=data, personal={"name": called})
    by.refresh_from_db()
