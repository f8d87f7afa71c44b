"""``tachiai archive …``: until when what was filed can be verified, and its renewal (docs/operations/renewal.md)."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from tachiai import clock

if TYPE_CHECKING:
    from tachiai.accounts.models import Organization

STEPS = ("planned", "due", "replace_authority", "stuck", "expired", "unknown", "destroyed")


def add_archive_commands(archive: argparse._SubParsersAction[argparse.ArgumentParser], lazy: Any) -> None:
    """``renewals`` and ``renew`` below ``tachiai archive``."""
    listing = archive.add_parser("renewals", help="each record: verifiable until, why, on which algorithm that rests, what is next")
    listing.add_argument("--json", action="store_true")
    listing.add_argument("--step", choices=STEPS, default="", help="only those whose next step is this")
    listing.add_argument("--org", default="", metavar="SLUG", help="of one organization alone")
    listing.add_argument(
        "--recompute", action="store_true", help="look at every file first, for example after the dates of algorithms changed"
    )
    listing.set_defaults(command=lazy("tachiai.cli.archive", "renewals"))
    renew = archive.add_parser("renew", help="have records renewed now, before they are due; the workers do it")
    renew.add_argument("number", nargs="?", default="", help="the record's control number (管理番号)")
    renew.add_argument("--all", action="store_true", help="every record that can still be renewed")
    renew.add_argument("--org", default="", metavar="SLUG", help="whose record, if several organizations use the number")
    renew.set_defaults(command=lazy("tachiai.cli.archive", "renew"))


def renewals(options: argparse.Namespace) -> int:
    """One line a record, the first to end first; 1 when any is at risk or beyond help."""
    organization, at = _organization(options.org), clock.now()
    from tachiai.archive.renewal import recompute_all
    from tachiai.archive.standing import AT_RISK, Looked, looked_for, standings_of, told

    if options.recompute:
        recompute_all(at=at)
    rows = looked_for(standings_of(organization, at=at), Looked(step=options.step))
    found = [told(row) for row in rows]
    if options.json:
        print(json.dumps({"v": 1, "at": at.isoformat(), "records": found}, ensure_ascii=False, indent=2))
    else:
        for one in found:
            print(_line(one))
    return 1 if any(one["step"] in AT_RISK for one in found) else 0


def _line(one: dict[str, object]) -> str:
    until, due = (str(one[name] or "-")[:10] for name in ("until", "renew_at"))
    return f"{until:10}  {one['step']:17}  {one['weakest'] or '-':10}  renew {due:10}  {one['number']} {one['title']}"


def renew(options: argparse.Namespace) -> int:
    if bool(options.number) == options.all:
        print("tachiai: name one record, or say --all")
        return 2
    organization, at = _organization(options.org), clock.now()
    from tachiai.archive.renewal import ask_for_everything, ask_for_renewal, find_files

    asked = ask_for_everything(organization, at=at) if options.all else ask_for_renewal(find_files(options.number, organization), at=at)
    print(f"{asked} files are to be renewed; the workers do it in turn.")
    return 0


def _organization(slug: str) -> Organization | None:
    import django

    django.setup()
    from tachiai.accounts.models import Organization
    from tachiai.errors import Refusal

    if not slug:
        return None
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise Refusal("organization.unknown", slug=slug)
    return found
