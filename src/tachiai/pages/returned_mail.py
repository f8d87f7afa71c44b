"""What a mail server sent back: `read_returned`, in a child like everything that strangers write.

The child reads RFC 3464 reports (multipart/report with message/delivery-status) and, where there is none, the words that servers have
used instead. It says which of our mails it may speak of, and whether that one was given up or is only late. It proves nothing: anybody
can write such a mail, so what it says is shown to people and ends nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser

from tachiai.errors import Outage, Refusal
from tachiai.pages import child
from tachiai.pages.frame import Head

LARGEST = 4 * 1024 * 1024
LIMITS = child.Limits(memory_bytes=512 * 1024 * 1024, cpu_seconds=5, wall_seconds=15.0, answer_bytes=64 * 1024)
MOST_NAMED = 20
LONGEST_WORDS = 300

FAILED, DELAYED, NEITHER = "failed", "delayed", "neither"

# Our own mails are named after their row: nobody meets one by chance, and nobody guesses one.
_UUID = r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_NAMED = re.compile(rf"<({_UUID})@[^<>\s]{{1,255}}>", re.IGNORECASE)
_ADDRESSED = re.compile(rf"\+({_UUID})@", re.IGNORECASE)
_ADDRESS_HEADERS = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-failed-recipients")
_GIVEN_UP = re.compile(
    r"\b5\.\d{1,3}\.\d{1,3}\b|\b55[0-4][ -]|user unknown|unknown user|no such user|does not exist|undeliverable"
    r"|permanent(?:ly)? (?:error|fail)|could not be delivered"
    r"|delivery (?:has |to the following recipients? )?failed|配信できません|配送できません|存在しません|不明な宛先",
    re.IGNORECASE,
)
_LATE = re.compile(r"\b4\.\d{1,3}\.\d{1,3}\b|\b4[25]\d[ -]|delayed|will (?:be )?retr(?:y|ied)|still trying|遅延|再試行", re.IGNORECASE)
_REPORTER = re.compile(r"mailer-daemon|postmaster|mail delivery|maildelivery|bounce", re.IGNORECASE)


@dataclass(frozen=True)
class Returned:
    """What a mail that came back says. ``mails`` are the ids of ours that it names, the likeliest first; ``words`` the server's own."""

    outcome: str
    mails: tuple[uuid.UUID, ...]
    words: str


def read_returned(message: bytes) -> Returned:
    """Read a mail that may be a bounce, in a child.

    Refuses with ``file.empty``, ``file.too_large`` (limit_mb) and whatever a child refuses (``file.broken``, ``file.too_complex``).
    """
    if not message.strip():
        raise Refusal("file.empty")
    if len(message) > LARGEST:
        raise Refusal("file.too_large", limit_mb=LARGEST // (1024 * 1024))
    head, _ = child.run("returned_mail", message, limits=LIMITS)
    # The child has read a stranger's bytes, so its answer is checked like a stranger's.
    try:
        outcome, words = str(head["outcome"]), str(head["words"])[:LONGEST_WORDS]
        mails = tuple(uuid.UUID(str(one)) for one in head["mails"][:MOST_NAMED])
    except (KeyError, TypeError, ValueError) as error:
        raise Outage("pages.child", "an answer that is none") from error
    if outcome not in (FAILED, DELAYED, NEITHER):
        raise Outage("pages.child", "an outcome that is none")
    return Returned(outcome, mails, words)


def returned_mail_job(message: bytes, options: Head) -> tuple[Head, bytes]:
    """The child's part: the same facts as `Returned`, as JSON."""
    read = BytesParser(policy=policy.compat32).parsebytes(message)
    outcome, words = _reported(read) or _told_in_words(read)
    return {"outcome": outcome, "mails": _mails(read, message), "words": _legible(words)}, b""


def _reported(read: Message) -> tuple[str, str] | None:
    """RFC 3464, 2.3: each recipient's own block has an action. We write to one person, so the worst one counts."""
    found: dict[str, str] = {}
    for part in read.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        for block in _blocks(part):
            action = str(block.get("Action", "")).strip().casefold()
            if action:
                words = " ".join(str(block.get(name, "")) for name in ("Status", "Diagnostic-Code"))
                found.setdefault(action, words)
    for action, outcome in (("failed", FAILED), ("delayed", DELAYED)):
        if action in found:
            return outcome, found[action]
    return (NEITHER, "") if found else None


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    # Some servers encode the part although RFC 3464, 2.1 wants it in plain ASCII.
    text = _text(part)
    return [BytesParser(policy=policy.compat32).parsebytes(block.encode()) for block in re.split(r"\r?\n\r?\n", text) if block.strip()]


def _told_in_words(read: Message) -> tuple[str, str]:
    """A bounce without a report: only from somebody who reports, so that a holiday reply that quotes one is none."""
    sender = f"{read.get('From', '')} {read.get('Return-Path', '')}"
    replied = str(read.get("Auto-Submitted", "")).strip().casefold().startswith("auto-replied")
    if not (_REPORTER.search(sender) or read.get("X-Failed-Recipients")) or (replied and not read.get("X-Failed-Recipients")):
        return NEITHER, ""
    text = f"{read.get('Subject', '')}\n{_own_words(read)}"
    given_up, late = _GIVEN_UP.search(text), _LATE.search(text)
    if given_up:
        return FAILED, _line_of(text, given_up.start())
    return (DELAYED, _line_of(text, late.start())) if late else (NEITHER, "")


def _own_words(read: Message) -> str:
    """The text that the reporter wrote: of a message of several parts the first readable one."""
    for part in read.walk():
        if part.get_content_type() in ("text/plain", "text/html"):
            return _text(part)
    return ""


def _line_of(text: str, place: int) -> str:
    begin = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[begin : end if end >= 0 else None]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = str(part.get_content_charset() or "utf-8")
    try:
        return payload.decode(charset, "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _mails(read: Message, message: bytes) -> list[str]:
    """Ids of ours that it names: the address that it came to first, then the mail sent back, then anything quoted."""
    found: dict[str, None] = {}
    for one in _ids(read, message):
        found.setdefault(str(uuid.UUID(one)), None)
        if len(found) >= MOST_NAMED:
            break
    return list(found)


def _ids(read: Message, message: bytes) -> Iterator[str]:
    for name in _ADDRESS_HEADERS:
        for value in read.get_all(name, []):
            yield from _ADDRESSED.findall(str(value))
    for part in read.walk():
        if part is not read and part.get("Message-ID"):
            yield from _NAMED.findall(str(part["Message-ID"]))
    for name in ("In-Reply-To", "References"):
        yield from _NAMED.findall(str(read.get(name, "")))
    for part in read.walk():
        if part.get_content_maintype() == "text":
            yield from _NAMED.findall(_text(part))
    yield from _NAMED.findall(message.decode("latin-1"))


def _legible(words: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", words).split())[:LONGEST_WORDS]
