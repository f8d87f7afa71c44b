"""What an operator configures: every mistake is named with its variable, and nothing secret has a default."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tachiai.config.databases import database
from tachiai.house import House, Misconfigured, read
from tachiai.outbox import transports


def of(**given: str) -> House:
    return read({f"TACHIAI_{name}": value for name, value in given.items()})


def test_without_a_word_it_is_a_production_house_that_can_do_nothing() -> None:
    house = read({})
    assert (house.mode, house.smtp, house.tsa, house.seal_key_file, house.accept_software_key) == ("production", None, None, None, False)
    assert (house.trusted_proxies, house.mailbox, house.allow_private_revocation) == ((), False, False)
    assert house.public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "staging"),
        ("MODE", "Production"),
        ("SMTP_URL", "mail.example.jp"),
        ("SMTP_URL", "https://mail.example.jp"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example.jp?tls=maybe"),
        ("SMTP_URL", "smtp://mail.example.jp:smtp"),
        ("SMTP_URL", "smtp://mail.example.jp:99999"),
        ("TSA_URL", "ftp://tsa.example.jp"),
        ("TSA_URL", "tsa.example.jp"),
        ("TSA_URL", "https://"),
        ("TSA_URL", "https://tsa.example.jp:x"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.jp"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("ACCEPT_SOFTWARE_KEY", "maybe"),
        ("MAILBOX", "on"),
        ("ALLOW_PRIVATE_REVOCATION", "2"),
        ("EVIDENCE_NIGHTLY", "24:00"),
        ("EVIDENCE_NIGHTLY", "2:30 pm"),
    ],
)
def test_a_mistake_is_named(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"TACHIAI_{name}"):
        of(**{name: value})


def test_a_flag_of_the_authority_is_named_too() -> None:
    with pytest.raises(Misconfigured, match="TACHIAI_TSA_ACCREDITED"):
        of(TSA_URL="https://tsa.example.jp", TSA_ACCREDITED="perhaps")


def test_any_value_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "smtp"
    secret.write_text("smtp://user:p%40ss@mail.example.jp?tls=implicit\n")
    house = of(SMTP_URL_FILE=str(secret), SMTP_URL="smtp://elsewhere")
    assert house.smtp is not None
    assert (house.smtp.host, house.smtp.port, house.smtp.user, house.smtp.password, house.smtp.tls) == (
        "mail.example.jp",
        465,
        "user",
        "p@ss",
        "implicit",
    )
    with pytest.raises(Misconfigured, match="TACHIAI_SMTP_URL_FILE"):
        of(SMTP_URL_FILE=str(tmp_path / "absent"))
    secret.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="TACHIAI_SMTP_URL_FILE"):
        of(SMTP_URL_FILE=str(secret))


def test_what_is_given_is_read(tmp_path: Path) -> None:
    house = of(
        MODE="demo",
        HOME=str(tmp_path),
        PUBLIC_URL="https://sign.example.jp/",
        SMTP_URL="smtp://mail.example.jp",
        TSA_URL="https://tsa.example.jp/rfc3161",
        TSA_ROOTS_PATH=str(tmp_path / "roots.pem"),
        TSA_ACCREDITED="Yes",
        TRUSTED_PROXIES="10.0.0.1, 192.168.0.0/16 2001:db8::/32",
        ALLOWED_HOSTS="a.example.jp b.example.jp",
        SEAL_KEY_PASSPHRASE="geheim",
    )
    assert house.public_url == "https://sign.example.jp"
    assert house.mail_from == "noreply@sign.example.jp"
    assert house.smtp is not None
    assert (house.smtp.port, house.smtp.tls) == (587, "starttls")
    assert house.tsa is not None
    assert (house.tsa.accredited, house.tsa.roots_file) == (True, tmp_path / "roots.pem")
    assert house.trusted_proxies == (ip_network("10.0.0.1/32"), ip_network("192.168.0.0/16"), ip_network("2001:db8::/32"))
    assert house.allowed_hosts == ("a.example.jp", "b.example.jp")
    assert (house.keys, house.vault, house.seal_key_passphrase) == (tmp_path / "keys", tmp_path / "vault", b"geheim")


@pytest.mark.parametrize("held", [None, "", "xyz", "00" * 31, "00" * 33, "\0"])
def test_a_secret_is_never_made_up(tmp_path: Path, held: str | None) -> None:
    house = of(HOME=str(tmp_path))
    (tmp_path / "keys").mkdir()
    if held is not None:
        (tmp_path / "keys" / "link.key").write_text(held)
    with pytest.raises(Misconfigured, match=r"link\.key"):
        house.secret("link")
    (tmp_path / "keys" / "link.key").write_text("ab" * 32 + "\n")
    assert house.secret("link") == b"\xab" * 32


def test_the_database(tmp_path: Path) -> None:
    lite: dict[str, Any] = database(of(HOME=str(tmp_path)))
    assert lite["NAME"] == tmp_path / "tachiai.sqlite3"
    assert lite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    grown = database(of(DATABASE_URL="postgresql://us%20er:p%40ss@db.example.jp:6432/con%2Ftracts"))
    assert (grown["HOST"], grown["PORT"], grown["NAME"], grown["USER"], grown["PASSWORD"]) == (
        "db.example.jp",
        "6432",
        "con/tracts",
        "us er",
        "p@ss",
    )
    assert grown["OPTIONS"]["prepare_threshold"] == 2
    assert database(of(DATABASE_URL="postgresql://pooler.example.jp/name?prepared=no"))["OPTIONS"] == {}
    guarded = database(of(DATABASE_URL="postgresql://db.example.jp/name?sslmode=verify-full&sslrootcert=%2Fetc%2Froot.pem"))["OPTIONS"]
    assert (guarded["sslmode"], guarded["sslrootcert"], guarded["prepare_threshold"]) == ("verify-full", "/etc/root.pem", 2)
    mistyped = [f"postgresql://db.example.jp/name?{wrong}" for wrong in ("sslmod=require", "prepared=maybe")]
    for wrong in ("mysql://x/y", "db.example.jp", "postgresql://db.example.jp:x/name", *mistyped):
        with pytest.raises(Misconfigured, match="TACHIAI_DATABASE_URL"):
            database(of(DATABASE_URL=wrong))


def test_with_an_address_for_bounces_each_mail_has_a_way_back_of_its_own() -> None:
    given = {"SMTP_URL": "smtp://mail.example.jp", "MAIL_FROM": "noreply@example.jp"}
    plain, own = of(**given).smtp, of(**given, BOUNCE_ADDRESS="bounces@example.jp").smtp
    assert plain is not None
    assert own is not None
    assert (plain.sender, plain.own_ways_back) == ("noreply@example.jp", False)
    assert (own.sender, own.own_ways_back) == ("bounces@example.jp", True)
    message = {"Message-ID": "<4711@keiyaku.example.jp>"}
    assert [transports._way_back(one, message) for one in (plain, own)] == ["noreply@example.jp", "bounces+4711@example.jp"]
