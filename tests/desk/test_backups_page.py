"""The desk's page of backups: whoever administers the operator's organization sees it, reads the result, and takes the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.urls import reverse

from cast import Cast
from tachiai import clock, vault
from tachiai.accounts.models import Member
from tachiai.backups.models import Backup, Drill
from tachiai.ledger.models import Entry
from tachiai.work.alarms import raise_alarm


def test_backups_and_drills_are_shown_to_those_who_may_see_them(people: Cast, seat: Callable[[Member], Client]) -> None:
    page = reverse("desk:backups")
    assert [seat(member).get(page).status_code for member in (people.admin, people.system, people.clerk)] == [404] * 3
    people.city.is_operator = True
    people.city.save()
    for member in (people.clerk, people.auditor, people.second, people.stranger_admin):
        assert seat(member).get(page).status_code == 404
    assert "バックアップは設定されていません" in seat(people.admin).get(page).content.decode()

    drilled = backups_told()
    shown = seat(people.system).get(page).content.decode()
    for words in ("不合格", "20261126T163000Z", "1.5分", "3件", "保存中", "最後の復元訓練が不合格でした"):
        assert words in shown
    english = seat(people.system).get(f"{page}?lang=en").content.decode()
    for words in ("Failed", "1.5 min", "No longer kept", "Restore drills"):
        assert words in english
    report = reverse("desk:drill_report", kwargs={"pk": drilled.pk})
    assert seat(people.clerk).get(report).status_code == 404
    taken = seat(people.admin).get(report)
    assert taken.content == b"%PDF-1.7 a report"
    assert "attachment" in taken.headers["Content-Disposition"]
    assert Entry.objects.filter(event="drill.report_taken").count() == 1


def backups_told() -> Drill:
    at = clock.now()
    facts = {"manifest": bytes(32), "boxes": 4, "size": 2_000_000, "added": 1_000, "ended_at": at}
    Backup.objects.create(generation="20261126T163000Z", began_at=at - timedelta(seconds=5), **facts)
    Backup.objects.create(generation="20251126T163000Z", began_at=at - timedelta(days=365), dropped_at=at, **facts)
    stored = vault.put(b"%PDF-1.7 a report", kind="drill")
    with transaction.atomic():
        blob = vault.keep(stored, at=at)
        raise_alarm("backups.drill", "failed", detail="vault.altered", at=at)
        return Drill.objects.create(
            generation="20261126T163000Z",
            passed=False,
            figures={"judged": 3},
            findings=[{"code": "vault.altered", "subject": "x", "detail": ""}],
            report=blob,
            report_sha256=hashlib.sha256(b"%PDF-1.7 a report").digest(),
            began_at=at - timedelta(seconds=90),
            ended_at=at,
        )
