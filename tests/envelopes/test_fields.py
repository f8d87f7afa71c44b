"""Input fields from placing to the finished file: where the sender put them, what the signers entered, and nothing else."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest

import marked
from cast import Cast
from crypto.pdfs import plain
from fielded import MM, STROKES, entered, person, placed
from stages import HERE, enters, sees_everything
from stories import work
from tachiai import ceremony, clock, ledger, sealing, vault
from tachiai.ceremony import Level
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.checking import check_house
from tachiai.envelopes.drafting import add_document, address_envelope, name_recipients
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.field_models import Field, FieldEntry, FieldKind
from tachiai.envelopes.models import Envelope, Recipient, SealTask
from tachiai.envelopes.placing import Spot, fields_of, move_field, overlapping, place_at_marks, place_field, remove_fields
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import sign, sign_at_desk
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal


def test_marks_place_fields_and_refusals_keep_them_on_the_page(cast: Cast) -> None:
    envelope = placed(cast)
    document = envelope.documents.get()
    kinds = [(field.slot, field.kind, field.page) for field in fields_of(envelope)]
    assert kinds == [(1, "text", 1), (1, "check", 1), (1, "signature", 2), (1, "date", 2), (2, "name", 2), (2, "seal", 2)]
    at, by = clock.now(), cast.clerk
    assert place_at_marks(document, by=by, at=at) == []  # asked twice, placed once
    field = fields_of(envelope)[2]
    assert abs(field.left / MM - marked.LEFT / 72 * 25.4) < 0.5
    good = Spot(2, FieldKind.TEXT, 1, 0, 0, 100, 80)
    for wrong, code in (
        (Spot(2, FieldKind.TEXT, 1, 2000, 0, 200, 80), "field.out_of_page"),
        (Spot(2, FieldKind.TEXT, 3, 0, 0, 200, 80), "field.out_of_page"),
        (Spot(2, FieldKind.TEXT, 1, 0, 0, 20, 80), "field.size"),
        (Spot(3, FieldKind.TEXT, 1, 0, 0, 200, 80), "field.slot_unknown"),
        (Spot(1, FieldKind.SEAL, 1, 0, 0, 200, 200), "field.second_look"),
    ):
        with pytest.raises(Refusal) as refused:
            place_field(document, wrong, by=by, at=at)
        assert refused.value.code == code
    moved = place_field(document, good, by=by, at=at)
    other = place_field(document, good, by=by, at=at)
    assert (moved.number, other.number) == (3, 4)
    assert overlapping(fields_of(envelope)) == [(fields_of(envelope)[0], fields_of(envelope)[1])]
    move_field(other, Spot(1, FieldKind.TEXT, 1, 300, 300, 100, 80), by=by, at=at)
    assert not overlapping(fields_of(envelope))
    with pytest.raises(Refusal, match=r"envelope\.not_allowed"):
        remove_fields(envelope, [moved], by=cast.stranger, at=at)
    remove_fields(envelope, [moved], by=by, at=at)
    # The signers change places: each keeps what is theirs. Who is not asked any more takes it along.
    name_recipients(envelope, [(2, cast.vendor), (1, cast.mayor)], by=by, at=at)
    assert {(field.slot, field.kind) for field in fields_of(envelope)} >= {(2, "signature"), (1, "seal"), (2, "check")}
    name_recipients(envelope, [(1, cast.builder), (2, cast.mayor)], by=by, at=at)
    assert {(field.slot, field.kind) for field in fields_of(envelope)} == {(2, "name"), (2, "seal")}
    events = [entry.event for entry in ledger.entries(envelope.stream)]
    assert events.count("field.placed") == 8
    assert events.count("field.moved") == 1 + 7 + 2
    assert events.count("field.removed") == 6


@pytest.mark.parametrize("turned", [0, 90])
def test_what_was_entered_stands_in_the_signed_file(cast: Cast, turned: int, tmp_path: Path) -> None:
    envelope = placed(cast, turned=turned)
    document = envelope.documents.get()
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    vendor = person(envelope, "counterparty")
    found = enters(vendor)
    with pytest.raises(Refusal, match=r"fields\.missing"):
        sign(found, HERE, at=clock.now())
    wrong = entered(vendor, text="千葉県さくら丘市中央一丁目2番3号\nさくらビル", date="令和8年13月1日", signature=STROKES, check="Yes")
    assert [refusal.code for refusal in wrong.values()] == ["field.no_day"]
    assert not entered(vendor, date="令和8年11月26日")
    sign(found, HERE, at=clock.now())
    with pytest.raises(Refusal, match=r"recipient\.not_asked"):
        entered(vendor, text="あとから")
    work()
    mayor = person(envelope, "own")
    sees_everything(mayor)
    assert not entered(mayor, name="坂本 一郎", seal="坂本")
    sign_at_desk(mayor, HERE, by=cast.mayor, level=Level.PASSWORD_AND_TOTP, at=clock.now())
    work()
    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.CONCLUDED
    document.refresh_from_db()
    pdf = vault.read(document.blob)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        held = {str(field.T): field for field in opened.Root.AcroForm.Fields}
        values = {name: str(field.V) for name, field in held.items() if name.startswith("TachiaiValue")}
        assert set(values.values()) == {"/Yes", "千葉県さくら丘市中央一丁目2番3号\nさくらビル", "坂本 一郎", "2026年11月26日"}
    consent = ceremony.instruction_of(ceremony.consents_of([vendor.pk])[0])
    assert consent.values["TachiaiValue001-03"] == "千葉県さくら丘市中央一丁目2番3号\nさくらビル"
    assert consent.values[f"TachiaiSlot001:{document.pk}"].startswith("drawn:")
    assert list(check_house()) == []
    found_when_exchanged(envelope)
    sealing.verify(pdf, expected=expected(document, closed=True), at=clock.now(), deep=True)  # pyHanko's word, values included
    (tmp_path / "signed.pdf").write_bytes(pdf)
    told = subprocess.run(["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False).stdout
    assert told.count("Signature is Valid") == 3
    if not turned:
        stand_where_they_were_placed(envelope, pdf)


def found_when_exchanged(envelope: Envelope) -> None:
    """fsck names each of the rows that somebody has changed beside the ledger."""
    field = fields_of(envelope)[0]
    rows: list[tuple[str, Any, dict[str, Any]]] = [
        ("field.unlike_entry", Field.objects.filter(pk=field.pk), {"left": 1}),
        ("document.fields_differ", envelope.documents.all(), {"laid": {}}),
        ("entry.unlike_consent", FieldEntry.objects.filter(field=field), {"text": "別の所在地"}),
    ]
    for code, row, changed in rows:
        (before,) = row.values(*changed)
        row.update(**changed)
        assert code in {finding.code for finding in check_house(quick=True)}
        row.update(**before)
    assert list(check_house(quick=True)) == []


def stand_where_they_were_placed(envelope: Envelope, pdf: bytes) -> None:
    """B05: within half a millimetre of where the sender put them, in the file that both sides have."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        tops = [float(page.mediabox[3]) for page in opened.pages]
        held = {str(field.T): [float(side) for side in field.Rect] for field in opened.Root.AcroForm.Fields if "/Rect" in field}
    for field in fields_of(envelope):
        name = f"TachiaiSlot{field.slot:03d}" if field.is_look else f"TachiaiValue{field.slot:03d}-{field.number:02d}"
        left, lower, right, upper = held[name]
        seen = (left, tops[field.page - 1] - upper, right - left, upper - lower)
        wanted = (field.left, field.top, field.width, field.height)
        assert all(abs(side * 25.4 / 72 - placed / MM) < 0.5 for side, placed in zip(seen, wanted, strict=True)), name


def test_what_was_exchanged_after_the_consent_is_not_sealed(cast: Cast) -> None:
    envelope = placed(cast)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    vendor = person(envelope, "counterparty")
    found = enters(vendor)
    assert not entered(vendor, text="100円", date="2026/11/26", signature="緑野 太郎", check="Yes")
    other = {entry.field.kind: bytes(entry.appearance or b"") for entry in FieldEntry.objects.select_related("field")}
    assert not entered(vendor, text="999円", date="2026/11/26")
    sign(found, HERE, at=clock.now())
    mine = FieldEntry.objects.filter(field__kind=FieldKind.TEXT)
    # The words stay, and what would be seen is another's; then other words with the looks that belong to them.
    mine.update(appearance=other["text"])
    work()
    assert SealTask.objects.get().trouble == "vault.altered"
    mine.update(text="100円", appearance=other["text"])
    SealTask.objects.update(due_at=clock.now(), state="waiting")
    work()
    assert SealTask.objects.get().trouble == "seal.not_instructed"
    assert vendor.envelope.documents.get().head_number == 1


def test_any_one_of_a_group_fills_in_the_shared_field_of_their_documents(cast: Cast) -> None:
    envelope, at = placed(cast), clock.now()
    (first,) = envelope.documents.all()
    second = add_document(envelope, file_name="別紙.pdf", pdf=plain(), by=cast.clerk, at=at)
    either = {"any_one": True, "documents": [first]}
    people = [Place(1, cast.vendor, **either), Place(1, cast.builder, **either), Place(2, cast.mayor)]
    address_envelope(envelope, people, by=cast.clerk, at=at)
    assert {field.slot for field in fields_of(envelope)} == {1, 2}
    with pytest.raises(Refusal, match=r"field\.not_their_document"):
        place_field(second, Spot(1, FieldKind.TEXT, 1, 100, 100, 200, 80), by=cast.clerk, at=at)
    # Placed before the recipients were narrowed, it keeps the envelope from being sent.
    address_envelope(envelope, [Place(1, cast.vendor), Place(2, cast.mayor)], by=cast.clerk, at=at)
    stray = place_field(second, Spot(1, FieldKind.TEXT, 1, 100, 100, 200, 80), by=cast.clerk, at=at)
    address_envelope(envelope, people, by=cast.clerk, at=at)
    with pytest.raises(Refusal, match=r"field\.not_their_document"):
        send_envelope(envelope, by=cast.clerk, at=at)
    remove_fields(envelope, [stray], by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    related = ("envelope__organization__operator", "envelope__sender", "registration")
    builder = Recipient.objects.select_related(*related).get(envelope=envelope, registration=cast.builder)
    found = enters(builder)
    assert not entered(builder, text="東京都", date="2026/11/26", signature="𠮷田 健")
    sign(found, HERE, at=clock.now())
    work()
    builder.refresh_from_db()
    assert builder.state == "signed"
    assert list(check_house()) == []
