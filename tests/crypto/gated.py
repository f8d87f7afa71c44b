"""A contract whose files are judged by the release gate alone, which may not ask the deep verifier unless a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from crypto.contract import Contract
from pki import MOMENT
from tachiai.crypto import release
from tachiai.crypto.judgement import Expected, Report


@dataclass(frozen=True)
class Gated(Contract):
    def verify(self, pdf: bytes, expected: Expected, at: datetime = MOMENT + timedelta(days=2)) -> Report:
        return release.verify(pdf, expected=expected, roots=self.authority.roots, tsa_roots=self.authority.roots, at=at)


class AskedElsewhere(Exception):
    """The gate has handed a file to the deep verifier."""


@contextmanager
def alone() -> Iterator[None]:
    """Within it, whatever the gate does not judge itself raises :class:`AskedElsewhere`."""

    def refuse(*_given: object, **_named: object) -> Report:
        raise AskedElsewhere

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(release, "_deep", refuse)
        yield
