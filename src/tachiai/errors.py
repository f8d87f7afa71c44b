"""The errors that cross rooms. They carry a stable code and facts, never words: words are made in ``web/refusal_words.py``."""

from __future__ import annotations


class Refusal(Exception):
    """A verb declines what it was asked, for a reason the asker can act on.

    ``code`` is stable and dotted (``file.encrypted``, ``code.wrong``); ``facts`` are the values its sentence names.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class Outage(Exception):
    """Something the house depends on does not answer, or answers wrongly (TSA, key, store, SMTP, disk).

    It says nothing about the work itself: whoever meets it backs off, raises an alarm and tries again, for ever.
    ``code`` is stable and dotted (``tsa.unreachable``); ``detail`` is for operators and holds no secret.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
