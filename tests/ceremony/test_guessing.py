"""Guessing a six-digit code: what is judged, what is counted, who is told, and when it ends (docs/threat-model.md)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from cast import CODE, link_for
from crowds import codes_of, together
from invariants import check_house, events
from stages import Scene, enters, sent
from tachiai import ceremony, clock, counterparties
from tachiai.ceremony import attempts
from tachiai.ceremony.models import Invitation, Purpose, WrongCode
from tachiai.counterparties import codes
from tachiai.counterparties.models import Registration
from tachiai.envelopes.drafting import create_envelope, name_recipients
from tachiai.envelopes.models import Recipient
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.visiting import visit
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry
from tachiai.outbox.models import Mail

WRONG = "502847"


def guess(recipient: Recipient, code: str, *, at: datetime, address: str = "192.0.2.66") -> str:
    """What a try led to: the refusal's code, or ``open``."""
    try:
        open_envelope(visit(link_for(recipient.pk), key="", at=at), code=code, address=address, agent="tests", at=at)
    except Refusal as refusal:
        return refusal.code
    return "open"


def judged(monkeypatch: pytest.MonkeyPatch, noticed: Callable[[int], None] = lambda _: None) -> list[str]:
    """The codes that were really held against the verifier, from now on."""
    seen: list[str] = []
    original = codes.check_code

    def counted(registration: Registration, typed: str) -> bool:
        seen.append(typed)
        noticed(len(seen))
        return original(registration, typed)

    monkeypatch.setattr(codes, "check_code", counted)
    return seen


def told_locked() -> list[str]:
    return sorted(Mail.objects.filter(kind="M15").values_list("to", flat=True))


def test_of_a_hundred_guesses_at_once_five_are_judged(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right code is the sixth to arrive, while the first five are still being judged."""
    five = threading.Event()
    seen = judged(monkeypatch, lambda count: five.set() if count == 5 else None)
    vendor, at = scene.vendor, clock.now()

    def right() -> str:
        assert five.wait(60)
        return guess(vendor, CODE, at=at)

    answers = together([right, *[lambda: guess(vendor, WRONG, at=at)] * 99])
    assert seen == [WRONG] * 5
    assert sorted(set(answers)) == ["code.locked", "code.wrong"]
    assert answers[0] == "code.locked"
    assert answers.count("code.wrong") == 4
    assert Invitation.objects.get(subject=vendor.pk).tries_in_life == WrongCode.objects.count() == 5
    assert told_locked() == [scene.cast.clerk.mail, vendor.mail]
    assert events(scene.envelope).count("recipient.code_wrong") == 5
    check_house()


def test_a_lock_ends_after_a_quarter_of_an_hour(scene: Scene) -> None:
    vendor, at = scene.vendor, clock.now()
    assert [guess(vendor, WRONG, at=at) for _ in range(6)] == ["code.wrong"] * 4 + ["code.locked"] * 2
    assert guess(vendor, CODE, at=at + timedelta(minutes=15, seconds=-1)) == "code.locked"
    assert guess(vendor, CODE, at=at + timedelta(minutes=15)) == "open"


def test_the_tenth_ends_the_link_until_it_is_issued_anew(scene: Scene) -> None:
    vendor, at = scene.vendor, clock.now()
    later = at + timedelta(minutes=16)
    for _ in range(5):
        guess(vendor, WRONG, at=at)
    assert [guess(vendor, WRONG, at=later) for _ in range(5)] == ["code.wrong"] * 4 + ["code.ended"]
    assert guess(vendor, CODE, at=later + timedelta(days=2)) == "code.ended"
    assert told_locked() == sorted([scene.cast.clerk.mail, vendor.mail] * 2)
    old = link_for(vendor.pk)
    send_again(scene.vendor, by=scene.cast.clerk, at=later)
    with pytest.raises(Refusal, match=r"link\.replaced"):
        visit(old, key="", at=later)
    assert guess(vendor, CODE, at=later) == "open"


def test_twenty_in_thirty_days_suspend_the_registration(scene: Scene) -> None:
    """Over re-issues and envelopes; the counters outlive the process; every link of the registration stops."""
    vendor, at = scene.vendor, clock.now()
    other = sent(scene.cast).recipients.get(side="counterparty")
    for minutes in (0, 16):
        for _ in range(5):
            guess(vendor, WRONG, at=at + timedelta(minutes=minutes))
    send_again(scene.vendor, by=scene.cast.clerk, at=at + timedelta(hours=1))
    connections.close_all()
    for _ in range(5):
        guess(vendor, WRONG, at=at + timedelta(hours=2))
    connections.close_all()
    day = at + timedelta(days=3)
    assert [guess(other, WRONG, at=day) for _ in range(5)] == ["code.wrong"] * 4 + ["registration.suspended"]
    assert guess(other, CODE, at=day + timedelta(days=1)) == "registration.suspended"
    assert guess(vendor, CODE, at=day) == "registration.suspended"
    registration = Registration.objects.get(pk=scene.cast.vendor.pk)
    assert registration.suspended_at == day
    assert Entry.objects.filter(event="registration.suspended").count() == 1
    assert registration not in counterparties.usable_registrations(scene.cast.city)
    draft = create_envelope(by=scene.cast.clerk, at=at)
    with pytest.raises(Refusal, match=r"registration\.not_usable"):
        name_recipients(draft, [(1, registration)], by=scene.cast.clerk, at=at)
    check_house()


def test_wrong_codes_are_forgotten_after_thirty_days(scene: Scene) -> None:
    vendor, at = scene.vendor, clock.now()
    for minutes in (0, 16):
        for _ in range(5):
            guess(vendor, WRONG, at=at + timedelta(minutes=minutes))
    assert ceremony.wrong_attempts(scene.cast.vendor.pk, at=at + timedelta(days=29)) == 10
    assert ceremony.wrong_attempts(scene.cast.vendor.pk, at=at + timedelta(days=31)) == 0


def test_of_a_registration_twenty_are_judged_however_many_links_are_tried_at_once(cast: object) -> None:
    """Eight links of one registration would give forty tries; twenty are the registration's, settled or not."""
    vendor = Registration.objects.get(mail="vendor@example.jp")
    at = clock.now()
    links = [_link(at) for _ in range(8)]

    def reserve(number: int) -> object:
        with transaction.atomic(durable=True):
            return counterparties.reserve_code_attempt(vendor, links[number % 8], address=f"192.0.2.{number}", at=at)

    results = together([lambda number=number: reserve(number) for number in range(40)])
    assert codes_of(results) == ["registration.suspended"] * 20
    assert ceremony.wrong_attempts(vendor.pk, at=at) == 20


def test_a_right_code_gives_its_try_back(scene: Scene) -> None:
    vendor, at = scene.vendor, clock.now()
    for _ in range(3):
        assert [guess(vendor, WRONG, at=at) for _ in range(3)] == ["code.wrong"] * 3
        assert guess(vendor, CODE, at=at) == "open"
    link = Invitation.objects.get(subject=vendor.pk)
    assert (link.tries, link.tries_in_life) == (0, 9)
    assert ceremony.wrong_attempts(scene.cast.vendor.pk, at=at) == 9


@pytest.mark.parametrize("typed", ["７３９１８４", " 739 184\n", "739-184", "７３９−１８４", "739184\u3000"])
def test_what_people_type_and_paste_is_taken(scene: Scene, typed: str) -> None:
    assert guess(scene.vendor, typed, at=clock.now()) == "open"


def test_what_cannot_be_a_code_is_not_counted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, at = judged(monkeypatch), clock.now()
    for typed in ("", "73918", "7391845", "73918x", "七三九一八四", "739184739184", "٧٣٩١٨٤x", "9" * 10_000):
        assert guess(scene.vendor, typed, at=at) == "code.malformed"
    assert seen == []
    assert not WrongCode.objects.exists()


def _link(at: datetime) -> Invitation:
    with transaction.atomic(durable=True):
        return ceremony.invite(Purpose.SIGN, uuid.uuid4(), expires_at=at + timedelta(days=30), at=at)


def _spray(link: Invitation, *, address: str, at: datetime) -> str:
    try:
        with transaction.atomic(durable=True):
            attempts.reserve_attempt(link, verifier=None, address=address, at=at)
    except Refusal as refusal:
        return refusal.code
    return "judged"


def test_one_code_sprayed_over_many_links_meets_the_budgets(house: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "HOUSE_BUDGET", 70)
    at = clock.now()
    links = [_link(at) for _ in range(85)]
    answers = [_spray(link, address="203.0.113.5", at=at) for link in links[:65]]
    assert answers == ["judged"] * 60 + ["code.busy"] * 5
    # Another address has a budget of its own, until the whole house's is spent.
    answers = [_spray(link, address="2001:db8::7", at=at) for link in links[65:80]]
    assert answers == ["judged"] * 10 + ["code.busy"] * 5
    assert _spray(links[81], address="203.0.113.5", at=at + timedelta(minutes=59)) == "code.busy"
    assert _spray(links[82], address="203.0.113.5", at=at + timedelta(minutes=61)) == "judged"
    # Whoever was stopped by a budget has used up nobody's link.
    assert Invitation.objects.filter(tries_in_life__gt=0).count() == 71


def test_a_stranger_without_a_link_locks_nobody(scene: Scene) -> None:
    at = clock.now()
    for token in ("", "x", "A" * 43, link_for(scene.vendor.pk)[:-1], link_for(scene.vendor.pk) + "A", link_for(scene.vendor.pk).swapcase()):
        with pytest.raises(Refusal, match=r"link\.unknown"):
            visit(token, key="", at=at)
    assert not WrongCode.objects.exists()


def test_a_code_that_was_judged_while_the_link_was_replaced_opens_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, at = scene.vendor, clock.now()

    def slow(registration: Registration, typed: str) -> bool:
        send_again(scene.vendor, by=scene.cast.clerk, at=at)
        return True

    found = visit(link_for(vendor.pk), key="", at=at)
    monkeypatch.setattr(codes, "check_code", slow)
    with pytest.raises(Refusal, match=r"link\.replaced"):
        open_envelope(found, code=CODE, address="192.0.2.1", agent="", at=at)
    link = Invitation.objects.get(subject=vendor.pk)
    assert (link.tries, link.tries_in_life, link.generation) == (0, 0, 2)
    with pytest.raises(Refusal, match=r"link\.replaced"):
        open_envelope(found, code=CODE, address="192.0.2.1", agent="", at=at)
    assert Invitation.objects.get(subject=vendor.pk).tries_in_life == 0
    monkeypatch.undo()
    assert enters(scene.vendor).ceremony is not None
    check_house()
