"""Finding concluded documents by the tax law's three items, and envelopes by their headings."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client

from cast import Cast
from stories import drafted, sent
from tachiai import archive, clock
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.listing import Heading, count_under
from tachiai.envelopes.models import Envelope, Recipient

Seat = Callable[[Member], Client]
RECORDS = (
    ("SKR-1", "=清掃契約", "株式会社さくら", date(2026, 4, 1), 1_000_000),
    ("SKR-2", "保守契約", "（株）さくら", date(2026, 5, 1), 0),
    ("SKR-3", "秘密保持契約", "合同会社うめ", date(2026, 6, 1), None),
    ("SKR-4", "変更契約", "㈱さくら", date(2027, 4, 1), -50_000),
)


@pytest.fixture
def filed(people: Cast) -> Cast:
    for number, title, party, day, amount in RECORDS:
        found = archive.Filed(
            origin=uuid.uuid4(),
            owner=people.clerk,
            number=number,
            title=title,
            certificate_number=f"TEST-{number}",
            transaction_date=day,
            counterparty=party,
            amount=amount,
            concluded_at=clock.now(),
            accredited=False,
            files=[],
        )
        with transaction.atomic():
            archive.admit(found, stream=f"organization:{people.city.pk}", at=clock.now())
    return people


CONDITIONS: tuple[tuple[dict[str, str], set[str]], ...] = (
    ({}, {"SKR-1", "SKR-2", "SKR-3", "SKR-4"}),
    ({"date_from": "令和8年5月1日"}, {"SKR-2", "SKR-3", "SKR-4"}),
    ({"date_from": "2026/4/1", "date_to": "2026/5/1"}, {"SKR-1", "SKR-2"}),
    ({"counterparty": "（株）さくら"}, {"SKR-1", "SKR-2", "SKR-4"}),
    ({"counterparty": "株式会社　さくら"}, {"SKR-1", "SKR-2", "SKR-4"}),
    ({"amount_from": "0"}, {"SKR-1", "SKR-2"}),
    ({"amount_to": "０"}, {"SKR-2", "SKR-4"}),
    ({"no_amount": "on"}, {"SKR-3"}),
    ({"words": "契約 保守"}, {"SKR-2"}),
    ({"counterparty": "さくら", "date_to": "2026/12/31", "amount_from": "1"}, {"SKR-1"}),
    ({"words": "ありません"}, set()),
)


def test_each_condition_alone_and_together(filed: Cast, seat: Seat) -> None:
    desk = seat(filed.clerk)
    for asked, numbers in CONDITIONS:
        shown = desk.get(f"/documents?{urlencode(asked)}").content.decode()
        assert set(re.findall(r"SKR-\d", shown)) == numbers, asked
        sheet = desk.get(f"/documents/export.csv?{urlencode(asked)}").content
        assert sheet.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
        assert sorted(line[0] for line in lines[1:]) == sorted(numbers), asked


def test_the_summary_adds_up_and_tells_what_is_not_stated(filed: Cast, seat: Seat) -> None:
    shown = seat(filed.clerk).get("/documents").content.decode()
    assert "4件・合計 950,000円" in shown
    assert "うち金額の記載なし 1件" in shown


def test_the_sheet_keeps_zero_and_nothing_apart_and_holds_no_formula(filed: Cast, seat: Seat) -> None:
    sheet = seat(filed.clerk).get("/documents/export.csv").content.decode("utf-8-sig")
    rows = {line["管理番号"]: line for line in csv.DictReader(io.StringIO(sheet))}
    assert [rows[f"SKR-{number}"]["取引金額"] for number in (1, 2, 3, 4)] == ["1000000", "0", "", "-50000"]
    assert rows["SKR-1"]["文書名"] == "'=清掃契約"


def test_what_cannot_be_read_is_said_and_nothing_is_listed(filed: Cast, seat: Seat) -> None:
    answer = seat(filed.clerk).get("/documents?date_from=foo&amount_from=many")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "SKR-" not in shown
    assert 'href="#id_date_from"' in shown


def test_members_find_what_they_may_see(filed: Cast, seat: Seat) -> None:
    expected = {"clerk": 4, "second": 4, "admin": 4, "auditor": 4, "mayor": 0, "system": 0, "stranger_admin": 0}
    shown = {who: seat(getattr(filed, who)).get("/documents").content.decode() for who in expected}
    assert {who: len(set(re.findall(r"SKR-\d", page))) for who, page in shown.items()} == expected


def test_tiles_and_tabs_count_what_their_lists_hold(people: Cast, seat: Seat) -> None:
    drafted(people)
    envelope = sent(people)
    Recipient.objects.filter(envelope=envelope, side="counterparty").update(undelivered=True)
    sent(people)
    for member in (people.clerk, people.second, people.auditor, people.mayor):
        desk = seat(member)
        for heading, number in count_under(list(Heading), member, at=clock.now()).items():
            shown = desk.get(f"/envelopes?view={heading}").content.decode()
            assert len(re.findall(r'<th scope="row">', shown)) == number, (member.mail, heading)
    tiles = re.findall(r'href="(/envelopes\?view=\w+)".*?tile-number">(\d+)<', seat(people.clerk).get("/").content.decode(), re.DOTALL)
    assert dict(tiles) == {
        "/envelopes?view=needs_you": "1",
        "/envelopes?view=waiting": "2",
        "/envelopes?view=due_soon": "0",
        "/envelopes?view=trouble": "1",
        "/envelopes?view=this_month": "0",
    }


def test_the_list_says_who_is_waited_for_and_finds_by_any_name(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    drafted(people, name="ほかの契約")
    desk = seat(people.clerk)
    for words in ("清掃", "みどり野", "vendor@example.jp", envelope.number, "緑野　太郎"):
        shown = desk.get(f"/envelopes?{urlencode({'words': words})}").content.decode()
        assert envelope.number in shown, words
    shown = desk.get("/envelopes?view=waiting").content.decode()
    assert "署名待ち（相手方）" in shown
    assert "1人目/2人" in shown
    assert "条件に一致する封筒がありません" in desk.get("/envelopes?words=zzz").content.decode()


def test_long_lists_come_in_pages(people: Cast, seat: Seat) -> None:
    from tachiai.envelopes.drafting import create_envelope

    for _ in range(51):
        create_envelope(by=people.clerk, at=clock.now())
    desk = seat(people.clerk)
    assert len(re.findall(r'<th scope="row">', desk.get("/envelopes?view=draft").content.decode())) == 50
    assert len(re.findall(r'<th scope="row">', desk.get("/envelopes?view=draft&page=2").content.decode())) == 1
    assert Envelope.objects.count() == 51


def test_an_empty_house_says_what_to_do_and_whom_to_ask(people: Cast, seat: Seat) -> None:
    Registration.objects.all().update(state="revoked")
    assert "最初の署名依頼を作成する" in seat(people.clerk).get("/").content.decode()
    assert "全体管理者へご相談ください" in seat(people.system).get("/").content.decode()
    assert "まだ封筒がありません" in seat(people.clerk).get("/envelopes").content.decode()
    assert "まだありません" in seat(people.clerk).get("/documents").content.decode()
