"""Strong mode through the signer's door: an authenticator app without scripts, a passkey made in software, and every way round them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from authenticators import SoftKey
from cast import Cast
from signer.walking import DEVICE, inside, press, words
from stages import HERE, VENDOR, drafted, signs
from stories import work
from tachiai import ceremony, clock, counterparties, ledger
from tachiai.ceremony.models import Authenticator, Consent, Passkey, PasskeyProof
from tachiai.crypto.passkeys import consent_challenge, from_base64url, to_base64url
from tachiai.crypto.totp import code_at, step_of
from tachiai.envelopes import bundling
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.models import Envelope, Proof, Recipient, Revision
from tachiai.envelopes.previewing import request_letter
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import sign
from tachiai.envelopes.visiting import visit
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail


@pytest.fixture(autouse=True)
def here(settings: Any) -> None:
    """Passkeys belong to a name and not to a number."""
    settings.TACHIAI = replace(settings.TACHIAI, public_url="http://localhost:8000")


def asked(cast: Cast, proof: Proof) -> Recipient:
    """The vendor, asked to sign one paper and to prove themselves so."""
    envelope = drafted(cast)
    at = clock.now()
    name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=at, proofs=[proof, Proof.PLAIN])
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    related = ("envelope__organization__operator", "envelope__sender", "registration__counterparty__organization")
    return Recipient.objects.select_related(*related).get(envelope=envelope, mail=VENDOR)


def events(envelope: Envelope) -> list[str]:
    return [entry.event for entry in ledger.entries(envelope.stream)]


def secret_on(page: Any) -> bytes:
    found = re.search(r'data-testid="secret">([A-Z2-7 ]+)<', page.content.decode())
    assert found is not None, words(page)
    plain = found.group(1).replace(" ", "")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def data_on(page: Any) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'data-([\w-]+)="([^"]*)"', page.content.decode())}


def hidden_on(page: Any) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())}


def posted(key: SoftKey, page: Any) -> dict[str, str]:
    """What the page's form posts once the passkey has spoken."""
    client, data, signature = key.signs(from_base64url(data_on(page)["challenge"]))
    word = {"credential": key.id, "client_data": client, "authenticator_data": data, "signature": signature}
    return {"offer": hidden_on(page)["offer"], **{name: to_base64url(value) for name, value in word.items()}}


def enrolled(browser: Any, link: str, key: SoftKey) -> Any:
    """The passkey is made on its page; the confirm page that comes next."""
    page = browser.get(link + "/confirm", follow=True)
    assert "パスキーを登録してください" in words(page)
    client, attestation = key.enrols(from_base64url(data_on(page)["challenge"]))
    given = {"client_data": to_base64url(client), "attestation": to_base64url(attestation)}
    answer = browser.post(link + "/passkey", given, follow=True)
    assert "署名手続きを完了する" in words(answer), words(answer)
    return answer


def test_an_app_is_enrolled_once_and_asked_for_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = asked(cast, Proof.TOTP)
    assert "認証アプリ（TOTP）による確認が必要です" in request_letter(vendor, at=clock.now()).text
    browser, link = inside(vendor)
    assert browser.get(link + "/authenticator").headers["Location"] == link + "/review", "the documents come first"
    browser.get(link + "/review")
    page = browser.get(link + "/confirm", follow=True)
    assert "認証アプリを登録してください" in words(page)
    assert "<svg" in page.content.decode()
    secret = secret_on(page)
    assert secret_on(browser.get(link + "/authenticator")) == secret, "reloading changes nothing"
    assert browser.post(link + "/confirm", {"offer": "x"}).headers["Location"] == link + "/authenticator"
    at = clock.now()
    wrong = browser.post(link + "/authenticator", {"code": code_at(bytes(20), step_of(at))})
    assert wrong.status_code == 422
    assert "あと4回" in words(wrong)
    assert browser.post(link + "/authenticator", {"code": "12"}).status_code == 422
    code = code_at(secret, step_of(at))
    confirm = browser.post(link + "/authenticator", {"code": code}, follow=True)
    assert "認証アプリ（TOTP）" in words(confirm)
    assert secret not in bytes(Authenticator.objects.get().box)
    assert Mail.objects.get(kind="M29").context["purpose"] == "totp_enrolled"
    press(browser, link)
    work()
    consent = Consent.objects.get(subject=vendor.pk)
    told = json.loads(bytes(consent.body))["authentication"]
    assert told["level"] == "mail-and-registered-code-and-totp"
    assert told["authenticator"] == str(Authenticator.objects.get().pk)
    assert abs(told["totp"] - step_of(at)) <= 1
    assert Revision.objects.filter(consent=consent).exists()
    told_events = events(vendor.envelope)
    assert told_events.count("totp.refused") == 1
    assert told_events.index("totp.enrolled") < told_events.index("totp.accepted") < told_events.index("recipient.consented")

    # The next contract asks for the same app; a code that was used is none, and a later one is.
    other = asked(cast, Proof.TOTP)
    browser, link = inside(other)
    browser.get(link + "/review")
    page = browser.get(link + "/confirm", follow=True)
    assert "認証アプリのコードを入力してください" in words(page)
    assert "secret" not in page.content.decode()
    used = browser.post(link + "/authenticator", {"code": code_at(secret, told["totp"])})
    assert "使用済み" in words(used)
    assert "totp.refused" in events(other.envelope)
    later = at + timedelta(seconds=60)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert browser.post(link + "/authenticator", {"code": code_at(secret, step_of(later))}).headers["Location"] == link + "/confirm"


def test_codes_of_the_app_count_as_codes_do(cast: Cast) -> None:
    vendor = asked(cast, Proof.TOTP)
    browser, link = inside(vendor)
    browser.get(link + "/review")
    for left in (4, 3, 2, 1):
        assert f"あと{left}回" in words(browser.post(link + "/authenticator", {"code": "000000"}))
    assert browser.post(link + "/authenticator", {"code": "000000"}).status_code == 429
    secret = secret_on(browser.get(link + "/authenticator"))
    right = browser.post(link + "/authenticator", {"code": code_at(secret, step_of(clock.now()))})
    assert right.status_code == 429
    assert not Authenticator.objects.exists()
    assert Mail.objects.filter(kind="M15").count() == 2


def test_a_passkey_signs_the_consent_itself(cast: Cast) -> None:
    vendor = asked(cast, Proof.PASSKEY)
    browser, link = inside(vendor)
    browser.get(link + "/review")
    key = SoftKey()
    bad = browser.post(link + "/passkey", {"client_data": "!", "attestation": ""})
    assert bad.status_code == 422
    confirm = enrolled(browser, link, key)
    assert "JavaScriptが必要です" in words(confirm)
    without = browser.post(link + "/confirm", hidden_on(confirm))
    assert without.status_code == 422
    assert "本人確認がまだ済んでいません" in words(without)
    foreign = posted(SoftKey(), confirm) | {"credential": to_base64url(key.id)}
    assert "登録されたパスキーではない" in words(browser.post(link + "/confirm", foreign))
    assert not Consent.objects.exists()
    confirm = browser.get(link + "/confirm")
    key.counter = 1
    assert browser.post(link + "/confirm", posted(key, confirm)).headers["Location"] == link + "/done"
    consent = Consent.objects.get()
    said = json.loads(bytes(consent.body))["authentication"]
    proof = ceremony.passkey_proof(consent)
    assert proof is not None
    assert said["level"] == "mail-and-registered-code-and-passkey"
    assert said["credential"] == hashlib.sha256(key.id).hexdigest()
    client = json.loads(from_base64url(str(proof["client_data_json"])))
    assert from_base64url(client["challenge"]) == consent_challenge(bytes(consent.body))
    assert (proof["rp_id"], proof["origin"], proof["credential"]) == ("localhost", "http://localhost:8000", to_base64url(key.id))
    work()
    assert Revision.objects.filter(consent=consent).exists()
    assert events(vendor.envelope).count("passkey.refused") == 2
    assert json.loads(bundling._signer(vendor, []).passkey) == proof, "it travels with the evidence"

    # The next contract asks for the same one, which has to count on.
    other = asked(cast, Proof.PASSKEY)
    browser, link = inside(other)
    browser.get(link + "/review")
    confirm = browser.get(link + "/confirm")
    assert "複製されたおそれ" in words(browser.post(link + "/confirm", posted(key, confirm)))
    # What was signed for this envelope is worth nothing for a third, and nothing after the paper was swapped.
    third = asked(cast, Proof.PASSKEY)
    elsewhere, away = inside(third)
    elsewhere.get(away + "/review")
    key.counter = 2
    first, second = browser.get(link + "/confirm"), elsewhere.get(away + "/confirm")
    mixed = posted(key, first) | {"offer": hidden_on(second)["offer"]}
    assert "一致しません" in words(elsewhere.post(away + "/confirm", mixed))
    assert elsewhere.post(away + "/confirm", posted(key, first)).status_code == 409
    other.envelope.documents.update(name="別の文書")
    assert browser.post(link + "/confirm", posted(key, first)).status_code == 409
    assert Consent.objects.count() == 1


def test_a_lost_passkey_is_reset_by_the_sender_and_never_silently(cast: Cast) -> None:
    vendor = asked(cast, Proof.PASSKEY)
    browser, link = inside(vendor)
    browser.get(link + "/review")
    key = SoftKey()
    confirm = enrolled(browser, link, key)
    assert [one.kind for one in counterparties.credentials_of(cast.vendor)] == ["passkey"]
    for by, reason, code in ((cast.auditor, "紛失", "registration.not_allowed"), (cast.stranger, "紛失", "registration.not_allowed")):
        with pytest.raises(Refusal, match=re.escape(code)):
            counterparties.reset_credential(cast.vendor, "passkey", reason=reason, by=by, at=clock.now())
    counterparties.reset_credential(cast.vendor, "passkey", reason="端末の紛失", by=cast.clerk, at=clock.now())
    assert Mail.objects.filter(kind="M29").latest("created_at").context["purpose"] == "passkey_reset"
    stream = ledger.entries(f"organization:{cast.city.pk}")
    assert [entry.event for entry in stream if entry.event.startswith("passkey.")] == ["passkey.enrolled", "passkey.reset"]
    assert browser.post(link + "/confirm", posted(key, confirm)).headers["Location"] == link + "/passkey"
    with pytest.raises(Refusal, match=r"credential\.none"):
        counterparties.reset_credential(cast.vendor, "passkey", reason="端末の紛失", by=cast.clerk, at=clock.now())
    again = SoftKey()
    enrolled(browser, link, again)
    # A revoked registration takes its proofs with it.
    counterparties.revoke(cast.vendor, reason="退職", by=cast.clerk, at=clock.now())
    assert not Passkey.objects.filter(ended_at=None).exists()


def test_what_a_passkey_said_is_judged_again_before_the_seal(cast: Cast) -> None:
    vendor = asked(cast, Proof.PASSKEY)
    browser, link = inside(vendor)
    browser.get(link + "/review")
    key = SoftKey()
    confirm = enrolled(browser, link, key)
    assert browser.post(link + "/confirm", posted(key, confirm)).status_code == 302
    other = SoftKey()
    Passkey.objects.update(public_key=other.public_key)
    with pytest.raises(Refusal, match=r"passkey\.altered"):
        ceremony.live_passkey(cast.vendor.pk)
    work()
    assert not Revision.objects.filter(kind="signed").exists()
    Passkey.objects.update(public_key=key.public_key)
    consent, proof = Consent.objects.get(), PasskeyProof.objects.select_related("passkey").get()
    ceremony.check_proof(consent, proof)
    proof.signature = bytes(proof.signature)[:-1] + b"\x00"
    with pytest.raises(Refusal) as refused:
        ceremony.check_proof(consent, proof)
    assert refused.value.facts["why"] == "passkey.wrong_signature"
    with pytest.raises(Refusal, match=r"seal\.not_instructed"):
        ceremony.check_proof(consent, None)


def test_less_than_was_asked_for_is_not_enough(cast: Cast) -> None:
    """By the database: the sender's wish taken back, and a secret put into another's row."""
    vendor = asked(cast, Proof.TOTP)
    browser, link = inside(vendor)
    browser.get(link + "/review")
    Recipient.objects.filter(pk=vendor.pk).update(proof=Proof.PLAIN)
    assert browser.get(link + "/confirm").status_code == 500
    Recipient.objects.filter(pk=vendor.pk).update(proof=Proof.TOTP)
    page = browser.get(link + "/authenticator")
    secret = secret_on(page)
    browser.post(link + "/authenticator", {"code": code_at(secret, step_of(clock.now()))})
    Authenticator.objects.update(registration=cast.builder.pk)
    found = visit(link.rsplit("/", 1)[1], key=browser.cookies["tachiai_ceremony"].value, at=clock.now())
    with pytest.raises(Refusal, match=r"proof\.missing"):
        sign(found, HERE, at=clock.now())
    with pytest.raises(Refusal, match=r"totp\.altered"):
        ceremony.matching_step("123456", at=clock.now(), authenticator=Authenticator.objects.get())
    assert not Consent.objects.exists()


def test_our_own_signer_may_be_asked_for_a_second_factor(cast: Cast) -> None:
    at, envelope = clock.now(), drafted(cast)
    with pytest.raises(Refusal, match=r"proof\.not_for_own"):
        name_recipients(envelope, [(2, cast.mayor)], by=cast.clerk, at=at, proofs=[Proof.PASSKEY])
    name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=at, proofs=[Proof.PLAIN, Proof.TOTP])
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    signs(Recipient.objects.select_related("envelope__organization__operator", "registration").get(envelope=envelope, slot=1))
    work()
    desk = Client(**DEVICE)
    desk.force_login(cast.mayor, backend="tachiai.administration.logins.MemberBackend")
    base = f"/envelopes/{envelope.pk}/sign"
    desk.get(base)
    page = desk.get(f"{base}/confirm")
    assert page.status_code == 403
    assert "二要素認証でのログインを求めています" in words(page)
    assert 'name="offer"' not in page.content.decode()
    assert desk.post(f"{base}/confirm").status_code == 403
    signs(Recipient.objects.select_related("envelope__organization__operator", "member").get(envelope=envelope, slot=2))
    work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
