"""Who came in and who was turned away is on record, with nothing of a password or a code."""

from __future__ import annotations

import json
from dataclasses import fields, replace

from django.conf import settings
from django.test import Client

from cast import PASSWORD, Cast
from tachiai import clock, ledger
from tachiai.administration.configuring import TOLD, UNTOLD, configuration, note_configuration
from tachiai.house import Tsa
from tachiai.ledger.models import Entry, Personal


def logins(cast: Cast) -> list[ledger.Told]:
    told = ledger.entries(f"organization:{cast.clerk.organization_id}")
    return [entry for entry in told if entry.event.startswith(("member.log", "member.pass", "member.second"))]


def log_in(browser: Client, mail: str, password: str) -> None:
    browser.post("/login", {"login": mail, "password": password}, REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="Probe/1")


def test_logins_are_on_record(cast: Cast) -> None:
    browser = Client()
    log_in(browser, cast.clerk.mail, "not-the-password-739184")
    log_in(browser, cast.clerk.mail.upper(), PASSWORD)
    browser.post("/logout", REMOTE_ADDR="203.0.113.9")
    told = logins(cast)
    assert [entry.event for entry in told] == ["member.login_refused", "member.logged_in", "member.logged_out"]
    assert [entry.by["kind"] for entry in told] == ["public", "member", "member"]
    assert all(entry.data["member"] == str(cast.clerk.pk) for entry in told)
    assert told[0].personal["address"] == "203.0.113.9"
    assert told[1].personal == {"address": "203.0.113.9", "agent": "Probe/1"}
    assert ledger.check_stream(f"organization:{cast.clerk.organization_id}")


def test_an_unknown_address_is_told_to_nobody(cast: Cast) -> None:
    log_in(Client(), "nobody-739184@example.jp", "password-739184")
    (refused,) = [entry for entry in ledger.entries("house") if entry.event == "login.refused"]
    assert (refused.by["kind"], refused.data, refused.personal["agent"]) == ("public", {}, "Probe/1")
    held = [bytes(body) for body in Entry.objects.values_list("body", flat=True)]
    held += [bytes(body) for body in Personal.objects.values_list("body", flat=True)]
    assert not any(b"739184" in body for body in held)


def test_a_changed_password_is_on_record(cast: Cast) -> None:
    browser = Client()
    log_in(browser, cast.clerk.mail, PASSWORD)
    fresh = "another-long-password-1"
    browser.post("/password/change", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    assert [entry.event for entry in logins(cast)][-1] == "member.password_changed"


def test_settings_are_on_record_when_they_change(cast: Cast) -> None:
    house = settings.TACHIAI
    assert note_configuration(house, at=clock.now())
    assert not note_configuration(house, at=clock.now())
    other = replace(house, tsa=Tsa("https://tsa.example.jp", None, accredited=True, user="", password="secret-739184"))
    assert note_configuration(other, at=clock.now())
    entry = ledger.latest("house", "house.configured")
    assert entry is not None
    assert entry.data["tsa"] == {"url": "https://tsa.example.jp", "accredited": True, "policy": "", "roots": None}
    assert "739184" not in json.dumps(entry.data)


def test_every_setting_is_told_or_kept_to_the_house_on_purpose(cast: Cast) -> None:
    names = {field.name for field in fields(settings.TACHIAI)}
    assert names == set(TOLD) | UNTOLD
    assert UNTOLD.isdisjoint(TOLD)
    assert "home" not in configuration(settings.TACHIAI)
