"""A counterparty registers online, by plain forms: guide, form, check, code, receipt; returned, corrected, approved (check I01)."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_string
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cast import Cast, assemble, link_for
from place import Place
from signer.walking import title, words
from tachiai import clock, counterparties, ledger
from tachiai.counterparties import FormWords
from tachiai.counterparties.corporate_numbers import read_corporate_number
from tachiai.counterparties.limits import CODES_TO_MAIL, USES_FROM_ADDRESS
from tachiai.counterparties.models import FormUse, Registration, RegistrationDraft
from tachiai.counterparties.submitting import expire_drafts
from tachiai.errors import Refusal
from tachiai.outbox.composing import compose
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail
from tachiai.pages.samples import samples
from tachiai.vault.models import Blob

CHOSEN, LATER = "604 817", "750 392"
BARE = "604817"
TYPED = {
    "case_name": "案内板維持管理業務",
    "case_number": "2026-118",
    "counterparty": "株式会社ひなた工業（架空）",
    "corporate_number": "７-0000-1201-3408",
    "address": "さくら丘市架空町1-2-3",
    "representative_title": "代表取締役",
    "representative": "日向 光",
    "title": "営業部長",
    "name": "日向 望",
    "mail": "nozomi@example.jp",
    "reviewer_1": "日向 清",
    "reviewer_1_mail": "kiyoshi@example.jp",
    "contact": "日向 薫",
    "phone": "000-000-0000",
    "scope": "lasting",
    "language": "ja",
    "code": CHOSEN,
    "authority": "on",
    "consent": "on",
}


def number_with_check_digit() -> str:
    for first in range(1, 10):
        try:
            return read_corporate_number(f"{first}000012013408")
        except Refusal:
            continue
    raise AssertionError("one of nine digits checks the others")


def opened(cast: Cast, **more: object) -> str:
    counterparties.set_form(FormWords(is_open=True, **more), by=cast.admin, at=clock.now())  # type: ignore[arg-type]
    return f"/i/{cast.city.slug}"


def typed(**changes: object) -> dict[str, object]:
    return {**TYPED, "corporate_number": number_with_check_digit(), **changes}


def power() -> SimpleUploadedFile:
    return SimpleUploadedFile("委任状.pdf", samples()[0].pdf, content_type="application/pdf")


def body_of(message: str) -> str:
    part = message_from_string(message).get_payload(0)
    return part.get_payload(decode=True).decode()  # type: ignore[union-attr]


def mailed(kind: str, to: str) -> Mail:
    return Mail.objects.filter(kind=kind, to=to).order_by("-created_at")[0]


def confirmed(browser: Client, check: str, mail: str = "nozomi@example.jp") -> object:
    browser.post(check)
    code = reveal(mailed("M16", mail).context["concealed"]["code"])
    return browser.post(check.replace("/check", "/code"), {"code": code}, follow=True)


def test_i01_the_whole_way_by_plain_forms(house: Place) -> None:
    """Weak codes and a missing word of authority are refused; the code is in no page after it was typed, no mail, no row, no log."""
    cast = assemble()
    door, browser = opened(cast, guide="書面でも受け付けます。"), Client()
    guide = browser.get(f"{door}?case=案内板維持管理業務&number=2026-118")
    assert "書面でも受け付けます。" in words(guide)
    form = browser.get(f"{door}/form?case=案内板維持管理業務&number=2026-118").content.decode()
    assert 'value="案内板維持管理業務"' in form
    assert 'value="2026-118"' in form

    for changes, href in (
        ({"code": "000000"}, "code"),
        ({"code": "123456"}, "code"),
        ({"code": "12345"}, "code"),
        ({"authority": ""}, "authority"),
        ({"corporate_number": "1" * 13}, "corporate_number"),
        ({"attorney": SimpleUploadedFile("x.pdf", b"no pdf")}, "attorney"),
    ):
        answer = browser.post(f"{door}/form", typed(**changes))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert title(answer).startswith("エラー：")
        assert f'href="#id_{href}"' in page
        assert 'href="#id_code"' in page  # it is not put back, whatever else was wrong
        assert CHOSEN not in page
    assert not RegistrationDraft.objects.exists()

    check = browser.post(f"{door}/form", typed(attorney=power())).headers["Location"]
    page = browser.get(check)
    for wanted in ("案内板維持管理業務", "日向 望", "日向 清 kiyoshi@example.jp", "●●●●●●", "委任状.pdf", "変更する"):
        assert wanted in words(page)
    again = browser.get(check.replace("/check", "/form"))
    assert "入力済みです（表示できません）" in words(again)
    assert not Mail.objects.filter(kind="M16", to="nozomi@example.jp").exists()
    done = confirmed(browser, check)
    assert "届出を受け付けました" in words(done)
    registration = Registration.objects.get(mail="nozomi@example.jp")
    assert registration.number in words(done)
    assert (registration.state, registration.method, registration.entered_by) == ("confirmed", "online", None)
    assert registration.consent
    assert counterparties.check_code(registration, BARE)
    assert [(one.name, one.mail) for one in registration.reviewers.all()] == [("日向 清", "kiyoshi@example.jp")]
    entry = ledger.latest(f"organization:{cast.city.pk}", "registration.submitted")
    assert entry is not None
    assert entry.data["authority"] is True
    receipt = compose(mailed("M24", "nozomi@example.jp")).as_string()
    assert registration.number in str(compose(mailed("M24", "nozomi@example.jp"))["Subject"])
    assert "http" not in mailed("M24", "nozomi@example.jp").context
    draft = RegistrationDraft.objects.get()
    assert (draft.values, draft.verifier) == ({}, "")
    assert browser.get(check).status_code == 302

    counterparties.approve(registration, by=cast.second, at=clock.now())
    assert registration in counterparties.usable_registrations(cast.city)
    assert "承認" in str(compose(mailed("M25", "nozomi@example.jp"))["Subject"])
    for one in (page, again, done):
        assert not re.search(r"604[ -]?817", one.content.decode())  # type: ignore[attr-defined]
    for kept in (receipt, str(list(Mail.objects.values_list("context", flat=True))), *_texts(house)):
        assert not re.search(r"604[ -]?817", kept)


def _texts(house: Place) -> list[str]:
    files = [
        path for path in Path(house.home).rglob("*") if path.is_file() and (".sqlite3" in path.name or path.suffix in (".log", ".txt"))
    ]
    assert files
    return [path.read_bytes().decode("latin-1") for path in files]


@pytest.mark.usefixtures("house")
def test_returned_with_a_reason_and_corrected_by_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = assemble()
    door, browser = opened(cast), Client()
    confirmed(browser, browser.post(f"{door}/form", typed(attorney=power())).headers["Location"])
    registration = Registration.objects.get(mail="nozomi@example.jp")
    verifier, blob = registration.verifier, registration.attorney_id
    counterparties.return_registration(registration, reason="所在地を確認してください。", by=cast.clerk, at=clock.now())
    link = f"/r/{link_for(registration.pk, 'confirm')}"
    assert "所在地を確認してください。" in words(browser.get(link))
    with monkeypatch.context() as busy:
        busy.setattr("tachiai.counterparties.limits.USES_FROM_ADDRESS", 0)
        assert browser.post(f"{link}/correct").status_code == 429
    assert not RegistrationDraft.objects.filter(corrects=registration).exists()
    form = browser.post(f"{link}/correct").headers["Location"]
    assert 'value="日向 望"' in browser.get(form).content.decode()
    changed = typed(address="さくら丘市架空町9-9", code="", without_attorney="on")
    check = browser.post(form, changed).headers["Location"]
    assert "届出を受け付けました" in words(confirmed(browser, check))
    registration.refresh_from_db()
    assert (registration.state, registration.address, registration.verifier) == ("confirmed", "さくら丘市架空町9-9", verifier)
    assert Registration.objects.filter(mail="nozomi@example.jp").count() == 1
    assert registration.attorney is None
    assert not Blob.objects.filter(pk=blob).exists()
    assert ledger.latest(f"organization:{cast.city.pk}", "registration.corrected") is not None


@pytest.mark.usefixtures("house")
def test_closed_unknown_and_never_opened_forms() -> None:
    cast = assemble()
    never, unknown = Client().get(f"/i/{cast.city.slug}"), Client().get("/i/nobody")
    assert (never.status_code, words(never)) == (404, words(unknown))
    day = clock.today(clock.now())
    door = opened(cast, opens_on=day + timedelta(days=3))
    for path in ("", "/form"):
        closed = Client().get(door + path)
        assert closed.status_code == 403
        assert "受付期間" in words(closed)
    assert Client().post(f"{door}/form", typed()).status_code == 403
    with pytest.raises(Refusal, match=r"registration\.not_allowed"):
        counterparties.set_form(FormWords(is_open=True), by=cast.clerk, at=clock.now())


@pytest.mark.usefixtures("house")
def test_wrong_codes_limits_and_what_nobody_finishes() -> None:
    cast = assemble()
    door, browser = opened(cast), Client()
    check = browser.post(f"{door}/form", typed(attorney=power())).headers["Location"]
    browser.post(check)
    written = compose(mailed("M16", "nozomi@example.jp")).as_string()
    assert "認証コード：" in body_of(written)
    for typed_in in ("日向", "ひなた", "営業部長"):  # the address may be anybody's, who is not to read what a stranger typed
        assert typed_in not in body_of(written)
    right = reveal(mailed("M16", "nozomi@example.jp").context["concealed"]["code"])
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    said = [words(browser.post(check.replace("/check", "/code"), {"code": wrong})) for _ in range(6)]
    assert "あと4回" in said[0]
    assert "入力回数の上限に達しました" in said[5]
    assert "入力回数の上限に達しました" in words(browser.post(check.replace("/check", "/code"), {"code": right}))
    assert "60秒ほどお待ちください" in words(browser.post(check.replace("/check", "/again"), follow=True))
    draft, at = RegistrationDraft.objects.get(), clock.now()
    for minute in range(2, 2 + CODES_TO_MAIL - 1):
        draft.refresh_from_db()
        counterparties.request_draft_code(draft, address="192.0.2.7", at=at + timedelta(minutes=minute))
    draft.refresh_from_db()
    with pytest.raises(Refusal, match=r"form\.busy"):
        counterparties.request_draft_code(draft, address="192.0.2.8", at=at + timedelta(minutes=30))
    use = FormUse.objects.exclude(address_digest=b"").order_by("at")[0]
    FormUse.objects.bulk_create(FormUse(address_digest=use.address_digest, organization=cast.city, at=at) for _ in range(USES_FROM_ADDRESS))
    assert browser.post(f"{door}/form", typed()).status_code == 429
    assert expire_drafts(at=at + timedelta(hours=23)) == 0
    assert expire_drafts(at=at + timedelta(hours=25)) == 1
    assert not Blob.objects.filter(kind="attorney").exists()
    assert not FormUse.objects.exists()
    assert browser.get(check).status_code == 404


@pytest.mark.usefixtures("house")
def test_an_english_reader_registers_in_english() -> None:
    cast = assemble()
    door, browser = opened(cast), Client()
    for page in (browser.get(f"{door}?lang=en"), browser.get(f"{door}/form?lang=en"), browser.post(f"{door}/form?lang=en", {})):
        main = page.content.decode().partition("<main")[2].partition("</main>")[0]
        left = set(re.findall(r"[぀-ヿ㐀-鿿]+", re.sub(r"<[^>]+>", " ", main))) - {"日本語", "契約課"}
        assert left == set()
