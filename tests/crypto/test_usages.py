"""The quick answer to where an object is used, held against pyHanko's own."""

from __future__ import annotations

import io
import random

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver

from crypto import matrix, pdfs, uploads
from crypto.contract import Contract
from pki import embedded
from tachiai.crypto.reading import Reader
from tachiai.pages.samples import samples


def hold_against(pdf: bytes) -> int:
    """Compares every answer about every object in every revision; gives how many paths there were."""
    reader, paths = Reader(pdf), 0
    for revision in range(reader.xrefs.total_revisions):
        ours, theirs = reader.get_historical_resolver(revision), HistoricalResolver(reader, revision)
        ours._load_reverse_xref_cache()
        theirs._load_reverse_xref_cache()  # type: ignore[no-untyped-call]
        for number in range(1, int(reader.trailer["/Size"]) + 2):
            ref = Reference(number, 0)
            assert ours._get_usages_of_ref(ref) == theirs._get_usages_of_ref(ref), (revision, number)
            paths += len(ours._get_usages_of_ref(ref))
    return paths


@pytest.mark.parametrize("form", ["none", "empty", "filled"])
@pytest.mark.parametrize("xref", ["classic", "stream", "hybrid"])
def test_uploads_of_every_kind(xref: uploads.XrefKind, form: str) -> None:
    kinds = {"none": "none", "empty": matrix.covering()[0].form, "filled": matrix.covering()[1].form}
    assert hold_against(Contract(embedded()).whole(uploads.made(xref, kinds[form]), (1, 2))) > 20  # type: ignore[arg-type]


def test_a_tagged_contract_in_every_revision() -> None:
    assert hold_against(Contract(embedded()).whole(samples()[0].pdf, (1, 2))) > 1000


def test_a_form_of_the_uploaders_own_and_a_forged_revision() -> None:
    closed = Contract(embedded()).whole(pdfs.plain(pages=3, form=True), (1,))
    number, body = pdfs.field_number(closed, "remarks")
    assert hold_against(pdfs.appended(closed, replace={number: body.replace(b"agreed", b"denied")})) > 20


@pytest.mark.parametrize("seed", range(60))
def test_files_put_together_at_random(seed: int) -> None:
    """Pages, structure and odd objects that refer to each other, to pages and to the structure tree in every direction."""
    hold_against(tangled(random.Random(seed)))  # noqa: S311 - the same files in every run


def tangled(dice: random.Random) -> bytes:
    document = Pdf.new()
    for _ in range(dice.randint(1, 4)):
        document.add_blank_page(page_size=(200, 200))
    things = [document.make_indirect(Dictionary(Kind=number)) for number in range(dice.randint(3, 7))]
    elements = [document.make_indirect(Dictionary(S=Name.P, N=number)) for number in range(dice.randint(1, 4))]
    pages = [page.obj for page in document.pages]
    keys = ("/Parent", "/P", "/K", "/Kids", "/A", "/Pg", "/Obj", "/B")
    for _ in range(dice.randint(4, 11)):
        holder, target = dice.choice([*things, *elements, *pages]), dice.choice([*things, *elements, *pages])
        inner = dice.choice([target, Array([1, target]), Dictionary(In=target), Dictionary(P=target), Dictionary(Parent=target)])
        key = dice.choice(keys)
        if (key == "/K" and holder in elements) or (key in ("/Kids", "/Parent") and holder in pages):
            continue
        holder[key] = inner
    for element in elements:
        element["/P"] = dice.choice(elements)
    document.Root.Odd = dice.choice([things[0], Array(things[:2]), Dictionary(K=things[0])])
    tree = Dictionary(Type=Name.StructTreeRoot, K=dice.choice([elements[0], Array(elements)]), ParentTree=Dictionary(Nums=Array(elements)))
    document.Root.StructTreeRoot = dice.choice([tree, document.make_indirect(tree)])
    held = io.BytesIO()
    document.save(held, object_stream_mode=dice.choice([ObjectStreamMode.generate, ObjectStreamMode.disable]))
    return held.getvalue()


def test_a_page_tree_in_a_circle_is_not_followed() -> None:
    with pikepdf.open(io.BytesIO(pdfs.plain(pages=2))) as document:
        tree = document.Root.Pages
        tree.Kids = Array([tree.Kids[0], document.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([tree.Kids[0]])))])
        held = io.BytesIO()
        document.save(held)
    with pytest.raises(PdfReadError):
        Reader(held.getvalue()).get_historical_resolver(0)._load_reverse_xref_cache()
