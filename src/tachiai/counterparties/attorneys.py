"""委任状: a stranger's PDF, looked into by a limited child before it is kept, and given out by the vault alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import ledger, vault
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_see_registrations
from tachiai.counterparties.models import Registration
from tachiai.counterparties.registering import stream_of
from tachiai.errors import Refusal
from tachiai.pages.inspect import inspect
from tachiai.vault import Stored

LARGEST = 10 * 1024 * 1024
MOST_PAGES = 30


@dataclass(frozen=True)
class Attorney:
    """A power of attorney that was inspected and whose bytes are in the store, but not yet on record."""

    name: str
    stored: Stored


def take_attorney(name: str, pdf: bytes) -> Attorney:
    """Inspect and store a power of attorney; slow, so never inside a transaction.

    Refuses with a ``file.…`` code, and with ``attorney.unfit`` for what could only be taken after rewriting (it may do something
    when it is opened, or hides something): nobody asks its sender page by page whether the rewriting is the same.
    """
    if len(pdf) > LARGEST:
        raise Refusal("file.too_large", limit_mb=LARGEST // (1024 * 1024))
    found = inspect(pdf)
    if found.reasons_to_normalise:
        raise Refusal("attorney.unfit")
    if found.page_count > MOST_PAGES:
        raise Refusal("file.too_many_pages", limit=MOST_PAGES)
    return Attorney(name.strip()[:200] or "attorney.pdf", vault.put(pdf, kind="attorney"))


def attorney_of(registration: Registration, *, by: Member, at: datetime) -> tuple[str, bytes]:
    """Its file name and bytes, for who may see registrations; on record as taken.

    Refuses with ``registration.not_allowed``, or ``page.unknown`` where there is none.
    """
    if not may_see_registrations(by) or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if registration.attorney is None:
        raise Refusal("page.unknown")
    pdf = vault.read(registration.attorney)
    with transaction.atomic(durable=True):
        data: dict[str, object] = {"registration": str(registration.pk)}
        actor = ledger.Actor("member", str(by.pk))
        ledger.append(stream_of(registration), "registration.attorney_taken", by=actor, at=at, data=data)
    return registration.attorney_name, pdf
