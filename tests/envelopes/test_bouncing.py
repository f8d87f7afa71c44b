"""Mails that came back: whose they are, whether they were given up, and that nobody can end anything by writing one."""

from __future__ import annotations

import uuid
from email.message import EmailMessage
from pathlib import Path

import pytest

from cast import Cast
from stories import sent, vendor_of
from tachiai import clock, ledger
from tachiai.cli.main import main
from tachiai.envelopes.bouncing import Taken, take_bounce
from tachiai.envelopes.models import Envelope
from tachiai.outbox import compose
from tachiai.outbox.models import Mail
from tachiai.pages.returned_mail import DELAYED, FAILED, NEITHER, read_returned

OURS = uuid.UUID("0b7d7a52-6f0e-4c1c-9a5c-2f6f1f3a9d10")
NAME = f"<{OURS}@keiyaku.example.jp>"


def report(action: str, status: str, *, original: str = NAME, headers_only: bool = False) -> bytes:
    """RFC 3464, as Postfix and most others write it."""
    returned = f"From: noreply@keiyaku.example.jp\r\nTo: vendor@example.jp\r\nMessage-ID: {original}\r\nSubject: test\r\n\r\n"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    return (
        "From: MAILER-DAEMON@mx.example.jp (Mail Delivery System)\r\nTo: bounces@keiyaku.example.jp\r\n"
        "Auto-Submitted: auto-replied\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.jp\r\n\r\n"
        f"Final-Recipient: rfc822; vendor@example.jp\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\r\n"
        f"--B\r\nContent-Type: {kind}\r\n\r\n{returned}\r\n--B--\r\n"
    ).encode()


def plain(text: str, *, sender: str = "MAILER-DAEMON@mx.example.jp", to: str = "noreply@keiyaku.example.jp", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "failure notice"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


FORMS = (
    ("a report", report("failed", "5.1.1"), FAILED, True),
    ("headers alone", report("failed", "5.1.1", headers_only=True), FAILED, True),
    ("late", report("delayed", "4.4.1"), DELAYED, True),
    ("delivered", report("delivered", "2.0.0"), NEITHER, True),
    ("qmail", plain(f"Hi. This is the qmail-send program.\n<vendor@example.jp>:\nuser unknown\n\nMessage-ID: {NAME}\n"), FAILED, True),
    ("Japanese", plain(f"宛先のアドレスが存在しません。\n\nMessage-ID: {NAME}\n"), FAILED, True),
    ("retrying", plain(f"Delivery is delayed; the server is still trying.\n{NAME}\n"), DELAYED, True),
    ("own address", plain("550 5.1.1 user unknown", to=f"bounces+{OURS}@keiyaku.example.jp"), FAILED, True),
    ("hex address", plain("550 5.1.1 user unknown", to=f"bounces+{OURS.hex}@keiyaku.example.jp"), FAILED, True),
    ("nobody's", plain("550 5.1.1 user unknown"), FAILED, False),
    ("a person", plain(f"I moved; mail to my old address fails. 550\n{NAME}", sender="Taro <taro@example.jp>"), NEITHER, True),
    ("holiday", plain(f"Your mail does not exist for me. {NAME}", Auto_Submitted="auto-replied"), NEITHER, True),
)


@pytest.mark.parametrize(("message", "outcome", "named"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_every_form_is_told_apart(message: bytes, outcome: str, named: bool) -> None:
    told = read_returned(message)
    assert (told.outcome, OURS in told.mails) == (outcome, named)
    assert "\n" not in told.words


@pytest.mark.parametrize("rubbish", [b"\x00\xff" * 500, b"Content-Type: multipart/report; boundary=B\n\n--B\n--B\n" * 50, b"From: \xff\n"])
def test_rubbish_is_no_bounce(rubbish: bytes) -> None:
    assert read_returned(rubbish).outcome == NEITHER


def asked(envelope: Envelope) -> Mail:
    return Mail.objects.get(kind="M01", about=vendor_of(envelope).pk)


def test_a_bounce_is_shown_and_told_once_and_ends_nothing(cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    envelope = sent(cast)
    mail = asked(envelope)
    late, given_up = report("delayed", "4.4.1", original=mail.message_id), report("failed", "5.1.1", original=mail.message_id)
    assert [take_bounce(late, at=clock.now()) for _ in range(2)] == [Taken.DELAYED, Taken.KNOWN]
    assert not vendor_of(envelope).undelivered
    file = tmp_path / "bounce.eml"
    file.write_bytes(given_up)
    assert main(["bounce", str(file), str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{file}: bounced", f"{file}: known"]
    person = vendor_of(envelope)
    envelope.refresh_from_db()
    assert (person.undelivered, person.state, envelope.state) == (True, "requested", "in_progress")
    assert Mail.objects.filter(kind="M14", to=cast.clerk.mail).count() == 1
    events = [entry.event for entry in ledger.entries(envelope.stream)]
    assert [events.count(event) for event in ("mail.bounced", "mail.delayed", "recipient.undelivered")] == [1, 1, 1]


def test_what_names_none_of_our_mails_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    envelope = sent(cast)
    assert take_bounce(report("failed", "5.1.1"), at=clock.now()) == Taken.UNMATCHED
    assert take_bounce(compose(asked(envelope)).as_bytes(), at=clock.now()) == Taken.NO_BOUNCE
    assert not vendor_of(envelope).undelivered
    empty = tmp_path / "empty"
    empty.touch()
    assert main(["bounce", str(empty)]) == 1
    assert main(["bounce"]) == 2
