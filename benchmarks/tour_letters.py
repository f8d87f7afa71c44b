"""Fill a house with the small demo data and lay beside it what the tour looks at besides pages: each kind of letter in both languages.

``python -m benchmarks.tour_letters OUT``, with ``TACHIAI_HOME`` naming a new house. What a mail says is forgotten when it was sent, so the
letters are caught while they are written.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

# Facts that make another letter of the same kind.
VARIANTS = (
    "purpose",
    "expired",
    "last_day",
    "receipt",
    "what",
    "reviewed",
    "returned",
    "approved",
    "kind",
    "wish",
    "again",
    "one_time",
    "gate",
)


def main(out: Path) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    caught: dict[str, tuple[str, dict[str, Any]]] = {}
    from tachiai.cli.main import main as tachiai
    from tachiai.outbox import letters

    write = letters.write_letter

    def catching(kind: str, facts: Any, *, language: str) -> Any:
        variant = "-".join(str(facts[name]) for name in VARIANTS if facts.get(name) and isinstance(facts[name], str | bool))
        caught.setdefault(f"{kind}{'-' if variant else ''}{variant}", (kind, dict(facts)))
        return write(kind, facts, language=language)

    vars(letters)["write_letter"] = catching  # before whoever composes takes it from there
    status = tachiai(["demo-seed", "--scale", "small"])
    for name, (kind, facts) in caught.items():
        for language in ("ja", "en"):
            letter = write(kind, facts, language=language)
            page = letter.html.replace("<body", f"<!-- {letter.subject} --><body", 1)
            (out / "letters" / f"{name}-{language}.html").write_text(page)
    _lay_concluded(out)
    return status


def _lay_concluded(out: Path) -> None:
    """The first document of the newest conclusion, for the verifier's door."""
    from tachiai import clock
    from tachiai.envelopes.models import Envelope
    from tachiai.envelopes.reading import concluded_copy, concluded_files

    envelope = Envelope.objects.select_related("sender", "organization").filter(state="concluded").order_by("concluded_at").last()
    if envelope is not None:
        file = next(one for one in concluded_files(envelope) if one.kind != "certificate")
        (out / "concluded.pdf").write_bytes(concluded_copy(file, envelope, by=envelope.sender, at=clock.now()).pdf)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
