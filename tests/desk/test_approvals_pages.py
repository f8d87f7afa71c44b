"""B08 through the desk's doors: routes, asking, returning, approving, deputies; in both languages and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client

from approvals import all_of, approver, awaiting, route, stands_in
from cast import Cast
from stages import drafted
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Deputyship
from tachiai.envelopes.approval_models import Approval
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]


def shown(browser: Client, url: str, *, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status, url
    return answer.content.decode()


def test_an_admin_keeps_routes_and_whether_one_is_required(cast: Cast, seat: Seat) -> None:
    admin, at = seat(cast.admin), clock.now()
    head = approver(cast, "head", "課長 一")
    assert "承認ルートはまだありません" in shown(admin, "/admin/routes")
    assert admin.post("/admin/routes", {"requires_route": "on"}).status_code == 422
    page = shown(admin, "/admin/routes/new")
    assert head.name in page
    assert cast.mayor.name not in re.sub(r"<header.*?</header>", "", page, flags=re.DOTALL)
    more = admin.post("/admin/routes/new", {"act": "more", "shown": "2", "name": "部長決裁", "approvers_1": str(head.pk)})
    assert "第3段階" in more.content.decode()
    assert "部長決裁" in more.content.decode()
    assert "承認者を1人以上選んでください" in admin.post("/admin/routes/new", {"act": "save", "shown": "2", "name": "x"}).content.decode()
    given = {
        "act": "save",
        "shown": "3",
        "name": "部長決裁",
        "timing": "before",
        "approvers_1": [str(head.pk), str(cast.second.pk)],
        "mode_1": "any",
        "approvers_3": str(cast.second.pk),
    }
    assert admin.post("/admin/routes/new", given).status_code == 302
    saved = ApprovalRoute.objects.get()
    assert [(step.number, step.any_one, step.approvers.count()) for step in saved.steps.order_by("number")] == [(1, True, 2), (2, False, 1)]
    assert admin.post("/admin/routes/new", given).status_code == 422
    assert admin.post("/admin/routes", {"requires_route": "on", "default_route": str(saved.pk)}).status_code == 302
    assert "any one approves" in shown(admin, "/admin/routes?lang=en")
    assert "checked" in shown(admin, f"/admin/routes/{saved.pk}")
    assert [seat(cast.clerk).get(f"/admin/{path}").status_code for path in ("routes", "routes/new", "deputies")] == [403, 403, 403]
    assert seat(cast.stranger_admin).get(f"/admin/routes/{saved.pk}").status_code == 404
    day = clock.today(at)
    days = {"starts_0": day.year, "starts_1": day.month, "starts_2": day.day, "ends_0": day.year, "ends_1": day.month, "ends_2": day.day}
    assert admin.post("/admin/deputies", {"approver": str(head.pk), "deputy": str(head.pk), **days}).status_code == 422
    assert admin.post("/admin/deputies", {"approver": str(head.pk), "deputy": str(cast.second.pk), **days}).status_code == 302
    own = seat(head)
    assert cast.second.name in shown(own, "/me/deputy")
    assert "代理設定" in shown(own, "/me")
    assert own.post("/me/deputy", {"deputy": str(cast.second.pk), **days}).status_code == 422
    assert own.post("/me/deputy", {"act": "end", "deputyship": str(Deputyship.objects.get().pk)}).status_code == 302
    assert own.post("/me/deputy", {"act": "end", "deputyship": "x"}).status_code == 404
    assert admin.post(f"/admin/routes/{saved.pk}", {"act": "end"}).status_code == 422
    assert seat(cast.clerk).get("/me/deputy").status_code == 403


def test_b08_asked_returned_and_approved_by_a_deputy(cast: Cast, seat: Seat) -> None:
    """Return needs a comment; a deputy within the days approves, and page, mail and log say 代理; outside they cannot."""
    deputy, late = approver(cast, "deputy", "代理 三"), approver(cast, "late", "後日 四")
    along = route(cast, all_of(cast.second))
    type(cast.city).objects.filter(pk=cast.city.pk).update(requires_route=True, default_route=along)
    envelope, clerk, second = drafted(cast), seat(cast.clerk), seat(cast.second)
    page = shown(clerk, f"/envelopes/{envelope.pk}/review")
    assert "承認を依頼する" in page
    assert 'value="send"' not in page
    sends = clerk.post(f"/envelopes/{envelope.pk}/review", {"act": "send"})
    assert (sends.status_code, "承認を受けてから送信します" in sends.content.decode()) == (422, True)
    assert clerk.post(f"/envelopes/{envelope.pk}/review", {"act": "submit", "route": ""}).status_code == 422
    asked = clerk.post(f"/envelopes/{envelope.pk}/review", {"act": "submit", "route": str(along.pk)}, follow=True)
    assert "承認を依頼しました" in asked.content.decode()
    assert "承認待ち" in shown(clerk, f"/envelopes/{envelope.pk}")
    first = Approval.objects.get()
    home = shown(second, "/")
    assert "承認待ちの封筒" in home
    assert '<span class="count">1</span>' in home
    assert f"/approvals/{first.pk}" in shown(second, "/approvals")
    page = shown(second, f"/approvals/{first.pk}")
    assert second.get(f"/approvals/{first.pk}?doc={'9' * 5000}").status_code == 200
    picture = re.search(r'<img src="([^"]+)"', page)
    assert picture is not None
    assert second.get(picture.group(1).replace("&amp;", "&")).status_code == 200
    assert second.get(f"/envelopes/{envelope.pk}/documents/{envelope.documents.get().pk}/upload.pdf").status_code == 200
    for language, words in (("ja", "＊差し戻す理由を2文字以上で"), ("en", "Say why you return it")):
        answer = second.post(f"/approvals/{first.pk}?lang={language}", {"act": "return", "comment": ""})
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    second.get("/?lang=ja")
    assert second.post(f"/approvals/{first.pk}", {"act": "return", "comment": "金額を直してください"}).status_code == 302
    page = shown(clerk, f"/envelopes/{envelope.pk}")
    assert "差し戻されました（丘野 次郎）" in page
    assert "金額を直してください" in page
    assert "下書きに戻して修正する" in page
    assert clerk.post(f"/envelopes/{envelope.pk}/take-back").status_code == 302
    assert clerk.post(f"/envelopes/{envelope.pk}/review", {"act": "submit", "route": str(along.pk)}).status_code == 302
    again = Approval.objects.get(state="waiting")
    stands_in(cast, late, cast.second, days=(5, 6))
    assert seat(late).get(f"/approvals/{again.pk}").status_code == 404
    Deputyship.objects.all().delete()
    stands_in(cast, deputy, cast.second)
    stand_in = seat(deputy)
    assert "丘野 次郎 さんの代理" in shown(stand_in, "/approvals?view=deputy")
    assert "あなたは 丘野 次郎 さんの代理として操作しています" in shown(stand_in, f"/approvals/{again.pk}")
    assert "You are acting as the deputy of 丘野 次郎" in shown(stand_in, f"/approvals/{again.pk}?lang=en")
    stand_in.get("/?lang=ja")
    assert seat(cast.stranger).get(f"/approvals/{again.pk}").status_code == 404
    assert stand_in.post(f"/approvals/{again.pk}", {"act": "approve", "comment": "確認しました"}).status_code == 302
    envelope.refresh_from_db()
    assert envelope.state == "sending"
    for reader, url in ((clerk, f"/envelopes/{envelope.pk}"), (stand_in, f"/approvals/{again.pk}"), (seat(cast.admin), "/ledger")):
        assert "代理：代理 三（丘野 次郎の代理）" in shown(reader, url), url
    assert "確認しました" in shown(clerk, f"/envelopes/{envelope.pk}")
    assert "承認済み" in shown(stand_in, "/approvals?view=done")
    assert stand_in.post(f"/approvals/{again.pk}", {"act": "approve"}).status_code == 409
    for comment, status, words in (("", 422, "差し戻す理由を"), ("長" * 1001, 403, "承認者と、期間内の代理の方だけです")):
        forged = stand_in.post(f"/approvals/{again.pk}", {"act": "return", "comment": comment})  # the page offers no form any more
        assert (forged.status_code, words in forged.content.decode()) == (status, True)
    told = ledger.latest(envelope.stream, "envelope.approved")
    assert told is not None
    assert told.data["deputyship"] == str(Deputyship.objects.get().pk)
    assert Mail.objects.filter(kind="M19", context__result="approved").count() == 1


def test_an_optional_route_and_one_s_own_request_taken_back(cast: Cast, seat: Seat) -> None:
    clerk, along = seat(cast.clerk), route(cast)
    envelope = drafted(cast)
    page = shown(clerk, f"/envelopes/{envelope.pk}/review?lang=en")
    assert 'value="send"' in page
    assert "Ask for approval" in page
    waiting, approval = awaiting(cast, along)
    assert "Take it back" in shown(clerk, f"/envelopes/{waiting.pk}")
    assert clerk.get(f"/envelopes/{waiting.pk}/take-back").status_code == 405
    assert seat(cast.mayor).post(f"/envelopes/{waiting.pk}/take-back").status_code == 404
    assert clerk.get(f"/envelopes/{waiting.pk}/review").headers["Location"] == f"/envelopes/{waiting.pk}"
    assert clerk.get(f"/envelopes/{waiting.pk}/sent").headers["Location"] == f"/envelopes/{waiting.pk}"
    assert waiting.number in shown(clerk, "/envelopes?view=approval")
    assert clerk.post(f"/envelopes/{waiting.pk}/take-back").headers["Location"] == f"/envelopes/{waiting.pk}/review"
    assert seat(cast.second).post(f"/approvals/{approval.pk}", {"act": "approve"}).status_code in (404, 409)
