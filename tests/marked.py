"""Contracts of our own with marks for fields in their text, typeset for tests."""

from __future__ import annotations

import io
from functools import lru_cache

import pikepdf
import typst

from tachiai.pages.typesetting import FONT_FAMILY, _fonts

# Where the marks stand on the page: points from its upper left corner.
LEFT, TOP, DOWN = 340, 500, 60
MARKS = ("{{署名1}}", "{{日付1}}", "｛｛氏名２｝｝", "{{印影2}}", "{{謎1}}", "{{署名9}}")


@lru_cache(maxsize=4)
def contract(*, turned: int = 0) -> bytes:
    """Two pages of A4: the first is of words alone, the second has a mark each 60 points from 500 down; turned as told."""
    marks = "\n".join(f'#place(top + left, dx: {LEFT}pt, dy: {TOP + DOWN * row}pt, "{word}")' for row, word in enumerate(MARKS[:5]))
    source = f"""#set page(paper: "a4", margin: 0pt)
#set text(font: "{FONT_FAMILY}", size: 10pt)
#pad(60pt)[第1条 甲は、乙に次の業務を委託する。 #lorem(20)]
#pagebreak()
#pad(60pt)[以下余白]
{marks}
#place(top + left, dx: 60pt, dy: 700pt, "{MARKS[5]}")
"""
    made = typst.compile(source.encode(), font_paths=_fonts(), ignore_system_fonts=True)
    if not turned:
        return bytes(made)
    with pikepdf.open(io.BytesIO(made)) as document:
        for page in document.pages:
            page.Rotate = turned
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
