"""``tachiai vault check``, ``litter`` and ``move``: the store of the encrypted boxes (docs/operations/store.md)."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tachiai import clock


def add_store_commands(vault: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """``check``, ``litter`` and ``move`` below ``tachiai vault``."""
    check = vault.add_parser("check", help="put, read back and remove a probe; what the store offers")
    check.add_argument("--versions", action="store_true", help="also name boxes that were written over or deleted, where the bucket knows")
    check.set_defaults(command=lazy("tachiai.cli.store", "check"))
    litter = vault.add_parser("litter", help="what lies in the store for nobody, and is older than a day")
    litter.add_argument("--remove", action="store_true", help="remove it; never after a restore that was not accepted")
    litter.add_argument("--json", action="store_true")
    litter.set_defaults(command=lazy("tachiai.cli.store", "litter"))
    move = vault.add_parser("move", help="copy every box to another store; nothing is deleted, and it can be begun again at any time")
    move.add_argument("--to", required=True, metavar="URL", help="s3://bucket/prefix?endpoint=…&region=… or file:///folder")
    move.add_argument("--from", dest="source", default="", metavar="URL", help="instead of the store that is configured")
    move.add_argument("--only-new", action="store_true", help="believe by its size what is there already: for the last look of all")
    move.set_defaults(command=lazy("tachiai.cli.store", "move"))


def check(options: argparse.Namespace) -> int:
    """What the store is and offers; 1 when boxes were written over or deleted."""
    _begin()
    from tachiai.administration.storing import list_overwritten, try_store

    for name, value in try_store().items():
        print(f"{name:9} {value}")
    paths = list(list_overwritten()) if options.versions else []
    for path in paths:
        print(f"written over or deleted: {path}")
    return 1 if paths else 0


def litter(options: argparse.Namespace) -> int:
    """One line for each piece, or what was removed. 0 in any case: litter harms nobody."""
    _begin()
    from tachiai.administration.storing import clear_litter, list_litter

    at = clock.now()
    if options.remove:
        count, size = clear_litter(at=at)
        print(json.dumps({"v": 1, "removed": count, "bytes": size}) if options.json else f"Removed {count}, {size} bytes.")
        return 0
    for one in list_litter(at=at):
        told = {"v": 1, "kind": one.kind, "path": one.path, "size": one.size, "written_at": one.written_at.isoformat()}
        print(json.dumps(told) if options.json else f"{one.kind:8} {one.written_at:%Y-%m-%d %H:%M}Z {one.size:12} {one.path}")
    return 0


def move(options: argparse.Namespace) -> int:
    """How many boxes were copied, and which could not be: then 1, and the house must not be switched over."""
    _begin()
    from tachiai.administration.storing import copy_boxes

    moved = copy_boxes(to=options.to, source=options.source, only_new=options.only_new, at=clock.now())
    print(f"Copied {moved.copied} boxes, {moved.size} bytes compared; {moved.there} were there already.")
    for path, code in moved.troubles:
        print(f"NOT THERE: {path} [{code}]")
    if not moved.troubles:
        print("Every box is in the new store. What comes next: docs/operations/store.md.")
    return 1 if moved.troubles else 0


def _begin() -> None:
    import django

    django.setup()
