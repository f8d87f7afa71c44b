"""PDFium, inside a child only: set up with the packaged fonts, one thread, one document at a time.

By default PDFium substitutes a font that is not embedded (MS-Mincho in many older Japanese files) by whatever the machine has
installed: pages would look different on every server, or blank. Here it may only use the two Noto fonts the house ships.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

FONT_PACKAGES = ("noto_cjk_sans_jp_regular", "noto_cjk_sans_jp_bold")

EMPTY_PAGE = b"""%PDF-1.4
1 0 obj
<</Type /Catalog /Pages 2 0 R>>
endobj
2 0 obj
<</Type /Pages /Kids [3 0 R] /Count 1>>
endobj
3 0 obj
<</Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Resources <<>>>>
endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000056 00000 n\x20
0000000111 00000 n\x20
trailer
<</Size 4 /Root 1 0 R>>
startxref
196
%%EOF
"""

# PDFium marks a soft hyphen at a line's end by U+FFFE or U+0002, and pads with NUL.
_TEXT_NOISE = dict.fromkeys((*range(9), *range(11, 32), 127, 65534, 65535, 65279))


def use_packaged_fonts() -> None:
    """Starts the library afresh with the packaged fonts in place of the machine's. To be called before any document is opened."""
    folders = [ctypes.create_string_buffer(str(folder).encode()) for folder in _font_folders()]
    array = (ctypes.POINTER(ctypes.c_char) * (len(folders) + 1))()
    for position, folder in enumerate(folders):
        array[position] = ctypes.cast(folder, ctypes.POINTER(ctypes.c_char))
    config = pdfium_c.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=array, m_pIsolate=None, m_v8EmbedderSlot=0)
    pdfium_c.FPDF_DestroyLibrary()
    pdfium_c.FPDF_InitLibraryWithConfig(config)
    _kept_alive.extend((folders, array, config))


# PDFium keeps the pointers it was given, so what they point to must live as long as the process.
_kept_alive: list[object] = []


def _font_folders() -> Iterator[Path]:
    for package in FONT_PACKAGES:
        specification = importlib.util.find_spec(package)
        if specification is None or specification.origin is None:
            raise ModuleNotFoundError(package)
        yield Path(specification.origin).parent


@contextmanager
def opened(pdf: Any) -> Iterator[Any]:
    """The document in ``pdf`` (bytes or a ctypes array). Raises `pypdfium2.PdfiumError` when PDFium cannot read it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def page_text(page: Any) -> str:
    """The page's text in the order PDFium finds for reading, lines ended by ``\\n``, without control characters."""
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
    finally:
        textpage.close()
    return str(text).replace("\r\n", "\n").replace("\r", "\n").translate(_TEXT_NOISE)
