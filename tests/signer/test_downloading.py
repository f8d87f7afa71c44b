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
    assert f'href="{link}/reissue"' in answer.content.decode()
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


def ended(envelope: Envelope) -> str:
    """The link of a download whose days are over."""
    link = link_to(envelope)
    Invitation.objects.filter(purpose="download").update(expires_at=clock.now())
    return link


def test_address_and_code_bring_a_new_link_to_the_registered_address() -> None:
    """A15: after the fourteen days the counterparty helps itself; the sender is told, the old link stays dead."""
    envelope = concluded(assemble())
    assert device().get(link_to(envelope) + "/reissue")["Location"] == link_to(envelope)
    link, browser, mail = ended(envelope), device(), vendor_of(envelope).mail
    page = browser.get(link + "/reissue")
    assert (page.status_code, "登録済みのアドレスへ" in words(page), envelope.documents.get().name in words(page)) == (200, True, False)
    assert browser.post(link + "/reissue", {"mail": "", "code": ""}).status_code == 422
    for given in ({"mail": "somebody@example.jp", "code": CODE}, {"mail": mail, "code": "000000"}):
        wrong = browser.post(link + "/reissue", given)
        assert "メールアドレスまたはアクセスコードが正しくありません" in words(wrong)
    assert not Mail.objects.filter(kind="M21").exists()
    done = browser.post(link + "/reissue", {"mail": f" {mail.upper()} ", "code": "７３９−１８４"})
    assert "再発行を受け付けました" in words(done)
    fresh = link_to(envelope)
    assert fresh != link
    assert (device().get(link).status_code, device().get(fresh).status_code) == (410, 200)
    assert device().post(link + "/reissue", {"mail": mail, "code": CODE}).status_code == 410
    assert (Mail.objects.get(kind="M21").to, Mail.objects.get(kind="M20").context["what"]) == (mail, "reissued")
    told = [entry for entry in ledger.entries(envelope.stream) if entry.event == "download.reissued"]
    assert [entry.data["recipient"] for entry in told] == [str(vendor_of(envelope).pk)]


def test_guessing_at_a_download_that_ended_is_locked_as_anywhere() -> None:
    link, browser = ended(concluded(assemble())), device()
    for _ in range(5):
        last = browser.post(link + "/reissue?lang=en", {"mail": "vendor@example.jp", "code": "000000"})
    assert last.status_code == 429
    assert browser.post(link + "/reissue", {"mail": "vendor@example.jp", "code": CODE}).status_code == 429
    assert Mail.objects.filter(kind="M15").count() == 2
    assert device().get("/d/unknown/reissue").status_code == 404


def test_taking_a_file_home_is_remembered_of_the_recipient() -> None:
    envelope = concluded(assemble())
    link, browser = link_to(envelope), device()
    browser.post(link, {"code": CODE})
    assert vendor_of(envelope).downloaded_at is None
    browser.get(link + "/files/1.pdf")
    assert vendor_of(envelope).downloaded_at is not None
