"""The mailbox to which mails come back: each is marked only after it was taken."""

from __future__ import annotations

import imaplib
import poplib
from typing import Any

import pytest

from tachiai.errors import Outage
from tachiai.house import Misconfigured, read
from tachiai.outbox.mailboxes import returned_mails


class Imap:
    """Two mails that nobody has seen, by imaplib's answers."""

    said: list[tuple[Any, ...]] = []

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Imap:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def login(self, *who: str) -> None:
        self.said.append(("login", *who))

    def select(self, folder: str) -> tuple[str, list[Any]]:
        self.said.append(("select", folder))
        return "OK", [b"2"]

    def uid(self, act: str, *more: str) -> tuple[str, list[Any]]:
        self.said.append((act, more[0]))
        if act == "SEARCH":
            return "OK", [b"4 7"]
        return "OK", [(b"4 (BODY[] {3}", b"raw"), b")"] if act == "FETCH" else [b""]


def test_a_mail_is_seen_only_once_it_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    Imap.said = []
    monkeypatch.setattr(imaplib, "IMAP4_SSL", Imap)
    mails = returned_mails("imaps://bounces%40example.jp:p%40ss@mail.example.jp/Bounces")
    assert next(iter(mails)) == ("4", b"raw")
    assert Imap.said == [("login", "bounces@example.jp", "p@ss"), ("select", '"Bounces"'), ("SEARCH", "UNSEEN"), ("FETCH", "4")]
    assert next(mails) == ("7", b"raw")
    assert Imap.said[4:] == [("STORE", "4"), ("FETCH", "7")]
    assert list(mails) == []
    assert Imap.said[-1] == ("STORE", "7")


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
def test_a_mailbox_that_does_not_answer_is_an_outage(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(imaplib, "IMAP4_SSL", away)
    monkeypatch.setattr(poplib, "POP3_SSL", away)
    with pytest.raises(Outage, match=r"bounces\.unreachable"):
        list(returned_mails(f"{scheme}://a:b@mail.example.jp"))


@pytest.mark.parametrize("url", ["https://mail.example.jp", "imaps://", "imaps://mail.example.jp:port/"])
def test_a_mailbox_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(Misconfigured, match="TACHIAI_BOUNCE_MAILBOX"):
        read({"TACHIAI_BOUNCE_MAILBOX": url})
