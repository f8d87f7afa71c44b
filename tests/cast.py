"""The people of the tests, by name, and one stranger who must be refused in every walk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tachiai import administration, clock, counterparties
from tachiai.accounts.models import Member, Organization, Role
from tachiai.counterparties.models import Registration
from tachiai.crypto.tokens import link_token

PASSWORD = "hanamizuki-2026-tests"
CODE = "739184"


@dataclass(frozen=True)
class Cast:
    """さくら丘市 with its people and two counterparties; うみかぜ町 with the stranger. All invented."""

    city: Organization
    clerk: Member  # 担当者: sends
    second: Member  # 承認権限: approves registrations
    mayor: Member  # 署名権限: signs for the city
    admin: Member
    auditor: Member
    system: Member
    vendor: Registration
    builder: Registration
    town: Organization
    stranger: Member
    stranger_admin: Member


def assemble(at: datetime | None = None) -> Cast:
    """Everybody, through the verbs that make them."""
    at = at or clock.now() - timedelta(hours=1)
    administration.create_operator("立会テスト運営", name_en="Tachiai Test Operator", phone="03-0000-0000", at=at)
    city = _organization("sakuragaoka", "さくら丘市（架空）", "Sakuragaoka City (fictional)", at=at)
    town = _organization("umikaze", "うみかぜ町（架空）", "Umikaze Town (fictional)", at=at)
    clerk = member(city, "clerk", "桜田 花子", Role.STAFF, at=at)
    second = member(city, "second", "丘野 次郎", Role.MANAGER, at=at, may_approve=True)
    return Cast(
        city=city,
        clerk=clerk,
        second=second,
        mayor=member(city, "mayor", "坂本 一郎", Role.STAFF, at=at, may_sign=True, title="市長"),
        admin=member(city, "admin", "管理 太郎", Role.ADMIN, at=at),
        auditor=member(city, "auditor", "監査 良子", Role.AUDITOR, at=at),
        system=member(city, "system", "設備 守", Role.SYSTEM, at=at),
        vendor=registered(clerk, second, "株式会社みどり野製作所（架空）", "代表取締役", "緑野 太郎", "vendor@example.jp", at=at),
        builder=registered(clerk, second, "㈱𠮷田建設（架空）", "代表取締役", "𠮷田 健", "builder@example.com", at=at),
        town=town,
        stranger=member(town, "stranger", "海野 渡", Role.STAFF, at=at, may_sign=True, may_approve=True),
        stranger_admin=member(town, "stranger-admin", "海野 司", Role.ADMIN, at=at, may_sign=True, may_approve=True),
    )


def _organization(slug: str, name: str, name_en: str, *, at: datetime) -> Organization:
    new = administration.NewOrganization(
        slug=slug,
        name=name,
        name_en=name_en,
        department="契約課",
        phone="000-000-0000",
        mail=f"{slug}@example.jp",
        number_prefix=slug[:3].upper(),
    )
    return administration.create_organization(new, at=at)


def member(organization: Organization, who: str, name: str, role: Role, *, at: datetime, **flags: Any) -> Member:
    new = administration.NewMember(
        mail=f"{who}@{organization.slug}.example.jp", name=name, role=role, department="契約課", phone="000-000-0001", **flags
    )
    return administration.create_member(organization, new, password=PASSWORD, at=at)


def registered(
    clerk: Member, second: Member, party: str, title: str, name: str, mail: str, *, at: datetime, code: str = CODE, language: str = "ja"
) -> Registration:
    """A registration that went the whole way: entered, confirmed by mail, approved by a second member."""
    entered = counterparties.Entered(counterparty=party, title=title, name=name, mail=mail, code=code, language=language)
    registration = counterparties.register(entered, by=clerk, at=at)
    counterparties.request_code(registration, at=at)
    counterparties.confirm_mail(registration, code=mailed_code(registration), at=at)
    counterparties.approve(registration, by=second, at=at)
    return registration


def mailed_code(registration: Registration) -> str:
    """The one-time code that waits in the outbox for this registration's address."""
    from tachiai.outbox.concealing import reveal
    from tachiai.outbox.models import Mail

    waiting = Mail.objects.filter(kind="M16", about=registration.pk).order_by("-created_at")[0]
    return reveal(waiting.context["concealed"]["code"])


def link_for(subject: object, purpose: str = "sign") -> str:
    """The token that the invited person's mail carries."""
    from django.conf import settings

    from tachiai.ceremony.models import Invitation

    invitation = Invitation.objects.get(subject=subject, purpose=purpose)
    return link_token(settings.TACHIAI.secret("link"), invitation.pk, generation=invitation.generation)
