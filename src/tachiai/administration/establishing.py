"""Bringing an operator, an organization or a member into being, from the operator's own terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Operator, Organization, Role
from tachiai.administration.members import must_fit
from tachiai.errors import Refusal


@dataclass(frozen=True)
class NewOrganization:
    slug: str
    name: str
    name_en: str = ""
    department: str = ""
    phone: str = ""
    mail: str = ""
    number_prefix: str = ""
    is_operator: bool = False
    sender_may_sign: bool = False


@dataclass(frozen=True)
class NewMember:
    mail: str
    name: str
    role: Role
    title: str = ""
    department: str = ""
    phone: str = ""
    language: str = "ja"
    may_sign: bool = False
    may_approve: bool = False


def create_operator(name: str, *, name_en: str = "", address: str = "", phone: str = "", mail: str = "", at: datetime) -> Operator:
    """The operator of this house, once. Refuses with ``operator.exists``."""
    with transaction.atomic(durable=True):
        if Operator.objects.exists():
            raise Refusal("operator.exists")
        operator = Operator.objects.create(name=name, name_en=name_en, address=address, phone=phone, mail=mail, created_at=at)
        ledger.append("house", "operator.created", by=_operator(), at=at, data={"name": name})
    return operator


def create_organization(new: NewOrganization, *, at: datetime) -> Organization:
    """An organization that this house serves. Refuses with ``operator.missing`` or ``organization.exists``."""
    operator = Operator.objects.first()
    if operator is None:
        raise Refusal("operator.missing")
    try:
        with transaction.atomic(durable=True):
            organization = Organization.objects.create(
                operator=operator,
                slug=new.slug,
                name=new.name,
                name_en=new.name_en,
                department=new.department,
                phone=new.phone,
                mail=new.mail,
                number_prefix=(new.number_prefix or new.slug.upper())[:12],
                is_operator=new.is_operator,
                sender_may_sign=new.sender_may_sign,
                created_at=at,
            )
            data = {"organization": str(organization.pk), "name": new.name}
            ledger.append(f"organization:{organization.pk}", "organization.created", by=_operator(), at=at, data=data)
    except IntegrityError as problem:
        raise Refusal("organization.exists", slug=new.slug) from problem
    return organization


def create_member(organization: Organization, new: NewMember, *, password: str, at: datetime) -> Member:
    """A person who logs in at the desk.

    Refuses with ``member.exists``, ``password.weak`` (reasons), ``member.flags_unfit`` or ``member.auditor_approves``.
    """
    must_fit(new.role, may_sign=new.may_sign, may_approve=new.may_approve)
    member = Member(
        organization=organization,
        mail=new.mail.strip().lower(),
        name=new.name,
        title=new.title,
        department=new.department,
        phone=new.phone,
        language=new.language,
        role=new.role,
        may_sign=new.may_sign,
        may_approve=new.may_approve,
        created_at=at,
    )
    try:
        validate_password(password, member)
    except ValidationError as problem:
        raise Refusal("password.weak", reasons=list(problem.messages)) from problem
    member.set_password(password)
    try:
        with transaction.atomic(durable=True):
            member.save(force_insert=True)
            data = {"member": str(member.pk), "role": str(new.role), "may_sign": new.may_sign, "may_approve": new.may_approve}
            personal = {"name": new.name, "mail": member.mail}
            stream = f"organization:{organization.pk}"
            ledger.append(stream, "member.created", by=_operator(), at=at, data=data, personal=personal)
    except IntegrityError as problem:
        raise Refusal("member.exists") from problem
    return member


def _operator() -> ledger.Actor:
    return ledger.Actor("operator")
