"""What a draft's document offers to whoever places fields on it: its pages' sizes in millimetres, and the marks in its text."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

from tachiai import vault
from tachiai.envelopes.models import Document
from tachiai.envelopes.template_models import TemplateFile
from tachiai.errors import Refusal
from tachiai.pages.survey import Survey, survey
from tachiai.prepared import Prepared, given
from tachiai.vault import Blob

# Fields are measured in tenths of a millimetre: 7.2 points are 25.4 of them.
TENTHS_PER_POINT = 254 / 72


@dataclass(frozen=True)
class Sheet:
    """A page as it is seen, in tenths of a millimetre."""

    width: int
    height: int


def survey_of(document: Document | TemplateFile) -> Survey:
    """The survey of the document as it was taken in. Refuses as ``pages.survey.survey``."""
    return _surveyed(document.blob_id)


@lru_cache(maxsize=64)
def _surveyed(blob: uuid.UUID) -> Survey:
    """An upload never changes, so what was once found of it stays true."""
    return survey(vault.read(_BLOB.one(pk=blob), upto=0))


_BLOB = Prepared(lambda: Blob.objects.filter(pk=given("pk", Blob)))


def sheet_of(document: Document | TemplateFile, page: int) -> Sheet:
    """The size of a page. Refuses with ``page.unknown``."""
    sizes = survey_of(document).sizes
    if not 1 <= page <= len(sizes):
        raise Refusal("page.unknown")
    width, height = sizes[page - 1]
    return Sheet(tenths(width), tenths(height))


def tenths(points: float) -> int:
    """Points in whole tenths of a millimetre."""
    return round(points * TENTHS_PER_POINT)


def takes_fields(document: Document | TemplateFile) -> str:
    """Why nothing visible may be laid into the document, as a refusal code; "" where it may.

    Pages must not change beneath the signatures of others, and a form that readers draw anew would not look as it was placed.
    """
    if isinstance(document, Document) and document.foreign_signatures:
        return "file.signed_by_others"
    return "file.fields_redrawn" if survey_of(document).redrawn else ""
