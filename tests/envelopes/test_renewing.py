"""Renewal through the years: three authorities follow one another, and the house does by itself what is due."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cast import Cast
from generations import Line, day, generation, three
from invariants import check_house, events
from offline.accepting import accepted, bundle_of
from place import Place
from stages import Scene, sent, signs
from stories import work
from tachiai import clock, vault
from tachiai.archive.models import EarlierFile, RecordFile, RenewalTask
from tachiai.archive.renewal import LOOK_AGAIN, ask_for_renewal, assess_files, hold_renewal, schedule_renewals
from tachiai.archive.verification import Verdict, judge
from tachiai.config.jobs import RENEW, tick
from tachiai.envelopes.models import Revision
from tachiai.envelopes.renewing import renew
from tachiai.errors import Outage, Refusal
from tachiai.ledger.models import Entry
from tachiai.outbox.models import Mail
from tachiai.sealing import handles
from tachiai.sealing.handles import Handles
from tachiai.sealing.keyring import Keyring, embedded_key
from tachiai.sealing.models import Seal
from tachiai.work import LostLease, claim, drain
from tachiai.work.models import Alarm


class Years:
    """The clock of the whole house, and which authority it stamps by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line: Line = three()
        self._patch = monkeypatch

    def go(self, at: datetime, *, authority: int | None = None) -> None:
        self._patch.setattr(clock, "now", lambda: at)
        if authority is None:
            return
        seal = self.line.generations[0].seal_credential
        stamps = self.line.generations[authority - 1].timestamper
        held = Handles(Keyring((embedded_key(seal),)), stamps, self.line.revocation, self.line.roots, self.line.roots)
        handles.handles._held, handles.handles._look_again = held, float("inf")

    def conclude(self, cast: Cast) -> Scene:
        scene = Scene(cast, sent(cast))
        signs(scene.vendor)
        work()
        signs(scene.mayor)
        work()
        assert scene.state() == "concluded"
        return scene


@pytest.fixture
def years(house: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Years]:
    yield Years(monkeypatch)
    handles.handles.cache_clear()


@pytest.fixture
def signed(years: Years, cast: Cast) -> Scene:
    """Concluded in June 2026 under the first authority, whose certificates end with 2035."""
    years.go(day(2026, 6), authority=1)
    return years.conclude(cast)


def copies() -> dict[str, bytes]:
    return {file.kind: vault.read(file.blob) for file in RecordFile.objects.select_related("blob")}


def ends() -> set[tuple[datetime | None, str, datetime | None]]:
    return set(RecordFile.objects.values_list("verifiable_until", "until_cause", "renew_at"))


def alarms() -> set[str]:
    """Those that are about renewals: the signing key ends too, in all these years."""
    kinds = Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True)
    return {kind for kind in kinds if kind.startswith(("renewal.", "archive."))}


def entry(scene: Scene, event: str) -> dict[str, object]:
    found = Entry.objects.filter(stream__name=scene.envelope.stream, event=event).order_by("number").last()
    assert found is not None
    return dict(json.loads(bytes(found.body))["data"])


def test_twenty_five_years_of_a_contract(years: Years, signed: Scene) -> None:
    delivered, mails = copies(), Mail.objects.count()
    assert ends() == {(day(2036), "timestamp_certificate", day(2035))}
    assert set(RecordFile.objects.values_list("weakest", "stamped_by")) == {("P-256", "CN=Fictional TSA G1, O=架空認証")}
    assert {judge(pdf, at=clock.now()).verdict for pdf in delivered.values()} == {Verdict.VALID}

    # 2031: nothing is due, and everything stands.
    years.go(day(2031))
    tick()
    assert not RenewalTask.objects.exists()
    assert {judge(pdf, at=clock.now()).verdict for pdf in delivered.values()} == {Verdict.VALID}
    check_house()

    # 2035: a year before the end it is due, and the operator has a new authority.
    years.go(day(2035, 1, 2), authority=2)
    tick()
    assert work() == 2
    assert ends() == {(day(2047), "timestamp_certificate", day(2046))}
    second = copies()
    for kind, before in delivered.items():
        assert second[kind].startswith(before)
        (earlier,) = EarlierFile.objects.filter(file__kind=kind)
        assert (earlier.size, bytes(earlier.sha256)) == (len(before), hashlib.sha256(before).digest())
    told_of = events(signed.envelope)
    assert (told_of.count("document.renewed"), told_of.count("certificate.renewed")) == (1, 1)
    told = entry(signed, "document.renewed")
    assert told["before"] == hashlib.sha256(delivered["document"]).hexdigest()
    assert told["until"] == {"before": day(2036).isoformat(), "now": day(2047).isoformat(), "cause": "timestamp_certificate"}
    assert (Mail.objects.count(), alarms()) == (mails, set())
    check_house()

    # 2046: once more, by a third. Without it the file would end with that year.
    years.go(day(2046, 1, 2), authority=3)
    tick()
    assert work() == 2
    assert ends() == {(day(2058), "timestamp_certificate", day(2057))}
    third = copies()
    for at in (day(2046, 1, 3), day(2051)):
        years.go(at)
        tick()
        assert work() == 0
        for pdf in third.values():
            judgement = judge(pdf, at=at)
            assert (judgement.verdict, judgement.reasons) == (Verdict.VALID, ())
        check_house()
    assert [row.kind for row in Revision.objects.order_by("number")][-3:] == ["closed", "extended", "extended"]
    # What was handed out in 2026 and 2035 is still known to be ours, and is told to have aged out by itself.
    for pdf in (*delivered.values(), *second.values()):
        judgement = judge(pdf, at=day(2051))
        assert (judgement.verdict, judgement.reasons) == (Verdict.ATTENTION, ("seal.archive_expired",))
        assert judgement.file is not None
    accepted(bundle_of(signed.envelope))


def test_a_missed_renewal_is_told_and_never_mended(years: Years, signed: Scene) -> None:
    closed = copies()
    years.go(day(2035, 3), authority=1)
    tick()
    assert alarms() == {"renewal.overdue"}
    years.go(day(2037), authority=2)
    tick()
    work()
    assert alarms() == {"renewal.missed"}
    assert copies() == closed
    assert not RenewalTask.objects.exclude(state="cancelled").exists()
    assert {judge(pdf, at=clock.now()).reasons for pdf in closed.values()} == {("seal.archive_expired",)}
    with pytest.raises(Refusal, match=r"renewal\.too_late"):
        ask_for_renewal(list(RecordFile.objects.all()), at=clock.now())


def test_an_authority_that_lasts_no_longer_is_not_used(years: Years, signed: Scene) -> None:
    closed = copies()
    years.go(day(2035, 1, 2), authority=1)
    tick()
    assert work() == 2
    assert set(RenewalTask.objects.values_list("state", "held_up", "strikes", "due_at")) == {
        ("waiting", "renewal.no_better_authority", 0, day(2035, 1, 2) + LOOK_AGAIN)
    }
    assert copies() == closed
    assert alarms() == {"renewal.no_better_authority"}
    detail = Alarm.objects.get().detail
    assert "Fictional TSA G1" in detail
    assert "2036-01-01" in detail
    assert not Seal.objects.filter(act="extend").exists()
    tick()
    assert RenewalTask.objects.count() == 2

    # The operator names another authority; nobody has to do anything else.
    years.go(day(2035, 1, 10), authority=2)
    assert work() == 2
    tick()
    assert alarms() == set()
    assert ends() == {(day(2047), "timestamp_certificate", day(2046))}


def test_an_authority_that_grew_worse_in_between_is_not_used(years: Years, signed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outlook was good, the token that came is not: a standby may have given it."""
    from tachiai import sealing

    years.go(day(2035, 1, 2), authority=2)
    better = sealing.present_outlook(at=clock.now())
    years.go(day(2035, 1, 2), authority=1)
    monkeypatch.setattr(sealing, "present_outlook", lambda *, at: better, raising=False)
    closed = copies()
    tick()
    work()
    assert set(RenewalTask.objects.values_list("state", "held_up")) == {("waiting", "renewal.no_better_authority")}
    assert copies() == closed
    assert not Seal.objects.filter(act="extend", state="sealed").exists()


class Away:
    """A timestamping authority that does not answer."""

    name, accredited, embedded, reserve = "away", False, False, 4096

    def timestamp(self, digest: bytes, *, at: datetime) -> object:
        raise Outage("tsa.unreachable", "away")

    submit = timestamp


def test_an_outage_is_waited_out(years: Years, signed: Scene) -> None:
    years.go(day(2035, 1, 2), authority=2)
    present = handles.handles._held
    assert present is not None
    handles.handles._held = Handles(present.keyring, Away(), present.revocation, present.roots, present.tsa_roots)  # type: ignore[arg-type]
    tick()
    for minutes in range(0, 40, 10):
        years.go(day(2035, 1, 2) + timedelta(minutes=minutes))
        drain(RENEW, now=clock.now)
    assert set(RenewalTask.objects.values_list("state", "trouble", "strikes")) == {("waiting", "tsa.unreachable", 0)}
    assert alarms() == {"archive.renewaltask"}
    handles.handles._held = present
    years.go(day(2035, 1, 3))
    assert work() == 2
    assert alarms() == set()
    assert Revision.objects.filter(kind="extended").count() == 1


def test_a_renewal_happens_once(years: Years, signed: Scene) -> None:
    years.go(day(2035, 1, 2), authority=2)
    assert schedule_renewals(at=clock.now()) == 2
    assert schedule_renewals(at=clock.now()) == 0
    stale = claim(RenewalTask.objects.all, at=clock.now(), lease=timedelta(minutes=1), limit=8)
    years.go(day(2035, 1, 2) + timedelta(minutes=2))
    # The lease has run out, and another worker does it all.
    assert work() == 2
    grown = copies()
    for task in stale:
        with pytest.raises(LostLease):
            renew(task, now=clock.now)
    assert copies() == grown
    assert Seal.objects.filter(act="extend", state="sealed").count() == 2
    assert RecordFile.objects.filter(earlier__isnull=False).count() == 2
    tick()
    assert work() == 0
    check_house()


def test_a_row_of_another_state_of_the_file_falls_away(years: Years, signed: Scene) -> None:
    years.go(day(2035, 1, 2), authority=2)
    schedule_renewals(at=clock.now())
    RenewalTask.objects.update(head=bytes(32))
    assert work() == 2
    assert set(RenewalTask.objects.values_list("state", flat=True)) == {"cancelled"}
    assert schedule_renewals(at=clock.now()) == 2
    assert work() == 2
    assert ends() == {(day(2047), "timestamp_certificate", day(2046))}


def test_altered_bytes_are_not_renewed(years: Years, signed: Scene) -> None:
    years.go(day(2035, 1, 2), authority=2)
    schedule_renewals(at=clock.now())
    file = RecordFile.objects.get(kind="document")
    RecordFile.objects.filter(pk=file.pk).update(sha256=bytes(32))
    RenewalTask.objects.filter(file=file).update(head=bytes(32))
    for minute in range(0, 60, 10):
        years.go(day(2035, 1, 2) + timedelta(minutes=minute))
        work()
    assert RenewalTask.objects.get(file=file).state == "stuck"
    assert RenewalTask.objects.get(file=file).trouble == "document.altered"
    assert not Revision.objects.filter(kind="extended").exists()


def test_the_clock_looks_at_files_of_before(years: Years, signed: Scene) -> None:
    known = ends()
    RecordFile.objects.update(verifiable_until=None, until_cause="", renew_at=None, stamped_at=None, weakest="", assessed_at=None)
    tick()
    assert ends() == known
    assert RecordFile.objects.exclude(assessed_at=None).count() == 2
    # One that cannot be read is told of, and is not in the way of others.
    RecordFile.objects.filter(kind="document").update(verifiable_until=None, sha256=bytes(32), assessed_at=None)
    tick()
    assert alarms() == {"renewal.unreadable"}
    assert RecordFile.objects.get(kind="document").assessed_at == clock.now()
    assert assess_files([RecordFile.objects.get(kind="certificate")], at=clock.now()) == 1


def test_a_renewal_that_was_asked_for_is_done_before_it_is_due(years: Years, signed: Scene) -> None:
    years.go(day(2031), authority=1)
    files = list(RecordFile.objects.all())
    assert ask_for_renewal(files, at=clock.now()) == 2
    work()
    assert set(RenewalTask.objects.values_list("held_up", flat=True)) == {"renewal.no_better_authority"}
    years.go(day(2031, 1, 2), authority=2)
    # Asked again, it does not wait for the next look.
    assert ask_for_renewal(files, at=clock.now()) == 2
    assert work() == 2
    assert ends() == {(day(2047), "timestamp_certificate", day(2046))}


def test_a_hold_of_a_row_that_was_lost_changes_nothing(years: Years, signed: Scene) -> None:
    years.go(day(2035, 1, 2), authority=1)
    schedule_renewals(at=clock.now())
    stale = RenewalTask.objects.first()
    assert stale is not None
    RenewalTask.objects.update(attempt=5)
    refusal = Refusal("renewal.no_better_authority", authority="somebody", until=day(2036), algorithm="P-256")
    hold_renewal(stale, refusal, at=clock.now())
    assert set(RenewalTask.objects.values_list("held_up", "due_at")) == {("", day(2035, 1, 2))}


def test_an_algorithm_that_ages_out_is_replaced_by_a_stronger_one(years: Years, cast: Cast) -> None:
    """The first authority's keys are RSA-2048, believed until the end of 2040; its certificates would last until 2046."""
    weak = generation(7, begins=day(2025), ends=day(2046), kind="rsa2048")
    years.line = Line((weak, *three().generations[1:]))
    years.go(day(2026, 6), authority=1)
    years.conclude(cast)
    sunset = datetime(2040, 12, 31, 14, 59, 59, tzinfo=UTC)
    assert ends() == {(sunset, "algorithm", sunset - timedelta(days=365))}
    assert set(RecordFile.objects.values_list("weakest", flat=True)) == {"RSA-2048"}

    years.go(day(2040, 1, 5), authority=1)
    closed = copies()
    tick()
    work()
    assert alarms() == {"renewal.no_stronger_algorithm"}
    assert "RSA-2048" in Alarm.objects.get(kind="renewal.no_stronger_algorithm").detail
    assert copies() == closed

    years.go(day(2040, 1, 20), authority=2)
    assert work() == 2
    assert ends() == {(day(2047), "timestamp_certificate", day(2046))}
    assert set(RecordFile.objects.values_list("weakest", flat=True)) == {"P-256"}
    for pdf in copies().values():
        assert judge(pdf, at=day(2046)).verdict == Verdict.VALID


def test_the_demonstrations_own_authority_ages(scene: Scene, years: Years) -> None:
    """It gives stamps of five years, and after four has nothing better to give."""
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    closed, began = copies(), clock.now()
    (until,) = {end for end, _cause, _due in ends()}
    assert until is not None
    assert timedelta(days=5 * 365 - 2) < until - began < timedelta(days=5 * 365)
    years.go(began + timedelta(days=4 * 365 + 1))
    tick()
    work()
    assert alarms() == {"renewal.no_better_authority"}
    years.go(until + timedelta(days=1))
    tick()
    assert drain(RENEW, now=clock.now) == 2
    tick()
    assert alarms() == {"renewal.missed"}
    assert copies() == closed
