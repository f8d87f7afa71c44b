"""What is verifiable until when and what happens next, in rows; the alarms of the clock; the operator's commands."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from cast import Cast
from filed import file_record, proof
from generations import day
from tachiai import clock, vault
from tachiai.archive import standing
from tachiai.archive.models import Record, RecordFile, RenewalTask
from tachiai.archive.renewal import (
    OVERDUE,
    ask_for_everything,
    ask_for_renewal,
    find_files,
    renewal_wanted,
    schedule_renewals,
    watch_renewals,
)
from tachiai.archive.standing import Looked, by_year, counts, looked_for, standings, standings_of
from tachiai.cli.main import main
from tachiai.errors import Refusal
from tachiai.work.models import Alarm

NOW = day(2030)


@pytest.fixture
def filed(cast: Cast) -> Cast:
    """One record for each step, two of them of another year, and one of another organization."""
    soon, later = NOW + timedelta(days=200), NOW + timedelta(days=2000)
    file_record(cast.clerk, "R-planned", proof(later), proof(later + timedelta(days=900)), at=NOW)
    file_record(cast.clerk, "R-due", proof(later), proof(soon), at=NOW, title="保守契約")
    file_record(cast.clerk, "R-held", proof(soon + timedelta(days=1), cause="algorithm", weakest="RSA-2048"), at=NOW, title="賃貸借契約")
    file_record(cast.second, "R-stuck", proof(soon + timedelta(days=2)), at=NOW)
    file_record(cast.second, "R-expired", proof(NOW), at=NOW, counterparty="合同会社うみかぜ")
    file_record(cast.clerk, "R-unknown", proof(later), None, at=NOW)
    file_record(cast.stranger, "R-theirs", proof(later), at=NOW)
    hold("R-held", held_up="renewal.no_stronger_algorithm")
    hold("R-stuck", state="stuck")
    return cast


def hold(number: str, *, state: str = "waiting", held_up: str = "") -> None:
    (file,) = RecordFile.objects.filter(record__number=number)
    RenewalTask.objects.create(file=file, head=bytes(file.sha256), state=state, held_up=held_up, due_at=day(2090), created_at=NOW)


def numbers(rows: standing.Rows) -> list[str]:
    return [row.number.removeprefix("R-") for row in rows]


def test_each_record_is_told_by_the_file_that_ends_first(filed: Cast) -> None:
    rows = {row.number: row for row in standings(filed.admin, at=NOW)}
    assert {number.removeprefix("R-"): row.step for number, row in rows.items()} == {
        "planned": "planned",
        "due": "due",
        "held": "replace_authority",
        "stuck": "stuck",
        "expired": "expired",
        "unknown": "unknown",
    }
    assert rows["R-due"].until == NOW + timedelta(days=200)
    assert rows["R-due"].renew_at == NOW - timedelta(days=165)
    held = rows["R-held"]
    assert (held.cause, held.weakest, held.stamped_by) == ("algorithm", "RSA-2048", "CN=架空タイムスタンプ局, C=JP")
    assert rows["R-unknown"].until is None


def test_whose_records_one_sees(filed: Cast) -> None:
    assert set(numbers(standings(filed.clerk, at=NOW))) == {"planned", "due", "held", "unknown"}
    assert len(numbers(standings(filed.auditor, at=NOW))) == 6
    assert numbers(standings(filed.system, at=NOW)) == []
    assert numbers(standings(filed.stranger_admin, at=NOW)) == ["theirs"]
    assert len(numbers(standings_of(None, at=NOW))) == 7
    assert numbers(standings_of(filed.town, at=NOW)) == ["theirs"]


@pytest.mark.parametrize(
    ("looked", "found"),
    [
        (Looked(), ["unknown", "expired", "due", "held", "stuck", "planned"]),
        (Looked(descending=True), ["planned", "stuck", "held", "due", "expired", "unknown"]),
        (Looked(step="due"), ["due"]),
        (Looked(year=2030), ["expired", "due", "held", "stuck"]),
        (Looked(year=2030, step="expired"), ["expired"]),
        (Looked(words="賃貸借 契約"), ["held"]),
        (Looked(words="（同）うみかぜ"), ["expired"]),
        (Looked(words="%"), []),
        (Looked(order="number"), ["due", "expired", "held", "planned", "stuck", "unknown"]),
        (Looked(order="renew"), ["unknown", "expired", "due", "held", "stuck", "planned"]),
        (Looked(order="owner"), ["unknown", "expired", "due", "held", "stuck", "planned"]),
    ],
)
def test_looking_for_records(filed: Cast, looked: Looked, found: list[str]) -> None:
    assert numbers(looked_for(standings(filed.admin, at=NOW), looked)) == found


def test_counts(filed: Cast) -> None:
    rows = standings(filed.admin, at=NOW)
    each = dict.fromkeys(standing.STEPS, 1)
    assert counts(rows) == each | {standing.DESTROYED: 0}
    assert [(one.year, one.count) for one in by_year(rows)] == [(2030, 4), (2035, 1)]
    gone = RecordFile.objects.get(record__number="R-stuck")
    with transaction.atomic():
        vault.destroy([gone.blob_id], shredding=uuid.uuid4(), at=NOW)
    assert counts(rows.all()) == each | {standing.STUCK: 0}


def test_a_year_ends_in_japan(cast: Cast) -> None:
    file_record(cast.clerk, "R-1", proof(day(2040, 12, 31, 14)), at=NOW)
    file_record(cast.clerk, "R-2", proof(day(2040, 12, 31, 15)), at=NOW)
    assert [(one.year, one.count) for one in by_year(standings(cast.admin, at=NOW))] == [(2040, 1), (2041, 1)]


def alarms() -> dict[tuple[str, str], str]:
    return {(one.kind, one.subject): one.detail for one in Alarm.objects.filter(cleared_at=None)}


def test_alarms_stand_as_long_as_their_reason(cast: Cast) -> None:
    late = proof(NOW + timedelta(days=365) - OVERDUE)
    file_record(cast.clerk, "R-1", late, proof(NOW - timedelta(days=1)), at=NOW)
    file_record(cast.stranger, "R-2", late, at=NOW)
    watch_renewals(at=NOW)
    assert alarms().keys() == {("renewal.missed", "sakuragaoka"), ("renewal.overdue", "sakuragaoka"), ("renewal.overdue", "umikaze")}
    assert alarms()["renewal.missed", "sakuragaoka"].startswith("1 files can no longer be proven")
    RecordFile.objects.update(verifiable_until=day(2050), renew_at=day(2049))
    watch_renewals(at=NOW)
    assert alarms() == {}


def test_rows_are_written_for_what_is_due_and_provable(filed: Cast) -> None:
    assert schedule_renewals(at=NOW) == 1
    task = RenewalTask.objects.latest("pk")
    assert (task.file.record.number, task.state, task.early, task.due_at) == ("R-due", "waiting", False, NOW)
    assert bytes(task.head) == bytes(task.file.sha256)
    assert schedule_renewals(at=NOW) == 0
    assert renewal_wanted(task, at=NOW)
    assert not renewal_wanted(task, at=day(2031))
    RecordFile.objects.filter(pk=task.file_id).update(renew_at=day(2031))
    assert not renewal_wanted(task, at=NOW)
    task.early = True
    assert renewal_wanted(task, at=NOW)
    RecordFile.objects.filter(pk=task.file_id).update(sha256=bytes(32))
    assert not renewal_wanted(task, at=NOW)


def test_a_cancelled_row_is_not_in_the_way(filed: Cast) -> None:
    schedule_renewals(at=NOW)
    RenewalTask.objects.filter(file__record__number="R-due").update(state="cancelled")
    assert schedule_renewals(at=NOW) == 1


def test_asking_before_it_is_due(filed: Cast) -> None:
    at = day(2030, 1, 2)
    assert ask_for_renewal(find_files("R-planned", filed.city), at=at) == 2
    assert ask_for_renewal(find_files("R-held", None), at=at) == 1
    held = RenewalTask.objects.get(file__record__number="R-held")
    assert (held.held_up, held.due_at, held.early) == ("", at, True)
    assert ask_for_renewal(find_files("R-stuck", None), at=at) == 1
    stuck = RenewalTask.objects.get(file__record__number="R-stuck")
    assert (stuck.state, stuck.strikes, stuck.attempt) == ("waiting", 0, 1)
    for number, code in (("R-expired", "renewal.too_late"), ("R-nothing", "record.unknown")):
        with pytest.raises(Refusal) as caught:
            ask_for_renewal(find_files(number, None), at=at)
        assert caught.value.code == code
    Record.objects.filter(number="R-theirs").update(number="R-due")
    with pytest.raises(Refusal, match=r"record\.ambiguous"):
        find_files("R-due", None)
    assert [file.record.number for file in find_files("R-due", filed.town)] == ["R-due"]


def test_asking_for_everything(filed: Cast) -> None:
    # Two of planned, two of due, one each of held, stuck and unknown; not what has expired, and nobody else's.
    assert ask_for_everything(filed.city, at=day(2030, 1, 2)) == 7
    assert ask_for_everything(None, at=day(2030, 1, 2)) == 8
    assert ask_for_everything(None, at=day(2090)) == 0


def test_the_commands(filed: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert main(["archive", "renewals", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["v"], told["at"]) == (1, NOW.isoformat())
    assert len(told["records"]) == 7
    (held,) = (one for one in told["records"] if one["number"] == "R-held")
    assert (held["step"], held["cause"], held["weakest"]) == ("replace_authority", "algorithm", "RSA-2048")
    assert datetime.fromisoformat(held["until"]) == NOW + timedelta(days=201)
    assert main(["archive", "renewals", "--org", "umikaze"]) == 0
    assert capsys.readouterr().out.split()[:5] == ["2035-06-24", "planned", "RSA-3072", "renew", "2034-06-24"]
    assert main(["archive", "renewals", "--step", "unknown"]) == 0
    assert "R-unknown" in capsys.readouterr().out
    assert main(["archive", "renewals", "--org", "nobody"]) == 1
    assert main(["archive", "renew", "R-planned"]) == 0
    assert main(["archive", "renew", "--all", "--org", "umikaze"]) == 0
    assert RenewalTask.objects.filter(early=True).count() == 3
    assert main(["archive", "renew", "R-expired"]) == 1
    assert "renewal.too_late" in capsys.readouterr().err
    assert main(["archive", "renew"]) == 2
    assert main(["archive", "renew", "R-due", "--all"]) == 2


def test_looking_at_every_file_anew(filed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are none: each is told of, once, and what was known before is not thrown away."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert main(["archive", "renewals", "--recompute"]) == 1
    unreadable = [subject for kind, subject in alarms() if kind == "renewal.unreadable"]
    assert len(unreadable) == RecordFile.objects.count() == 10
    assert RecordFile.objects.filter(verifiable_until=None).count() == 1
