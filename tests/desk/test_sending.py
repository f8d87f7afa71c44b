"""P-04 ④ and P-05 through the doors: what is looked at beforehand, one sending whoever presses twice, and a moment of one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from clicking import Clicker
from django.test import Client
from test_requesting import pdf, said

from approvals import route
from cast import Cast
from invariants import events
from stages import cast, drafted
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import Timing
from tachiai.ceremony.models import Invitation
from tachiai.clock import JAPAN
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.models import Envelope, Gate, Kind, ShownDocument
from tachiai.envelopes.placing import Spot, place_field
from tachiai.ledger.models import Entry
from tachiai.outbox.models import Mail

__all__ = ["cast"]
Seat = Callable[[Member], Client]


def test_a_new_request_takes_at_most_eight_clicks(cast: Cast, seat: Seat) -> None:
    """B01: from home to 「署名依頼を送信しました」, one PDF, one counterparty, no fields."""
    visitor = Clicker(seat(cast.clerk), "/")
    visitor.follow("/envelopes/new")
    visitor.clicks += 1  # the file
    visitor.press("次へ", said(files=[pdf("契約書.pdf")]))
    theirs, ours = visitor.choose("counterparty", f"r:{cast.vendor.pk}"), visitor.already("own")
    visitor.press("次へ", {**theirs, **ours, "counterparty_order": "1", "own_order": "2"})
    visitor.press("次へ", {"mode": "none"})
    visitor.press("署名を依頼する", {})
    assert "署名依頼を送信しました" in visitor.page
    assert visitor.clicks <= 8
    for words in ("続けて作成する", "一覧へ", "封筒を見る"):
        assert words in visitor.page
    assert "テンプレートとして保存" not in visitor.page, "staff use templates and make none"


def test_the_review_lists_everything_and_shows_it_beforehand(cast: Cast, seat: Seat) -> None:
    """B06: each part with 「変更する」, the mail in both languages, and the screens, without a trace of the looking."""
    envelope, desk = drafted(cast, papers=2), seat(cast.clerk)
    typed = Typed("仮設興業（架空）", "仮名 花", "hana@gmail.com", "部長")
    places = [Place(1, cast.vendor, language="en"), Place(1, typed, kind=Kind.REVIEWER, gate=Gate.NONE), Place(2, cast.mayor)]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    place_field(envelope.documents.first(), Spot(1, FieldKind.TEXT, 1, 300, 300, 600, 80, guide="備考"), by=cast.clerk, at=clock.now())
    vendor, reviewer, mayor = envelope.recipients.order_by("position")
    before = (events(envelope), Mail.objects.count())
    review = desk.get(f"/envelopes/{envelope.pk}/review").content.decode()
    for words in (
        "変更する",
        "署名依頼が届いています",
        "requested your signature",
        "（ここに専用のリンクが入ります）",
        "確認者（署名なし）",
    ):
        assert words in review
    assert "認証なしの宛先があります" in review
    assert "だれでも取得できるメールアドレス" in review
    letters = desk.get(f"/envelopes/{envelope.pk}/preview/{vendor.pk}/letters").content.decode()
    assert letters.index('lang="en"', letters.index("<main")) < letters.index("署名依頼が届いています")
    assert "http://127.0.0.1:8000/s/" not in letters + review
    base = f"/envelopes/{envelope.pk}/preview/{vendor.pk}"
    for screen, template, words in (
        ("entry", "signer/entry.html", "Access code"),
        ("review?doc=2&page=1", "signer/review.html", "1 / "),
        ("review", "signer/review.html", "備考"),
        ("confirm", "signer/confirm.html", "By pressing “Complete signing”"),
    ):
        answer = desk.get(f"{base}/{screen}")
        assert template in [one.name for one in answer.templates]
        shown = answer.content.decode()
        assert "見本：緑野 太郎 様に表示される画面" in shown
        assert words in shown
        assert 'lang="en"' in shown
        assert "/s/" not in shown
    assert "【署名手続きを完了する】を押すと" in desk.get(f"{base}/confirm?in=ja").content.decode()
    assert desk.post(f"{base}/entry", {"code": "1"}).headers["Location"] == f"{base}/review"
    assert desk.post(f"{base}/review", {"act": "onward"}).headers["Location"] == f"{base}/confirm"
    assert desk.post(f"{base}/confirm").headers["Location"] == f"/envelopes/{envelope.pk}/review"
    other = f"/envelopes/{envelope.pk}/preview/{reviewer.pk}"
    assert "signer/reviewed.html" in [one.name for one in desk.get(f"{other}/confirm").templates]
    for wrong in (
        f"{base}/done",
        f"/envelopes/{envelope.pk}/preview/{mayor.pk}/entry",
        f"/envelopes/{envelope.pk}/preview/{envelope.pk}/entry",
    ):
        assert desk.get(wrong).status_code == 404
    assert seat(cast.mayor).get(f"{base}/entry").status_code == 404
    assert (events(envelope), Mail.objects.count()) == before
    assert not ShownDocument.objects.exists()
    assert not Invitation.objects.filter(purpose="sign").exists()


def test_a_second_press_finds_it_sent(cast: Cast, seat: Seat) -> None:
    """A double click, another tab, a reload: one sending, and the others land where it is watched."""
    envelope, desk = drafted(cast), seat(cast.clerk)
    url, there = f"/envelopes/{envelope.pk}/review", f"/envelopes/{envelope.pk}"
    assert desk.post(url, {"act": "look"}).status_code == 200
    assert desk.post(url, {"act": "send"}).headers["Location"] == f"{there}/sent"
    for again in (desk.post(url, {"act": "send"}), seat(cast.clerk).post(url), desk.get(url), desk.post(url, {"act": "schedule"})):
        assert again.headers["Location"] == there
    assert Entry.objects.filter(event="envelope.sent").count() == 1
    assert Mail.objects.filter(kind="M08").count() == 1


def test_a_moment_is_chosen_changed_and_dropped(cast: Cast, seat: Seat) -> None:
    envelope, desk = drafted(cast), seat(cast.clerk)
    there = f"/envelopes/{envelope.pk}"
    tomorrow = clock.today(clock.now()) + timedelta(days=1)
    moment = {"day_0": tomorrow.year, "day_1": tomorrow.month, "day_2": tomorrow.day, "hour": "9", "minute": "30"}
    asking = route(cast, name="後決裁", timing=Timing.AFTER)
    assert "後決裁（" in desk.get(f"{there}/review").content.decode()
    kept = desk.post(f"{there}/review", {**moment, "hour": "17", "later-route": str(asking.pk), "act": "autosave"})
    assert kept.json()["saved"].startswith("下書きを保存しました")
    again = seat(cast.clerk).get(f"{there}/review").content.decode()
    for chosen in ('value="17" selected', f'value="{asking.pk}" selected', kept.json()["saved"]):
        assert chosen in again
    wrong = desk.post(f"{there}/review", {**moment, "act": "schedule", "day_0": "2020", "later-route": str(asking.pk)})
    assert f'<option value="{asking.pk}" selected>' in wrong.content.decode()
    assert wrong.status_code == 422
    assert "これからの日時を指定してください。" in wrong.content.decode()
    assert desk.post(f"{there}/review", {**moment, "act": "schedule", "later-route": "x"}).status_code == 422
    assert desk.post(f"{there}/review", {**moment, "act": "schedule", "later-route": str(asking.pk)}).headers["Location"] == there
    envelope.refresh_from_db()
    assert envelope.send_at is not None
    assert envelope.send_at.astimezone(JAPAN).strftime("%H:%M") == "09:30"
    planned = f"{tomorrow.year}年{tomorrow.month}月{tomorrow.day}日 09:30 に送信予定"
    assert planned in desk.get(there).content.decode()
    assert planned in desk.get("/envelopes?view=draft").content.decode()
    for step in ("files", "recipients", "fields", "review"):
        assert desk.get(f"{there}/{step}").headers["Location"] == there
    assert desk.post(f"{there}/schedule", {**moment, "hour": "10", "act": "save"}).headers["Location"] == there
    assert "10:30 に送信予定" in desk.get(there).content.decode()
    assert "相手方の署名の後に、承認ルート「後決裁」" in desk.get(f"{there}/schedule").content.decode()
    assert 'value="10" selected' in desk.get(f"{there}/schedule").content.decode()
    assert desk.post(f"{there}/schedule", {"act": "cancel"}).headers["Location"] == f"{there}/review"
    assert desk.get(f"{there}/schedule").headers["Location"] == there
    assert Envelope.objects.get().send_at is None
