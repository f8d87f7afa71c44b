"""``tachiai personal find|erase ADDRESS``: what is known of a person, and taking away what no contract needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from tachiai import clock
from tachiai.cli.houses import establish

Lazy = Callable[[str, str], Callable[[argparse.Namespace], int]]


def add_personal_commands(commands: Any, lazy: Lazy) -> None:
    personal = commands.add_parser("personal", help="what is known of a person, by mail address; erasing it").add_subparsers(required=True)
    find = personal.add_parser("find", help="the entries that hold personal data of this address, and what keeps them")
    find.add_argument("mail", metavar="ADDRESS")
    find.set_defaults(command=lazy("tachiai.cli.personal", "find"))
    erase = personal.add_parser("erase", help="erase what no contract needs; entries, chains and tree stay true")
    erase.add_argument("mail", metavar="ADDRESS")
    erase.add_argument("--reason", required=True, help="kept in the ledger for ever: name nobody in it")
    erase.set_defaults(command=lazy("tachiai.cli.personal", "erase"))


def find(options: argparse.Namespace) -> int:
    establish()
    from tachiai.envelopes.erasing import known_of

    known = known_of(options.mail)
    for word, streams in (("erasable", known.erasable), ("kept (a contract, or under way)", known.kept)):
        for stream, found in streams.items():
            print(f"{word}: {stream}: {', '.join(f'{one.number} {one.event}' for one in found)}")
    for what in known.in_use:
        print(f"in use: {what}")
    return 0


def erase(options: argparse.Namespace) -> int:
    establish()
    from tachiai.envelopes.erasing import erase_person

    known = erase_person(options.mail, reason=options.reason, at=clock.now())
    print(f"Erased: {sum(map(len, known.erasable.values()))} entries' personal data, {len(known.places)} places in ended envelopes.")
    print(f"Kept, because a contract needs it: {sum(map(len, known.kept.values()))} entries' personal data.")
    return 0
