"""The archive finds by date, party and amount, each alone and all combined (施行規則2条6項5号), and nothing too much."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from cast import Cast
from tachiai import archive, clock, vault
from tachiai.accounts.models import Member
from tachiai.archive import Filed, FiledFile, Wanted, search_records
from tachiai.archive.finding import found_records, totals
from tachiai.archive.models import FileKind, Record
from tachiai.archive.names import comparable
from tachiai.archive.searching import find_by_certificate, find_by_digest

NOW = clock.now()
DAYS: list[date | None] = [None, date(2026, 3, 31), date(2026, 4, 1), date(2026, 12, 31)]
PARTIES = ["", "株式会社さくら", "（株）さくら商事", "ｻｸﾗ Corp.", "㈱𠮷田建設", "有限会社 もみじ"]
AMOUNTS: list[int | None] = [None, -5000, 0, 1, 1_100_000, 10**13]
WORDS = ["", "清掃", "SAK", "さくら"]


def filed(owner: Member, day: date | None, party: str, amount: int | None, number: int, **more: Any) -> Filed:
    facts: dict[str, Any] = {
        "origin": uuid.uuid4(),
        "owner": owner,
        "number": f"SAK-2026-{number:06d}",
        "title": "清掃業務" if number % 2 else "物品購入",
        "certificate_number": f"AAAA-BBBB-CCCC-{number:04d}",
        "transaction_date": day,
        "counterparty": party,
        "amount": amount,
        "concluded_at": NOW + timedelta(seconds=number),
        "accredited": False,
        "files": [],
    }
    return Filed(**{**facts, **more})


@pytest.fixture
def shelf(cast: Cast) -> Cast:
    """Every combination of a day, a party and an amount once, and one record of another town."""
    with transaction.atomic():
        for number, (day, party, amount) in enumerate(product(DAYS, PARTIES, AMOUNTS), start=1):
            archive.admit(filed(cast.clerk, day, party, amount, number), stream="house", at=NOW)
        archive.admit(filed(cast.stranger, date(2026, 4, 1), "株式会社さくら", 1, 9999), stream="house", at=NOW)
    return cast


def oracle(record: Record, wanted: Wanted) -> bool:
    """The same question asked of one record in plain Python."""
    day, amount = record.transaction_date, record.amount
    if wanted.date_from is not None and (day is None or day < wanted.date_from):
        return False
    if wanted.date_to is not None and (day is None or day > wanted.date_to):
        return False
    if wanted.counterparty and comparable(wanted.counterparty) not in comparable(record.counterparty):
        return False
    if wanted.no_amount:
        if amount is not None:
            return False
    else:
        if wanted.amount_from is not None and (amount is None or amount < wanted.amount_from):
            return False
        if wanted.amount_to is not None and (amount is None or amount > wanted.amount_to):
            return False
    return all(_worded(record, word) for word in wanted.words.split())


def _worded(record: Record, word: str) -> bool:
    return word in record.title or word in record.number or comparable(word) in comparable(record.counterparty)


wishes = some.builds(
    Wanted,
    words=some.sampled_from(WORDS),
    date_from=some.sampled_from([*DAYS, date(2027, 1, 1)]),
    date_to=some.sampled_from([*DAYS, date(2026, 1, 1)]),
    counterparty=some.sampled_from(["", "さくら", "株式会社", "㈱さくら", "サクラ corp", "吉田", "𠮷田", "もみじ"]),
    amount_from=some.sampled_from([*AMOUNTS, 2]),
    amount_to=some.sampled_from([*AMOUNTS, -1]),
    no_amount=some.booleans(),
)


def test_every_combination_finds_what_asking_one_by_one_finds(shelf: Cast) -> None:
    everything = list(Record.objects.filter(organization=shelf.city))
    assert len(everything) == len(DAYS) * len(PARTIES) * len(AMOUNTS)

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(wishes)
    def holds(wanted: Wanted) -> None:
        found = search_records(shelf.city, wanted)
        assert {row.pk for row in found} == {row.pk for row in everything if oracle(row, wanted)}

    holds()


@pytest.mark.parametrize("asked", ["株式会社さくら", "（株）さくら", "㈱さくら", "(株)さくら", "㍿ さくら", "株式会社　さくら"])
def test_legal_forms_are_found_however_they_are_written(shelf: Cast, asked: str) -> None:
    names = set(search_records(shelf.city, Wanted(counterparty=asked)).values_list("counterparty", flat=True))
    assert names == {"株式会社さくら", "（株）さくら商事"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("（株）さくら", "株式会社 さくら"),
        ("ｻｸﾗ", "サクラ"),
        ("ＡＢＣ　Ｃｏ．", "abc co"),
        ("㈲もみじ", "有限会社もみじ"),
        ("みどり・野", "みどり野"),
    ],
)
def test_names_that_compare_alike(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)
    assert comparable(one) == comparable(comparable(one))


def test_other_characters_stay_other() -> None:
    assert comparable("髙橋") != comparable("高橋")
    assert comparable("𠮷田") != comparable("吉田")
    assert comparable("さくら") != comparable("サクラ")


def test_marks_alone_find_nobody(shelf: Cast) -> None:
    for asked in (" 　", "・", "。、"):
        assert not search_records(shelf.city, Wanted(counterparty=asked)).exists()
    assert not search_records(shelf.city, Wanted(words="・")).exists()


def test_an_amount_that_is_not_stated_is_not_zero(shelf: Cast) -> None:
    unstated = search_records(shelf.city, Wanted(no_amount=True))
    zero = search_records(shelf.city, Wanted(amount_from=0, amount_to=0))
    assert unstated.count() == zero.count() == len(DAYS) * len(PARTIES)
    assert set(unstated.values_list("amount", flat=True)) == {None}
    assert set(zero.values_list("amount", flat=True)) == {0}
    assert not search_records(shelf.city, Wanted(amount_to=0)).filter(amount=None).exists()


def test_ranges_include_both_ends(shelf: Cast) -> None:
    year = search_records(shelf.city, Wanted(date_from=date(2026, 4, 1), date_to=date(2026, 12, 31)))
    assert set(year.values_list("transaction_date", flat=True)) == {date(2026, 4, 1), date(2026, 12, 31)}
    days = list(year.values_list("transaction_date", flat=True))
    assert days == sorted(days, reverse=True)
    large = search_records(shelf.city, Wanted(amount_from=10**13))
    assert set(large.values_list("amount", flat=True)) == {10**13}


def test_another_towns_records_are_never_found(shelf: Cast) -> None:
    assert not search_records(shelf.city, Wanted(words="009999")).exists()
    assert search_records(shelf.town, Wanted()).count() == 1
    assert found_records(shelf.clerk, Wanted()).count() == Record.objects.filter(organization=shelf.city).count()
    assert found_records(shelf.mayor, Wanted()).count() == 0
    assert found_records(shelf.system, Wanted()).count() == 0
    assert found_records(shelf.auditor, Wanted()).count() == len(DAYS) * len(PARTIES) * len(AMOUNTS)


def test_a_list_adds_up(shelf: Cast) -> None:
    rows = search_records(shelf.city, Wanted())
    sums = totals(rows)
    assert (sums.count, sums.unstated) == (rows.count(), len(DAYS) * len(PARTIES))
    assert sums.amount == sum(row.amount or 0 for row in rows)
    assert totals(Record.objects.none()).amount == 0


def test_the_measure_is_worked_out_and_files_are_found_by_their_bytes(cast: Cast) -> None:
    stored = vault.put(b"concluded", kind="document")
    with transaction.atomic():
        blob = vault.keep(stored, at=NOW)
        files = [FiledFile(FileKind.DOCUMENT, "契約", blob, stored.sha256, 9)]
        plain = archive.admit(filed(cast.clerk, None, "", None, 1, files=files), stream="house", at=NOW)
        stamped = archive.admit(filed(cast.clerk, None, "", None, 2, accredited=True), stream="house", at=NOW)
    assert (plain.measure, stamped.measure) == (None, 1)
    found = find_by_digest(stored.sha256)
    assert found is not None
    assert found.record == plain
    assert find_by_digest(bytes(32)) is None
    for typed in ("AAAA-BBBB-CCCC-0001", "aaaabbbbcccc0001", " aaaa bbbb cccc 0001 "):
        assert find_by_certificate(typed) == plain
    for typed in ("", "AAAA", "AAAA-BBBB-CCCC-0003", "%", "AAAABBBBCCCC0001X"):
        assert find_by_certificate(typed) is None
