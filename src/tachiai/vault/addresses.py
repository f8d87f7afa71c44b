"""Where the boxes are: ``TACHIAI_STORE_URL`` read as a folder or as a bucket (docs/operations/store.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tachiai.house import House, Misconfigured

Lock = Literal["", "governance", "compliance"]
_NAME = "TACHIAI_STORE_URL"
_TOLD = frozenset(("endpoint", "region", "tls", "lock", "days", "hold", "timeout", "connections", "attempts"))
# Who works at the same time in one process: eight answers of the web server, or the hands of every kind of work with the
# threads that write seals; whoever finds no free connection opens one that is thrown away afterwards.
_CONNECTIONS = 32


@dataclass(frozen=True)
class Bucket:
    """One bucket and how it is spoken to. ``endpoint`` is empty for Amazon's own; ``timeout`` is in seconds.

    ``lock`` with ``days`` keeps every box unchangeable until then, ``hold`` until somebody lifts the legal hold.
    """

    name: str
    prefix: str
    endpoint: str
    region: str
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    roots_file: Path | None = None
    lock: Lock = ""
    days: int = 0
    hold: bool = False
    timeout: float = 20.0
    connections: int = _CONNECTIONS
    attempts: int = 3

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


def folder_at(url: str) -> Path:
    """The folder of ``file:///an/absolute/path``. Raises ``Misconfigured``."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not path.is_absolute() or path == Path("/"):
        raise Misconfigured(f"{_NAME} names a folder as file:///an/absolute/path")
    return path


def bucket_at(url: str, house: House) -> Bucket:
    """The bucket of ``s3://bucket/prefix?endpoint=…&region=…``. Raises ``Misconfigured`` for anything that is not understood."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname or parts.netloc != parts.hostname:
        raise Misconfigured(f"{_NAME} has the form s3://bucket/prefix?endpoint=https://…&region=…, or file:///folder")
    told = _told(parts)
    if bool(house.store_access_key) != bool(house.store_secret_key):
        raise Misconfigured("TACHIAI_STORE_ACCESS_KEY and TACHIAI_STORE_SECRET_KEY belong together")
    lock, days = _lock(told)
    endpoint = told.get("endpoint", "")
    _check_endpoint(endpoint, plain=told.get("tls") == "none")
    return Bucket(
        name=parts.hostname,
        prefix=_prefix(parts.path),
        endpoint=endpoint,
        region=_region(told, endpoint),
        access_key=house.store_access_key,
        secret_key=house.store_secret_key,
        roots_file=house.store_roots_file,
        lock=lock,
        days=days,
        hold=_hold(told),
        timeout=float(_number(told, "timeout", 20, least=1, most=300)),
        connections=_number(told, "connections", _CONNECTIONS, least=1, most=1000),
        attempts=_number(told, "attempts", 3, least=1, most=10),
    )


def _told(parts: SplitResult) -> dict[str, str]:
    """A word that nobody knows is refused: a mistyped ``lock`` is none."""
    given = parse_qsl(parts.query, keep_blank_values=True)
    told = dict(given)
    unknown = sorted(told.keys() - _TOLD)
    if unknown or len(told) != len(given) or parts.fragment:
        raise Misconfigured(f"{_NAME} has a parameter that is not known, or twice: {', '.join(unknown)}")
    if told.get("tls", "none") != "none":
        raise Misconfigured(f"{_NAME}: tls=none allows an endpoint without TLS; otherwise it is left out")
    return told


def _prefix(path: str) -> str:
    prefix = unquote(path).strip("/")
    if prefix and not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", prefix):
        raise Misconfigured(f"{_NAME}: the prefix has letters, digits, dots, hyphens and slashes")
    return f"{prefix}/" if prefix else ""


def _check_endpoint(endpoint: str, *, plain: bool) -> None:
    """Boxes are encrypted, but who asks for which, and the server's word that one was taken, are not: that needs TLS."""
    if not endpoint:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.query:
        raise Misconfigured(f"{_NAME}: endpoint is an https address; who asks is said in TACHIAI_STORE_ACCESS_KEY")
    if parts.scheme == "http" and not plain:
        raise Misconfigured(f"{_NAME}: an endpoint without TLS has to be wanted by name: tls=none")


def _region(told: dict[str, str], endpoint: str) -> str:
    region = told.get("region", "us-east-1" if endpoint else "")
    if not re.fullmatch(r"[A-Za-z0-9-]+", region):
        raise Misconfigured(f"{_NAME} needs region=…, such as ap-northeast-1")
    return region


def _lock(told: dict[str, str]) -> tuple[Lock, int]:
    lock = told.get("lock", "")
    if lock not in ("", "governance", "compliance") or bool(lock) != ("days" in told):
        raise Misconfigured(f"{_NAME}: lock is governance or compliance, together with days=…")
    kind: Lock = "compliance" if lock == "compliance" else "governance" if lock else ""
    return kind, _number(told, "days", 0, least=1, most=36500) if lock else 0


def _hold(told: dict[str, str]) -> bool:
    if told.get("hold", "no") not in ("yes", "no"):
        raise Misconfigured(f"{_NAME}: hold is yes or no")
    return told.get("hold") == "yes"


def _number(told: dict[str, str], name: str, default: int, *, least: int, most: int) -> int:
    given = told.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", given) or not least <= int(given) <= most:
        raise Misconfigured(f"{_NAME}: {name} is a number from {least} to {most}")
    return int(given)
