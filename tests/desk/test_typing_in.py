"""What people type into boxes: dates of two calendars, amounts in any width, and nothing, which is not zero."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict

from tachiai.accounts.models import Organization
from tachiai.web.desk.amounts import read_amount
from tachiai.web.desk.dates import read_day, read_year
from tachiai.web.desk.describing import DescriptionForm
from tachiai.web.desk.documents import SearchForm
from tachiai.web.desk.recipients_form import further_in

# It has set no rules of its own.
CITY = Organization(name="さくら丘市（架空）")
YEARS = [
    *((typed, 2026) for typed in ("2026", "２０２６年", "令和8", "令和８年", "R8", "ｒ８")),
    *((typed, 2019) for typed in ("令和元年", "平成31", "H 31")),
]


@pytest.mark.parametrize(("typed", "year"), YEARS)
def test_years_of_both_calendars(typed: str, year: int) -> None:
    assert read_year(typed) == year


@pytest.mark.parametrize("typed", ["", "令和", "八年", "R8x", "2026/4"])
def test_what_is_no_year_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_year(typed)


@pytest.mark.parametrize("typed", ["2026/4/1", "2026-04-01", "２０２６年４月１日", "令和8年4月1日", "R8.4.1", " 2026 / 4 / 1 "])
def test_days_in_one_box(typed: str) -> None:
    assert read_day(typed) == date(2026, 4, 1)


@pytest.mark.parametrize("typed", ["2026/2/30", "26/4/1", "4月1日", "2026/13/1", "foo", "9999/1/1", f"{10**20}/1/1"])
def test_days_that_do_not_exist_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_day(typed)


@pytest.mark.parametrize(
    ("typed", "yen"),
    [
        ("1,100,000", 1_100_000),
        ("１，１００，０００円", 1_100_000),
        ("¥1,100,000-", 1_100_000),
        ("￥500", 500),
        ("0", 0),
        ("△5,000", -5_000),
        ("▲５０００", -5_000),
        ("−5000", -5_000),
        ("-5000", -5_000),
    ],
)
def test_amounts_of_any_width_and_sign(typed: str, yen: int) -> None:
    assert read_amount(typed) == yen


@pytest.mark.parametrize("typed", ["", "百万", "110万", "1.5", "--5", "1e6", "9" * 17])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_amount(typed)


def _form(**changes: str) -> DescriptionForm:
    said = {
        "name": "契約",
        "transaction_date_0": "令和8",
        "transaction_date_1": "4",
        "transaction_date_2": "1",
        "counterparty": "（株）みどり野",
        "amount_kind": "stated",
        "amount": "1,100,000",
        "deadline_0": "",
        "deadline_1": "",
        "deadline_2": "",
        **changes,
    }
    data = QueryDict(mutable=True)
    data.update(said)
    return DescriptionForm(data, organization=CITY)


def test_an_empty_amount_is_an_error_and_never_zero() -> None:
    assert "amount" in _form(amount="").errors
    unstated = _form(amount_kind="unstated", amount="")
    assert "amount" not in unstated.errors
    assert unstated.cleaned_data["amount"] is None
    zero = _form(amount="0")
    assert "amount" not in zero.errors
    assert zero.cleaned_data["amount"] == 0


def test_a_forgotten_amount_does_not_survive_no_amount_stated() -> None:
    changed = _form(amount_kind="unstated", amount="not a number")
    assert "amount" not in changed.errors
    assert changed.cleaned_data["amount"] is None


def test_a_date_beyond_all_calendars_is_none() -> None:
    for typed in ((str(10**20), "1", "1"), ("2026", str(10**20), "1"), ("2026", "1", "9" * 5000)):
        form = DescriptionForm(dict(zip(("deadline_0", "deadline_1", "deadline_2"), typed, strict=True)), organization=CITY)
        assert "実在する日付" in form.errors["deadline"][0]


def test_a_row_beyond_all_others_is_none() -> None:
    assert further_in({f"more_{'9' * 5000}": "", "more_3": "", "more_x": ""}) == 4


def test_half_a_date_says_what_is_missing() -> None:
    assert "すべて" in str(_form(transaction_date_2="").errors["transaction_date"])
    assert "実在" in str(_form(transaction_date_1="2", transaction_date_2="30").errors["transaction_date"])


@pytest.mark.parametrize("days", [(2020, 1, 1), (2199, 1, 1)])
def test_a_deadline_out_of_reach_is_said_with_the_other_errors(days: tuple[int, int, int]) -> None:
    boxes = {f"deadline_{part}": str(value) for part, value in enumerate(days)}
    assert "90" in str(_form(**boxes).errors["deadline"])


def test_ranges_must_run_forwards() -> None:
    form = SearchForm({"date_from": "2026/4/2", "date_to": "2026/4/1", "amount_from": "2", "amount_to": "1"}, organization=CITY)
    assert set(form.errors) == {"date_to", "amount_to"}
