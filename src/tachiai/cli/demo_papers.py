"""The documents of the demonstration's data, printed by the house itself: contracts of one page, of eighty, and copies of paper."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tachiai.cli.demo_story import Paper
from tachiai.pages import sample_texts
from tachiai.pages.samples import WRITTEN_AT
from tachiai.pages.scanning import scanned
from tachiai.pages.typesetting import printable, typeset

# So many lines of a list of works fill a page; everything around it fills two.
ROWS_A_PAGE, FRAME = 32, 2
WORKS = ("点検・清掃", "部品交換", "測量", "材料搬入", "仮設足場", "舗装切断", "配線更新", "試験・検査", "産業廃棄物処分", "完成図書作成")


def print_paper(paper: Paper, *, party: str, representative: str, amount: int | None, day: str) -> bytes:
    """The PDF of one planned document between the city and ``party``."""
    whole = _printed(paper.title, paper.kind, paper.pages, party, representative, amount, day)
    return scanned(whole, pages=min(paper.pages, 2)) if paper.scan else whole


@lru_cache(maxsize=8)
def _printed(title: str, kind: str, pages: int, party: str, representative: str, amount: int | None, day: str) -> bytes:
    text: dict[str, Any] = {
        "title": kind,
        "author": sample_texts.CITY,
        "reference": "架空の契約（デモデータ）",
        "preamble": [f"{sample_texts.CITY}（以下「甲」という。）と{party}（以下「乙」という。）とは、次のとおり契約を締結する。"],
        "terms": [
            {"name": "件名", "value": title},
            {"name": "金額", "value": "記載なし" if amount is None else f"金{amount:,}円"},
            {"name": "履行期間", "value": "契約締結の日から令和10年3月31日まで"},
        ],
        "articles": sample_texts.SERVICES["articles"][: 3 if pages == 1 else 12],
        "rows": [_row(number) for number in range(max(0, pages - FRAME) * ROWS_A_PAGE)],
        "closing": sample_texts.SERVICES["closing"],
        "date": day,
        "parties": [
            sample_texts.SERVICES["parties"][0],
            {"mark": "乙", "address": "みどり野県かぜまち市一丁目1番地", "name": party, "representative": representative},
        ],
    }
    return typeset("contract", data=printable(text), at=WRITTEN_AT)


def _row(number: int) -> dict[str, str]:
    work = WORKS[number % len(WORKS)]
    return {
        "name": f"{work}（第{number // len(WORKS) + 1}工区）",
        "specification": "別紙図面のとおり。施工前後の写真を添えること。",
        "quantity": str(number % 9 + 1),
        "unit": "式" if number % 3 else "箇所",
    }
