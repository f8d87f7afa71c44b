"""Logs: one line of JSON an event on standard error, with link tokens masked wherever they might appear."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

TOKEN = re.compile(r"(/(?:s|d|r|join)/)[A-Za-z0-9_-]{20,}")


def masked(text: str) -> str:
    """``/s/<token>`` becomes ``/s/…``: a log must not open anything."""
    return TOKEN.sub(r"\1…", text)


def _mask(_logger: Any, _name: str, line: Any) -> str:
    """The finished line, so that nothing is missed however deep it lay in the event."""
    return masked(line)


class _MaskingFormatter(logging.Formatter):
    """For the libraries that log by themselves."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def configure_logging() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
            _mask,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
