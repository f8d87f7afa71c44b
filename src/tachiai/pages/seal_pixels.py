"""A stranger's picture of a seal, decoded inside a child: PNG or JPEG in, pixels out, nothing else."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import Image, ImageChops, ImageMath, ImageOps, UnidentifiedImageError

from tachiai.errors import Refusal
from tachiai.pages.frame import Head

FORMATS = ("PNG", "JPEG")
FAINTEST = 10  # of 255: what a camera or a JPEG leaves on white paper


def seal_image_job(data: bytes, options: Head) -> tuple[Head, bytes]:
    """The picture upright: red, green and blue of all pixels, then the opacity of all pixels.

    ``options``: ``most`` is how many pixels are decoded at all, ``side`` how many are kept of the longer side.
    """
    picture = _with_opacity(_decoded(data, most=int(options["most"])), side=int(options["side"]))
    if picture.getchannel("A").point(lambda opacity: opacity >= FAINTEST and 255).getbbox() is None:
        raise Refusal("image.blank")
    head = {"width": picture.width, "height": picture.height}
    return head, picture.convert("RGB").tobytes() + picture.getchannel("A").tobytes()


def _decoded(data: bytes, *, most: int) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = most
    try:
        # The warning at the limit is taken for what it warns of: twice the limit would still be decoded otherwise.
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
            if getattr(picture, "n_frames", 1) != 1:
                raise Refusal("image.not_supported")
            picture.load()
            return ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refusal("image.too_many_pixels", limit_megapixels=most // 1_000_000) from error
    except UnidentifiedImageError as error:
        raise Refusal("image.not_supported") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal("image.broken") from error


def _with_opacity(picture: Image.Image, *, side: int) -> Image.Image:
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        if clear.getchannel("A").getextrema() != (255, 255):
            # Colours are weighted by their opacity while they are made smaller, or what hides behind transparency would bleed in.
            return _smaller(clear.convert("RGBa"), side).convert("RGBA")
    if picture.mode.startswith("I"):
        # Sixteen bits of gray: the upper eight are what is seen, and Pillow would cut at 255 instead.
        gray = _smaller(picture.convert("I"), side)
        return _off_the_paper(ImageMath.lambda_eval(lambda held: held["convert"](held["gray"] / 257, "L"), gray=gray).convert("RGB"))
    return _off_the_paper(_smaller(picture.convert("RGB"), side))


def _smaller(picture: Image.Image, side: int) -> Image.Image:
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _off_the_paper(picture: Image.Image) -> Image.Image:
    """White taken away: opaque as much as a pixel is darker than white, and the colour that gives the same over white paper."""
    red, green, blue = picture.split()
    darkness = ImageChops.invert(ImageChops.darker(red, ImageChops.darker(green, blue)))
    opacity = darkness.point(lambda value: value if value >= FAINTEST else 0)
    return Image.merge("RGBA", (*(_lifted(band, opacity) for band in (red, green, blue)), opacity))


def _lifted(band: Image.Image, opacity: Image.Image) -> Image.Image:
    # 255 - (255 - value) * 255 / opacity: laid over white with that opacity, it is the value again.
    def lift(held: dict[str, Any]) -> Any:
        return held["convert"](255 - (255 - held["band"]) * 255 / held["max"](held["opacity"], 1), "L")

    lifted: Image.Image = ImageMath.lambda_eval(lift, band=band.convert("I"), opacity=opacity.convert("I"))
    return lifted
