"""Seals through the years: what stands when certificates have run out, what is renewed, and what is too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crypto import pdfs
from crypto.contract import Contract
from pki import MOMENT
from tachiai.crypto.pades_verify import examine
from tachiai.errors import Refusal

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def upload() -> bytes:
    return pdfs.plain(pages=2)


@pytest.fixture(scope="module")
def closed(contract: Contract, upload: bytes) -> bytes:
    return contract.whole(upload, (1, 2))


def test_a_closed_file_stands_until_its_last_timestamp_ages_out(contract: Contract, upload: bytes, closed: bytes) -> None:
    expected = contract.expected(upload, (1, 2), closed=True)
    contract.verify(closed, expected, at=MOMENT + 4 * YEAR)
    with pytest.raises(Refusal, match=r"seal\.archive_expired") as caught:
        contract.verify(closed, expected, at=MOMENT + 6 * YEAR)
    assert caught.value.facts["since"] == contract.authority.stamp_credential.not_after


def test_the_public_is_told_that_renewal_was_missed(contract: Contract, closed: bytes) -> None:
    roots = contract.authority.roots
    assert examine(closed, roots=roots, tsa_roots=roots, at=MOMENT + 4 * YEAR).sound
    late = examine(closed, roots=roots, tsa_roots=roots, at=MOMENT + 6 * YEAR)
    assert (late.sound, late.problems) == (False, ("archive_expired",))


def test_renewal_only_appends_and_the_file_stands_as_before(contract: Contract, upload: bytes, closed: bytes) -> None:
    # The deep verifier compares proofs of existence with the real clock, so the renewal lies in its past too.
    renewed = contract.close(closed, at=MOMENT + timedelta(days=90))
    assert renewed.startswith(closed)
    report = contract.verify(renewed, contract.expected(upload, (1, 2), closed=True), at=MOMENT + 2 * YEAR)
    assert [row.kind for row in report.rows][-2:] == ["timestamp", "timestamp"]
    assert [row.level for row in report.rows[:3]] == ["B-LTA"] * 3
    assert report.rows[-1].gen_time == MOMENT + timedelta(days=90)


def test_a_seal_without_closing_is_judged_at_its_timestamp(contract: Contract, upload: bytes) -> None:
    sealed = contract.seal(contract.freeze(upload))
    contract.verify(sealed, contract.expected(upload, (1,)), at=MOMENT + 4 * YEAR)


def test_nothing_is_sealed_with_a_certificate_that_has_run_out(contract: Contract, upload: bytes) -> None:
    from tachiai.errors import Outage

    with pytest.raises(Outage, match="is not valid at"):
        contract.freeze(upload, at=MOMENT + 6 * YEAR)
