"""Words in a file that are not to be seen are pointed out with their page, and ordinary pages are left in peace."""

from __future__ import annotations

import pytest

from pages import odd_sights
from pages.odd_sights import HIDDEN, NO_VIEW, PAY, PRINT, SEEN, SQUARE, UNSEEN, noted, scanned, words
from pages.test_inspect import found
from tachiai.pages import hidden_content
from tachiai.pages.hidden_content import HiddenContent
from tachiai.pages.inspect import inspect
from tachiai.pages.patches import Box, Cover, Grid
from tachiai.pages.samples import samples

SIGHTS = {"content.invisible", "content.overlap", "content.ocr_text", "annotations.covering", "annotations.hidden"}


def sights(pdf: bytes) -> dict[str, dict[str, object]]:
    return {code: facts for code, facts in found(pdf).items() if code in SIGHTS}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_is_not_to_be_seen_is_told_with_its_words(name):
    make, code, text = UNSEEN[name]
    told = sights(make())
    assert set(told) == {code}
    assert told[code]["pages"] == [1]
    assert text in " ".join(told[code]["texts"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SEEN)
def test_what_is_seen_is_not_spoken_of(name):
    assert sights(SEEN[name]()) == {}


def test_the_houses_own_samples_are_not_spoken_of():
    for sample in samples():
        assert sights(sample.pdf) == {}


def test_the_pages_are_named():
    clean, covered = odd_sights.drawn(PAY), UNSEEN["covered"][0]()
    assert sights(odd_sights.joined(clean, covered, clean, clean, covered))["content.overlap"]["pages"] == [2, 5]


@pytest.mark.parametrize("after", [False, True], ids=["over the picture", "under the picture"])
def test_what_a_scanner_has_read_is_taken_as_that(after):
    read = words("Pay 100 yen") if after else words("Pay 100 yen", before="3 Tr")
    inspection = inspect(scanned(after=after, read=read))
    told = {finding.code: finding.severity for finding in inspection.findings}
    assert told.get("content.ocr_text") == "accept"
    assert not SIGHTS & {finding.code for finding in inspection.warnings}


@pytest.mark.parametrize(
    ("share", "more"),
    [(0.3, ""), (1.0, words("One", y=500) + words("Two", y=450) + words("Three", y=400))],
    ids=["a small picture", "a letterhead"],
)
def test_a_picture_alone_is_no_scan(share, more):
    assert set(sights(scanned(share=share, more=more))) == {"content.invisible"}


@pytest.mark.parametrize(
    ("flags", "how"),
    [
        (PRINT | HIDDEN, "hidden"),
        (NO_VIEW, "hidden"),
        (PRINT | NO_VIEW, "print_only"),
        (0, "screen_only"),
    ],
)
def test_annotations_that_not_everybody_sees_are_told(flags, how):
    told = sights(noted(SQUARE, flags=flags, colour=None))["annotations.hidden"]
    assert told == {"pages": [1], "kinds": [f"Square:{how}"], "count": 1}


def test_what_has_no_place_is_no_hidden_annotation():
    assert sights(noted(SQUARE, flags=PRINT | HIDDEN, rect=(0, 0, 0, 0))) == {}


@pytest.mark.parametrize("limit", ["MOST_THINGS", "MOST_SUSPECTS", "LONGEST_LOOK_SECONDS"])
def test_what_nobody_has_looked_at_is_said(monkeypatch, limit):
    monkeypatch.setattr(hidden_content, limit, -1)
    looked = HiddenContent()
    with odd_sights.opened(UNSEEN["white on white"][0]()) as page:
        looked.look(page, 7)
    (finding,) = looked.findings
    assert (finding.code, finding.severity, dict(finding.facts)) == (
        "content.invisible", "warn", {"pages": [7], "reasons": ["unchecked"], "texts": []},
    )  # fmt: skip


def test_cells_belong_to_what_covers_their_middle():
    grid = Grid(Box(0, 0, 100, 100))
    cover = Cover(grid)
    assert not cover.over(grid.patch(Box(0, 0, 100, 100))).bits
    cover.add(grid.patch(Box(10, 10, 20, 20)))
    assert grid.box(cover.over(grid.patch(Box(0, 0, 100, 100)))) == Box(10, 10, 20, 20)
    assert not cover.over(grid.patch(Box(22, 10, 40, 20))).bits
    assert not grid.patch(Box(200, 200, 300, 300)).bits
    assert grid.patch(Box(200, 200, 300, 300), least=1).bits
