"""P-04 ③ by plain forms: nothing by default, a list of numbers, marks in the text, and what is wrong beside its row (B05)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from cast import Cast
from fielded import drafted
from tachiai.accounts.models import Member
from tachiai.envelopes.models import Document
from tachiai.envelopes.placing import fields_of

Seat = Callable[[Member], Client]


def row(page: Any, number: int) -> dict[str, str]:
    """What the inputs of a row hold, as a browser would send it, by their names without the key."""
    (whole,) = [one for one in re.findall(r"<fieldset class=\"row-card.*?</fieldset>", page, re.DOTALL) if f"<span>{number}</span>" in one]
    held = dict(re.findall(r'<input class="input" name="([^"]+)" id="[^"]+" value="([^"]*)"', whole))
    for name, options in re.findall(r'<select class="select" name="([^"]+)".*?>(.*?)</select>', whole, re.DOTALL):
        held[name] = re.findall(r'value="([^"]+)" selected', options)[0]
    if "checked" in whole:
        held[re.findall(r'type="checkbox" name="([^"]+)"', whole)[0]] = "1"
    return held


def test_nothing_is_placed_unless_it_is_wanted(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    desk, step = seat(people.clerk), f"/envelopes/{envelope.pk}/fields"
    page = desk.get(step).content.decode()
    assert re.search(r'value="none" checked', page)
    assert "印影なし（不可視署名・推奨）" in page
    assert "data-placing" not in page
    assert desk.post(step, {"act": "mode", "mode": "none"}).headers["Location"] == f"/envelopes/{envelope.pk}/review"
    assert "署名欄なし（不可視署名）" in desk.get(f"/envelopes/{envelope.pk}/review").content.decode()


def test_a_list_of_numbers_places_moves_copies_and_removes(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    desk, step = seat(people.clerk), f"/envelopes/{envelope.pk}/fields"
    assert desk.post(step, {"act": "mode", "mode": "place"}).headers["Location"] == f"{step}?place=1"
    here = f"{step}?place=1&doc=1&page=2"
    assert "坂本 一郎 さんのサイン・印影は置かれていません" in desk.get(here).content.decode()
    placed = desk.post(here, {"act": "add", "new-kind": "text", "new-slot": "1", "new-page": "2"})
    (field,) = fields_of(envelope)
    assert placed.headers["Location"].endswith(f"#field-{field.pk}")
    page = desk.get(here).content.decode()
    assert 'class="field-box party-1"' in page
    typed = row(page, 1)
    moved = {**typed, f"left-{field.pk}": "２５．５mm", f"top-{field.pk}": "100", f"guide-{field.pk}": "所在地", "act": "save"}
    saved = desk.post(here, moved, follow=True).content.decode()
    assert re.search(r"下書きを保存しました \d\d:\d\d", saved)
    (field,) = fields_of(envelope)
    assert (field.left, field.top, field.guide, field.required) == (255, 1000, "所在地", True)
    # What cannot be is said beside its row and kept as it was typed; nothing of it is taken over.
    for wrong, words in (("210", "2ページからはみ出しています"), ("左", "0以上の数字（mm）")):
        refused = desk.post(here, {**moved, f"left-{field.pk}": wrong})
        assert refused.status_code == 422
        assert words in refused.content.decode()
        assert f'value="{wrong}"' in refused.content.decode()
    # Clicked at a place of the page: there; at its very edge: moved onto it.
    desk.post(here, {"act": "add", "new-kind": "seal", "new-slot": "2", "new-page": "2", "new-left": "205", "new-top": "10.25"})
    seal = next(one for one in fields_of(envelope) if one.kind == "seal")
    assert (seal.slot, seal.left + seal.width, seal.top) == (2, seal.sheet_width, 102)
    second = desk.post(here, {"act": "add", "new-kind": "signature", "new-slot": "2", "new-page": "1"})
    assert "1つの文書に署名者ごとに1つだけ" in second.content.decode()
    desk.post(here, {"act": f"copy:{field.pk}"})
    assert len(fields_of(envelope)) == 3
    desk.post(here, {"act": f"remove:{field.pk}"})
    desk.post(here, {"act": "marks"})
    assert "目印から3件を置きました" in desk.get(f"{here}&marks=3").content.decode()
    assert [one.kind for one in fields_of(envelope)] == ["seal", "text", "signature", "date", "name"]
    assert "サイン 1、" in desk.get(f"/envelopes/{envelope.pk}/review").content.decode()
    # Choosing none again takes everything away.
    desk.post(step, {"act": "mode", "mode": "none"})
    assert fields_of(envelope) == []


def test_documents_signed_by_others_take_nothing_visible(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    Document.objects.filter(envelope=envelope).update(foreign_signatures=1)
    desk, step = seat(people.clerk), f"/envelopes/{envelope.pk}/fields"
    assert "この文書は不可視署名になります" in desk.get(step).content.decode()
    refused = desk.post(f"{step}?place=1", {"act": "add", "new-kind": "text", "new-slot": "1", "new-page": "1"})
    assert refused.status_code == 422
    assert "すでに電子署名が付いているため" in refused.content.decode()
    assert fields_of(envelope) == []
    assert "Place fields" in desk.get(f"{step}?lang=en").content.decode()
