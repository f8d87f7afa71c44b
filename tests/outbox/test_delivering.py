"""Mail in a real house: every row the story writes becomes a whole letter, and what servers answer is on record."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as reading
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from post_office import HOST, Clerk, open_office

from cast import CODE, Cast, assemble, link_for, registered
from stories import drafted, mayor_signs, sent, vendor_of, vendor_signs, work
from tachiai import clock, outbox
from tachiai.accounts.models import Member
from tachiai.config.jobs import MAIL
from tachiai.envelopes.asking import ask_sender_again
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.delivering import note_undelivered
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.sending import send_again, send_envelope
from tachiai.envelopes.visiting import visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.house import Smtp
from tachiai.ledger.models import Entry
from tachiai.outbox import letters
from tachiai.outbox.models import Mail
from tachiai.work import drain


@pytest.fixture
def people(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """The cast in a fresh house, whose letters show any fact that a row forgot."""
    monkeypatch.setattr(letters.ENGINE, "string_if_invalid", "‽%s‽")
    return assemble()


def kept(house: Any, kind: str, *, to: str = "") -> list[EmailMessage]:
    """The messages of a kind that lie in the mailbox folder, oldest first."""
    rows = Mail.objects.filter(kind=kind, result="accepted", **({"to": to} if to else {})).order_by("created_at", "sent_at")
    return [read(house.home / "mailbox" / f"{row.message_id.strip('<>').partition('@')[0]}.eml") for row in rows]


def read(path: Path) -> EmailMessage:
    parsed = message_from_bytes(path.read_bytes(), policy=reading)
    assert isinstance(parsed, EmailMessage)
    return parsed


def words(message: EmailMessage) -> str:
    """The subject and both bodies."""
    found = [str(message["Subject"])]
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        found.append(body.get_content())
    return "\n".join(found)


def wrong_codes(envelope: Envelope, count: int, *, at: datetime) -> None:
    for number in range(count):
        found = visit(link_for(vendor_of(envelope).pk), key="", at=at)
        with pytest.raises(Refusal, match="code"):
            open_envelope(found, code=f"80{number}135", address="192.0.2.66", agent="tests", at=at)


def everything_happens(cast: Cast) -> None:
    """Four envelopes: one concluded, one declined by one of two, one withdrawn, one expired."""
    first = sent(cast, name="締結される契約")
    now = clock.now()
    send_again(vendor_of(first), by=cast.clerk, at=now)
    vendor_signs(first)
    work()
    mayor_signs(first)
    work()
    second = drafted(cast, name="辞退される契約")
    name_recipients(second, [(1, cast.vendor), (1, cast.builder), (2, cast.mayor)], by=cast.clerk, at=now)
    send_envelope(second, by=cast.clerk, at=clock.now())
    work()
    builder = second.recipients.select_related("envelope").get(registration=cast.builder)
    decline(builder, wish=Wish.CORRECTION, reason="金額の修正", at=clock.now())
    third = sent(cast, name="取り下げられる契約")
    wrong_codes(third, 5, at=clock.now())
    wrong_codes(third, 5, at=clock.now() + timedelta(minutes=16))
    ask_sender_again(vendor_of(third), what="link", at=clock.now())
    withdraw_envelope(third, reason="内容の見直し", by=cast.clerk, at=clock.now())
    sent(cast, name="期限の切れる契約")
    assert expire_envelopes(at=clock.now() + timedelta(days=31)) == 1
    work()
    deliver_all(later=timedelta(days=32))


@pytest.mark.slow
def test_every_row_of_the_story_becomes_a_whole_letter(house: Any, people: Cast) -> None:
    everything_happens(people)
    assert not Mail.objects.exclude(result="accepted").exists()
    kinds = set(Mail.objects.values_list("kind", flat=True))
    assert kinds == {"M01", "M02", "M04", "M05", "M07", "M08", "M09", "M10", "M11", "M13", "M15", "M16", "M20", "M24"}
    for kind in sorted(kinds):
        for message in kept(house, kind):
            text = words(message)
            assert "‽" not in text, kind
            assert CODE not in text, kind
            plain = message.get_body(("plain",))
            assert plain is not None
            assert len(re.findall("https?://", plain.get_content())) <= 1, kind
    # Who could misuse what: a request never holds the code, and a sender never a signer's link.
    assert not any(re.search(r"/[sdr]/[\w-]{20}", words(message)) for message in kept(house, "M08", to=people.clerk.mail))
    assert all("/s/" in words(message) for message in kept(house, "M01"))
    assert "（14日間）" in words(kept(house, "M05", to=people.vendor.mail)[0])
    assert "/envelopes/" in words(kept(house, "M05", to=people.mayor.mail)[0])
    assert str(kept(house, "M10", to=people.clerk.mail)[0]["Subject"]).startswith("修正の希望が届きました")
    assert "金額の修正" not in words(kept(house, "M10", to=people.vendor.mail)[0])
    locked, ended = kept(house, "M15", to=people.vendor.mail)
    assert "まで入力を止めています" in words(locked)
    assert "このリンクは使えません" in words(ended)


def test_mails_of_an_envelope_make_one_thread(house: Any, people: Cast) -> None:
    envelope = sent(people)
    thread = f"<{envelope.pk}@127.0.0.1>"
    assert [kept(house, kind)[0]["References"] for kind in ("M08", "M01")] == [thread, thread]


def test_a_reader_of_english_is_written_to_in_english(house: Any, people: Cast) -> None:
    who = ("Midorino Works Ltd (fictional)", "President", "Taro Midorino", "en@example.com")
    party = registered(people.clerk, people.second, *who, language="en", at=clock.now())
    work()
    message = kept(house, "M24", to=party.mail)[0]
    assert message["Subject"] == f"Registration received ({party.number})"
    assert "Sakuragaoka City (fictional)" in words(message)


# --- what servers answer -------------------------------------------------------------------------------------------


def deliver_all(*, later: timedelta) -> None:
    """What is due at a later time, by workers whose clock shows it."""

    def then() -> datetime:
        return clock.now() + later

    drain(replace(MAIL, verb=lambda mail: outbox.deliver(mail, now=then, refused=note_undelivered)), now=then)


def deliver_through(clerk: Clerk, settings: Any, *, later: timedelta = timedelta()) -> None:
    with open_office(clerk) as port:
        settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp(HOST, port, "", "", "none", "noreply@keiyaku.example.jp"))
        deliver_all(later=later)


def test_answers_of_the_server_are_on_record(people: Cast, settings: Any) -> None:
    vendor, builder = people.vendor.mail, people.builder.mail
    office = Clerk(rcpt={vendor: "550 5.1.1 no such user", builder: "451 4.7.1 greylisted"})
    deliver_through(office, settings)
    refused = Mail.objects.filter(to=vendor)
    assert {(row.result, row.reply, row.state) for row in refused} == {("refused", "550 5.1.1 no such user", "done")}
    assert all(row.context == {} for row in refused)
    waiting = Mail.objects.filter(to=builder)
    assert {(row.result, row.state, row.trouble) for row in waiting} == {("pending", "waiting", "smtp.deferred")}
    assert Entry.objects.filter(event="mail.refused").count() == refused.count() == 2
    assert not Entry.objects.filter(event="mail.accepted").exists()
    assert office.taken == []


def test_an_address_put_off_for_three_days_counts_as_refused(people: Cast, settings: Any) -> None:
    office = Clerk(rcpt={people.builder.mail: "451 4.7.1 greylisted"})
    deliver_through(office, settings, later=timedelta(days=3, minutes=1))
    assert {row.result for row in Mail.objects.filter(to=people.builder.mail)} == {"refused"}
    assert {row.result for row in Mail.objects.filter(to=people.vendor.mail)} == {"accepted"}
    assert len(office.taken) == 2


def test_a_dead_server_loses_nothing(people: Cast, settings: Any) -> None:
    """However long it is dead: an outage is not the recipient's refusal."""
    before = Mail.objects.count()
    settings.TACHIAI = replace(settings.TACHIAI, smtp=Smtp(HOST, 9, "", "", "none", "noreply@keiyaku.example.jp"))
    deliver_all(later=timedelta(days=5))
    assert set(Mail.objects.values_list("result", "trouble")) == {("pending", "smtp.unreachable")}
    deliver_through(Clerk(), settings, later=timedelta(days=6))
    assert Mail.objects.filter(result="accepted").count() == before


def test_a_request_that_cannot_be_delivered_is_told_to_the_sender(people: Cast, settings: Any) -> None:
    envelope = sent(people)
    with transaction.atomic():
        send_row = Mail.objects.get(kind="M01", about=vendor_of(envelope).pk)
        Mail.objects.filter(pk=send_row.pk).update(state="waiting", result="pending", context={**context_of(envelope), "again": False})
    deliver_through(Clerk(rcpt={people.vendor.mail: "550 no such user"}), settings)
    told = Clerk()
    deliver_through(told, settings)
    assert [to for to, _ in told.taken] == [people.clerk.mail]
    parsed = message_from_bytes(told.taken[0][1], policy=reading)
    assert parsed["Subject"] == f"メール送信に失敗しました（{people.vendor.name} 様・{envelope.name}）"
    assert vendor_of(envelope).undelivered


def context_of(envelope: Envelope) -> dict[str, object]:
    from tachiai.envelopes.telling import first_request

    return first_request(vendor_of(envelope), due=envelope.deadline)[1]


def test_a_kind_without_words_is_struck_and_the_others_go_on(people: Cast, house: Any) -> None:
    with transaction.atomic():
        outbox.mail("M99", to="a@example.jp", language="ja", context={}, stream="house", at=clock.now())
    work()
    assert Mail.objects.get(kind="M99").trouble == "bug.TemplateDoesNotExist"
    assert not Mail.objects.exclude(kind="M99").exclude(result="accepted").exists()


# --- the login library's mail ----------------------------------------------------------------------------------------


def test_password_reset_through_the_door(people: Cast, house: Any) -> None:
    door = Client()
    door.post(reverse("account_reset_password"), {"email": people.clerk.mail})
    door.post(reverse("account_reset_password"), {"email": "nobody@example.jp"})
    work()
    [message] = kept(house, "M26")
    assert (message["To"], message["Subject"]) == (people.clerk.mail, "パスワード再設定のご案内")
    plain = message.get_body(("plain",))
    assert plain is not None
    [link] = re.findall(r"https?://\S+", plain.get_content())
    assert door.get(link, follow=True).status_code == 200


def test_a_changed_password_is_told(people: Cast, house: Any) -> None:
    from cast import PASSWORD

    door = Client()
    door.force_login(Member.objects.get(pk=people.clerk.pk))
    new = f"{uuid.uuid4()}"
    door.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    work()
    assert [message["Subject"] for message in kept(house, "M26", to=people.clerk.mail)] == ["パスワードが変更されました"]
