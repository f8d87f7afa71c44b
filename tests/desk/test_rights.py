"""Each role at each page, as journeys 7.0 has it, and the mailbox that only the machine itself may read."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from cast import Cast
from place import Place
from stories import drafted, sent, vendor_of
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.administration.own_details import change_own_details
from tachiai.errors import Refusal

Seat = Callable[[Member], Client]
ROLES = ("admin", "second", "clerk", "mayor", "auditor", "system", "stranger_admin")
FINE, ASIDE, NO, GONE = 200, 302, 403, 404

# page: the answer to a GET by admin, manager, its sender, another of the staff, auditor, system admin, another organization.
EXPECTED = {
    "/": (FINE,) * 7,
    "/envelopes": (FINE,) * 7,
    "/envelopes/new": (FINE, FINE, FINE, FINE, NO, NO, FINE),
    "/counterparties": (FINE, FINE, FINE, FINE, FINE, NO, FINE),
    "/counterparties/new": (FINE, FINE, FINE, FINE, NO, NO, FINE),
    "/counterparties/{registration}": (FINE, FINE, FINE, FINE, FINE, NO, GONE),
    "/documents": (FINE,) * 7,
    "/documents/samples": (FINE, FINE, NO, NO, FINE, NO, FINE),
    "/documents/samples/new": (FINE, FINE, NO, NO, FINE, NO, FINE),
    "/me": (FINE,) * 7,
    "/envelopes/{sent}": (FINE, FINE, FINE, GONE, FINE, NO, GONE),
    "/envelopes/{sent}/withdraw": (FINE, FINE, FINE, GONE, NO, NO, GONE),
    "/envelopes/{sent}/recipients/{person}/again": (FINE, FINE, FINE, GONE, NO, NO, GONE),
    "/envelopes/{sent}/documents/{document}": (FINE, FINE, FINE, GONE, FINE, NO, GONE),
    "/envelopes/{sent}/documents/{document}/pages/1": (FINE, FINE, FINE, GONE, FINE, NO, GONE),
    "/envelopes/{sent}/documents/{document}/copy.pdf": (FINE, FINE, FINE, GONE, FINE, NO, GONE),
    "/envelopes/{sent}/documents/{document}/unfinished.pdf": (NO, NO, NO, GONE, FINE, NO, GONE),
    "/envelopes/{sent}/documents/{other}": (GONE, GONE, GONE, GONE, GONE, NO, GONE),
    "/envelopes/{draft}": (ASIDE, ASIDE, ASIDE, GONE, GONE, NO, GONE),
    "/envelopes/{draft}/files": (FINE, FINE, FINE, GONE, GONE, NO, GONE),
    "/envelopes/{draft}/recipients": (FINE, FINE, FINE, GONE, GONE, NO, GONE),
    "/envelopes/{draft}/review": (FINE, FINE, FINE, GONE, GONE, NO, GONE),
}


def test_each_role_at_each_page(people: Cast, seat: Seat) -> None:
    envelope, draft = sent(people), drafted(people)
    places = {
        "sent": envelope.pk,
        "draft": draft.pk,
        "person": vendor_of(envelope).pk,
        "document": envelope.documents.get().pk,
        "other": draft.documents.get().pk,
        "registration": people.vendor.pk,
    }
    seats = [seat(getattr(people, role)) for role in ROLES]
    told = {page: tuple(desk.get(page.format(**places)).status_code for desk in seats) for page in EXPECTED}
    assert told == EXPECTED


def test_nobody_comes_in_without_a_login(house: Place) -> None:
    for page in ("/", "/envelopes/new", "/documents/export.csv", "/me"):
        assert Client().get(page).headers["Location"] == f"/login?next={page}"


def test_a_problem_has_one_page_in_both_languages_and_for_anybody(people: Cast, seat: Seat) -> None:
    nowhere = "/envelopes/00000000-0000-0000-0000-000000000000"
    shown = seat(people.clerk).get(nowhere).content.decode()
    assert "お探しの封筒は見つかりません" in shown
    assert "03-0000-0000" in shown
    english = seat(people.clerk).get(f"{nowhere}?lang=en").content.decode()
    assert "This envelope was not found" in english
    assert Client().get("/no/such/page").status_code == 404


def test_a_problem_at_the_desk_leaves_its_menu_there(people: Cast, seat: Seat) -> None:
    desk, menu = seat(people.clerk), 'class="desk-menu"'
    for nowhere, status in (("/no/such/page", 404), ("/documents/samples/new", 403)):
        answer = desk.get(nowhere)
        assert (answer.status_code, menu in answer.content.decode()) == (status, True)
    for client, elsewhere in ((desk, f"/s/{'A' * 43}"), (Client(), "/no/such/page")):
        assert menu not in client.get(elsewhere).content.decode()


def test_members_change_their_own_name_and_language_and_nothing_else(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    assert desk.post("/me", {"name": " ", "language": "ja"}).status_code == 422
    assert desk.post("/me", {"name": "桜田 花", "language": "en", "role": "admin", "may_sign": "1"}).status_code == 302
    people.clerk.refresh_from_db()
    assert (people.clerk.name, people.clerk.language, people.clerk.role, people.clerk.may_sign) == ("桜田 花", "en", "staff", False)
    with pytest.raises(Refusal, match=r"language\.unknown"):
        change_own_details(name="桜田 花", language="xx", by=people.clerk, at=clock.now())


def test_the_desk_speaks_english_throughout(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    desk.cookies["tachiai_language"] = "en"
    said = {"/": "Home", "/envelopes/new": "Transaction date", "/documents": "Search", "/counterparties/new": "Access code", "/me": "Role"}
    for page, words in said.items():
        shown = desk.get(page).content.decode()
        assert '<html lang="en"' in shown
        assert words in shown
    assert translation.get_language() == "ja"


def test_the_mailbox_is_read_on_the_machine_itself_alone(people: Cast, house: Place) -> None:
    envelope = sent(people)
    desk = Client()
    listed = desk.get("/mailbox/?to=vendor@example.jp").content.decode()
    assert f"様より{envelope.name}への署名依頼が届いています" in listed
    assert "署名依頼を送信しました" not in listed
    name = re.findall(r'href="/mailbox/([0-9a-f-]+)"', listed)[0]
    letter = desk.get(f"/mailbox/{name}").content.decode()
    assert 'href="http://127.0.0.1:8000/' in letter
    for stranger in ({"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": ""}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}):
        assert Client(**stranger).get("/mailbox/").status_code == 404
        assert Client(**stranger).get(f"/mailbox/{name}").status_code == 404
    for bad in ("unknown", "..%2f..%2fkeys%2flink", "0" * 65):
        assert desk.get(f"/mailbox/{bad}").status_code == 404
