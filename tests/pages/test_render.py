"""Pages as signers see them, and the pack that keeps them."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from pages import odd_files
from tachiai.errors import Refusal
from tachiai.pages.render import MAX_WIDTH_PX, PAGE_WIDTH_PX, pack, render, render_page, unpack_page
from tachiai.pages.samples import samples


def picture(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def dark_pixels(image: bytes) -> int:
    return sum(picture(image).convert("L").histogram()[:128])


def test_a_dense_page_is_readable_small_and_sharp():
    first = render(samples()[0].pdf).pages[0]
    assert (first.number, first.width_px, first.height_px) == (1, PAGE_WIDTH_PX, 1172)
    assert picture(first.image).size == (828, 1172)
    assert len(first.image) <= 75_000  # what a first page on a slow phone may weigh, less the words and the style around it
    assert "第1条" in first.text
    assert "乙は、本契約及び別紙仕様書に従い、本業務を履行期間内に完了し" in first.text.replace("\n", "")
    assert first.text.index("第1条") < first.text.index("第2条") < first.text.index("第3条")
    assert first.has_text


def test_japanese_without_its_font_is_drawn_and_read():
    page = render(odd_files.japanese("業務委託契約書", "甲と乙は次のとおり契約する")).pages[0]
    assert page.text == "業務委託契約書\n甲と乙は次のとおり契約する"
    assert dark_pixels(page.image) > 1000


def test_a_field_without_an_appearance_is_drawn_and_read():
    empty, filled = (render(odd_files.with_field(value)).pages[0] for value in ("", "Midorino"))
    assert "Midorino" in filled.text
    assert dark_pixels(filled.image) > dark_pixels(empty.image) + 200


@pytest.mark.parametrize(("colour", "mode"), [((0.8, 0.1, 0.1), "colour"), ((0.5, 0.5, 0.5), "gray")])
def test_colour_is_kept_where_there_is_colour(colour, mode):
    red, green, blue = picture(render(odd_files.coloured(*colour)).pages[0].image).convert("RGB").getpixel((300, 850))
    assert (abs(red - green) > 40) == (mode == "colour")
    assert green == blue or mode == "colour"


def test_a_scan_has_no_text():
    page = render(odd_files.sized(595, 842)).pages[0]
    assert not page.has_text
    assert page.text == ""


@pytest.mark.parametrize(
    ("width", "height", "rotate", "expected"),
    [
        (842, 595, 0, (828, 586)),
        (842, 595, 90, (828, 1172)),
        (1191, 842, 0, (828, 586)),
        (0, 0, 0, None),
        (0.001, 0.001, 0, (828, 828)),
        (14400, 20, 0, (828, 2)),
        (20, 14400, 0, None),
        (200_000, 200_000, 0, (828, 828)),
        (-595, -842, 0, (828, 1172)),
    ],
)
def test_odd_pages_are_bounded(width, height, rotate, expected):
    page = render(odd_files.sized(width, height, rotate=rotate)).pages[0]
    assert picture(page.image).size == (page.width_px, page.height_px)
    assert page.width_px * page.height_px <= 12_100_000
    assert max(page.width_px, page.height_px) <= 6001
    if expected is not None:
        assert (page.width_px, page.height_px) == expected


@pytest.mark.parametrize("width", [1240, 1654])
def test_zoom(width):
    image = render_page(odd_files.plain("One", "Two"), number=2, width=width)
    assert picture(image).size[0] == width


@pytest.mark.parametrize(
    ("number", "width", "code"),
    [(0, 828, "page.not_found"), (3, 828, "page.not_found"), (1, 0, "page.width"), (1, MAX_WIDTH_PX + 1, "page.width")],
)
def test_zoom_refuses_pages_and_widths_that_are_not_there(number, width, code):
    with pytest.raises(Refusal) as caught:
        render_page(odd_files.plain("One", "Two"), number=number, width=width)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("pdf", "code"),
    [
        (b"", "file.empty"),
        (odd_files.beyond_repair(), "file.broken"),
        (odd_files.encrypted(user="x"), "file.broken"),
        (odd_files.content_bomb(), "file.too_complex"),
    ],
    ids=["empty", "broken", "encrypted", "bomb"],
)
def test_what_cannot_be_shown_is_refused(pdf, code):
    with pytest.raises(Refusal) as caught:
        render(pdf)
    assert caught.value.code == code


def test_a_pack_gives_back_every_page():
    rendering = render(odd_files.plain("One", "Two", "Three"))
    blob, entries = pack(rendering)
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert tuple(unpack_page(blob, entry) for entry in entries) == rendering.pages
    assert sum(entry.length + entry.text_length for entry in entries) == len(blob)
    assert entries[1].offset == entries[0].text_offset + entries[0].text_length


@pytest.mark.parametrize("change", [{"offset": -1}, {"length": 10**9}, {"text_length": 10**9}, {"text_length": -1}])
def test_an_entry_outside_the_pack_is_an_error(change):
    blob, entries = pack(render(odd_files.plain("One")))
    with pytest.raises(ValueError, match="outside"):
        unpack_page(blob, replace(entries[0], **change))


def test_a_rendering_is_the_same_every_time():
    assert render(odd_files.plain("One")) == render(odd_files.plain("One"))
