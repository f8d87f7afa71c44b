"""``tachiai envelope …``: what an operator can do about an envelope that does not come to its end (docs/operations/closing-stuck.md)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tachiai import clock

if TYPE_CHECKING:
    from tachiai.envelopes.models import Envelope


def add_envelope_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """``show``, ``retry``, ``reseal`` and ``withdraw`` below ``tachiai envelope``."""
    envelope = commands.add_parser("envelope", help="an envelope that is stuck: what holds it up, and the remedies").add_subparsers(
        required=True
    )
    acts = {
        "show": "its state, and what holds up the house's work on it",
        "retry": "do again what is stuck, once the cause is gone",
        "reseal": "seal the consents of a closing envelope again with today's key, because the seals are worthless",
        "withdraw": "end an envelope that cannot be concluded, and tell both sides",
    }
    for act, purpose in acts.items():
        command = envelope.add_parser(act, help=purpose)
        command.add_argument("number", help="its control number (管理番号)")
        command.add_argument("--org", default="", metavar="SLUG", help="whose envelope, if several organizations use the number")
        if act != "show":
            command.add_argument("--reason", required=True, help="why; it is kept in the ledger, and told to both sides when withdrawn")
        command.set_defaults(command=lazy("tachiai.cli.envelopes", act))


def show(options: argparse.Namespace) -> int:
    """State and troubles, one a line."""
    envelope = _found(options)
    from tachiai.envelopes.progress import open_tasks

    print(f"{envelope.number} {envelope.name}: {envelope.state}")
    for task in open_tasks(envelope):
        since = f" since {task.troubled_since.isoformat()}" if task.troubled_since else ""
        print(f"  {type(task).__name__} {task.state}: {task.trouble or 'in order'}{since}, due {task.due_at.isoformat()}")
    return 0


def retry(options: argparse.Namespace) -> int:
    envelope = _found(options)
    from tachiai.envelopes.remedying import retry_envelope

    print(f"{retry_envelope(envelope, reason=options.reason, at=clock.now())} due again.")
    return 0


def reseal(options: argparse.Namespace) -> int:
    envelope = _found(options)
    from tachiai.envelopes.resealing import reseal_envelope

    print(f"{reseal_envelope(envelope, reason=options.reason, now=clock.now)} seals made again; the closing goes on.")
    return 0


def withdraw(options: argparse.Namespace) -> int:
    envelope = _found(options)
    from tachiai.envelopes.remedying import withdraw_unfinished

    withdraw_unfinished(envelope, reason=options.reason, at=clock.now())
    print(f"{envelope.number} is withdrawn; both sides are told.")
    return 0


def _found(options: argparse.Namespace) -> Envelope:
    import django

    django.setup()
    from tachiai.envelopes.remedying import find_envelope

    return find_envelope(options.number, organization=options.org)
