"""A registered person confirms their address, through the door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from cast import CODE, Cast, assemble, link_for, mailed_code
from signer.walking import title, words
from tachiai import clock, counterparties, ledger
from tachiai.ceremony.models import Invitation
from tachiai.counterparties.models import OneTimeCode, Registration
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.usefixtures("house")


def entered(cast: Cast, language: str = "ja") -> tuple[Registration, str]:
    party, person, mail = "有限会社はまなす測量（架空）", "浜名 すみれ", "sumire@example.jp"
    paper = counterparties.Entered(counterparty=party, title="取締役", name=person, mail=mail, code=CODE, language=language)
    registration = counterparties.register(paper, by=cast.clerk, at=clock.now())
    return registration, f"/r/{link_for(registration.pk, 'confirm')}"


def test_looking_shows_who_was_registered_and_sends_nothing() -> None:
    registration, link = entered(assemble())
    for _ in range(2):
        page = Client().get(link)
    text = words(page)
    for wanted in ("さくら丘市（架空）が、次の方を", "有限会社はまなす測量（架空）", "取締役 浜名 すみれ", "sumire@example.jp"):
        assert wanted in text
    assert "届出済み（表示できません）" in text
    assert CODE not in page.content.decode()
    assert not OneTimeCode.objects.filter(registration=registration).exists()


def test_the_mailed_code_and_the_word_of_authority_confirm_the_address() -> None:
    registration, link = entered(assemble())
    browser = Client()
    page = browser.post(link, follow=True)
    assert "s***@example.jp に6桁の認証コードを送りました" in words(page)
    assert "sumire@example.jp" not in page.content.decode()
    field = page.content.decode()
    field = field[field.index("<input", field.index('for="code"')) :].split(">")[0]
    for wanted in ('type="text"', 'inputmode="numeric"', 'autocomplete="one-time-code"'):
        assert wanted in field
    code = mailed_code(registration)

    bare = browser.post(link + "/code", {"code": code})
    assert bare.status_code == 422
    assert title(bare).startswith("エラー：")
    assert "契約を締結する権限を有することを確認し" in words(bare)
    registration.refresh_from_db()
    assert registration.state == "entered"

    done = browser.post(link + "/code", {"code": code, "authority": "on"}, follow=True)
    assert "メールアドレスを確認しました" in words(done)
    registration.refresh_from_db()
    assert registration.state == "confirmed"
    last = ledger.entries(f"organization:{registration.counterparty.organization_id}")[-1]
    assert last.event == "registration.mail_confirmed"
    assert last.data["authority"] is True
    for path in ("", "/code"):
        assert "メールアドレスを確認しました" in words(browser.get(link + path, follow=True))
    assert browser.post(link + "/again", follow=True).status_code == 200
    assert Mail.objects.filter(kind="M16", about=registration.pk).count() == 1


def test_wrong_and_old_codes_are_told_apart_and_a_new_one_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    registration, link = entered(assemble())
    browser = Client()
    early = browser.post(link + "/code", {"code": "123123", "authority": "on"})
    assert "新しい認証コードを送信してください" in words(early)
    browser.post(link)
    code = mailed_code(registration)
    wrong = "000000" if code != "000000" else "111111"
    answer = browser.post(link + "/code", {"code": wrong, "authority": "on"})
    assert answer.status_code == 422
    assert "認証コードが正しくありません。あと4回入力できます。" in words(answer)
    assert "60秒ほどお待ちください" in words(browser.post(link + "/again", follow=True))
    assert Mail.objects.filter(kind="M16", about=registration.pk).count() == 1
    with monkeypatch.context() as busy:
        busy.setattr("tachiai.ceremony.attempts.ADDRESS_BUDGET", 1)
        answer = browser.post(link + "/code", {"code": code, "authority": "on"})
    assert (answer.status_code, "操作が続いています。しばらくしてからもう一度お試しください。" in words(answer)) == (429, True)
    past = clock.now() - timedelta(minutes=11)
    OneTimeCode.objects.filter(registration=registration).update(sent_at=past, expires_at=past + timedelta(minutes=10))
    assert "有効期限が切れています" in words(browser.post(link + "/code", {"code": code, "authority": "on"}))
    browser.post(link + "/again")
    fresh = mailed_code(registration)
    assert browser.post(link + "/code", {"code": fresh, "authority": "on"}).status_code == 302


def test_dead_links_say_why() -> None:
    cast = assemble()
    registration, link = entered(cast)
    assert Client().get("/r/unknown").status_code == 404
    Invitation.objects.filter(subject=registration.pk).update(expires_at=clock.now())
    late = Client().get(link)
    assert late.status_code == 410
    assert "確認の期限が過ぎたため、このリンクは使えません。" in words(late)
    counterparties.revoke(registration, reason="取下げのため", by=cast.clerk, at=clock.now())
    for answer in (Client().get(link), Client().post(link), Client().post(link + "/code", {"code": "1", "authority": "on"})):
        assert answer.status_code == 410
        assert "届出が失効しています" in words(answer)
    assert not OneTimeCode.objects.filter(registration=registration).exists()


def test_an_english_reader_is_spoken_to_in_english() -> None:
    _, link = entered(assemble(), language="en")
    page = Client().get(link)
    assert '<html lang="en"' in page.content.decode()
    assert "Sakuragaoka City (fictional) has registered the following person" in words(page)
