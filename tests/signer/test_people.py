"""Whoever comes by a link and is no registered signer: one-time codes, no code, confirming without a seal, naming somebody else."""

from __future__ import annotations

from typing import Any

from cast import Cast, link_for
from signer.walking import device, words
from stages import drafted
from stories import work
from tachiai import clock
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.models import Envelope, Gate, Kind
from tachiai.envelopes.sending import send_envelope
from tachiai.outbox.models import Mail
from ventures import HEIR, PARTNER, mailed, person

ASKED = {
    "organization": HEIR.organization,
    "name": HEIR.name,
    "mail": HEIR.mail,
    "reason": "権限者が変わりました",
    "authority": "on",
}


def sent_to(cast: Cast, **asked: Any) -> tuple[Envelope, str]:
    """One paper to the partner first, then the vendor, then the mayor; the link of the partner."""
    envelope = drafted(cast)
    places = [Place(1, PARTNER, **asked), Place(2, cast.vendor), Place(3, cast.mayor)]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    return envelope, f"/s/{link_for(person(envelope, PARTNER.mail).pk)}"


def test_a_one_time_code_and_somebody_else(cast: Cast) -> None:
    """A04, A13, A14: the code page, then another is named; the old link says so and shows nothing."""
    envelope, link = sent_to(cast, gate=Gate.OTP, may_reassign=True)
    browser = device()
    first = browser.get(link)
    assert "認証コードを送る" in words(first)
    assert b'name="code"' not in first.content
    assert browser.get(link + "/otp").headers["Location"] == link
    assert browser.post(link).headers["Location"] == link + "/otp"
    page = browser.get(link + "/otp")
    assert b'autocomplete="one-time-code"' in page.content
    assert "p***@example.com" in words(page)
    assert browser.post(link + "/otp", {"resend": "1"}).status_code == 429
    code = mailed(person(envelope, PARTNER.mail))
    wrong = browser.post(link + "/otp", {"code": "000000" if code != "000000" else "111111"})
    assert (wrong.status_code, "あと4回" in words(wrong)) == (422, True)
    assert browser.post(link + "/otp", {"code": code}).headers["Location"] == link + "/review"
    assert "署名者を変更する" in words(browser.get(link + "/review"))

    empty = browser.post(link + "/forward", {})
    assert (empty.status_code, "error-summary" in empty.content.decode()) == (422, True)
    assert browser.post(link + "/forward", {**ASKED, "mail": PARTNER.mail}).status_code == 422
    done = browser.post(link + "/forward", ASKED, follow=True)
    assert f"{HEIR.name} 様に依頼しました" in words(done)
    stopped = device().get(link)
    assert (stopped.status_code, "署名者変更済み" in words(stopped)) == (410, True)
    assert envelope.name not in words(stopped)
    assert browser.get(link + "/review").status_code == 410
    assert sorted(Mail.objects.filter(kind="M12").values_list("to", flat=True)) == sorted([cast.clerk.mail, PARTNER.mail])
    fresh = person(envelope, HEIR.mail)
    assert Mail.objects.filter(kind="M01", to=HEIR.mail).count() == 1
    assert "認証コードを送る" in words(device().get(f"/s/{link_for(fresh.pk)}"))


def test_an_expired_code_brings_a_new_one(cast: Cast, monkeypatch: Any) -> None:
    """A04: whoever types a code that ran out is sent another, and told so."""
    from datetime import timedelta

    envelope, link = sent_to(cast, gate=Gate.OTP)
    browser, now = device(), clock.now()
    browser.post(link)
    code = mailed(person(envelope, PARTNER.mail))
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=11))
    answer = browser.post(link + "/otp", {"code": code})
    assert "新しい認証コードを送りました" in words(answer)
    assert browser.post(link + "/otp", {"code": mailed(person(envelope, PARTNER.mail))}).headers["Location"] == link + "/review"


def test_a_reviewer_confirms_without_a_seal(cast: Cast) -> None:
    envelope, link = sent_to(cast, kind=Kind.REVIEWER, gate=Gate.NONE)
    assert Mail.objects.filter(kind="M03", to=PARTNER.mail).count() == 1
    browser = device()
    first = browser.get(link)
    assert "からの確認依頼" in words(first)
    assert person(envelope, PARTNER.mail).state == "requested"
    assert browser.get(link + "/forward").status_code == 302
    assert browser.post(link).headers["Location"] == link + "/review"
    assert browser.get(link + "/forward").status_code == 403
    browser.get(link + "/review")
    assert "確認しました" in words(browser.get(link + "/confirm"))
    done = browser.post(link + "/confirm", follow=True)
    assert "確認を受け付けました" in words(done)
    assert browser.post(link + "/confirm").headers["Location"] == link + "/done"
    work()
    assert person(envelope, cast.vendor.mail).state == "requested"
    english = device().get(link, headers={"accept-language": "en"})
    assert english.status_code == 200
