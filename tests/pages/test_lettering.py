"""A page of letters as a PNG: what other programs make of the bytes written here."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tachiai.pages.lettering import lettering


def page(width: int, height: int, *, seam: float) -> Image.Image:
    """White with a black bar, and the share ``seam`` of it in every shade between."""
    picture = Image.new("L", (width, height), 255)
    for x in range(width // 3):
        picture.putpixel((x, height // 2), 0)
    for place in range(int(seam * width * height)):
        picture.putpixel((place % width, place // width), 17 + place % 222)
    return picture


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 3), (7, 5), (100, 41), (829, 30)])
def test_every_pixel_is_the_nearest_of_sixteen_shades(width: int, height: int) -> None:
    drawn = page(width, height, seam=0.2)
    image = lettering(drawn)
    assert image is not None
    with Image.open(io.BytesIO(image)) as read:
        read.verify()
    read = Image.open(io.BytesIO(image)).convert("L")
    assert read.size == drawn.size
    assert read.tobytes() == bytes(17 * round(value / 17) for value in drawn.tobytes())


def test_a_scan_and_a_coloured_page_are_no_letters() -> None:
    assert lettering(page(100, 100, seam=0.25)) is not None
    assert lettering(page(100, 100, seam=0.26)) is None
    assert lettering(page(100, 100, seam=0).convert("RGB")) is None


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert lettering(page(60, 60, seam=0.1)) == lettering(page(60, 60, seam=0.1))
