"""Paper wording: clauses that make sense for paper only, found in the text so that the clerk can correct them before sending.

An electronic contract has no copies to keep, no seal to press and no stamp duty; 「本書2通を作成し、記名押印のうえ各自1通を保有する」 is
the commonest leftover of the paper template.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tachiai.pages.findings import Finding

MAX_PAGES_NAMED = 20
_NUMERAL = "[0-9一二三四五六七八九十両弐参]{1,3}"
_PAPER = "(?:契約書|覚書|本書|書面|正本|副本|原本|証書)"
_WORDINGS = (
    ("copies", re.compile(rf"本(?:書|契約書|覚書|証書?|紙)(?:を)?(?:正副|正本)?{_NUMERAL}通")),
    ("copies", re.compile(rf"(?:各自|各々|各|それぞれ|甲乙)(?:その)?{_NUMERAL}通(?:を|ずつ)")),
    ("copies", re.compile(rf"(?:正本|副本|原本|写し|契約書|覚書)(?:を|各)?{_NUMERAL}通")),
    ("copies", re.compile(r"正本(?:・|、|,|及び|並びに|と)副本|正副(?:二|2|各一|各1)通")),
    ("seal", re.compile(r"(?:記名|署名|自署)(?:・|,|、|又は署名|及び)?(?:押印|捺印|なつ印|調印)")),
    # What need not be done is no leftover: 「押印する必要はない」「押印に代えて」.
    ("seal", re.compile(r"(?:押印|捺印|なつ印|調印)(?:の上|のうえ|し、|し,|した上|したうえ|する(?!もの?とはせず|必要|こと(?:を|は)要))")),
    ("seal", re.compile(r"㊞|[(（]印[)）]|代表者印|実印|公印|印鑑証明書?|朱肉|捨印")),
    ("stamp_duty", re.compile(r"収入印紙(?:の?貼付|を?貼付)?|印紙税|印紙代|印紙を?貼[付用]?|印紙に消印")),
    ("binding", re.compile(r"契印|割印|袋とじ|袋綴じ|製本テープ")),
    ("post", re.compile(rf"{_PAPER}[^。]{{0,20}}?(?:返送|郵送|持参)|返信用封筒")),
)


def paper_wording(texts: Sequence[str]) -> list[Finding]:
    """At most one ``wording.paper`` finding: for each phrase as it stands, its kind and the numbers of the pages that have it."""
    pages_of: dict[tuple[str, str], list[int]] = {}
    for number, text in enumerate(texts, 1):
        for kind, phrase in _phrases(text):
            pages = pages_of.setdefault((kind, phrase), [])
            if number not in pages:
                pages.append(number)
    if not pages_of:
        return []
    hits = [{"kind": kind, "phrase": phrase, "pages": pages[:MAX_PAGES_NAMED]} for (kind, phrase), pages in pages_of.items()]
    return [Finding("wording.paper", "warn", {"hits": hits[:20]})]


def _phrases(text: str) -> list[tuple[str, str]]:
    # Lines break anywhere in Japanese, digits come full-width, and ㊞ must survive the folding.
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text.replace("㊞", "\ue000"))).replace("\ue000", "㊞")
    return [(kind, match.group(0)) for kind, pattern in _WORDINGS for match in pattern.finditer(folded)]
