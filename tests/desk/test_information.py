"""P-04 ①: documents in order, what they are about and who sees it, what an organization asks for, and drafts that outlive the login."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from test_requesting import pdf, said

from cast import Cast, link_for
from invariants import check_envelope, events
from offline.accepting import bundle_of
from pages.test_papers import text_of
from signer.walking import device, enter, press, words
from stages import Scene, cast, scene, signs, work
from tachiai import archive, clock, ledger
from tachiai.accounts.models import Member
from tachiai.archive.finding import found_records
from tachiai.archive.items import NEVER_RENEWED, judged
from tachiai.archive.models import DescribedItem, Record
from tachiai.archive.searching import RENEWED, Wanted
from tachiai.envelopes.describing import amend_information, information_for_outside, is_untaxed, missing_items
from tachiai.envelopes.draft_models import DraftText
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.saving import forget_ended
from tachiai.errors import Refusal
from tachiai.outbox.mailbox import messages

__all__ = ["cast", "scene"]
Seat = Callable[[Member], Client]


def day(name: str, when: date) -> dict[str, str]:
    return {f"{name}_{part}": str(value) for part, value in enumerate((when.year, when.month, when.day))}


def drafted_at(desk: Client, **changes: Any) -> Envelope:
    desk.post("/envelopes/new", said(files=[pdf("契約.pdf")], **changes))
    return Envelope.objects.latest("created_at")


def names(envelope: Envelope) -> list[str]:
    return list(envelope.documents.order_by("position").values_list("name", flat=True))


def main(answer: Any) -> str:
    found = re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)
    return found.group(0) if found else ""


def test_documents_are_put_in_order_and_renamed(cast: Cast, seat: Seat) -> None:
    """P-04 ①, without a script: buttons, order numbers, names; on record, and refused where there is no such place or name."""
    desk = seat(cast.clerk)
    desk.post("/envelopes/new", said(act="add", files=[pdf("一.pdf"), pdf("二.pdf"), pdf("三.pdf")]))
    envelope = Envelope.objects.get()
    one, two, three = envelope.documents.order_by("position")
    url = f"/envelopes/{envelope.pk}/files"

    def posted(**changes: Any) -> Any:
        return desk.post(url, said(**{"act": "", **changes}))

    posted(up=str(three.pk))
    assert names(envelope) == ["一", "三", "二"]
    posted(up=str(one.pk))  # the first has nowhere to go
    posted(down=str(one.pk))
    assert names(envelope) == ["三", "一", "二"]
    # A number that was given wins over one that was there: the last becomes the first, the first the last.
    numbers = {f"order-{three.pk}": "1", f"order-{one.pk}": "2", f"order-{two.pk}": "１"}
    posted(act="arrange", **numbers)
    assert names(envelope) == ["二", "三", "一"]
    posted(act="arrange", **{f"order-{two.pk}": "3", f"order-{three.pk}": "2", f"order-{one.pk}": "3"})
    assert names(envelope) == ["三", "一", "二"]
    posted(act="arrange", **{f"title-{two.pk}": " 仕様書\u202e ", f"title-{one.pk}": "一"})
    assert names(envelope) == ["三", "一", "仕様書"]
    told = events(envelope)
    assert (told.count("documents.reordered"), told.count("document.renamed")) == (4, 1)
    shown = posted(act="arrange", **{f"title-{one.pk}": "  ", f"order-{two.pk}": "0"})
    assert shown.status_code == 422
    assert f'href="#title-{one.pk}"' in shown.content.decode()
    assert f'href="#order-{two.pk}"' in shown.content.decode()
    assert names(envelope) == ["三", "一", "仕様書"]
    assert [row.position for row in envelope.documents.order_by("position")] == [1, 2, 3]
    assert seat(cast.mayor).post(url, said(act="", up=str(two.pk))).status_code == 404


SECRET = {"note1": "極秘の備考", "decision_number": "決裁９９７１３", "counterparty": "内輪の呼び名", "amount": "７，７１３，０２９"}


def sent_from_the_desk(cast: Cast, desk: Client, **changes: Any) -> Envelope:
    """An envelope that tells the other side its name, its end and its renewal, and keeps the rest to itself."""
    start = date(2027, 4, 1)
    told = {"contract_name": "清掃の基本契約", **day("starts_on", start), **day("ends_on", date(2029, 3, 31)), "renewal": "renewed"}
    seen = ["contract_name", "ends_on", "renewal"]
    envelope = drafted_at(desk, **told, renewal_months="１２", kind="service", retention_years="10", shown=seen, **SECRET, **changes)
    places = {"counterparty": f"r:{cast.vendor.pk}", "counterparty_order": "1", "own": f"m:{cast.mayor.pk}", "own_order": "2"}
    desk.post(f"/envelopes/{envelope.pk}/recipients", places)
    assert desk.post(f"/envelopes/{envelope.pk}/review").headers["Location"].endswith("/sent")
    work()
    envelope.refresh_from_db()
    return envelope


def test_the_other_side_is_told_what_it_may_see_and_nothing_else_anywhere(cast: Cast, seat: Seat) -> None:
    """S-03 shows it; no page, mail, file name, certificate or bundle holds what is internal, not even when it is put right later."""
    desk = seat(cast.clerk)
    envelope = sent_from_the_desk(cast, desk)
    assert envelope.shown_items == ["contract_name", "ends_on", "renewal"]
    assert next(one for one in ledger.entries(envelope.stream) if one.event == "envelope.sent").data["shown"] == envelope.shown_items
    scene, browser = Scene(cast, envelope), device()
    link = f"/s/{link_for(scene.vendor.pk)}"
    pages = [browser.get(link), enter(browser, link), browser.get(f"{link}/review"), browser.get(f"{link}/confirm")]
    review = words(pages[2])
    for seen in ("契約名 清掃の基本契約", "契約終了日 2029年3月31日", "自動更新 あり（12か月ごと）"):
        assert seen in review
    assert "取引金額" not in review
    browser.cookies["tachiai_language"] = "en"
    assert "Contract end 31 Mar 2029" in words(browser.get(f"{link}/review"))
    browser.cookies["tachiai_language"] = "ja"

    detail = main(desk.get(f"/envelopes/{envelope.pk}"))
    assert all(secret in detail for secret in ("極秘の備考", "内輪の呼び名", "7,713,029円"))
    assert (detail.count("相手方に表示"), "社内のみ" in detail) == (3, True)
    # What is internal is put right while it is under way, and the record says what it was.
    form = {
        **said(**SECRET),
        "note1": "極秘の訂正",
        "decision_number": SECRET["decision_number"],
        "kind": "service",
        "retention_years": "10",
    }
    assert desk.post(f"/envelopes/{envelope.pk}/information", {**form, **day("starts_on", date(2027, 4, 1))}).status_code == 302
    assert "極秘の備考 → 極秘の訂正" in words(desk.get(f"/envelopes/{envelope.pk}"))

    pages.append(press(browser, link))
    work()
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    given = f"/d/{link_for(scene.vendor.pk, 'download')}"
    enter(browser, given)
    pages.append(browser.get(f"{given}/files"))
    bundle, certificate = bundle_of(envelope), desk.get(f"/envelopes/{envelope.pk}/concluded/2.pdf").content
    with zipfile.ZipFile(io.BytesIO(bundle)) as held:
        inside = [held.read(name) for name in held.namelist()]
    told = [page.content.decode() + str(page.headers) for page in pages] + [one.text for one in messages(to=scene.vendor.mail)]
    paper = text_of(certificate)
    assert "取引金額" not in paper
    for secret in ("極秘", "97713", "９９７１３", "内輪の呼び名", "7,713,029", "7713029"):
        assert not [one for one in [*told, paper] if secret in one], secret
        assert not [one for one in inside if secret.encode() in one or secret.encode("ascii", "backslashreplace") in one], secret
    check_envelope(envelope)


def test_an_envelope_whose_items_are_shown_prints_them(cast: Cast, seat: Seat) -> None:
    """The usual rules show what stands in the contract; an amount without tax says so wherever it goes."""
    desk = seat(cast.clerk)
    page = desk.get("/envelopes/new")
    usual = page.context["form"]["shown"].value()
    assert usual == ["contract_name", "counterparty", "transaction_date", "amount", "starts_on", "ends_on", "renewal"]
    envelope = drafted_at(desk, amount_kind="untaxed", shown=usual, contract_name="工事請負契約")
    assert envelope.shown_items == ["contract_name", "counterparty", "transaction_date", "amount", "amount_tax"]
    review = words(desk.get(f"/envelopes/{envelope.pk}/review"))
    assert "取引金額 1,100,000円（税抜）" in review
    # What says nothing yet is shown as usual once it does, and what was hidden stays hidden.
    form = desk.get(f"/envelopes/{envelope.pk}/files").context["form"]
    assert form["shown"].value() == usual
    desk.post(f"/envelopes/{envelope.pk}/files", said(shown=["amount"], contract_name="工事請負契約"))
    form = desk.get(f"/envelopes/{envelope.pk}/files").context["form"]
    assert form["shown"].value() == ["amount", "starts_on", "ends_on", "renewal"]


def test_required_items_keep_an_envelope_from_being_sent(cast: Cast, seat: Seat) -> None:
    """P-16 and ④: an administrator says what is required, on record; ④ names what is missing and refuses; staff may not say it."""
    assert seat(cast.clerk).post("/admin/info-fields", {"required": ["ends_on"]}).status_code == 403
    rules = {"required": ["ends_on", "decision_number"], "shown": ["ends_on"], "kinds": "Lease\r\n指定管理\n\n 指定管理 "}
    assert seat(cast.admin).post("/admin/info-fields", {**rules, "kinds": "あ" * 41}).status_code == 422
    assert seat(cast.admin).post("/admin/info-fields", rules).status_code == 302
    entry = ledger.latest(f"organization:{cast.city.pk}", "organization.items_set")
    assert entry is not None
    told = {"kinds": ["lease", "指定管理"], "required": ["ends_on", "decision_number"], "shown": ["ends_on"]}
    assert entry.data == {**told, "before": {}}
    desk = seat(cast.clerk)
    assert main(desk.get("/envelopes/new")).count("※送信までに必須") == 2
    offered = main(desk.get("/envelopes/new"))
    assert ("指定管理" in offered, "賃貸借" in offered, "工事請負" in offered) == (True, True, False)
    envelope = drafted_at(desk, decision_number="7-1", kind="指定管理")
    assert archive.items_of(envelope.pk)["kind"] == "指定管理"
    assert desk.get("/documents?kind=指定管理").status_code == 200
    url = f"/envelopes/{envelope.pk}"
    places = {"counterparty": f"r:{cast.vendor.pk}", "counterparty_order": "1", "own": f"m:{cast.mayor.pk}", "own_order": "2"}
    desk.post(f"{url}/recipients", places)
    for shown in (desk.get(f"{url}/review"), desk.post(f"{url}/review")):
        assert "送信に必要な文書情報が入力されていません：契約終了日。" in words(shown)
    assert shown.status_code == 422
    envelope.refresh_from_db()
    assert (envelope.state, missing_items(envelope)) == ("draft", ["ends_on"])
    desk.post(f"{url}/files", said(decision_number="7-1", **day("ends_on", date(2028, 3, 31)), shown=["ends_on"]))
    assert desk.post(f"{url}/review").headers["Location"] == f"{url}/sent"
    with pytest.raises(Refusal, match=r"information\.unknown"):
        archive.set_item_rules(required=["colour"], shown=(), by=cast.admin, at=clock.now())


def test_a_draft_outlives_the_login(cast: Cast, seat: Seat) -> None:
    """B03: what was typed into ① and ② is there again after a logout, unjudged; the step that takes it over forgets it."""
    desk = seat(cast.clerk)
    closed = desk.post("/envelopes/new", said(act="close", counterparty="打ちかけ", amount="まだ", shown=["note1"], note1="途中"))
    envelope = Envelope.objects.get()
    assert closed.headers["Location"] == "/envelopes?view=draft"
    url = f"/envelopes/{envelope.pk}/files"
    desk.logout()
    again = seat(cast.clerk)
    shown = again.get(url)
    for typed in ('value="打ちかけ"', 'value="まだ"', 'value="令和８年"', ">\n途中</textarea>"):
        assert typed in shown.content.decode(), typed
    assert "error-summary" not in shown.content.decode()
    assert re.search(r"下書きを保存しました \d\d:\d\d", words(shown))
    kept = again.post(url, said(act="autosave", counterparty="また打つ"))
    assert re.fullmatch(r"下書きを保存しました \d\d:\d\d", kept.json()["saved"])
    assert 'value="また打つ"' in again.get(url).content.decode()
    again.post(url, said(act="autosave", counterparty="打\0つ", shown=["amount", "\0"]))  # PostgreSQL keeps no such character
    assert "\\u0000" not in json.dumps(DraftText.objects.get().typed)
    assert again.post(url, said(act="save", comment="あ" * 70_000)).status_code == 422
    assert again.post(url, said(act="next", files=[pdf("契約.pdf")])).headers["Location"].endswith("/recipients")
    assert not DraftText.objects.exists()

    people = f"/envelopes/{envelope.pk}/recipients"
    typed = {"counterparty": "typed", "counterparty_name": "打ちかけ太郎", "counterparty_may_reassign": "on", "own": f"m:{cast.mayor.pk}"}
    assert (
        again.post(people, {**typed, "act": "close", "counterparty_deadline_0": "令和9"}).headers["Location"] == closed.headers["Location"]
    )
    later = seat(cast.clerk).get(people)
    form = later.context["form"]
    assert (form["counterparty_name"].value(), form["counterparty_may_reassign"].value()) == ("打ちかけ太郎", True)
    assert form["counterparty_deadline"].value()[0] == "令和9"
    assert not envelope.recipients.exists()
    # Nothing is sent or handed in without it unawares, and what comes back from approval finds it again.
    shown = words(later := seat(cast.clerk).get(f"/envelopes/{envelope.pk}/review"))
    assert later.status_code == 200
    assert "「宛先」に、まだ反映していない入力があります" in shown
    assert "「文書」に、まだ" not in shown
    Envelope.objects.filter(pk=envelope.pk).update(state="awaiting_approval")
    assert forget_ended() == 0
    Envelope.objects.filter(pk=envelope.pk).update(state="draft")
    again.post(f"/envelopes/{envelope.pk}/withdraw", {"reason": "やめる", "understood": "on"})
    assert forget_ended() == 1
    assert again.post(url, said(act="autosave")).status_code in (302, 409)


def test_what_is_internal_may_be_put_right_and_what_was_shown_may_not(cast: Cast, seat: Seat) -> None:
    """P-07: staff until the conclusion, managers after it; the archive follows, and the words lie where they can be erased."""
    desk = seat(cast.clerk)
    envelope = sent_from_the_desk(cast, desk)
    url, at = f"/envelopes/{envelope.pk}/information", clock.now()
    page = desk.get(url)
    assert "ends_on_0" not in main(page)
    assert "契約終了日 2029年3月31日 相手方に表示" in words(page)
    items = dict(archive.items_of(envelope.pk))
    known = {"transaction_date": envelope.transaction_date, "counterparty": envelope.counterparty, "amount": envelope.amount}
    with pytest.raises(Refusal, match=r"information\.was_shown"):
        amend_information(envelope, _amended(known, {**items, "ends_on": date(2030, 1, 1)}), by=cast.clerk, at=at)
    assert archive.items_of(envelope.pk)["ends_on"] == date(2029, 3, 31)
    scene = Scene(cast, envelope)
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    assert seat(cast.clerk).get(url).status_code == 403
    manager = seat(cast.second)
    form = {**said(**SECRET), "counterparty": "（株）みどり野", "kind": "lease", "retention_years": "二十"}
    assert "1〜100の数字" in words(manager.post(url, form))
    assert manager.post(url, {**form, "retention_years": "20"}).status_code == 302
    told = words(manager.get(f"/envelopes/{envelope.pk}"))
    assert "変更の履歴（1件）" in told
    assert "→ （株）みどり野" in told
    record = Record.objects.get()
    assert (record.counterparty, record.counterparty_key) == ("（株）みどり野", "株式会社みどり野")
    entry = ledger.latest(envelope.stream, "information.amended")
    assert entry is not None
    assert entry.personal["after"]["counterparty"] == "（株）みどり野"
    assert "みどり野" not in str(entry.data)
    check_envelope(scene.envelope)
    # The archive finds it by what was entered, and nothing that it is not.
    found = lambda **asked: found_records(cast.admin, Wanted(**asked)).count()  # noqa: E731  # the same question many times
    ends = date(2029, 3, 31)
    assert found(ends_from=ends, ends_to=ends, kind="lease", renewal=RENEWED, words="清掃の基本契約") == 1
    assert not found(ends_from=ends + timedelta(days=1))
    assert not found(kind="service")
    assert not found(renewal=NEVER_RENEWED)
    assert not found(words="lease")
    assert not found(notice_to=ends)
    listed = manager.get("/documents?ends_to=2029/3/31&kind=lease")
    assert "1件・合計" in words(listed)


def _amended(known: dict[str, Any], items: dict[str, Any]) -> Any:
    from tachiai.envelopes.describing import Amendment

    return Amendment(**known, items=items)


def test_the_measured_ways_ask_the_database_nothing_for_it(scene: Scene) -> None:
    """Sending, and what a signer is shown: without further items, and where nothing more is required, no question is asked."""
    with CaptureQueriesContext(connection) as asked:
        assert [one.code for one in information_for_outside(scene.envelope)] == ["counterparty", "transaction_date", "amount"]
        assert missing_items(scene.envelope) == []
        assert not is_untaxed(scene.envelope)
    assert len(asked) == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"colour": "red"}, "information.unknown"),
        ({"ends_on": "2027-01-01"}, "information.unreadable"),
        ({"note1": date(2027, 1, 1)}, "information.unreadable"),
        ({"kind": "あ" * 41}, "information.unreadable"),
        ({"retention_years": "101"}, "information.unreadable"),
        ({"retention_years": "１０"}, "information.unreadable"),
        ({"renewal": "0"}, "information.unreadable"),
        ({"decision_number": "9" * 61}, "information.unreadable"),
        ({"starts_on": date(2027, 4, 1), "ends_on": date(2027, 3, 31)}, "information.ends_before_start"),
        ({"notice_by": date(2027, 4, 1), "ends_on": date(2027, 3, 31)}, "information.notice_after_end"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal, match=code):
        judged(given)


def test_what_is_kept_is_legible_and_nothing_empty() -> None:
    kept = judged({"contract_name": " 清掃\u202e　契約\n", "note1": " 一\r\n二\x07 ", "note2": " ", "kind": "", "renewal": "none"})
    assert kept == {"contract_name": "清掃 契約", "note1": "一\n二", "renewal": "none"}


def test_a_parent_must_be_an_envelope_of_the_house(cast: Cast, seat: Seat) -> None:
    """親契約, and a copy of an envelope says the same as what it was made from."""
    desk = seat(cast.clerk)
    first = drafted_at(desk, contract_name="元の契約", shown=["contract_name"])
    answer = desk.post(f"/envelopes/{first.pk}/files", said(parent="SAK-1999-000001"))
    assert answer.status_code == 422
    assert "管理番号「SAK-1999-000001」の封筒が見つかりません" in words(answer)
    second = drafted_at(desk, parent=first.number, note1="写す", shown=["amount"])
    assert second.pk != first.pk
    desk.post(f"/envelopes/{second.pk}/duplicate")
    fresh = Envelope.objects.get(recreated_from=second)
    assert (fresh.shown_items, archive.items_of(fresh.pk)) == (["amount"], {"parent": first.number, "note1": "写す"})
    assert DescribedItem.objects.filter(subject=first.pk).count() == 1
