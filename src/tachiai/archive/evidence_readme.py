"""The words that travel with exported evidence: what it proves, and how somebody without this house checks it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tachiai.clock import JAPAN

if TYPE_CHECKING:
    from tachiai.archive.evidence_exporting import Evidence

_JAPANESE = """証拠記録（RFC 4998 Evidence Record）　管理番号：{number}

このフォルダーの .ers ファイルは、同じ名前の文書が下記の日時にすでに存在し、それ以降変更されていないことを示します。
文書は、その時点までの内容です。後から追加された検証情報は含みません。

検証のしかた
  1. Tachiai をお持ちの場合（データベースは不要です）：
     tachiai archive evidence verify 文書.pdf 文書.pdf.ers --roots roots.pem
  2. ほかの製品でも、RFC 4998 の証拠記録に対応していれば検証できます（DER 形式）。
  3. roots.pem は、この記録のタイムスタンプ局のルート証明書です。各局が公表する値と照合してください。
"""
_ENGLISH = """Evidence records (RFC 4998)   Control number: {number}

Each .ers file in this folder shows that the document of the same name existed at the time below and has not changed since.
The document is as it was then; validation data appended later is not part of it.

How to verify
  1. With Tachiai (no database is needed):
     tachiai archive evidence verify DOCUMENT.pdf DOCUMENT.pdf.ers --roots roots.pem
  2. With any other product that knows evidence records of RFC 4998 (in DER).
  3. roots.pem holds the root certificates of the timestamping authorities. Compare them with what each authority publishes.
"""


def readme(number: str, found: Sequence[tuple[str, Evidence]]) -> str:
    """Both languages, then each file with its digest and times."""
    files = "\n".join(_file(name, one) for name, one in found)
    return f"{_JAPANESE.format(number=number)}\n{_ENGLISH.format(number=number)}\n{files}"


def _file(name: str, one: Evidence) -> str:
    steps = [f"    {_time(step.at)}  {step.digest}  {step.authority}" for step in one.proof.steps]
    times = f"  存在した日時 / existed at: {_time(one.proof.since)}\n  更新期限 / to be renewed before: {_time(one.proof.until)}"
    return "\n".join([name, f"  SHA-256: {hashlib.sha256(one.data).hexdigest()}", times, *steps, ""])


def _time(moment: datetime) -> str:
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S JST")
