"""検証期限: who sees what is verifiable until when, how it is filtered and sorted, and the same as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from cast import Cast
from filed import file_record, proof
from generations import day
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.models import RecordFile, RenewalTask

Seat = Callable[[Member], Client]
NOW = day(2030)


@pytest.fixture
def filed(people: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    file_record(people.clerk, "V-1", proof(NOW + timedelta(days=2000)), at=NOW, title="=保守契約", counterparty="@架空商事")
    file_record(people.clerk, "V-2", proof(NOW + timedelta(days=200), cause="algorithm", weakest="RSA-2048"), at=NOW)
    file_record(people.second, "V-3", proof(NOW - timedelta(days=1)), at=NOW)
    file_record(people.clerk, "V-4", None, at=NOW)
    file_record(people.stranger, "V-5", proof(NOW), at=NOW)
    file = RecordFile.objects.get(record__number="V-2")
    RenewalTask.objects.create(
        file=file, head=bytes(file.sha256), held_up="renewal.no_stronger_algorithm", due_at=day(2090), created_at=NOW
    )
    return people


def shown(page: bytes) -> list[str]:
    return re.findall(r"V-\d", page.decode())


def test_the_page_says_until_when_why_and_what_is_next(filed: Cast, seat: Seat) -> None:
    page = seat(filed.admin).get("/documents/validity")
    assert page.status_code == 200
    text = page.content.decode()
    for word in (
        "2030年7月20日",
        "暗号の強度の期限",
        "RSA-2048",
        "タイムスタンプ局の切替待ち",
        "2034年6月24日に自動で更新します。",
        "検証期限切れ",
    ):
        assert word in text
    assert "2030年1月1日 12:00現在" in text
    # The first to end first; what nobody has looked at yet before all others.
    assert shown(page.content) == ["V-4", "V-3", "V-2", "V-1"]
    assert 'aria-sort="ascending"' in text
    english = seat(filed.admin)
    english.post("/lang", {"language": "en", "next": "/documents/validity"})
    told = english.get("/documents/validity").content.decode()
    for word in ("Long-term validity", "20 Jul 2030", "Renewed by itself on 24 Jun 2034.", "Waiting for another timestamp authority"):
        assert word in told


def test_whose_records_are_shown(filed: Cast, seat: Seat) -> None:
    for member, numbers in (
        (filed.clerk, {"V-1", "V-2", "V-4"}),
        (filed.second, {"V-1", "V-2", "V-3", "V-4"}),
        (filed.auditor, {"V-1", "V-2", "V-3", "V-4"}),
        (filed.system, set()),
        (filed.stranger, {"V-5"}),
    ):
        for address in ("/documents/validity", "/documents/validity.csv"):
            assert set(shown(seat(member).get(address).content)) == numbers, (member, address)
    for address in ("/documents/validity", "/documents/validity.csv"):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("step=expired", ["V-3"]),
        ("step=replace_authority", ["V-2"]),
        ("step=planned&year=2035", ["V-1"]),
        ("year=2029", ["V-3"]),
        ("words=保守", ["V-1"]),
        ("order=number&descending=on", ["V-4", "V-3", "V-2", "V-1"]),
        ("order=renew", ["V-4", "V-3", "V-2", "V-1"]),
        ("step=nonsense&year=x&order=password&page=999", ["V-4", "V-3", "V-2", "V-1"]),
        ("year=99999999999999999999", ["V-4", "V-3", "V-2", "V-1"]),
        ("words=ありません", []),
    ],
)
def test_filters_and_order(filed: Cast, seat: Seat, query: str, numbers: list[str]) -> None:
    desk = seat(filed.admin)
    assert shown(desk.get(f"/documents/validity?{query}").content) == numbers
    sheet = desk.get(f"/documents/validity.csv?{query}").content.decode("utf-8-sig")
    assert [line[0] for line in list(csv.reader(io.StringIO(sheet)))[1:]] == numbers


def test_the_sheet_is_harmless_and_whole(filed: Cast, seat: Seat) -> None:
    answer = seat(filed.admin).get("/documents/validity.csv?order=number")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="validity-20300101.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    heads, first, second, _third, fourth = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert heads[5:8] == ["検証できる期限", "期限の原因", "最も弱い暗号"]
    assert first[:3] == ["V-1", "'=保守契約", "'@架空商事"]
    assert second[5:9] == ["2030-07-20 12:00:00", "暗号の強度の期限", "RSA-2048", "CN=架空タイムスタンプ局, C=JP"]
    assert second[9:11] == ["2029-07-20", "タイムスタンプ局の切替待ち"]
    assert fourth[5:10] == ["", "", "", "", ""]


def test_pages_of_a_long_list(people: Cast, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for number in range(1, 53):
        file_record(people.clerk, f"L-{number:03d}", proof(NOW + timedelta(days=500 + number)), at=NOW)
    desk = seat(people.clerk)
    assert len(set(re.findall(r"L-\d{3}", desk.get("/documents/validity").content.decode()))) == 50
    second = desk.get("/documents/validity?page=2&step=planned").content.decode()
    assert set(re.findall(r"L-\d{3}", second)) == {"L-051", "L-052"}
    assert "2 / 2 ページ（全52件）" in second
    assert desk.get("/documents/validity.csv?page=2").content.count(b"L-") == 2 * 52


def test_nothing_filed_yet(people: Cast, seat: Seat) -> None:
    text = seat(people.clerk).get("/documents/validity").content.decode()
    assert "締結済みの文書はまだありません" in text
    assert "/documents/validity.csv" not in text
    assert "/documents/validity" in seat(people.clerk).get("/documents").content.decode()
