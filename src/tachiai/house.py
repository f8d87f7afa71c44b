"""What an operator configures, read from the environment once. Any ``TACHIAI_X`` may be given as ``TACHIAI_X_FILE``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Mode = Literal["demo", "production"]


class Misconfigured(Exception):
    """A setting cannot be used; the message names it and says what would do."""


@dataclass(frozen=True)
class Smtp:
    """Where mail goes out: ``smtp://user:password@host:port?tls=starttls`` (or ``tls=implicit``, ``tls=none``)."""

    host: str
    port: int
    user: str
    password: str
    tls: Literal["starttls", "implicit", "none"]
    sender: str


@dataclass(frozen=True)
class Tsa:
    """One RFC 3161 authority. ``roots_file`` pins the certificates its chain must end in."""

    url: str
    roots_file: Path | None
    accredited: bool
    user: str
    password: str


@dataclass(frozen=True)
class House:
    """The whole configuration, immutable for the life of a process."""

    mode: Mode
    home: Path
    public_url: str
    database_url: str
    smtp: Smtp | None
    mail_from: str
    tsa: Tsa | None
    seal_key_file: Path | None
    seal_key_passphrase: bytes | None
    seal_chain_file: Path | None
    accept_software_key: bool
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    allowed_hosts: tuple[str, ...]
    mailbox: bool
    allow_private_revocation: bool

    @property
    def keys(self) -> Path:
        """The folder of the house's secrets, apart from the database and from the stored bytes."""
        return self.home / "keys"

    @property
    def vault(self) -> Path:
        return self.home / "vault"

    def secret(self, name: str) -> bytes:
        """One 32-byte secret of the house. A missing one raises: nothing is invented at run time."""
        path = self.keys / f"{name}.key"
        try:
            value = bytes.fromhex(path.read_text().strip())
        except (OSError, ValueError) as problem:
            message = f"{path.name} is missing or unreadable in {self.keys}: run `tachiai init`"
            raise Misconfigured(message) from problem
        if len(value) != 32:
            raise Misconfigured(f"{path.name} must hold 32 bytes as hexadecimal digits")
        return value


def read(environment: Mapping[str, str] = os.environ) -> House:
    """The configuration that the environment describes. Raises ``Misconfigured`` and names the variable."""
    value = _Reader(environment)
    mode = value("MODE", "production")
    if mode not in ("demo", "production"):
        raise Misconfigured("TACHIAI_MODE is demo or production")
    home = Path(value("HOME", "home")).expanduser().resolve()
    public_url = value("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
    smtp_url = value("SMTP_URL")
    mail_from = value("MAIL_FROM", f"noreply@{urlsplit(public_url).hostname or 'localhost'}")
    return House(
        mode="demo" if mode == "demo" else "production",
        home=home,
        public_url=public_url,
        database_url=value("DATABASE_URL"),
        smtp=_smtp(smtp_url, sender=mail_from) if smtp_url else None,
        mail_from=mail_from,
        tsa=_tsa(value),
        seal_key_file=value.path("SEAL_KEY_PATH"),
        seal_key_passphrase=value("SEAL_KEY_PASSPHRASE").encode() or None,
        seal_chain_file=value.path("SEAL_CHAIN_PATH"),
        accept_software_key=value.flag("ACCEPT_SOFTWARE_KEY"),
        trusted_proxies=tuple(_network(item) for item in value("TRUSTED_PROXIES").replace(",", " ").split()),
        allowed_hosts=tuple(value("ALLOWED_HOSTS").replace(",", " ").split()),
        mailbox=value.flag("MAILBOX"),
        allow_private_revocation=value.flag("ALLOW_PRIVATE_REVOCATION"),
    )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, default: str = "") -> str:
        file = self._environment.get(f"TACHIAI_{name}_FILE")
        if file:
            try:
                return Path(file).read_text().strip()
            except (OSError, ValueError) as problem:
                raise Misconfigured(f"TACHIAI_{name}_FILE cannot be read: {file}") from problem
        return self._environment.get(f"TACHIAI_{name}", default).strip()

    def path(self, name: str) -> Path | None:
        given = self(name)
        return Path(given).expanduser().resolve() if given else None

    def flag(self, name: str) -> bool:
        given = self(name).lower()
        if given not in ("", "0", "no", "false", "1", "yes", "true"):
            raise Misconfigured(f"TACHIAI_{name} is yes or no")
        return given in ("1", "yes", "true")


def _smtp(url: str, *, sender: str) -> Smtp:
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["starttls"])[0]
    if parts.scheme != "smtp" or not parts.hostname or tls not in ("starttls", "implicit", "none"):
        raise Misconfigured("TACHIAI_SMTP_URL has the form smtp://user:password@host:port?tls=starttls|implicit|none")
    port = _port(parts, "TACHIAI_SMTP_URL") or (465 if tls == "implicit" else 587)
    kind: Literal["starttls", "implicit", "none"] = "implicit" if tls == "implicit" else "none" if tls == "none" else "starttls"
    return Smtp(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), kind, sender)


def _port(parts: SplitResult, name: str) -> int | None:
    try:
        return parts.port
    except ValueError as problem:
        raise Misconfigured(f"{name} names a port that is none") from problem


def _tsa(value: _Reader) -> Tsa | None:
    url = value("TSA_URL")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured("TACHIAI_TSA_URL is an http or https address")
    _port(parts, "TACHIAI_TSA_URL")
    return Tsa(url, value.path("TSA_ROOTS_PATH"), value.flag("TSA_ACCREDITED"), value("TSA_USER"), value("TSA_PASSWORD"))


def _network(item: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(item, strict=False)
    except ValueError as problem:
        raise Misconfigured(f"TACHIAI_TRUSTED_PROXIES lists addresses or networks; {item} is neither") from problem
