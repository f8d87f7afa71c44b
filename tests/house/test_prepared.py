"""A prepared question answers as the queryset it was made from, whoever asks and however often."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef
from django.test.utils import CaptureQueriesContext

from cast import Cast, assemble
from place import Place
from tachiai.accounts.models import Member, Organization
from tachiai.prepared import Prepared, PreparedChange, among, counted, given

BY_MAIL = Prepared(lambda: Member.objects.select_related("organization__operator").filter(mail=given("mail", Member, "mail")))
OF_ORGANIZATION = Prepared(
    lambda: Member.objects.filter(organization_id=given("organization", Member, "organization"), is_active=True).order_by("mail")
)


@pytest.fixture
def people(house: Place) -> Cast:  # the house has to stand first
    return assemble()


def facts(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_rows_are_those_of_the_queryset(people: Cast) -> None:
    for member in Member.objects.select_related("organization__operator"):
        with CaptureQueriesContext(connection) as asked:
            found = BY_MAIL.first(mail=member.mail)
            assert found is not None
            assert found.organization.operator.name == member.organization.operator.name
        assert len(asked) == 1
        assert facts(found) == facts(member)
        assert facts(found.organization) == facts(member.organization)
        assert not found._state.adding


def test_each_asking_has_its_own_values(people: Cast) -> None:
    for organization in Organization.objects.all():
        expected = list(Member.objects.filter(organization=organization, is_active=True).order_by("mail"))
        assert OF_ORGANIZATION.all(organization=organization.pk) == expected
    assert OF_ORGANIZATION.all(organization=uuid.uuid4()) == []
    assert BY_MAIL.first(mail="nobody@example.jp") is None


def test_what_was_changed_in_between_is_seen(people: Cast) -> None:
    member = Member.objects.all()[0]
    Member.objects.filter(pk=member.pk).update(name="別の名前")
    found = BY_MAIL.first(mail=member.mail)
    assert found is not None
    assert found.name == "別の名前"


def test_subqueries_values_and_nothing(people: Cast) -> None:
    others = Member.objects.filter(organization=OuterRef("pk"), mail=given("mail", Member, "mail"))
    marked: Prepared[Any] = Prepared(lambda: Organization.objects.annotate(has=Exists(others)).order_by("pk"))
    member = Member.objects.all()[0]
    assert [one.has for one in marked.all(mail=member.mail)] == [
        one.pk == member.organization_id for one in Organization.objects.order_by("pk")
    ]
    counted: Prepared[Any] = Prepared(
        lambda: Member.objects.values("role").annotate(n=Count("pk")).order_by("role").values_list("role", "n")
    )
    assert counted.all() == list(Member.objects.values("role").annotate(n=Count("pk")).order_by("role").values_list("role", "n"))
    nobody = Prepared(Member.objects.none)
    assert nobody.all() == nobody.all(anything=1) == []


def test_a_value_that_was_not_told_is_a_mistake(people: Cast) -> None:
    with pytest.raises(KeyError):
        BY_MAIL.first()


def test_every_thread_and_every_connection_asks_for_itself(people: Cast) -> None:
    mails = list(Member.objects.values_list("mail", flat=True))
    wrong: list[str] = []

    def ask(mail: str) -> None:
        for _ in range(30):
            found = BY_MAIL.first(mail=mail)
            if found is None or found.mail != mail:
                wrong.append(mail)
        connection.close()
        if BY_MAIL.first(mail=mail) is None:
            wrong.append(mail)
        connection.close()

    threads = [threading.Thread(target=ask, args=(mail,)) for mail in mails[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


AMONG = Prepared(lambda: Member.objects.filter(mail__in=among("mails", Member, "mail")).order_by("pk"))
OF_ORGANIZATIONS = Prepared(lambda: Member.objects.filter(organization__in=among("keys", Member, "organization")).order_by("pk"))
BY_KEYS = Prepared(lambda: Member.objects.filter(pk__in=among("keys", Member)).order_by("pk").values_list("mail", flat=True))


def test_one_of_several_values(people: Cast) -> None:
    members = list(Member.objects.order_by("pk"))
    for count in (0, 1, 2, len(members)):
        some = members[:count]
        with CaptureQueriesContext(connection) as asked:
            assert AMONG.all(mails=[member.mail for member in some]) == some
            assert BY_KEYS.all(keys={member.pk for member in some}) == [member.mail for member in some]
        assert len(asked) == 2
        ours = {member.organization_id for member in some}
        assert OF_ORGANIZATIONS.all(keys=ours) == [member for member in members if member.organization_id in ours]
    assert AMONG.all(mails=["nobody@example.jp", "', (SELECT 1)", '"]']) == []


def test_rows_are_locked_only_inside_a_transaction(people: Cast) -> None:
    locked = Prepared(lambda: Member.objects.select_for_update().filter(pk__in=among("keys", Member)).order_by("pk"))
    first = Member.objects.order_by("pk")[0]
    with transaction.atomic(durable=True):
        assert locked.all(keys=[first.pk]) == [first]
    if connection.features.has_select_for_update:
        with pytest.raises(transaction.TransactionManagementError):
            locked.all(keys=[first.pk])


def test_counting_and_single_answers(people: Cast) -> None:
    number = counted(lambda: Member.objects.filter(organization_id=given("organization", Member, "organization")))
    for organization in Organization.objects.all():
        assert number(organization=organization.pk) == Member.objects.filter(organization=organization).count()
    assert number(organization=uuid.uuid4()) == 0
    mails: Prepared[str] = Prepared(lambda: Member.objects.filter(pk=given("pk", Member)).values_list("mail", flat=True))
    member = Member.objects.all()[0]
    assert mails.one(pk=member.pk) == member.mail
    assert mails.has_any(pk=member.pk)
    assert not mails.has_any(pk=uuid.uuid4())
    with pytest.raises(Member.DoesNotExist):
        mails.one(pk=uuid.uuid4())


def test_a_change_is_that_of_the_queryset(people: Cast) -> None:
    rename = PreparedChange(
        lambda: Member.objects.filter(mail=given("mail", Member, "mail"), is_active=True), name=given("name", Member, "name"), title="部長"
    )
    first, second = Member.objects.filter(is_active=True).order_by("mail")[:2]
    assert rename.make(mail=first.mail, name="一") == 1
    assert rename.make(mail=second.mail, name="二") == 1
    assert rename.make(mail="nobody@example.jp", name="三") == 0
    assert list(Member.objects.filter(title="部長").order_by("mail").values_list("name", flat=True)) == ["一", "二"]
    counting = PreparedChange(
        lambda: Organization.objects.filter(pk=given("pk", Organization)),
        last_number=F("last_number") + given("more", Organization, "last_number"),
    )
    organization = Organization.objects.all()[0]
    assert counting.make(pk=organization.pk, more=3) == counting.make(pk=organization.pk, more=4) == 1
    assert Organization.objects.get(pk=organization.pk).last_number == organization.last_number + 7


def test_a_lock_is_taken_inside_a_transaction_only(people: Cast) -> None:
    held = Prepared(lambda: Member.objects.select_for_update().filter(pk=given("pk", Member)))
    member = Member.objects.all()[0]
    with transaction.atomic():
        assert held.one(pk=member.pk) == member
    if connection.features.has_select_for_update:
        with pytest.raises(transaction.TransactionManagementError):
            held.first(pk=member.pk)


def test_what_cannot_be_prepared_is_said(people: Cast) -> None:
    dictionaries: Prepared[Any] = Prepared(lambda: Member.objects.values("mail"))  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError):
        dictionaries.all()
