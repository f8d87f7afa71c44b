"""Bundles of envelopes with a longer story: a passkey and three signers, personal data erased, a house that went on in a new log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from authenticators import SoftKey
from cast import Cast
from offline.accepting import accepted, bundle_of
from offline.bench import Bench
from offline.test_html_verifier import answer_on, comparable, opened
from offline.twins import AT
from signer.test_proving import enrolled, posted
from signer.walking import inside
from stages import BUILDER, MAYOR, RELATED, VENDOR, drafted, sees_everything, signs
from stories import work
from tachiai import ceremony, clock, ledger
from tachiai.crypto.passkeys import consent_challenge, to_base64url
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.models import Envelope, Proof, Recipient
from tachiai.envelopes.sending import send_envelope
from tachiai.offline.tachiai_verify import Reader, verify_bundle

PASSKEY = "consents/1.passkey.json"


def place(envelope: Envelope, mail: str) -> Recipient:
    return Recipient.objects.select_related(*RELATED).get(envelope=envelope, mail=mail)


def concluded_with_passkey(cast: Cast) -> Envelope:
    """Two papers; the vendor by a passkey, then the builder by the code alone, then the mayor at the desk."""
    envelope, at = drafted(cast, papers=2), clock.now()
    people = [(1, cast.vendor), (2, cast.builder), (3, cast.mayor)]
    name_recipients(envelope, people, by=cast.clerk, at=at, proofs=[Proof.PASSKEY, Proof.PLAIN, Proof.PLAIN])
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    browser, link = inside(place(envelope, VENDOR))
    sees_everything(place(envelope, VENDOR))
    key = SoftKey()
    confirm = enrolled(browser, link, key)
    assert browser.post(link + "/confirm", posted(key, confirm)).headers["Location"] == link + "/done"
    work()
    for mail in (BUILDER, MAYOR):
        signs(place(envelope, mail))
        work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    return envelope


def of_others(content: bytes, key: SoftKey) -> bytes:
    """The bundle with the word of somebody else's passkey on the very same consent."""
    bench = Bench(content)
    client, data, signature = key.signs(consent_challenge(bench.files["consents/1.json"]))
    said = {"credential": key.id, "public_key_cose": key.public_key, "client_data_json": client}
    said |= {"authenticator_data": data, "signature": signature}
    bench.edit(PASSKEY, lambda told: told.update({name: to_base64url(value) for name, value in said.items()}))
    return bench.packed()


def of_the_right_name(content: bytes, key: SoftKey, name: str) -> bytes:
    """The same, under the name of the credential that the consent speaks of; ``name`` is what is kept of the true one."""
    bench = Bench(content)
    kept = bench.json(PASSKEY)[name]
    changed = Bench(of_others(content, key))
    changed.edit(PASSKEY, lambda told: told.update({name: kept, "credential": bench.json(PASSKEY)["credential"]}))
    return changed.packed()


def without_passkey(content: bytes) -> bytes:
    bench = Bench(content)
    del bench.files[PASSKEY]
    return bench.packed()


def erase(envelope: Envelope) -> None:
    """Everybody's personal data in the record, and what one consent commits to: more than the house itself would ever erase."""
    numbers = [entry.number for entry in ledger.raw_entries(envelope.stream) if entry.personal]
    with transaction.atomic(durable=True):
        ledger.erase_personal(envelope.stream, numbers, reason="試験", by=ledger.Actor("operator"), at=clock.now())
        consent = ceremony.consent_of(place(envelope, BUILDER).pk)
        assert consent is not None
        ceremony.forget_personal(consent)


@pytest.mark.browser
def test_both_verifiers_accept_what_the_house_lived_through(cast: Cast, settings: Any) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, public_url="http://localhost:8000")
    envelope = concluded_with_passkey(cast)
    whole = bundle_of(envelope)
    answer = accepted(whole)
    assert [(one["slot"], one["passkey"]) for one in answer["consents"]] == [(1, True), (2, False), (3, False)]
    assert answer["consents"][0]["level"] == "mail-and-registered-code-and-passkey"
    assert len([one for one in answer["signatures"] if one["kind"] == "slot"]) == 6

    erase(envelope)
    erased = bundle_of(envelope)
    answer = accepted(erased)
    assert "personal.erased" in answer["unchecked"]
    assert [one["personal"] is None for one in answer["consents"]] == [False, True, False]

    latest = ledger.latest_checkpoint()
    assert latest is not None
    ledger.begin_epoch(reason="復元", known=latest.note, at=clock.now())
    later = bundle_of(envelope)
    assert accepted(later)["compare"]["checkpoint"]["origin"] == "localhost:8000/log/e2"

    other = SoftKey()
    refused = {
        "passkey.missing": without_passkey(whole),
        "passkey.credential": of_others(whole, other),
        "passkey.signature": of_the_right_name(whole, other, "public_key_cose"),
    }
    for code, content in refused.items():
        assert [one["code"] for one in verify_bundle(content)["problems"]] == [code]
    with opened() as desk:
        page = desk.open()
        for content in (whole, erased, later, *refused.values()):
            assert comparable(answer_on(page, content, Reader(at=AT))) == comparable(verify_bundle(content, Reader(at=AT)))
