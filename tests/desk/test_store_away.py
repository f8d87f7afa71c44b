"""The store takes nothing or gives nothing back: 503 in words, nothing lost, and the same press goes through afterwards."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cast import Cast
from crypto.pdfs import plain
from place import Place
from tachiai.accounts.models import Member
from tachiai.envelopes.models import Document
from tachiai.vault import stores
from tachiai.vault.models import Segment


def test_a_full_disk_and_a_disk_that_is_gone(
    house: Place, people: Cast, seat: Callable[[Member], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, root = seat(people.clerk), house.home / "vault"

    def add() -> Any:
        return desk.post("/envelopes/new", {"act": "add", "files": [SimpleUploadedFile("契約.pdf", plain(), "application/pdf")]})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(stores.os, "write", full)
        answer = add()
    assert answer.status_code == 503
    assert "ただいま保存できません。" in answer.content.decode()
    assert "No space left" not in answer.content.decode()
    assert (Document.objects.count(), Segment.objects.count()) == (0, 0)
    assert [path for path in root.rglob("*") if path.is_file()] == []
    assert add().status_code in (200, 302)
    document = Document.objects.get()
    url = f"/envelopes/{document.envelope_id}/documents/{document.pk}/upload.pdf"
    assert desk.get(url).status_code == 200
    root.rename(house.home / "unmounted")
    answer = desk.get(url)
    assert answer.status_code == 503
    assert "ただいま保管庫から読み出せません。" in answer.content.decode()
    (house.home / "unmounted").rename(root)
    assert desk.get(url).status_code == 200
