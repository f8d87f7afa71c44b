"""Warnings that a sender has to have seen before a document is sent: what is on a page may not be what it seems to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from tachiai.accounts.models import Member
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope
from tachiai.errors import Refusal

WEIGHTY = (
    *("content.", "annotations.", "shadow.", "text.differs", "form.value_differs"),
    *("revisions.earlier", "signatures.foreign", "file.polyglot"),
)


def is_weighty(code: str) -> bool:
    return code.startswith(WEIGHTY)


def cautions_of(document: Document) -> list[str]:
    """The codes of the warnings about ``document`` that have to be acknowledged, each once."""
    warned = (one["code"] for one in document.findings if one.get("severity", "warn") == "warn")
    return sorted({code for code in warned if is_weighty(code)})


def note_acknowledged(envelope: Envelope, documents: list[Document], acknowledged: Collection[str], *, by: Member, at: datetime) -> None:
    """Record in the caller's transaction that ``by`` has seen what is warned of; ``acknowledged`` are the documents' keys.

    Refuses with ``warnings.unseen`` (names) when a document with such warnings is not among them.
    """
    for document, codes in check_acknowledged(documents, acknowledged):
        data: dict[str, object] = {"document": str(document.pk), "codes": codes}
        note(envelope, "warnings.acknowledged", by=by, at=at, data=data)


def check_acknowledged(documents: Iterable[Document], acknowledged: Collection[str]) -> list[tuple[Document, list[str]]]:
    """The documents with such warnings, each with their codes. Refuses with ``warnings.unseen`` (names) when one was not acknowledged."""
    cautioned = [(document, codes) for document in documents if (codes := cautions_of(document))]
    unseen = [document.name for document, _ in cautioned if str(document.pk) not in acknowledged]
    if unseen:
        raise Refusal("warnings.unseen", names="、".join(unseen))
    return cautioned
