"""``tachiai evidence bundle``: the evidence bundle of one concluded envelope, taken by the operator."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tachiai import clock
from tachiai.errors import Refusal


def add_bundle_commands(commands: Any, lazy: Callable[[str, str], Callable[[argparse.Namespace], int]]) -> None:
    """The commands under ``tachiai evidence``."""
    evidence = commands.add_parser("evidence", help="evidence that verifies without this house").add_subparsers(required=True)
    bundle = evidence.add_parser("bundle", help="a ZIP with which anybody can check an envelope (docs/formats/evidence-bundle.md)")
    bundle.add_argument("number", metavar="ENVELOPE", help="its control number (管理番号)")
    bundle.add_argument("--org", default="", metavar="SLUG", help="whose envelope, if several organizations use the number")
    bundle.add_argument("--out", default=".", metavar="DIR")
    bundle.set_defaults(command=lazy("tachiai.cli.bundles", "bundle"))


def bundle(options: argparse.Namespace) -> int:
    """Make it, check it, write it: only a bundle that its own verifier accepts is written."""
    import django

    django.setup()
    from tachiai.envelopes.bundling import evidence_bundle
    from tachiai.envelopes.remedying import find_envelope

    envelope = find_envelope(options.number, organization=options.org)
    made = evidence_bundle(envelope, by=None, now=clock.now)
    with made.file:
        path = Path(options.out) / made.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                shutil.copyfileobj(made.file, out)
        except OSError as problem:
            raise Refusal("file.unreadable", file=str(path), reason=problem.strerror) from problem
    print(f"{path} ({made.size:,} bytes, SHA-256 {made.sha256.hex()})")
    return 0
