"""Signing: one consent however often it is pressed, in order, of what was shown, and one seal for each."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from cast import link_for
from crowds import together
from crypto.pdfs import plain
from invariants import check_house, events
from stages import HERE, Scene, enters, sees_everything, signs
from stories import work
from tachiai import clock, sealing, vault
from tachiai.ceremony.models import Consent, Level
from tachiai.config.jobs import SEAL
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import CloseTask, Revision, SealTask
from tachiai.envelopes.opening import show_document, unseen_documents
from tachiai.envelopes.signing import sign, sign_at_desk
from tachiai.envelopes.visiting import stopped, visit
from tachiai.envelopes.wording import consent_text
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal
from tachiai.work import drain


def refused(code: str) -> object:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def mails(kind: str) -> list[str]:
    return sorted(Mail.objects.filter(kind=kind).values_list("to", flat=True))


def test_twenty_presses_at_once_are_one_consent_and_one_seal(scene: Scene) -> None:
    found = enters(scene.vendor)
    consents = together([lambda: sign(found, HERE, at=clock.now())] * 20)
    assert len({consent.pk for consent in consents}) == 1
    assert sign(found, HERE, at=clock.now()) == consents[0]
    work()
    assert events(scene.envelope).count("recipient.consented") == 1
    assert Seal.objects.filter(act="consent", state="sealed").count() == 1
    assert mails("M07") == [scene.vendor.mail]
    check_house()


def test_documents_that_were_not_shown_cannot_be_agreed_to(parallel: Scene) -> None:
    found = enters(parallel.vendor)
    found.recipient.shown.all().delete()
    first, second = parallel.envelope.documents.order_by("position")
    with refused("documents.unseen") as told:
        sign(found, HERE, at=clock.now())
    assert told.value.facts["documents"] == [first, second]
    show_document(found.recipient, second, at=clock.now())
    assert unseen_documents(found.recipient) == [first]
    with refused("documents.unseen"):
        sign(found, HERE, at=clock.now())
    show_document(found.recipient, first, at=clock.now())
    assert sign(found, HERE, at=clock.now())


def test_nothing_is_signed_without_the_code(scene: Scene) -> None:
    sees_everything(scene.vendor)
    with refused("visit.not_open"):
        sign(visit(link_for(scene.vendor.pk), key="", at=clock.now()), HERE, at=clock.now())
    assert not Consent.objects.exists()


def test_the_consent_says_what_was_shown_and_the_seal_says_which_consent(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    consent = Consent.objects.get()
    told = json.loads(bytes(consent.body))
    document = scene.envelope.documents.get()
    frozen = document.revisions.get(kind="frozen")
    assert told["documents"] == [{"document": str(document.pk), "pages": 1, "sha256": bytes(frozen.sha256).hex(), "size": frozen.size}]
    assert told["recipient"] == str(scene.vendor.pk)
    assert told["authentication"]["level"] == "mail-and-registered-code"
    assert told["text"]["sha256"] == hashlib.sha256(consent_text(scene.vendor, language="ja").words.encode()).hexdigest()
    assert "mail" not in told
    pdf = vault.read(document.blob)
    report = sealing.verify(pdf, expected=expected(document), at=clock.now())
    row = next(row for row in report.rows if row.kind == "signature")
    assert "緑野 太郎 <vendor@example.jp>" in row.reason
    other = expected(document, adding={1: bytes(32)})
    with refused("seal."):
        sealing.verify(pdf, expected=other, at=clock.now())


def test_the_second_is_asked_after_the_first_has_signed_and_mails_go_once(scene: Scene) -> None:
    assert mails("M01") == [scene.vendor.mail]
    assert mails("M04") == []
    assert scene.mayor.state == "waiting"
    with refused("recipient.not_asked"):
        signs(scene.mayor)
    signs(scene.vendor)
    assert scene.mayor.state == "waiting"  # consented is not sealed
    assert mails("M04") == []
    work()
    assert (scene.vendor.state, scene.mayor.state) == ("signed", "requested")
    assert mails("M04") == [scene.mayor.mail]
    assert stopped(visit(link_for(scene.vendor.pk), key="", at=clock.now()), at=clock.now()) == "recipient.done"
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    clerk = scene.cast.clerk.mail
    assert mails("M01") == [scene.vendor.mail]
    assert mails("M05") == sorted([scene.vendor.mail, scene.mayor.mail, clerk])
    assert mails("M08") == [clerk]
    assert mails("M09") == [clerk, clerk]
    assert Mail.objects.exclude(result="accepted").count() == 0
    work()
    assert len(mails("M05")) == 3
    check_house()


def test_two_counterparties_at_once_with_two_workers(parallel: Scene) -> None:
    """Same order, two documents, two seals each: no revision is lost, the mayor is asked once, everything concludes."""
    visits = [enters(parallel.vendor), enters(parallel.builder)]
    together([lambda found=found: sign(found, HERE, at=clock.now()) for found in visits])

    def worker() -> int:
        total = 0
        for _ in range(6):
            total += drain(SEAL, now=clock.now)
        return total

    together([worker, worker])
    work()
    assert {parallel.vendor.state, parallel.builder.state} == {"signed"}
    for document in parallel.envelope.documents.all():
        assert document.revisions.filter(kind="signed").count() == 2
    assert Revision.objects.filter(kind="signed").values("consent").distinct().count() == 2
    assert mails("M04") == [parallel.mayor.mail]
    assert SealTask.objects.exclude(state="done").count() == 0
    check_house()
    signs(parallel.mayor)
    together([work, work])
    work()
    assert parallel.state() == "concluded"
    assert CloseTask.objects.count() == 1
    assert len(mails("M05")) == 4
    check_house()


def test_our_own_signer_cannot_be_somebody_else(scene: Scene) -> None:
    sees_everything(scene.mayor)
    with refused("recipient.not_you"):
        sign_at_desk(scene.mayor, HERE, by=scene.cast.admin, level=Level.PASSWORD, at=clock.now())


def test_the_day_of_the_deadline_ends_at_midnight_in_japan(scene: Scene) -> None:
    end = clock.end_of(scene.envelope.deadline)
    found = enters(scene.vendor)
    with refused("link.expired"):
        sign(found, HERE, at=end)
    assert stopped(found, at=end - timedelta(seconds=1)) is None
    assert stopped(found, at=end) == "link.expired"
    assert expire_envelopes(at=end - timedelta(seconds=1)) == 0
    assert sign(found, HERE, at=end - timedelta(seconds=1))
    assert expire_envelopes(at=end) == 1
    assert scene.state() == "expired"
    check_house()


def test_declining_ends_it_with_a_reason_and_tells_who_was_asked(parallel: Scene) -> None:
    signs(parallel.builder)
    with refused("reason.missing"):
        decline(parallel.vendor, wish=Wish.CORRECTION, reason=" x ", at=clock.now())
    with refused("reason.too_long"):
        decline(parallel.vendor, wish=Wish.CORRECTION, reason="長" * 1001, at=clock.now())
    with refused("recipient.not_asked"):
        decline(parallel.mayor, wish=Wish.REFUSAL, reason="まだです", at=clock.now())
    decline(parallel.vendor, wish=Wish.CORRECTION, reason="第3条を直してください", at=clock.now())
    work()
    assert parallel.state() == "declined"
    assert {row.mail: row.state for row in parallel.envelope.recipients.all()} == {
        parallel.vendor.mail: "declined",
        parallel.builder.mail: "cancelled",
        parallel.mayor.mail: "cancelled",
    }
    assert events(parallel.envelope).count("consent.unsealed") == 2
    assert mails("M10") == sorted([parallel.cast.clerk.mail, parallel.builder.mail])
    with refused("envelope.moved"):
        decline(parallel.vendor, wish=Wish.CORRECTION, reason="もう一度", at=clock.now())
    check_house()


def test_what_is_sealed_begins_with_what_was_uploaded(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    assert vault.read(scene.envelope.documents.get().blob).startswith(plain())
