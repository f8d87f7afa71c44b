"""Links: made from a key outside the database, stored as digests, replaced by a newer generation, closed when done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from tachiai.ceremony.models import FormerLink, Invitation, Purpose
from tachiai.crypto.tokens import link_token, token_digest
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, PreparedChange, among, given
from tachiai.rowwise import insert_each


def invite(purpose: Purpose, subject: uuid.UUID, *, expires_at: datetime, at: datetime) -> Invitation:
    """Open a link for ``subject``, in the caller's transaction. A second call makes a new link and ends the old one."""
    return invite_many(purpose, {subject: expires_at}, at=at)[subject]


def invite_many(purpose: Purpose, expiries: Mapping[uuid.UUID, datetime], *, at: datetime) -> dict[uuid.UUID, Invitation]:
    """As :func:`invite` for several subjects, each with the time its link expires."""
    standing = _STANDING.all(purpose=purpose, subjects=expiries)
    found = {old.subject: _renew(old, expires_at=expiries[old.subject], at=at) for old in standing}
    fresh = [_opened(purpose, subject, expires_at=end, at=at) for subject, end in expiries.items() if subject not in found]
    insert_each(fresh)
    return found | {new.subject: new for new in fresh}


_STANDING = Prepared(
    lambda: (
        Invitation.objects.select_for_update()
        .filter(purpose=given("purpose", Invitation, "purpose"), subject__in=among("subjects", Invitation, "subject"))
        .order_by("pk")
    )
)


def _opened(purpose: Purpose, subject: uuid.UUID, *, expires_at: datetime, at: datetime) -> Invitation:
    fresh = uuid.uuid4()
    digest = token_digest(link_token(_link_key(), fresh, generation=1))
    return Invitation(id=fresh, purpose=purpose, subject=subject, token_digest=digest, expires_at=expires_at, created_at=at)


def _renew(standing: Invitation, *, expires_at: datetime, at: datetime) -> Invitation:
    FormerLink.objects.create(invitation=standing, token_digest=bytes(standing.token_digest), replaced_at=at)
    standing.generation += 1
    standing.token_digest = token_digest(link_token(_link_key(), standing.id, generation=standing.generation))
    standing.expires_at = expires_at
    standing.closed_at = standing.locked_until = None
    standing.tries = standing.tries_in_life = 0
    standing.save()
    return standing


def link_of(invitation: Invitation) -> str:
    """The token of the invitation's present link. Only the composer of the invited person's own mail may ask."""
    return link_token(_link_key(), invitation.id, generation=invitation.generation)


def find_invitation(purpose: Purpose, token: str) -> Invitation:
    """The invitation whose present link carries ``token``.

    Refuses with ``link.replaced`` for a link that a newer one ended, and ``link.unknown`` for anything else.
    Expiry and closing are not judged here: what they mean depends on what the link was for.
    """
    digest = token_digest(token)
    found = _BY_DIGEST.first(purpose=purpose, digest=digest)
    if found is not None:
        return found
    former = FormerLink.objects.select_related("invitation").filter(token_digest=digest, invitation__purpose=purpose).first()
    if former is not None:
        raise Refusal("link.replaced", subject=former.invitation.subject)
    raise Refusal("link.unknown")


_BY_DIGEST = Prepared(
    lambda: Invitation.objects.filter(
        purpose=given("purpose", Invitation, "purpose"), token_digest=given("digest", Invitation, "token_digest")
    )[:1]
)


def standing_invitation(purpose: Purpose, subject: uuid.UUID) -> Invitation | None:
    """The invitation of ``subject`` as it stands, its link unchanged: for whoever writes of the same link once more."""
    return Invitation.objects.filter(purpose=purpose, subject=subject).first()


def close_invitation(purpose: Purpose, subject: uuid.UUID, *, at: datetime) -> None:
    """No further visit through this link, in the caller's transaction; harmless when there is none."""
    _CLOSE.make(purpose=purpose, subject=subject, at=at)


_CLOSE = PreparedChange(
    lambda: Invitation.objects.filter(
        purpose=given("purpose", Invitation, "purpose"), subject=given("subject", Invitation, "subject"), closed_at=None
    ),
    closed_at=given("at", Invitation, "closed_at"),
)


@lru_cache(maxsize=1)
def _link_key() -> bytes:
    key: bytes = settings.TACHIAI.secret("link")
    return key
