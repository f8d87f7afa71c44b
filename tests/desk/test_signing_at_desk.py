"""Our own signer at the desk: every document first, one consent however often the button is pressed, the level as it was."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from cast import PASSWORD, Cast
from stories import mayor_of, sent, vendor_signs, work
from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.ceremony.models import Consent, Level
from tachiai.envelopes.models import Envelope, Proof
from tachiai.envelopes.states import EnvelopeState, RecipientState

Seat = Callable[[Member], Client]


@pytest.fixture
def waiting(people: Cast) -> Envelope:
    """Two documents, signed by the vendor: the mayor's turn."""
    envelope = sent(people, documents=2)
    vendor_signs(envelope)
    work()
    envelope.refresh_from_db()
    return envelope


def test_from_home_to_the_concluded_contract(people: Cast, waiting: Envelope, seat: Seat) -> None:
    desk, base = seat(people.mayor), f"/envelopes/{waiting.pk}"
    home = desk.get("/").content.decode()
    assert "要対応の封筒" in home
    assert "文書を確認して署名する" in desk.get(base).content.decode()
    first = desk.get(f"{base}/sign").content.decode()
    assert "未確認" in first
    # What the envelope is about, as whoever is asked from outside has it too; here with who sees which item.
    assert '<h2 id="information-title">文書情報</h2>' in first
    assert re.search(r"<dt>取引先</dt><dd>[^<]+</dd><dd class=\"seen-by\">.*?相手方に表示", first)
    early = desk.get(f"{base}/sign/confirm")
    assert early.headers["Location"] == f"{base}/sign?unseen=1"
    assert "まだ開いていません" in desk.get(early.headers["Location"]).content.decode()
    assert desk.post(f"{base}/sign/confirm").status_code == 302
    assert not Consent.objects.filter(subject=mayor_of(waiting).pk).exists()
    assert "完了する" in desk.get(f"{base}/sign?doc=2").content.decode()
    asked = desk.get(f"{base}/sign/confirm").content.decode()
    assert "署名手続きを完了する" in asked
    unasked = desk.post(f"{base}/sign/confirm")
    assert unasked.status_code == 409
    assert "内容を確認してから" in unasked.content.decode()
    for _ in range(2):
        assert desk.post(f"{base}/sign/confirm", {"offer": _offer(asked)}).headers["Location"] == f"{base}/sign/done"
    assert Consent.objects.filter(subject=mayor_of(waiting).pk).count() == 1
    assert "署名手続きが完了しました" in desk.get(f"{base}/sign/done").content.decode()
    work()
    waiting.refresh_from_db()
    assert waiting.state == EnvelopeState.CONCLUDED
    assert "契約が締結されました" in desk.get(f"{base}/sign/done").content.decode()
    events = [entry.event for entry in ledger.entries(waiting.stream)]
    assert events.count("recipient.opened") == 2


def _offer(page: str) -> str:
    """What the confirm page carries."""
    return html.unescape(re.findall(r'name="offer" value="([^"]+)"', page)[0])


def _logged_in(member: Member, *, secret: str = "") -> Client:
    """Through the login page, and the authenticator app's page where one is set up."""
    desk = Client()
    first = desk.post("/login", {"login": member.mail, "password": PASSWORD})
    if secret:
        assert first.headers["Location"].startswith("/login/mfa/authenticate")
        counter = next(iter(yield_hotp_counters_from_time()))
        desk.post("/login/mfa/authenticate/", {"code": format_hotp_value(hotp_value(secret, counter))})
    assert desk.get("/").status_code == 200
    return desk


@pytest.mark.parametrize("second_factor", [False, True])
def test_the_level_is_what_the_login_was(people: Cast, waiting: Envelope, second_factor: bool) -> None:
    secret = generate_totp_secret() if second_factor else ""
    if secret:
        TOTP.activate(people.mayor, secret)
    desk, base = _logged_in(people.mayor, secret=secret), f"/envelopes/{waiting.pk}"
    desk.get(f"{base}/sign")
    desk.get(f"{base}/sign?doc=2")
    asked = desk.get(f"{base}/sign/confirm").content.decode()
    assert ("二要素認証を設定する" in asked) is not second_factor
    desk.post(f"{base}/sign/confirm", {"offer": _offer(asked)})
    assert mayor_of(waiting).level == (Level.PASSWORD_AND_TOTP if second_factor else Level.PASSWORD)


def test_a_login_too_weak_is_told_what_to_do(people: Cast, waiting: Envelope, seat: Seat) -> None:
    desk, base = seat(people.mayor), f"/envelopes/{waiting.pk}"
    desk.get(f"{base}/sign")
    desk.get(f"{base}/sign?doc=2")
    waiting.recipients.filter(mail=people.mayor.mail).update(proof=Proof.TOTP)
    first = desk.get(f"{base}/sign/confirm")
    TOTP.activate(people.mayor, generate_totp_secret())
    second = desk.get(f"{base}/sign/confirm")
    for answer, words in ((first, "二要素認証を設定して"), (second, "ログアウトし、認証アプリの数字も")):
        assert answer.status_code == 403
        shown = answer.content.decode()
        assert "二要素認証でのログインが必要です" in shown
        assert words in shown
        assert "入力内容をご確認ください" not in shown


def test_pages_turn_by_links_and_are_pictures_or_text(people: Cast, waiting: Envelope, seat: Seat) -> None:
    desk, base = seat(people.mayor), f"/envelopes/{waiting.pk}"
    page = desk.get(f"{base}/sign?doc=1&page=2&zoom=2").content.decode()
    picture = desk.get(re.findall(r'src="([^"]+/pages/\d+)"', page)[0])
    assert picture.headers["Content-Type"] == "image/png"
    assert "2 / " in page
    assert "第1条" in desk.get(f"{base}/sign?doc=1&as=text").content.decode()
    assert desk.get(f"{base}/sign?doc=99&page=-5&zoom=x").status_code == 200


def test_nobody_else_signs_in_the_mayor_s_place(people: Cast, waiting: Envelope, seat: Seat) -> None:
    base = f"/envelopes/{waiting.pk}"
    others = ((people.clerk, 403), (people.admin, 403), (people.auditor, 403), (people.system, 403), (people.stranger_admin, 404))
    for member, status in others:
        for page in ("sign", "sign/confirm", "sign/done", "sign/decline"):
            assert seat(member).get(f"{base}/{page}").status_code == status, (member, page)
            assert seat(member).post(f"{base}/{page}").status_code == status, (member, page)
    assert mayor_of(waiting).state == RecipientState.REQUESTED


def test_not_signing_takes_a_kind_and_a_reason(people: Cast, waiting: Envelope, seat: Seat) -> None:
    desk, url = seat(people.mayor), f"/envelopes/{waiting.pk}/sign/decline"
    assert desk.post(url, {"wish": "correction", "reason": "誤"}).status_code == 422
    assert desk.post(url, {"reason": "金額が違います"}).status_code == 422
    assert desk.post(url, {"wish": "correction", "reason": "金額が違います"}).headers["Location"] == f"/envelopes/{waiting.pk}"
    waiting.refresh_from_db()
    assert waiting.state == EnvelopeState.DECLINED
    assert "金額が違います" in seat(people.clerk).get(f"/envelopes/{waiting.pk}").content.decode()
