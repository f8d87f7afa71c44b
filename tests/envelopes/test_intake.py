"""Intake: what is held, what becomes of it, and that nothing but what the sender was shown and agreed to is added."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from cast import Cast
from crowds import codes_of, together
from crypto.pdfs import plain
from invariants import check_house, events
from pages.odd_files import encrypted
from place import Place
from stages import drafted
from stories import DAMAGE, offered, work
from tachiai import clock, ledger, vault
from tachiai.config.jobs import INSPECT
from tachiai.envelopes import drafting, inspecting, intake
from tachiai.envelopes.drafting import add_document, create_envelope
from tachiai.envelopes.duplicating import duplicate_envelope
from tachiai.envelopes.inspecting import inspect_upload
from tachiai.envelopes.intake import HOLD_FOR, Patience, hold_upload, take_in
from tachiai.envelopes.models import Document, Envelope, HeldUpload, InspectTask, UploadState
from tachiai.envelopes.sending import missing_before_sending, send_envelope
from tachiai.envelopes.uploads import drop_upload, expire_uploads, has_unsettled, held_uploads, upload_copy, upload_in, use_upload
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Outage, Refusal
from tachiai.pages.findings import Finding, Stage
from tachiai.vault import Blob
from tachiai.work import claim
from tachiai.work.models import TaskState

NOW = clock.now()


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def sha(upload: HeldUpload) -> str:
    return bytes(upload.rewritten_sha256 or b"").hex()


def boxes(house: Place) -> set[Path]:
    return {path for path in (house.home / "vault").rglob("*") if path.is_file()}


def hold(envelope: Envelope, cast: Cast, pdf: bytes | None = None) -> HeldUpload:
    return hold_upload(envelope, file_name="契約書.pdf", pdf=plain() if pdf is None else pdf, by=cast.clerk, at=NOW)


def last_entry(envelope: Envelope, event: str) -> dict[str, Any]:
    return [entry.data for entry in ledger.entries(envelope.stream) if entry.event == event][-1]


def test_an_ordinary_file_is_a_document_at_once(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    taken = take_in(envelope, file_name="契約書.pdf", pdf=plain(), by=cast.clerk, at=NOW, patience=Patience())
    assert isinstance(taken, Document)
    assert not HeldUpload.objects.exists()
    assert events(envelope) == ["envelope.created", "document.added"]


def test_a_long_inspection_is_left_to_a_worker_and_its_file_becomes_a_document(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.0)
    envelope, pdf = create_envelope(by=cast.clerk, at=NOW), plain()
    held = take_in(envelope, file_name="長い契約書.pdf", pdf=pdf, by=cast.clerk, at=NOW, patience=Patience())
    assert isinstance(held, HeldUpload)
    assert has_unsettled(envelope)
    assert missing_before_sending(envelope, at=NOW)[0] == "upload.unsettled"
    work()
    document = envelope.documents.get()
    assert (document.name, document.normalised_from) == ("長い契約書", None)
    assert vault.read(document.blob) == pdf
    assert held_uploads(envelope) == []
    assert events(envelope) == ["envelope.created", "upload.held", "document.added"]
    assert "confirmed" not in last_entry(envelope, "document.added")
    check_house()


def test_who_loses_patience_ends_the_inspection(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def endless(pdf: bytes, *, progress: Callable[[Stage], None]) -> None:
        try:
            while True:
                progress(Stage("drawing", 1, 2))
        finally:
            ended.set()

    monkeypatch.setattr(intake, "inspect", endless)
    assert intake._inspected_within(b"", 0.01) is None
    assert ended.wait(60)


def test_what_an_inspection_refuses_or_meets_is_told_to_who_waits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    with refused("file.encrypted"):
        take_in(envelope, file_name="鍵.pdf", pdf=encrypted(user="secret"), by=cast.clerk, at=NOW, patience=Patience())

    def away(pdf: bytes, *, progress: Callable[[Stage], None]) -> None:
        raise Outage("pages.child", "none")

    monkeypatch.setattr(intake, "inspect", away)
    with pytest.raises(Outage):
        take_in(envelope, file_name="契約書.pdf", pdf=plain(), by=cast.clerk, at=NOW, patience=Patience())
    assert not HeldUpload.objects.exists()


def test_progress_is_written_down_while_a_worker_inspects(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope, seen = create_envelope(by=cast.clerk, at=NOW), []
    upload, real = hold(envelope, cast), inspecting.inspect

    def told(pdf: bytes, *, progress: Callable[[Stage], None]) -> Any:
        for stage in (Stage("reading", 0, 1), Stage("drawing", 3, 12)):
            progress(stage)
            row = HeldUpload.objects.get(pk=upload.pk)
            seen.append((row.stage, row.done, row.total))
        return real(pdf)

    monkeypatch.setattr(inspecting, "inspect", told)
    work()
    assert seen == [("reading", 0, 1), ("drawing", 3, 12)]


def test_a_damaged_file_is_added_only_as_it_was_shown_and_on_its_senders_word(cast: Cast) -> None:
    envelope, pdf = create_envelope(by=cast.clerk, at=NOW), plain() + DAMAGE
    held = take_in(envelope, file_name="壊れた.pdf", pdf=pdf, by=cast.clerk, at=NOW, patience=Patience())
    assert isinstance(held, HeldUpload)
    assert held.reasons[0]["code"] == "file.appended"
    work()
    upload = upload_in(envelope, held.pk)
    assert (upload.state, upload.pages, upload.given_pages, upload.differing) == (UploadState.OFFERED, 1, 1, [])
    assert not envelope.documents.exists()
    assert missing_before_sending(envelope, at=NOW)[0] == "upload.unsettled"

    document = use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)
    given = hashlib.sha256(pdf).digest()
    assert bytes(document.normalised_from or b"") == given
    assert hashlib.sha256(vault.read(document.blob)).hexdigest() == sha(upload)
    told = last_entry(envelope, "document.added")
    assert (told["given_sha256"], told["sha256"], told["confirmed"]) == (given.hex(), sha(upload), True)
    assert "file.appended" in told["reasons"]
    entry = next(one for one in ledger.entries(envelope.stream) if one.event == "document.added")
    assert entry.by == {"kind": "member", "id": str(cast.clerk.pk)}
    assert events(envelope) == ["envelope.created", "upload.held", "upload.offered", "document.added"]
    check_house()


def test_what_was_added_so_can_be_sent_and_sealed(cast: Cast) -> None:
    envelope = drafted(cast)
    upload = offered(envelope, by=cast.clerk)
    use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    envelope.refresh_from_db()
    assert envelope.state == "in_progress"
    check_house()


def test_pressed_by_many_it_is_added_once(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = offered(envelope, by=cast.clerk)
    results = together([lambda: use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)] * 4)
    assert codes_of(results) == ["upload.settled"] * 3
    assert envelope.documents.count() == 1


def test_anything_but_what_was_shown_is_refused(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = offered(envelope, by=cast.clerk)
    for other in ("", "0" * 64, bytes(upload.given_sha256).hex()):
        with refused("upload.changed"):
            use_upload(upload, sha256=other, by=cast.clerk, at=NOW)
    # Somebody has put other bytes where the rewritten ones were.
    HeldUpload.objects.filter(pk=upload.pk).update(rewritten=upload.given)
    with refused("upload.changed"):
        use_upload(upload_in(envelope, upload.pk), sha256=sha(upload), by=cast.clerk, at=NOW)
    assert not envelope.documents.exists()


def test_what_was_not_decided_in_time_is_shredded(cast: Cast, house: Place) -> None:
    envelope, before = create_envelope(by=cast.clerk, at=NOW), boxes(house)
    upload = offered(envelope, by=cast.clerk)
    assert len(boxes(house) - before) == 2
    late = upload.created_at + HOLD_FOR
    with refused("upload.expired"):
        use_upload(upload, sha256=sha(upload), by=cast.clerk, at=late)
    assert expire_uploads(at=late - timedelta(seconds=1)) == 0
    assert expire_uploads(at=late) == 1
    assert expire_uploads(at=late) == 0
    assert upload_in(envelope, upload.pk).state == UploadState.EXPIRED
    assert boxes(house) == before
    assert not Blob.objects.exists()
    assert events(envelope)[-1] == "upload.expired"
    with refused("upload.expired"):
        use_upload(upload_in(envelope, upload.pk), sha256=sha(upload), by=cast.clerk, at=late)
    check_house()


def test_what_is_dropped_is_shredded_and_its_work_is_cancelled(cast: Cast, house: Place) -> None:
    envelope, before = create_envelope(by=cast.clerk, at=NOW), boxes(house)
    offered(envelope, by=cast.clerk)
    waiting = hold(envelope, cast)
    for upload in held_uploads(envelope):
        for _ in range(2):  # a double press
            drop_upload(upload, by=cast.clerk, at=NOW)
    assert not has_unsettled(envelope)
    assert InspectTask.objects.get(upload=waiting).state == TaskState.CANCELLED
    assert events(envelope).count("upload.dropped") == 2
    assert boxes(house) == before
    assert not Blob.objects.exists()
    with refused("upload.settled"):
        use_upload(upload_in(envelope, waiting.pk), sha256="", by=cast.clerk, at=NOW)


def test_a_draft_that_ends_takes_what_was_held_with_it(cast: Cast, house: Place) -> None:
    envelope, before = create_envelope(by=cast.clerk, at=NOW), boxes(house)
    upload = offered(envelope, by=cast.clerk)
    hold(envelope, cast)
    withdraw_envelope(envelope, reason="作成を取りやめたため", by=cast.clerk, at=NOW)
    assert boxes(house) == before
    assert events(envelope).count("upload.dropped") == 2
    with refused("envelope.not_draft"):
        use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)
    work()
    assert not envelope.documents.exists()


def test_only_who_may_manage_the_draft_decides(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = offered(envelope, by=cast.clerk)
    before = events(envelope)
    for member in (cast.stranger, cast.stranger_admin, cast.mayor, cast.auditor, cast.system):
        with refused("envelope.not_allowed"):
            use_upload(upload, sha256=sha(upload), by=member, at=NOW)
        with refused("envelope.not_allowed"):
            drop_upload(upload, by=member, at=NOW)
        with refused("envelope.not_allowed"):
            hold_upload(envelope, file_name="契約書.pdf", pdf=plain(), by=member, at=NOW)
    assert events(envelope) == before
    # Nor is it found through another draft.
    other = create_envelope(by=cast.clerk, at=NOW)
    for pk in (upload.pk, "no identifier"):
        with refused("page.unknown"):
            upload_in(other, pk)


def test_both_files_can_be_fetched_while_they_are_offered(cast: Cast) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = offered(envelope, by=cast.clerk)
    for rewritten, digest in ((False, bytes(upload.given_sha256)), (True, bytes(upload.rewritten_sha256 or b""))):
        copy = upload_copy(upload, rewritten=rewritten, by=cast.clerk, at=NOW)
        assert hashlib.sha256(copy.pdf).digest() == digest
        assert last_entry(envelope, "upload.downloaded")["sha256"] == digest.hex()
    drop_upload(upload, by=cast.clerk, at=NOW)
    with refused("page.unknown"):
        upload_copy(upload_in(envelope, upload.pk), rewritten=True, by=cast.clerk, at=NOW)


def test_what_a_worker_refuses_is_named_and_shredded(cast: Cast, house: Place) -> None:
    envelope, before = create_envelope(by=cast.clerk, at=NOW), boxes(house)
    upload = hold(envelope, cast, encrypted(user="secret"))
    work()
    upload = upload_in(envelope, upload.pk)
    assert (upload.state, upload.refusal["code"], upload.refusal["facts"]) == ("refused", "file.encrypted", {"reason": "password"})
    assert boxes(house) == before
    assert events(envelope)[-1] == "upload.refused"
    assert not has_unsettled(envelope)
    assert InspectTask.objects.get().strikes == 0


def test_pages_that_look_different_are_named(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    drawings = iter([[b"a", b"b", b"c"], [b"a", b"x"]])
    monkeypatch.setattr(inspecting, "_drawn", lambda pdf: next(drawings))
    assert offered(envelope, by=cast.clerk).differing == [2, 3]


def test_a_file_that_cannot_be_drawn_as_it_is_is_offered_all_the_same(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = inspecting._drawn, iter([True, False])

    def drawn(pdf: bytes) -> list[bytes]:
        if next(calls):
            raise Refusal("file.broken")
        return real(pdf)

    monkeypatch.setattr(inspecting, "_drawn", drawn)
    upload = offered(create_envelope(by=cast.clerk, at=NOW), by=cast.clerk)
    assert (upload.state, upload.given_pages, upload.differing) == (UploadState.OFFERED, 0, [])


def test_what_is_held_takes_room(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    monkeypatch.setattr(drafting, "MAX_FILES", 1)
    upload = offered(envelope, by=cast.clerk)
    with refused("envelope.too_many_files"):
        add_document(envelope, file_name="契約書.pdf", pdf=plain(), by=cast.clerk, at=NOW)
    with refused("envelope.too_many_files"):
        hold(envelope, cast)
    # Its own room is there for it, unless it has grown beyond what there is.
    monkeypatch.setattr(drafting, "MAX_TOTAL_BYTES", (upload.rewritten_size or 0) - 1)
    with refused("envelope.too_large"):
        use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)
    assert upload_in(envelope, upload.pk).state == UploadState.OFFERED
    monkeypatch.setattr(drafting, "MAX_TOTAL_BYTES", upload.rewritten_size or 0)
    use_upload(upload, sha256=sha(upload), by=cast.clerk, at=NOW)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_worker_that_dies_before_its_outcome_leaves_the_work_to_the_next(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = hold(envelope, cast, plain() + DAMAGE if damaged else None)
    (task,) = claim(INSPECT.rows, at=clock.now(), lease=INSPECT.lease, limit=1)
    with monkeypatch.context() as patch:
        patch.setattr(inspecting, "note" if damaged else "lay_in", _die)
        with pytest.raises(SystemExit):
            inspect_upload(task, now=clock.now)
    assert upload_in(envelope, upload.pk).state == UploadState.INSPECTING
    assert claim(INSPECT.rows, at=clock.now(), lease=INSPECT.lease, limit=1) == []
    later = clock.now() + INSPECT.lease + timedelta(seconds=1)
    (again,) = claim(INSPECT.rows, at=later, lease=INSPECT.lease, limit=1)
    inspect_upload(again, now=clock.now)
    assert upload_in(envelope, upload.pk).state == (UploadState.OFFERED if damaged else UploadState.USED)
    # The first, should it live on after all, has lost its lease.
    inspect_again = InspectTask.objects.get(pk=task.pk)
    assert inspect_again.state == TaskState.DONE
    assert envelope.documents.count() == (0 if damaged else 1)
    check_house()


def _die(*given: Any, **named: Any) -> None:
    raise SystemExit


def test_dropped_in_the_middle_of_its_inspection_it_comes_to_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload, real = hold(envelope, cast), inspecting.inspect

    def slow(pdf: bytes, *, progress: Callable[[Stage], None]) -> Any:
        drop_upload(upload_in(envelope, upload.pk), by=cast.clerk, at=NOW)
        return real(pdf)

    monkeypatch.setattr(inspecting, "inspect", slow)
    work()
    assert not envelope.documents.exists()
    assert upload_in(envelope, upload.pk).state == UploadState.DROPPED
    assert events(envelope)[-1] == "upload.dropped"


def test_an_outage_is_waited_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = create_envelope(by=cast.clerk, at=NOW)
    upload = hold(envelope, cast)

    def away(pdf: bytes, *, progress: Callable[[Stage], None]) -> None:
        raise Outage("pages.busy", "no child became free")

    with monkeypatch.context() as patch:
        patch.setattr(inspecting, "inspect", away)
        work()
    task = InspectTask.objects.get()
    assert (task.state, task.strikes, task.trouble) == (TaskState.WAITING, 0, "pages.busy")
    InspectTask.objects.update(due_at=NOW)
    work()
    assert upload_in(envelope, upload.pk).state == UploadState.USED


def test_a_duplicate_asks_anew_where_more_is_looked_for_today(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope, real = drafted(cast), drafting.inspect

    def stricter(pdf: bytes) -> Any:
        found = real(pdf)
        return replace(found, findings=(*found.findings, Finding("file.polyglot", "normalise", {})))

    with monkeypatch.context() as patch:
        patch.setattr(drafting, "inspect", stricter)
        copy = duplicate_envelope(envelope, by=cast.clerk, at=NOW)
    assert not copy.documents.exists()
    assert [one.state for one in held_uploads(copy)] == [UploadState.INSPECTING]


def test_nothing_is_shredded_that_somebody_still_refers_to(cast: Cast) -> None:
    document = drafted(cast).documents.get()
    with pytest.raises(RuntimeError):
        vault.shred([document.blob])
    with pytest.raises(ProtectedError), transaction.atomic():
        vault.shred([document.blob])
    assert vault.read(document.blob)
    check_house()
