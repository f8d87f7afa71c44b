"""``tachiai bounce``: mails that came back, from files, from standard input (as a mail server pipes them) or from a mailbox."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tachiai import clock
from tachiai.cli.houses import establish

Lazy = Callable[[str, str], Callable[[argparse.Namespace], int]]
LARGEST_READ = 8 * 1024 * 1024


def add_bounce_commands(commands: Any, lazy: Lazy) -> None:
    bounce = commands.add_parser("bounce", help="take in mails that came back: shown as 不達 and told to the sender")
    bounce.add_argument("files", nargs="*", metavar="FILE", help="a mail as it came; - reads one from standard input")
    bounce.add_argument("--mailbox", action="store_true", help="also what waits in TACHIAI_BOUNCE_MAILBOX")
    bounce.set_defaults(command=lazy("tachiai.cli.bounces", "bounce"))


def bounce(options: argparse.Namespace) -> int:
    """One line for each mail. A file that cannot be read as a mail is named, and the exit status says so."""
    establish()
    from django.conf import settings

    from tachiai.envelopes.bouncing import take_bounce, take_mailbox
    from tachiai.errors import Refusal
    from tachiai.house import Misconfigured

    if not options.files and not options.mailbox:
        print("tachiai: name a FILE, - or --mailbox", file=sys.stderr)
        return 2
    status = 0
    for name in options.files:
        try:
            print(f"{name}: {take_bounce(_read(name), at=clock.now())}")
        except Refusal as refusal:
            print(f"{name}: {refusal}", file=sys.stderr)
            status = 1
    if options.mailbox:
        url = settings.TACHIAI.bounce_mailbox
        if not url:
            raise Misconfigured("TACHIAI_BOUNCE_MAILBOX is not set")
        for name, taken in take_mailbox(url, at=clock.now()):
            print(f"mailbox {name}: {taken}")
    return status


def _read(name: str) -> bytes:
    """At most a little more than is taken: the rest is refused as too large without being held."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST_READ)
    with Path(name).open("rb") as file:
        return file.read(LARGEST_READ)
