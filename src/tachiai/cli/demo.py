"""``tachiai demo``: a real contract concluded headless, both sides played, in a house that is thrown away afterwards."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.accounts.models import Member
    from tachiai.archive.verification import Judgement
    from tachiai.envelopes.models import Envelope, HeldUpload


BUNDLE, VERIFIER, PAGE = "evidence-bundle.zip", "tachiai_verify.py", "tachiai_verify.html"


@dataclass(frozen=True)
class Given:
    """A document to be concluded."""

    name: str
    pdf: bytes


def demo(options: argparse.Namespace) -> int:
    """Conclude the given files (or the samples), write what both sides would get, and judge it. 1 if anything is amiss."""
    given = [_read(Path(name)) for name in options.files]
    out = Path(options.out)
    with tempfile.TemporaryDirectory(prefix="tachiai-demo-") as home:
        os.environ.update(TACHIAI_HOME=home, TACHIAI_MODE="demo", TACHIAI_MAILBOX="yes")
        for name in ("TACHIAI_SMTP_URL", "TACHIAI_DATABASE_URL", "TACHIAI_PUBLIC_URL"):
            os.environ.pop(name, None)
        return _conclude(given, out, started=time.monotonic())


def _read(path: Path) -> Given:
    try:
        return Given(path.name, path.read_bytes())
    except OSError as problem:
        raise Refusal("file.unreadable", file=str(path), reason=problem.strerror) from problem


def _conclude(given: list[Given], out: Path, *, started: float) -> int:
    _say(started, "making a house: secrets, database, embedded CA and TSA (認定タイムスタンプではありません)")
    from tachiai.cli.demo_people import deliver_all, settle_demo_people
    from tachiai.cli.houses import compile_catalogues, establish

    house = establish()
    compile_catalogues()
    settle_demo_people(house)
    given = given or _samples()
    envelope = _send(given, started)
    deliver_all()
    _counterparty_signs(envelope, started)
    deliver_all()
    _own_signer_signs(envelope, started)
    deliver_all()
    return _deliver(envelope, given, out, started)


def _samples() -> list[Given]:
    from tachiai.pages.samples import samples

    return [Given(sample.file_name, sample.pdf) for sample in samples()]


def _send(given: list[Given], started: float) -> Envelope:
    from tachiai.accounts.models import Member
    from tachiai.counterparties import usable_registrations
    from tachiai.envelopes.cautions import cautions_of
    from tachiai.envelopes.drafting import Description, create_envelope, describe_envelope, name_recipients
    from tachiai.envelopes.intake import Patience, take_in
    from tachiai.envelopes.models import HeldUpload
    from tachiai.envelopes.sending import send_envelope

    at = clock.now()
    clerk = Member.objects.select_related("organization").get(mail="clerk@sakuragaoka.example.jp")
    mayor = Member.objects.get(mail="mayor@sakuragaoka.example.jp")
    vendor = next(one for one in usable_registrations(clerk.organization) if one.mail == "midorino@example.jp")
    envelope = create_envelope(by=clerk, at=at)
    for file in given:
        _say(started, f"examining {file.name} ({len(file.pdf):,} bytes)")
        taken = take_in(envelope, file_name=file.name, pdf=file.pdf, by=clerk, at=at, patience=Patience())
        if isinstance(taken, HeldUpload):
            _settle(envelope, taken, by=clerk, started=started)
    today = clock.today(at)
    name = "業務委託契約（デモ）"
    description = Description(name, "", today, vendor.counterparty.name, 1_100_000, today + timedelta(days=30))
    describe_envelope(envelope, description, by=clerk, at=at)
    name_recipients(envelope, [(1, vendor), (2, mayor)], by=clerk, at=at)
    documents = list(envelope.documents.order_by("position"))
    for document in documents:
        if codes := cautions_of(document):
            _say(started, f"  warned of {document.name}: {', '.join(codes)}")
    send_envelope(envelope, by=clerk, at=clock.now(), acknowledged=[str(document.pk) for document in documents])
    _say(started, f"sent {envelope.number} with {len(given)} documents: freezing, certifying, drawing pages")
    return envelope


def _settle(envelope: Envelope, upload: HeldUpload, *, by: Member, started: float) -> None:
    """A file that could not be taken at once. The sender is played here, so their word on a rewritten one is given too."""
    from tachiai.cli.demo_people import deliver_all
    from tachiai.envelopes.models import UploadState
    from tachiai.envelopes.uploads import upload_in, use_upload

    deliver_all()
    settled = upload_in(envelope, upload.pk)
    if settled.state == UploadState.REFUSED:
        raise Refusal(settled.refusal["code"], **settled.refusal["facts"])
    if settled.state == UploadState.OFFERED:
        use_upload(settled, sha256=bytes(settled.rewritten_sha256 or b"").hex(), by=by, at=clock.now())
        _say(started, f"  {settled.file_name} was damaged and had to be rewritten")


def _counterparty_signs(envelope: Envelope, started: float) -> None:
    """From the mail alone: the link it holds, and the code that the counterparty registered."""
    from tachiai.cli.demo_people import COUNTERPARTIES, mailed
    from tachiai.envelopes.opening import open_envelope, show_document
    from tachiai.envelopes.signing import Circumstances, sign
    from tachiai.envelopes.visiting import visit

    _, _, name, mail, code, _ = COUNTERPARTIES[0]
    token = mailed(mail, r"/s/([\w-]{43})")
    at = clock.now()
    key = open_envelope(visit(token, key="", at=at), code=code, address="127.0.0.1", agent="tachiai demo", at=at)
    found = visit(token, key=key, at=at)
    for document in envelope.documents.order_by("position"):
        show_document(found.recipient, document, at=clock.now())
    sign(found, Circumstances("127.0.0.1", "tachiai demo", "ja"), at=clock.now())
    _say(started, f"{name} opened the link, entered the code, read everything and consented: sealing")


def _own_signer_signs(envelope: Envelope, started: float) -> None:
    from tachiai.envelopes.levels import level_at_desk
    from tachiai.envelopes.opening import show_document
    from tachiai.envelopes.signing import Circumstances, sign_at_desk

    recipient = envelope.recipients.select_related("envelope__organization__operator", "envelope__sender", "member").get(side="own")
    member = recipient.member
    if member is None:
        raise Refusal("recipients.incomplete")
    for document in envelope.documents.order_by("position"):
        show_document(recipient, document, at=clock.now())
    circumstances = Circumstances("127.0.0.1", "tachiai demo", "ja")
    sign_at_desk(recipient, circumstances, by=member, level=level_at_desk(second_factor=False), at=clock.now())
    _say(started, f"{member.name} consented at the desk: sealing, closing, certificate")


def _deliver(envelope: Envelope, given: list[Given], out: Path, started: float) -> int:
    from tachiai.envelopes.reading import concluded_copy, concluded_files

    envelope.refresh_from_db()
    if envelope.state != "concluded":
        print(f"tachiai: the envelope is {envelope.state}, not concluded", file=sys.stderr)
        return 1
    contracts = out / "contracts"
    if contracts.exists():
        shutil.rmtree(contracts)
    contracts.mkdir(parents=True)
    judged: list[tuple[Path, bytes, Judgement]] = []
    for file in concluded_files(envelope):
        pdf = concluded_copy(file, envelope, by=envelope.sender, at=clock.now()).pdf
        certificate = file.kind == "certificate"
        path = out / "certificate.pdf" if certificate else contracts / f"{file.position:02d}-{_plain(file.name)}.pdf"
        path.write_bytes(pdf)
        judged.append((path, pdf, _judge(pdf)))
    _say(started, f"concluded; files in {out}")
    proven = _leave_bundle(envelope, out, started)
    return _report(envelope, given, out, judged, proven=proven, seconds=time.monotonic() - started)


def _leave_bundle(envelope: Envelope, out: Path, started: float) -> bool:
    """The evidence bundle, and what the verifier inside it says when it is taken out and run alone, knowing nothing of this house."""
    from tachiai.envelopes.bundling import evidence_bundle

    made = evidence_bundle(envelope, by=envelope.sender, now=clock.now)
    with made.file, (out / BUNDLE).open("wb") as file:
        shutil.copyfileobj(made.file, file)
    with zipfile.ZipFile(out / BUNDLE) as bundle:
        for name in (VERIFIER, PAGE):
            (out / name).write_bytes(bundle.read(f"verify/{name}"))
    program = [sys.executable, "-I", str(out / VERIFIER), str(out / BUNDLE)]
    done = subprocess.run(program, capture_output=True, check=False)  # noqa: S603  # our own program, on our own file
    accepted = done.returncode == 0
    _say(started, f"evidence bundle {out / BUNDLE}: {VERIFIER} {'accepts' if accepted else 'REFUSES'} it")
    return accepted


def _judge(pdf: bytes) -> Judgement:
    from tachiai.archive.verification import judge

    return judge(pdf, at=clock.now())


def _plain(name: str) -> str:
    return "".join("-" if char in '\\/:*?"<>|' else char for char in name)[:80]


def _report(
    envelope: Envelope, given: list[Given], out: Path, judged: list[tuple[Path, bytes, Judgement]], *, proven: bool, seconds: float
) -> int:
    """The table, ``summary.json`` and the verdict: everything valid, every contract its upload plus what was appended."""
    from tachiai.envelopes.events import check_history

    contracts = [(path, pdf, judgement) for path, pdf, judgement in judged if path.name != "certificate.pdf"]
    kept = [_kept(envelope, number, file, pdf) for number, (file, (_, pdf, _)) in enumerate(zip(given, contracts, strict=True), start=1)]
    signers = envelope.recipients.count()
    fine = all(judgement.verdict == "valid" for _, _, judgement in judged) and all(kept) and proven
    fine = fine and all(_signatures(judgement) == signers for _, _, judgement in contracts)
    rows = [_row(path, pdf, judgement) for path, pdf, judgement in judged]
    summary = {
        "version": 1,
        "envelope": str(envelope.pk),
        "number": envelope.number,
        "concluded_at": envelope.concluded_at.isoformat() if envelope.concluded_at else None,
        "demonstration": True,
        "accredited_timestamp": False,
        "signers": signers,
        "ledger_entries": check_history(envelope),
        "uploads_kept": kept,
        "files": rows,
        "bundle": {"file": BUNDLE, "accepted": proven},
        "seconds": round(seconds, 3),
        "ok": fine,
    }
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    _table(rows)
    print("OK" if fine else "NOT AS IT MUST BE")
    return 0 if fine else 1


def _kept(envelope: Envelope, position: int, file: Given, pdf: bytes) -> bool:
    """Whether the concluded file begins with the uploaded bytes (or with the rewritten ones the sender accepted)."""
    document = envelope.documents.get(position=position)
    if document.normalised_from:
        return hashlib.sha256(file.pdf).digest() == bytes(document.normalised_from)
    return pdf.startswith(file.pdf)


def _signatures(judgement: Judgement) -> int:
    return sum(row.kind == "signature" for row in judgement.rows)


def _row(path: Path, pdf: bytes, judgement: Judgement) -> dict[str, Any]:
    return {
        "file": path.name,
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "bytes": len(pdf),
        "verdict": judgement.verdict,
        "signatures": _signatures(judgement),
        "timestamps": sum(row.kind == "timestamp" for row in judgement.rows),
        "names": [row.name for row in judgement.rows if row.kind == "signature"],
    }


def _table(rows: list[dict[str, Any]]) -> None:
    print(f"\n  {'verdict':12}{'signatures':>11}{'timestamps':>11}{'bytes':>12}  file")
    for row in rows:
        print(f"  {row['verdict']:12}{row['signatures']:>11}{row['timestamps']:>11}{row['bytes']:>12,}  {row['file']}")
        for name in row["names"]:
            print(f"  {'':12}  {name}")
    print()


def _say(started: float, what: str) -> None:
    print(f"[{time.monotonic() - started:6.2f} s] {what}", flush=True)
