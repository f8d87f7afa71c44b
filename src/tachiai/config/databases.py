"""How the house's database is reached: SQLite beside the bytes by default, PostgreSQL when a URL names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tachiai.house import House, Misconfigured


def database(house: House) -> dict[str, Any]:
    """Django's settings for the one database. ``IMMEDIATE`` because deferred SQLite transactions lose concurrent writes."""
    if not house.database_url:
        return _sqlite(house)
    parts = urlsplit(house.database_url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise Misconfigured("TACHIAI_DATABASE_URL has the form postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(_port(parts) or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 300,
        "OPTIONS": _options(parts),
    }


# What a connection may be told besides, under libpq's own names.
_TOLD = frozenset(("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "target_session_attrs"))
_STATEMENTS: Mapping[str, Mapping[str, Any]] = {"yes": {"server_side_binding": True, "prepare_threshold": 2}, "no": {}}


def _options(parts: SplitResult) -> dict[str, Any]:
    """The server plans a statement once for a connection and is given values afterwards: half of its work was planning the same anew.

    A pooler that deals out one connection by the transaction may not know prepared statements; ``?prepared=no`` does without. How the
    connection is encrypted is passed on as it stands; a parameter that nobody knows is refused, because a mistyped ``sslmode`` is none.
    """
    chosen = dict(parse_qsl(parts.query, keep_blank_values=True))
    prepared = chosen.pop("prepared", "yes")
    unknown = sorted(chosen.keys() - _TOLD)
    if unknown:
        raise Misconfigured(f"TACHIAI_DATABASE_URL has a parameter that is not known: {', '.join(unknown)}")
    if prepared not in _STATEMENTS:
        raise Misconfigured("TACHIAI_DATABASE_URL takes prepared=yes or prepared=no")
    return {**chosen, **_STATEMENTS[prepared]}


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as problem:
        raise Misconfigured("TACHIAI_DATABASE_URL names a port that is none") from problem


def _sqlite(house: House) -> dict[str, Any]:
    return {
        "ENGINE": "tachiai.config.sqlite",
        "NAME": house.home / "tachiai.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # One envelope asks some 250 different questions; a connection that remembers fewer parses each of them anew.
            "cached_statements": 512,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=20000;"
                # What is overwritten is gone from its page: wrapped keys of destroyed documents above all.
                " PRAGMA secure_delete=FAST;"
            ),
        },
    }
