"""A real house from the terminal: its own key and roots, a timestamp authority, an OCSP responder and a mail server.

Nothing of the demonstration takes part. The people are made by commands; the house runs as its operator would run it, web and
worker; a contract goes its whole way by the links that arrive in the mail, and is judged by the command that anybody may use.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as reading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crypto.pdfs import plain
from crypto.server import Answer, good, serving
from invariants import check_house
from outbox.post_office import HOST, Clerk, free_port, open_office
from place import forget_handles
from stages import HERE, sees_everything
from tachiai import clock, counterparties, house
from tachiai.accounts.models import Member
from tachiai.ceremony.models import Level
from tachiai.crypto.authority import issue
from tachiai.crypto.keys import Credential, credential_of
from tachiai.crypto.revocation import EmbeddedRevocation
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope, name_recipients
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.reading import concluded_copy, concluded_files
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import sign, sign_at_desk
from tachiai.envelopes.visiting import visit

PASSPHRASE, CODE = "ein-langes-kennwort", "402859"
PASSWORD = "hanamizuki-2026-real-start"


@dataclass
class Issuer:
    """A fictional certification authority whose certificates name its responder on loopback."""

    responder_url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    issued: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fictional Root CA")])
        self.root = self._issue(self.name, self.key, authority=True)
        self._answers = EmbeddedRevocation(
            self.root.public_bytes(Encoding.DER), responder=self.leaf("OCSP", ExtendedKeyUsageOID.OCSP_SIGNING)
        )

    def _issue(self, name: x509.Name, key: Any, **details: Any) -> x509.Certificate:
        year = timedelta(days=365)
        made = issue(
            name,
            key.public_key(),
            issuer=self.name,
            issuer_key=self.key,
            at=clock.now(),
            validity=year,
            responder=self.responder_url,
            **details,
        )
        self.issued[made.serial_number] = made.public_bytes(Encoding.DER)
        return made

    def leaf(self, name: str, purpose: x509.ObjectIdentifier | None, key: Any = None) -> Credential:
        private = key or ec.generate_private_key(ec.SECP256R1())
        made = self._issue(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), private, purpose=purpose)
        return credential_of(private, [made.public_bytes(Encoding.DER), self.root.public_bytes(Encoding.DER)], label=name)

    def respond(self, _path: str, body: bytes) -> Answer:
        asked = ocsp.load_der_ocsp_request(body).serial_number
        return good(self._answers.answer(self.issued[asked], at=clock.now().replace(microsecond=0)))


@dataclass
class Surroundings:
    """What an operator has before the first command: an environment, and a mailbox to look into."""

    environment: dict[str, str]
    office: Clerk
    home: Path
    port: int

    def tachiai(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **more}
        command = [sys.executable, "-m", "tachiai.cli.main", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def mailed(self, to: str, pattern: str) -> str:
        """What the newest letter to an address holds; waits for it to arrive."""

        def look() -> str:
            for address, raw in reversed(self.office.taken):
                found = re.search(pattern, _text(raw)) if address == to else None
                if found:
                    return found.group(1)
            return ""

        return until(look, f"a letter to {to} with {pattern}")


def _text(raw: bytes) -> str:
    parsed = message_from_bytes(raw, policy=reading)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def until(look: Callable[[], Any], what: str, *, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:g} s for {what}")


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    with ExitStack() as stack:
        issuer = Issuer.__new__(Issuer)
        answering = stack.enter_context(serving(issuer.respond))
        issuer.__init__(responder_url=answering.url)  # type: ignore[misc]  # its certificates name an address that is known only now
        stamper = EmbeddedTimestamper(issuer.leaf("Fictional TSA", ExtendedKeyUsageOID.TIME_STAMPING))
        stamping = stack.enter_context(serving(lambda _path, body: good(stamper.respond(body, at=clock.now()))))
        office, port = Clerk(), free_port()
        mail = stack.enter_context(open_office(office))
        (tmp_path / "roots.pem").write_bytes(issuer.root.public_bytes(Encoding.PEM))
        yield Surroundings(_environment(tmp_path, issuer, tsa=stamping.url, mail=mail, port=port), office, tmp_path / "home", port)


def _environment(folder: Path, issuer: Issuer, *, tsa: str, mail: int, port: int) -> dict[str, str]:
    key = rsa.generate_private_key(65537, 3072)
    credential = issuer.leaf("架空電子契約運営株式会社", None, key)
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))
    chain = b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in credential.whole_chain)
    for name, held in (("seal.pem", sealed), ("chain.pem", chain), ("passphrase", PASSPHRASE.encode()), ("password", PASSWORD.encode())):
        (folder / name).write_bytes(held + b"\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACHIAI_", "DJANGO_"))}
    return {
        **kept,
        "TACHIAI_MODE": "production",
        "TACHIAI_HOME": str(folder / "home"),
        "TACHIAI_PUBLIC_URL": f"http://{HOST}:{port}",
        "TACHIAI_SMTP_URL": f"smtp://{HOST}:{mail}?tls=none",
        "TACHIAI_TSA_URL": tsa,
        "TACHIAI_TSA_ROOTS_PATH": str(folder / "roots.pem"),
        "TACHIAI_SEAL_KEY_PATH": str(folder / "seal.pem"),
        "TACHIAI_SEAL_CHAIN_PATH": str(folder / "chain.pem"),
        "TACHIAI_SEAL_KEY_PASSPHRASE_FILE": str(folder / "passphrase"),
        "TACHIAI_ACCEPT_SOFTWARE_KEY": "yes",
        "TACHIAI_ALLOW_PRIVATE_REVOCATION": "yes",
    }


def made(surroundings: Surroundings) -> None:
    """The house and its people, by the commands of the README."""
    password = str(surroundings.home.parent / "password")
    user = ("user", "create", "town", "--password-file", password)
    for command in (
        ("init",),
        ("operator", "create", "架空電子契約運営株式会社", "--phone", "03-0000-0000"),
        ("org", "create", "town", "みなと町（架空）", "--department", "契約課", "--mail", "keiyaku@town.example.jp"),
        (*user, "clerk@town.example.jp", "港 花子"),
        (*user, "second@town.example.jp", "港 次郎", "--may-approve"),
        (*user, "mayor@town.example.jp", "港 一郎", "--title", "町長", "--may-sign"),
    ):
        done = surroundings.tachiai(*command)
        assert done.returncode == 0, done.stderr
    assert (surroundings.home / "keys").stat().st_mode & 0o077 == 0
    assert not (surroundings.home / "keys" / "authority").exists(), "a real house has no embedded authority"


@contextmanager
def running(surroundings: Surroundings) -> Iterator[None]:
    """``tachiai run``: web and worker, until it is told to stop."""
    log = (surroundings.home / "run.log").open("wb")
    command = [sys.executable, "-m", "tachiai.cli.main", "run", "--host", HOST, "--port", str(surroundings.port)]
    process = subprocess.Popen(command, env=surroundings.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        until(
            lambda: process.poll() is not None or b"is running" in (surroundings.home / "run.log").read_bytes(),
            "the house to run",
            seconds=90,
        )
        assert process.poll() is None, (surroundings.home / "run.log").read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            stopped = process.wait(30)
        finally:
            process.kill()
            log.close()
    assert stopped == 0, (surroundings.home / "run.log").read_text()


@pytest.fixture
def inside(surroundings: Surroundings, template: Path, settings: Any, django_db_blocker: Any) -> Iterator[None]:
    """This process, too, stands in the real house: the staff's and the counterparty's verbs are called from here."""
    from django.db import connections

    settings.TACHIAI = house.read(surroundings.environment)
    forget_handles()
    connections.close_all()
    database = connections["default"].settings_dict
    before, database["NAME"] = database["NAME"], surroundings.home / "tachiai.sqlite3"
    with django_db_blocker.unblock():
        yield
        connections.close_all()
    database["NAME"] = before
    forget_handles()


def registered(surroundings: Surroundings) -> counterparties.Entered:
    """The counterparty confirms by what its mail says; a second member approves."""
    entered = counterparties.Entered("架空商事株式会社", "代表取締役", "架空 一", "kaku@example.net", CODE)
    clerk, second = (Member.objects.select_related("organization").get(mail=f"{name}@town.example.jp") for name in ("clerk", "second"))
    registration = counterparties.register(entered, by=clerk, at=clock.now())
    token = surroundings.mailed(entered.mail, r"/r/([\w-]{43})")
    assert counterparties.find_registration(token, at=clock.now()) == registration
    counterparties.request_code(registration, at=clock.now())
    code = surroundings.mailed(entered.mail, r"認証コード：(\d{6})")
    counterparties.confirm_mail(registration, code=code, at=clock.now())
    counterparties.approve(registration, by=second, at=clock.now())
    return entered


def sent(mail: str) -> Envelope:
    clerk = Member.objects.select_related("organization").get(mail="clerk@town.example.jp")
    mayor = Member.objects.get(mail="mayor@town.example.jp")
    at = clock.now()
    envelope = create_envelope(by=clerk, at=at)
    add_document(envelope, file_name="業務委託契約書.pdf", pdf=plain(pages=2), by=clerk, at=at)
    today = clock.today(at)
    description = Description("業務委託契約", "", today, "架空商事株式会社", 500_000, today + timedelta(days=14))
    describe_envelope(envelope, description, by=clerk, at=at)
    party = next(one for one in counterparties.usable_registrations(clerk.organization) if one.mail == mail)
    name_recipients(envelope, [(1, party), (2, mayor)], by=clerk, at=at)
    send_envelope(envelope, by=clerk, at=clock.now())
    return envelope


@pytest.mark.slow
def test_a_contract_in_a_real_house(surroundings: Surroundings, inside: None, tmp_path: Path) -> None:
    made(surroundings)
    with running(surroundings):
        mail = registered(surroundings).mail
        envelope = sent(mail)
        token = surroundings.mailed(mail, r"/s/([\w-]{43})")
        with urllib.request.urlopen(f"http://{HOST}:{surroundings.port}/s/{token}", timeout=20) as page:
            assert page.status == 200
            assert "みなと町（架空）" in page.read().decode()
        key = open_envelope(visit(token, key="", at=clock.now()), code=CODE, address=HERE.address, agent=HERE.agent, at=clock.now())
        found = visit(token, key=key, at=clock.now())
        sees_everything(found.recipient)
        sign(found, HERE, at=clock.now())
        surroundings.mailed("mayor@town.example.jp", f"(/envelopes/{envelope.pk}/sign)")
        mayor = envelope.recipients.select_related("envelope__organization__operator", "envelope__sender", "member").get(side="own")
        sees_everything(mayor)
        assert mayor.member is not None
        sign_at_desk(mayor, HERE, by=mayor.member, level=Level.PASSWORD, at=clock.now())
        surroundings.mailed(mail, r"/d/([\w-]{43})")
        envelope.refresh_from_db()
        assert envelope.state == "concluded"
        check_house()
    contract, certificate = concluded_files(envelope)
    for file in (contract, certificate):
        path = tmp_path / f"{file.kind}.pdf"
        path.write_bytes(concluded_copy(file, envelope, by=envelope.sender, at=clock.now()).pdf)
        judged = surroundings.tachiai("verify", str(path), "--json")
        assert judged.returncode == 0, judged.stdout + judged.stderr
        told = json.loads(judged.stdout)
        assert (told["verdict"], told["reasons"]) == ("valid", [])
        assert {row["certificate"]["subject"] for row in told["signatures"] if row["kind"] == "signature"} <= {
            "CN=架空電子契約運営株式会社"
        }
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 3] ^= 1
    path.write_bytes(altered)
    assert surroundings.tachiai("verify", str(path)).returncode == 1
    log = (surroundings.home / "run.log").read_text()
    for secret in (token, CODE, PASSPHRASE, PASSWORD):
        assert secret not in log
    refused = surroundings.tachiai("run", "--port", str(free_port()), TACHIAI_ACCEPT_SOFTWARE_KEY="no")
    assert refused.returncode == 1
    assert "tachiai.E002" in refused.stderr
