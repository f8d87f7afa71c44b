"""A fictional contract going its way: frozen, sealed, closed, and what the release gate expects of it at each step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from pki import MOMENT
from tachiai.crypto import pades
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.pades import SealText
from tachiai.crypto.pades_verify import Expected, Report, verify
from tachiai.crypto.timestamps import Timestamper, Token

HOUSE = SealText(name="架空電子契約株式会社", reason="送信時の内容を確定 (封筒 E-0001)")


def consent(slot: int) -> bytes:
    return hashlib.sha256(b"consent of slot %d" % slot).digest()


def words(slot: int) -> SealText:
    return SealText(
        name=f"株式会社𠮷野サンプル／代表取締役 見本 {slot}郎",
        reason="メールと登録コードで認証し同意 (封筒 E-0001)",
        contact="s@example.com",
    )


def at_once(token: Token) -> Future[Token]:
    """A request that has been answered already."""
    answered: Future[Token] = Future()
    answered.set_result(token)
    return answered


@dataclass(frozen=True)
class Contract:
    authority: EmbeddedAuthority
    timestamper: Timestamper | None = None

    @property
    def stamps(self) -> Timestamper:
        return self.timestamper or self.authority.timestamper

    def freeze(self, pdf: bytes, slots: Sequence[int] = (1,), at: datetime = MOMENT) -> bytes:
        seal = self.authority.seal_credential
        return pdf + pades.freeze(pdf, slots=slots, credential=seal, timestamper=self.stamps, text=HOUSE, at=at).tail

    def seal(self, pdf: bytes, slot: int = 1, at: datetime | None = None) -> bytes:
        made = pades.seal(
            pdf,
            slot=slot,
            credential=self.authority.seal_credential,
            timestamper=self.stamps,
            text=words(slot),
            consent_digest=consent(slot),
            at=at or MOMENT + timedelta(hours=slot),
        )
        return pdf + made.tail

    def close(self, pdf: bytes, at: datetime = MOMENT + timedelta(days=1)) -> bytes:
        made = pades.close(pdf, timestamper=self.stamps, revocation=self.authority.revocation_source, roots=self.authority.roots, at=at)
        return pdf + made.tail

    def whole(self, pdf: bytes, slots: Sequence[int] = (1,)) -> bytes:
        held = self.freeze(pdf, slots)
        for slot in slots:
            held = self.seal(held, slot)
        return self.close(held)

    def expected(self, upload: bytes, sealed: Iterable[int] = (), *, closed: bool = False, certification: bool = True) -> Expected:
        return Expected(
            certification=certification,
            slots={slot: consent(slot) for slot in sealed},
            closed=closed,
            upload_size=len(upload),
            upload_sha256=hashlib.sha256(upload).digest(),
        )

    def verify(self, pdf: bytes, expected: Expected, at: datetime = MOMENT + timedelta(days=2)) -> Report:
        return verify(pdf, expected=expected, roots=self.authority.roots, tsa_roots=self.authority.roots, at=at)
