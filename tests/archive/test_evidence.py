"""Evidence for whole archives: one token for all files of a night, one for all renewals, and twenty-five years of both."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from archive.evidence_house import EvidenceHouse, open_house
from cast import Cast
from crypto.evidence import generation, january
from tachiai import archive, vault
from tachiai.archive import evidence_times
from tachiai.archive.evidence_checking import check_evidence
from tachiai.archive.evidence_composing import Stamps, check, record_of
from tachiai.archive.evidence_exporting import evidence_of, has_evidence, record_named, zip_evidence
from tachiai.archive.evidence_work import bring_forward, plan_evidence, plan_making, plan_rehashing
from tachiai.archive.models import EvidenceBatch, EvidenceMember, EvidenceStamp, EvidenceTask, Record
from tachiai.crypto import evidence_records
from tachiai.crypto.evidence_records import hashed
from tachiai.crypto.sunsets import Era, Policy
from tachiai.errors import Outage, Refusal
from tachiai.ledger import entries
from tachiai.vault.models import Segment
from tachiai.work.models import Alarm

FIRST, SECOND, THIRD = generation(1, 2026), generation(2, 2033), generation(3, 2042, years=12, kind="p384")
MADE = january(2026) + timedelta(days=1)
# As CRYPTREC's, but that 128 bits give way at the end of 2045.
SUNSET = Policy(
    "test",
    (
        Era(112, datetime(2030, 12, 31, tzinfo=UTC).date(), datetime(2040, 12, 31, tzinfo=UTC).date()),
        Era(128, datetime(2043, 12, 31, tzinfo=UTC).date(), datetime(2045, 12, 31, tzinfo=UTC).date()),
        Era(192, datetime(2070, 12, 31, tzinfo=UTC).date(), datetime(2070, 12, 31, tzinfo=UTC).date()),
    ),
)


@pytest.fixture
def house(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> EvidenceHouse:
    return open_house(cast, monkeypatch, FIRST, SECOND, THIRD)


def told(event: str) -> list[dict[str, object]]:
    return [dict(one.data) for one in entries("house") if one.event == event]


def made(house: EvidenceHouse, *contents: bytes, at: datetime = MADE) -> list[Record]:
    records = [house.files(content, at=at) for content in contents]
    plan_making(at=at)
    house.run(at)
    return records


def only_file(record: Record) -> archive.models.RecordFile:
    return record.files.get()


# ------------------------------------------------------------------------------------------------------- making


def test_one_token_stands_over_all_files_of_a_night(house: EvidenceHouse) -> None:
    records = [house.files(f"{number}".encode(), f"{number} certificate".encode(), at=MADE) for number in range(7)]
    assert plan_making(at=MADE) == 1
    house.run(MADE)
    assert house.authority.asked == 1
    batch = EvidenceBatch.objects.get()
    assert (batch.count, batch.generation, EvidenceStamp.objects.count()) == (14, 1, 1)
    for record in records:
        for file in record.files.all():
            found = evidence_of(file, at=MADE)
            assert found.proof.since == MADE
            assert found.proof.steps[0].proven
    (entry,) = told("evidence.made")
    assert (entry["files"], entry["root"], entry["accredited"]) == (14, bytes(batch.stamp.root).hex(), False)


def test_a_file_is_taken_up_once_and_later_files_by_the_next_batch(house: EvidenceHouse) -> None:
    made(house, b"one", b"two")
    assert plan_making(at=MADE) == 0
    made(house, b"three", at=MADE + timedelta(days=1))
    assert sorted(EvidenceBatch.objects.values_list("count", flat=True)) == [1, 2]
    assert EvidenceMember.objects.count() == 3


def test_the_night_comes_once_and_only_when_it_was_asked_for(house: EvidenceHouse) -> None:
    house.files(b"one", at=MADE)
    evening = datetime(2026, 2, 1, 16, 0, tzinfo=UTC)  # 01:00 of the next day in Japan
    assert plan_evidence(nightly=None, at=evening) == 0
    assert plan_evidence(nightly=time(2, 30), at=evening) == 0
    assert [plan_evidence(nightly=time(2, 30), at=evening + timedelta(hours=hours)) for hours in (2, 3, 22)] == [1, 0, 0]
    assert plan_evidence(nightly=time(2, 30), at=evening + timedelta(hours=26)) == 1
    assert EvidenceTask.objects.count() == 2


def test_a_night_without_new_files_costs_no_token(house: EvidenceHouse) -> None:
    plan_evidence(nightly=time(0, 0), at=MADE)
    assert house.run(MADE) == 1
    assert house.authority.asked == 0


def test_more_files_than_a_batch_holds_go_on_in_the_next(house: EvidenceHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachiai.archive.evidence_making.MOST_FILES", 2)
    records = made(house, b"one", b"two", b"three", b"four", b"five")
    assert [batch.count for batch in EvidenceBatch.objects.order_by("created_at", "-count")] == [2, 2, 1]
    assert all(has_evidence(record) for record in records)


def test_an_outage_is_waited_for_with_an_alarm_and_nothing_is_made_twice(house: EvidenceHouse) -> None:
    house.files(b"one", at=MADE)
    plan_making(at=MADE)
    house.authority.away = True
    house.run(MADE)
    house.run(MADE + timedelta(minutes=2))
    assert Alarm.objects.get(cleared_at=None).detail.startswith("tsa.unreachable")
    assert not EvidenceBatch.objects.exists()
    house.authority.away = False
    house.run(MADE + timedelta(minutes=20))
    assert EvidenceBatch.objects.get().count == 1
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_two_workers_over_the_same_files_make_one_batch(house: EvidenceHouse) -> None:
    """The second finds the files taken when it comes to record them, and does its row again: then there is nothing to do."""
    house.files(b"one", at=MADE)
    plan_making(at=MADE)
    plan_making(at=MADE + timedelta(seconds=1))
    before = house.authority.timestamp

    def slow(digest: bytes, *, at: datetime) -> object:
        token = before(digest, at=at)
        house.authority.timestamp = before  # type: ignore[method-assign]
        house.run(MADE + timedelta(seconds=2), plan=False)
        return token

    house.authority.timestamp = slow  # type: ignore[method-assign,assignment]
    house.run(MADE + timedelta(seconds=1), plan=False)
    house.run(MADE + timedelta(minutes=1), plan=False)
    assert EvidenceBatch.objects.get().count == 1
    assert not EvidenceTask.objects.filter(state="waiting").exists()


# ------------------------------------------------------------------------------------------------------ renewal


def test_a_batch_is_due_a_year_before_its_end(house: EvidenceHouse) -> None:
    made(house, b"one")
    assert EvidenceBatch.objects.get().renew_at == FIRST.end - evidence_times.LEAD
    short = january(2026) + timedelta(days=300)
    assert evidence_times.renewal_due(january(2026), short) == january(2026) + timedelta(days=150)


def test_one_token_renews_every_batch_that_is_due(house: EvidenceHouse) -> None:
    records = [made(house, f"{number}".encode(), at=MADE + timedelta(days=number))[0] for number in range(5)]
    before = {record.pk: evidence_of(only_file(record), at=MADE + timedelta(days=9)).proof.since for record in records}
    house.authority.generation, house.authority.asked = SECOND, 0
    due = FIRST.end - timedelta(days=300)
    assert house.run(due) == 1
    assert house.authority.asked == 1
    for record in records:
        proof = evidence_of(only_file(record), at=due).proof
        assert (proof.since, len(proof.steps), proof.until) == (before[record.pk], 2, SECOND.end)
    assert house.run(due + timedelta(days=1)) == 0
    (entry,) = told("evidence.renewed")
    assert (len(entry["batches"]), entry["files"]) == (5, 5)  # type: ignore[arg-type]


def test_a_renewal_that_ends_no_later_is_put_off_and_told(house: EvidenceHouse) -> None:
    (record,) = made(house, b"one")
    due = FIRST.end - timedelta(days=80)
    house.run(due)
    assert EvidenceBatch.objects.get().last == EvidenceBatch.objects.get().stamp
    assert "not_renewed" in Alarm.objects.get(cleared_at=None).detail
    assert house.run(due + timedelta(days=1)) == 0
    house.authority.generation = SECOND
    house.run(due + timedelta(days=31))
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert evidence_of(only_file(record), at=january(2037)).proof.until == SECOND.end


def test_without_renewal_the_evidence_is_refused_when_it_ages_out(house: EvidenceHouse) -> None:
    (record,) = made(house, b"one")
    with pytest.raises(Refusal, match=r"evidence\.aged"):
        evidence_of(only_file(record), at=FIRST.end + timedelta(days=1))
    house.authority.generation, house.authority.asked = SECOND, 0
    house.run(FIRST.end + timedelta(days=2))
    house.run(FIRST.end + timedelta(days=3))
    assert house.authority.asked == 0
    assert Alarm.objects.get(cleared_at=None).detail.startswith("evidence.lapsed: 1 files")


def test_a_stamp_that_gives_trouble_holds_up_nobody_else(house: EvidenceHouse) -> None:
    """Its authority is not pinned any more; once it is again, the stamp is renewed by itself."""
    (record,) = made(house, b"one")
    house.authority.generation = SECOND
    (other,) = made(house, b"two", at=january(2033))
    bring_forward(at=january(2034))
    fourth = generation(4, 2034, years=15)
    house.authority.generation, house.generations = fourth, (SECOND, fourth)
    house.run(january(2034))
    assert len(evidence_of(only_file(other), at=january(2035)).proof.steps) == 2
    assert Alarm.objects.get(cleared_at=None).detail == "evidence.token_broken: not renewed"
    house.generations = (FIRST, SECOND, fourth)
    house.run(january(2034) + timedelta(days=1))
    assert len(evidence_of(only_file(record), at=january(2035)).proof.steps) == 2
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_an_authority_that_has_gone_is_waited_for_and_then_done_without(house: EvidenceHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    (record,) = made(house, b"one")
    house.authority.generation = SECOND
    answered = house.gather

    def silent(chains: list[tuple[bytes, ...]], **asked: object) -> object:
        if chains[0][-1] == FIRST.root:
            raise Outage("revocation.unreachable", "gone")
        return answered(chains, **asked)  # type: ignore[arg-type]

    monkeypatch.setattr(house, "gather", silent)
    early = FIRST.end - timedelta(days=300)
    house.run(early)
    assert EvidenceTask.objects.get(act="renew").trouble == "revocation.unreachable"
    house.run(FIRST.end - timedelta(days=80))
    assert len(evidence_of(only_file(record), at=january(2037)).proof.steps) == 2


def test_everything_may_be_renewed_before_its_time(house: EvidenceHouse) -> None:
    (record,) = made(house, b"one")
    house.authority.generation = SECOND
    assert bring_forward(at=january(2033)) == 1
    house.run(january(2033))
    assert len(evidence_of(only_file(record), at=january(2034)).proof.steps) == 2


# ----------------------------------------------------------------------------------------------------- rehashing


def test_a_stronger_tree_is_built_over_the_files_themselves(house: EvidenceHouse) -> None:
    records = made(house, b"one", b"two", b"three")
    assert plan_rehashing("sha512", at=january(2030)) == 1
    house.run(january(2030))
    new = EvidenceBatch.objects.get(generation=2)
    assert (new.count, new.stamp.digest, new.continues.count) == (3, "sha512", 3)
    for record, data in zip(records, (b"one", b"two", b"three"), strict=True):
        found = evidence_of(only_file(record), at=january(2031))
        assert [step.digest for step in found.proof.steps] == ["sha256", "sha512"]
        assert bytes(EvidenceMember.objects.get(batch=new, file=only_file(record)).hash) == hashlib.sha512(data).digest()
    with pytest.raises(Refusal, match=r"evidence\.not_stronger"):
        plan_rehashing("sha384", at=january(2031))


def test_a_stamp_that_two_chains_stand_on_never_changes_once_it_is_covered(house: EvidenceHouse) -> None:
    """Two batches renewed together share a token; their hash trees are renewed years apart."""
    first, second = made(house, b"one")[0], made(house, b"two", at=MADE + timedelta(days=1))[0]
    house.authority.generation = SECOND
    bring_forward(at=january(2033))
    house.run(january(2033))
    plan_rehashing("sha384", at=january(2034))
    tasks = list(EvidenceTask.objects.filter(state="waiting").order_by("pk"))
    EvidenceTask.objects.filter(pk=tasks[1].pk).update(due_at=january(2036))
    house.run(january(2034), plan=False)
    house.run(january(2036), plan=False)
    for record in (first, second):
        assert [step.digest for step in evidence_of(only_file(record), at=january(2037)).proof.steps] == ["sha256", "sha256", "sha384"]


def test_an_altered_file_is_left_out_and_told_and_the_others_go_on(house: EvidenceHouse) -> None:
    lost, kept = made(house, b"one", b"two")
    EvidenceMember.objects.filter(file=only_file(lost)).update(hash=bytes(32))
    plan_rehashing("sha512", at=january(2030))
    house.run(january(2030))
    assert EvidenceBatch.objects.get(generation=2).count == 1
    assert Alarm.objects.get(cleared_at=None).detail.startswith("evidence.file_altered")
    assert len(evidence_of(only_file(kept), at=january(2031)).proof.steps) == 2
    assert told("evidence.renewed")[0]["lost"] == 1


def test_what_is_destroyed_stays_proven_to_whoever_has_a_copy_and_gets_nothing_new(house: EvidenceHouse) -> None:
    gone, kept = made(house, b"one", b"two")
    (alone,) = made(house, b"three", at=MADE + timedelta(days=1))
    with transaction.atomic():
        vault.destroy([only_file(record).blob_id for record in (gone, alone)], shredding=uuid.uuid4(), at=january(2029))
    assert plan_rehashing("sha512", at=january(2030)) == 2
    house.run(january(2030))
    assert [batch.count for batch in EvidenceBatch.objects.filter(generation=2)] == [1]
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert len(evidence_of(only_file(kept), at=january(2031)).proof.steps) == 2
    with pytest.raises(Refusal, match=r"vault\.shredded"):
        evidence_of(only_file(gone), at=january(2031))
    with pytest.raises(Refusal, match=r"evidence\.none"):
        zip_evidence(gone, by=None, at=january(2031))
    members = EvidenceMember.objects.filter(file=only_file(gone)).select_related("batch__stamp")
    record = record_of(list(members), Stamps())
    assert [step.digest for step in check(record, hashed([b"one"]), at=january(2031)).steps] == ["sha256"]


def test_the_digest_ages_out_by_the_clock_alone(house: EvidenceHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_times, "policy", lambda: SUNSET)
    for module in ("evidence_stamps", "evidence_composing"):
        monkeypatch.setattr(f"tachiai.archive.{module}.policy", lambda: SUNSET)
    house.authority.generation = THIRD
    (record,) = made(house, b"one", at=january(2042))
    assert EvidenceBatch.objects.get().renew_at.date().isoformat() == "2044-12-31"
    house.run(january(2045))
    assert [step.digest for step in evidence_of(only_file(record), at=january(2045)).proof.steps] == ["sha256", "sha512"]


def test_twenty_five_years_three_authorities_and_one_stronger_digest(house: EvidenceHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything by the clock: looked at each January, as the worker does every ten seconds."""
    for module in ("evidence_stamps", "evidence_composing"):
        monkeypatch.setattr(f"tachiai.archive.{module}.policy", lambda: SUNSET)
    monkeypatch.setattr(evidence_times, "policy", lambda: SUNSET)
    records = made(house, b"the contract", b"another")
    neglected = evidence_of(only_file(records[0]), at=MADE)
    for year in range(2027, 2052):
        house.authority.generation = FIRST if year < 2033 else SECOND if year < 2042 else THIRD
        house.run(january(year) + timedelta(days=5))
        if year in (2031, 2046, 2051):
            for record in records:
                assert evidence_of(only_file(record), at=january(year) + timedelta(days=6)).proof.since == MADE
    steps = evidence_of(only_file(records[0]), at=january(2051)).proof.steps
    assert [step.digest for step in steps] == ["sha256", "sha256", "sha256", "sha512"]
    assert len({step.authority for step in steps}) == 3
    assert house.authority.asked == len(steps)
    for year in (2031, 2046):
        asked = evidence_records.hashed([neglected.data])
        if year == 2031:
            evidence_records.verify(neglected.record, asked, roots=house.tsa_roots, at=january(year), policy=SUNSET)
        else:
            with pytest.raises(Refusal, match=r"evidence\.aged"):
                evidence_records.verify(neglected.record, asked, roots=house.tsa_roots, at=january(year), policy=SUNSET)


# -------------------------------------------------------------------------------------------- growing and leaving


def grow(record: Record, tail: bytes, *, at: datetime) -> None:
    """Proof is appended to the record's file, as a renewal of its own would do."""
    file = only_file(record)
    before = vault.read(file.blob)
    digest = hashlib.sha256(before + tail).digest()
    stored = vault.put_tail(file.blob, tail, total_sha256=digest)
    with transaction.atomic(durable=True):
        vault.keep(stored, at=at)
        archive.refile(record.origin, file.blob, before=bytes(file.sha256), sha256=digest, size=stored.total_size, at=at)


def test_a_file_that_grew_keeps_the_evidence_of_its_beginning(house: EvidenceHouse) -> None:
    (record,) = made(house, b"%PDF one %%EOF\n")
    grow(record, b"proof appended later %%EOF\n", at=MADE)
    found = evidence_of(only_file(record), at=MADE)
    assert found.data == b"%PDF one %%EOF\n"
    plan_rehashing("sha512", at=january(2030))
    house.run(january(2030))
    assert evidence_of(only_file(record), at=january(2031)).data == b"%PDF one %%EOF\n"
    whole = vault.read(only_file(record).blob)
    checked = check_evidence(whole, found.record, at=january(2030), roots=house.tsa_roots)
    assert (checked.size, checked.whole, checked.proof.since) == (len(found.data), len(whole), MADE)


def test_the_bytes_on_record_are_the_bytes_of_the_evidence_or_nothing_leaves(house: EvidenceHouse) -> None:
    (record,) = made(house, b"one")
    EvidenceMember.objects.update(hash=bytes(32))
    with pytest.raises(Refusal, match=r"evidence\.file_altered"):
        zip_evidence(record, by=None, at=MADE)
    Segment.objects.update(sha256=bytes(32))
    with pytest.raises(Refusal, match=r"vault\.altered"):
        zip_evidence(record, by=None, at=MADE)


def test_a_tampered_stamp_never_leaves_the_house(house: EvidenceHouse) -> None:
    (record, _other) = made(house, b"one", b"two")
    member = EvidenceMember.objects.get(file=only_file(record))
    member.path = bytes(member.path)[:-1] + bytes((bytes(member.path)[-1] ^ 1,))
    member.save()
    with pytest.raises(Refusal, match=r"evidence\.(tree_broken|other_object)"):
        evidence_of(only_file(record), at=MADE)


def test_a_contract_is_taken_home_with_all_that_checking_needs(house: EvidenceHouse) -> None:
    record = house.files(b"%PDF contract %%EOF", b"%PDF certificate %%EOF", at=MADE)
    with pytest.raises(Refusal, match=r"evidence\.none"):
        zip_evidence(record, by=house.cast.clerk, at=MADE)
    plan_making(at=MADE)
    house.run(MADE)
    content = zip_evidence(record_named(record.certificate_number), by=house.cast.clerk, at=MADE)
    bundle = zipfile.ZipFile(io.BytesIO(content))
    documents = ["01_契約書1.pdf", "02_契約書2.pdf"]
    assert bundle.namelist() == [name for one in documents for name in (one, f"{one}.ers")] + ["roots.pem", "README.txt"]
    for name in documents:
        checked = check_evidence(bundle.read(name), bundle.read(f"{name}.ers"), at=MADE, roots=house.tsa_roots)
        assert (checked.size, checked.proof.since) == (checked.whole, MADE)
        assert hashlib.sha256(bundle.read(name)).hexdigest() in bundle.read("README.txt").decode()
    assert bundle.read("roots.pem").count(b"BEGIN CERTIFICATE") == 3
    last = entries(f"organization:{record.organization_id}")[-1]
    assert (last.event, last.data["record"]) == ("evidence.exported", str(record.pk))
    with pytest.raises(Refusal, match=r"evidence\.unknown"):
        record_named("NO-SUCH-NUMBER")


def test_a_strangers_record_is_judged_in_a_child_and_told_by_its_code(house: EvidenceHouse) -> None:
    (record,) = made(house, b"one")
    found = evidence_of(only_file(record), at=MADE)
    with pytest.raises(Refusal, match=r"evidence\.other_object"):
        check_evidence(b"two", found.record, at=MADE, roots=house.tsa_roots)
    with pytest.raises(Refusal, match=r"evidence\.unreadable"):
        check_evidence(b"one", found.record[:-1], at=MADE, roots=house.tsa_roots)
    with pytest.raises(Refusal, match=r"evidence\.unreadable"):
        check_evidence(b"one", bytes(evidence_records.LARGEST_RECORD + 1), at=MADE, roots=house.tsa_roots)
    with pytest.raises(Refusal, match=r"evidence\.authority_unknown"):
        check_evidence(b"one", found.record, at=MADE, roots=(SECOND.root,))
