"""Days as people write them: the common era or a Japanese one, half or full width."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# The year before each era's first: 令和1 is 2019.
ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
WHOLE = re.compile(r"(.+?)[年/\-.](\d{1,2})[月/\-.](\d{1,2})日?")


def read_year(text: str) -> int:
    """「2026」「２０２６年」「令和8」「R8」「令和元年」. Raises ``ValueError``."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper().removesuffix("年").replace("元", "1")
    for name, before in ERAS.items():
        if plain.startswith(name):
            return before + int(plain[len(name) :])
    return int(plain)


def read_day(text: str) -> date:
    """One box: 「2026/4/1」「2026年4月1日」「令和8年4月1日」「R8.4.1」. Raises ``ValueError``."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = WHOLE.fullmatch(plain)
    if found is None:
        raise ValueError(text)
    return plausible(read_year(found[1]), int(found[2]), int(found[3]))


def plausible(year: int, month: int, day: int) -> date:
    """The day, if a contract can mean it. Raises ``ValueError``, also for numbers that no day can have."""
    if not 1900 <= year <= 2200 or not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError(year)
    return date(year, month, day)
