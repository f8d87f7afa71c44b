"""How the house's database is reached: SQLite beside the bytes by default, PostgreSQL when a URL names one."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

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
        "OPTIONS": _statements(parts),
    }


def _statements(parts: SplitResult) -> dict[str, Any]:
    """The server plans a statement once for a connection and is given values afterwards: half of its work was planning the same anew.

    A pooler that deals out one connection by the transaction may not know prepared statements; ``?prepared=no`` does without.
    """
    chosen = parse_qs(parts.query, keep_blank_values=True)
    if not chosen or chosen == {"prepared": ["yes"]}:
        return {"server_side_binding": True, "prepare_threshold": 2}
    if chosen == {"prepared": ["no"]}:
        return {}
    raise Misconfigured("TACHIAI_DATABASE_URL takes no other parameter than prepared=yes or prepared=no")


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
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=20000;",
        },
    }
