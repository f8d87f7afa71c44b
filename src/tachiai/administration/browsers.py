"""From which browsers a member has come in, so that the first login from another one is told them by mail."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from tachiai import outbox
from tachiai.accounts.models import KnownBrowser, Member


def tell_new_browser(member: Member, agent: str, *, at: datetime) -> None:
    """Remember the browser, in the caller's transaction; one that was never used before is told, save the very first of all."""
    digest = _digest(member, agent)
    known = {bytes(one) for one in KnownBrowser.objects.filter(member=member).values_list("digest", flat=True)}
    if digest in known:
        return
    # Two logins at once may both come here: neither is to fail because of the other.
    KnownBrowser.objects.bulk_create([KnownBrowser(member=member, digest=digest, created_at=at)], ignore_conflicts=True)
    if known:
        _tell(member, at=at)


def _digest(member: Member, agent: str) -> bytes:
    """A browser of this member without its version, which changes every few weeks; the name itself is not kept."""
    return hashlib.sha256(member.pk.bytes + re.sub(r"[\d._]+", "", agent[:300]).encode()).digest()


def _tell(member: Member, *, at: datetime) -> None:
    organization = member.organization
    facts = {
        "organization": organization.name,
        "recipient": {"organization": organization.name, "title": member.title, "name": member.name},
        "purpose": "new_sign_in",
    }
    stream = f"organization:{organization.pk}"
    outbox.mail("M26", to=member.mail, language=member.language, context=facts, stream=stream, about=member.pk, at=at)
