"""The report of a restore drill (復元訓練報告書): which generation was restored, what was read again, and what did not stand.

Both languages on one paper, because whoever asks for it years later may read either. The layout is ``layouts/drill.typ``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tachiai.pages.certificate import AUTHORITIES, JST, AuthorityKind
from tachiai.pages.typesetting import printable, typeset

# What was counted, in the order of the paper: key, words, and what a thousandth of it is called where it is a time.
FIGURES = (
    ("streams", "照合した操作記録の連鎖 / Ledger streams checked"),
    ("entries", "操作記録の件数 / Ledger entries"),
    ("blobs", "読み取った保管データ / Stored items read"),
    ("bytes_read", "読み取った大きさ（バイト） / Bytes read"),
    ("judged", "再検証した締結済みファイル / Concluded files verified again"),
    ("restore_ms", "復元にかかった時間 / Restoring took"),
    ("migrate_ms", "データ移行にかかった時間 / Migrating took"),
    ("fsck_ms", "整合性検査（fsck）にかかった時間 / Checking (fsck) took"),
    ("inspect_ms", "検査にかかった時間 / Inspecting took"),
)
MOST_FINDINGS = 100


@dataclass(frozen=True)
class DrillFacts:
    """What the paper says. Each finding is code, subject and detail; figures are counts, or milliseconds where the key ends in ``_ms``."""

    number: str
    operator: str
    generation: str
    began_at: datetime
    ended_at: datetime
    issued_at: datetime
    passed: bool
    figures: Mapping[str, int]
    findings: tuple[tuple[str, str, str], ...]
    authority_kind: AuthorityKind


def drill_paper(facts: DrillFacts) -> bytes:
    """The report as PDF/A-2a, A4, the same bytes for the same facts. Raises `ValueError` for a time without a zone."""
    return typeset("drill", data=printable(_paper(facts)), at=facts.issued_at)


def _paper(facts: DrillFacts) -> dict[str, Any]:
    rows = [
        ("報告書ID / Report ID", facts.number),
        ("運営者 / Operator", facts.operator),
        ("バックアップの世代 / Generation", facts.generation),
        ("訓練の開始 / Began", _moment(facts.began_at)),
        ("訓練の終了 / Ended", _moment(facts.ended_at)),
    ]
    return {
        "number": facts.number,
        "operator": facts.operator,
        "passed": facts.passed,
        "rows": rows,
        "figures": [(words, _figure(key, facts.figures[key])) for key, words in FIGURES if key in facts.figures],
        "findings": [list(finding) for finding in facts.findings[:MOST_FINDINGS]],
        "further": max(0, len(facts.findings) - MOST_FINDINGS),
        "red": " / ".join(AUTHORITIES[facts.authority_kind]) if facts.authority_kind != "accredited" else "",
    }


def _figure(key: str, value: int) -> str:
    return f"{value / 1000:,.1f} 秒 / s" if key.endswith("_ms") else f"{value:,}"


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a report's times must carry their zone")
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S} JST"
