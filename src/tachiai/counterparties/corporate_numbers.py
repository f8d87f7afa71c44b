"""法人番号: thirteen digits of which the first checks the others (法人番号の指定等に関する省令 2)."""

from __future__ import annotations

import re
import unicodedata

from tachiai.errors import Refusal

LENGTH = 13


def read_corporate_number(typed: str) -> str:
    """The thirteen digits somebody meant; full-width digits, spaces, hyphens and a leading T are accepted, nothing stays nothing.

    Refuses with ``corporate_number.malformed`` or ``corporate_number.wrong`` (the check digit says that one was mistyped).
    """
    plain = re.sub(r"[\s\-‐-―−ー]", "", unicodedata.normalize("NFKC", typed)).upper().removeprefix("T")
    if not plain:
        return ""
    if not re.fullmatch(rf"[0-9]{{{LENGTH}}}", plain):
        raise Refusal("corporate_number.malformed")
    if int(plain[0]) != check_digit(plain[1:]):
        raise Refusal("corporate_number.wrong")
    return plain


def check_digit(base: str) -> int:
    """What stands before the twelve digits ``base``: 9 less the remainder by 9 of their sum, every second from the right doubled."""
    weighed = sum(int(digit) * (1 if place % 2 == 0 else 2) for place, digit in enumerate(reversed(base)))
    return 9 - weighed % 9
