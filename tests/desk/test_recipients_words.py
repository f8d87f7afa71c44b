"""Where the words of a refused choice of recipients stand."""

from __future__ import annotations

from place import Place
from tachiai.web.desk.recipients_step import RecipientsForm, _at_fault

CHOSEN = {
    "counterparty": "r:1",
    "counterparty_order": "1",
    "counterparty_proof": "passkey",
    "own": "m:1",
    "own_order": "２",
    "own_proof": "plain",
}


def form_of(**changes: str) -> RecipientsForm:
    return RecipientsForm(CHOSEN | changes, theirs=[("r:1", "相手方")], ours=[("m:1", "当方")])


def test_what_is_said_of_passkeys_stands_beside_the_choice(house: Place) -> None:
    form = form_of()
    assert form.is_valid()
    assert _at_fault(form, "proof.no_passkeys") == ["counterparty_proof"]
    assert _at_fault(form, "envelope.moved") == [None]
    without = form_of(counterparty_proof="totp")
    assert without.is_valid()
    assert _at_fault(without, "proof.not_for_own") == [None]


def test_an_order_that_is_none_is_told_in_our_own_words(house: Place) -> None:
    for wrong in ("", "0", "100", "<b>"):
        assert form_of(own_order=wrong).errors["own_order"] == ["1〜99の数字を入力してください。"]
