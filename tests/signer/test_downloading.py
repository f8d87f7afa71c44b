"""S-09: the concluded files behind a link of their own."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils.http import content_disposition_header

from cast import CODE, assemble, link_for
from signer.walking import device, words
from stories import concluded, vendor_of
from tachiai import clock, ledger
from tachiai.ceremony.models import Invitation
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.reading import concluded_files
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.usefixtures("house")


def link_to(envelope: Envelope) -> str:
    return f"/d/{link_for(vendor_of(envelope).pk, 'download')}"


def joined(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_files_are_given_after_the_code_singly_and_together() -> None:
    envelope = concluded(assemble(), documents=2)
    link, browser = link_to(envelope), device()
    for path in ("/files", "/files/1.pdf", "/files.zip"):
        assert browser.get(link + path).status_code == 302
    assert browser.post(link, {"code": "000000"}).status_code == 422
    entered = browser.post(link, {"code": CODE})
    assert entered["Location"] == link + "/files"
    assert browser.cookies["tachiai_download"]["path"] == link
    page = browser.get(link + "/files")
    text = words(page)
    files = concluded_files(envelope)
    assert text.index(files[0].name) < text.index("締結証明書") < text.index("すべての文書（ZIP）")
    assert "（14日間）" in text
    assert "無害化した写しは署名を検証できません" in text

    one = browser.get(link + "/files/1.pdf")
    assert one["Content-Type"] == "application/pdf"
    assert one["X-Content-Type-Options"] == "nosniff"
    day = envelope.transaction_date.strftime("%Y%m%d") if envelope.transaction_date else ""
    name = f"{day}_さくら丘市（架空）_1100000_{files[0].name}.pdf"
    assert one["Content-Disposition"] == content_disposition_header(as_attachment=True, filename=name)
    assert browser.get(link + "/files/9.pdf").status_code == 404

    with zipfile.ZipFile(io.BytesIO(joined(browser.get(link + "/files.zip")))) as bundle:
        assert bundle.testzip() is None
        assert bundle.namelist()[0] == name
        assert len(bundle.namelist()) == 3
        assert bundle.read(name) == one.content
    events = [entry.event for entry in ledger.entries(envelope.stream)]
    assert events.count("file.downloaded") == 4
    assert events.count("download.opened") == 1


def test_two_documents_of_one_name_stay_two_in_the_zip() -> None:
    envelope = concluded(assemble(), documents=2)
    first, second, _ = concluded_files(envelope)
    type(second).objects.filter(pk=second.pk).update(name=first.name)
    browser, link = device(), link_to(envelope)
    browser.post(link, {"code": CODE})
    with zipfile.ZipFile(io.BytesIO(joined(browser.get(link + "/files.zip")))) as bundle:
        assert len(set(bundle.namelist())) == 3


def test_after_fourteen_days_the_sender_can_be_asked() -> None:
    envelope = concluded(assemble())
    invitation = Invitation.objects.get(subject=vendor_of(envelope).pk, purpose="download")
    link, browser = link_to(envelope), device()
    browser.post(link, {"code": CODE})
    assert browser.post(link + "/again").status_code == 302
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=clock.now())
    for path in ("", "/files", "/files/1.pdf", "/files.zip"):
        answer = browser.get(link + path)
        assert answer.status_code == 410
    assert "再発行を依頼する" in words(answer)
    assert "新しいリンクはメールで届きます" in words(browser.post(link + "/again"))
    assert Mail.objects.filter(kind="M20").count() == 1


def test_a_locked_download_link_refuses_the_right_code() -> None:
    envelope = concluded(assemble())
    link, browser = link_to(envelope), device()
    for _ in range(5):
        browser.post(link, {"code": "000000"})
    assert browser.post(link, {"code": CODE}).status_code == 429
    Invitation.objects.filter(purpose="download").update(locked_until=clock.now() - timedelta(seconds=1))
    assert browser.post(link, {"code": CODE}).status_code == 302


def test_a_signing_key_opens_no_download() -> None:
    envelope = concluded(assemble())
    signing = f"/s/{link_for(vendor_of(envelope).pk)}"
    browser = device()
    browser.post(signing, {"code": CODE})
    key = browser.cookies["tachiai_ceremony"].value
    assert device().get(link_to(envelope) + "/files", headers={"cookie": f"tachiai_download={key}"}).status_code == 302
    assert device().get("/d/" + signing[3:]).status_code == 404
