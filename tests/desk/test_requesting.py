"""A new request through the desk's three steps: good files are kept, bad ones named, and one press sends once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cast import Cast
from stories import drafted, work
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import create_envelope
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.outbox.models import Mail
from tachiai.pages.samples import samples

Seat = Callable[[Member], Client]


def pdf(name: str, content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples()[0].pdf if content is None else content, "application/pdf")


def said(**changes: Any) -> dict[str, Any]:
    deadline = clock.today(clock.now()) + timedelta(days=30)
    return {
        "act": "next",
        "name": "庁舎清掃業務委託契約",
        "comment": "ご確認をお願いします。",
        "transaction_date_0": "令和８年",
        "transaction_date_1": "４",
        "transaction_date_2": "１",
        "counterparty": "（株）みどり野製作所",
        "amount_kind": "stated",
        "amount": "１，１００，０００円",
        "deadline_0": deadline.year,
        "deadline_1": deadline.month,
        "deadline_2": deadline.day,
        **changes,
    }


def test_looking_at_the_first_step_makes_nothing(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    assert desk.get("/envelopes/new").status_code == 200
    assert desk.post("/envelopes/new", said(name="")).status_code == 422
    assert not Envelope.objects.exists()


def test_a_request_from_the_first_step_to_the_mailed_link(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    first = desk.post("/envelopes/new", said(name="", files=[pdf("清掃契約.pdf")]))
    assert first.status_code == 302
    envelope = Envelope.objects.get()
    assert first.headers["Location"] == f"/envelopes/{envelope.pk}/recipients"
    assert (envelope.name, envelope.amount, envelope.transaction_date) == ("清掃契約", 1_100_000, date(2026, 4, 1))

    places = {"counterparty": f"r:{people.vendor.pk}", "counterparty_order": "1", "own": f"m:{people.mayor.pk}", "own_order": "2"}
    fields = f"/envelopes/{envelope.pk}/fields"
    assert desk.post(first.headers["Location"], places).headers["Location"] == fields
    assert desk.post(fields, {"mode": "none", "act": "mode"}).headers["Location"] == f"/envelopes/{envelope.pk}/review"
    shown = desk.get(f"/envelopes/{envelope.pk}/review").content.decode()
    assert "【さくら丘市（架空）】 様より清掃契約への署名依頼が届いています" in shown
    assert shown.count("変更する") >= 6

    for landing in ("/sent", ""):  # a double press
        assert desk.post(f"/envelopes/{envelope.pk}/review").headers["Location"] == f"/envelopes/{envelope.pk}{landing}"
    assert "署名依頼を送信しました" in desk.get(f"/envelopes/{envelope.pk}/sent").content.decode()
    work()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.IN_PROGRESS
    assert Mail.objects.filter(kind="M01").count() == 1
    assert [entry.event for entry in ledger.entries(envelope.stream)].count("envelope.sent") == 1
    states = list(envelope.recipients.order_by("position").values_list("state", flat=True))
    assert states == [RecipientState.REQUESTED, RecipientState.WAITING]


def test_bad_files_are_named_and_good_ones_kept(people: Cast, seat: Seat) -> None:
    given = [pdf("良.pdf"), pdf("空.pdf", b""), pdf("偽.pdf", b"PK\x03\x04" + b"0" * 200)]
    answer = seat(people.clerk).post("/envelopes/new", said(files=given, comment="先に書いた"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r"空\.pdf：ファイルの中身が空", shown)
    assert re.search(r"偽\.pdf：PDFファイルではありません", shown)
    assert "先に書いた" in shown
    assert [document.name for document in Envelope.objects.get().documents.all()] == ["良"]


def test_what_was_typed_survives_adding_and_removing_files(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    desk.post("/envelopes/new", said(act="add", files=[pdf("一.pdf"), pdf("二.pdf")], counterparty="打ちかけ", amount="まだ"))
    envelope = Envelope.objects.get()
    url = f"/envelopes/{envelope.pk}/files"
    shown = desk.get(url).content.decode()
    assert 'value="打ちかけ"' in shown
    assert 'value="令和８年"' in shown
    assert "error-summary" not in shown
    desk.post(url, said(act="", remove=str(envelope.documents.get(name="一").pk), counterparty="別の名"))
    assert [document.name for document in envelope.documents.all()] == ["二"]
    assert 'value="別の名"' in desk.get(url).content.decode()


def test_errors_stand_beside_their_boxes_and_in_the_title(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    answer = seat(people.clerk).post(f"/envelopes/{envelope.pk}/files", said(transaction_date_2="31", amount="百万"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>エラー：" in shown
    assert 'href="#id_transaction_date_0"' in shown
    assert 'href="#id_amount"' in shown
    assert 'value="百万"' in shown


def test_recipients_that_cannot_be_are_refused(people: Cast, seat: Seat) -> None:
    envelope, desk = drafted(people), seat(people.clerk)
    places = {"counterparty": f"r:{people.vendor.pk}", "counterparty_order": "1", "own": f"m:{people.mayor.pk}", "own_order": "2"}
    nobody = "r:00000000-0000-0000-0000-000000000000"
    for changes in ({"counterparty": ""}, {"counterparty": nobody}, {"own_order": "0"}, {"own": f"m:{people.clerk.pk}"}):
        answer = desk.post(f"/envelopes/{envelope.pk}/recipients", {**places, **changes})
        assert answer.status_code == 422, changes
        assert "error-summary" in answer.content.decode()


def test_a_pledge_is_signed_by_the_counterparty_alone(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}/recipients"
    answer = desk.post(url, {"counterparty": f"r:{people.vendor.pk}", "counterparty_order": "1", "own": "nobody", "own_order": "2"})
    assert answer.headers["Location"] == f"/envelopes/{envelope.pk}/fields"
    assert list(envelope.recipients.values_list("side", flat=True)) == ["counterparty"]
    assert desk.get(url).context["form"].initial["own"] == "nobody"
    shown = desk.get(f"/envelopes/{envelope.pk}/review").content.decode()
    assert "署名を依頼する" in shown
    assert f'<a class="button button-outline" href="/envelopes/{envelope.pk}/fields">' in shown
    # As long as nobody signs there is nothing to place: the last step leads back to the recipients.
    nobody = create_envelope(by=people.clerk, at=clock.now())
    shown = desk.get(f"/envelopes/{nobody.pk}/review").content.decode()
    assert f'<a class="button button-outline" href="/envelopes/{nobody.pk}/recipients">' in shown
    assert f"/envelopes/{nobody.pk}/fields" not in shown


def test_a_joint_venture_names_two_counterparties_in_parallel(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    places = {"counterparty": f"r:{people.vendor.pk}", "counterparty_order": "1", "own": f"m:{people.mayor.pk}", "own_order": "2"}
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}/recipients"
    desk.post(url, {**places, "more_0": f"r:{people.builder.pk}", "more_0_order": "1", "more_0_language": "en"})
    again = desk.get(url).context["form"].initial
    assert (again["counterparty_language"], again["more_0_language"]) == ("", "en"), "saving the page again must not change a language"
    named = list(envelope.recipients.order_by("position").values_list("order", "side"))
    assert named == [(1, "counterparty"), (1, "counterparty"), (2, "own")]


def test_rows_are_added_one_by_one_up_to_thirty_without_scripts(people: Cast, seat: Seat) -> None:
    """宛先を追加: what was typed stays as it was typed, wrong or not, and nothing is saved or complained of."""
    envelope = drafted(people)
    people.city.approver_label = "決裁者"
    people.city.save()
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}/recipients"
    assert "more_0" not in desk.get(url).content.decode()
    typed = {
        "counterparty": f"r:{people.vendor.pk}",
        "counterparty_order": "x",
        "counterparty_documents": [str(envelope.documents.get().pk)],
    }
    answer = desk.post(url, {**typed, "add": "1"})
    page = answer.content.decode()
    assert (answer.status_code, "error-summary" in page, 'value="x"' in page) == (200, False, True)
    assert re.search(r'name="more_0"[^>]* autofocus', page)
    assert re.search(r'name="counterparty_documents"[^>]* checked', page)
    assert "決裁者（署名なし）" in page
    last = {**typed, "more_26": "typed", "more_26_name": "末野 守"}
    page = desk.post(url, {**last, "add": "1"}).content.decode()
    assert (page.count('name="more_27"'), 'name="add"' in page, "末野 守" in page) == (1, False, True)
    assert envelope.recipients.count() == 2


def test_without_a_usable_registration_the_way_to_enter_one_is_shown(people: Cast, seat: Seat) -> None:
    from tachiai import counterparties

    envelope = drafted(people)
    for registration in (people.vendor, people.builder):
        counterparties.revoke(registration, reason="試験のため", by=people.clerk, at=clock.now())
    desk = seat(people.clerk)
    shown = desk.get(f"/envelopes/{envelope.pk}/recipients").content.decode()
    assert "使える届出がまだありません" in shown
    assert "/counterparties/new" in shown
    review = desk.get(f"/envelopes/{envelope.pk}/review").content.decode()
    assert "この届出はいまは使えません" in review
    assert desk.post(f"/envelopes/{envelope.pk}/review").status_code == 422


def test_what_was_sent_is_no_draft_any_more(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    desk = seat(people.clerk)
    desk.post(f"/envelopes/{envelope.pk}/review")
    for step in ("files", "recipients"):
        assert desk.get(f"/envelopes/{envelope.pk}/{step}").headers["Location"] == f"/envelopes/{envelope.pk}"
        assert desk.post(f"/envelopes/{envelope.pk}/{step}", said()).headers["Location"] == f"/envelopes/{envelope.pk}"
