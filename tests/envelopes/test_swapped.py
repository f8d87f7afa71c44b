"""Rows and bytes changed behind the house's back, between a consent and its seal: refused, stuck, and nothing released."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from crowds import together
from invariants import events
from place import Place
from stages import Scene, drafted, sent, signs
from stories import work
from tachiai import clock, vault
from tachiai.archive.models import RecordFile
from tachiai.ceremony.models import Consent
from tachiai.config.jobs import CLOSE, FREEZE, SEAL
from tachiai.envelopes.closing import close_envelope
from tachiai.envelopes.models import CloseTask, Document, Envelope, FreezeTask, Recipient, Revision, SealTask
from tachiai.envelopes.progress import trouble_of
from tachiai.envelopes.reading import concluded_copy, concluded_files
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.sealing.models import Seal
from tachiai.vault.models import Segment
from tachiai.work import Kind, drain
from tachiai.work.models import Alarm


def other_document(scene: Scene) -> Document:
    """A second envelope's only document, frozen like the first."""
    return Document.objects.exclude(envelope=scene.envelope).get()


def another_head(house: Place, scene: Scene) -> str:
    Document.objects.filter(envelope=scene.envelope).update(head_sha256=bytes(32))
    return "document.altered"


def a_changed_file(house: Place, scene: Scene) -> str:
    segment = Segment.objects.get(blob=scene.envelope.documents.get().blob, number=1)
    path = house.home / "vault" / segment.path
    box = bytearray(path.read_bytes())
    box[len(box) // 2] ^= 1
    path.write_bytes(box)
    return "vault.altered"


def anothers_bytes(house: Place, scene: Scene) -> str:
    Document.objects.filter(envelope=scene.envelope).update(blob=other_document(scene).blob)
    return "document.altered"


def everything_of_another(house: Place, scene: Scene) -> str:
    """Blob, head and every revision agree with each other; only the consent knows what was shown."""
    other, mine = other_document(scene), scene.envelope.documents.get()
    Document.objects.filter(pk=mine.pk).update(blob=other.blob, head_sha256=other.head_sha256)
    for row in other.revisions.all():
        Revision.objects.filter(document=mine, number=row.number).update(sha256=row.sha256, size=row.size)
    return "seal.not_instructed"


def another_signer(house: Place, scene: Scene) -> str:
    SealTask.objects.update(recipient=scene.mayor)
    return "seal.not_instructed"


def anothers_document(house: Place, scene: Scene) -> str:
    SealTask.objects.update(document=other_document(scene))
    return "seal.not_instructed"


def another_slot(house: Place, scene: Scene) -> str:
    Recipient.objects.filter(pk=scene.vendor.pk).update(slot=9)
    return "seal.not_instructed"


def _let_consents_be_rewritten() -> None:
    """An administrator with the database in their hands: the trigger is gone."""
    name = "ceremony_consent_no_update"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name} ON ceremony_consent" if connection.vendor == "postgresql" else f"DROP TRIGGER {name}")


def a_rewritten_consent(house: Place, scene: Scene) -> str:
    _let_consents_be_rewritten()
    consent = Consent.objects.get()
    Consent.objects.update(body=bytes(consent.body).replace(b'"slot":1', b'"slot":2'))
    return "seal.not_instructed"


def a_rewritten_consent_with_its_digest(house: Place, scene: Scene) -> str:
    _let_consents_be_rewritten()
    consent = Consent.objects.get()
    body = bytes(consent.body).replace(str(scene.vendor.pk).encode(), str(scene.mayor.pk).encode())
    Consent.objects.update(body=body, digest=hashlib.sha256(body).digest())
    return "seal.not_instructed"


SWAPS = [
    another_head,
    a_changed_file,
    anothers_bytes,
    everything_of_another,
    another_signer,
    anothers_document,
    another_slot,
    a_rewritten_consent,
    a_rewritten_consent_with_its_digest,
]


@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: swap.__name__)
def test_a_consent_is_not_sealed_on_anything_else(house: Place, scene: Scene, swap: Callable[[Place, Scene], str]) -> None:
    if "other_document" in swap.__code__.co_names:
        sent(scene.cast)
    signs(scene.vendor)
    code = swap(house, scene)
    struck(SEAL, SealTask, code)
    assert not Seal.objects.filter(act="consent").exists(), "the key was not even touched"
    assert not Revision.objects.filter(kind="signed").exists()
    assert "document.sealed" not in events(scene.envelope)
    assert scene.vendor.state == "consented"
    assert scene.state() == "in_progress"


def at_that(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def struck(kind: Kind[object], model: type[SealTask] | type[CloseTask], code: str) -> None:  # type: ignore[type-var]
    """Five refusals of its own content, and the row is stuck and an alarm stands."""
    at = clock.now()
    for strike in range(1, 6):
        drain(kind, now=at_that(at))
        task = model.objects.get()
        assert (task.trouble, task.strikes, task.outages) == (code, strike, 0)
        at += timedelta(minutes=1)
    assert task.state == "stuck"
    assert drain(kind, now=lambda: at + timedelta(days=1)) == 0
    alarm = Alarm.objects.get(cleared_at=None)
    assert alarm.detail == code
    envelope = Envelope.objects.order_by("created_at")[0]
    trouble = trouble_of(envelope)
    assert trouble is None or trouble.stuck


def test_what_is_stuck_ends_with_its_envelope(house: Place, scene: Scene) -> None:
    signs(scene.vendor)
    another_signer(house, scene)
    struck(SEAL, SealTask, "seal.not_instructed")
    withdraw_envelope(scene.envelope, reason="宛先を改めます。", by=scene.cast.clerk, at=clock.now())
    assert SealTask.objects.get().state == "cancelled"
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_what_was_altered_is_not_closed(house: Place, scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    a_changed_file(house, scene)
    struck(CLOSE, CloseTask, "vault.altered")
    assert scene.state() == "closing"
    assert not Revision.objects.filter(kind="closed").exists()


def test_a_concluded_file_is_held_against_the_digest_it_was_filed_with(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    scene.envelope.refresh_from_db()
    document, certificate = concluded_files(scene.envelope)
    assert concluded_copy(document, scene.envelope, by=scene.cast.clerk, at=clock.now()).pdf == vault.read(document.blob)
    RecordFile.objects.filter(pk=document.pk).update(blob=certificate.blob)
    before = events(scene.envelope)
    with pytest.raises(Refusal, match=r"document\.altered"):
        concluded_copy(concluded_files(scene.envelope)[0], scene.envelope, by=scene.cast.clerk, at=clock.now())
    stranger = sent(scene.cast)
    with pytest.raises(Refusal, match=r"envelope\.unknown"):
        concluded_copy(certificate, stranger, by=scene.cast.clerk, at=clock.now())
    assert events(scene.envelope) == before


def test_a_document_that_cannot_be_frozen_keeps_the_envelope_from_being_asked_for(house: Place, scene: Scene) -> None:
    """One of two documents is stuck: the other's freezing does not let the envelope go out without it."""
    envelope = drafted(scene.cast, papers=2)
    send_envelope(envelope, by=scene.cast.clerk, at=clock.now())
    first, second = envelope.documents.order_by("position")
    FreezeTask.objects.filter(document=second).update(due_at=clock.now() + timedelta(hours=1))
    path = house.home / "vault" / Segment.objects.get(blob=first.blob).path
    path.write_bytes(path.read_bytes()[:-1])
    at = clock.now()
    for _ in range(5):
        drain(FREEZE, now=at_that(at))
        at += timedelta(minutes=1)
    assert FreezeTask.objects.get(document=first).state == "stuck"
    drain(FREEZE, now=lambda: at + timedelta(hours=2))
    assert FreezeTask.objects.get(document=second).state == "done"
    envelope.refresh_from_db()
    assert envelope.state == "sending"
    assert envelope.recipients.exclude(state="waiting").count() == 0
    trouble = trouble_of(envelope)
    assert trouble is not None
    assert trouble.stuck


def test_closing_twice_at_once_concludes_once(scene: Scene) -> None:
    """A worker whose lease ran out goes on beside the one that took over."""
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    CloseTask.objects.update(attempt=1)
    late, taken_over = CloseTask.objects.get(), CloseTask.objects.get()
    taken_over.attempt = 2
    CloseTask.objects.update(attempt=2)

    def act(task: CloseTask) -> object:
        try:
            return close_envelope(task, now=clock.now)
        except Exception as lost:
            return lost

    together([lambda: act(late), lambda: act(taken_over)])
    work()
    assert scene.state() == "concluded"
    assert events(scene.envelope).count("envelope.concluded") == 1
    assert Revision.objects.filter(kind="closed").count() == 1
