"""The SMTP way out against real servers: taken, refused, put off, dead, and misbehaving at the worst moment."""

from __future__ import annotations

import datetime as dt
import ipaddress
import threading
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as reading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from post_office import HOST, Clerk, behind_tls, free_port, only, open_office, silent_office

from tachiai.errors import Outage
from tachiai.house import Smtp
from tachiai.outbox import transports
from tachiai.outbox.composing import POLICY
from tachiai.outbox.transports import Refused, SmtpTransport, Unanswered

TO = "vendor@example.jp"


def message(to: str = TO) -> EmailMessage:
    made = EmailMessage(policy=POLICY)
    made["Subject"] = "【さくら丘市】 様より㈱𠮷野との契約への署名依頼が届いています"
    made["From"] = "noreply@keiyaku.example.jp"
    made["To"] = to
    made["Message-ID"] = "<1@keiyaku.example.jp>"
    made.set_content("緑野 太郎 様\n\n.点で始まる行\n㈱𠮷野\n", cte="base64")
    return made


def way_out(port: int, **changes: str) -> SmtpTransport:
    given = {"user": "", "password": "", "tls": "none"} | changes
    return SmtpTransport(Smtp(HOST, port, given["user"], given["password"], given["tls"], "noreply@keiyaku.example.jp"))  # type: ignore[arg-type]


def outage(transport: SmtpTransport, to: str = TO) -> Outage:
    with pytest.raises(Outage) as caught:
        transport.send(message(to))
    return caught.value


def test_taken_mail_arrives_whole_and_the_reply_is_the_servers() -> None:
    clerk = Clerk()
    with open_office(clerk) as port:
        assert way_out(port).send(message()) == "250 queued as 4711"
    [(to, raw)] = clerk.taken
    arrived = message_from_bytes(raw, policy=reading)
    assert to == TO
    assert arrived["Subject"] == message()["Subject"]
    assert isinstance(arrived, EmailMessage)
    assert arrived.get_content().replace("\r\n", "\n") == "緑野 太郎 様\n\n.点で始まる行\n㈱𠮷野\n"


def test_nothing_but_ascii_crosses_the_wire() -> None:
    """So no relay needs 8BITMIME or SMTPUTF8, and none rewrites the body."""
    clerk = Clerk()
    with open_office(clerk, decode_data=False, enable_SMTPUTF8=False) as port:
        way_out(port).send(message())
    [(_, raw)] = clerk.taken
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 not here", "521 does not accept mail"])
def test_refused_recipient(answer: str) -> None:
    clerk = Clerk(rcpt={TO: answer})
    with open_office(clerk) as port, pytest.raises(Refused) as caught:
        way_out(port).send(message())
    assert caught.value.reply == answer
    assert clerk.taken == []


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "452 mailbox full", "421 too busy"])
def test_recipient_put_off(answer: str) -> None:
    with open_office(Clerk(rcpt={TO: answer})) as port:
        found = outage(way_out(port))
    assert (found.code, found.detail) == ("smtp.deferred", answer)


def test_content_refused_and_put_off() -> None:
    with open_office(Clerk(data="554 5.7.1 rejected as spam")) as port, pytest.raises(Refused, match="rejected as spam"):
        way_out(port).send(message())
    with open_office(Clerk(data="451 try later")) as port:
        assert outage(way_out(port)).code == "smtp.deferred"


def test_our_own_address_refused_is_everybodys_outage() -> None:
    with open_office(Clerk(sender="550 sender not allowed")) as port:
        found = outage(way_out(port))
    assert (found.code, found.detail) == ("smtp.failed", "550 sender not allowed")


@pytest.mark.parametrize("farewell", [{"farewell": "421 shutting down"}, {"farewell": "500 what?"}, {"hang_up_at_farewell": True}])
def test_an_answer_stands_whatever_the_farewell(farewell: dict[str, Any]) -> None:
    """A mail that was accepted and then sent again because of QUIT would reach its reader every five minutes."""
    clerk = Clerk(**farewell)
    with open_office(clerk) as port:
        assert way_out(port).send(message()).startswith("250")
    assert len(clerk.taken) == 1
    with open_office(Clerk(**farewell, rcpt={TO: "550 no"})) as port, pytest.raises(Refused):
        way_out(port).send(message())


def test_mails_in_a_row_share_a_connection() -> None:
    clerk = Clerk(rcpt={"gone@example.jp": "550 no such user", "later@example.jp": "451 greylisted"})
    with open_office(clerk) as port:
        transport = way_out(port)
        transport.send(message())
        with pytest.raises(Refused):
            transport.send(message("gone@example.jp"))
        transport.send(message("third@example.jp"))
        assert len(clerk.callers) == 1
        assert outage(transport, "later@example.jp").code == "smtp.deferred"
        transport.send(message("fifth@example.jp"))
    assert [to for to, _ in clerk.taken] == [TO, "third@example.jp", "fifth@example.jp"]


@pytest.mark.parametrize("answer", ["421 closing", "500 what?"])
def test_a_connection_that_is_no_good_any_more_is_replaced(answer: str) -> None:
    clerk = Clerk()
    with open_office(clerk) as port:
        transport = way_out(port)
        transport.send(message())
        clerk.forgetful = answer
        transport.send(message())
    assert len(clerk.callers) == len(clerk.taken) == 2


def test_a_server_that_was_replaced_is_called_anew() -> None:
    first, second = Clerk(), Clerk()
    with open_office(first) as port:
        transport = way_out(port)
        transport.send(message())
        kept = transport._kept[:]
    with open_office(second, port=port):
        transport._kept = kept
        transport.send(message())
    assert (len(first.taken), len(second.taken)) == (1, 1)


def test_no_connection_is_used_or_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "MAILS_PER_CONNECTION", 2)
    monkeypatch.setattr(transports, "KEPT_SECONDS", 0.1)
    clerk = Clerk()
    with open_office(clerk) as port:
        transport = way_out(port)
        for _ in range(3):
            transport.send(message())
        assert len(clerk.callers) == 2
        deadline = time.monotonic() + 5
        while transport._kept:
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)


def test_idle_connections_are_looked_for_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []
    monkeypatch.setattr(transports, "_later", lambda _seconds, look: looks.append(look))
    with open_office(Clerk()) as port:
        out = way_out(port)
        for _ in range(5):
            out.send(message())
        assert len(looks) == 1
        looks.pop()()
        assert len(looks) == 1  # somebody has used it just now: it is looked at again
        monkeypatch.setattr(transports, "KEPT_SECONDS", 0.0)
        looks.pop()()
        assert looks == []
        out.send(message())
        assert len(looks) == 1


def test_many_at_once_each_get_their_own_connection() -> None:
    clerk = Clerk()
    with open_office(clerk) as port:
        transport = way_out(port)
        senders = [threading.Thread(target=transport.send, args=(message(f"{one}@example.jp"),)) for one in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert sorted(to for to, _ in clerk.taken) == [f"{one}@example.jp" for one in range(8)]


def test_dead_server() -> None:
    assert outage(way_out(free_port())).code == "smtp.unreachable"


def test_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "TIMEOUT_SECONDS", 0.3)
    with silent_office() as port:
        assert outage(way_out(port)).code == "smtp.unreachable"


def test_connection_lost_after_the_body() -> None:
    with open_office(Clerk(hang_up=True)) as port:
        assert isinstance(outage(way_out(port)), Unanswered)


def test_what_is_no_reply_accepts_nothing() -> None:
    """Said to the whole mail, nobody knows what it means."""
    for said in ("thank you", "099 odd", "612 odd"):
        with open_office(Clerk(data=said)) as port:
            assert isinstance(outage(way_out(port)), Unanswered), said
    with open_office(Clerk(rcpt={TO: "hello"})) as port:
        assert outage(way_out(port)).code == "smtp.failed"


def test_a_reply_can_be_kept_whatever_is_in_it() -> None:
    with open_office(Clerk(data="250 \x00queued\x1b[2J")) as port:
        assert way_out(port).send(message()) == "250 \ufffdqueued\ufffd[2J"


def test_unknown_host() -> None:
    gone = SmtpTransport(Smtp("no-such-host.invalid", 25, "", "", "none", "noreply@keiyaku.example.jp"))
    assert outage(gone).code == "smtp.unreachable"


def test_domain_in_japanese_goes_out_in_its_ascii_form() -> None:
    clerk = Clerk()
    with open_office(clerk) as port:
        way_out(port).send(message("vendor@さくら丘.example"))
    assert clerk.taken[0][0] == "vendor@xn--y8jl1n477i.example"


@pytest.mark.parametrize("address", ["緑野@example.jp", f"vendor@{'a' * 64}.example"])
def test_address_that_smtp_cannot_carry_is_refused_not_a_crash(address: str) -> None:
    with open_office(Clerk()) as port, pytest.raises(Refused, match="553"):
        way_out(port).send(message(address))


# --- TLS and login -------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate for loopback and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post office (test)")])
    now, hour = dt.datetime.now(dt.UTC), dt.timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - hour, now + hour)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "office.pem", tmp_path / "office.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return str(files[0]), str(files[1])


def test_login_behind_starttls(certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = Clerk()
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    with open_office(clerk, **behind_tls(*certificate), authenticator=only("mail", "s3cret"), auth_required=True) as port:
        assert way_out(port, tls="starttls", user="mail", password="s3cret").send(message()).startswith("250")
        wrong = outage(way_out(port, tls="starttls", user="mail", password="other"))
        none = outage(way_out(port, tls="starttls"))
    assert (wrong.code, wrong.detail) == ("smtp.failed", "SMTPAuthenticationError 535")
    assert none.detail.startswith("530")
    assert len(clerk.taken) == 1


def test_certificate_that_nobody_vouches_for(certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = Clerk()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with open_office(clerk, **behind_tls(*certificate)) as port:
        assert outage(way_out(port, tls="starttls")).code == "smtp.unreachable"
    assert clerk.taken == []


def test_starttls_is_never_given_up_in_silence() -> None:
    clerk = Clerk()
    with open_office(clerk) as port:
        assert outage(way_out(port, tls="starttls")).code == "smtp.failed"
    assert clerk.taken == []
