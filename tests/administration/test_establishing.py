"""Operator, organizations and members come into being once, are on record, and never with a weak password."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import RequestFactory

from cast import PASSWORD, Cast, assemble
from cheap import PRICES
from crowds import codes_of, together
from stages import recalled
from tachiai import administration, clock, ledger
from tachiai.accounts.models import Member, Operator, Organization, Role
from tachiai.administration import NewMember, NewOrganization
from tachiai.administration.alarming import tell_alarms
from tachiai.administration.logins import AccountAdapter, MfaAdapter
from tachiai.administration.own_details import change_own_details
from tachiai.errors import Refusal
from tachiai.outbox.letters import write_letter
from tachiai.outbox.models import Mail
from tachiai.work.alarms import clear_alarm, raise_alarm

NOW = clock.now()


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def new_member(mail: str = "new@example.jp", **more: Any) -> NewMember:
    return NewMember(**{"mail": mail, "name": "新人 一", "role": Role.STAFF, **more})


def stream(organization: Organization) -> list[str]:
    return [entry.event for entry in ledger.entries(f"organization:{organization.pk}")]


def test_there_is_one_operator(house: object) -> None:
    with refused("operator.missing"):
        administration.create_organization(NewOrganization("town", "町"), at=NOW)
    results = together([lambda: administration.create_operator("運営", at=NOW)] * 4)
    assert codes_of(results) == ["operator.exists"] * 3
    assert Operator.objects.count() == 1
    assert [entry.event for entry in ledger.entries("house")] == ["operator.created"]


def test_an_organization_is_named_once(house: object) -> None:
    administration.create_operator("運営", at=NOW)
    made = administration.create_organization(NewOrganization("town", "町"), at=NOW)
    assert (made.number_prefix, made.sender_may_sign, made.is_operator) == ("TOWN", False, False)
    with refused("organization.exists"):
        administration.create_organization(NewOrganization("town", "別の町"), at=NOW)
    assert Organization.objects.count() == 1
    assert stream(made) == ["organization.created"]


def test_a_member_has_an_address_of_their_own_whatever_its_case(cast: Cast) -> None:
    made = administration.create_member(cast.city, new_member(" New@Example.JP "), password=PASSWORD, at=NOW)
    assert made.mail == "new@example.jp"
    for mail in ("new@example.jp", "NEW@EXAMPLE.jp"):
        with refused("member.exists"):
            administration.create_member(cast.town, new_member(mail), password=PASSWORD, at=NOW)
    assert Member.objects.filter(mail__iexact="new@example.jp").count() == 1
    assert stream(cast.city)[-1] == "member.created"
    told = ledger.entries(f"organization:{cast.city.pk}")[-1]
    assert told.data == {"member": str(made.pk), "role": "staff", "may_sign": False, "may_approve": False}
    assert told.personal == {"name": "新人 一", "mail": "new@example.jp"}


def test_rights_that_a_role_cannot_carry_are_refused(cast: Cast) -> None:
    for role, right, code in (
        (Role.SYSTEM, "may_sign", "member.flags_unfit"),
        (Role.SYSTEM, "may_approve", "member.flags_unfit"),
        (Role.AUDITOR, "may_approve", "member.auditor_approves"),
    ):
        with refused(code):
            administration.create_member(cast.city, replace(new_member(), role=role, **{right: True}), password=PASSWORD, at=NOW)


@pytest.mark.parametrize("password", ["", "short", "password1234", "1234567890123", "new@example.jp"])
def test_a_weak_password_is_refused(cast: Cast, password: str) -> None:
    with refused("password.weak") as told:
        administration.create_member(cast.city, new_member(), password=password, at=NOW)
    assert told.value.facts["reasons"]
    assert not Member.objects.filter(mail="new@example.jp").exists()


def test_passwords_are_kept_slow_and_salted(cast: Cast) -> None:
    assert cast.clerk.password.startswith("scrypt$")
    # In the product, that is: 80 MiB written over for a password, 19 MiB twice for a code.
    assert PRICES == {"scrypt": (2**14, 8, 5), "argon2id": (19_456, 2)}
    assert cast.clerk.check_password(PASSWORD)
    assert not cast.clerk.check_password(PASSWORD + "x")
    assert len(set(Member.objects.values_list("password", flat=True))) == Member.objects.count()


def test_members_change_what_they_are_called_and_never_a_right(cast: Cast) -> None:
    before = Member.objects.filter(pk=cast.clerk.pk).values("role", "may_sign", "may_approve", "mail", "organization").get()
    change_own_details(name="  桜田 華子  ", language="en", by=cast.clerk, at=NOW)
    assert (cast.clerk.name, cast.clerk.language) == ("桜田 華子", "en")
    assert Member.objects.filter(pk=cast.clerk.pk).values("role", "may_sign", "may_approve", "mail", "organization").get() == before
    assert stream(cast.city)[-1] == "member.changed"
    with refused("member.nameless"):
        change_own_details(name=" 　", language="ja", by=cast.clerk, at=NOW)
    with refused("language.unknown"):
        change_own_details(name="桜田", language="xx", by=cast.clerk, at=NOW)


def test_nobody_signs_up_and_whether_an_address_is_known_is_not_told(cast: Cast) -> None:
    adapter = AccountAdapter(RequestFactory().get("/"))
    assert not adapter.is_open_for_signup(RequestFactory().get("/"))
    before = Mail.objects.count()
    adapter.send_mail("account/email/password_reset_key", "nobody@example.jp", {"password_reset_url": "https://x/key"})
    assert Mail.objects.count() == before
    adapter.send_mail("account/email/password_reset_key", cast.clerk.mail.upper(), {"password_reset_url": "https://x/the-key"})
    mail = Mail.objects.order_by("-created_at")[0]
    assert (mail.kind, mail.to) == ("M26", cast.clerk.mail)
    assert "the-key" not in str(mail.context)
    Member.objects.filter(pk=cast.mayor.pk).update(password=make_password(None))
    adapter.send_mail("account/email/password_reset_key", cast.mayor.mail, {"password_reset_url": "https://x/key"})
    assert Mail.objects.count() == before + 1  # who is only invited has an invitation, which has its days


def test_second_factors_are_kept_encrypted(house: object) -> None:
    adapter = MfaAdapter()
    kept = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in kept
    assert kept != adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert adapter.decrypt(kept) == "JBSWY3DPEHPK3PXP"


def test_the_cast_is_recalled_as_it_was_assembled(house: object) -> None:
    """The tests' own shelf of houses: what is copied is what was made."""
    assert assemble() == recalled()


def test_an_operator_is_told_of_each_alarm_once_and_not_of_what_passes(house: object) -> None:
    at = clock.now()
    raise_alarm("tsa", "first", detail="tsa.unreachable", at=at)
    raise_alarm("mail", "second", detail="", at=at)
    assert tell_alarms(at=at + timedelta(minutes=10)) == 0  # nobody to tell
    administration.create_operator("立会テスト運営", mail="operator@example.jp", at=at)
    assert tell_alarms(at=at + timedelta(minutes=9)) == 0
    clear_alarm("mail", "second", at=at + timedelta(minutes=9))
    assert [tell_alarms(at=at + timedelta(minutes=minutes)) for minutes in (10, 11, 5000)] == [1, 0, 0]
    clear_alarm("tsa", "first", at=at + timedelta(minutes=12))
    raise_alarm("tsa", "first", detail="tsa.unreachable", at=at + timedelta(minutes=13))
    assert tell_alarms(at=at + timedelta(minutes=30)) == 1
    mails = Mail.objects.filter(kind="M27")
    assert [mail.to for mail in mails] == ["operator@example.jp"] * 2
    assert "tsa.unreachable" in write_letter("M27", {"link": "", **mails[0].context, "service": "Tachiai"}, language="ja").text
