"""写しの交付 in the demonstration's data: one that was given, one that was refused, and one that waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from tachiai import clock
from tachiai.accounts.models import Organization
from tachiai.cli.demo_acts import ADDRESSES, Player
from tachiai.cli.demo_cast import Party
from tachiai.cli.demo_people import SLUG
from tachiai.cli.demo_story import Plan
from tachiai.clock import JAPAN
from tachiai.envelopes.asking_copies import Wanted, begin_request, confirm_request, find_request
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.giving_copies import grant_copies, places_for, refuse_copies

CHECKED = "届出の電話番号に折り返し、代表者本人と確認しました。"
REFUSED = "登記の代表者と異なる方からの申出でした。代表者の方から、あらためてお申し込みください。"


def copy_requests(player: Player, plans: Sequence[Plan], today: date) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """Three who lost their mailbox after a contract was concluded long enough ago; fewer where fewer were."""
    old = {plan.party: plan for plan in plans if _concluded_before(plan, today - timedelta(days=14))}
    for days, plan, decide in zip((9, 6, 2), old.values(), (_grant, _refuse, None), strict=False):
        at = datetime.combine(today - timedelta(days=days), time(10, 40), JAPAN)
        yield at, _asking(player, plan)
        if decide is not None:
            yield at + timedelta(hours=3), _deciding(decide, player, plan)


def _concluded_before(plan: Plan, day: date) -> bool:
    """Signed by both sides, the city last, and by a party whom the approver may give copies."""
    signed = [step for step in plan.steps if step.act == "signs"]
    ours = plan.sender == "clerk" and plan.party.startswith("p")
    return ours and len(signed) == len(plan.asked) > 0 and signed[-1].who == "mayor" and signed[-1].at.date() < day


def _asking(player: Player, plan: Plan) -> Callable[[], object]:
    return lambda: _ask(player, player.parties[plan.party], plan)


def _deciding(decide: Callable[[Player, CopyRequest], None], player: Player, plan: Plan) -> Callable[[], object]:
    return lambda: decide(player, CopyRequest.objects.select_related("organization").get(former_mail=player.parties[plan.party].mail))


def _ask(player: Player, party: Party, plan: Plan) -> None:
    city, mail = Organization.objects.get(slug=SLUG), party.mail.replace("@", ".new@")
    contracts = f"「{plan.name}」の契約書の写しを希望します。"
    wanted = Wanted(party.organization, party.name, mail, party.mail, "000-000-0003", contracts, party.title, party.language)
    key = begin_request(city, wanted, address=ADDRESSES[1], at=clock.now())
    player.settle()
    confirm_request(find_request(SLUG, key, at=clock.now()), player.post.code(mail), at=clock.now())


def _grant(player: Player, request: CopyRequest) -> None:
    by = player.member("second")
    grant_copies(request, [places_for(request, by)[0].pk], registration=None, checked=CHECKED, by=by, at=clock.now())


def _refuse(player: Player, request: CopyRequest) -> None:
    refuse_copies(request, reason=REFUSED, by=player.member("second"), at=clock.now())
