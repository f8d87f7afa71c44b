"""Party names as they are compared: case, width, spaces and the legal form's many spellings apart."""

from __future__ import annotations

import re
import unicodedata

FORMS = (
    ("株式会社", r"\(株\)|（株）|㍿"),
    ("有限会社", r"\(有\)|（有）"),
    ("合同会社", r"\(同\)|（同）"),
    ("合資会社", r"\(資\)|（資）"),
    ("合名会社", r"\(名\)|（名）"),
    ("一般社団法人", r"\(一社\)|（一社）"),
    ("一般財団法人", r"\(一財\)|（一財）"),
)


def comparable(name: str) -> str:
    """The key under which a name is stored and looked for: ``（株）さくら`` and ``株式会社 さくら`` give the same."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    for whole, short in FORMS:
        plain = re.sub(short, whole, plain)
    return re.sub(r"[\s・･.,、。]", "", plain)
