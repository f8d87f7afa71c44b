"""Contracts drawn by lot for an auditor: anybody can draw the same, everything is on record, and an altered contract is told."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from cast import Cast
from stories import concluded, work
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.archive.models import Record, Sample, SampleItem
from tachiai.archive.samples import digest_of, draw_sample, expire_samples, lot, take_report
from tachiai.archive.searching import Wanted
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.vault.models import Segment

Seat = Callable[[Member], Client]


def events(member: Member) -> list[ledger.Told]:
    return [entry for entry in ledger.entries(f"organization:{member.organization_id}") if entry.event.startswith("sample.")]


def test_a_lot_is_drawn_the_same_by_anybody() -> None:
    among, seed = [uuid.UUID(int=number) for number in range(50)], b"\x07" * 32
    drawn = lot(among, seed)
    assert drawn == lot(reversed(among), seed)
    assert sorted(drawn) == among
    assert drawn != lot(among, b"\x08" * 32)
    assert drawn[0] == min(among, key=lambda pk: hashlib.sha256(seed + pk.bytes).digest())


def test_an_auditor_takes_evidence_and_one_report(people: Cast, seat: Seat, house: object, tmp_path: Path) -> None:
    first, second = concluded(people), concluded(people)
    desk = seat(people.auditor)
    assert "監査用に抽出" in desk.get("/documents").content.decode()
    page = desk.get("/documents/samples/new?words=" + first.name)
    assert "2件" in page.content.decode()
    assert desk.post("/documents/samples/new", {"size": "0"}).status_code == 422
    answer = desk.post("/documents/samples/new?words=" + first.name, {"size": "20"})
    sample = Sample.objects.get()
    assert answer.headers["Location"] == f"/documents/samples/{sample.pk}"
    assert "2件中0件を確認しました" in desk.get(answer.headers["Location"]).content.decode()
    assert desk.get(f"/documents/samples/{sample.pk}/report.pdf").status_code == 422
    _draws_again(sample, [first, second])
    work()
    shown = desk.get(answer.headers["Location"]).content.decode()
    assert "抽出した2件すべてに異常はありませんでした" in shown
    _take_home(desk, sample, tmp_path)
    assert [entry.event for entry in events(people.auditor)] == ["sample.drawn", "sample.reported", *["sample.taken"] * 3]
    (taken,) = ledger.entries(first.stream, events=["evidence.exported"])
    assert (taken.data["sample"], taken.personal) == (str(sample.pk), {})
    desk.cookies["tachiai_language"] = "en"
    told = desk.get(f"/envelopes/{first.pk}").content.decode()
    assert f"Reason: sample for an audit ({str(sample.pk)[:8]})" in told
    assert "監査用の抽出" not in told
    assert expire_samples(at=clock.now()) == 0
    assert expire_samples(at=clock.now() + timedelta(days=31)) == 2
    assert not SampleItem.objects.filter(bundle__isnull=False).exists()
    assert desk.get(f"/documents/samples/{sample.pk}/report.pdf").status_code == 200


def _draws_again(sample: Sample, envelopes: list[Envelope]) -> None:
    """From the entry alone, and the list of what matched."""
    among = list(Record.objects.filter(origin__in=[one.pk for one in envelopes]).values_list("pk", flat=True))
    (entry,) = events(sample.drawn_by)
    assert entry.data["population_sha256"] == digest_of(among).hex()
    assert entry.data["records"] == [str(pk) for pk in lot(among, bytes.fromhex(entry.data["seed"]))]


def _take_home(desk: Client, sample: Sample, tmp_path: Path) -> None:
    report = desk.get(f"/documents/samples/{sample.pk}/report.pdf")
    sample.refresh_from_db()
    assert hashlib.sha256(report.content).digest() == bytes(sample.report_sha256 or b"")
    assert _words(report.content, tmp_path).count("締結証明書") >= 2
    judged = subprocess.run(["pdfsig", "report.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert judged.count("Signature is Valid") >= 1
    answer = desk.get(f"/documents/samples/{sample.pk}/bundles.zip")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a streaming answer
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = packed.namelist()
        rows = list(csv.reader(io.StringIO(packed.read("index.csv").decode("utf-8-sig"))))
        digests = [hashlib.sha256(packed.read(name)).hexdigest() for name in names if name.startswith("bundles/")]
    assert names[:2] == ["report.pdf", "index.csv"]
    assert [row[-1] for row in rows[1:]] == digests
    assert len(digests) == 2


def _words(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "report.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", "report.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_an_altered_contract_is_told_and_stops_nothing(people: Cast, seat: Seat, house: object, tmp_path: Path) -> None:
    first, _second = concluded(people), concluded(people)
    segment = Segment.objects.filter(blob=first.documents.get().blob).first()
    assert segment is not None
    box = house.home / "vault" / segment.path  # type: ignore[attr-defined]
    held = bytearray(box.read_bytes())
    held[len(held) // 2] ^= 1
    box.write_bytes(held)
    sample = draw_sample(Wanted(), size=20, conditions=(), language="en", by=people.admin, at=clock.now())
    work()
    assert sorted(bool(item.sound) for item in sample.items.all()) == [False, True]
    shown = seat(people.admin).get(f"/documents/samples/{sample.pk}").content.decode()
    assert "2件のうち1件は確認が必要です" in shown
    assert "締結時の記録と一致しません" in shown
    sample.refresh_from_db()
    report = _words(take_report(sample, by=people.admin, at=clock.now()), tmp_path)
    assert report.count("Certificate of conclusion") >= 2
    assert "締結証明書" not in report


def test_who_may_not_and_what_may_not(people: Cast) -> None:
    for member in (people.clerk, people.system):
        with pytest.raises(Refusal, match=r"sample\.not_allowed"):
            draw_sample(Wanted(), size=1, conditions=(), language="ja", by=member, at=clock.now())
    with pytest.raises(Refusal, match=r"sample\.empty"):
        draw_sample(Wanted(), size=1, conditions=(), language="ja", by=people.auditor, at=clock.now())
    with pytest.raises(Refusal, match=r"sample\.size"):
        draw_sample(Wanted(), size=101, conditions=(), language="ja", by=people.auditor, at=clock.now())
