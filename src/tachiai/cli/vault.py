"""``tachiai vault …``: the keys that documents are kept under, and the end of documents."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.administration.vault_keys import KnownKey


def add_vault_commands(vault: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """``keys``, ``make-key``, ``rotate``, ``retire``, ``shred`` and ``deletion-paper`` below ``tachiai vault``."""
    keys = vault.add_parser("keys", help="every key: its id, kind and how many files it wraps")
    keys.add_argument("--try", dest="probe", action="store_true", help="have each wrap and unwrap something")
    keys.set_defaults(command=lazy("tachiai.cli.vault", "show_keys"))

    make = vault.add_parser("make-key", help="make a key in a token (rotate --new makes one in the house's file)")
    make.add_argument("name", help="its label in the token")
    for option in ("module", "token", "pin-file"):
        make.add_argument(f"--{option}", required=True)
    make.set_defaults(command=lazy("tachiai.cli.vault", "make_key"))

    rotate = vault.add_parser("rotate", help="wrap every data key anew by the current key; documents stay as they are")
    rotate.add_argument("--new", action="store_true", help="first make a new key in the house's file")
    rotate.set_defaults(command=lazy("tachiai.cli.vault", "rotate"))

    retire = vault.add_parser("retire", help="take a key that wraps nothing any more out of use")
    retire.add_argument("id")
    retire.set_defaults(command=lazy("tachiai.cli.vault", "retire"))
    _add_shredding(vault, lazy)


def _add_shredding(vault: Any, lazy: Any) -> None:
    shred = vault.add_parser("shred", help="destroy documents for ever, and give the certificate of deletion")
    shred.add_argument("--envelope", required=True, metavar="NUMBER", help="its control number (管理番号)")
    shred.add_argument("--org", default="", metavar="SLUG", help="whose envelope, if several organizations use the number")
    shred.add_argument(
        "--document", type=int, action="append", default=[], metavar="N", help="only the N-th; without it all, and the certificate"
    )
    shred.add_argument("--reason", required=True, help="why; it is kept in the ledger and printed")
    shred.add_argument("--by", required=True, help="who orders it; kept and printed likewise")
    shred.add_argument("--before-retention", action="store_true", help="although it would have to be kept longer")
    shred.add_argument("--backups-until", metavar="YYYY-MM-DD", help="until when a backup may hold a key, if not as scheduled")
    shred.set_defaults(command=lazy("tachiai.cli.vault", "shred"))
    paper = vault.add_parser("deletion-paper", help="the certificate of deletion again, and whatever the store would not let go then")
    paper.add_argument("number", help="of the deletion (消去番号)")
    paper.set_defaults(command=lazy("tachiai.cli.vault", "print_paper"))
    for command in (shred, paper):
        command.add_argument("--out", required=True, metavar="FILE.pdf", help="where the certificate of deletion goes")
        command.add_argument("--language", choices=("ja", "en"), default="ja")


def show_keys(options: argparse.Namespace) -> int:
    """One line for each key; 1 when one of them is in trouble."""
    _establish()
    from tachiai.administration.vault_keys import list_vault_keys

    found = list_vault_keys(probe=options.probe)
    for key in found:
        print(_line(key))
    return 1 if any(key.trouble for key in found) else 0


def make_key(options: argparse.Namespace) -> int:
    """Make a key in a token and say how the configuration names it."""
    _establish()
    from urllib.parse import quote

    from tachiai.administration.vault_keys import make_vault_key_in_token

    module, pin_file = Path(options.module).absolute(), Path(options.pin_file).absolute()
    kek = make_vault_key_in_token(options.name, module=module, token=options.token, pin_file=pin_file, at=clock.now())
    print(f"The key {kek} is made. To wrap by it, set and then run tachiai vault rotate:")
    print(
        f"TACHIAI_VAULT_KEY='pkcs11:token={quote(options.token)};object={quote(options.name)}?module-path={module}&pin-source={pin_file}'"
    )
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Move everything to the current key; 1 when something could not be moved."""
    _establish()
    from tachiai.administration.vault_keys import make_vault_key, rotate_vault_keys

    if options.new:
        print(f"A new key is made: {make_vault_key(at=clock.now())}")
    done = rotate_vault_keys()
    print(f"{'Resumed: ' if done.resumed else ''}{done.moved} data keys are wrapped by {done.key} now.")
    for blob in done.altered:
        print(f"NOT MOVED: the wrapped key of {blob} does not open; restore its row from a backup.")
    return 1 if done.altered else 0


def retire(options: argparse.Namespace) -> int:
    """Take a key out of use and say what is left to do with it."""
    _establish()
    from tachiai.administration.vault_keys import retire_vault_key

    place = retire_vault_key(options.id, at=clock.now())
    if place is None:
        print("Retired. Take it out of the configuration; keep it as long as a backup needs it, then destroy it where it is kept.")
    else:
        print(f"Retired, and moved to {place}. Keep it as long as a backup needs it, then destroy it.")
    return 0


def shred(options: argparse.Namespace) -> int:
    """Destroy, then print. The act stands even if the paper cannot be made now."""
    _establish()
    from tachiai import backups
    from tachiai.envelopes.destroying import Grounds, destroy_documents
    from tachiai.envelopes.remedying import find_envelope

    try:
        until = date.fromisoformat(options.backups_until) if options.backups_until else None
    except ValueError:
        print("tachiai: --backups-until is a day such as 2027-11-26", file=sys.stderr)
        return 2
    envelope, at = find_envelope(options.envelope, organization=options.org), clock.now()
    until = until or backups.copies_until(since=envelope.created_at, at=at)
    grounds = Grounds(options.reason, options.by, before_retention=options.before_retention, backups_until=until)
    number = destroy_documents(envelope, positions=options.document, grounds=grounds, at=at)
    print(f"Destroyed. Its number is {number}.")
    return _print_paper(str(number), options)


def print_paper(options: argparse.Namespace) -> int:
    """The paper of an earlier act."""
    _establish()
    return _print_paper(options.number, options)


def _print_paper(number: str, options: argparse.Namespace) -> int:
    from tachiai.envelopes.destroying import certify, find_destroyed, finish_destroying

    envelope, found = find_destroyed(number)
    finish_destroying(found)
    paper = certify(envelope, found, language=options.language, at=clock.now())
    try:
        Path(options.out).write_bytes(paper.pdf)
    except OSError as problem:
        raise Refusal("disk.unusable", file=options.out, detail=problem.strerror) from problem
    print(f"The certificate of deletion is {options.out} (SHA-256 {paper.sha256.hex()}).")
    return 0


def _line(key: KnownKey) -> str:
    mark = "*" if key.current else " "
    trouble = f"  [{key.trouble}]" if key.trouble else ""
    return f"{mark} {key.id or '?':16}  {key.kind or '?':7} {key.blobs:9,}  {key.name}{trouble}"


def _establish() -> None:
    from tachiai.cli.houses import compile_catalogues, establish

    establish()
    compile_catalogues()
