"""From a row to the bytes on the wire: headers, encoding and the link made at the last moment."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as reading
from pathlib import Path
from typing import Any

import pytest
from letter_cases import CASES, WRITTEN, facts

from tachiai.crypto.tokens import link_token
from tachiai.outbox import wire
from tachiai.outbox.composing import compose, write
from tachiai.outbox.concealing import conceal
from tachiai.outbox.models import Mail

PUBLIC_URL = "https://keiyaku.example.jp"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, settings: Any) -> None:
    """A house that is nothing but its keys."""
    (tmp_path / "keys").mkdir()
    for name in ("link", "mail"):
        (tmp_path / "keys" / f"{name}.key").write_text(uuid.uuid4().hex * 2)
    settings.TACHIAI = replace(settings.TACHIAI, home=tmp_path, public_url=PUBLIC_URL, mail_from="noreply@keiyaku.example.jp")


def row(kind: str, context: dict[str, Any], *, language: str = "ja", domain: str = "keiyaku.example.jp", **fields: Any) -> Mail:
    made_here = ("service", "written_at", "link")
    return Mail(
        kind=kind,
        to="vendor@example.jp",
        language=language,
        context={name: value for name, value in context.items() if name not in made_here},
        message_id=f"<{uuid.uuid4()}@{domain}>",
        thread=f"<{uuid.uuid4()}@{domain}>",
        created_at=datetime.fromisoformat(WRITTEN),
        **fields,
    )


def over_the_wire(mail: Mail) -> tuple[bytes, EmailMessage]:
    raw = write(mail).as_bytes()
    read = message_from_bytes(raw, policy=reading)
    assert isinstance(read, EmailMessage)
    return raw, read


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("kind", "difference"), [(kind, difference) for kind, _, difference in CASES])
def test_every_letter_survives_the_wire(language: str, kind: str, difference: dict[str, Any]) -> None:
    context = facts(language, difference)
    raw, read = over_the_wire(row(kind, context, language=language, link_door="s", link_invitation=uuid.uuid4()))
    plain, html = parts(read)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert context["recipient"]["name"] in plain
    assert context["recipient"]["name"] in html
    assert read.get_content_type() == "multipart/alternative"
    assert {(part.get_content_charset(), part["Content-Transfer-Encoding"]) for part in read.iter_parts()} == {("utf-8", "base64")}


def test_headers() -> None:
    mail = row("M01", facts("ja", {"reader": "signer"}), link_door="s", link_invitation=uuid.uuid4())
    _, read = over_the_wire(mail)
    assert read["Subject"] == "【さくら丘市（架空）】 様より令和8年度庁舎清掃業務委託契約への署名依頼が届いています"
    assert read["From"] == "電子契約 Tachiai <noreply@keiyaku.example.jp>"
    assert read["To"] == "vendor@example.jp"
    assert read["Reply-To"] == "keiyaku@sakuragaoka.example.jp"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == mail.message_id
    assert read["References"] == mail.thread
    assert read["Date"].datetime == mail.created_at


def test_english_mail_comes_from_an_english_name() -> None:
    _, read = over_the_wire(row("M08", facts("en", {"reader": "sender", "about": None}), language="en"))
    assert read["From"] == "Tachiai e-contracts <noreply@keiyaku.example.jp>"


def test_encoded_words_keep_their_length() -> None:
    """RFC 2047, 2: an encoded word is at most 75 characters long; older gateways cut longer ones."""
    raw, read = over_the_wire(row("M08", facts("ja", {"envelope": "𠮷野家㈱" * 30, "about": None})))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[bq]\?[^?]*\?=", raw))
    assert "𠮷野家㈱" * 12 in read["Subject"]


def test_thread_survives_a_long_host_name() -> None:
    domain = f"keiyaku.{'sakuragaoka-' * 5}city.example.lg.jp"
    mail = row("M08", facts("ja", {"about": None}), domain=domain)
    raw, _ = over_the_wire(mail)
    assert f"References: {mail.thread}\r\n".encode() in raw
    assert f"Message-ID: {mail.message_id}\r\n".encode() in raw


def test_no_name_adds_a_header() -> None:
    attack = "契約\r\nBcc: stranger@example.com\r\n\r\nbody"
    context = facts("ja", {"envelope": attack, "organization": attack, "reply_to": "a@example.jp\r\nBcc: stranger@example.com"})
    raw, read = over_the_wire(row("M01", context, link_door="s", link_invitation=uuid.uuid4()))
    assert read["Bcc"] is None
    assert not re.search(rb"(?im)^bcc:", raw)


def test_link_is_derived_from_the_row_and_changes_with_its_generation(settings: Any) -> None:
    invitation, key = uuid.uuid4(), settings.TACHIAI.secret("link")
    for generation in (0, 1):
        mail = row("M01", facts("ja", {}), link_door="s", link_invitation=invitation, link_generation=generation)
        plain, html = parts(over_the_wire(mail)[1])
        link = f"{PUBLIC_URL}/s/{link_token(key, invitation, generation=generation)}"
        assert re.findall(r"https?://\S+", plain) == [link]
        assert f'href="{link}"' in html
        assert link.rpartition("/")[2] not in str(mail.context)


def test_one_time_code_is_read_only_when_composed() -> None:
    context = facts("ja", {}) | {"concealed": {"code": conceal("482913")}}
    mail = row("M16", context)
    assert "482913" not in str(mail.context)
    plain, _ = parts(over_the_wire(mail)[1])
    assert "認証コード：482913" in plain
    assert mail.context["concealed"]["code"] not in plain


def test_password_link_is_the_only_link() -> None:
    url = f"{PUBLIC_URL}/accounts/password/reset/key/1-abc/"
    context = facts("ja", {"purpose": "password_reset_key", "reply_to": ""}) | {"concealed": {"reset_url": conceal(url)}}
    plain, html = parts(over_the_wire(row("M26", context))[1])
    assert re.findall(r"https?://\S+", plain) == [url]
    assert f'<a href="{url}">{url}</a>' in html


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("kind", "difference"), [(kind, difference) for kind, _, difference in CASES])
def test_what_is_written_is_what_the_library_would_write(language: str, kind: str, difference: dict[str, Any]) -> None:
    mail = row(kind, facts(language, difference), language=language, link_door="s", link_invitation=uuid.uuid4())
    ours, theirs = over_the_wire(mail)[1], message_from_bytes(compose(mail).as_bytes(), policy=reading)
    changing = ("Content-Type",)
    assert {name: str(value) for name, value in ours.items() if name not in changing} == {
        name: str(value) for name, value in theirs.items() if name not in changing
    }
    assert parts(ours) == parts(theirs)  # type: ignore[arg-type]
    assert (ours.defects, [part.defects for part in ours.walk()]) == ([], [[], [], []])


@pytest.mark.parametrize(
    "subject",
    [
        "a" * 70,
        "a b " * 40,
        "=?utf-8?b?Tm8=?= words",
        "契約",
        "契約 " * 60,
        "𠮷" * 199,
        "e\u0301" * 90,
        "mixed 契約 and (words)",
        "tab\u3000space",
        "  two  ",
    ],
)
def test_every_subject_reads_as_it_was_meant(subject: str) -> None:
    mail = row("M08", facts("ja", {"about": None}))
    headers = [("Subject", subject), ("To", mail.to)]
    raw = wire.written(headers, text="text\n", html="<p>").as_bytes()
    theirs = EmailMessage(policy=wire.POLICY)
    theirs["Subject"] = subject
    read = message_from_bytes(raw, policy=reading)
    # The library loses spaces between encoded words, so what it makes of words in kanji is no measure.
    meant = subject if not subject.isascii() else message_from_bytes(theirs.as_bytes(), policy=reading)["Subject"]
    assert read["Subject"] == meant
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[bq]\?[^?]*\?=", raw))


@pytest.mark.parametrize(
    "address",
    ["名前 <a@example.jp>", "a@例え.jp", '"two words"@example.jp', "a@example.jp, b@example.jp", "no address", "a" * 80 + "@example.jp"],
)
def test_an_odd_address_is_left_to_the_library(address: str) -> None:
    raw = wire.written([("Reply-To", address)], text="text\n", html="<p>").as_bytes()
    theirs = EmailMessage(policy=wire.POLICY)
    theirs["Reply-To"] = address
    assert raw.startswith(theirs.as_bytes().removesuffix(b"\r\n"))
