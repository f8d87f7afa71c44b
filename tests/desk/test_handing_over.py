"""Following up by the desk: handing over, disabling a link, reminders on or off, and who has taken nothing home."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from cast import CODE, Cast, link_for
from stories import concluded, drafted, sent, vendor_of
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.envelopes.handing_over import hand_over
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]


def test_a_leaving_clerk_s_envelopes_become_a_colleague_s(people: Cast, seat: Seat) -> None:
    """Bulk handover: logged for each, mails go to the new sender, and what is concluded stays as it was."""
    filed, draft, asked = concluded(people), drafted(people), sent(people)
    assert seat(people.second).get("/admin/handover").status_code == 403
    desk = seat(people.admin)
    page = desk.get("/admin/handover").content.decode()
    assert "（進行中 2件）" in page
    assert people.stranger.name not in page
    both = {"leaving": people.clerk.pk, "to": people.clerk.pk}
    assert desk.post("/admin/handover", both).status_code == 422
    assert desk.post("/admin/handover", both | {"to": people.stranger.pk}).status_code == 422
    assert desk.post("/admin/handover", both | {"to": people.auditor.pk}).status_code == 422
    done = desk.post("/admin/handover", both | {"to": people.second.pk}, follow=True)
    assert "2件の封筒を引き継ぎました" in done.content.decode()
    for envelope, sender in ((filed, people.clerk), (draft, people.second), (asked, people.second)):
        envelope.refresh_from_db()
        assert envelope.sender == sender
    told = [entry for entry in ledger.entries(asked.stream) if entry.event == "envelope.handed_over"]
    assert [entry.data for entry in told] == [{"from": str(people.clerk.pk), "to": str(people.second.pk)}]
    assert seat(people.second).get(f"/envelopes/{asked.pk}").status_code == 200
    assert seat(people.clerk).get(f"/envelopes/{asked.pk}").status_code == 404


def test_who_is_asked_to_sign_does_not_become_the_sender(people: Cast) -> None:
    envelope = sent(people)
    done = hand_over(people.clerk, to=people.mayor, by=people.admin, at=clock.now())
    assert (done.moved, done.kept) == (0, (envelope.number,))
    with pytest.raises(Refusal, match=r"^envelope\.not_allowed"):
        hand_over(people.clerk, to=people.second, by=people.stranger_admin, at=clock.now())


def test_a_disabled_link_is_dead_and_sending_again_makes_a_new_one(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    person, old = vendor_of(envelope), link_for(vendor_of(envelope).pk)
    desk, base = seat(people.clerk), f"/envelopes/{envelope.pk}/recipients/{person.pk}"
    mails = Mail.objects.count()
    assert "リンクを無効にする" in desk.get(f"/envelopes/{envelope.pk}").content.decode()
    assert "The envelope is not withdrawn" in desk.get(f"{base}/revoke?lang=en").content.decode()
    assert desk.post(f"{base}/revoke").status_code == 302
    assert desk.post(f"{base}/revoke").status_code == 422
    visitor = Client()
    assert (visitor.get(f"/s/{old}").status_code, visitor.post(f"/s/{old}", {"code": CODE}).status_code) == (410, 410)
    assert "再送を依頼する" in visitor.get(f"/s/{old}").content.decode()
    assert Mail.objects.count() == mails
    assert "再送の依頼を送信者に送りました" in visitor.post(f"/s/{old}/again").content.decode()
    assert desk.post(f"{base}/again").status_code == 302
    assert Client().get(f"/s/{link_for(person.pk)}").status_code == 200


def test_an_admin_switches_reminders_off_on_record(people: Cast, seat: Seat) -> None:
    assert seat(people.clerk).get("/admin/reminders").status_code == 403
    for member, given, on in ((people.admin, {}, False), (people.system, {"on": "on"}, True)):
        assert seat(member).post("/admin/reminders", given).status_code == 302
        people.city.refresh_from_db()
        assert people.city.reminds is on
    told = [entry.data["on"] for entry in ledger.entries(f"organization:{people.city.pk}") if entry.event == "organization.reminders_set"]
    assert told == [False, True]


def test_the_desk_knows_who_has_taken_nothing_home(people: Cast, seat: Seat) -> None:
    envelope = concluded(people)
    desk, link, browser = seat(people.clerk), f"/d/{link_for(vendor_of(envelope).pk, 'download')}", Client()
    assert "未ダウンロード" in desk.get(f"/envelopes/{envelope.pk}").content.decode()
    browser.post(link, {"code": CODE})
    browser.get(f"{link}/files/1.pdf")
    assert "未ダウンロード" not in desk.get(f"/envelopes/{envelope.pk}").content.decode()
