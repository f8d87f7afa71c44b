"""Limits on guessing. An attempt is reserved and counted before it is judged, and given back only if it was right.

The numbers are in docs/threat-model.md: 5 wrong lock a link for 15 minutes, 10 end it until it is issued anew;
20 wrong in 30 days over all links of a registration suspend that registration; budgets per address and for the
whole house stop spraying one code over many links, and guessing at one mailed code after the other.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from tachiai.ceremony.models import Invitation, WrongCode
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, PreparedChange, counted, given

TRIES = 5
LOCK = timedelta(minutes=15)
TRIES_IN_LIFE = 10
REGISTRATION_TRIES = 20
REGISTRATION_WINDOW = timedelta(days=30)
BUDGET_WINDOW = timedelta(hours=1)
ADDRESS_BUDGET = 60
HOUSE_BUDGET = 2000


@dataclass(frozen=True)
class Attempt:
    """A reserved attempt: it counts as wrong until settled as right."""

    invitation: Invitation
    row: WrongCode
    tries_left: int

    @property
    def locks(self) -> bool:
        """Whether the link is locked or ended if this attempt turns out wrong."""
        return self.tries_left == 0


def reserve_attempt(invitation: Invitation, *, verifier: uuid.UUID | None, address: str, at: datetime) -> Attempt:
    """Take one of the link's tries, in the caller's transaction.

    Refuses with ``code.locked`` (until), ``code.ended``, ``code.busy`` (seconds), or ``link.replaced`` when the link was
    issued anew since ``invitation`` was read; without judging anything.
    """
    _within_budgets(address, at=at)
    _unlock_if_over(invitation, at=at)
    if not _TAKE.make(pk=invitation.pk, generation=invitation.generation):
        _refuse(invitation)
    fresh = _INVITATION.one(pk=invitation.pk)
    if fresh.tries >= TRIES:
        # Locked at once: should this process die before it has judged the code, the link stays shut.
        Invitation.objects.filter(pk=fresh.pk).update(locked_until=at + LOCK)
        fresh.locked_until = at + LOCK
    row = WrongCode.objects.create(invitation=fresh, verifier=verifier, address_digest=_address_digest(address), at=at)
    return Attempt(fresh, row, tries_left=min(TRIES - fresh.tries, TRIES_IN_LIFE - fresh.tries_in_life))


def settle_attempt(attempt: Attempt, *, right: bool) -> None:
    """What the attempt turned out to be, in the caller's transaction: a right one gives its try back.

    Refuses a right one with ``link.replaced`` when the link was issued anew while the code was judged: it opens nothing.
    """
    if not right:
        return
    attempt.row.delete()
    if not _GIVE_BACK.make(pk=attempt.invitation.pk, generation=attempt.invitation.generation):
        raise Refusal("link.replaced", subject=attempt.invitation.subject)


def reserve_guess(invitation: Invitation, *, address: str, at: datetime) -> WrongCode:
    """Count a try at a code whose own tries are counted with it, in the caller's transaction; it is wrong until taken back.

    Refuses with ``code.busy`` (seconds), without judging anything.
    """
    _within_budgets(address, at=at)
    return WrongCode.objects.create(invitation=invitation, address_digest=_address_digest(address), at=at)


def take_back_guess(guess: WrongCode) -> None:
    """The try was right, in the caller's transaction."""
    guess.delete()


def _this_link() -> QuerySet[Invitation]:
    """The row, as long as it is still about the link that it was read for."""
    return Invitation.objects.filter(pk=given("pk", Invitation), generation=given("generation", Invitation, "generation"))


_TAKE = PreparedChange(
    lambda: _this_link().filter(tries__lt=TRIES, tries_in_life__lt=TRIES_IN_LIFE),
    tries=F("tries") + 1,
    tries_in_life=F("tries_in_life") + 1,
)
_GIVE_BACK = PreparedChange(_this_link, tries=0, tries_in_life=F("tries_in_life") - 1, locked_until=None)
_UNLOCK = PreparedChange(
    lambda: _this_link().filter(locked_until__isnull=False, locked_until__lte=given("at", Invitation, "locked_until")),
    tries=0,
    locked_until=None,
)
_INVITATION = Prepared(lambda: Invitation.objects.filter(pk=given("pk", Invitation)))


def wrong_attempts(verifier: uuid.UUID, *, at: datetime) -> int:
    """How many wrong codes were tried against a registration in the last 30 days, over all its links."""
    return _WRONG_OF_VERIFIER(verifier=verifier, since=at - REGISTRATION_WINDOW)


def _within_budgets(address: str, *, at: datetime) -> None:
    since = at - BUDGET_WINDOW
    spent = _WRONG_FROM_ADDRESS(address=_address_digest(address), since=since)
    if spent >= ADDRESS_BUDGET or _WRONG(since=since) >= HOUSE_BUDGET:
        raise Refusal("code.busy", seconds=int(BUDGET_WINDOW.total_seconds()))


def _wrong_since() -> QuerySet[WrongCode]:
    return WrongCode.objects.filter(at__gt=given("since", WrongCode, "at"))


_WRONG = counted(_wrong_since)
_WRONG_FROM_ADDRESS = counted(lambda: _wrong_since().filter(address_digest=given("address", WrongCode, "address_digest")))
_WRONG_OF_VERIFIER = counted(lambda: _wrong_since().filter(verifier=given("verifier", WrongCode, "verifier")))


def _unlock_if_over(invitation: Invitation, *, at: datetime) -> None:
    _UNLOCK.make(pk=invitation.pk, generation=invitation.generation, at=at)


def _refuse(invitation: Invitation) -> None:
    standing = Invitation.objects.get(pk=invitation.pk)
    if standing.generation != invitation.generation:
        raise Refusal("link.replaced", subject=standing.subject)
    if standing.tries_in_life >= TRIES_IN_LIFE:
        raise Refusal("code.ended")
    raise Refusal("code.locked", until=standing.locked_until)


def _address_digest(address: str) -> bytes:
    """An address is personal data and only compared here, so it is not kept."""
    return hashlib.sha256(b"tachiai-address-v1" + address.encode()).digest()
