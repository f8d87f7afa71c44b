"""Members of an organization: inviting, changing, stopping and restarting them. Nobody raises themselves, and an admin always remains."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tachiai import ledger, outbox
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Group, Member, Membership, Organization, Role
from tachiai.accounts.rights import may_administer
from tachiai.crypto.tokens import link_token, token_digest
from tachiai.errors import Refusal

INVITED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Details:
    """What an administrator says of a member. ``reads_from`` and ``reads_until`` are whole days in Japan, for auditors alone."""

    name: str
    role: str
    title: str = ""
    department: str = ""
    phone: str = ""
    language: str = "ja"
    may_sign: bool = False
    may_approve: bool = False
    reads_from: date | None = None
    reads_until: date | None = None
    groups: frozenset[uuid.UUID] = frozenset()


RIGHTS = ("role", "may_sign", "may_approve", "reads_from", "reads_until")
LONGEST_MAIL = 254
LONGEST = {"name": 100, "title": 100, "department": 100, "phone": 40}
PLAIN = ("name", "title", "department", "phone", "language")


def members_of(by: Member) -> QuerySet[Member]:
    """The members of the own organization. Refuses with ``member.not_allowed``."""
    if not may_administer(by):
        raise Refusal("member.not_allowed")
    return Member.objects.filter(organization_id=by.organization_id).order_by("-is_active", "department", "name")


def member_for(by: Member, pk: uuid.UUID) -> Member:
    """One of them. Refuses with ``member.not_allowed`` or ``member.unknown``, as for one who does not exist."""
    found = members_of(by).select_related("organization").filter(pk=pk).first()
    if found is None:
        raise Refusal("member.unknown")
    return found


def details_of(member: Member) -> Details:
    """What is on the rows now."""
    held = {name: getattr(member, name) for name in (*PLAIN, *RIGHTS)}
    return Details(**held, groups=frozenset(member.memberships.values_list("group_id", flat=True)))


def may_change(by: Member, member: Member) -> bool:
    """Whether ``by`` may change rights of ``member``: never one's own, and an organization's admin only as one."""
    return may_administer(by) and by.pk != member.pk and (by.role == Role.ADMIN or member.role != Role.ADMIN)


def invite_member(mail: str, details: Details, *, by: Member, at: datetime) -> Member:
    """A member who logs in once they have taken up the mailed link, within seven days.

    Refuses with ``member.not_allowed``, ``member.mail_malformed``, ``member.taken`` and what ``checked`` refuses.
    """
    details = checked(details, by=by)
    address = address_of(mail)
    member = Member(organization_id=by.organization_id, mail=address, created_at=at, **_columns(details))
    member.set_unusable_password()
    try:
        with transaction.atomic(durable=True):
            _locked(by)
            member.save(force_insert=True)
            _put_into(member, details.groups)
            personal: dict[str, object] = {"name": details.name, "mail": address}
            _note("member.invited", member, by=by, at=at, data=_told(details), personal=personal)
            _send_link(member, by=by, at=at)
    except IntegrityError as problem:
        raise Refusal("member.taken") from problem
    return member


def invite_again(member: Member, *, by: Member, at: datetime) -> None:
    """A new link; the one before is dead. Refuses with ``member.not_allowed`` or ``member.joined`` for whoever has a password."""
    with transaction.atomic(durable=True):
        held = _held(member, by=by)
        if held.has_usable_password():
            raise Refusal("member.joined")
        _note("member.invited_again", held, by=by, at=at)
        _send_link(held, by=by, at=at)
    member.refresh_from_db()


def change_member(member: Member, details: Details, *, by: Member, at: datetime) -> None:
    """Record what a member is called, may do and belongs to; what was before stands in the ledger's earlier entries.

    Refuses with ``member.not_allowed``, ``member.is_self`` where a right or a group of one's own would change, ``member.only_admin``,
    ``member.last_admin`` and what ``checked`` refuses.
    """
    details = checked(details, by=by, present=member)
    with transaction.atomic(durable=True):
        held = _held(member, by=by, own=True)
        before = details_of(held)
        if held.pk == by.pk and _rights(before) != _rights(details):
            raise Refusal("member.is_self")
        if held.role == Role.ADMIN and details.role != Role.ADMIN:
            _another_admin(held)
        Member.objects.filter(pk=held.pk).update(**_columns(details))
        _put_into(held, details.groups)
        data = {**_told(details), "was": _told(before)}
        _note("member.rights_changed", held, by=by, at=at, data=data, personal={"name": details.name})
    member.refresh_from_db()


def stop_member(member: Member, *, by: Member, at: datetime) -> None:
    """The member comes in no more: every session ends at once, an open invitation too. What they did stays theirs.

    Refuses with ``member.not_allowed``, ``member.is_self``, ``member.only_admin``, ``member.last_admin`` or ``member.moved``.
    """
    with transaction.atomic(durable=True):
        held = _held(member, by=by)
        if not held.is_active:
            raise Refusal("member.moved")
        if held.role == Role.ADMIN:
            _another_admin(held)
        ended = {"session_epoch": held.session_epoch + 1, "invited_until": None, "invitation_digest": None}
        Member.objects.filter(pk=held.pk).update(is_active=False, **ended)
        _note("member.stopped", held, by=by, at=at)
    member.refresh_from_db()


def restart_member(member: Member, *, by: Member, at: datetime) -> None:
    """The member may log in again with the password they had. Refuses as ``stop_member``."""
    with transaction.atomic(durable=True):
        held = _held(member, by=by)
        if held.is_active:
            raise Refusal("member.moved")
        Member.objects.filter(pk=held.pk).update(is_active=True)
        _note("member.restarted", held, by=by, at=at)
    member.refresh_from_db()


def checked(details: Details, *, by: Member, present: Member | None = None) -> Details:
    """The details as they can be recorded.

    Refuses with ``member.nameless``, ``member.role_unknown``, ``member.only_admin`` (only an admin makes one), ``member.flags_unfit`` (a
    system administrator signs and approves nothing), ``member.auditor_approves``, ``member.days_reversed``, ``group.unknown`` and
    ``language.unknown``.
    """
    if not may_administer(by):
        raise Refusal("member.not_allowed")
    if not outbox.one_line(details.name):
        raise Refusal("member.nameless")
    if details.role not in Role.values:
        raise Refusal("member.role_unknown")
    if details.language not in Language.values:
        raise Refusal("language.unknown")
    if by.role != Role.ADMIN and Role.ADMIN in (details.role, present.role if present else ""):
        raise Refusal("member.only_admin")
    must_fit(details.role, may_sign=details.may_sign, may_approve=details.may_approve)
    if details.reads_from and details.reads_until and details.reads_until < details.reads_from:
        raise Refusal("member.days_reversed")
    if Group.objects.filter(organization_id=by.organization_id, pk__in=details.groups).count() != len(details.groups):
        raise Refusal("group.unknown")
    lines = {name: outbox.one_line(getattr(details, name), longest=longest) for name, longest in LONGEST.items()}
    plain = replace(details, **lines)  # type: ignore[arg-type]  # words, all four
    return plain if details.role == Role.AUDITOR else replace(plain, reads_from=None, reads_until=None)


def must_fit(role: str, *, may_sign: bool, may_approve: bool) -> None:
    """Rights that the role can carry. Refuses with ``member.flags_unfit`` or ``member.auditor_approves`` (an auditor only reads)."""
    if role == Role.SYSTEM and (may_sign or may_approve):
        raise Refusal("member.flags_unfit")
    if role == Role.AUDITOR and may_approve:
        raise Refusal("member.auditor_approves")


def address_of(mail: str) -> str:
    """The address as it is kept. Refuses with ``member.mail_malformed``."""
    address = mail.strip().lower()
    try:
        validate_email(address)
    except ValidationError as problem:
        raise Refusal("member.mail_malformed") from problem
    if len(address) > LONGEST_MAIL:
        raise Refusal("member.mail_malformed")
    return address


def stream_of(member: Member) -> str:
    return f"organization:{member.organization_id}"


def _locked(by: Member) -> Member:
    """``by`` as they are now, with their organization held: two administrators who change members at once take turns."""
    Organization.objects.select_for_update().get(pk=by.organization_id)
    now = Member.objects.get(pk=by.pk)
    if not may_administer(now):
        raise Refusal("member.not_allowed")
    return now


def _held(member: Member, *, by: Member, own: bool = False) -> Member:
    """The row to change. ``own``: one's own may be asked for as well."""
    now = _locked(by)
    held = Member.objects.filter(pk=member.pk, organization_id=now.organization_id).select_related("organization").first()
    if held is None:
        raise Refusal("member.unknown")
    if held.pk == now.pk:
        if own:
            return held
        raise Refusal("member.is_self")
    if not may_change(now, held):
        raise Refusal("member.only_admin")
    return held


def _another_admin(held: Member) -> None:
    others = Member.objects.filter(organization_id=held.organization_id, role=Role.ADMIN, is_active=True).exclude(pk=held.pk)
    if not others.exists():
        raise Refusal("member.last_admin")


def _columns(details: Details) -> dict[str, object]:
    return {name: getattr(details, name) for name in (*PLAIN, *RIGHTS)}


def _rights(details: Details) -> tuple[object, ...]:
    return (*(getattr(details, name) for name in RIGHTS), details.groups)


def _told(details: Details) -> dict[str, object]:
    days = {name: day.isoformat() for name in ("reads_from", "reads_until") if (day := getattr(details, name))}
    flags = {"role": str(details.role), "may_sign": details.may_sign, "may_approve": details.may_approve}
    return {**flags, **days, "groups": sorted(str(one) for one in details.groups)}


def _put_into(member: Member, groups: Iterable[uuid.UUID]) -> None:
    wanted = set(groups)
    Membership.objects.filter(member=member).exclude(group__in=wanted).delete()
    present = set(Membership.objects.filter(member=member).values_list("group_id", flat=True))
    Membership.objects.bulk_create(Membership(member=member, group_id=one) for one in sorted(wanted - present))


def _send_link(member: Member, *, by: Member, at: datetime) -> None:
    generation, until = member.invitation_generation + 1, at + INVITED_FOR
    token = link_token(settings.TACHIAI.secret("link"), member.pk, generation=generation)
    columns = {"invitation_generation": generation, "invited_until": until, "invitation_digest": token_digest(token)}
    Member.objects.filter(pk=member.pk).update(**columns)
    organization = Organization.objects.get(pk=member.organization_id)
    facts = {
        "organization": organization.name,
        "organization_en": organization.name_en or organization.name,
        "recipient": {"organization": organization.name, "title": member.title, "name": member.name},
        "purpose": "invitation",
        "inviter": by.name,
        "until": until.isoformat(),
    }
    link = ("join", member.pk, generation)
    outbox.mail("M26", to=member.mail, language=member.language, context=facts, stream=stream_of(member), about=member.pk, link=link, at=at)


def _note(
    event: str,
    member: Member,
    *,
    by: Member,
    at: datetime,
    data: dict[str, object] | None = None,
    personal: dict[str, object] | None = None,
) -> None:
    told = {"member": str(member.pk), **(data or {})}
    ledger.append(stream_of(member), event, by=ledger.Actor("member", str(by.pk)), at=at, data=told, personal=personal)
