"""B-LTA asked once for the file: a sound file is proven so, and whatever is missing from it goes to the whole procedure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

from crypto import pdfs
from crypto.contract import Contract
from pki import MOMENT, embedded
from tachiai.crypto import archival, proven_at_once, proven_in_turn
from tachiai.crypto.changes import STRICT_POLICY
from tachiai.crypto.pades_verify import examine
from tachiai.crypto.reading import open_reader

CLOSED = MOMENT + timedelta(days=1)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(embedded())


@pytest.fixture(scope="module")
def closed(contract: Contract) -> bytes:
    return contract.whole(pdfs.plain(form=True), (1, 2))


def doubts(pdf: bytes, contract: Contract, *, roots: Sequence[bytes] | None = None, at: object = CLOSED) -> list[str]:
    reader = open_reader(pdf)
    found: list[EmbeddedPdfSignature] = list(reader.embedded_signatures)
    for deep in found:
        deep.compute_integrity_info(diff_policy=STRICT_POLICY)  # type: ignore[no-untyped-call]
    spec = archival._specification(contract.authority.roots if roots is None else roots, contract.authority.roots)
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)  # type: ignore[arg-type]
    asked = proven_at_once.doubtful(reader, found[:-1], found[-1], spec=spec, timing=timing)
    return [deep.field_name for deep in asyncio.run(asked)]


def test_a_closed_contract_is_proven_without_the_whole_procedure(
    contract: Contract, closed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_arguments: object, **_more: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(archival, "ades_lta_validation", never)
    report = examine(closed, roots=contract.authority.roots, tsa_roots=contract.authority.roots, at=CLOSED)
    assert [row.level for row in report.rows] == ["B-LTA", "B-LTA", "B-LTA", "none"]
    assert report.sound


def test_a_renewed_file_is_proven_in_turn(contract: Contract, closed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    whole = archival.ades_lta_validation

    async def noted(deep: EmbeddedPdfSignature, *arguments: object, **more: object) -> object:
        asked.append(deep.field_name)
        return await whole(deep, *arguments, **more)  # type: ignore[arg-type]

    async def all_of_them(_reader: object, signatures: Sequence[EmbeddedPdfSignature], *_arguments: object, **_more: object) -> object:
        return signatures

    monkeypatch.setattr(archival, "ades_lta_validation", noted)
    renewed = contract.close(closed, at=CLOSED + timedelta(days=300))
    for doubts in (0, 3):
        report = examine(renewed, roots=contract.authority.roots, tsa_roots=contract.authority.roots, at=CLOSED + timedelta(days=301))
        assert report.sound
        assert len(asked) == doubts
        # What is doubtful is given to the whole procedure, which finds nothing wrong here either.
        monkeypatch.setattr(proven_in_turn, "doubtful", all_of_them)


def test_doubts(contract: Contract, closed: bytes) -> None:
    assert doubts(closed, contract) == []
    everybody = [row.field for row in examine(closed, roots=[], tsa_roots=[], at=CLOSED).rows[:-1]]
    # A root nobody pinned, a time before there were answers, and a time when they are no longer fresh.
    assert doubts(closed, contract, roots=[]) == everybody
    assert doubts(closed, contract, at=MOMENT - timedelta(days=30)) == everybody


def test_a_store_without_answers_proves_nothing(contract: Contract, closed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = proven_at_once.Material.of(open_reader(closed))
    assert whole.answers
    monkeypatch.setattr(proven_at_once.Material, "of", lambda _reader: replace(whole, answers=()))
    assert len(doubts(closed, contract)) == 3
    monkeypatch.setattr(proven_at_once.Material, "of", lambda _reader: replace(whole, answers=whole.answers[:1]))
    assert len(doubts(closed, contract)) == 3
