"""The report of a verification (署名検証報告書): what was found in a file that the house does not keep, on a paper that the house seals.

One language, the visitor's. The words of the result come from whoever shows it, the same as on the page; what the house answers for
(which bytes, when, by whom, that nothing was kept) is worded here. The layout is ``layouts/verdict.typ``; see
``docs/formats/verification-report.md``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from tachiai.pages.certificate import AUTHORITIES, JST, AuthorityKind
from tachiai.pages.typesetting import printable, typeset

Language = Literal["ja", "en"]
State = Literal["valid", "attention", "invalid", "none", "unverifiable", "unjudged"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LABELS: dict[Language, dict[str, str]] = {
    "ja": {
        "title": "署名検証報告書",
        "number": "報告書ID",
        "issued": "発行日時",
        "file": "検証したファイル",
        "name": "ファイル名（申告）",
        "unnamed": "申告なし",
        "size": "大きさ",
        "bytes": "バイト",
        "judged": "検証日時",
        "judge": "検証した者（運営者）",
        "kept": "ファイルの保存",
        "not_kept": "検証のあいだだけ読み取り、保存していません。この報告書は、上記のSHA-256を持つファイルだけについて述べるものです。",
        "verdict": "検証結果",
        "reasons": "判断の理由",
        "questions": "3つの確認",
        "basis": "根拠",
        "signatures": "署名の一覧",
        "version": "バージョン",
        "changes": "署名後の変更",
        "allowed": "認められた変更",
        "not_allowed": "認められていない変更",
        "chain": "証明書のつながり",
        "time_chain": "時刻認証局の証明書のつながり",
        "algorithms": "暗号",
        "use": "用途",
        "algorithm": "名称",
        "strength": "強度",
        "sign_until": "新しい署名の期限",
        "verify_until": "検証の期限",
        "about": "この報告書について",
    },
    "en": {
        "title": "Signature verification report",
        "number": "Report ID",
        "issued": "Issued",
        "file": "File verified",
        "name": "File name (as claimed)",
        "unnamed": "none claimed",
        "size": "Size",
        "bytes": "bytes",
        "judged": "Verified at",
        "judge": "Verified by (operator)",
        "kept": "Keeping of the file",
        "not_kept": (
            "The file was read only while it was being verified and was not kept. "
            "This report speaks only of the file with the SHA-256 above."
        ),
        "verdict": "Verdict",
        "reasons": "Reasons",
        "questions": "Three questions",
        "basis": "Rests on",
        "signatures": "Signatures",
        "version": "Version",
        "changes": "Changes after the signature",
        "allowed": "permitted",
        "not_allowed": "not permitted",
        "chain": "Certificate chain",
        "time_chain": "Certificate chain of the timestamp authority",
        "algorithms": "Algorithms",
        "use": "Use",
        "algorithm": "Name",
        "strength": "Strength",
        "sign_until": "New signatures until",
        "verify_until": "Verifiable until",
        "about": "About this report",
    },
}
ABOUT: dict[Language, tuple[str, ...]] = {
    "ja": (
        "{operator}は、上記の検証日時に上記のSHA-256を持つファイルを検証し、その結果が記載のとおりであったことを述べ、この報告書に電子署名とタイムスタンプを付けます。",
        "検証は、ファイルに含まれる情報と、検証日時に{operator}が信頼していた発行者にもとづきます。その後に証明書が失効しても、この報告書には反映されません。",
        "署名者の名前・理由などは署名に書かれているもので、「誰が」の欄で確認したと記したもののほかは、確認していません。",
    ),
    "en": (
        (
            "{operator} verified the file with the SHA-256 above at the time above and states that the result was as given here. "
            "This report bears the operator's electronic signature and a timestamp."
        ),
        (
            "The verification rests on what the file holds and on the issuers that {operator} trusted at that time. "
            "Revocations that came later are not reflected."
        ),
        (
            "Names, reasons and the like are what is written in a signature. "
            "Except where the first question says that they were confirmed, they were not."
        ),
    ),
}


@dataclass(frozen=True)
class PaperFact:
    """A label with its value; ``mono`` for digests and names as machines write them."""

    label: str
    value: str
    mono: bool = False


@dataclass(frozen=True)
class PaperReason:
    cause: str
    step: str


@dataclass(frozen=True)
class PaperAnswer:
    """One of the three questions. ``state`` is good, doubt, bad or none."""

    question: str
    state: str
    answer: str
    basis: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PaperChange:
    what: str
    allowed: bool


@dataclass(frozen=True)
class PaperSignature:
    """One signature in Acrobat's order. Each row of ``algorithms`` is use, name, strength, and the two dates, in words."""

    number: int
    kind: str
    state: State
    verdict: str
    sentences: tuple[PaperReason, ...]
    facts: tuple[PaperFact, ...]
    changes: tuple[PaperChange, ...]
    technical: tuple[PaperFact, ...]
    chain: tuple[tuple[PaperFact, ...], ...]
    time_chain: tuple[tuple[PaperFact, ...], ...]
    algorithms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class VerdictWords:
    """What the visitor was told, in ``language``, and the file's name as the visitor gave it."""

    language: Language
    file_name: str
    state: State
    verdict: str
    headline: str
    reasons: tuple[PaperReason, ...]
    facts: tuple[PaperFact, ...]
    answers: tuple[PaperAnswer, ...]
    signatures: tuple[PaperSignature, ...]


@dataclass(frozen=True)
class VerdictFacts:
    """What the house answers for: which bytes it judged and when, under which number it says so, and by whose clock it is stamped."""

    number: str
    operator: str
    sha256: str
    size: int
    judged_at: datetime
    issued_at: datetime
    authority_kind: AuthorityKind
    words: VerdictWords


def verdict_paper(facts: VerdictFacts) -> bytes:
    """The report as PDF/A-2a, A4, the same bytes for the same facts. Raises `ValueError` for a time without a zone.

    A character no font shows is printed as its code, ``〔U+1F600〕``; none disappears.
    """
    return typeset("verdict", data=printable(_paper(facts)), at=facts.issued_at)


def _paper(facts: VerdictFacts) -> dict[str, Any]:
    language = facts.words.language
    return {
        **asdict(facts.words),
        "labels": LABELS[language],
        "number": facts.number,
        "operator": facts.operator,
        "sha256": facts.sha256.lower(),
        "size": f"{facts.size:,}",
        "judged": moment(facts.judged_at, language),
        "issued": moment(facts.issued_at, language),
        "red": AUTHORITIES[facts.authority_kind][language == "en"] if facts.authority_kind != "accredited" else "",
        "about": [line.format(operator=facts.operator) for line in ABOUT[language]],
    }


def moment(at: datetime, language: Language) -> str:
    """A time as papers give it, in Japan's. Raises `ValueError` for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("a report's times must carry their zone")
    japan = at.astimezone(JST)
    if language == "en":
        return f"{japan.day} {_MONTHS[japan.month - 1]} {japan.year}, {japan:%H:%M:%S} JST"
    return f"{japan.year}年{japan.month}月{japan.day}日 {japan:%H:%M:%S} JST"
