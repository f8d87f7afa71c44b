"""P-13, the operation log: who sees what of it, its filters and its CSV, words for every event, and the check for tampering (B17)."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test import Client

import tachiai
from cast import Cast
from stories import concluded, sent
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.counterparties.drafting import note_registrant
from tachiai.envelopes.operation_kinds import FAILED, KIND_OF
from tachiai.web.desk.ledger_words import OTHER, event_words, kind_words
from tachiai.web.desk.telling import SHOWN

Seat = Callable[[Member], Client]
EVENT = re.compile(r"[a-z]+\.[a-z_]+")
# Composed of parts, or handed on in a variable: what the scan below cannot see.
COMPOSED = {
    *(f"mail.{result}" for result in ("accepted", "refused", "uncertain", "sent_after_all", "dropped")),
    *(f"recipient.{what}" for what in ("asked_link", "asked_download", "code_wrong")),
    *(f"upload.{state}" for state in ("offered", "used", "refused", "dropped", "expired")),
    *(f"{kind}.{act}" for kind in ("totp", "passkey") for act in ("enrolled", "reset", "refused")),
    *(f"member.{act}" for act in ("logged_in", "logged_out", "password_changed", "password_reset")),
    *(f"member.second_factor_{act}" for act in ("added", "removed", "reset", "refused")),
    *(f"registration.{act}" for act in ("submitted", "corrected")),
    *("consent.refused", "document.destroyed", "house.configured", "vault.key_rotated"),
}


def written_events() -> set[str]:
    """Every event the code can write: what is given by name to those who append, and what composed or handed-on names come to."""
    source = Path(tachiai.__file__).parent
    found: set[str] = set(COMPOSED)
    for path in source.rglob("*.py"):
        if path.relative_to(source).parts[0] in ("offline", "web", "cli", "config", "crypto", "pages"):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and _appends(node)]
        texts = [part for call in calls for given in call.args[:3] for part in ast.walk(given) if isinstance(part, ast.Constant)]
        found |= {text.value for text in texts if isinstance(text.value, str) and EVENT.fullmatch(text.value)}
    return found


APPENDING = ("append", "Note", "note", "_note", "_enter", "_note_download", "note_login")


def _appends(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in APPENDING and getattr(call.func.value, "id", "") == "ledger"
    return getattr(call.func, "id", "") in APPENDING


def test_every_event_the_code_can_write_has_words_and_a_kind() -> None:
    events = written_events()
    assert len(events) > 60
    assert {event for event in events if event not in SHOWN and event not in OTHER} == set()
    assert {event for event in events if event not in KIND_OF} == set()
    assert set(FAILED) <= set(KIND_OF)
    assert set(SHOWN) & set(OTHER) == set()
    assert all(event_words(event) != event for event in events)


def lines_of(browser: Client, **asked: str) -> list[dict[str, str]]:
    sheet = browser.get(f"/ledger/export.csv?{urlencode(asked)}").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(sheet)))


def test_b17_the_log_shows_each_act_filters_and_leaves_as_csv(people: Cast, seat: Seat) -> None:
    envelope = concluded(people)
    there, about = "みどり野県みほん市1-2-3", people.vendor.pk
    with transaction.atomic():
        note_registrant(people.city.pk, about, "registration.submitted", at=clock.now(), personal={"address": there})
    admin = seat(people.admin)
    page = admin.get("/ledger").content.decode()
    assert "締結" in page
    assert there not in page  # where a company is, which its registration keeps by the same word, is no network address
    assert f"/envelopes/{envelope.pk}" in page
    lines = lines_of(admin)
    told = {line["事象"] for line in lines}
    assert {
        "envelope.sent",
        "recipient.consented",
        "document.sealed",
        "envelope.concluded",
        "registration.approved",
        "member.created",
    } <= told
    assert next(line for line in lines if line["事象"] == "envelope.sent")["利用者"] == people.clerk.name
    assert lines_of(admin)[0]["事象"] == "list.exported"
    mine = lines_of(admin, member=str(people.clerk.pk))
    assert {line["利用者"] for line in mine} == {people.clerk.name}
    assert {line["事象"] for line in lines_of(admin, kind="approve", member=str(people.second.pk))} == {"registration.approved"}
    assert {line["管理番号"] for line in lines_of(admin, words="清掃")} == {envelope.number}
    assert lines_of(admin, words="ありません") == []
    assert lines_of(admin, result="failed") == []
    assert lines_of(admin, date_to="2020/1/1") == []
    assert lines_of(admin, address="203.0.113.77") == []
    assert "条件に一致する記録がありません" in admin.get("/ledger?words=ありません").content.decode()
    assert admin.get("/ledger?date_from=x").status_code == 422
    english = admin.get("/ledger?lang=en").content.decode()
    assert "Activity log" in english


def test_pages_of_the_log_go_on_where_the_one_before_ended(people: Cast, seat: Seat) -> None:
    concluded(people)
    admin, seen, address = seat(people.auditor), [], "/ledger"
    while address:
        page = admin.get(address).content.decode()
        rows = re.findall(r"<time[^>]*datetime=\"([^\"]+)\"", page)
        seen.append(len(rows))
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen[0] == 50
    assert sum(seen) == len(lines_of(admin))


def test_each_role_sees_its_part(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    numbers = {role: {line["管理番号"] for line in lines_of(seat(who))} for role, who in vars(people).items() if isinstance(who, Member)}
    assert envelope.number in numbers["clerk"]
    assert envelope.number in numbers["second"]
    assert envelope.number in numbers["auditor"]
    assert numbers["system"] <= {""}
    assert envelope.number not in numbers["mayor"] | numbers["stranger"] | numbers["stranger_admin"]
    system = {line["事象"] for line in lines_of(seat(people.system))}
    assert "member.created" in system
    assert {KIND_OF[event] for event in system} <= {"login", "settings"}
    assert {line["管理番号"] for line in lines_of(seat(people.clerk))} == {envelope.number}
    assert "IPアドレス" not in lines_of(seat(people.clerk))[0]


def test_b17_the_check_names_the_first_broken_number(people: Cast, seat: Seat) -> None:
    envelope = sent(people)
    auditor = seat(people.auditor)
    assert re.search(r"1–[\d,]+件 改ざんなし", auditor.get("/ledger/check").content.decode())
    assert seat(people.clerk).get("/ledger/check").status_code == 403
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='ledger_entry'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
        cursor.execute(
            "UPDATE ledger_entry SET body = CAST(REPLACE(CAST(body AS TEXT), 'envelope.created', 'envelope.recreated') AS BLOB)"
            " WHERE number = 1 AND stream_id = (SELECT id FROM ledger_stream WHERE name = %s)",
            [envelope.stream],
        )
    shown = auditor.get("/ledger/check").content.decode()
    assert f"{envelope.number} {envelope.name}の1番目の記録" in shown
    assert "改ざんなし" not in shown


def test_a_long_check_goes_on_from_page_to_page(people: Cast, seat: Seat, monkeypatch: object) -> None:
    sent(people)
    monkeypatch.setattr("tachiai.envelopes.operations.AT_ONCE", 1)  # type: ignore[attr-defined]
    auditor, address, pages = seat(people.auditor), "/ledger/check", 0
    while address:
        shown = auditor.get(address).content.decode()
        onward = re.search(r'<a class="button button-outline" href="([^"]+)"', shown)
        address, pages = (onward[1].replace("&amp;", "&") if onward else ""), pages + 1
    assert pages > 2
    assert re.search(r"1–[\d,]+件 改ざんなし", shown)
    assert kind_words()
