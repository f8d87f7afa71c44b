"""The certificate of conclusion (締結証明書): what happened to an envelope, on paper that a court, an auditor and a clerk can read.

Japanese and English stand on the same paper. The sentence on it is the operator's, who witnesses; the house seals the PDF afterwards like
any paper of its own. The layout is ``layouts/certificate.typ``, the facts are described in ``docs/formats/certificate.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from tachiai.pages.typesetting import printable, typeset

# Japan has kept one offset since 1951, and a fixed one needs no zone data on the machine.
JST = timezone(timedelta(hours=9), "JST")

Registration = Literal["paper", "online", "desk", "typed"]
AuthorityKind = Literal["accredited", "other", "embedded"]

REGISTRATIONS: dict[str, tuple[str, str]] = {
    "paper": ("書面（職員入力）", "On paper, entered by staff"),
    "online": ("オンライン（本人入力）", "Online, entered by the person"),
    "desk": ("当方職員ログイン", "Member of the sending organization, signed in"),
    "typed": ("届出なし（送信者が入力）", "Not registered; entered by the sender"),
}
LEVELS: dict[str, tuple[str, str]] = {
    "mail": ("メールのみ", "Mail only"),
    "mail+code": ("メール＋届出済みアクセスコード", "Mail and registered access code"),
    "mail+code+totp": ("メール＋届出済みアクセスコード＋認証アプリ", "Mail, registered access code and authenticator app"),
    "mail+code+passkey": ("メール＋届出済みアクセスコード＋パスキー", "Mail, registered access code and passkey"),
    "mail+totp": ("メール＋認証アプリ", "Mail and authenticator app"),
    "mail+sms": ("メール＋SMS認証コード", "Mail and code by SMS"),
    "passkey": ("パスキー", "Passkey"),
    "sso": ("シングルサインオン", "Single sign-on"),
    "desk": ("ログイン（パスワード）", "Sign-in with password"),
    "desk+totp": ("ログイン（パスワード＋認証アプリ）", "Sign-in with password and authenticator app"),
    "desk+passkey": ("ログイン（パスキー）", "Sign-in with passkey"),
}
AUTHORITIES: dict[str, tuple[str, str]] = {
    "accredited": ("認定タイムスタンプ（総務大臣認定）", "Accredited timestamp (Japan)"),
    "other": ("認定タイムスタンプではありません", "Not an accredited timestamp"),
    "embedded": (
        "認定タイムスタンプではありません（組込みの試験用時刻認証局）",
        "Not an accredited timestamp (built-in authority for trials)",
    ),
}


@dataclass(frozen=True)
class CertificateOperator:
    """Who runs the house and witnesses (運営者). ``is_party`` where the same body is also a party to the contract."""

    name: str
    name_en: str
    is_party: bool


@dataclass(frozen=True)
class CertificateDocument:
    """One document: digests are lower-case hexadecimal SHA-256 of the file as uploaded and as concluded."""

    name: str
    pages: int
    upload_sha256: str
    concluded_sha256: str


@dataclass(frozen=True)
class CertificateChange:
    """署名者変更: whose place was taken by whom, and when; both as name and mail address."""

    before: str
    after: str
    at: datetime


@dataclass(frozen=True)
class CertificatePerson:
    """One signer, in the order of signing. ``level`` is a key of `LEVELS` (another word is printed as it is); times are aware, None
    where the step did not take place; ``history`` has the changes that led to this person, the oldest first."""

    order: int
    organization: str
    title: str
    name: str
    mail: str
    level: str
    registration: Registration
    requested_at: datetime | None
    opened_at: datetime | None
    consented_at: datetime | None
    sealed_at: datetime | None
    address: str
    history: tuple[CertificateChange, ...] = ()


@dataclass(frozen=True)
class CertificateReviewer:
    """Who confirmed without signing: ``role`` and ``role_en`` are what they are called; otherwise as a signer."""

    order: int
    role: str
    role_en: str
    organization: str
    title: str
    name: str
    mail: str
    level: str
    registration: Registration
    requested_at: datetime | None
    opened_at: datetime | None
    confirmed_at: datetime | None
    address: str
    history: tuple[CertificateChange, ...] = ()


@dataclass(frozen=True)
class CertificateDecliner:
    """Who declined where any one of several sufficed, and another did it: what is not here was not asked of them."""

    order: int
    role: str
    role_en: str
    organization: str
    title: str
    name: str
    mail: str
    requested_at: datetime | None
    opened_at: datetime | None
    declined_at: datetime | None
    history: tuple[CertificateChange, ...] = ()


@dataclass(frozen=True)
class CertificateTimestamp:
    """One timestamp token: the document, the revision it covers, its genTime (RFC 3161), and the subject of the authority's certificate."""

    document: str
    revision: int
    at: datetime
    authority: str
    accredited: bool


@dataclass(frozen=True)
class CertificateCheckpoint:
    """The checkpoint of the operator's ledger that covers everything up to the closing: the log's name, how many entries, the root over
    them (base64, as the note has it), SHA-256 of the whole signed note (lower-case hexadecimal), and the time of its timestamp."""

    origin: str
    size: int
    root: str
    note_sha256: str
    stamped_at: datetime


@dataclass(frozen=True)
class CertificateApproval:
    """One approval by the sending organization, in order: who gave it, and for whom if they stood in for somebody (``""`` if not)."""

    step: int
    department: str
    title: str
    name: str
    instead_of: str
    at: datetime


@dataclass(frozen=True)
class CertificateFacts:
    """Everything the paper says. ``concluded_at`` is the last timestamp's time; ``issued_at`` dates the paper itself. ``contract_date`` is
    what the contract says of itself, and ``amount`` is in yen, ``untaxed`` or with tax: None is printed as 「記載なし」, 0 as 0.
    ``internal`` names what the sender keeps to themselves of ``transaction_date`` (the contract's), ``counterparty`` and ``amount``:
    the paper, which goes to everybody, has no line for it."""

    number: str
    verification_url: str
    operator: CertificateOperator
    envelope_name: str
    control_number: str
    sender_organization: str
    sender_person: str
    concluded_at: datetime
    issued_at: datetime
    contract_date: date | None
    counterparty: str
    amount: int | None
    authority_name: str
    authority_kind: AuthorityKind
    documents: tuple[CertificateDocument, ...]
    people: tuple[CertificatePerson, ...]
    timestamps: tuple[CertificateTimestamp, ...] = field(default=())
    checkpoint: CertificateCheckpoint | None = None
    reviewers: tuple[CertificateReviewer, ...] = ()
    untaxed: bool = False
    internal: frozenset[str] = frozenset()
    approvals: tuple[CertificateApproval, ...] = field(default=())
    decliners: tuple[CertificateDecliner, ...] = ()


def certificate(facts: CertificateFacts) -> bytes:
    """The certificate as PDF/A-2a, A4, the same bytes for the same facts. Raises `ValueError` for a time without a zone.

    A character no font shows is printed as its code, ``〔U+1F600〕``; none disappears.
    """
    return typeset("certificate", data=printable(_paper(facts)), at=facts.issued_at)


def _paper(facts: CertificateFacts) -> dict[str, Any]:
    operator = facts.operator
    return {
        "number": facts.number,
        "url": facts.verification_url,
        "qr": _qr_svg(facts.verification_url),
        "operator": {"name": operator.name, "name_en": operator.name_en, "is_party": operator.is_party},
        "envelope": facts.envelope_name,
        "control_number": facts.control_number,
        "sender": {"organization": facts.sender_organization, "person": facts.sender_person},
        "concluded": _moment(facts.concluded_at),
        "issued": _moment(facts.issued_at),
        "contract_date": _day(facts.contract_date),
        "counterparty": facts.counterparty,
        "amount": None if facts.amount is None else _amount(facts.amount, untaxed=facts.untaxed),
        "told": {name: name not in facts.internal for name in ("transaction_date", "counterparty", "amount")},
        "authority": {"name": facts.authority_name, "kind": facts.authority_kind, **_both(AUTHORITIES, facts.authority_kind)},
        "documents": [_document(document) for document in facts.documents],
        "people": [_person(person) for person in facts.people],
        "reviewers": [_reviewer(person) for person in facts.reviewers],
        "decliners": [_decliner(person) for person in facts.decliners],
        "timestamps": [_timestamp(timestamp) for timestamp in facts.timestamps],
        "checkpoint": None if facts.checkpoint is None else _checkpoint(facts.checkpoint),
        "approvals": [_approval(approval) for approval in facts.approvals],
    }


def _amount(amount: int, *, untaxed: bool) -> dict[str, str]:
    return {"ja": f"{amount:,}円" + "（税抜）" * untaxed, "en": f"JPY {amount:,}" + " (without tax)" * untaxed}


def _document(document: CertificateDocument) -> dict[str, Any]:
    return {
        "name": document.name,
        "pages": document.pages,
        "upload": document.upload_sha256.lower(),
        "concluded": document.concluded_sha256.lower(),
    }


def _person(person: CertificatePerson) -> dict[str, Any]:
    return {**_anybody(person), "consented": _moment(person.consented_at), "sealed": _moment(person.sealed_at)}


def _reviewer(person: CertificateReviewer) -> dict[str, Any]:
    return {**_anybody(person), "role": {"ja": person.role, "en": person.role_en}, "confirmed": _moment(person.confirmed_at)}


def _decliner(person: CertificateDecliner) -> dict[str, Any]:
    return {**_asked(person), "role": {"ja": person.role, "en": person.role_en}, "declined": _moment(person.declined_at)}


def _anybody(person: CertificatePerson | CertificateReviewer) -> dict[str, Any]:
    return {
        **_asked(person),
        "level": _both(LEVELS, person.level),
        "registration": _both(REGISTRATIONS, person.registration),
        "address": person.address,
    }


def _asked(person: CertificatePerson | CertificateReviewer | CertificateDecliner) -> dict[str, Any]:
    return {
        "order": person.order,
        "organization": person.organization,
        "title": person.title,
        "name": person.name,
        "mail": person.mail,
        "requested": _moment(person.requested_at),
        "opened": _moment(person.opened_at),
        "history": [{"from": change.before, "to": change.after, "at": _moment(change.at)} for change in person.history],
    }


def _timestamp(timestamp: CertificateTimestamp) -> dict[str, Any]:
    return {
        "document": timestamp.document,
        "revision": timestamp.revision,
        "at": _moment(timestamp.at),
        "authority": timestamp.authority,
        "accredited": timestamp.accredited,
    }


def _checkpoint(checkpoint: CertificateCheckpoint) -> dict[str, Any]:
    return {
        "origin": checkpoint.origin,
        "size": f"{checkpoint.size:,}",
        "root": checkpoint.root,
        "note": checkpoint.note_sha256.lower(),
        "at": _moment(checkpoint.stamped_at),
    }


def _approval(approval: CertificateApproval) -> dict[str, Any]:
    return {
        "step": approval.step,
        "department": approval.department,
        "title": approval.title,
        "name": approval.name,
        "instead_of": approval.instead_of,
        "at": _moment(approval.at),
    }


def _both(words: dict[str, tuple[str, str]], key: str) -> dict[str, str]:
    ja, en = words.get(key, (key, ""))
    return {"ja": ja, "en": en}


def _moment(at: datetime | None) -> dict[str, str] | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError("a certificate's times must carry their zone")
    japan, world = at.astimezone(JST), at.astimezone(UTC)
    return {
        "ja": f"{japan.year}年{japan.month}月{japan.day}日 {japan:%H:%M:%S} JST",
        "day": f"{japan:%Y-%m-%d}",
        "time": f"{japan:%H:%M:%S} JST",
        "utc": f"{world:%Y-%m-%d %H:%M:%S} UTC",
    }


def _day(day: date | None) -> dict[str, str] | None:
    return None if day is None else {"ja": f"{day.year}年{day.month}月{day.day}日", "en": day.isoformat()}


def _qr_svg(url: str) -> str:
    """The QR code of ``url`` (ISO/IEC 18004, level M) as one SVG path, one run of dark modules after another, without a quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(url)
    code.make(fit=True)
    matrix = code.get_matrix()
    runs = [f"M{start} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for start, length in _dark_runs(row)]
    size = len(matrix)
    shape = f'viewBox="0 0 {size} {size}" shape-rendering="crispEdges"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {shape}><path d="{"".join(runs)}"/></svg>'


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((x, 1))
    return runs
