"""Rows changed behind the house's back: before anything is shown, under an open page, after the press, before the closing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from invariants import events
from place import Place
from stages import HERE, Scene, enters, signs
from stories import sent, work
from tachiai import archive, clock
from tachiai.accounts.models import Operator, Organization
from tachiai.ceremony.models import Consent
from tachiai.config.jobs import SEAL
from tachiai.envelopes import reading, wording
from tachiai.envelopes.asking_consent import ask_consent
from tachiai.envelopes.certifying import certificate_facts
from tachiai.envelopes.instructing import instructed, load
from tachiai.envelopes.models import CloseTask, Document, Envelope, PageImage, Recipient, Revision, SealTask
from tachiai.envelopes.reading import page_of, page_picture, page_text, unsigned_copy
from tachiai.envelopes.signing import sign
from tachiai.errors import Refusal
from tachiai.work import drain

Swap = Callable[[Scene], Any]


@contextmanager
def changed(rows: Any, **values: Any) -> Iterator[None]:
    """One row as somebody with the database in their hands leaves it; put back afterwards."""
    (before,) = rows.values("pk", *values)
    model = rows.model.objects.filter(pk=before.pop("pk"))
    assert before != values, "a swap that changes nothing shows nothing"
    model.update(**values)
    try:
        yield
    finally:
        model.update(**before)


@contextmanager
def in_another_order(scene: Scene) -> Iterator[None]:
    first, second = scene.envelope.documents.order_by("position")

    def exchange(one: Document, other: Document) -> None:
        for document, position in ((one, 99), (other, 1), (one, 2)):
            Document.objects.filter(pk=document.pk).update(position=position)

    exchange(first, second)
    try:
        yield
    finally:
        exchange(second, first)


def first(scene: Scene) -> Any:
    return scene.envelope.documents.filter(position=1)


def frozen(scene: Scene) -> Any:
    return Revision.objects.filter(document=first(scene).get(), kind="frozen")


def row(scene: Scene) -> Any:
    return Recipient.objects.filter(pk=scene.vendor.pk)


PERSON: dict[str, Swap] = {
    "organization": lambda scene: changed(row(scene), organization_name="別の会社（架空）"),
    "title": lambda scene: changed(row(scene), title="会長"),
    "name": lambda scene: changed(row(scene), name="別人 太郎"),
    "mail": lambda scene: changed(row(scene), mail="other@example.jp"),
    "slot": lambda scene: changed(row(scene), slot=9),
    "registration": lambda scene: changed(row(scene), registration_id=scene.cast.builder.pk),
}
UNDER_THE_PAGE: dict[str, Swap] = {
    **PERSON,
    "digest": lambda scene: changed(frozen(scene), sha256=bytes(32)),
    "size": lambda scene: changed(frozen(scene), size=1),
    "pages": lambda scene: changed(first(scene), pages=7),
    "document's name": lambda scene: changed(first(scene), name="別の文書"),
    "order": in_another_order,
    "envelope's name": lambda scene: changed(Envelope.objects.filter(pk=scene.envelope.pk), name="別の契約"),
    "number": lambda scene: changed(Envelope.objects.filter(pk=scene.envelope.pk), number="X-1"),
    "sender": lambda scene: changed(Organization.objects.filter(pk=scene.cast.city.pk), name="別の市（架空）"),
    "operator": lambda scene: changed(Operator.objects.all(), name="別の運営者（架空）"),
}


def test_a_press_is_to_what_its_page_showed(parallel: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    found = enters(parallel.vendor)
    at = clock.now() - timedelta(minutes=1)
    asked = ask_consent(found, HERE, at=at)
    for name, swap in UNDER_THE_PAGE.items():
        with swap(parallel), pytest.raises(Refusal) as refused:
            sign(enters_again(parallel, found), HERE, at=at, offer=asked.offer)
        assert refused.value.code == "consent.shown_changed", name
    with monkeypatch.context() as patched:
        patched.setattr(wording, "CONSENT_JA", wording.CONSENT_JA + "なお、")
        with pytest.raises(Refusal, match=r"consent\.shown_changed"):
            sign(found, HERE, at=at, offer=asked.offer)
    theirs = ask_consent(enters(parallel.builder), HERE, at=at)
    for offer, moment in ((theirs.offer, at), ("", at), (asked.offer[::-1], at), (asked.offer, at + timedelta(hours=12))):
        with pytest.raises(Refusal, match=r"consent\.not_shown"):
            sign(found, HERE, at=moment, offer=offer)
    assert not Consent.objects.exists()
    assert events(parallel.envelope).count("consent.refused") == len(UNDER_THE_PAGE) + 1
    consent = sign(found, HERE, at=at + timedelta(minutes=1), offer=asked.offer)
    assert at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode() in bytes(consent.body), "the time of the page"
    assert consent.given_at == at + timedelta(minutes=1)
    assert sign(found, HERE, at=at, offer="whatever is pressed again") == consent
    work()
    assert Revision.objects.filter(consent=consent).count() == 2


def enters_again(scene: Scene, found: Any) -> Any:
    """The same visit in another request: every row of it is read anew."""
    person = Recipient.objects.select_related("envelope__organization__operator", "envelope__sender", "registration").get(
        pk=found.recipient.pk
    )
    return replace(found, recipient=person)


def consent_row(scene: Scene, **values: Any) -> Any:
    """The vendor's consent as an administrator with the database in their hands leaves it: the triggers are gone."""
    with connection.cursor() as cursor:
        for name in ("ceremony_consent_no_update", "ceremony_consent_erased"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + (" ON ceremony_consent" if connection.vendor == "postgresql" else ""))
    return changed(Consent.objects.filter(subject=scene.vendor.pk), **values)


def rewritten(scene: Scene, old: bytes, new: bytes) -> Any:
    """A consent and its digest, by somebody who knows how consents are made and has no key of the house."""
    body = bytes(Consent.objects.get(subject=scene.vendor.pk).body).replace(old, new)
    return consent_row(scene, body=body, digest=hashlib.sha256(body).digest())


AFTER_THE_PRESS: dict[str, Swap] = {
    **PERSON,
    "level": lambda scene: changed(row(scene), level="mail-only"),
    "what was asked for": lambda scene: changed(row(scene), proof="passkey"),
    "order": in_another_order,
    "values": lambda scene: rewritten(scene, b'"values":{}', b'"values":{"x":"y"}'),
    "text": lambda scene: rewritten(scene, b"consent-ja-1", b"consent-ja-2"),
    "envelope": lambda scene: rewritten(scene, str(scene.envelope.pk).encode(), str(scene.vendor.pk).encode()),
    "who agreed": lambda scene: consent_row(scene, personal=bytes(Consent.objects.get().personal).replace("緑".encode(), "青".encode())),
    "erased": lambda scene: consent_row(scene, personal=b"", salt=b""),
}


def test_a_seal_is_for_who_agreed_to_what(parallel: Scene) -> None:
    signs(parallel.vendor)
    for name, swap in AFTER_THE_PRESS.items():
        with swap(parallel):
            for brief in load(list(SealTask.objects.order_by("document__position"))):
                with pytest.raises(Refusal) as refused:
                    instructed(brief)
                assert refused.value.code == "seal.not_instructed", name
    # Between the seals of one consent: the first document bears it, the second does not get another's name.
    one, two = SealTask.objects.order_by("pk")
    SealTask.objects.filter(pk=two.pk).update(due_at=clock.now() + timedelta(hours=1))
    drain(SEAL, now=clock.now)
    SealTask.objects.filter(pk=two.pk).update(due_at=clock.now())
    with PERSON["name"](parallel):
        drain(SEAL, now=clock.now)
        two.refresh_from_db()
        assert (two.state, two.trouble) == ("waiting", "seal.not_instructed")
    one.refresh_from_db()
    assert one.state == "done"
    assert Revision.objects.filter(kind="signed").count() == 1
    SealTask.objects.filter(pk=two.pk).update(due_at=clock.now(), strikes=0)
    work()
    assert Revision.objects.filter(kind="signed").count() == 2


def test_the_certificate_names_who_agreed(scene: Scene) -> None:
    """Before the closing: seals are in the files, and the paper that tells of them is made from rows."""
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    assert CloseTask.objects.get().state == "waiting"
    anchor = archive.anchored([scene.envelope.stream], now=clock.now)
    for name, swap in PERSON.items():
        with swap(scene), pytest.raises(Refusal) as refused:
            certificate_facts(scene.envelope, number="AAAA-BBBB-CCCC-DDDD", anchor=anchor, at=clock.now())
        assert refused.value.code == "seal.not_instructed", name
    work()
    assert scene.state() == "concluded"


def test_no_other_pages_are_shown_than_were_drawn(house: Place, scene: Scene) -> None:
    other = sent(scene.cast).documents.get()
    mine = scene.envelope.documents.get()
    mine_page = PageImage.objects.filter(document=mine, number=1)
    picture = page_picture(page_of(mine, 1))
    held = mine_page.get()
    shift = {"offset": held.text_offset, "length": held.text_length, "text_offset": held.offset, "text_length": held.length}
    swaps = [
        lambda: changed(Document.objects.filter(pk=mine.pk), page_pack_id=other.page_pack_id),
        lambda: changed(mine_page, **shift),
        lambda: changed(mine_page, offset=1, length=held.length - 1),
    ]
    for swap in swaps:
        reading._opened.cache_clear()  # another process, or this one after a while
        with swap():
            page = page_of(Document.objects.get(pk=mine.pk), 1)
            for look in (page_picture, page_text):
                with pytest.raises(Refusal, match=r"document\.altered"):
                    look(page)
    reading._opened.cache_clear()
    assert page_picture(page_of(mine, 1)) == picture
    with changed(Document.objects.filter(pk=mine.pk), blob_id=other.blob_id):
        swapped = Document.objects.select_related("envelope__organization", "blob").get(pk=mine.pk)
        with pytest.raises(Refusal, match=r"document\.altered"):
            unsigned_copy(swapped, by=scene.vendor, at=clock.now())
    # Whatever was changed before anybody came: nobody is asked to agree to it.
    found = enters(scene.vendor)
    with changed(frozen(scene), sha256=bytes(32)), pytest.raises(Refusal, match=r"document\.altered"):
        ask_consent(found, HERE, at=clock.now())
    with changed(row(scene), slot=9), pytest.raises(Refusal, match=r"recipient\.altered"):
        ask_consent(enters_again(scene, found), HERE, at=clock.now())
