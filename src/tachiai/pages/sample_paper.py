"""The report of an audit sample (監査抽出報告書): what was drawn, how, and what was found in each, on a sealed paper.

One language, the auditor's. The layout is ``layouts/sample.typ``; see ``docs/formats/audit-sample.md``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tachiai.pages.certificate import AUTHORITIES, AuthorityKind
from tachiai.pages.typesetting import printable, typeset
from tachiai.pages.verdict_paper import Language, moment

LABELS: dict[Language, dict[str, str]] = {
    "ja": {
        "title": "監査抽出報告書",
        "number": "報告書ID",
        "issued": "発行日時",
        "operator": "運営者",
        "organization": "対象の組織",
        "drawn_by": "抽出した者",
        "drawn_at": "抽出日時",
        "summary": "結果",
        "how": "抽出の方法",
        "conditions": "抽出の条件",
        "no_conditions": "条件なし（すべての締結済み文書）",
        "population": "対象件数",
        "size": "抽出件数",
        "population_sha256": "対象の一覧のSHA-256",
        "seed": "乱数（seed）",
        "method": "方法",
        "items": "抽出した契約と確認の結果",
        "certificate": "締結証明書番号",
        "concluded": "締結日時",
        "counterparty": "取引先",
        "files": "ファイルとSHA-256",
        "bundle": "証拠一式のSHA-256",
        "checkpoint": "台帳のチェックポイント",
        "origin": "台帳",
        "log_size": "項目数",
        "root": "根のハッシュ",
        "about": "この報告書について",
        "sound": "異常なし",
        "unsound": "要確認",
    },
    "en": {
        "title": "Audit sample report",
        "number": "Report ID",
        "issued": "Issued",
        "operator": "Operator",
        "organization": "Organization",
        "drawn_by": "Drawn by",
        "drawn_at": "Drawn at",
        "summary": "Result",
        "how": "How the sample was drawn",
        "conditions": "Conditions",
        "no_conditions": "none (all concluded documents)",
        "population": "Drawn from",
        "size": "Drawn",
        "population_sha256": "SHA-256 of the list drawn from",
        "seed": "Seed",
        "method": "Method",
        "items": "Contracts drawn, and what was found",
        "certificate": "Certificate number",
        "concluded": "Concluded",
        "counterparty": "Counterparty",
        "files": "Files and SHA-256",
        "bundle": "SHA-256 of the evidence bundle",
        "checkpoint": "Checkpoint of the log",
        "origin": "Log",
        "log_size": "Entries",
        "root": "Root hash",
        "about": "About this report",
        "sound": "in order",
        "unsound": "needs a look",
    },
}
METHOD: dict[Language, str] = {
    "ja": (
        "対象の文書IDごとに SHA-256（乱数 ‖ 文書IDの16バイト）を計算し、小さい順に抽出しました。"
        "乱数は抽出の時にシステムが生成し、証拠を渡す前に台帳へ記録しています。同じ計算で、だれでも同じ結果になることを確かめられます。"
    ),
    "en": (
        "For the id of each document, SHA-256(seed ‖ the 16 bytes of the id) was computed, and the smallest were drawn. "
        "The seed was made by the system at that moment and written to the log before any evidence was given. "
        "Anybody who computes the same draws the same."
    ),
}
SUMMARY: dict[Language, tuple[str, str]] = {
    "ja": ("抽出した{size}件すべてに異常はありませんでした。", "抽出した{size}件のうち{unsound}件は確認が必要です。"),
    "en": ("All {size} contracts drawn were found in order.", "To be looked at: {unsound} of the {size} contracts drawn."),
}
ABOUT: dict[Language, tuple[str, ...]] = {
    "ja": (
        "{operator}は、上記の契約について、保管しているファイルを読み出して検証し、結果が記載のとおりであったことを述べ、この報告書に電子署名とタイムスタンプを付けます。",
        "「異常なし」は、すべてのファイルが締結時に記録したSHA-256と一致し、すべての電子署名とタイムスタンプが有効で、証拠一式が独立した検証プログラムの確認を通ったことを示します。",
        "各契約の証拠一式（ZIP）は、この報告書とは別に渡します。このシステムがなくても、同梱の検証プログラムで確認できます。",
    ),
    "en": (
        (
            "{operator} read the files kept of these contracts, verified them, and states that the results were as given here. "
            "This report bears the operator's electronic signature and a timestamp."
        ),
        (
            "“In order” means: every file has the SHA-256 recorded when it was concluded, every signature and timestamp in it is valid, "
            "and the evidence bundle passed the independent verifier."
        ),
        (
            "The evidence bundle (ZIP) of each contract is handed over apart from this report. "
            "The verifier inside checks it without this system."
        ),
    ),
}


@dataclass(frozen=True)
class SampledFile:
    """A file as it was found: its digest in hex, and the verdict in words."""

    name: str
    sha256: str
    verdict: str
    sound: bool


@dataclass(frozen=True)
class SampledContract:
    """One drawn contract. ``bundle`` is the digest of its evidence in hex, or what kept it from being made."""

    number: str
    title: str
    counterparty: str
    certificate: str
    concluded_at: datetime
    files: tuple[SampledFile, ...]
    bundle: str
    sound: bool


@dataclass(frozen=True)
class SampleFacts:
    """What the house answers for. ``checkpoint``: origin, size and root of the log, as in the signed note."""

    number: str
    language: Language
    operator: str
    organization: str
    drawn_by: str
    drawn_at: datetime
    issued_at: datetime
    authority_kind: AuthorityKind
    conditions: tuple[tuple[str, str], ...]
    population: int
    population_sha256: str
    seed: str
    contracts: tuple[SampledContract, ...]
    checkpoint: tuple[str, str, str] | None


def sample_paper(facts: SampleFacts) -> bytes:
    """The report as PDF/A-2a, A4, the same bytes for the same facts. Raises `ValueError` for a time without a zone."""
    return typeset("sample", data=printable(_paper(facts)), at=facts.issued_at)


def _paper(facts: SampleFacts) -> dict[str, Any]:
    language = facts.language
    labels = LABELS[language]
    unsound = sum(not one.sound for one in facts.contracts)
    return {
        "labels": labels,
        "language": language,
        "number": facts.number,
        "operator": facts.operator,
        "organization": facts.organization,
        "drawn_by": facts.drawn_by,
        "drawn_at": moment(facts.drawn_at, language),
        "issued": moment(facts.issued_at, language),
        "red": AUTHORITIES[facts.authority_kind][language == "en"] if facts.authority_kind != "accredited" else "",
        "summary": SUMMARY[language][bool(unsound)].format(size=len(facts.contracts), unsound=unsound),
        "sound": not unsound,
        "conditions": [list(one) for one in facts.conditions],
        "population": f"{facts.population:,}",
        "size": f"{len(facts.contracts):,}",
        "population_sha256": facts.population_sha256,
        "seed": facts.seed,
        "method": METHOD[language],
        "contracts": [_contract(one, language) for one in facts.contracts],
        "checkpoint": list(facts.checkpoint) if facts.checkpoint else [],
        "about": [line.format(operator=facts.operator) for line in ABOUT[language]],
    }


def _contract(one: SampledContract, language: Language) -> dict[str, Any]:
    word = LABELS[language]["sound" if one.sound else "unsound"]
    return {**asdict(one), "concluded_at": moment(one.concluded_at, language), "word": word}
