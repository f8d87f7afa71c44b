"""Authenticated visits behind a link: begun by a right code, kept by a cookie, over after half an hour without a sign."""

from __future__ import annotations

from datetime import datetime, timedelta

from tachiai.ceremony.models import Authenticator, Ceremony, Invitation, Level
from tachiai.crypto.tokens import fresh_token, token_digest
from tachiai.prepared import Prepared, given
from tachiai.rowwise import insert_each

IDLE = timedelta(minutes=30)
NOTICED_EVERY = timedelta(minutes=1)


def begin(invitation: Invitation, *, level: Level, at: datetime) -> tuple[Ceremony, str]:
    """Open a ceremony, in the caller's transaction; the second value is the key for the visitor's cookie."""
    key = fresh_token()
    ceremony = Ceremony(
        invitation=invitation,
        generation=invitation.generation,
        key_digest=token_digest(key),
        level=level,
        began_at=at,
        seen_at=at,
    )
    insert_each([ceremony])
    return ceremony, key


def current(invitation: Invitation, key: str, *, at: datetime) -> Ceremony | None:
    """The ceremony that ``key`` opens, if it belongs to this link's present generation and was not left for long."""
    if not key:
        return None
    found = _OPENED.first(digest=token_digest(key), invitation=invitation.pk, generation=invitation.generation)
    if found is None or at - found.seen_at > IDLE:
        return None
    if at - found.seen_at > NOTICED_EVERY:
        Ceremony.objects.filter(pk=found.pk).update(seen_at=at)
    return found


_OPENED = Prepared(
    lambda: Ceremony.objects.filter(
        key_digest=given("digest", Ceremony, "key_digest"),
        invitation_id=given("invitation", Ceremony, "invitation"),
        generation=given("generation", Ceremony, "generation"),
        ended_at=None,
    )[:1]
)


def end(ceremony: Ceremony, *, at: datetime) -> None:
    Ceremony.objects.filter(pk=ceremony.pk, ended_at=None).update(ended_at=at)


def strengthen(ceremony: Ceremony, *, level: Level, authenticator: Authenticator, step: int) -> None:
    """This visit has also given a one-time password of ``step``, in the caller's transaction."""
    Ceremony.objects.filter(pk=ceremony.pk, ended_at=None).update(level=level, authenticator=authenticator, step=step)
