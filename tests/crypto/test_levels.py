"""Levels: the house seals with a timestamp or not at all. What the engine offers beside that is for judges, and no room reaches it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

import tachiai
from crypto import pdfs
from crypto.contract import HOUSE, Contract, consent, words
from pki import MOMENT, embedded
from tachiai.crypto import pades, pades_verify, release
from tachiai.crypto.filling import Unstamped
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage, Refusal

SOURCE = Path(tachiai.__file__).parent
LATER = MOMENT + timedelta(days=2)


def begun(frozen: bytes) -> Unstamped:
    house = embedded()
    return pades.begin_seal(
        frozen,
        slot=1,
        credential=house.seal_credential,
        reserve=house.timestamper.reserve,
        text=words(1),
        consent_digest=consent(1),
        at=MOMENT,
    )


def test_nothing_of_the_product_lets_out_a_seal_without_a_timestamp() -> None:
    """Nobody but the engine itself names ``Unstamped.bare`` (B-B); who calls ``pades.store`` (B-LT) only asks whether it would do."""
    every = [node for file in SOURCE.rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    named = [node for node in every if isinstance(node, ast.Attribute)]
    assert not [node for node in named if node.attr == "bare"]
    asked = {id(node.value) for node in every if isinstance(node, ast.Expr)}
    called = [node for node in every if isinstance(node, ast.Call) and _is_store(node.func)]
    assert all(id(node) in asked for node in called)
    assert len(called) == len([node for node in named if _is_store(node)])


def _is_store(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "store" and isinstance(node.value, ast.Name) and node.value.id == "pades"


def test_both_gates_refuse_a_seal_without_a_timestamp() -> None:
    contract, upload, roots = Contract(embedded()), pdfs.plain(), embedded().roots
    frozen = contract.freeze(upload)
    made = begun(frozen).bare()
    assert made.tokens == ()
    for verify in (release.verify, pades_verify.verify):
        with pytest.raises(Refusal, match=r"seal\.timestamp_missing"):
            verify(frozen + made.tail, expected=contract.expected(upload, (1,)), roots=roots, tsa_roots=roots, at=LATER)


def test_an_unfinished_seal_takes_only_the_token_it_asked_for() -> None:
    house, contract, upload = embedded(), Contract(embedded()), pdfs.plain()
    frozen = contract.freeze(upload)
    waiting = begun(frozen)
    other = house.timestamper.timestamp(bytes(32), at=MOMENT)
    with pytest.raises(ValueError, match="something else"):
        waiting.finish(other)
    token = house.timestamper.timestamp(waiting.imprint, at=MOMENT)
    made = waiting.finish(token)
    assert made.tokens == (token,)
    contract.verify(frozen + made.tail, contract.expected(upload, (1,)))


@pytest.mark.parametrize("held", [b"", b"\x30\x00", b"not a token"])
def test_a_token_without_substance_never_passes(held: bytes) -> None:
    """Should a timestamper ever lie about what it gives, the gates still look for themselves."""
    house, contract, upload, roots = embedded(), Contract(embedded()), pdfs.plain(), embedded().roots
    frozen = contract.freeze(upload)
    waiting = begun(frozen)
    lie = house.timestamper.timestamp(bytes(32), at=MOMENT)._replace(imprint=waiting.imprint, der=held)
    forged = frozen + waiting.finish(lie).tail
    for verify in (release.verify, pades_verify.verify):
        with pytest.raises(Refusal, match=r"seal\.(timestamp|broken|unreadable)"):
            verify(forged, expected=contract.expected(upload, (1,)), roots=roots, tsa_roots=roots, at=LATER)


class Gone:
    """A timestamper that does not answer."""

    name, accredited, embedded, reserve = "gone", True, False, 4000

    def timestamp(self, digest: bytes, *, at: object) -> Token:
        raise Outage("tsa.unreachable")


def test_without_a_timestamper_nothing_is_made() -> None:
    house, frozen = embedded(), Contract(embedded()).freeze(pdfs.plain())
    gone: object = Gone()
    with pytest.raises(Outage, match=r"tsa\.unreachable"):
        pades.seal(
            frozen,
            slot=1,
            credential=house.seal_credential,
            timestamper=gone,  # type: ignore[arg-type]
            text=words(1),
            consent_digest=consent(1),
            at=MOMENT,
        )
    with pytest.raises(Outage, match=r"tsa\.unreachable"):
        pades.freeze(pdfs.plain(), slots=[1], credential=house.seal_credential, timestamper=gone, text=HOUSE, at=MOMENT)  # type: ignore[arg-type]


def test_validation_data_alone_does_not_close() -> None:
    contract, upload, house = Contract(embedded()), pdfs.plain(), embedded()
    held = contract.seal(contract.freeze(upload))
    stored = held + pades.store(held, revocation=house.revocation_source, roots=house.roots, at=MOMENT + timedelta(days=1)).tail
    for closed in (False, True):
        for verify in (release.verify, pades_verify.verify):
            with pytest.raises(Refusal, match=r"seal\.(not_whole_file|not_archival)"):
                verify(stored, expected=contract.expected(upload, (1,), closed=closed), roots=house.roots, tsa_roots=house.roots, at=LATER)
