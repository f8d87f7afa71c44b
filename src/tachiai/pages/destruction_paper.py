"""The certificate of deletion (消去証明書): what was destroyed for ever, when, why and by whom, as the ledger has it.

The layout is ``layouts/destruction.typ``; see ``docs/formats/deletion-certificate.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from tachiai.pages.certificate import AUTHORITIES, AuthorityKind
from tachiai.pages.typesetting import printable, typeset
from tachiai.pages.verdict_paper import moment

Language = Literal["ja", "en"]

LABELS: dict[Language, dict[str, str]] = {
    "ja": {
        "title": "消去証明書",
        "number": "消去番号",
        "issued": "発行日時",
        "operator": "発行者（運営者）",
        "act": "消去の内容",
        "subject": "対象",
        "destroyed": "消去日時",
        "reason": "理由",
        "by": "消去を指示した者",
        "retention": "保存期間",
        "before": "保存期間の満了前に、運営者の判断で消去",
        "after": "保存期間の満了後に消去",
        "backups": "バックアップ",
        "files": "消去したファイル",
        "size": "大きさ",
        "bytes": "バイト",
        "parts": "データ鍵",
        "parts_value": "{keys}個（派生データを含む）・暗号化データ{boxes}個",
        "kek": "鍵暗号化鍵",
        "entry": "台帳の記録",
        "entry_value": "{stream}・{number}番",
        "about": "この証明書について",
    },
    "en": {
        "title": "Certificate of deletion",
        "number": "Deletion ID",
        "issued": "Issued",
        "operator": "Issued by (operator)",
        "act": "What was done",
        "subject": "Subject",
        "destroyed": "Deleted at",
        "reason": "Reason",
        "by": "Ordered by",
        "retention": "Retention period",
        "before": "deleted before its end, by decision of the operator",
        "after": "deleted after its end",
        "backups": "Backups",
        "files": "Files deleted",
        "size": "Size",
        "bytes": "bytes",
        "parts": "Data keys",
        "parts_value": "{keys} (with all derived data), {boxes} encrypted objects",
        "kek": "Key-encryption key",
        "entry": "Ledger entry",
        "entry_value": "{stream}, number {number}",
        "about": "About this certificate",
    },
}
BACKUPS: dict[Language, tuple[str, str]] = {
    "ja": (
        "{day}までに作成され保管されているバックアップには、データ鍵の写しが残っている可能性があります。同日を過ぎると残りません。",
        "消去日時より前に作成されたバックアップには、データ鍵の写しが残っている可能性があります。その期限は記録されていません。",
    ),
    "en": (
        "Backups may hold a copy of the data keys until {day}, and none does after that day.",
        "Backups made before the deletion may hold a copy of the data keys; until when is not on record.",
    ),
}
ABOUT: dict[Language, tuple[str, ...]] = {
    "ja": (
        "{operator}は、上記のファイルごとに固有のデータ鍵を上書きして消去し、暗号化データを保管庫から削除したことを述べ、この証明書に電子署名とタイムスタンプを付けます。",
        "データ鍵がなければ、暗号化データの写しがどこかに残っていても復元できません。消去は取り消せません。",
        "ファイルのSHA-256と大きさ、署名と消去の経過は、台帳に残ります。すでに受け取られた写しの真正性は、これまでどおり確認できます。",
    ),
    "en": (
        (
            "{operator} overwrote the data keys that belonged to each of the files above alone, removed the encrypted objects "
            "from its store, and states so with its electronic signature and a timestamp."
        ),
        "Without its data key no copy of an encrypted object can be restored, wherever it is. The deletion cannot be undone.",
        (
            "SHA-256 and size of each file and the history of its signing and deletion stay in the ledger. "
            "Copies that were handed out can be verified as before."
        ),
    ),
}


@dataclass(frozen=True)
class DestroyedFile:
    """``keys`` data keys and ``boxes`` encrypted objects were its; ``entry`` is its place in the ledger, with that entry's digest."""

    name: str
    sha256: str
    size: int
    keys: int
    boxes: int
    kek: str
    entry: int
    entry_digest: str


@dataclass(frozen=True)
class DestructionFacts:
    """Everything that is printed. ``backups_until`` None: nobody has said."""

    number: str
    operator: str
    language: Language
    subject: str
    reason: str
    by: str
    before_retention: bool
    backups_until: date | None
    destroyed_at: datetime
    issued_at: datetime
    stream: str
    authority_kind: AuthorityKind
    files: tuple[DestroyedFile, ...]


def destruction_paper(facts: DestructionFacts) -> bytes:
    """The certificate as PDF/A-2a, A4, the same bytes for the same facts. Raises `ValueError` for a time without a zone."""
    return typeset("destruction", data=printable(_paper(facts)), at=facts.issued_at)


def _paper(facts: DestructionFacts) -> dict[str, Any]:
    labels, language = LABELS[facts.language], facts.language
    known, unknown = BACKUPS[language]
    act = [
        (labels["subject"], facts.subject),
        (labels["destroyed"], moment(facts.destroyed_at, language)),
        (labels["reason"], facts.reason),
        (labels["by"], facts.by),
        (labels["retention"], labels["before" if facts.before_retention else "after"]),
        (labels["backups"], known.format(day=_day(facts.backups_until, language)) if facts.backups_until else unknown),
    ]
    return {
        "labels": labels,
        "language": language,
        "number": facts.number,
        "operator": facts.operator,
        "issued": moment(facts.issued_at, language),
        "red": AUTHORITIES[facts.authority_kind][language == "en"] if facts.authority_kind != "accredited" else "",
        "act": [{"label": label, "value": value, "mono": False} for label, value in act if value],
        "files": [{"name": file.name, "facts": _file(file, facts)} for file in facts.files],
        "about": [line.format(operator=facts.operator) for line in ABOUT[language]],
    }


def _day(day: date, language: Language) -> str:
    return day.isoformat() if language == "en" else f"{day.year}年{day.month}月{day.day}日"


def _file(file: DestroyedFile, facts: DestructionFacts) -> list[dict[str, object]]:
    labels = LABELS[facts.language]
    entry = labels["entry_value"].format(stream=facts.stream, number=file.entry)
    rows: list[tuple[str, str, bool]] = [
        ("SHA-256", file.sha256, True),
        (labels["size"], f"{file.size:,} {labels['bytes']}", False),
        (labels["parts"], labels["parts_value"].format(keys=file.keys, boxes=file.boxes), False),
        (labels["kek"], file.kek, True),
        (labels["entry"], f"{entry}\n{file.entry_digest}", True),
    ]
    return [{"label": label, "value": value, "mono": mono} for label, value, mono in rows]
