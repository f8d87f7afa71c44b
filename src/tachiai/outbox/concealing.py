"""One-time codes wait in a mail's row until it is composed; they wait encrypted."""

from __future__ import annotations

import base64

from django.conf import settings

from tachiai.crypto.strongbox import lock, unlock

LABEL = "tachiai-mail-v1"


def conceal(value: str) -> str:
    """``value`` encrypted under the house's mail key, as text for a mail's context."""
    return base64.b64encode(lock(value.encode(), settings.TACHIAI.secret("mail"), label=LABEL)).decode()


def reveal(concealed: str) -> str:
    return unlock(base64.b64decode(concealed), settings.TACHIAI.secret("mail"), label=LABEL).decode()
