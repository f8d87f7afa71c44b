"""``tachiai operator|org|user create``."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from tachiai import clock
from tachiai.cli.houses import establish
from tachiai.errors import Refusal


def create_operator(options: argparse.Namespace) -> int:
    establish()
    from tachiai import administration

    administration.create_operator(
        options.name,
        name_en=options.name_en,
        address=options.address,
        phone=options.phone,
        mail=options.mail,
        at=clock.now(),
    )
    print(f"Operator {options.name} created.")
    return 0


def create_organization(options: argparse.Namespace) -> int:
    establish()
    from tachiai import administration

    new = administration.NewOrganization(
        slug=options.slug,
        name=options.name,
        name_en=options.name_en,
        department=options.department,
        phone=options.phone,
        mail=options.mail,
        number_prefix=options.number_prefix,
        is_operator=options.is_operator,
        sender_may_sign=options.sender_may_sign,
    )
    administration.create_organization(new, at=clock.now())
    print(f"Organization {options.name} created.")
    return 0


def create_user(options: argparse.Namespace) -> int:
    establish()
    from tachiai import administration
    from tachiai.accounts.models import Organization, Role

    organization = Organization.objects.filter(slug=options.organization).first()
    if organization is None:
        raise Refusal("organization.unknown", slug=options.organization)
    new = administration.NewMember(
        mail=options.mail,
        name=options.name,
        role=Role(options.role),
        title=options.title,
        department=options.department,
        phone=options.phone,
        language=options.language,
        may_sign=options.may_sign,
        may_approve=options.may_approve,
    )
    administration.create_member(organization, new, password=_password(options.password_file), at=clock.now())
    print(f"{options.name} may now log in as {options.mail}.")
    return 0


def _password(file: str | None) -> str:
    if file:
        return Path(file).read_text().strip()
    first, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != again:
        raise Refusal("password.differs")
    return first
