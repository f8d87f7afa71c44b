"""Sample contracts for trying the house out: plainly fictional, printed by the house itself, so that a first day needs no file.

The municipality, the company and everything they agree on are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tachiai.pages import sample_texts
from tachiai.pages.typesetting import typeset

WRITTEN_AT = datetime(2026, 4, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A sample contract: the name of its file, its title as an envelope would be named, and its bytes (PDF/A-2a, under 200 KB)."""

    file_name: str
    title: str
    pdf: bytes


def samples() -> list[Sample]:
    """The three samples, printed once in a process and the same bytes in every process."""
    return list(_all())


@lru_cache(maxsize=1)
def _all() -> tuple[Sample, ...]:
    return tuple(_printed(text) for text in (sample_texts.SERVICES, sample_texts.CONFIDENTIALITY, sample_texts.SPECIFICATION))


def _printed(text: dict[str, Any]) -> Sample:
    return Sample(file_name=f"{text['file_name']}.pdf", title=text["envelope"], pdf=typeset("contract", data=text, at=WRITTEN_AT))
