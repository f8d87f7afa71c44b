"""``tachiai backup``, ``tachiai restore`` and ``tachiai drill``: the house copied, brought back and tried (docs/operations/backup.md)."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.errors import Refusal

if TYPE_CHECKING:
    from tachiai.backups.models import Drill
    from tachiai.backups.repository import Repository

SAMPLE = 20


def add_backup_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """The three commands; ``restore`` takes a folder of backups, or one of four words."""
    backup = commands.add_parser("backup", help="make a generation now; or: backup keys, backup list")
    backup.add_argument("what", nargs="?", choices=("now", "keys", "list"), default="now")
    backup.add_argument("--to", metavar="FILE", help="keys: the file to make, under a passphrase")
    backup.add_argument("--passphrase-file", metavar="FILE", help="keys: instead of asking for it")
    backup.add_argument("--begin", action="store_true", help="now: in a folder without backups, though the house has made some")
    backup.set_defaults(command=lazy("tachiai.cli.backups", "backup"))

    restore = commands.add_parser("restore", help="bring a backup back; or: restore status, accept, mails, inspect")
    restore.add_argument("what", metavar="FOLDER", help="the folder of the backups, or: status, accept, mails, inspect")
    restore.add_argument("--home", metavar="DIR", help="where the restored house is to be; nothing may be there but keys/")
    restore.add_argument("--generation", default="", help="the newest unless named")
    restore.add_argument("--database-url", help="a PostgreSQL database without tables, if the backup is of PostgreSQL")
    restore.add_argument("--keys", metavar="FILE", help="what `tachiai backup keys` made")
    restore.add_argument("--passphrase-file", metavar="FILE", help="for --keys, instead of asking")
    role = restore.add_mutually_exclusive_group()
    role.add_argument("--as-production", action="store_true", help="accept: this is the house now, the old one is gone")
    role.add_argument("--as-copy", action="store_true", help="accept: a copy for trials, without production's keys and mails")
    known = restore.add_mutually_exclusive_group()
    known.add_argument("--checkpoint", nargs="+", metavar="FILE", help="accept --as-production: the last published; or a completion mail")
    known.add_argument("--none-known", action="store_true", help="accept --as-production: no published checkpoint can be had")
    restore.add_argument("--skip-numbers", type=int, default=100, metavar="N", help="accept --as-production: control numbers left out")
    chosen = restore.add_mutually_exclusive_group()
    chosen.add_argument("--send", nargs="+", metavar="MAIL", help="mails: these go out now (or: all)")
    chosen.add_argument("--drop", nargs="+", metavar="MAIL", help="mails: these are not sent again (or: all)")
    restore.set_defaults(command=lazy("tachiai.cli.backups", "restore"))
    drill = commands.add_parser("drill", help="restore the newest generation for trial, check everything, and write an attested report")
    drill.set_defaults(command=lazy("tachiai.cli.backups", "drill"))


def backup(options: argparse.Namespace) -> int:
    """Make a generation, list them, or put the keys into a file of their own."""
    _start()
    from tachiai import backups
    from tachiai.backups.making import repository

    if options.what == "keys":
        if not options.to:
            raise Refusal("backup.nowhere")
        count = backups.seal_keys(Path(options.to), passphrase=_passphrase(options.passphrase_file, twice=True))
        print(f"{count} files of keys are in {options.to}. Keep it apart from the backups, and the passphrase apart from both.")
    elif options.what == "list":
        place = repository()
        return max([_listed(place, generation) for generation in place.generations()], default=0)
    else:
        made = backups.make_backup(now=clock.now, begin=options.begin)
        spent = (made.ended_at - made.began_at).total_seconds()
        print(f"{made.generation}: {made.boxes} boxes, {made.size:,} bytes, {made.added:,} of them new, in {spent:.1f} s.")
        print(f"Manifest (SHA-256): {bytes(made.manifest).hex()}")
    return 0


def _listed(place: Repository, generation: str) -> int:
    """One line; 1 for a generation that cannot be read, which does not hide the others."""
    try:
        manifest = place.manifest(generation)
    except Refusal as refusal:
        print(f"{generation}  DAMAGED: {refusal}")
        return 1
    log = "no checkpoint" if manifest.checkpoint is None else "{origin} {size}".format(**manifest.checkpoint)
    print(f"{generation}  {manifest.boxes:>8} boxes  {manifest.size:>14,} bytes  {manifest.sha256.hex()}  {log}")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Bring a generation back, or one of the steps after it."""
    steps = {"status": _status, "accept": _accept, "mails": _mails, "inspect": _inspect}
    return steps.get(options.what, _bring_back)(options)


def _bring_back(options: argparse.Namespace) -> int:
    if not options.home:
        raise Refusal("restore.nowhere")
    os.environ["TACHIAI_HOME"] = options.home
    if options.database_url is not None:
        os.environ["TACHIAI_DATABASE_URL"] = options.database_url
    _start()
    from tachiai import backups
    from tachiai.house import read

    if options.keys:
        # Whatever would be refused is refused before the keys lie there: nothing has to be cleared away before the next attempt.
        backups.check_restorable(Path(options.what), generation=options.generation)
        passphrase = _passphrase(options.passphrase_file, twice=False)
        backups.open_keys(Path(options.keys), passphrase=passphrase, into=read().keys)
    manifest = backups.restore(Path(options.what), generation=options.generation, at=clock.now())
    print(f"{manifest.generation} is restored in {read().home}, made at {manifest.made_at}.")
    print("It is held: nothing is mailed, sealed or closed. Next: tachiai init, tachiai restore status, tachiai restore accept")
    return 0


def _status(_options: argparse.Namespace) -> int:
    _start()
    from tachiai import backups

    found = backups.restored()
    if found.generation:
        print(f"Restored from {found.generation} (made {found.made_at}) at {found.restored_at}.")
    print("Held: nothing is mailed, sealed or closed." if found.held else "Not held.")
    print("The keys beside it are another house's, or missing." if found.foreign else "The keys beside it are its own.")
    if found.copy:
        print("A copy for trials: it mails nobody and has no key of production.")
    print(f"Mails in doubt: {found.doubtful_mails}")
    return 1 if found.held or found.foreign else 0


def _accept(options: argparse.Namespace) -> int:
    _start()
    from tachiai import backups
    from tachiai.cli.houses import establish

    if not (options.as_production or options.as_copy):
        raise Refusal("restore.as_what")
    if options.as_copy:
        backups.accept_as_copy(at=clock.now())
        establish()
        print("This is a copy now, a house of its own. It has no signing key but the embedded authority's, and mails nobody.")
        return 0
    if not (options.checkpoint or options.none_known):
        raise Refusal("restore.checkpoint_wanted")
    known = [one for file in options.checkpoint or () for one in backups.stated_in(_bytes(file))]
    accepted = backups.accept_as_production(known=known, at=clock.now(), skip_numbers=max(0, options.skip_numbers))
    print("This is the house now. See that the old one never runs again.")
    if accepted.missing:
        print(f"At least {accepted.missing} entries were published that this backup does not have.")
    if accepted.epoch:
        print(f"The log goes on in epoch {accepted.epoch}.")
    if accepted.mails:
        print(f"{accepted.mails} mails waited when the backup was made and may have gone since. Decide: tachiai restore mails")
    return 0


def _mails(options: argparse.Namespace) -> int:
    _start()
    from tachiai.backups.doubts import decide, doubtful

    if options.send or options.drop:
        count = decide(options.send or options.drop, send=bool(options.send), at=clock.now())
        print(f"{count} mails {'go out' if options.send else 'are not sent again'}.")
        return 0
    for mail in doubtful():
        print(f"{mail.id}  {mail.created_at:%Y-%m-%d %H:%M} UTC  {mail.kind:5} {mail.to}  {mail.stream}")
    return 0


def _inspect(_options: argparse.Namespace) -> int:
    """For a drill: read everything, judge a sample, and tell it as one line of JSON. 1 when something was found."""
    _start()
    from tachiai.archive.sampling import judge_sample
    from tachiai.backups.inspecting import Finding, read_everything

    found = read_everything()
    drawn = list(judge_sample(SAMPLE, at=clock.now()))
    findings = [*found.findings, *(Finding("drill.not_valid", one.file, one.code) for one in drawn if one.code)]
    counted = ("streams", "entries", "blobs", "bytes_read")
    figures = {name: getattr(found, name) for name in counted} | {"judged": len(drawn)}
    print(json.dumps({"figures": figures, "findings": [asdict(one) for one in findings]}, ensure_ascii=False))
    return 1 if findings else 0


def drill(_options: argparse.Namespace) -> int:
    """Restore for trial, and say where the paper is; 1 when the drill failed."""
    _start()
    from tachiai import backups

    made: Drill = backups.drill(now=clock.now)
    print(f"{'Passed' if made.passed else 'FAILED'}: {made.generation}, report {made.pk}")
    for name, value in made.figures.items():
        print(f"  {name}: {value:,}")
    for one in made.findings:
        print(f"  {one['code']} {one['subject']} {one.get('detail', '')}", file=sys.stderr)
    return 0 if made.passed else 1


def _start() -> None:
    import django

    from tachiai.cli.houses import compile_catalogues

    django.setup()
    compile_catalogues()


def _passphrase(file: str | None, *, twice: bool) -> str:
    if file:
        return _read(file).strip()
    first = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != first:
        raise Refusal("backup.passphrase_differs")
    return first


def _read(file: str) -> str:
    return _bytes(file).decode("utf-8", "replace")


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise Refusal("file.unreadable", file=file) from problem
