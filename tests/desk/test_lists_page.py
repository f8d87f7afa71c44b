"""P-03: the list narrowed, sorted, taken away as CSV and as one ZIP, all without scripts; its empty pages are different ones (B16)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlencode

from django.test import Client

from cast import Cast, link_for
from stories import concluded, drafted, sent, vendor_of
from tachiai import clock, ledger
from tachiai.accounts.models import Folder, Member
from tachiai.archive import put_items
from tachiai.envelopes.listing import spellings
from tachiai.envelopes.models import Envelope, Recipient

Seat = Callable[[Member], Client]


def shown(desk: Client, **asked: str) -> list[str]:
    """The control numbers on the page, in their order."""
    page = desk.get(f"/envelopes?{urlencode(asked)}").content.decode()
    return re.findall(r'class="sub tabular">(SAK[^<]+)<', page)


def exported(desk: Client, *picks: Envelope, **asked: str) -> list[dict[str, str]]:
    query = urlencode([*asked.items(), *(("pick", str(one.pk)) for one in picks)])
    return list(csv.DictReader(io.StringIO(desk.get(f"/envelopes/export.csv?{query}").content.decode("utf-8-sig"))))


def test_the_list_is_narrowed_sorted_and_taken_away(people: Cast, seat: Seat) -> None:
    done, open_, draft = concluded(people), sent(people), drafted(people, name="=別の契約")
    today = clock.today(clock.now())
    Envelope.objects.filter(pk=open_.pk).update(deadline=today + timedelta(days=3), counterparty="㈱さくら", name="ああ契約")
    Envelope.objects.filter(pk=done.pk).update(deadline=today + timedelta(days=9), counterparty="株式会社さくら")
    Envelope.objects.filter(pk=draft.pk).update(deadline=None)
    Recipient.objects.filter(envelope=open_, requested_at__isnull=False).update(requested_at=clock.now() - timedelta(days=3, hours=1))
    desk = seat(people.admin)
    for asked, expected in (
        ({"sort": "-deadline"}, [done, open_, draft]),
        ({"sort": "deadline"}, [open_, done, draft]),
        ({"sort": "nonsense"}, None),
        ({"words": "（株）さくら", "sort": "deadline"}, [open_, done]),
        ({"words": "ﾐﾄﾞﾘ"}, []),
        ({"words": "VENDOR@example.jp", "view": "waiting"}, [open_]),
        ({"sender": str(people.second.pk)}, []),
        ({"sender": str(people.clerk.pk), "view": "draft"}, [draft]),
        ({"sent_from": today.isoformat(), "sort": "deadline"}, [open_, done]),
        ({"sent_to": (today - timedelta(days=1)).isoformat()}, []),
        ({"due_from": today.isoformat(), "due_to": (today + timedelta(days=3)).isoformat()}, [open_]),
    ):
        numbers = [one.number for one in expected] if expected is not None else None
        assert (
            (sorted(shown(desk, **asked)) == sorted(one.number for one in (done, open_, draft)))
            if numbers is None
            else (shown(desk, **asked) == numbers)
        ), asked
        if numbers is not None:
            assert [line["管理番号"] for line in exported(desk, **asked)] == numbers
    assert [line["封筒名"] for line in exported(desk, view="draft")] == ["'=別の契約"]
    assert [line["管理番号"] for line in exported(desk, open_)] == [open_.number]
    items = {"starts_on": date(2026, 4, 1), "retention_years": "7", "kind": "lease", "decision_number": "=1+1", "renewal": "none"}
    put_items(open_.pk, items)
    line = exported(desk, open_)[0]
    told = [line[head] for head in ("取引金額", "契約開始日", "契約終了日", "保存年限", "文書の種類", "決裁番号", "自動更新")]
    assert told == [str(open_.amount), "2026-04-01", "", "7", "賃貸借", "'=1+1", "なし"]
    page = desk.get("/envelopes?sort=deadline").content.decode()
    assert page.count("aria-sort=") == 1
    assert "sort=-deadline" in page
    assert re.search(r"1人目/2人・3日経過", page)
    assert desk.get("/envelopes?due_from=2026/5/2&due_to=2026/5/1").status_code == 422
    assert exported(seat(people.stranger_admin), open_, done) == []


def test_concluded_files_of_chosen_envelopes_come_in_one_zip(people: Cast, seat: Seat) -> None:
    done, open_ = concluded(people), sent(people)
    desk = seat(people.clerk)
    answer = desk.get(f"/envelopes/concluded.zip?pick={done.pk}&pick={open_.pk}")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names
    assert {name.split("/")[0] for name in names} == {done.number}
    for asked in ("", f"?pick={open_.pk}", "?pick=nonsense"):
        refused = desk.get(f"/envelopes/concluded.zip{asked}")
        assert refused.status_code == 422
        assert "締結済みの封筒が選ばれていません" in refused.content.decode()
    assert seat(people.stranger).get(f"/envelopes/concluded.zip?pick={done.pk}").status_code == 422
    # An auditor says first what it is for, here as anywhere; the reason is on record with each file.
    audit, url = seat(people.auditor), f"/envelopes/concluded.zip?pick={done.pk}"
    page = audit.get(url)
    assert "ダウンロードの理由" in page.content.decode()
    assert done.name in page.content.decode()
    assert audit.post(url, {"reason": " "}).status_code == 422
    assert zipfile.ZipFile(io.BytesIO(audit.post(url, {"reason": "定期監査"}).content)).namelist() == names
    taken = [entry for entry in ledger.entries(done.stream, events=["file.downloaded"]) if entry.by["id"] == str(people.auditor.pk)]
    assert [entry.personal["reason"] for entry in taken] == ["定期監査"] * len(names)


def test_chosen_envelopes_are_moved_and_asked_again_together(people: Cast, seat: Seat) -> None:
    """P-03's bulk bar: what cannot be done to one of them is told before and holds nothing up; a folder narrows the list."""
    open_, draft = sent(people), drafted(people)
    folder = Folder.objects.create(organization=people.city, name="工事", created_at=clock.now())
    both = f"?pick={open_.pk}&pick={draft.pk}"
    desk = seat(people.admin)
    page = desk.get(f"/envelopes/again{both}").content.decode()
    assert page.index("対象の封筒（1件）") < page.index(open_.number) < page.index("対象外の封筒（1件）") < page.index(draft.number)
    link = link_for(vendor_of(open_).pk)
    assert "1名に再依頼しました" in desk.post(f"/envelopes/again{both}", follow=True).content.decode()
    assert link_for(vendor_of(open_).pk) != link
    assert desk.post(f"/envelopes/move{both}", {"folder": str(people.city.pk)}).status_code == 422
    assert "2件の封筒を移動しました" in desk.post(f"/envelopes/move{both}", {"folder": str(folder.pk)}, follow=True).content.decode()
    assert sorted(shown(desk, folder=str(folder.pk))) == sorted([open_.number, draft.number])
    assert shown(desk, folder="none") == []
    for asked in ("", "?pick=nonsense"):
        assert desk.get(f"/envelopes/move{asked}").status_code == 422
    assert seat(people.auditor).get(f"/envelopes/move{both}").status_code == 403
    assert seat(people.stranger_admin).get(f"/envelopes/again{both}").status_code == 422


def test_b16_nothing_yet_no_hit_and_no_right_are_told_apart(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    assert "まだ封筒がありません" in desk.get("/envelopes").content.decode()
    for asked in ("words=x", "sent_from=2026/1/1"):
        page = desk.get(f"/envelopes?{asked}").content.decode()
        assert "条件に一致する封筒がありません" in page
        assert "条件をクリア" in page
    assert "「締結済み」の封筒はありません" in desk.get("/envelopes?view=concluded").content.decode()
    assert "表示できる封筒がありません" in seat(people.system).get("/envelopes").content.decode()


def test_a_word_is_looked_for_in_every_way_it_may_be_spelt() -> None:
    assert {"株式会社さくら", "(株)さくら", "㈱さくら", "㍿さくら"} <= spellings("㈱さくら")
    assert "（株）さくら" in spellings("株式会社さくら")
    assert "ＡＢＣ" in spellings("ABC")
