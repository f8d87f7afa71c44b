"""Writing a mail down: it becomes a row in the transaction of its cause and is composed when it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from tachiai import work
from tachiai.outbox.models import Mail
from tachiai.rowwise import insert_each

_gathering: ContextVar[list[Mail] | None] = ContextVar("gathering", default=None)


def mail(
    kind: str,
    *,
    to: str,
    language: str,
    context: Mapping[str, object],
    stream: str,
    at: datetime,
    link: tuple[str, uuid.UUID, int] | None = None,
    path: str = "",
    about: uuid.UUID | None = None,
    thread: str = "",
) -> Mail:
    """One mail to one address.

    ``link`` is a door, an invitation and its generation (the link itself is derived at delivery); ``path`` a page of the desk.
    ``thread`` ties the mails of one envelope together; ``stream`` is where its delivery is recorded.
    """
    _must_be_inside()
    fresh = uuid.uuid4()
    domain = urlsplit(settings.TACHIAI.public_url).hostname or "localhost"
    row = Mail(
        id=fresh,
        kind=kind,
        to=to,
        language=language,
        context=dict(context) | ({"path": path} if path else {}),
        link_door=link[0] if link else "",
        link_invitation=link[1] if link else None,
        link_generation=link[2] if link else 0,
        stream=stream,
        about=about,
        message_id=f"<{fresh}@{domain}>",
        thread=f"<{thread}@{domain}>" if thread else "",
        due_at=at,
        created_at=at,
    )
    gathering = _gathering.get()
    if gathering is None:
        _write([row])
    else:
        gathering.append(row)
    return row


@contextmanager
def gathered() -> Iterator[None]:
    """Within one transaction: the mails written inside the block become rows together at its end."""
    _must_be_inside()
    rows: list[Mail] = []
    token = _gathering.set(rows)
    try:
        yield
    finally:
        _gathering.reset(token)
    _write(rows)


def _write(rows: list[Mail]) -> None:
    if rows:
        insert_each(rows)
        work.ring(Mail)


def _must_be_inside() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("a mail is written in the transaction of its cause")
