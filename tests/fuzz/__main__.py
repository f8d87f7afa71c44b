"""``python -m fuzz <target> [libFuzzer's options]``: a campaign against one target (see the package)."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import atheris


def main() -> None:
    name, *options = sys.argv[1:] or [""]
    with atheris.instrument_imports(include=["tachiai.crypto", "tachiai.pages"]):
        from fuzz.targets import TARGETS
    if name not in TARGETS:
        raise SystemExit(f"one of: {', '.join(TARGETS)}")
    logging.disable(logging.CRITICAL)
    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options, "-timeout=10", "-rss_limit_mb=2048", str(folder)], target.check)
    atheris.Fuzz()


main()
