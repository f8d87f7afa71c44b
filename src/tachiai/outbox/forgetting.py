"""What is left of a mail once its reader is to be forgotten: that one of this kind went out, and when."""

from __future__ import annotations

from tachiai.outbox.models import Mail
from tachiai.work.models import TaskState

NOBODY = "erased@invalid.example"


def forget_mails(stream: str, *, to: str) -> int:
    """Take the address and the server's words from the mails to ``to`` about ``stream`` that are over, in the caller's transaction."""
    over = Mail.objects.filter(stream=stream, to__iexact=to).exclude(state=TaskState.WAITING)
    return over.update(to=NOBODY, reply="", context={})
