"""Following an envelope: what its page tells, whom it lets do what, and what can be taken away from it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from cast import Cast, link_for
from stories import concluded, drafted, sent, vendor_of, vendor_signs, work
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.envelopes.downloading import concluded_file
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import CloseTask, Envelope, Recipient
from tachiai.envelopes.reading import concluded_copy
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.timeline import timeline
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]


def test_the_timeline_tells_each_act_once_in_order_of_time(people: Cast) -> None:
    envelope = concluded(people, documents=2)
    events = timeline(envelope, reader=people.clerk)
    assert [event.at for event in events] == sorted(event.at for event in events)
    codes = [event.code for event in events]
    once = ("envelope.created", "envelope.sent", "envelope.closing", "envelope.concluded")
    assert [codes.count(code) for code in once] == [1, 1, 1, 1]
    assert codes.count("recipient.requested") == codes.count("recipient.consented") == codes.count("recipient.signed") == 2
    assert codes.count("document.sealed") == 4
    assert {"緑野 太郎", "坂本 一郎", "桜田 花子"} <= {event.actor for event in events}


def test_network_addresses_are_for_auditors_and_admins(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    vendor_signs(envelope)
    readers = (people.clerk, people.second, people.admin, people.auditor)
    seen = ["192.0.2.10" in seat(member).get(f"/envelopes/{envelope.pk}").content.decode() for member in readers]
    assert seen == [False, False, True, True]


def test_the_page_says_japanese_time_to_the_second_and_the_digests(people: Cast, seat: Seat) -> None:
    envelope = concluded(people)
    shown = seat(people.clerk).get(f"/envelopes/{envelope.pk}").content.decode()
    assert envelope.concluded_at is not None
    assert envelope.concluded_at.astimezone(clock.JAPAN).strftime("%H:%M:%S") in shown
    assert bytes(envelope.documents.get().head_sha256).hex() in shown
    assert envelope.number in shown
    assert "メール認証＋届出済みアクセスコード" in shown


def test_every_concluded_file_comes_under_the_law_s_name(people: Cast, seat: Seat) -> None:
    envelope = concluded(people, documents=2)
    desk = seat(people.clerk)
    links = re.findall(r'href="([^"]+/concluded/\d+\.pdf)"', desk.get(f"/envelopes/{envelope.pk}").content.decode())
    assert len(links) == 3
    for link in links:
        answer = desk.get(link)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.content.startswith(b"%PDF-")
    bundle = zipfile.ZipFile(io.BytesIO(desk.get(f"/envelopes/{envelope.pk}/concluded.zip").content))
    assert bundle.testzip() is None
    assert len(bundle.namelist()) == 3
    assert any("締結証明書" in name for name in bundle.namelist())
    downloads = [entry for entry in ledger.entries(envelope.stream) if entry.event == "file.downloaded"]
    assert len(downloads) == 6


def test_before_conclusion_there_is_only_a_copy_that_says_so(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    document = envelope.documents.get()
    desk, base = seat(people.clerk), f"/envelopes/{envelope.pk}"
    copy = desk.get(f"{base}/documents/{document.pk}/copy.pdf")
    assert "%E3%80%90%E7%B7%A0%E7%B5%90%E5%89%8D%E3%80%91" in copy.headers["Content-Disposition"]
    assert desk.get(f"{base}/concluded.zip").status_code == 404
    assert desk.get(f"{base}/documents/{document.pk}/unfinished.pdf").status_code == 403
    assert desk.get(f"{base}/documents/{document.pk}/upload.pdf").status_code == 404
    audit = seat(people.auditor)
    taken = audit.post(f"{base}/documents/{document.pk}/unfinished.pdf", {"reason": "監査"})
    assert (taken.status_code, taken.headers["Content-Type"]) == (200, "application/pdf")
    assert "copy.pdf" not in audit.get(base).content.decode()


def test_withdrawing_needs_a_reason_and_a_tick_and_kills_the_link(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    desk, url, token = seat(people.clerk), f"/envelopes/{envelope.pk}/withdraw", link_for(vendor_of(envelope).pk)
    page = desk.get(url).content.decode()
    assert "元に戻せない" in page
    assert "緑野 太郎" in page
    assert desk.post(url, {"reason": "仕様の誤り"}).status_code == 422
    assert desk.post(url, {"reason": "誤", "understood": "on"}).status_code == 422
    assert desk.post(url, {"reason": "仕様の誤り", "understood": "on"}).status_code == 302
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.WITHDRAWN
    assert Mail.objects.filter(kind="M11").count() == 1
    assert Client().get(f"/s/{token}").status_code == 410
    assert desk.get(url).status_code == 409


def test_a_discarded_draft_keeps_its_number_from_others(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    answer = seat(people.clerk).post(f"/envelopes/{envelope.pk}/withdraw", {"reason": "取りやめ", "understood": "on"})
    assert answer.headers["Location"] == "/envelopes"
    assert drafted(people).number != envelope.number
    assert not Mail.objects.filter(kind="M11").exists()


def test_asking_again_makes_a_new_link_and_ends_the_old(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    person = vendor_of(envelope)
    desk, old = seat(people.clerk), link_for(person.pk)
    url = f"/envelopes/{envelope.pk}/recipients/{person.pk}/again"
    assert "以前のリンクは使えなくなります" in desk.get(url).content.decode()
    for _press in range(2):  # the second changes nothing: what the first one sent stays good
        assert desk.post(url).headers["Location"] == f"/envelopes/{envelope.pk}"
    assert Client().get(f"/s/{old}").status_code == 410
    assert Client().get(f"/s/{link_for(person.pk)}").status_code == 200
    told = [event.code for event in timeline(envelope, reader=people.clerk)]
    assert told.count("recipient.sent_again") == told.count("recipient.requested") == 1


def test_an_expired_envelope_is_revived_with_a_new_deadline(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    Envelope.objects.filter(pk=envelope.pk).update(deadline=clock.today(clock.now()) - timedelta(days=1))
    assert expire_envelopes(at=clock.now()) == 1
    person = vendor_of(envelope)
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}/recipients/{person.pk}/again"
    assert desk.post(url, {"deadline_0": "2020", "deadline_1": "1", "deadline_2": "1"}).status_code == 422
    later = clock.today(clock.now()) + timedelta(days=20)
    boxes = {"deadline_0": later.year, "deadline_1": later.month, "deadline_2": later.day}
    assert desk.post(url, boxes).status_code == 302
    envelope.refresh_from_db()
    assert (envelope.state, envelope.deadline) == (EnvelopeState.IN_PROGRESS, later)


def test_what_expired_goes_on_for_everybody_whom_the_day_cut_off(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}/extend"
    assert desk.get(url).status_code == 409  # it has not expired
    Envelope.objects.filter(pk=envelope.pk).update(deadline=clock.today(clock.now()) - timedelta(days=1))
    assert expire_envelopes(at=clock.now()) == 1
    assert url in desk.get(f"/envelopes/{envelope.pk}").content.decode()
    assert vendor_of(envelope).mail in desk.get(url).content.decode()
    assert desk.post(url, {"deadline_0": "2020", "deadline_1": "1", "deadline_2": "1"}).status_code == 422
    later = clock.today(clock.now()) + timedelta(days=20)
    assert desk.post(url, {"deadline_0": later.year, "deadline_1": later.month, "deadline_2": later.day}).status_code == 302
    assert Client().get(f"/s/{link_for(vendor_of(envelope).pk)}").status_code == 200
    # Whose own day passes while the envelope goes on can be asked again as well.
    Recipient.objects.filter(pk=vendor_of(envelope).pk).update(state="expired")
    assert f"/recipients/{vendor_of(envelope).pk}/again" in desk.get(f"/envelopes/{envelope.pk}").content.decode()


def test_a_duplicate_names_what_it_was_made_from_and_the_other_way_round(people: Cast, seat: Seat) -> None:
    envelope = concluded(people)
    desk = seat(people.clerk)
    assert desk.get(f"/envelopes/{envelope.pk}/duplicate").status_code == 405
    fresh = desk.post(f"/envelopes/{envelope.pk}/duplicate").headers["Location"]
    copy = Envelope.objects.get(recreated_from=envelope)
    assert fresh == f"/envelopes/{copy.pk}/files"
    assert copy.number in desk.get(f"/envelopes/{envelope.pk}").content.decode()


OUTAGES = [("tsa.unreachable", "タイムスタンプ局の応答を待っています"), ("key.unavailable", "key.unavailable")]


@pytest.mark.parametrize(("code", "words"), OUTAGES)
def test_an_outage_is_said_and_goes_on_by_itself(people: Cast, seat: Seat, code: str, words: str) -> None:
    envelope = drafted(people)
    desk = seat(people.clerk)
    desk.post(f"/envelopes/{envelope.pk}/review")
    task = envelope.documents.get().freeze_task
    type(task).objects.filter(pk=task.pk).update(trouble=code, troubled_since=clock.now())
    shown = desk.get(f"/envelopes/{envelope.pk}").content.decode()
    assert words in shown
    assert "自動で続行します" in shown
    assert "data-refresh" in shown


def test_a_page_about_settled_things_does_not_refresh(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    desk, url = seat(people.clerk), f"/envelopes/{envelope.pk}"
    assert "refresh" not in desk.get(url).content.decode()
    vendor_signs(envelope)
    assert "data-refresh" in desk.get(url).content.decode()
    work()
    assert not CloseTask.objects.exists()
    assert "data-refresh" not in desk.get(url).content.decode()


def test_b11_the_page_tells_each_event_once_who_was_there_and_who_has_not_fetched_yet(people: Cast, seat: Seat) -> None:
    envelope = concluded(people)
    browser = seat(people.clerk)
    page = browser.get(f"/envelopes/{envelope.pk}").content.decode()
    listed = page.split('<ol class="timeline">')[1].split("</ol>")[0]
    times = re.findall(r'<time datetime="([^"]+)"', listed)
    assert times == sorted(times)
    for once in ("署名依頼を送信", "署名手続きを完了（内容に同意）", "全員の署名がそろい、完了処理を開始"):
        assert listed.count(f">{once}<") == (2 if "内容に同意" in once else 1), once
    assert "電子署名 2件・文書タイムスタンプ 1件" in page
    assert page.count("未ダウンロード") == 1
    assert people.clerk.name in page.split('id="readers-title"')[1]
    vendor = envelope.recipients.get(side="counterparty")
    concluded_copy(concluded_file(vendor, 1), envelope, by=vendor, at=clock.now())
    assert "未ダウンロード" not in browser.get(f"/envelopes/{envelope.pk}").content.decode()
