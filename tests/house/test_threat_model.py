"""The numbers that docs/threat-model.md names are those of the code."""

from __future__ import annotations

from pathlib import Path

import tachiai
from tachiai.ceremony import attempts
from tachiai.counterparties import limits

PAGE = Path(tachiai.__file__).parent.parent.parent / "docs" / "threat-model.md"


def test_the_page_names_the_limits_of_the_code() -> None:
    page = PAGE.read_text()
    minutes = int(attempts.LOCK.total_seconds() // 60)
    assert f"{attempts.TRIES} wrong tries lock a link for {minutes} minutes" in page
    assert f"{attempts.TRIES_IN_LIFE} in its life end it" in page
    assert f"{attempts.REGISTRATION_TRIES} in {attempts.REGISTRATION_WINDOW.days} days" in page
    assert attempts.BUDGET_WINDOW.total_seconds() == 3600
    assert f"{attempts.ADDRESS_BUDGET} wrong an hour per address, {attempts.HOUSE_BUDGET:,} per house" in page
    assert f"{limits.USES_FROM_ADDRESS} uses an hour per address, {limits.USES_OF_ORGANIZATION} per organization" in page
    assert f"{limits.CODES_TO_MAIL} codes an hour to one mail address" in page
    assert limits.WINDOW.total_seconds() == 3600
