"""What a registration online leaves in the house: sound to fsck, made once however often it is sent, and forgotten with its person."""

from __future__ import annotations

import threading

from django.db import connections
from django.test import Client

from cast import assemble
from invariants import codes
from place import Place
from registrar.test_filling import confirmed, mailed, opened, power, typed
from stories import work
from tachiai import clock, counterparties, ledger
from tachiai.counterparties.models import Registration, RegistrationDraft, Reviewer
from tachiai.envelopes.erasing import ERASED, erase_person
from tachiai.errors import Refusal
from tachiai.ledger.models import Entry, Personal
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail
from tachiai.vault.models import Blob, Segment

MAIL = "nozomi@example.jp"
TOLD = ("nozomi@example.jp", "kiyoshi@example.jp", "日向 望", "日向 薫", "日向 光")


def test_a_power_of_attorney_is_sound_and_goes_with_its_person(house: Place) -> None:
    cast = assemble()
    browser = Client()
    confirmed(browser, browser.post(f"{opened(cast)}/form", typed(attorney=power())).headers["Location"])
    registration = Registration.objects.get(mail=MAIL)
    work()
    assert codes() == set()
    segment = Segment.objects.get(blob__kind="attorney")
    Segment.objects.filter(pk=segment.pk).update(sha256=bytes(32))
    assert {one for one in codes() if one.startswith("vault.")}
    Segment.objects.filter(pk=segment.pk).update(sha256=segment.sha256)
    counterparties.revoke(registration, reason="退任", by=cast.second, at=clock.now())
    work()
    erase_person(MAIL, reason="request", at=clock.now())
    registration.refresh_from_db()
    assert (registration.name, registration.representative, registration.contact, registration.attorney) == (ERASED, "", "", None)
    assert not Reviewer.objects.exists()
    assert not Blob.objects.filter(kind="attorney").exists()
    assert not Mail.objects.filter(to=MAIL).exists()
    left = [str(row) for row in Registration.objects.values_list().filter(pk=registration.pk)]
    left += [bytes(row.body).decode() for row in (*Personal.objects.all(), *Entry.objects.all())]
    left += [str(row) for row in RegistrationDraft.objects.values_list()]
    assert not [(word, row) for word in TOLD for row in left if word in row]
    ledger.check_stream(f"organization:{cast.city.pk}")
    assert codes() <= {"vault.litter"}


def test_a_draft_that_is_sent_twice_at_once_is_one_registration(house: Place) -> None:
    cast = assemble()
    browser = Client()
    check = browser.post(f"{opened(cast)}/form", typed(attorney=power())).headers["Location"]
    browser.post(check)
    code = reveal(mailed("M16", MAIL).context["concealed"]["code"])
    draft, start, said = RegistrationDraft.objects.get(), threading.Barrier(4), []

    def send() -> None:
        try:
            start.wait()
            counterparties.submit_draft(RegistrationDraft.objects.get(pk=draft.pk), code=code, at=clock.now())
            said.append("done")
        except Refusal as refusal:
            said.append(refusal.code)
        finally:
            connections.close_all()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert sorted(said) == ["done", *["draft.submitted"] * 3]
    assert Registration.objects.filter(mail=MAIL).count() == 1
    assert Mail.objects.filter(kind="M24", to=MAIL).count() == 1
    assert Blob.objects.filter(kind="attorney").count() == 1
