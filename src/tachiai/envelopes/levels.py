"""How sure the house is of who signed, in the words that also stand in the signature."""

from __future__ import annotations

from tachiai.ceremony import Level
from tachiai.envelopes.wording import LEVELS

__all__ = ["Level", "level_at_desk", "level_words"]


def level_at_desk(*, second_factor: bool) -> Level:
    """The level of our own signer's consent: by the desk's login, with or without a one-time password."""
    return Level.PASSWORD_AND_TOTP if second_factor else Level.PASSWORD


def level_words(level: str, *, english: bool) -> str:
    """The words for a recorded level; nothing for one that was not reached yet."""
    if not level:
        return ""
    japanese, foreign = LEVELS[Level(level)]
    return foreign if english else japanese
