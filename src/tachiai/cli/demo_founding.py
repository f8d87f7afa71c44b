"""How the city of the demonstration's data begins: its people, groups and folders, approval routes and templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tachiai import administration, clock
from tachiai.accounts.models import Organization, Role
from tachiai.accounts.route_models import Timing
from tachiai.administration.groups import groups_of, save_folder, save_group
from tachiai.administration.members import change_member, details_of
from tachiai.administration.routes import Step, save_route
from tachiai.cli.demo_acts import BLANKS, Player
from tachiai.cli.demo_cast import CONTRACTS, DEPARTMENTS, PEOPLE
from tachiai.cli.demo_papers import print_paper
from tachiai.cli.demo_people import SLUG, demo_password, settle_demo_people
from tachiai.cli.demo_story import Paper
from tachiai.cli.demo_words import KINDS
from tachiai.envelopes.models import Gate, Side
from tachiai.envelopes.templates import Content, change_template, files_of, new_template
from tachiai.envelopes.templates_shape import Role as TemplateRole
from tachiai.house import House

# Each step is who stands in it, and whether any one of them suffices.
ROUTES: Mapping[str, tuple[str, Timing, tuple[tuple[tuple[str, ...], bool], ...]]] = {
    "section": ("係長決裁", Timing.BEFORE, ((("second",), False),)),
    "roads": ("道路課長決裁", Timing.BEFORE, ((("works",), False),)),
    "two_steps": ("副市長決裁（2段階）", Timing.BEFORE, ((("second", "works"), True), (("deputy",), False))),
    "later": ("締結前決裁", Timing.AFTER, ((("second",), False),)),
}
# What is agreed on without anybody's name being seen on it.
INVISIBLE = ("秘密保持契約書", "覚書")


def found(house: House, player: Player) -> None:
    """The city with everybody in it, and everything that has to be there before the first envelope."""
    settle_demo_people(house)
    city = Organization.objects.get(slug=SLUG)
    for one in PEOPLE:
        flags = {"may_sign": one.may_sign, "may_approve": one.may_approve}
        told = administration.NewMember(
            mail=one.mail,
            name=one.name,
            role=Role(one.role),
            title=one.title,
            department=one.department,
            phone="000-000-0001",
            language=one.language,
            **flags,
        )
        administration.create_member(city, told, password=demo_password(house), at=clock.now())
    for department in DEPARTMENTS:
        _open_department(player, department)
    groups = {group.pk for group in groups_of(player.member("admin"))}
    save_folder("全庁共通（協定・覚書）", groups=groups, by=player.member("admin"), at=clock.now())
    _lay_routes(player)
    for kind, _pattern, _things in KINDS:
        _make_template(player, kind)


def _open_department(player: Player, department: str) -> None:
    admin, name = player.member("admin"), department.rsplit(maxsplit=1)[-1]
    group = save_group(name, folder=None, by=admin, at=clock.now())
    folder = save_folder(department, groups={group.pk}, by=admin, at=clock.now())
    save_group(name, folder=folder.pk, group=group.pk, by=admin, at=clock.now())
    keys = [one.key for one in PEOPLE if one.department == department]
    for key in [*keys, *(("clerk", "second") if department == CONTRACTS else ())]:
        member = player.member(key)
        details = details_of(member)
        change_member(member, replace(details, groups=details.groups | {group.pk}), by=admin, at=clock.now())


def _lay_routes(player: Player) -> None:
    for key, (name, timing, steps) in ROUTES.items():
        told = [Step(tuple(player.member(who).pk for who in whos), any_one=any_one) for whos, any_one in steps]
        player.routes[key] = save_route(name, told, timing=timing, by=player.member("admin"), at=clock.now()).pk


def _make_template(player: Player, kind: str) -> None:
    """One page with the places of both sides; an order is signed by whoever reads a code in their mail."""
    by = player.member("second")
    paper = print_paper(
        Paper(kind, kind), party="（契約の相手方）", representative="（代表者　職・氏名）", amount=None, day="令和　年　月　日"
    )
    made = new_template(name=kind, files=[(f"{kind}.pdf", paper)], by=by, at=clock.now())
    first = TemplateRole(1, Side.COUNTERPARTY, gate=Gate.OTP if kind == "発注書" else Gate.REGISTERED, may_reassign=True)
    roles = (first, TemplateRole(2, Side.OWN, fixed=f"m:{player.member('mayor').pk}"))
    fields = {file.pk: () if kind in INVISIBLE else BLANKS for file in files_of(made)}
    comment = "ひな形から作成しました。内容をご確認のうえ、ご署名をお願いします。"
    change_template(made, Content(kind, "", comment, 30, roles, fields), by=by, at=clock.now())
    player.templates[kind] = made.pk
