"""What a member looks at and takes away from the desk is on record."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from cast import Cast
from stories import concluded, sent
from tachiai import ledger
from tachiai.accounts.models import Member

Seat = Callable[[Member], Client]


def test_a_view_is_on_record_once_a_login(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    document = envelope.documents.get()
    page = f"/envelopes/{envelope.pk}/documents/{document.pk}"
    browser = seat(people.clerk)
    for address in (page, f"{page}?page=1&zoom=2", page):
        assert browser.get(address).status_code == 200
    assert seat(people.admin).get(page).status_code == 200
    views = [entry for entry in ledger.entries(envelope.stream) if entry.event == "document.viewed"]
    assert [entry.by["id"] for entry in views] == [str(people.clerk.pk), str(people.admin.pk)]
    assert {entry.data["document"] for entry in views} == {str(document.pk)}
    assert "文書を閲覧" in browser.get(f"/envelopes/{envelope.pk}").content.decode()


def test_lists_taken_away_are_on_record(people: Cast, seat: Seat) -> None:
    concluded(people)
    browser = seat(people.clerk)
    assert browser.get("/documents/export.csv?counterparty=架空").status_code == 200
    assert browser.get("/documents/validity.csv").status_code == 200
    told = [entry for entry in ledger.entries(f"organization:{people.clerk.organization_id}") if entry.event == "list.exported"]
    assert [entry.data["list"] for entry in told] == ["records", "validity"]
    assert told[0].personal == {"counterparty": "架空"}
    assert told[1].data["lines"] == 1
