"""Files that are too much of something are answered in words, far below the limits that would end their child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from crypto.hand_made import laid, objects, one
from pages import odd_files, odd_layers, odd_sights
from pages.odd_sights import PAY, document_drawn, drawn, words
from pages.test_revisions import POLYGLOTS, PREPARED
from tachiai.cli.demo_papers import print_paper
from tachiai.cli.demo_story import Paper
from tachiai.errors import Refusal
from tachiai.pages import child, forensics, object_walk
from tachiai.pages.inspect import LIMITS

# Half of what an inspection may take: what is ended by these is not answered in words.
HALF = replace(LIMITS, cpu_seconds=LIMITS.cpu_seconds // 2)


def asked(pdf: bytes) -> dict[str, dict[str, object]]:
    head, _ = child.run("inspect", pdf, limits=HALF)
    return {finding["code"]: finding["facts"] for finding in head["findings"]}


def light_pages(count: int) -> bytes:
    document = odd_files.document_of("Agreement")
    first = document.pages[0].obj
    page = Dictionary(Type=Name.Page, Parent=document.Root.Pages, MediaBox=first.MediaBox)
    page.update({"/Resources": first.Resources, "/Contents": first.Contents})
    document.Root.Pages.Kids = Array([first, *(document.make_indirect(Dictionary(page)) for _ in range(count - 1))])
    document.Root.Pages.Count = count
    return odd_files.saved(document)


def large_image(side: int) -> bytes:
    """A picture of that many pixels on a side, some kilobytes of it."""
    document = document_drawn("q 500 0 0 700 0 0 cm /Im Do Q ", PAY)
    image = Stream(document, odd_files.zeros_deflated(1))
    image.update({"/Type": Name.XObject, "/Subtype": Name.Image, "/Width": side, "/Height": side, "/Filter": Name.FlateDecode})
    image.update({"/ColorSpace": Name.DeviceGray, "/BitsPerComponent": 8})
    document.pages[0].obj.Resources.XObject = Dictionary(Im=document.make_indirect(image))
    return odd_files.saved(document, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def many_notes(count: int) -> bytes:
    document: Pdf = document_drawn(PAY)
    note = Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=Array([0, 0, 500, 800]), F=4)
    document.pages[0].obj.Annots = Array([document.make_indirect(Dictionary(note)) for _ in range(count)])
    return odd_files.saved(document)


REFUSED: dict[str, tuple[Callable[[], bytes], str, dict[str, object]]] = {
    "5,000 pages": (lambda: light_pages(5_000), "file.too_many_pages", {"pages": 5_000, "limit": 500}),
    "objects": (
        lambda: laid({**objects(), **dict.fromkeys(range(10, object_walk.MAX_OBJECTS + 10), b"1")}).table(),
        "file.too_complex",
        {"reason": "objects", "limit": 200_000},
    ),
    "pixels": (lambda: large_image(30_000), "file.too_complex", {"reason": "pixels", "megapixels": 900, "limit": 400}),
    "brackets": (lambda: one(catalogue=b" /X " + b"[" * 100_000 + b"]" * 100_000), "file.broken", {"cause": "unreadable"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_too_much_is_refused_with_the_limit(name):
    make, code, facts = REFUSED[name]
    with pytest.raises(Refusal) as caught:
        asked(make())
    assert (caught.value.code, caught.value.facts) == (code, facts)


@pytest.mark.parametrize(
    ("count", "facts"),
    [(4, {"reason": "annotations", "count": 4, "limit": 3}), (3, {"reason": "time"})],
    ids=["too many", "not too many"],
)
def test_where_the_time_went_to_annotations_they_are_the_reason(monkeypatch, count, facts):
    monkeypatch.setattr(forensics, "MOST_ANNOTATIONS", 3)
    monkeypatch.setattr(forensics, "LONGEST_OF_ALL_SECONDS", 1e-6)
    head, _ = forensics.inspect_job(many_notes(count), {})
    assert [one["facts"] for one in head["findings"] if one["code"] == "file.too_complex"] == [facts]


@pytest.mark.parametrize(
    "make",
    [
        lambda: drawn(PAY, "1 1 1 rg\n", "10 10 500 800 re f\n" * 60_000),
        lambda: drawn("1 g ", *(words(f"a{n}", x=n % 500, y=n % 800) for n in range(10_000))),
        lambda: many_notes(3_000),
    ],
    ids=["shapes", "words", "annotations"],
)
def test_a_page_with_too_much_on_it_is_told_as_not_looked_through(make):
    assert asked(make())["content.invisible"]["reasons"] == ["unchecked"]


def test_five_hundred_pages_with_something_to_look_at_are_looked_at():
    head = drawn(odd_sights.filled("0 0 0.4", 0, 590, 500, 40), "1 g ", words("Amount", y=600))
    assert "content.invisible" not in asked(odd_sights.joined(*[head] * 500))


ODD: list[Callable[[], bytes]] = [
    *(make for make, _, _ in odd_sights.UNSEEN.values()),
    *odd_sights.SEEN.values(),
    *(lambda pdf=pdf: pdf for pdf, _ in (*PREPARED.values(), *POLYGLOTS.values())),
    lambda: odd_layers.layered(odd_layers.stated(view="ON", printed="OFF")),
    lambda: odd_layers.layered(membership=odd_layers.not_expressed),
    lambda: odd_files.with_field("x"),
    lambda: odd_files.signed(docmdp=2),
    odd_files.without_xref,
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(ODD),
    st.lists(st.tuples(st.integers(0, 2**20), st.sampled_from([b"0", b"-", b"<<", b"[", b"/", b" R", b"\xff", b"9" * 12])), max_size=8),
    st.integers(0, 3),
)
def test_odd_files_that_are_changed_are_always_answered(make, changes, doubled):
    damaged = bytearray(make())
    for place, put in changes:
        damaged[place % len(damaged) : place % len(damaged) + len(put)] = put
    refusal = None
    try:
        child.run("inspect", bytes(damaged) + bytes(damaged[-200:]) * doubled, limits=LIMITS)
    except Refusal as caught:
        refusal = caught
    # Only a fault of our own code leaves its place behind.
    assert refusal is None or (refusal.code.startswith("file.") and "where" not in refusal.facts), refusal


def test_a_tagged_contract_of_many_pages_is_no_file_that_takes_too_long():
    """Its structure names every line and cell, and the rehearsal goes through all of them: some seconds, in proportion to its objects."""
    paper = print_paper(
        Paper("道路改良", "工事請負契約書", 28), party="株式会社みほん（架空）", representative="見本 一", amount=1, day="令和8年4月1日"
    )
    found = asked(paper)
    assert paper.count(b" obj") > 4_000
    assert "file.too_complex" not in found
