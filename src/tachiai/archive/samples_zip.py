"""A sample taken home: the report, a list of the contracts, and the evidence of each, as one ZIP that is never whole in memory."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from datetime import datetime

from tachiai import vault
from tachiai.accounts.models import Member
from tachiai.archive.models import Sample, SampleItem
from tachiai.archive.samples import note_taken, take_report
from tachiai.clock import JAPAN
from tachiai.errors import Refusal
from tachiai.piecewise import Pipe
from tachiai.sheets import write_sheet

HEADS = (
    "No.",
    "管理番号 Number",
    "文書名 Title",
    "取引先 Counterparty",
    "締結日時 Concluded",
    "結果 Result",
    "証拠一式 Bundle",
    "SHA-256",
)


def zip_sample(sample: Sample, *, by: Member, at: datetime) -> Iterator[bytes]:
    """``report.pdf``, ``index.csv`` and ``bundles/NN_<number>.zip``. On record as taken before the first byte is given.

    Refuses with ``sample.unfinished``, or ``sample.expired`` when the bundles are gone.
    """
    report = take_report(sample, by=by, at=at)
    items = list(sample.items.select_related("record", "bundle").order_by("position"))
    if at >= sample.expires_at:
        raise Refusal("sample.expired")
    note_taken(sample, "bundles", by=by, at=at)
    return _pieces(report, items, moment=at.astimezone(JAPAN).timetuple()[:6])


def _pieces(report: bytes, items: list[SampleItem], *, moment: tuple[int, ...]) -> Iterator[bytes]:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as packed:
        for name, content in _files(report, items):
            entry = zipfile.ZipInfo(name, (moment[0], moment[1], moment[2], moment[3], moment[4], moment[5]))
            entry.external_attr = 0o644 << 16
            # Deflated although it hardly shrinks: readers of a stream cannot find the end of what is merely stored.
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
            yield pipe.drained()
    yield pipe.drained()


def _files(report: bytes, items: list[SampleItem]) -> Iterator[tuple[str, bytes]]:
    yield "report.pdf", report
    yield "index.csv", write_sheet(HEADS, map(_line, items))
    for item in items:
        if item.bundle is None:
            continue
        bundle = vault.read(item.bundle)
        if hashlib.sha256(bundle).digest() != bytes(item.bundle_sha256 or b""):
            raise Refusal("vault.altered", blob=str(item.bundle_id))
        yield f"bundles/{_name(item)}", bundle


def _name(item: SampleItem) -> str:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in item.record.number)
    return f"{item.position:03d}_{plain.strip('.') or 'contract'}.zip"


def _line(item: SampleItem) -> list[str | int]:
    """A contract in the index, under the heads; dates as in Japan."""
    record = item.record
    concluded = record.concluded_at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
    result = "異常なし In order" if item.sound else "要確認 Needs a look"
    bundle = f"bundles/{_name(item)}" if item.bundle_id else ""
    digest = bytes(item.bundle_sha256).hex() if item.bundle_sha256 else ""
    return [item.position, record.number, record.title, record.counterparty, concluded, result, bundle, digest]
