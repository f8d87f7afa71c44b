"""V-02: whether a certificate's number is known."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from cast import assemble
from signer.walking import words
from stories import concluded
from tachiai.envelopes.reading import concluded_files
from tachiai.web.verifier.limits import NUMBERS

pytestmark = pytest.mark.usefixtures("house")


def test_a_number_tells_the_organisation_the_time_and_the_digests_and_no_person() -> None:
    envelope = concluded(assemble(), documents=2)
    files = concluded_files(envelope)
    number = files[0].record.certificate_number
    page = Client().get(f"/v/{number}")
    text = words(page)
    assert page.status_code == 200
    assert "さくら丘市（架空）" in text
    for file in files:
        assert bytes(file.sha256).hex() in text
    for private in ("緑野", "坂本", "vendor@", "みどり野", envelope.name, files[0].name):
        assert private not in page.content.decode()


def test_however_it_is_typed() -> None:
    number = concluded_files(concluded(assemble()))[0].record.certificate_number
    for typed in (number.lower(), number.replace("-", " "), number.replace("-", ""), f"  {number} "):
        page = Client().get("/v", {"number": typed}, follow=True)
        assert page.status_code == 200
        assert "このサービスで発行されています" in words(page)


def test_an_unknown_number_gives_the_same_page_without_a_hint() -> None:
    cache.clear()
    for code in ("ABCD-EFGH-JKLM-NPQR", "x", "%E7%95%AA%E5%8F%B7"):
        page = Client().get(f"/v/{code}")
        assert page.status_code == 404
        assert "この番号の締結証明書は見つかりません。" in words(page)
    assert Client().get("/v", {"number": "！？"}, follow=True).status_code == 404
    assert Client().get("/v", {"number": ""}).status_code == 422


def test_numbers_cannot_be_tried_out_in_bulk() -> None:
    cache.clear()
    browser = Client(REMOTE_ADDR="192.0.2.77")
    answers = [browser.get(f"/v/AAAA-{number:04d}").status_code for number in range(NUMBERS + 1)]
    assert answers == [404] * NUMBERS + [429]


def test_the_houses_own_pages_stand_and_say_what_they_are() -> None:
    assemble()
    told = {"": "認定タイムスタンプではありません", "/terms": "署名の意味", "/privacy": "保存しません", "/accessibility": "WCAG 2.2"}
    for path, wanted in told.items():
        page = Client().get("/about" + path)
        assert page.status_code == 200
        assert wanted in words(page)
