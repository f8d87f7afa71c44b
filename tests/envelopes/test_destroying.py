"""After the end of a document's life: destroyed for ever, told wherever it was, and on a sealed paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import CODE, Cast, link_for
from place import Place
from stages import recalled, tell_once
from stories import concluded, vendor_of
from tachiai import backups, clock, ledger, sealing, vault
from tachiai.archive import renewal, standing
from tachiai.archive.destroying import Grounds, retention_ends
from tachiai.archive.evidence_exporting import has_evidence
from tachiai.archive.evidence_making import files_without
from tachiai.archive.models import Record, RecordFile, RenewalTask
from tachiai.archive.verification import judge
from tachiai.cli.main import main
from tachiai.envelopes.destroying import certify, destroy_documents, find_destroyed
from tachiai.envelopes.downloading import zip_concluded
from tachiai.envelopes.events import check_history
from tachiai.envelopes.models import Document, Envelope
from tachiai.envelopes.reading import concluded_copy, concluded_files, page_of, page_picture
from tachiai.errors import Outage, Refusal
from tachiai.vault import Blob
from tachiai.work.models import TaskState

WHY = Grounds("個人情報の消去の請求に応じるため", "運営 太郎", before_retention=True)


def told(envelope: Envelope) -> list[dict[str, object]]:
    return [one.data for one in ledger.entries(envelope.stream) if one.event == "document.destroyed"]


def refused(code: str, act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as found:
        act()
    assert found.value.code == code
    return found.value


@pytest.fixture
def envelope(house: Place, cast: Cast) -> Envelope:
    """A concluded envelope of two documents."""
    tell_once("concluded-two", lambda: concluded(recalled(), documents=2), house.home)
    return Envelope.objects.select_related("organization__operator", "sender").get()


@pytest.fixture
def desk(cast: Cast, envelope: Envelope) -> Client:
    """The sender's browser."""
    client = Client()
    client.force_login(cast.clerk, backend="tachiai.administration.logins.MemberBackend")
    return client


def test_one_document_is_destroyed_and_its_envelope_tells_so(
    house: Place, cast: Cast, envelope: Envelope, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    first, second, paper = concluded_files(envelope)
    document = envelope.documents.get(position=1)
    pages = page_of(document, 1)
    shown, copy = page_picture(pages), concluded_copy(first, envelope, by=cast.clerk, at=clock.now())
    children = Blob.objects.filter(pk__in=[document.blob_id, document.page_pack_id])
    boxes = [house.home / "vault" / path for path in children.values_list("segments__path", flat=True)]
    RenewalTask.objects.create(file=first, head=bytes(first.sha256), due_at=clock.now(), created_at=clock.now())
    assert (bool(shown.image), len(boxes) > 4, all(box.exists() for box in boxes)) == (True, True, True)

    out = tmp_path / "paper.pdf"
    command = ["vault", "shred", "--envelope", envelope.number, "--document", "1", "--reason", WHY.reason, "--by", WHY.by]
    assert main([*command, "--out", str(out)]) == 1
    assert "destruction.retention" in capsys.readouterr().err
    assert main([*command, "--before-retention", "--backups-until", "2030-01-31", "--out", str(out)]) == 0

    # It is gone, with its pages, and what is left says so.
    assert not any(box.exists() for box in boxes)
    row = Document.objects.get(pk=document.pk)
    number = row.blob.shredding
    assert (row.plan, row.excerpts, {blob.shredding for blob in children}) == (None, None, {number})
    gone = refused("vault.shredded", lambda: concluded_copy(concluded_files(envelope)[0], envelope, by=cast.clerk, at=clock.now()))
    assert gone.facts["certificate"] == str(number)
    refused("vault.shredded", lambda: page_picture(page_of(row, 1)))  # although it was looked at before
    assert concluded_copy(second, envelope, by=cast.clerk, at=clock.now()).pdf
    assert vault.read(paper.blob)

    # The ledger has what it was, and no more than ids and digests of it in the open.
    (entry,) = told(envelope)
    assert (entry["destruction"], entry["document"], entry["sha256"]) == (str(number), str(document.pk), bytes(first.sha256).hex())
    assert {one["blob"] for one in entry["destroyed"]} == {str(document.blob_id), str(document.page_pack_id)}  # type: ignore[index,union-attr]
    assert (entry["before_retention"], entry["backups_until"]) == (True, "2030-01-31")
    assert WHY.reason not in str(entry)
    assert check_history(envelope) > 0

    # The paper stands up like any of the house's own, and can be made again.
    pdf = out.read_bytes()
    judged = judge(pdf, at=clock.now())
    assert (len(judged.rows) > 0, all(row.verdict == "valid" for row in judged.rows)) == (True, True)
    assert main(["vault", "deletion-paper", str(number), "--language", "en", "--out", str(out)]) == 0
    assert out.read_bytes() != pdf
    assert [one.event for one in ledger.entries("house")].count("destruction.attested") == 2

    # Copies that were handed out stay genuine; nobody renews what is gone, and the rest goes on.
    found = judge(copy.pdf, at=clock.now())
    assert (str(found.verdict), found.file) == ("valid", first)
    assert RenewalTask.objects.get(file=first).state == TaskState.CANCELLED
    refused("renewal.too_late", lambda: renewal.ask_for_renewal([first], at=clock.now()))
    assert {file.pk for file in files_without()} == {second.pk, paper.pk}
    refused("destruction.done", lambda: destroy_documents(envelope, positions=[1], grounds=WHY, at=clock.now()))
    # The rest, in a house with backups: until when they hold a copy is what their schedule says, unless somebody says otherwise.
    settings.TACHIAI = replace(settings.TACHIAI, backup_to=tmp_path / "backups", backup_at=time(1, 30))
    until = backups.copies_until(since=envelope.created_at, at=clock.now())
    assert until is not None
    assert until > clock.now().date()
    rest = ["vault", "shred", "--envelope", envelope.number, "--reason", WHY.reason, "--by", WHY.by, "--before-retention"]
    assert main([*rest, "--out", str(out)]) == 0
    assert {one["backups_until"] for one in told(envelope)} == {"2030-01-31", until.isoformat()}


def test_every_page_tells_it_instead_of_failing(cast: Cast, envelope: Envelope, desk: Client) -> None:
    number = str(destroy_documents(envelope, positions=[1], grounds=WHY, at=clock.now()))
    page = desk.get(reverse("desk:envelope", args=[envelope.pk])).content.decode()
    assert page.count(number) == 2  # beside the file, and in the timeline
    assert "運営者が復元できないように消去" in page
    document = envelope.documents.get(position=1)
    for address in (reverse("desk:concluded", args=[envelope.pk, 1]), reverse("desk:picture", args=[envelope.pk, document.pk, 1])):
        answer = desk.get(address)
        assert (answer.status_code, number in answer.content.decode()) == (410, True), address
    assert desk.get(reverse("desk:everything", args=[envelope.pk])).status_code == 200
    assert b"".join(zip_concluded(envelope, by=cast.clerk, at=clock.now()))[:2] == b"PK"
    link, signer = f"/d/{link_for(vendor_of(envelope).pk, 'download')}", Client()
    signer.post(link, {"code": CODE})
    offered = signer.get(f"{link}/files").content.decode()
    assert (offered.count(number), "files/1.pdf" in offered, "files/2.pdf" in offered) == (1, False, True)
    assert signer.get(f"{link}/files/1.pdf").status_code == 410
    # Half a bundle proves nothing: none is offered, and whoever asks is told why.
    entries = len(ledger.entries(envelope.stream))
    for browser, offer, address in ((desk, page, f"/envelopes/{envelope.pk}/bundle.zip"), (signer, offered, f"{link}/evidence.zip")):
        answer = browser.get(address)
        assert (address in offer, answer.status_code) == (False, 410)
        assert "証拠一式は作成できません" in answer.content.decode()
        assert number in answer.content.decode()
    assert len(ledger.entries(envelope.stream)) == entries, "no timestamp and no export for what is refused"
    # Then the rest, with the certificate of conclusion.
    whole = str(destroy_documents(envelope, positions=[], grounds=WHY, at=clock.now()))
    page = desk.get(reverse("desk:envelope", args=[envelope.pk])).content.decode()
    assert (page.count(number), page.count(whole)) == (2, 4)
    assert "concluded.zip" not in page
    assert desk.get(reverse("desk:everything", args=[envelope.pk])).status_code == 410
    refused("vault.shredded", lambda: zip_concluded(envelope, by=cast.clerk, at=clock.now()))
    assert signer.get(f"{link}/files.zip").status_code == 410
    validity = desk.get("/documents/validity")
    assert (validity.status_code, "消去済み" in validity.content.decode()) == (200, True)
    record = Record.objects.get(origin=envelope.pk)
    assert [row.step for row in standing.standings(cast.clerk, at=clock.now())] == [standing.DESTROYED]
    assert not has_evidence(record)
    assert renewal.watch_renewals(at=clock.now() + timedelta(days=20_000)) == 0


def test_what_must_not_be_destroyed_is_not(cast: Cast, envelope: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Grounds("期間満了", "運営 太郎")
    until = retention_ends(Record.objects.get(origin=envelope.pk))
    for at, code in ((clock.now(), "destruction.retention"), (clock.now() + timedelta(days=3650), "destruction.retention")):
        found = refused(code, lambda at=at: destroy_documents(envelope, positions=[], grounds=quiet, at=at))
        assert found.facts["until"] == until
    refused("page.unknown", lambda: destroy_documents(envelope, positions=[3], grounds=WHY, at=clock.now()))
    for reason, by in (("", "運営"), ("理由", " "), ("理" * 501, "運営")):
        refused("destruction.ungrounded", lambda reason=reason, by=by: Grounds(reason, by))
    for number in ("no number", "00000000-0000-4000-8000-000000000000"):
        refused("destruction.unknown", lambda number=number: find_destroyed(number))
    Envelope.objects.filter(pk=envelope.pk).update(state="closing")
    refused("destruction.in_flight", lambda: destroy_documents(envelope, positions=[], grounds=WHY, at=clock.now()))
    Envelope.objects.filter(pk=envelope.pk).update(state="concluded")
    assert told(envelope) == []
    for file in RecordFile.objects.all():
        assert vault.read(file.blob)
    # When its time is over it goes by the ordinary word; the act stands where the paper has to wait.
    late = clock.now() + timedelta(days=3654)
    number = destroy_documents(envelope, positions=[], grounds=quiet, at=late)
    assert [entry["before_retention"] for entry in told(envelope)] == [False] * 3

    def away(*_: object, **__: object) -> None:
        raise Outage("tsa.unreachable", "a test")

    with monkeypatch.context() as patched:
        patched.setattr(sealing.seals, "attest", away)
        with pytest.raises(Outage, match=r"tsa\.unreachable"):
            certify(envelope, number, language="ja", at=clock.now())
    assert certify(envelope, number, language="ja", at=clock.now()).pdf.startswith(b"%PDF-")
