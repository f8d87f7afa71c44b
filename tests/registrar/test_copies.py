"""写しの交付: the mailbox is lost; the copies are asked for on the public form, given by the staff, and opened at the new place alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from approvals import approver
from cast import CODE, Cast, assemble, link_for, registered
from invariants import check_house, codes
from signer.walking import device, title, words
from stories import concluded, sent, vendor_of, work
from tachiai import clock, counterparties, ledger
from tachiai.accounts.models import Member
from tachiai.ceremony.models import Consent, Invitation
from tachiai.counterparties import FormWords
from tachiai.counterparties.limits import CODES_TO_MAIL
from tachiai.counterparties.models import Registration
from tachiai.envelopes.asking_copies import expire_requests, find_request
from tachiai.envelopes.copy_models import CopyGrant, CopyRequest
from tachiai.envelopes.erasing import erase_person
from tachiai.envelopes.giving_copies import grant_copies, places_for, refuse_copies, requests_to_decide
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.outbox.composing import compose
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail

NEW = "midori@example.com"
TYPED = {
    "party": "株式会社みどり野製作所（架空）",
    "title": "代表取締役",
    "name": "緑野 太郎",
    "phone": "000-000-0009",
    "former_mail": "vendor@example.jp",
    "mail": NEW,
    "contracts": "庁舎清掃業務委託契約（令和8年度）",
}
CHECKED = "登記簿の代表番号へ電話し、代表者本人に確認した"


def mail_with_code(to: str = NEW) -> Mail:
    return Mail.objects.filter(kind="M16", to=to).order_by("-created_at")[0]


def code_for(to: str = NEW) -> str:
    return reveal(mail_with_code(to).context["concealed"]["code"])


def seat(member: Member) -> Client:
    client = Client()
    client.force_login(member, backend="tachiai.administration.logins.MemberBackend")
    return client


def opened(cast: Cast) -> str:
    counterparties.set_form(FormWords(is_open=True), by=cast.admin, at=clock.now())
    return f"/i/{cast.city.slug}/copies"


def asked(cast: Cast, **changes: str) -> CopyRequest:
    """Through the form, to the end."""
    browser = Client()
    page = browser.post(opened(cast), {**TYPED, **changes}).headers["Location"]
    done = browser.post(page, {"code": code_for(changes.get("mail", NEW))})
    assert done.headers["Location"].endswith("/done")
    assert "recipient" not in mail_with_code(changes.get("mail", NEW)).context
    return CopyRequest.objects.get(mail=changes.get("mail", NEW))


def download(envelope: Envelope) -> str:
    return f"/d/{link_for(vendor_of(envelope).pk, 'download')}"


def refused(code: str, act: Any) -> None:
    with pytest.raises(Refusal) as told:
        act()
    assert told.value.code == code


@pytest.mark.usefixtures("house")
def test_from_the_form_to_the_files_at_the_new_address() -> None:
    """Asked, checked outside, given; a one-time code goes to the new place, and neither old link opens anything any more."""
    cast = assemble()
    envelope = concluded(cast)
    vendor, door, browser = vendor_of(envelope), opened(cast), device()
    old, signing = download(envelope), f"/s/{link_for(vendor.pk)}"
    inside = device()
    inside.post(old, {"code": CODE})
    before = (vendor.mail, vendor.registration_id, bytes(Consent.objects.get(subject=vendor.pk).body))

    assert "写しの交付を依頼する" in words(browser.get(door.removesuffix("/copies")))
    assert title(browser.post(door, {**TYPED, "mail": "VENDOR@example.jp"})).startswith("エラー：")
    page = browser.post(door, TYPED).headers["Location"]
    assert "m***@example.com" in words(browser.get(page))
    assert browser.post(page + "/again").headers["Location"].endswith("?soon")
    code = code_for()
    wrong = browser.post(page, {"code": "000000" if code != "000000" else "111111"})
    assert (wrong.status_code, "あと4回" in words(wrong)) == (422, True)
    assert browser.get(page + "/done").status_code == 302
    done = browser.post(page, {"code": code}, follow=True)
    request = CopyRequest.objects.get()
    assert (request.state, request.number in words(done)) == ("asked", True)
    assert request.number in str(compose(Mail.objects.get(kind="M30", to=NEW))["Subject"])
    assert browser.get(page).headers["Location"].endswith("/done")

    Member.objects.filter(pk=cast.admin.pk).update(may_approve=True)
    desk, url = seat(cast.second), f"/counterparties/copies/{request.pk}"
    assert request.party in words(desk.get("/"))
    shown = words(desk.get(url))
    for wanted in (request.number, "このページの外で確認してください", envelope.number, "000-000-0009"):
        assert wanted in shown
    assert "あなたが見られる範囲にありません" in words(desk.get(url, {"q": "nothing like it"}))
    given = {"act": "grant", "places": [str(vendor.pk)], "gate": "otp"}
    assert desk.post(url, given).status_code == 422
    assert "写しを交付しました" in words(desk.post(url, {**given, "checked": CHECKED}, follow=True))
    assert CHECKED in words(desk.get(url))
    assert CHECKED not in str(list(Mail.objects.values_list("context", flat=True)))

    vendor.refresh_from_db()
    assert (vendor.mail, vendor.registration_id, bytes(Consent.objects.get(subject=vendor.pk).body)) == before
    entry = ledger.latest(envelope.stream, "copies.given")
    assert entry is not None
    assert (entry.data["recipient"], entry.data["gate"], entry.personal["mail"]) == (str(vendor.pk), "otp", NEW)
    for dead, who in ((old, device()), (old, inside), (old + "/files", inside), (old + "/reissue", device()), (signing, device())):
        assert who.get(dead).status_code == 410
    fresh = download(envelope)
    letter = Mail.objects.get(kind="M21")
    assert (letter.to, request.number in compose(letter).as_string(), letter.link_generation) == (NEW, False, 2)
    assert request.number in compose(letter).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert [one.context["what"] for one in Mail.objects.filter(kind="M20", to=cast.clerk.mail)] == ["copied"]
    assert device().post(fresh, {"code": CODE}).headers["Location"] == fresh + "/otp"
    assert "m***@example.com" in words(device().get(fresh + "/otp"))
    new = device()
    assert new.post(fresh + "/otp", {"code": code_for()}).headers["Location"] == fresh + "/files"
    assert new.get(fresh + "/files/1.pdf").headers["Content-Type"] == "application/pdf"
    assert not Mail.objects.filter(kind="M16", to=vendor.mail, about=vendor.pk).exists()
    work()
    check_house()

    # Who turns the copy to an address of their own in the database is found out.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE envelopes_copygrant SET mail = 'thief@example.org'")
    assert "copy.unlike_entry" in codes()
    CopyGrant.objects.update(mail=NEW)
    counterparties.revoke(cast.vendor, reason="アドレスの廃止", by=cast.clerk, at=clock.now())
    erase_person(NEW, reason="a request", at=clock.now())
    request.refresh_from_db()
    assert (NEW in str(vars(request)), CopyGrant.objects.get().mail) == (False, NEW)


@pytest.mark.usefixtures("house")
def test_to_a_new_registration_whose_code_is_asked_for_and_given_on_again() -> None:
    """With a registration of the new address its code stands before the files, also for a re-issue; a later grant follows the former."""
    cast = assemble()
    envelope = concluded(cast)
    vendor, at = vendor_of(envelope), clock.now()
    second = registered(cast.clerk, cast.second, cast.vendor.counterparty.name, "代表取締役", "緑野 太郎", NEW, at=at, code="604817")
    request = asked(cast)
    assert [one.pk for one in places_for(request, cast.second)] == [vendor.pk]
    chief = approver(cast, "chief", "係長 一")
    Member.objects.filter(pk=chief.pk).update(role="manager")
    chief.refresh_from_db()
    for by, places, registration, checked, code in (
        (cast.clerk, [vendor.pk], None, CHECKED, "registration.not_allowed"),
        (cast.stranger_admin, [vendor.pk], None, CHECKED, "registration.not_allowed"),
        (chief, [], None, CHECKED, "copies.none_chosen"),
        (chief, [envelope.pk], None, CHECKED, "copies.none_chosen"),
        (chief, [vendor.pk], None, " ", "copies.check_missing"),
        (chief, [vendor.pk], cast.builder.pk, CHECKED, "registration.not_usable"),
    ):
        refused(code, lambda b=by, p=places, r=registration, c=checked: grant_copies(request, p, registration=r, checked=c, by=b, at=at))
    # Who approved the new address's registration gives nothing, by no gate; another member does.
    told: dict[str, Any] = {"checked": CHECKED, "by": cast.second, "at": at}
    for gate in (second.pk, None):
        refused("copies.same_member", lambda g=gate: grant_copies(request, [vendor.pk], registration=g, **told))
    page = words(seat(cast.second).get(f"/counterparties/copies/{request.pk}"))
    assert second.number in page
    assert 'value="grant"' not in page
    assert requests_to_decide(cast.second) == []
    assert [one.pk for one in requests_to_decide(chief)] == [request.pk]
    grant_copies(request, [vendor.pk], registration=second.pk, checked=CHECKED, by=chief, at=at)
    refused("copies.decided", lambda: grant_copies(request, [vendor.pk], registration=None, checked=CHECKED, by=cast.second, at=at))
    page = words(seat(chief).get(f"/counterparties/copies/{request.pk}"))
    assert cast.second.name in page
    assert chief.name in page
    assert "copy.same_member" not in codes()
    Registration.objects.filter(pk=second.pk).update(approved_by=chief)
    assert "copy.same_member" in codes()
    Registration.objects.filter(pk=second.pk).update(approved_by=cast.second)
    link = download(envelope)
    assert device().post(link, {"code": CODE}).status_code == 422
    assert device().post(link, {"code": "604817"}).headers["Location"] == link + "/files"
    Invitation.objects.filter(purpose="download").update(expires_at=clock.now())
    for mail in (vendor.mail, NEW):
        answer = device().post(link + "/reissue", {"mail": mail, "code": "604817"})
        assert ("再発行を受け付けました" in words(answer)) == (mail == NEW)
    assert Mail.objects.filter(kind="M21").order_by("-created_at")[0].to == NEW

    again = asked(cast, former_mail=NEW, mail="third@example.com")
    assert [one.pk for one in places_for(again, cast.second)] == [vendor.pk]
    grant_copies(again, [vendor.pk], registration=None, checked=CHECKED, by=cast.second, at=clock.now())
    assert "認証コードを送る" in words(device().get(download(envelope)))


@pytest.mark.usefixtures("house")
def test_refused_with_a_reason_and_who_may_look() -> None:
    cast = assemble()
    request = asked(cast)
    url = f"/counterparties/copies/{request.pk}"
    for member, status in ((cast.clerk, 200), (cast.auditor, 200), (cast.system, 403), (cast.stranger, 404)):
        page = seat(member).get(url)
        assert (page.status_code, 'value="refuse"' in page.content.decode()) == (status, False)
    assert requests_to_decide(cast.clerk) == []
    assert [one.pk for one in requests_to_decide(cast.second)] == [request.pk]
    desk = seat(cast.second)
    assert desk.post(url, {"act": "refuse", "reason": ""}).status_code == 422
    refused("reason.missing", lambda: refuse_copies(request, reason=" ", by=cast.second, at=clock.now()))
    assert desk.post(url, {"act": "refuse", "reason": "ご本人を確認できませんでした。"}).status_code == 302
    letter = compose(Mail.objects.filter(kind="M30").order_by("-created_at")[0])
    assert "ご本人を確認できませんでした。" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    listed = words(desk.get("/counterparties/copies"))
    assert (request.number in listed, "交付せず" in listed) == (True, True)


@pytest.mark.usefixtures("house")
def test_limits_closed_forms_and_what_nobody_confirms() -> None:
    cast = assemble()
    assert Client().get(f"/i/{cast.city.slug}/copies").status_code == 404
    door, browser = opened(cast), Client()
    day = clock.today(clock.now())
    counterparties.set_form(FormWords(is_open=True, closes_on=day - timedelta(days=1)), by=cast.admin, at=clock.now())
    assert browser.get(door).status_code == 200  # a contract is older than the period of the form
    for _ in range(CODES_TO_MAIL):
        page = browser.post(door, TYPED).headers["Location"]
    assert browser.post(door, TYPED).status_code == 429
    key = page.rpartition("/")[2]
    for _ in range(5):
        wrong = browser.post(page, {"code": "000000" if code_for() != "000000" else "111111"})
    assert "新しい認証コードを送信してください" in words(browser.post(page, {"code": code_for()}))
    assert wrong.status_code == 422
    assert expire_requests(at=clock.now()) == 0
    later = clock.now() + timedelta(hours=25)
    refused("draft.unknown", lambda: find_request(cast.city.slug, key, at=later))
    assert expire_requests(at=later) == CODES_TO_MAIL
    assert not CopyRequest.objects.exists()


@pytest.mark.usefixtures("house")
def test_who_forgot_the_code_asks_the_sender_for_another() -> None:
    """S-01: the wish goes to the sender (M20), once an hour; the public form is offered where it is open."""
    cast = assemble()
    envelope = sent(cast)
    link, browser = f"/s/{link_for(vendor_of(envelope).pk)}", device()
    page = browser.get(link)
    assert "コードの再届出を依頼する" in words(page)
    assert f"/i/{cast.city.slug}" not in page.content.decode()
    opened(cast)
    assert f'href="/i/{cast.city.slug}"' in browser.get(link).content.decode()
    for expected in ("ご本人の確認が済むと", "依頼は送信されています"):
        assert expected in words(browser.post(link + "/again", {"what": "code"}))
    assert [one.context["what"] for one in Mail.objects.filter(kind="M20")] == ["code"]
    assert browser.post(link + "/again").headers["Location"] == link
