"""Signed notes and checkpoints: a note known to every implementation, and everything that only looks like one."""

from __future__ import annotations

import base64

import pytest

from tachiai.crypto.merkle import EMPTY_ROOT
from tachiai.crypto.signed_notes import (
    BadNote,
    checkpoint_extensions,
    checkpoint_text,
    open_note,
    parse_checkpoint,
    sign_note,
    split_note,
    verifier_key,
)

# The key and the note by which implementations of signed notes know one another.
KNOWN_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KNOWN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
KNOWN_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
KNOWN_NOTE = f"{KNOWN_TEXT}\n{KNOWN_LINE}"

NAME, SEED, ROOT = "tachiai.example/log/e1", bytes(range(32)), bytes(range(32, 64))
KEY = verifier_key(NAME, SEED)


def code(note: str, key: str) -> str:
    with pytest.raises(BadNote) as caught:
        open_note(note, key)
    return caught.value.code


def test_the_known_note() -> None:
    assert verifier_key("PeterNeumann", KNOWN_SEED) == KNOWN_KEY
    assert sign_note(KNOWN_TEXT, "PeterNeumann", KNOWN_SEED) == KNOWN_NOTE
    assert open_note(KNOWN_NOTE, KNOWN_KEY) == KNOWN_TEXT


def test_every_changed_character_of_a_note_is_refused() -> None:
    for at, mark in enumerate(KNOWN_NOTE):
        other = chr(ord(mark) ^ 1)
        assert code(KNOWN_NOTE[:at] + other + KNOWN_NOTE[at + 1 :], KNOWN_KEY).startswith("note.")
        assert code(KNOWN_NOTE[:at] + KNOWN_NOTE[at + 1 :], KNOWN_KEY).startswith("note.")
        assert code(KNOWN_NOTE[:at], KNOWN_KEY).startswith("note.")


def test_every_changed_character_of_a_key_is_refused() -> None:
    for at, mark in enumerate(KNOWN_KEY):
        assert code(KNOWN_NOTE, KNOWN_KEY[:at] + chr(ord(mark) ^ 1) + KNOWN_KEY[at + 1 :]) in ("note.key", "note.name")
        assert code(KNOWN_NOTE, KNOWN_KEY[:at]) in ("note.key", "note.name")
    # A key of another length and one of another kind, each with the id that fits it.
    assert code(KNOWN_NOTE, "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==") == "note.key"
    assert code(KNOWN_NOTE, "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW") == "note.key"


def test_others_may_sign_too() -> None:
    other = sign_note(KNOWN_TEXT, NAME, SEED).removeprefix(KNOWN_TEXT + "\n")
    both = KNOWN_NOTE + other
    assert open_note(both, KNOWN_KEY) == open_note(both, KEY) == KNOWN_TEXT
    assert code(KNOWN_NOTE, KEY) == "note.unsigned"
    # The same name with another key is somebody else.
    namesake = sign_note(KNOWN_TEXT, "PeterNeumann", SEED).removeprefix(KNOWN_TEXT + "\n")
    assert open_note(KNOWN_NOTE + namesake, KNOWN_KEY) == KNOWN_TEXT
    assert code(f"{KNOWN_TEXT}\n{namesake}", KNOWN_KEY) == "note.unsigned"
    # One wrong signature of a known key spoils the note, wherever it stands.
    wrong = sign_note("another\n", "PeterNeumann", KNOWN_SEED).removeprefix("another\n\n")
    assert code(KNOWN_NOTE + wrong, KNOWN_KEY) == code(f"{KNOWN_TEXT}\n{wrong}{KNOWN_LINE}", KNOWN_KEY) == "note.signature"
    assert open_note(KNOWN_NOTE + other * 15, KNOWN_KEY) == KNOWN_TEXT
    assert code(KNOWN_NOTE + other * 16, KNOWN_KEY) == "note.malformed"


MALFORMED = [
    "",
    "\n",
    KNOWN_TEXT,
    KNOWN_TEXT + KNOWN_LINE,
    KNOWN_NOTE + "\n",
    KNOWN_NOTE.removesuffix("\n"),
    KNOWN_NOTE.replace("\n", "\r\n"),
    KNOWN_NOTE.replace("think", "th\tink"),
    KNOWN_NOTE.replace("— ", "- "),
    KNOWN_NOTE.replace("— ", "—"),
    KNOWN_NOTE.replace("PeterNeumann", "Peter Neumann"),
    KNOWN_NOTE.replace("PeterNeumann", "Peter\u2003Neumann"),
    KNOWN_NOTE.replace("PeterNeumann", "Peter+Neumann"),
    KNOWN_NOTE.replace("x08go", "x08g o"),
    KNOWN_NOTE.replace("AM=", "AM"),
    KNOWN_NOTE.replace("AM=", "AN="),
    KNOWN_NOTE.replace("AM=", "AM=="),
    KNOWN_NOTE.replace("/", "_"),
    f"{KNOWN_TEXT}\n— PeterNeumann x08gow==\n",
    "x" * 20_000 + "\n\n" + KNOWN_LINE,
    "\ud800" + KNOWN_NOTE,
]


@pytest.mark.parametrize("note", MALFORMED)
def test_what_is_no_note(note: str) -> None:
    assert code(note, KNOWN_KEY) == "note.malformed"


def test_the_text_may_hold_empty_lines() -> None:
    text = "\n\nzero\n\n\n"
    assert open_note(sign_note(text, NAME, SEED), KEY) == text
    assert split_note(sign_note(text, NAME, SEED))[0] == text


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000b", "a\x00b", "a\x7fb", "\ud800"])
def test_names_nobody_may_have(name: str) -> None:
    for act in (lambda: verifier_key(name, SEED), lambda: sign_note("text\n", name, SEED), lambda: checkpoint_text(name, 1, ROOT)):
        with pytest.raises(BadNote):
            act()


@pytest.mark.parametrize("text", ["", "no end", "a\tb\n", "\ud800\n"])
def test_texts_nobody_can_sign(text: str) -> None:
    with pytest.raises(BadNote, match=r"note\.text"):
        sign_note(text, NAME, SEED)


# ------------------------------------------------------------------------------------------------- checkpoints


def test_a_checkpoint_is_read_back() -> None:
    text = checkpoint_text(NAME, 20_852_163, ROOT)
    assert text == f"{NAME}\n20852163\n{base64.b64encode(ROOT).decode()}\n"
    assert parse_checkpoint(text) == (NAME, 20_852_163, ROOT)
    assert parse_checkpoint(open_note(sign_note(text, NAME, SEED), KEY)).size == 20_852_163
    extended = checkpoint_text(NAME, 1, ROOT, ["Timestamp: 2026", " as it is"])
    assert parse_checkpoint(extended) == (NAME, 1, ROOT)
    assert checkpoint_extensions(extended) == ["Timestamp: 2026", " as it is"]


def test_an_empty_tree_has_one_root() -> None:
    assert parse_checkpoint(checkpoint_text(NAME, 0, EMPTY_ROOT)).size == 0
    with pytest.raises(BadNote, match=r"checkpoint\.malformed"):
        checkpoint_text(NAME, 0, ROOT)


ENCODED = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{NAME}\n1\n{ENCODED}",
        f"{NAME}\n1\n",
        f"\n1\n{ENCODED}\n",
        f"{NAME}\n01\n{ENCODED}\n",
        f"{NAME}\n+1\n{ENCODED}\n",
        f"{NAME}\n-1\n{ENCODED}\n",
        f"{NAME}\n1 \n{ENCODED}\n",
        f"{NAME}\n１\n{ENCODED}\n",
        f"{NAME}\n9223372036854775808\n{ENCODED}\n",
        f"{NAME}\n1\n{ENCODED[:-1]}\n",
        f"{NAME}\n1\n {ENCODED}\n",
        f"{NAME}\n1\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"{NAME}\n1\n{ENCODED}\n\n",
        f"{NAME}\n1\n{ENCODED}\n\nmore\n",
        f"tachiai example\n1\n{ENCODED}\n",
        f"tachiai+example\n1\n{ENCODED}\n",
        f"{NAME}\r\n1\r\n{ENCODED}\r\n",
        f"{NAME}\n0\n{ENCODED}\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(BadNote, match=r"checkpoint\.malformed"):
        parse_checkpoint(text)


def test_nothing_is_written_that_would_not_be_read_back() -> None:
    for wrong in ([""], ["two\nlines"]):
        with pytest.raises(BadNote, match=r"checkpoint\.malformed"):
            checkpoint_text(NAME, 1, ROOT, wrong)
    with pytest.raises(BadNote, match=r"checkpoint\.malformed"):
        checkpoint_text(NAME, -1, ROOT)
