"""A file's objects read quickly, held against pyHanko's own reader."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import PdfFileReader

from crypto import pdfs
from crypto.contract import Contract
from pki import embedded
from tachiai.crypto import reading
from tachiai.crypto.reading import Reader, open_reader
from tachiai.errors import Refusal

DIGITS = b"30" * 400


def written(held: Any) -> bytes:
    out = io.BytesIO()
    held.write_to_stream(out)
    return out.getvalue()


def with_object(body: bytes) -> bytes:
    """A file whose last revision holds ``body`` as object 4."""
    return pdfs.appended(pdfs.plain(), replace={4: body})


def both(body: bytes) -> tuple[Any, Any]:
    pdf, ref = with_object(body), Reference(4, 0)
    ours = Reader(pdf)
    theirs = PdfFileReader(io.BytesIO(pdf), strict=False)
    return ours.get_object(Reference(4, 0, ours)), theirs.get_object(ref)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "body",
    [
        b"<< /Type /Sig /Contents <" + DIGITS + b"> /M (now) >>",
        b"<</Contents<" + DIGITS + b">/Type/Sig>>",
        b"<< /Type /Sig /Contents <" + DIGITS + b"3> /After [ 1 0 R (text) ] >>",
        b"<< /Contents <feff" + DIGITS + b"> >>",
        b"<< /Inner << /Contents <" + DIGITS + b"> >> /Contents (other) >>",
        b"<< /Words (/Contents <" + DIGITS + b">) /Contents <00> >>",
        b"<< /Words (endobj) /Contents <" + DIGITS + b"> >>",
        b"<< /Contents <" + DIGITS + b"> /Words (endobj) >>",
        b"<< /Contents <" + DIGITS + b"> /Words (a \\( b endobj c) /Z 1 >>",
        b"<< /Contents <" + DIGITS + b"> % endobj\n /Z 1 >>",
        b"<< /Contents % of a comment <00>\n <" + DIGITS + b"> >>",
        b"<< /Contents <" + DIGITS + b"> /Contents <01> >>",
        b"<< /Contents <01> /Contents <" + DIGITS + b"> >>",
        b"[ << /Contents <" + DIGITS + b"> >> ]",
    ],
)
def test_what_is_read_is_what_pyhanko_reads(body: bytes) -> None:
    ours, theirs = both(body)
    assert type(ours) is type(theirs)
    assert written(ours) == written(theirs)
    if isinstance(ours, generic.DictionaryObject) and "/Contents" in ours:
        one, other = ours.raw_get("/Contents"), theirs.raw_get("/Contents")
        assert (type(one), one.original_bytes) == (type(other), other.original_bytes)


def test_a_signature_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []
    whole = reading._dictionary

    def noted(body: bytes, ref: Reference) -> Any:
        taken.append(body)
        return whole(body, ref)

    monkeypatch.setattr(reading, "_dictionary", noted)
    closed = Contract(embedded()).whole(pdfs.plain(), (1, 2))
    assert len(list(Reader(closed).embedded_signatures)) == 4
    assert len(taken) == 4
    assert all(len(body) < 2000 for body in taken)


def test_a_torn_signature_is_left_to_pyhanko() -> None:
    pdf = with_object(b"<< /Contents <" + DIGITS + b"> /Torn [ >>")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever pyHanko says of it
        Reader(pdf).get_object(Reference(4, 0))


def test_an_encrypted_file_is_refused() -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdfs.plain())) as document:
        held = io.BytesIO()
        document.save(held, encryption=pikepdf.Encryption(owner="o", user=""))
    with pytest.raises(Refusal, match=r"seal\.unreadable"):
        open_reader(held.getvalue())
