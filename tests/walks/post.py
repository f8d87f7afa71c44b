"""A mail server that keeps what it gets, and the parts of it a test looks at."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """What the mail server received. ``refuse`` names addresses it answers with 550."""

    received: list[EmailMessage] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)

    def to(self, address: str, kind: str = "") -> list[EmailMessage]:
        """Messages to an address, oldest first, whose subject contains ``kind``."""
        return [one for one in self.received if one["To"] == address and kind in str(one["Subject"])]

    def text(self, address: str, kind: str = "") -> str:
        return str(cast("EmailMessage", self.to(address, kind)[-1].get_body(("plain",))).get_content())

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  # aiosmtpd's
        if address in self.refuse:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        self.received.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=default)))
        return "250 OK"
