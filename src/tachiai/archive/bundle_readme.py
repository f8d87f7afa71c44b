"""The words that travel inside an evidence bundle: what it is, how to check it, and what nobody but its reader can compare."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tachiai.clock import JAPAN

if TYPE_CHECKING:
    from tachiai.archive.bundle_writing import Bundled

_JAPANESE = """証拠一式（電子契約）

封筒　　　　　：{number}　{name}
送信者　　　　：{organization}
運営者（署名）：{operator}
締結日時　　　：{concluded_at}
締結証明書番号：{certificate}
作成日時　　　：{made_at}
{warning}
この一式だけで、運営者のシステムが無くなった後でも、次のことを誰でも検証できます。
  ・だれが、どの文書（バイト列）に、いつ同意したか
  ・電子署名とタイムスタンプが有効で、文書が改変されていないこと
  ・操作記録が連続し、後から書き換えられていないこと
  ・通知メールの送達結果

文書
{documents}

検証のしかた（ZIPは展開せず、そのまま使います。どちらも通信はしません）
  1. ブラウザー：verify/tachiai_verify.html を取り出して開き、このZIPを選びます。
  2. Python 3.9 以降：
       python3 -m pip install cryptography
       python3 tachiai_verify.py この一式.zip
     締結完了メールのチェックポイント（5行）をファイルに保存して --checkpoint で指定すると、台帳の書換えも検出できます。

検証用のプログラムは、この一式の中のものではなく、別に入手したものを使うと、より確実です。

ご自身で照合していただくこと
  ・ルート証明書の指紋（SHA-256）と、各認証局・時刻認証局が公表する値
  ・台帳の鍵と、運営者が公表する値（または別の契約の締結完了メール）
形式の説明：Tachiai の文書「Evidence bundle, version 1」（docs/formats/evidence-bundle.md）
"""
_ENGLISH = """Evidence bundle (electronic contract)

Envelope              : {number}  {name}
Sender                : {organization}
Operator (seals)      : {operator}
Concluded at          : {concluded_at}
Certificate number    : {certificate}
This bundle made at   : {made_at}
{warning}
With this bundle alone, even after the operator's service is gone, anybody can check
  - who consented to which documents (to the byte), and when
  - that signatures and timestamps hold and no document was altered
  - that the record of acts has no gap and was not rewritten afterwards
  - what became of each mail

Documents
{documents}

How to check (use the ZIP as it is; nothing is sent anywhere)
  1. In a browser: take out verify/tachiai_verify.html, open it, and choose this ZIP.
  2. With Python 3.9 or later:
       python3 -m pip install cryptography
       python3 tachiai_verify.py THIS.zip
     Save the checkpoint (five lines) of your completion mail to a file and name it with --checkpoint: a rewritten log is found out, too.

A verifier that you got from somewhere else is better than the one in here.

What you have to compare yourself
  - the fingerprints (SHA-256) of the roots with what each authority publishes
  - the log's key with what the operator publishes, or with the completion mail of another contract
The format: "Evidence bundle, version 1" in the documentation of Tachiai (docs/formats/evidence-bundle.md)
"""
_WARNINGS = {
    "ja": "\n※ 組込みの試験用認証局・時刻認証局によるものです。認定タイムスタンプではなく、運営者自身に対する証明にはなりません。\n",
    "en": "\n* Made with a demonstration authority of the operator's own: no accredited timestamp, and no proof against the operator.\n",
}


def readme(held: Bundled, language: str) -> str:
    """The page in one language, ``ja`` or ``en``."""
    _id, number, name, concluded_at = held.envelope
    operator, organization, _url = held.house
    documents = "\n".join(f"  documents/{place:02d}.pdf  {document.name}" for place, document in enumerate(held.documents, start=1))
    return (_JAPANESE if language == "ja" else _ENGLISH).format(
        number=number,
        name=name,
        organization=organization,
        operator=operator,
        concluded_at=_time(concluded_at),
        certificate=held.certificate[0],
        made_at=_time(held.made_at),
        documents=documents,
        warning=_WARNINGS[language] if any(root.embedded for root in held.roots) else "",
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S JST")
