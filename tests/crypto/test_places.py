"""What is placed on a page stands where a person saw it, and upright, whatever the page says of itself: in three readers' pictures."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from crypto import views
from crypto.contract import HOUSE, Contract, consent, words
from crypto.gated import Gated
from crypto.views import TURNED, Seen
from pki import MOMENT, embedded
from tachiai.crypto import pades, planning, plans
from tachiai.crypto.appearances import Appearance, read_appearance
from tachiai.crypto.fields import Place, Slot, ValueField
from tachiai.crypto.pades import FieldValue
from tachiai.crypto.views import View
from tachiai.pages.appearances import hanko_appearance, text_appearance
from tachiai.pages.form_xobjects import form_object
from tachiai.pages.inspect import inspect

Box = tuple[float, float, float, float]
SIGNED: Box = (200, 60, 300, 120)
FILLED: Box = (60, 200, 140, 240)
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
SCALE = 1.5


def quartered(width: float, height: float) -> Appearance:
    """Red and green below, blue and black above: however it is turned or mirrored, it shows."""
    corners = ((b"1 0 0", 0, 0), (b"0 1 0", width / 2, 0), (b"0 0 1", 0, height / 2), (b"0 0 0", width / 2, height / 2))
    content = b" ".join(b"%b rg %.2f %.2f %.2f %.2f re f" % (ink, x, y, width / 2, height / 2) for ink, x, y in corners)
    drawn = Appearance(width, height, (form_object(content, [b"<< >>"], width=width, height=height),))
    assert read_appearance(drawn.encode()) == drawn
    return drawn


def filled(seen: Seen, *, look: Callable[[float, float], Appearance] = quartered) -> bytes:
    """The seen page as the second of three, with a signature and a text field on it."""
    upload = views.paged(TURNED[0], seen, TURNED[3])
    gate, stamps, seal = Gated(embedded()), embedded().timestamper, embedded().seal_credential
    slot = Slot(1, Place(2, SIGNED), (ValueField(1, "text", Place(2, FILLED), "住所"),))
    made = pades.freeze(upload, slots=[slot], credential=seal, timestamper=stamps, text=HOUSE, at=MOMENT)
    held = upload + made.tail
    assert made.plan == planning.plan(held)
    values = {1: FieldValue("x", look(80, 40))}
    made = pades.seal(
        held,
        slot=1,
        credential=seal,
        timestamper=stamps,
        text=words(1),
        consent_digest=consent(1),
        at=MOMENT + timedelta(hours=1),
        values=values,
        appearance=look(100, 60),
        plan=made.plan,
    )
    held += made.tail
    assert made.plan == planning.plan(held)
    expected = Contract(embedded()).expected(upload, (1,))
    gate.verify(held, expected)
    Contract(embedded()).verify(held, expected)
    return held


def by_pdfium(pdf: bytes, folder: Path) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    drawn: Image.Image = document[1].render(scale=SCALE, may_draw_forms=True).to_pil()
    return drawn


def by_poppler(pdf: bytes, folder: Path) -> Image.Image:
    return drawn_by(
        pdf, folder, "pdftoppm", "-r", str(72 * SCALE), "-cropbox", "-png", "-f", "2", "-l", "2", "-singlefile", "in.pdf", "out"
    )


def by_mupdf(pdf: bytes, folder: Path) -> Image.Image:
    return drawn_by(pdf, folder, "mutool", "draw", "-q", "-r", str(72 * SCALE), "-o", "out.png", "in.pdf", "2")


def drawn_by(pdf: bytes, folder: Path, program: str, *arguments: str) -> Image.Image:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (folder / "in.pdf").write_bytes(pdf)
    subprocess.run([program, *arguments], cwd=folder, check=True, timeout=60, capture_output=True)
    return Image.open(folder / "out.png")


@pytest.mark.parametrize("reader", [by_pdfium, by_poppler, by_mupdf])
@pytest.mark.parametrize("seen", TURNED, ids=lambda seen: seen.name)
def test_it_is_drawn_where_it_was_placed_and_upright(seen: Seen, reader: Callable[[bytes, Path], Image.Image], tmp_path: Path) -> None:
    picture = reader(filled(seen), tmp_path).convert("RGB")
    # A reader that does not know units of a page's own shows all of it smaller, and everything on it in proportion.
    across, down = picture.width / seen.size[0], picture.height / seen.size[1]
    assert across == pytest.approx(down, rel=0.01)
    for left, lower, right, upper in (SIGNED, FILLED):
        for ink, x, y in ((RED, 0.25, 0.25), (GREEN, 0.75, 0.25), (BLUE, 0.25, 0.75), (BLACK, 0.75, 0.75)):
            at = (left + x * (right - left)) * across, picture.height - (lower + y * (upper - lower)) * down
            assert picture.getpixel((round(at[0]), round(at[1]))) == ink
        for x, y in ((left - 6, lower - 6), (right + 6, upper + 6), (left - 6, upper + 6), (right + 6, lower - 6)):
            assert picture.getpixel((round(x * across), round(picture.height - y * down))) == (255, 255, 255)


@pytest.mark.parametrize("seen", TURNED, ids=lambda seen: seen.name)
def test_the_size_that_is_told_is_the_size_that_is_seen(seen: Seen) -> None:
    pdf = views.paged(seen, seen)
    assert inspect(pdf).page_sizes == (seen.size, seen.size)
    plan = planning.plan(pdf, pages=(1, 2))
    assert [page.view.size for page in plan.pages.values()] == [seen.size] * 2
    assert plans.read_plan(plan.encode()) == plan


def test_what_the_house_draws_itself_is_upright_too(tmp_path: Path) -> None:
    """A word beside a seal, turned and not, give the same picture."""

    def look(width: float, height: float) -> Appearance:
        return hanko_appearance("見本", size=60) if width == 100 else text_appearance("東京都", width=width, height=height)

    plain, turned = (by_pdfium(filled(TURNED[number], look=look), tmp_path).convert("L") for number in (0, 1))
    for box in (SIGNED, FILLED):
        one, other = (cut(picture, box) for picture in (plain, turned))
        assert min(one.tobytes()) < 160
        # Letters fall on other dots of the screen when the page is turned; from some way off they look alike.
        off = [abs(here - there) for here, there in zip(one.reduce(4).tobytes(), other.reduce(4).tobytes(), strict=True)]
        assert sum(off) / len(off) < 6


def cut(picture: Image.Image, box: Box) -> Image.Image:
    left, lower, right, upper = box
    edges = (left * SCALE, picture.height - upper * SCALE, right * SCALE, picture.height - lower * SCALE)
    return picture.crop(tuple(round(edge) for edge in edges))  # type: ignore[arg-type]  # four of them


@pytest.mark.parametrize(
    "view", [[0, 0, 0, 5, 0, 1], [0, 0, 5, 5, 45, 1], [0, 0, 5, 5, 0, 0], [0, 0, 5, 5, 0], [0, 0, 5, "5", 0, 1], [0, 0, 1e9, 5, 0, 1]]
)
def test_a_plan_with_a_view_that_no_page_has_is_none(view: list[object]) -> None:
    plan = planning.plan(views.paged(TURNED[0]))
    held = plan.encode().replace(b"[0.0,0.0,595.0,842.0,0,1.0]", repr(view).replace("'", '"').encode())
    assert held != plan.encode()
    with pytest.raises(plans.BadPlan):
        plans.read_plan(held)


def test_a_box_comes_back_the_right_way_round() -> None:
    view = View(10, 20, 110, 220, turned=90, unit=2)
    assert view.size == (400, 200)
    assert view.box((0, 0, 400, 200)) == (10, 20, 110, 220)
    assert view.box((0, 0, 2, 4)) == (108, 20, 110, 21)
