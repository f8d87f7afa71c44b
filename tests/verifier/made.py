"""Judgements made by hand, every field filled, for looking at what is said of them."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tachiai.accounts.models import Operator, Organization
from tachiai.archive.models import Record, RecordFile
from tachiai.archive.verification import Judgement, Verdict
from tachiai.crypto.judgement import Algorithm, Change, Link, Report, Row

AT = datetime(2026, 4, 2, 1, 10, 5, tzinfo=UTC)
UNTIL = datetime(2040, 12, 31, 14, 59, 59, tzinfo=UTC)
ROOT = "CN=Example Root CA R1,O=Example Trust Services (fictional),C=JP"
ISSUER = "CN=Example Signing CA G3,O=Example Trust Services (fictional),C=JP"
HOLDER = "CN=Hanako Mihon,O=Midorino Works Ltd. (fictional),C=JP"
TSA = "CN=Example Time Stamping Unit 7,O=Example Trust Services (fictional),C=JP"
BROKEN_YEARS = timedelta(days=3650)


def link(subject: str, issuer: str, key: str = "RSA-2048") -> Link:
    return Link(subject, issuer, AT - timedelta(days=90), AT + BROKEN_YEARS, hashlib.sha256(subject.encode()).hexdigest(), key)


CHAIN = (link(HOLDER, ISSUER), link(ISSUER, ROOT, "RSA-4096"), link(ROOT, ROOT, "RSA-4096"))
TIME_CHAIN = (link(TSA, ROOT, "P-256"), link(ROOT, ROOT, "RSA-4096"))
ALGORITHMS = (
    Algorithm("digest", "SHA-256", 128, date(2050, 12, 31), date(2060, 12, 31)),
    Algorithm("key", "RSA-2048", 112, date(2030, 12, 31), date(2040, 12, 31)),
    Algorithm("timestamp_key", "P-256", 128, date(2050, 12, 31), date(2060, 12, 31)),
)
LAID_ON = (
    Change(3, "signature", allowed=True),
    Change(4, "validation_data", allowed=True),
    Change(5, "timestamp", allowed=True),
)


def row(**other: Any) -> Row:
    """A good signature of a known person, whose certificate leads to a list of trust; ``other`` says what is different."""
    given: dict[str, Any] = {
        "field": "Signature1",
        "kind": "signature",
        "name": "見本　花子",
        "reason": "電子契約への同意",
        "contact": "hanako@midorino.example.jp",
        "location": "株式会社みどり野製作所（架空）",
        "signed_at": AT,
        "gen_time": AT + timedelta(seconds=2),
        "tsa_subject": TSA,
        "signer_subject": HOLDER,
        "issuer": ISSUER,
        "not_after": AT + BROKEN_YEARS,
        "fingerprint": CHAIN[0].fingerprint,
        "coverage": "earlier_revision",
        "consent": None,
        "level": "B-LTA",
        "problems": (),
        "verdict": "valid",
        "trust": "listed",
        "trust_list": "Example List",
        "time_trust": "listed",
        "chain": CHAIN,
        "time_chain": TIME_CHAIN,
        "revocation": "good",
        "revocation_at": AT + timedelta(minutes=1),
        "algorithms": ALGORITHMS,
        "changes": LAID_ON,
        "until": UNTIL,
        "until_cause": "algorithm",
    }
    return Row(**(given | other))


def stamp(**other: Any) -> Row:
    """The document timestamp behind the signatures."""
    given: dict[str, Any] = {
        "field": "Timestamp1",
        "kind": "timestamp",
        "name": "",
        "reason": "",
        "contact": "",
        "location": "",
        "signer_subject": "",
        "issuer": "",
        "not_after": None,
        "fingerprint": "",
        "coverage": "whole_file",
        "trust": "unjudged",
        "trust_list": "",
        "chain": (),
        "changes": (),
        "gen_time": AT + timedelta(minutes=3),
    }
    return row(**(given | other))


def judged(verdict: Verdict, *rows: Row, reasons: tuple[str, ...] = (), file: RecordFile | None = None, **report: Any) -> Judgement:
    given: dict[str, Any] = {"closed": True, "whole_file": True, "problems": (), "until": UNTIL, "until_cause": "algorithm"}
    told = Report(rows=rows, **(given | report)) if rows else None
    return Judgement(verdict, reasons, hashlib.sha256(str(verdict).encode()).digest(), 123_456, told, file)


def filed(*, measure: int | None = None) -> RecordFile:
    """A concluded document of a house that keeps it; the rows are not saved."""
    operator = Operator(name="立会テスト運営", name_en="Tachiai Test Operator")
    record = Record(
        organization=Organization(name="さくら丘市（架空）", operator=operator),
        certificate_number="ABCD-EFGH-JKLM-NPQR",
        concluded_at=AT,
        measure=measure,
    )
    return RecordFile(record=record, kind="document", name="業務委託契約書")


def listed() -> Judgement:
    return judged(Verdict.VALID, row(), row(name="坂本　一郎", contact="", location="", field="Signature2"), stamp())


def unknown_root() -> Judgement:
    doubtful: dict[str, Any] = {"verdict": "attention", "code": "unknown_root", "trust": "unknown_root", "trust_list": ""}
    rows = (row(**doubtful), stamp(verdict="attention", code="timestamp_untrusted", time_trust="unknown_root"))
    return judged(Verdict.ATTENTION, *rows, reasons=("file.not_ours", "seal.unknown_root", "seal.timestamp_untrusted"))


def altered() -> Judgement:
    changes = (Change(3, "annotation", allowed=False, pages=(1, 3)), Change(4, "content", allowed=False, pages=(2,)))
    bad = row(verdict="invalid", code="broken", problems=("broken",), changes=changes, until=None, until_cause="unknown")
    return judged(Verdict.INVALID, bad, reasons=("seal.broken",), whole_file=False, until=None, until_cause="unknown")


def revoked() -> Judgement:
    bad = row(verdict="invalid", code="certificate_revoked", revocation="revoked", revocation_at=AT - timedelta(days=3))
    return judged(Verdict.INVALID, bad, reasons=("seal.certificate_revoked",))


def unverifiable() -> Judgement:
    return judged(Verdict.UNVERIFIABLE, reasons=("seal.unreadable",))


def unsigned() -> Judgement:
    return judged(Verdict.UNSIGNED, reasons=("seal.no_signature",))
