"""Excerpts: words of a document lie in no row in the clear, and are told of no other document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from test_intake import NOW, hold, refused, sha

from cast import Cast
from crypto.pdfs import plain
from stories import DAMAGE, work
from tachiai.envelopes import inspecting
from tachiai.envelopes.drafting import add_document, create_envelope
from tachiai.envelopes.excerpts import excerpts_of
from tachiai.envelopes.uploads import upload_in, use_upload
from tachiai.pages.findings import Finding, Stage


@pytest.mark.parametrize("damaged", [False, True])
def test_words_of_a_document_are_kept_as_the_document_is(cast: Cast, monkeypatch: pytest.MonkeyPatch, damaged: bool) -> None:
    real, secret = inspecting.inspect, "密約は別紙のとおり"
    texts = [secret, "長" * 100, 7, "行\n末"]

    def seeing(pdf: bytes, *, progress: Callable[[Stage], None] | None = None) -> Any:
        found = real(pdf)
        return replace(found, findings=(*found.findings, Finding("content.invisible", "warn", {"pages": [1], "texts": texts})))

    monkeypatch.setattr(inspecting, "inspect", seeing)
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = hold(envelope, cast, plain() + DAMAGE if damaged else None)
    work()
    if damaged:
        upload = upload_in(envelope, upload.pk)
        assert secret not in str(vars(upload))
        use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)
    document = envelope.documents.get()
    assert excerpts_of(document) == {"content.invisible": [secret, "長" * 60 + "…", "行 末"]}
    assert secret not in str(vars(document))
    assert [one["facts"] for one in document.findings if one["code"] == "content.invisible"] == [{"pages": [1]}]
    other = add_document(envelope, file_name="別.pdf", pdf=plain(), by=cast.clerk, at=NOW)
    other.excerpts = document.excerpts
    with refused("vault.altered"):
        excerpts_of(other)
