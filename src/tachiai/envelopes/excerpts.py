"""Excerpts: words of a document that a finding speaks of, such as those that nobody sees. They are kept encrypted, as the document is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from tachiai import vault
from tachiai.envelopes.models import Document
from tachiai.pages.findings import Finding
from tachiai.vault import Blob

ABOUT = "excerpts"
FACT = "texts"
MOST = 5
LONGEST = 60


def without_excerpts(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts that may lie in a row as they are."""
    return {name: value for name, value in facts.items() if name != FACT}


def lock_excerpts(blob: Blob, findings: Iterable[Finding]) -> bytes | None:
    """The first few words of each finding, in a box under the key of ``blob``; None when there are none."""
    named = {one.code: _short(one.facts[FACT]) for one in findings if one.facts.get(FACT)}
    return vault.lock_note(blob, json.dumps(named).encode(), about=ABOUT) if named else None


def excerpts_of(document: Document) -> dict[str, list[str]]:
    """By finding: what is written where its sentence points to. Refuses with ``vault.altered`` for a box that is not this document's."""
    if document.excerpts is None:
        return {}
    named: dict[str, list[str]] = json.loads(vault.unlock_note(document.blob, bytes(document.excerpts), about=ABOUT))
    return named


def _short(texts: object) -> list[str]:
    # Out of a child that has read a stranger's bytes: nothing is taken for granted.
    told = [" ".join(text.split()) for text in texts if isinstance(text, str)] if isinstance(texts, (list, tuple)) else []
    return [text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in told[:MOST]]
