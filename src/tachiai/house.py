"""What an operator configures, read from the environment once. Any ``TACHIAI_X`` may be given as ``TACHIAI_X_FILE``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Mode = Literal["demo", "production"]
DrillEvery = Literal["never", "daily", "weekly", "monthly"]


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
    # Whether what cannot be delivered comes back to an address of its own for each mail, by which it is known again.
    own_ways_back: bool = False


@dataclass(frozen=True)
class Tsa:
    """One RFC 3161 authority. ``roots_file`` pins the certificates its chain must end in; ``timeout`` is in seconds,
    ``connections`` the most that are open at once.

    For HTTPS: ``client_file`` is a PEM certificate with its chain, ``client_key_file`` its key (None: in the same file), and
    ``server_roots_file`` whom to trust as a server (None: the machine's own).
    """

    url: str
    roots_file: Path | None
    accredited: bool
    user: str
    password: str
    name: str = ""
    policy: str = ""
    timeout: float = 10.0
    connections: int = 100
    client_file: Path | None = None
    client_key_file: Path | None = None
    client_key_passphrase: str = ""
    server_roots_file: Path | None = None


@dataclass(frozen=True)
class House:
    """The whole configuration, immutable for the life of a process."""

    mode: Mode
    home: Path
    public_url: str
    database_url: str
    smtp: Smtp | None
    mail_from: str
    bounce_address: str
    bounce_mailbox: str
    tsa: Tsa | None
    standby_tsas: tuple[Tsa, ...]
    accept_lesser_tsa: bool
    seal_key_file: Path | None
    seal_key_passphrase: bytes | None
    seal_chain_file: Path | None
    seal_key_pss: bool
    seal_keys_folder: Path | None
    accept_software_key: bool
    accept_embedded_authority: bool
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    allowed_hosts: tuple[str, ...]
    mailbox: bool
    allow_private_revocation: bool
    evidence_nightly: time | None
    trust_lists: Path | None = None
    algorithm_policy_file: Path | None = None
    store_url: str = ""
    store_access_key: str = ""
    store_secret_key: str = field(default="", repr=False)
    store_roots_file: Path | None = None
    checkpoint_mirror: Path | None = None
    vault_key: str = "file"
    vault_keys_file: Path | None = None
    vault_kms_token_file: Path | None = None
    vault_kms_roots_file: Path | None = None
    backup_to: Path | None = None
    backup_at: time | None = None
    backup_daily: int = 7
    backup_monthly: int = 12
    backup_yearly: int = 10
    backup_restic: str = ""
    backup_restic_password: str = field(default="", repr=False)
    drill_every: DrillEvery = "monthly"

    @property
    def keys(self) -> Path:
        """The folder of the house's secrets, apart from the database and from the stored bytes."""
        return self.home / "keys"

    @property
    def seal_keys(self) -> Path:
        """The folder of the signing keys, one folder each (docs/formats/signing-keys.md)."""
        return self.seal_keys_folder or self.keys / "seal"

    @property
    def vault(self) -> Path:
        return self.home / "vault"

    @property
    def published(self) -> Path:
        """The folder of what was told to the world, apart from the database: the last checkpoint of the log."""
        return self.home / "published"

    @property
    def telling(self) -> Path:
        """Stands while a demonstration's data is being told (``tachiai demo-seed``): the house is read meanwhile and not written to."""
        return self.home / "demo-data.telling"

    @property
    def told(self) -> Path:
        """Stands in a demonstration whose data was told."""
        return self.home / "demo-data.told"

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
    tsas, accept_lesser = _tsas(value)
    mail_from = value("MAIL_FROM", f"noreply@{urlsplit(public_url).hostname or 'localhost'}")
    return House(
        mode="demo" if mode == "demo" else "production",
        home=home,
        public_url=public_url,
        database_url=value("DATABASE_URL"),
        smtp=_smtp(smtp_url, sender=mail_from, bounces=value("BOUNCE_ADDRESS")) if smtp_url else None,
        mail_from=mail_from,
        bounce_address=value("BOUNCE_ADDRESS"),
        bounce_mailbox=_mailbox(value("BOUNCE_MAILBOX")),
        tsa=tsas[0] if tsas else None,
        standby_tsas=tuple(tsas[1:]),
        accept_lesser_tsa=accept_lesser,
        seal_key_file=value.path("SEAL_KEY_PATH"),
        seal_key_passphrase=value("SEAL_KEY_PASSPHRASE").encode() or None,
        seal_chain_file=value.path("SEAL_CHAIN_PATH"),
        seal_key_pss=value.flag("SEAL_KEY_PSS"),
        seal_keys_folder=value.path("SEAL_KEYS"),
        accept_software_key=value.flag("ACCEPT_SOFTWARE_KEY"),
        accept_embedded_authority=value.flag("ACCEPT_EMBEDDED_AUTHORITY"),
        trusted_proxies=tuple(_network(item) for item in value("TRUSTED_PROXIES").replace(",", " ").split()),
        allowed_hosts=tuple(value("ALLOWED_HOSTS").replace(",", " ").split()),
        mailbox=value.flag("MAILBOX"),
        allow_private_revocation=value.flag("ALLOW_PRIVATE_REVOCATION"),
        evidence_nightly=_hour(value("EVIDENCE_NIGHTLY"), "TACHIAI_EVIDENCE_NIGHTLY"),
        trust_lists=value.path("TRUST_LISTS"),
        algorithm_policy_file=value.path("ALGORITHM_POLICY_PATH"),
        store_url=value("STORE_URL"),
        store_access_key=value("STORE_ACCESS_KEY"),
        store_secret_key=value("STORE_SECRET_KEY"),
        store_roots_file=value.path("STORE_ROOTS_PATH"),
        checkpoint_mirror=value.path("CHECKPOINT_MIRROR"),
        vault_key=value("VAULT_KEY", "file"),
        vault_keys_file=value.path("VAULT_KEYS_PATH"),
        vault_kms_token_file=value.path("VAULT_KMS_TOKEN_PATH"),
        vault_kms_roots_file=value.path("VAULT_KMS_ROOTS_PATH"),
        **_backups(value),
    )


def _backups(value: _Reader) -> dict[str, Any]:
    """Where copies go and when, how many are kept, and how often one is restored for trial."""
    every = value("DRILL_EVERY", "monthly")
    if every not in ("never", "daily", "weekly", "monthly"):
        raise Misconfigured("TACHIAI_DRILL_EVERY is daily, weekly, monthly or never")
    restic, password = value("BACKUP_RESTIC"), value("BACKUP_RESTIC_PASSWORD")
    if bool(restic) != bool(password):
        raise Misconfigured("TACHIAI_BACKUP_RESTIC and TACHIAI_BACKUP_RESTIC_PASSWORD (or its _FILE) are set together")
    if restic and not value("BACKUP_TO"):
        raise Misconfigured("TACHIAI_BACKUP_RESTIC carries away what is made in TACHIAI_BACKUP_TO: set that too")
    return {
        "backup_to": value.path("BACKUP_TO"),
        "backup_at": _hour(value("BACKUP_AT", "01:30"), "TACHIAI_BACKUP_AT"),
        "backup_daily": value.count("BACKUP_DAILY", 7),
        "backup_monthly": value.count("BACKUP_MONTHLY", 12),
        "backup_yearly": value.count("BACKUP_YEARLY", 10),
        "backup_restic": restic,
        "backup_restic_password": password,
        "drill_every": every,
    }


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

    def count(self, name: str, default: int) -> int:
        given = self(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,4}", given):
            raise Misconfigured(f"TACHIAI_{name} is a whole number, 0 to 9999")
        return int(given)

    def flag(self, name: str) -> bool:
        given = self(name).lower()
        if given not in ("", "0", "no", "false", "1", "yes", "true"):
            raise Misconfigured(f"TACHIAI_{name} is yes or no")
        return given in ("1", "yes", "true")


def _smtp(url: str, *, sender: str, bounces: str) -> Smtp:
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["starttls"])[0]
    if parts.scheme != "smtp" or not parts.hostname or tls not in ("starttls", "implicit", "none"):
        raise Misconfigured("TACHIAI_SMTP_URL has the form smtp://user:password@host:port?tls=starttls|implicit|none")
    port = _port(parts, "TACHIAI_SMTP_URL") or (465 if tls == "implicit" else 587)
    kind: Literal["starttls", "implicit", "none"] = "implicit" if tls == "implicit" else "none" if tls == "none" else "starttls"
    return Smtp(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), kind, bounces or sender, bool(bounces))


def _mailbox(url: str) -> str:
    """A mailbox that can be asked, or none."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("imaps", "imap", "pop3s", "pop3") or not parts.hostname):
        raise Misconfigured("TACHIAI_BOUNCE_MAILBOX has the form imaps://user:password@host/folder or pop3s://user:password@host")
    _port(parts, "TACHIAI_BOUNCE_MAILBOX")
    return url


def _port(parts: SplitResult, name: str) -> int | None:
    try:
        return parts.port
    except ValueError as problem:
        raise Misconfigured(f"{name} names a port that is none") from problem


def _tsas(value: _Reader) -> tuple[list[Tsa], bool]:
    """The authorities in the order they are asked, and whether one further down may be worth less than the first."""
    url, file = value("TSA_URL"), value.path("TSA_LIST_PATH")
    if file is not None:
        if url:
            raise Misconfigured("TACHIAI_TSA_URL and TACHIAI_TSA_LIST_PATH are both set: name one authority or a list")
        return _tsa_list(file)
    if not url:
        return [], False
    _check_tsa_url(url, "TACHIAI_TSA_URL")
    one = Tsa(
        url,
        value.path("TSA_ROOTS_PATH"),
        value.flag("TSA_ACCREDITED"),
        value("TSA_USER"),
        value("TSA_PASSWORD"),
        policy=_policy(value("TSA_POLICY"), "TACHIAI_TSA_POLICY"),
    )
    return [one], False


def _tsa_list(file: Path) -> tuple[list[Tsa], bool]:
    """One ``[[authority]]`` after the other, in TOML; paths are relative to the file. docs/operations/timestamps.md tells every key."""
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"TACHIAI_TSA_LIST_PATH cannot be read: {file}: {problem}") from problem
    table = Table(held, f"{file.name}")
    accept_lesser = table.take("accept_lesser", bool, False)
    authorities = table.take("authority", list, [])
    table.end()
    if not authorities or not all(isinstance(one, dict) for one in authorities):
        raise Misconfigured(f"{file.name} lists each authority under [[authority]], and at least one")
    return [_listed_tsa(one, file, number) for number, one in enumerate(authorities, 1)], accept_lesser


def _listed_tsa(held: dict[str, Any], file: Path, number: int) -> Tsa:
    table = Table(held, f"{file.name}, authority {number}", file.parent)
    tsa = Tsa(
        url=table.take("url", str, ""),
        roots_file=table.path("roots"),
        accredited=table.take("accredited", bool, False),
        user=table.take("user", str, ""),
        password=table.secret("password"),
        name=table.take("name", str, ""),
        policy=_policy(table.take("policy", str, ""), f"{table.name}: policy"),
        timeout=float(table.take("timeout", (int, float), 10)),
        connections=table.take("connections", int, 100),
        client_file=table.path("client_certificate"),
        client_key_file=table.path("client_key"),
        client_key_passphrase=table.secret("client_key_passphrase"),
        server_roots_file=table.path("server_roots"),
    )
    table.end()
    _check_tsa_url(tsa.url, f"{table.name}: url")
    if not 0 < tsa.timeout <= 120:
        raise Misconfigured(f"{table.name}: timeout is in seconds, at most 120")
    if tsa.connections < 1:
        raise Misconfigured(f"{table.name}: connections is at least 1")
    if tsa.client_file is None and tsa.client_key_file is not None:
        raise Misconfigured(f"{table.name}: client_key without client_certificate")
    return tsa


class Table:
    """One table of a configuration file: every key is taken, of its type, and none is left over."""

    def __init__(self, held: dict[str, Any], name: str, folder: Path = Path()) -> None:
        self.name = name
        self._held, self._folder = dict(held), folder

    def take(self, key: str, kind: Any, default: Any) -> Any:
        given = self._held.pop(key, default)
        if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
            raise Misconfigured(f"{self.name}: {key} is of the wrong kind")
        return given

    def path(self, key: str) -> Path | None:
        given = self.take(key, str, "")
        return (self._folder / Path(given).expanduser()).resolve() if given else None

    def secret(self, key: str) -> str:
        """As it stands, or from the file that ``<key>_file`` names."""
        given, file = self.take(key, str, ""), self.path(f"{key}_file")
        if file is None:
            return str(given)
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as problem:
            raise Misconfigured(f"{self.name}: {key}_file cannot be read: {file}") from problem

    def end(self) -> None:
        if self._held:
            raise Misconfigured(f"{self.name}: unknown: {', '.join(sorted(self._held))}")


def _check_tsa_url(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Misconfigured(f"{name} is an http or https address; who asks is said by user and password, not in it")
    _port(parts, name)


def _policy(dotted: str, name: str) -> str:
    if dotted and not re.fullmatch(r"[0-2](\.(0|[1-9][0-9]{0,38}))+", dotted):
        raise Misconfigured(f"{name} is an object identifier such as 1.2.392.200000.1.2")
    return dotted


def _hour(given: str, name: str) -> time | None:
    if not given:
        return None
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", given):
        raise Misconfigured(f"{name} is a time of day in Japan such as 02:30, or empty for never")
    return time.fromisoformat(given)


def _network(item: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(item, strict=False)
    except ValueError as problem:
        raise Misconfigured(f"TACHIAI_TRUSTED_PROXIES lists addresses or networks; {item} is neither") from problem
