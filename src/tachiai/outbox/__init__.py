"""Mail that has to go out (送達): a row in the transaction of its cause, composed and sent later, once."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.outbox.checking import check_mails
    from tachiai.outbox.composing import compose, preview
    from tachiai.outbox.concealing import conceal
    from tachiai.outbox.delivering import deliver
    from tachiai.outbox.forgetting import forget_mails
    from tachiai.outbox.letters import one_line
    from tachiai.outbox.mailboxes import returned_mails
    from tachiai.outbox.models import Mail
    from tachiai.outbox.writing import gathered, mail

__all__ = [
    "Mail",
    "check_mails",
    "compose",
    "conceal",
    "deliver",
    "forget_mails",
    "gathered",
    "mail",
    "one_line",
    "preview",
    "returned_mails",
]

__getattr__ = face(__name__, __file__)
