"""Who did something, as an entry names them: by kind and id, never by name (names are personal data)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["member", "signer", "registrant", "operator", "house", "public"]


@dataclass(frozen=True)
class Actor:
    """``house`` is the product acting on its own clock; it has no id."""

    kind: ActorKind
    id: str = ""

    @classmethod
    def house(cls) -> Actor:
        return cls("house")

    def told(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id} if self.id else {"kind": self.kind}
