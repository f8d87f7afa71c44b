"""``tachiai …``: the operator's command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from tachiai import __version__
from tachiai.cli.archive import add_archive_commands
from tachiai.cli.backups import add_backup_commands
from tachiai.cli.bounces import add_bounce_commands
from tachiai.cli.bundles import add_bundle_commands
from tachiai.cli.checking import add_checking_commands
from tachiai.cli.database import add_database_commands
from tachiai.cli.demo_seed import add_seed_command
from tachiai.cli.envelopes import add_envelope_commands
from tachiai.cli.evidence import add_evidence_commands
from tachiai.cli.keys import add_key_commands
from tachiai.cli.personal import add_personal_commands
from tachiai.cli.store import add_store_commands
from tachiai.cli.tsa import add_tsa_commands
from tachiai.cli.vault import add_vault_commands
from tachiai.errors import Outage, Refusal
from tachiai.house import Misconfigured

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or not as it must be, 2 used wrongly."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    command: Command = options.command
    try:
        return command(options)
    except Misconfigured as problem:
        print(f"tachiai: {problem}", file=sys.stderr)
    except (Refusal, Outage) as trouble:
        print(f"tachiai: {_words(trouble)}", file=sys.stderr)
    except Exception as problem:
        # The disk and the database fail wherever they are met. Anything else is our mistake, and keeps its traceback.
        if (refusal := _of_ground(problem)) is None:
            raise
        print(f"tachiai: {_words(refusal)}", file=sys.stderr)
    return 1


def _of_ground(problem: Exception) -> Refusal | None:
    """What the machine itself refused, as the operator is told of it; None for anything else."""
    from django.db import OperationalError

    if isinstance(problem, OSError):
        return Refusal("disk.unusable", file=problem.filename or "?", detail=problem.strerror or type(problem).__name__)
    if isinstance(problem, OperationalError):
        return Refusal("database.unusable", detail=(str(problem).splitlines() or ["?"])[0])
    return None


def _words(trouble: Refusal | Outage) -> str:
    """A sentence where the pages are available, in Japanese unless the terminal speaks English; the code in any case."""
    from django.apps import apps
    from django.utils import translation

    if not apps.ready:
        return str(trouble)
    from tachiai.web.problems import outage_sentence, sentence

    with translation.override("en" if _speaks_english() else "ja"):
        if isinstance(trouble, Refusal):
            return f"{sentence(trouble.code, trouble.facts)} [{trouble}]"
        return f"{outage_sentence(trouble.code, trouble.detail)} [{trouble}]".lstrip()


def _speaks_english() -> bool:
    """By the terminal's own variables, the first that is set (POSIX, 8.2); ``C`` says nothing of a language."""
    chosen = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return chosen.lower().startswith("en")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="tachiai", description="Tachiai 立会: electronic contracts of the witness type.")
    top.add_argument("--version", action="version", version=f"tachiai {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _house_commands(commands)
    add_envelope_commands(commands, _lazy)
    add_checking_commands(commands, _lazy)
    archive = commands.add_parser("archive", help="what was concluded: until when it is provable, renewals, evidence records")
    kept = archive.add_subparsers(required=True)
    add_archive_commands(kept, _lazy)
    add_evidence_commands(kept, _lazy)
    add_bundle_commands(commands, _lazy)
    add_key_commands(commands, _lazy)
    add_tsa_commands(commands, _lazy)
    add_database_commands(commands, _lazy)
    add_personal_commands(commands, _lazy)
    add_bounce_commands(commands, _lazy)
    vault = commands.add_parser("vault", help="the encrypted bytes: where they lie, and the keys they are kept under")
    bytes_and_keys = vault.add_subparsers(required=True)
    add_store_commands(bytes_and_keys, _lazy)
    add_vault_commands(bytes_and_keys, _lazy)
    add_backup_commands(commands, _lazy)
    _people_commands(commands)
    _document_commands(commands)
    return top


def _house_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    init = commands.add_parser("init", help="make the house: folder, secrets, database, static files")
    init.add_argument("--ready", action="store_true", help="also what running needs, and the checks before a start")
    init.add_argument("--for-story", action="store_true", help="a new demonstration waits for demo-seed to tell its past")
    init.set_defaults(command=_lazy("tachiai.cli.houses", "init"))
    run = commands.add_parser("run", help="start the web server and the workers, and stop them together")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument("--demo", action="store_true", help="a demonstration house with an embedded CA and TSA, and demo people")
    run.add_argument("--data", choices=("none", "small", "full"), default="none", help="what a new demonstration begins with")
    run.add_argument("--workers", type=int, default=1, help="how many work processes")
    run.set_defaults(command=_lazy("tachiai.cli.running", "run"))
    work = commands.add_parser("work", help="do the work that is due, until told to stop")
    work.add_argument(
        "--only",
        default="",
        help="kinds of work for this process alone, separated by commas: send-at, freeze, seal, close, top-up, renew, mail, backup",
    )
    work.add_argument("--checked", action="store_true", help="whoever starts it has made the checks before a start")
    work.set_defaults(command=_lazy("tachiai.cli.working", "work"))


def _people_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    operator = commands.add_parser("operator", help="the operator whose certificate seals").add_subparsers(required=True)
    create = operator.add_parser("create")
    create.add_argument("name")
    for option in ("name-en", "address", "phone", "mail"):
        create.add_argument(f"--{option}", default="")
    create.set_defaults(command=_lazy("tachiai.cli.people", "create_operator"))

    organization = commands.add_parser("org", help="organizations this house serves").add_subparsers(required=True)
    create = organization.add_parser("create")
    create.add_argument("slug")
    create.add_argument("name")
    for option in ("name-en", "department", "phone", "mail", "number-prefix"):
        create.add_argument(f"--{option}", default="")
    create.add_argument("--is-operator", action="store_true", help="the operator is itself this party")
    create.add_argument("--sender-may-sign", action="store_true")
    create.set_defaults(command=_lazy("tachiai.cli.people", "create_organization"))

    user = commands.add_parser("user", help="people who log in at the desk").add_subparsers(required=True)
    create = user.add_parser("create", help="the password is asked for, or read from --password-file")
    create.add_argument("organization", metavar="ORG")
    create.add_argument("mail")
    create.add_argument("name")
    create.add_argument("--role", choices=("admin", "manager", "staff", "auditor", "system"), default="staff")
    for option in ("title", "department", "phone"):
        create.add_argument(f"--{option}", default="")
    create.add_argument("--language", choices=("ja", "en"), default="ja")
    create.add_argument("--may-sign", action="store_true")
    create.add_argument("--may-approve", action="store_true")
    create.add_argument("--password-file")
    create.set_defaults(command=_lazy("tachiai.cli.people", "create_user"))


def _document_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser("demo", help="conclude a real contract between two parties, here and now")
    demo.add_argument("files", nargs="*", metavar="FILE.pdf")
    demo.add_argument("--out", default="tachiai-demo", metavar="DIR")
    demo.set_defaults(command=_lazy("tachiai.cli.demo", "demo"))
    add_seed_command(commands, _lazy)
    verify = commands.add_parser("verify", help="say what is in signed PDFs and whether they stand")
    verify.add_argument("files", metavar="FILE.pdf", nargs="+")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(command=_lazy("tachiai.cli.verifying", "verify"))


def _lazy(module: str, name: str) -> Command:
    """A command is imported when it is run: `tachiai --help` must not start the whole house."""

    def run(options: argparse.Namespace) -> int:
        from importlib import import_module

        command: Command = getattr(import_module(module), name)
        return command(options)

    return run


if __name__ == "__main__":
    sys.exit(main())
