"""Writing a mail down: it becomes a row in the transaction of its cause and is composed when it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from tachiai.outbox.models import Mail


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
    if not connection.in_atomic_block:
        raise RuntimeError("a mail is written in the transaction of its cause")
    fresh = uuid.uuid4()
    domain = urlsplit(settings.TACHIAI.public_url).hostname or "localhost"
    return Mail.objects.create(
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
