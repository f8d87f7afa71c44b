"""``tachiai database restrict``: take from the house's own login the right to change what it may only append to."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from tachiai.cli.houses import establish

Lazy = Callable[[str, str], Callable[[argparse.Namespace], int]]


def add_database_commands(commands: Any, lazy: Lazy) -> None:
    database = commands.add_parser("database", help="the rights of the house's own login (PostgreSQL)").add_subparsers(required=True)
    restrict = database.add_parser("restrict", help="run as the tables' owner: ROLE may append to the record and never change it")
    restrict.add_argument("role", metavar="ROLE")
    restrict.set_defaults(command=lazy("tachiai.cli.database", "restrict"))


def restrict(options: argparse.Namespace) -> int:
    establish()
    from tachiai.administration.database_roles import restrict_role

    tables = restrict_role(options.role)
    print(f"{options.role} may append to these and never change them: {', '.join(tables)}.")
    return 0
