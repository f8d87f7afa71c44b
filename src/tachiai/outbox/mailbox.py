"""The demo's mailbox read back: what the mailbox transport kept, for the page that shows it on loopback."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tachiai.clock import JAPAN
from tachiai.errors import Refusal

NAME = re.compile(r"[0-9a-f-]{1,64}")
LANGUAGE = re.compile(r'<html[^>]*\blang="(\w+)"')


@dataclass(frozen=True)
class Kept:
    """One kept message. ``text`` is its plain part, in ``language`` as its subject; ``name`` finds it again."""

    name: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    language: str


def messages(*, to: str = "") -> list[Kept]:
    """What is kept, newest first; of one addressee when ``to`` is given."""
    folder = _folder()
    paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True) if folder.is_dir() else []
    found = [_kept(path) for path in paths]
    return [one for one in found if not to or one.to == to]


def names() -> set[str]:
    """What every kept message is found by."""
    return {path.stem for path in _folder().glob("*.eml")}


def message(name: str) -> Kept:
    """One message. Refuses with ``mail.unknown``."""
    path = _folder() / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise Refusal("mail.unknown")
    return _kept(path)


def _folder() -> Path:
    folder: Path = settings.TACHIAI.home / "mailbox"
    return folder


# A kept message never changes.
@lru_cache(maxsize=4096)
def _kept(path: Path) -> Kept:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    body, page = parsed.get_body(("plain",)), parsed.get_body(("html",))
    spoken = LANGUAGE.search(str(page.get_content())) if page is not None else None
    return Kept(
        name=path.stem,
        to=str(parsed["To"]),
        sender=str(parsed["From"]),
        subject=str(parsed["Subject"]),
        sent_at=parsed["Date"].datetime.astimezone(JAPAN),
        text=str(body.get_content()) if body is not None else "",
        language=spoken[1] if spoken else "ja",
    )
