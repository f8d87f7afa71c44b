"""Everything that happens in the demonstration's data besides the envelopes themselves, and all of it in the order of its times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from tachiai import clock, counterparties
from tachiai.administration.deputies import set_deputy
from tachiai.administration.login_record import Whence, note_login, note_refused_login
from tachiai.administration.members import Details, change_member, details_of, invite_member, stop_member
from tachiai.cli.demo_acts import ADDRESSES, DESK, Player
from tachiai.cli.demo_cast import INVITED, PARTIES, SENDERS, TYPED, Party
from tachiai.cli.demo_copies import copy_requests
from tachiai.cli.demo_founding import found
from tachiai.cli.demo_people import Postbox
from tachiai.cli.demo_story import Plan, in_order
from tachiai.clock import JAPAN
from tachiai.counterparties.models import Registration
from tachiai.envelopes.foldering import share_envelope
from tachiai.envelopes.handing_over import hand_over
from tachiai.house import House

ON_PAPER = 12  # so many counterparties registered on paper when the city began; the others come online, before their first contract
FILERS = (
    Party("f1", "株式会社あさつゆ農園（架空）", "代表取締役", "朝露 実", "asatsuyu@example.jp"),
    Party("f2", "Blue Tram Media Ltd. (fictional)", "Director", "Iris Tramway", "iris@example.com", language="en"),
    Party("f3", "㈱よつば書房（架空）", "代表取締役", "四葉 文", "yotsuba@example.jp"),
    Party("f4", "有限会社うみねこ商店（架空）", "取締役", "海猫 凪", "umineko@example.jp"),
)


@dataclass(frozen=True)
class Happening:
    """Something to do at a time. What does not ``matter`` leaves nothing for the workers, and its entry can wait for its token."""

    at: datetime
    act: Callable[[], object]
    matters: bool = True


def happenings(house: House, plans: Sequence[Plan], *, settle: Callable[[], object], today: date, seed: int) -> list[Happening]:
    """The whole story, the earliest first. Making the list does nothing."""
    player = Player(Postbox(), settle)
    first = clock.now()
    told = [Happening(first, lambda: found(house, player))]
    told += _registrations(player, plans, first)
    for at, plan, step in in_order(plans):
        told.append(Happening(at, _doing(player, plan, step)))
    told += _administration(player, plans, today)
    told += _filings(player, today)
    told += [Happening(at, act) for at, act in copy_requests(player, plans, today)]
    told += _logins(player, first, today, Random(f"{seed}:logins"))
    return sorted(told, key=lambda one: one.at)


def _doing(player: Player, plan: Plan, step: object) -> Callable[[], object]:
    return (lambda: player.make(plan)) if step is None else (lambda: player.do(plan, step))  # type: ignore[arg-type]


def _registrations(player: Player, plans: Sequence[Plan], first: datetime) -> Iterator[Happening]:
    """Each counterparty before its first contract: on paper at the beginning, or online some days before."""
    needed: dict[str, datetime] = {}
    for plan in plans:
        for asked in plan.asked:
            if asked.who in player.parties and asked.who not in {one.key for one in TYPED}:
                needed[asked.who] = min(plan.made_at, needed.get(asked.who, plan.made_at))
    for number, party in enumerate(one for one in PARTIES if one.key in needed):
        early = first + timedelta(minutes=20 + 3 * number)
        online = needed[party.key] - timedelta(days=2)
        if number < ON_PAPER or online <= first + timedelta(days=1):
            yield Happening(early, _calling(player.register, party))
        else:
            yield Happening(online, _calling(player.register_online, party))
            yield Happening(online + timedelta(hours=20), _calling(_approve, player, party))


def _calling(act: Callable[..., object], *given: object) -> Callable[[], object]:
    return lambda: act(*given)


def _approve(player: Player, party: Party) -> None:
    registration = _registered(player, party)
    counterparties.approve(registration, by=player.member("second"), at=clock.now())


def _registered(player: Player, party: Party) -> Registration:
    return Registration.objects.select_related("counterparty").get(pk=player.registered[party.key])


def _filings(player: Player, today: date) -> Iterator[Happening]:
    """Registrations as staff find them in the morning: two to review, one returned, one that ended."""
    for number, party in enumerate(FILERS):
        at = _on(today, 6 - number, 11)
        yield Happening(at, _calling(player.register_online, party))
        if number == 2:
            yield Happening(at + timedelta(hours=3), _calling(_return, player, party))
        if number == 3:
            yield Happening(at + timedelta(hours=2), _calling(_approve, player, party))
            yield Happening(at + timedelta(hours=4), _calling(_revoke, player, party))


def _return(player: Player, party: Party) -> None:
    registration = _registered(player, party)
    reason = "所在地の番地が抜けています。ご記入のうえ、もう一度届け出てください。"
    counterparties.return_registration(registration, reason=reason, by=player.member("second"), at=clock.now())


def _revoke(player: Player, party: Party) -> None:
    registration = _registered(player, party)
    counterparties.revoke(
        registration, reason="担当者の異動により、届け出た方から取消しの申出がありました。", by=player.member("clerk"), at=clock.now()
    )


def _on(today: date, days_ago: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(today - timedelta(days=days_ago), time(hour, minute), JAPAN)


def _administration(player: Player, plans: Sequence[Plan], today: date) -> Iterator[Happening]:
    """What an administrator does in the last days: an auditor's days, an invitation, a colleague who leaves; and who stands in for whom."""
    yield Happening(_on(today, 12, 9, 20), lambda: _stand_in(player, today), matters=False)
    yield Happening(_on(today, 5, 10), lambda: _date_auditor(player, today), matters=False)
    yield Happening(_on(today, 3, 13, 30), lambda: _invite(player))
    shared = next((plan for plan in plans if plan.sends and plan.sender == "clerk"), None)
    if shared is not None:
        yield Happening(shared.made_at + timedelta(minutes=30), lambda: _share(player, shared), matters=False)
    yield Happening(_on(today, 1, 20, 30), lambda: _leave(player))


def _stand_in(player: Player, today: date) -> None:
    """A section chief who is away these days, and an approver who will be."""
    second, works = player.member("second"), player.member("works")
    for approver, deputy, starts, ends in ((works, second, -12, 5), (second, works, 10, 17)):
        first, last = today + timedelta(days=starts), today + timedelta(days=ends)
        set_deputy(approver, deputy, starts=first, ends=last, by=approver, at=clock.now())


def _date_auditor(player: Player, today: date) -> None:
    auditor = player.member("auditor")
    details = replace(details_of(auditor), reads_from=today - timedelta(days=5), reads_until=today + timedelta(days=60))
    change_member(auditor, details, by=player.member("admin"), at=clock.now())


def _invite(player: Player) -> None:
    details = Details(name=INVITED.name, role=INVITED.role, title=INVITED.title, department=INVITED.department)
    invite_member(INVITED.mail, details, by=player.member("admin"), at=clock.now())


def _share(player: Player, plan: Plan) -> None:
    share_envelope(player.envelope(plan), player.member("road").pk, by=player.member(plan.sender), at=clock.now())


def _leave(player: Player) -> None:
    leaving, admin = player.member("school"), player.member("admin")
    hand_over(leaving, to=player.member("child"), by=admin, at=clock.now())
    stop_member(leaving, by=admin, at=clock.now())


def _logins(player: Player, first: datetime, today: date, dice: Random) -> Iterator[Happening]:
    """Mornings: the clerk on every working day, others now and then, and somebody who forgot a password."""
    day = first.astimezone(JAPAN).date() + timedelta(days=1)
    while day < today:
        if day.weekday() < 5:
            for key in ("clerk", *dice.sample((*SENDERS[1:], "second", "mayor", "admin", "auditor"), 1)):
                at = datetime.combine(day, time(8, dice.randrange(31, 59), dice.randrange(60)), JAPAN)
                yield Happening(at, _calling(_log_in, player, key), matters=False)
        if day.day in (4, 19):
            yield Happening(datetime.combine(day, time(8, 15), JAPAN), _calling(_mistype, player), matters=False)
        day += timedelta(days=1)


def _log_in(player: Player, key: str) -> None:
    note_login("member.logged_in", player.member(key), Whence(ADDRESSES[0], DESK), at=clock.now())


def _mistype(player: Player) -> None:
    note_refused_login(player.member("second").mail, Whence(ADDRESSES[0], DESK), at=clock.now())
