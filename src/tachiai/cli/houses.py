"""Making a house: its folder and secrets, its database and its static files. Running it twice changes nothing."""

from __future__ import annotations

import argparse
import io
import os
import secrets
from typing import Any

from tachiai import clock
from tachiai.cli.private_files import write_private
from tachiai.house import House, Misconfigured, read

SECRETS = ("django", "link", "pepper", "vault", "mail", "log")


def init(options: argparse.Namespace) -> int:
    """``tachiai init``; with ``--ready`` also everything that running needs, and the checks that forbid a start."""
    house = prepare_for_story() if options.for_story else establish()
    if options.ready:
        compile_catalogues()
        collect_static()
        if house.mode == "demo":
            _settle(house, for_story=options.for_story)
        check_start(house)
        return 0
    print(f"The house is ready in {house.home}.")
    return 0


def _settle(house: House, *, for_story: bool) -> None:
    """The people of a demonstration, unless a story that is yet to be told begins with them."""
    from tachiai.cli.demo_people import demo_password, settle_demo_people

    demo_password(house)
    if for_story and house.telling.exists():
        return
    house.telling.unlink(missing_ok=True)
    settle_demo_people(house)


def prepare_for_story() -> House:
    """A demonstration that is new begins in the past and waits for ``demo-seed``; any other house is established as ever."""
    from tachiai.cli.demo_days import Calendar, first_morning, is_new, refuse_unfit

    house = read()
    if not is_new(house):
        return establish()
    refuse_unfit(house)
    with clock.told(Calendar(first_morning()).now):
        establish()
    house.telling.touch(mode=0o600)
    return house


def establish() -> House:
    """Make whatever the house still lacks and start Django on it. Refuses ``database.halfway``."""
    house = read()
    make_secrets(house)
    import django

    django.setup()
    from django.core.management import call_command

    from tachiai.lineage import refuse_halfway

    refuse_halfway()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    from tachiai.accounts import identity

    identity.bind(house)
    if house.mode == "demo" or house.accept_embedded_authority:
        _make_authority(house)
    return house


def make_secrets(house: House) -> None:
    """The secrets the house still lacks, each 32 random bytes in a file of its own."""
    house.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    house.keys.mkdir(exist_ok=True, mode=0o700)
    # A key that is kept in a token, at a service or in a list is made there, by its own command.
    elsewhere = {"vault"} if house.vault_key != "file" or house.vault_keys_file else set()
    for name in (secret for secret in SECRETS if secret not in elsewhere):
        path = house.keys / f"{name}.key"
        if not path.exists():
            write_private(path, secrets.token_hex(32) + "\n")


def _make_authority(house: House) -> None:
    """The embedded CA and TSA, made once: for a demonstration, or where somebody wants them by name."""
    folder = house.keys / "authority"
    if folder.exists():
        return
    from tachiai.administration.embedding import create_embedded_authority

    create_embedded_authority(folder, at=clock.now())


def collect_static() -> None:
    """Gather, hash and compress what the pages need, for the web server."""
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)


def compile_catalogues() -> None:
    """Compile the translations beside their sources; a wheel brings them compiled."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    from tachiai.config.settings import LOCALE_PATHS

    for folder in LOCALE_PATHS:
        for source in folder.glob("*/LC_MESSAGES/*.po"):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            with source.open("rb") as given:
                catalogue = read_po(given)
            # Whole or not at all: another process may be about to read it.
            made = target.with_suffix(f".{os.getpid()}.mo")
            with made.open("wb") as compiled:
                write_mo(compiled, catalogue)
            made.replace(target)


def check_start(house: House) -> None:
    """Django's checks and ours: a house that must not start does not."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    told: dict[str, Any] = {"fail_level": "ERROR", "stdout": io.StringIO()}
    try:
        call_command("check", deploy=house.mode == "production", **told)
        if house.mode == "demo" and house.store_url:
            # The one trial that a demonstration needs too: a bucket that writes over loses what it was given.
            call_command("check", deploy=True, tags=["store"], **told)
    except SystemCheckError as problem:
        raise Misconfigured(str(problem)) from problem
