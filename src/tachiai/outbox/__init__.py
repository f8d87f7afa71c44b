"""Mail that has to go out (送達): a row in the transaction of its cause, composed and sent later, once."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.outbox.concealing import conceal
    from tachiai.outbox.delivering import deliver
    from tachiai.outbox.writing import mail

__all__ = ["conceal", "deliver", "mail"]

__getattr__ = face(__name__, __file__)
