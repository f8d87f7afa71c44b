"""関係者とフォルダ, and an auditor's reason, through their pages."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from cast import Cast
from stories import sent
from tachiai import clock
from tachiai.accounts.models import Folder, Member

Seat = Callable[[Member], Client]


def test_an_envelope_is_shared_and_moved_on_its_page(people: Cast, seat: Seat) -> None:
    envelope, folder = sent(people), Folder.objects.create(organization=people.city, name="工事", created_at=clock.now())
    elsewhere = Folder.objects.create(organization=people.town, name="工事", created_at=clock.now())
    page, here, desk = f"/envelopes/{envelope.pk}/sharing", f"/envelopes/{envelope.pk}", seat(people.admin)
    assert "関係者とフォルダ" in desk.get(here).content.decode()
    assert seat(people.mayor).get(here).status_code == 404
    assert desk.post(page, {"act": "share", "member": str(people.mayor.pk)}).status_code == 302
    assert people.mayor.name in desk.get(page).content.decode()
    assert seat(people.mayor).get(here).status_code == 200
    assert [seat(people.mayor).get(page).status_code, seat(people.mayor).post(page, {"act": "folder"}).status_code] == [403, 403]
    for wrong in ({"member": str(people.stranger.pk)}, {"member": "x"}, {"act": "folder", "folder": str(elsewhere.pk)}):
        assert desk.post(page, wrong).status_code == 404
    assert desk.post(page, {"act": "end", "member": str(people.mayor.pk)}).status_code == 302
    assert seat(people.mayor).get(here).status_code == 404
    assert desk.post(page, {"act": "folder", "folder": str(folder.pk)}).status_code == 302
    assert seat(people.second).get(here).status_code == 404
    assert desk.post(page, {"act": "folder", "folder": ""}).status_code == 302
    assert seat(people.second).get(here).status_code == 200


def test_an_auditor_is_asked_for_a_reason_before_each_file(people: Cast, seat: Seat) -> None:
    envelope, desk = sent(people), seat(people.auditor)
    page = f"/envelopes/{envelope.pk}/documents/{envelope.documents.get().pk}/unfinished.pdf"
    assert "ダウンロードの理由" in desk.get(page).content.decode()
    assert "Reason for the download" in desk.get(f"{page}?lang=en").content.decode()
    assert desk.post(page, {"reason": " "}).status_code == 422
    assert desk.post(page, {"reason": "定期監査"}).headers["Content-Type"] == "application/pdf"
    assert "理由：定期監査" in desk.get(f"/envelopes/{envelope.pk}?lang=ja").content.decode()
    people.auditor.reads_until = clock.today(clock.now()).replace(year=2020)
    people.auditor.save()
    assert desk.get(page).status_code == 403
    assert desk.get("/counterparties").status_code == 403
