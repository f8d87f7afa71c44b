"""What signers fill in, drawn: put on a page and judged by programs that share no code with ours."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from tachiai.crypto.appearances import Appearance, placed, read_appearance
from tachiai.errors import Refusal
from tachiai.pages import seal_images
from tachiai.pages.appearances import (
    check_appearance,
    empty_appearance,
    hanko_appearance,
    seal_image_appearance,
    text_appearance,
    typed_signature_appearance,
)

PAGE = (300, 200)
CORNER = (40, 60)
INK, VERMILION = (27, 35, 48), (201, 48, 31)


def paper(*appearances: Appearance) -> bytes:
    """A page with the appearances one upon the other at `CORNER`, each as it is stored, written without any PDF library."""
    bodies: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"}
    forms, following = [], 5
    for appearance in appearances:
        read = read_appearance(appearance.encode())
        numbers = range(following, following + len(read.objects))
        following = numbers.stop
        bodies.update(zip(numbers, placed(read, numbers), strict=True))
        forms.append(numbers[0])
    resources = b" ".join(b"/A%d %d 0 R" % (number, number) for number in forms)
    box = b"/MediaBox [0 0 %d %d]" % PAGE
    bodies[3] = b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << /XObject << %s >> >> >>" % (box, resources)
    content = b"\n".join(b"q 1 0 0 1 %d %d cm /A%d Do Q" % (*CORNER, number) for number in forms)
    bodies[4] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number in sorted(bodies):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, bodies[number])
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % following + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (following, start)


class Judges:
    """qpdf, poppler and MuPDF, on a file of their own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "paper.pdf"

    def text(self, *appearances: Appearance) -> str:
        self._write(appearances)
        return self._ask("pdftotext", "-enc", "UTF-8", "-raw", self._file, "-").decode()

    def fonts(self, *appearances: Appearance) -> list[list[str]]:
        self._write(appearances)
        return [line.split() for line in self._ask("pdffonts", self._file).decode().splitlines()[2:]]

    def pictures(self, *appearances: Appearance) -> list[Image.Image]:
        """What poppler and MuPDF see, four pixels to the point."""
        self._write(appearances)
        poppler = self._ask("pdftoppm", "-r", "288", "-png", self._file)
        mupdf = self._ask("mutool", "draw", "-q", "-r", "288", "-F", "png", "-o", "-", self._file)
        return [Image.open(io.BytesIO(seen)).convert("RGB") for seen in (poppler, mupdf)]

    def _write(self, appearances: tuple[Appearance, ...]) -> None:
        self._file.write_bytes(paper(*appearances))
        assert b"No syntax or stream encoding errors found" in self._ask("qpdf", "--check", self._file)

    @staticmethod
    def _ask(program: str, *arguments: object) -> bytes:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not installed, and nothing else may judge instead of it")
        asked = subprocess.run([program, *map(str, arguments)], capture_output=True, check=True, timeout=60)
        assert b"Error" not in asked.stderr, asked.stderr
        return asked.stdout


@pytest.fixture
def judges(tmp_path: Path) -> Judges:
    return Judges(tmp_path)


def ink_box(picture: Image.Image) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of everything that is not white, in points from `CORNER`."""
    found = picture.convert("L").point(lambda value: 255 if value < 245 else 0).getbbox()
    assert found is not None, "the page is blank"
    left, upper, right, lower = (value / 4 for value in found)
    return left - CORNER[0], PAGE[1] - lower - CORNER[1], right - CORNER[0], PAGE[1] - upper - CORNER[1]


def unclipped(appearance: Appearance) -> Appearance:
    """The same drawing without its frame, which would hide whatever is drawn beyond it."""
    head, *rest = appearance.objects[0]
    assert isinstance(head, bytes)
    free, count = re.subn(rb"/BBox \[[^]]*\]", b"/BBox [-40 -60 400 400]", head, count=1)
    assert count == 1
    return replace(appearance, objects=((free, *rest), *appearance.objects[1:]))


def assert_within(judges: Judges, appearance: Appearance, *, slack: float = 0.3) -> None:
    for picture in judges.pictures(unclipped(appearance)):
        left, bottom, right, top = ink_box(picture)
        assert left >= -slack
        assert bottom >= -slack
        assert right <= appearance.width + slack
        assert top <= appearance.height + slack


def png(picture: Image.Image, **options: object) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG", **options)
    return held.getvalue()


def jpeg(picture: Image.Image, **options: object) -> bytes:
    held = io.BytesIO()
    picture.save(held, "JPEG", **options)
    return held.getvalue()


def ring(mode: str = "RGBA", *, size: tuple[int, int] = (400, 400), ground: object = (0, 0, 0, 0)) -> Image.Image:
    picture = Image.new(mode, size, ground)
    ImageDraw.Draw(picture).ellipse((20, 20, size[0] - 21, size[1] - 21), outline=(*VERMILION, 255)[: len(mode)], width=40)
    return picture


@pytest.mark.parametrize(
    ("text", "width", "height"),
    [
        ("𠮷野㈱　髙﨑", 120, 20),
        ("2026年4月2日", 80, 14),
        ("Hanako Mihon", 90, 30),
        ("東京都架空区見本町一丁目二番三号見本ビルディング八階", 110, 40),
        ("一行目\n二行目", 60, 30),
        ("hanako.mihon@midorino.example.jp", 100, 16),
        ("長" * 200, 150, 60),
        ("W" * 90, 100, 40),
        ('#panic(1) $x$ *b* _c_ [d] @e <f> \\ "too-long" no-room', 200, 40),
        ("𠮷", 8, 8),
        ("葛\U000e0100飾", 60, 20),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_words_can_be_read_and_lie_in_their_box(judges, text, width, height):
    appearance = text_appearance(text, width=width, height=height)
    shown = "".join(judges.text(appearance).split())
    assert shown == "".join(text.replace("\U000e0100", "").split()) or shown == "".join(text.split())
    assert_within(judges, appearance)


def test_words_stand_on_the_left_and_in_the_middle_of_the_height(judges):
    for text in ("国国国", "国\n国", "国" * 30):
        for picture in judges.pictures(text_appearance(text, width=100, height=50)):
            left, bottom, _, top = ink_box(picture)
            assert 1.5 < left < 4
            assert abs((bottom + top) / 2 - 25) < 0.8


def test_words_keep_their_size_until_they_must_be_smaller(judges):
    def high(text: str, **box: float) -> float:
        _, bottom, _, top = ink_box(judges.pictures(text_appearance(text, **box))[0])
        return top - bottom

    usual = high("国", width=100, height=50)
    assert 9 < usual < 11.5
    assert high("国国国国", width=100, height=50) == pytest.approx(usual, abs=0.5)
    assert high("国", width=100, height=50, size=24) == pytest.approx(usual * 24 / 11, abs=0.8)
    assert high("国", width=100, height=8) < 8
    # A word shrinks before it is broken: one line of type smaller than usual.
    assert high("Midorino-Industries-Holding", width=100, height=50) < usual


def test_fonts_are_embedded_in_part_and_say_what_their_glyphs_mean(judges):
    for appearance in (
        text_appearance("𠮷野 Mihon", width=120, height=20),
        typed_signature_appearance("𠮷野", width=100, height=30, caption="2026-04-02"),
        hanko_appearance("𠮷野", size=40),
    ):
        fonts = judges.fonts(appearance)
        assert fonts
        for name, *_, embedded, subset, unicode, _number, _generation in fonts:
            assert name[6:].startswith("+NotoSansCJKjp-")
            assert (embedded, subset, unicode) == ("yes", "yes", "yes")
        assert len(appearance.encode()) < 12_000


@pytest.mark.parametrize("character", ["😀", "\u202e", "\ue000", "\x07", "\t", "\u0378"], ids=ascii)
def test_a_character_that_cannot_be_shown_is_refused_by_name(character):
    makers = (
        lambda: text_appearance(f"見本{character}花子", width=100, height=20),
        lambda: typed_signature_appearance(f"見本{character}花子", width=100, height=20),
        lambda: typed_signature_appearance("見本花子", width=100, height=20, caption=f"いつか{character}どこか"),
    )
    for make in makers:
        with pytest.raises(Refusal) as caught:
            make()
        assert caught.value.code == "field.glyph_missing"
        assert caught.value.facts == {"character": character, "code": f"U+{ord(character):04X}"}


def test_a_seal_refuses_what_it_cannot_show_and_what_is_too_much():
    for name, code in (("見😀", "field.glyph_missing"), ("　 ", "signature.nameless"), ("見本見本見", "hanko.too_many_characters")):
        with pytest.raises(Refusal) as caught:
            hanko_appearance(name, size=40)
        assert caught.value.code == code


def test_words_that_do_not_fit_are_refused():
    for text, code in (("長" * 400, "field.no_room"), ("長" * 4001, "field.too_long"), ("\n" * 10 + "x", "field.no_room")):
        with pytest.raises(Refusal) as caught:
            text_appearance(text, width=60, height=20)
        assert caught.value.code == code


def test_words_left_out_are_an_empty_form(judges):
    for appearance in (text_appearance(" \r\n　", width=50, height=10), empty_appearance(50, 10)):
        assert judges.text(appearance).strip() == ""
        assert all(picture.getcolors() == [(1200 * 800, (255, 255, 255))] for picture in judges.pictures(appearance))


@pytest.mark.parametrize(("width", "height"), [(12, 12), (60, 20), (20, 60), (7.25, 7.25)])
def test_a_tick_is_in_the_middle_of_its_box(judges, width, height):
    appearance = check_appearance(width, height)
    assert len(appearance.objects) == 1
    for picture in judges.pictures(appearance):
        left, bottom, right, top = ink_box(picture)
        assert abs((left + right) / 2 - width / 2) < min(width, height) * 0.05 + 0.2
        assert abs((bottom + top) / 2 - height / 2) < min(width, height) * 0.05 + 0.2
        assert right - left > 0.6 * min(width, height)
        darkest = min(picture.getcolors(1 << 20), key=lambda entry: sum(entry[1]))[1]
        assert max(abs(one - other) for one, other in zip(darkest, INK, strict=True)) < 24
    assert_within(judges, appearance)


@pytest.mark.parametrize("name", ["印", "見本", "佐々木", "長谷川部", "𠮷野", "見 本", "A", "葛\U000e0100城"], ids=ascii)
def test_a_drawn_seal_is_a_ring_with_its_name(judges, name):
    appearance = hanko_appearance(name, size=40)
    shown = "".join(judges.text(appearance).split())
    expected = name.replace(" ", "").replace("\U000e0100", "")
    assert sorted(shown.replace("\U000e0100", "")) == sorted(expected)
    for picture in judges.pictures(appearance):
        left, bottom, right, top = ink_box(picture)
        assert max(abs(left), abs(bottom), abs(right - 40), abs(top - 40)) < 0.4
        middle = [(CORNER[0] + 20) * 4, (PAGE[1] - CORNER[1] - 20) * 4]
        # From the middle of the left side inwards: the ring, then paper, before any character.
        across = [picture.getpixel((middle[0] - 80 + step, middle[1])) for step in range(2, 14)]
        assert max(abs(one - other) for one, other in zip(across[1], VERMILION, strict=True)) < 24
        assert across[-1] == (255, 255, 255)
    assert_within(judges, appearance)


def test_a_typed_signature_has_its_name_over_its_caption(judges):
    appearance = typed_signature_appearance("𠮷野　花子", width=140, height=40, caption="2026-04-02 09:10 JST")
    words = judges.text(appearance)
    assert words.index("𠮷野") < words.index("花子") < words.index("2026-04-02")
    assert_within(judges, appearance)
    with pytest.raises(Refusal) as caught:
        typed_signature_appearance(" 　", width=140, height=40)
    assert caught.value.code == "signature.nameless"


@pytest.mark.parametrize("name", ["W" * 60, "見本花子" * 6, "見", "A"])
@pytest.mark.parametrize(("width", "height"), [(140, 40), (60, 60), (200, 12)])
def test_no_signature_leaves_its_box(judges, name, width, height):
    assert_within(judges, typed_signature_appearance(name, width=width, height=height, caption="2026-04-02 " * 3))


@pytest.mark.parametrize(
    "image",
    [
        png(ring()),
        png(ring("RGB", ground="white")),
        jpeg(ring("RGB", ground="white"), quality=95),
        png(ring("RGB", ground="white").convert("P")),
        png(ring().resize((1600, 1600))),
        png(ring().quantize(16)),
    ],
    ids=["alpha", "white", "jpeg", "palette", "large", "clear palette"],
)
def test_a_seals_image_is_shown_in_the_middle_with_the_contract_beneath_it(judges, image):
    under = text_appearance("国" * 40, width=100, height=60, size=20)
    seal = seal_image_appearance(image, width=100, height=60)
    for picture in judges.pictures(seal):
        left, bottom, right, top = ink_box(picture)
        # 400 pixels across 60 points, and the ring leaves 20 pixels around itself.
        assert max(abs(left - 23), abs(right - 77), abs(bottom - 3), abs(top - 57)) < 0.8
        colour = picture.getpixel((int((CORNER[0] + 26) * 4), int((PAGE[1] - CORNER[1] - 30) * 4)))
        assert max(abs(one - other) for one, other in zip(colour, VERMILION, strict=True)) < 24
    for alone, sealed in zip(judges.pictures(under), judges.pictures(under, seal), strict=True):
        middle = tuple(int(value * 4) for value in (CORNER[0] + 38, PAGE[1] - CORNER[1] - 42, CORNER[0] + 62, PAGE[1] - CORNER[1] - 18))
        assert alone.crop(middle).getextrema()[0][0] < 80
        difference = [abs(one - other) for one, other in zip(alone.crop(middle).tobytes(), sealed.crop(middle).tobytes(), strict=True)]
        assert max(difference) < 16


def test_half_transparent_is_half_transparent(judges):
    veil = Image.new("RGBA", (40, 40), (255, 0, 0, 128))
    for picture in judges.pictures(seal_image_appearance(png(veil), width=40, height=40)):
        red, green, blue = picture.getpixel((int((CORNER[0] + 20) * 4), int((PAGE[1] - CORNER[1] - 20) * 4)))
        assert red > 250
        assert 120 < green < 135
        assert 120 < blue < 135


def test_a_scan_looks_on_white_as_it_did(judges):
    scan = Image.linear_gradient("L").convert("RGB").resize((200, 200))
    for picture in judges.pictures(seal_image_appearance(png(scan), width=50, height=50)):
        for step in range(5, 50, 5):
            seen = picture.getpixel(((CORNER[0] + 25) * 4, int((PAGE[1] - CORNER[1] - 50 + step) * 4)))
            assert abs(seen[0] - min(255, step * 5.1)) < 14


def test_sixteen_bits_of_gray_are_not_cut(judges):
    deep = Image.linear_gradient("L").resize((100, 100)).convert("I").point(lambda value: value * 257).convert("I;16")
    for picture in judges.pictures(seal_image_appearance(png(deep), width=50, height=50)):
        seen = picture.getpixel(((CORNER[0] + 25) * 4, (PAGE[1] - CORNER[1] - 25) * 4))
        assert abs(seen[0] - 128) < 14


def test_a_photograph_lying_on_its_side_is_put_upright_and_says_nothing_else():
    lying = Image.new("RGB", (60, 30), VERMILION)
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn to the right
    exif[0x010E] = "SECRET PLACE"
    notes = PngInfo()
    notes.add_text("Comment", "SECRET PLACE")
    upright = seal_image_appearance(jpeg(lying, exif=exif), width=100, height=100)
    noted = seal_image_appearance(png(lying, pnginfo=notes), width=100, height=100)
    assert b"/Width 30 /Height 60" in upright.objects[1][0]
    assert b"/Width 60 /Height 30" in noted.objects[1][0]
    for appearance in (upright, noted):
        whole = [part for parts in appearance.objects for part in parts if isinstance(part, bytes) and b"stream\n" in part]
        streams = [part.partition(b"stream\n")[2].removesuffix(b"\nendstream") for part in whole]
        assert len(streams) == 3
        assert b"SECRET" not in appearance.encode() + b"".join(map(zlib.decompress, streams))


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"", "image.empty"),
        (b"%PDF-1.7", "image.not_supported"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image.not_supported"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "image.broken"),
        (png(ring())[:900], "image.broken"),
        (jpeg(ring("RGB", ground="white"))[:900], "image.broken"),
        (png(Image.new("RGBA", (30, 30), (255, 0, 0, 0))), "image.blank"),
        (png(Image.new("RGB", (30, 30), "white")), "image.blank"),
        (png(Image.new("1", (5200, 5200))), "image.too_many_pixels"),
        (png(Image.new("1", (8200, 8200))), "image.too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (5 * 1024 * 1024), "image.too_large"),
        (png(ring(), save_all=True, append_images=[Image.new("RGBA", (400, 400), "red")]), "image.not_supported"),
    ],
    ids=["empty", "pdf", "svg", "head only", "cut png", "cut jpeg", "clear", "white", "pixels", "bomb", "bytes", "moving"],
)
def test_what_is_no_picture_of_a_seal_is_refused(image, code):
    with pytest.raises(Refusal) as caught:
        seal_image_appearance(image, width=40, height=40)
    assert caught.value.code == code


def test_other_formats_of_pictures_are_refused():
    for kind in ("GIF", "BMP", "TIFF", "WEBP"):
        held = io.BytesIO()
        ring("RGB", ground="white").save(held, kind)
        with pytest.raises(Refusal) as caught:
            seal_image_appearance(held.getvalue(), width=40, height=40)
        assert caught.value.code == "image.not_supported"


def test_a_child_that_dies_over_a_picture_is_the_pictures_fault(monkeypatch):
    def dies(*_: object, **__: object) -> None:
        raise Refusal("file.too_complex", reason="memory")

    monkeypatch.setattr(seal_images.child, "run", dies)
    with pytest.raises(Refusal) as caught:
        seal_image_appearance(png(ring()) + b"again", width=40, height=40)
    assert caught.value.code == "image.broken"


def test_the_same_value_gives_the_same_bytes_and_carries_no_date():
    makers = (
        lambda: text_appearance("𠮷野 Mihon\n花子", width=120, height=40),
        lambda: typed_signature_appearance("見本", width=100, height=30, caption="2026-04-02"),
        lambda: hanko_appearance("見本", size=40),
        lambda: check_appearance(10, 10),
        lambda: seal_image_appearance(png(ring()), width=40, height=40),
    )
    for make in makers:
        first = make()
        assert make() is first
        for maker in (text_appearance, typed_signature_appearance, hanko_appearance, check_appearance, seal_image_appearance):
            maker.cache_clear()
        assert make().encode() == first.encode()
        assert not any(word in first.encode() for word in (b"/Metadata", b"Date", b"/ID", b"/StructParent", b"/Info"))


@pytest.mark.parametrize("side", [0, -1, float("nan"), float("inf"), 20_000])
def test_a_box_that_no_page_has_is_an_error(side):
    for make in (
        lambda: text_appearance("見本", width=side, height=10),
        lambda: check_appearance(10, side),
        lambda: hanko_appearance("見本", size=side),
        lambda: seal_image_appearance(png(ring()), width=10, height=side),
    ):
        with pytest.raises(ValueError, match="no box"):
            make()
