"""``tachiai verify FILE.pdf``: the same judgement as the public page, for a terminal or a program."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tachiai import clock
from tachiai.errors import Refusal

EXIT = {"valid": 0, "attention": 1, "invalid": 1, "none": 1, "unverifiable": 1}


def verify(options: argparse.Namespace) -> int:
    """Print the verdict and what it rests on; 0 only when the file is valid."""
    path = Path(options.file)
    try:
        pdf = path.read_bytes()
    except OSError as problem:
        raise Refusal("file.unreadable", file=str(path), reason=problem.strerror) from problem
    from tachiai.cli.houses import establish

    establish()
    from tachiai.archive.verification import judge, told

    judgement = judge(pdf, at=clock.now())
    if options.json:
        print(json.dumps(told(judgement), ensure_ascii=False, indent=2))
        return EXIT[judgement.verdict]
    print(f"{judgement.verdict}: {', '.join(judgement.reasons) or 'concluded by this house, and unchanged since'}")
    for row in judgement.rows:
        at = row.gen_time.isoformat() if row.gen_time else "no timestamp"
        print(f"  {row.kind:14} {row.name or row.tsa_subject}  {at}")
        if row.reason:
            print(f"  {'':14} {row.reason}")
    return EXIT[judgement.verdict]
