"""Bytes before the beginning and behind the end, which no signature covers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from crypto import hand_made
from vectors.attacks.bytework import FORGED_WORDS
from vectors.attacks.samples import attack

GROUP = "Trailing and leading bytes"
TWINS = ("service-bt", "service-blta", "house-closed")


def _other_document() -> bytes:
    return hand_made.laid({**hand_made.objects(), 4: hand_made.stream(FORGED_WORDS)}).table()


def _archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr(zipfile.ZipInfo("terms.txt"), "9000 yen")
    return held.getvalue()


def _entered(name: str, told: str, change: Callable[[bytes], bytes], *twins: str) -> None:
    def forge(pdf: bytes) -> bytes:
        return change(pdf)

    forge.__name__, forge.__doc__ = name, told
    attack(GROUP, *(twins or TWINS))(forge)


_entered("blank_lines", "Two thousand spaces behind the end.", lambda pdf: pdf + b" " * 2000)
_entered("comment", "A comment behind the end.", lambda pdf: pdf + b"% paid in full\n")
_entered("second_end", "A second %%EOF behind the end.", lambda pdf: pdf + b"%%EOF\n")
_entered("zeros", "Zeros behind the end.", lambda pdf: pdf + bytes(512))
_entered("junk", "Junk behind the end.", lambda pdf: pdf + bytes(range(1, 256)) * 2)
_entered("startxref_again", "The end of the file said once more.", lambda pdf: pdf + b"\n" + pdf[pdf.rindex(b"startxref") :])
_entered("another_document", "A whole other PDF behind the end.", lambda pdf: pdf + _other_document())
_entered("archive", "A ZIP archive behind the end.", lambda pdf: pdf + _archive())
_entered(
    "object", "One object behind the end, without a table.", lambda pdf: pdf + b"4 0 obj\n" + hand_made.stream(FORGED_WORDS) + b"\nendobj\n"
)
_entered("line_before", "A comment before the header.", lambda pdf: b"% draft\n" + pdf, "service-bt", "house-closed")
_entered(
    "another_document_before", "A whole other PDF before the header.", lambda pdf: _other_document() + pdf, "service-bt", "house-closed"
)
_entered("page_of_hypertext_before", "A web page before the header.", lambda pdf: b"<html>9000 yen</html>\n" + pdf, "service-bt")
_entered("cut_short", "The last bytes cut off.", lambda pdf: pdf[:-10])
_entered("cut_in_the_signature", "Cut off in the middle of the signature.", lambda pdf: pdf[: len(pdf) * 2 // 3])
