"""The table of ``docs/verification.md``: ``python -m benchmarks.attacks``.

Every kept sample of an attack, and every honest file, put before three judges that are told the same roots: Tachiai's deep verifier;
pyHanko alone, as its documentation shows it (``validate_pdf_signature`` with its ``bottom_line``, ``validate_pdf_timestamp``); and
poppler's ``pdfsig``. With ``--write`` the table in the document is replaced as well. The last line is everything as JSON.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.verdicts import VERDICTS, judged

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "vectors" / "attacks" / "files"
DOCUMENT = ROOT / "docs" / "verification.md"
BEGIN, END = "<!-- table: python -m benchmarks.attacks --write -->", "<!-- end of the table -->"
# The samples were signed at fixed moments of the past; this is a few days after the last of them.
AT = datetime(2025, 6, 6, 3, 0, tzinfo=UTC)
HONEST, PARTS = "Honest files", "Genuine parts of a file"
COLUMNS = ("", "files", "pyHanko: valid", "pdfsig: valid", "and “total document signed”", *(f"Tachiai: {word}" for word in VERDICTS))


@dataclass(frozen=True)
class Told:
    """What three judges say of one file. pdfsig's word is whether every signature it can judge is valid, and one covers the whole."""

    hanko: bool
    pdfsig: bool
    whole: bool
    ours: str


def ask(pdf: bytes, path: Path, roots: Sequence[bytes]) -> Told:
    valid, whole = pdfsig(path)
    return Told(hanko_alone(pdf, roots), valid, whole, judged(pdf, roots=roots, at=AT)[0])


def hanko_alone(pdf: bytes, roots: Sequence[bytes]) -> bool:
    """Whether a program that trusts every ``bottom_line`` would call the file valid. No signature at all is not valid."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp

    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        signatures, stamps = list(reader.embedded_regular_signatures), list(reader.embedded_timestamp_signatures)
        told = [validate_pdf_signature(one, _context(roots), _context(roots)).bottom_line for one in signatures]
        times = [validate_pdf_timestamp(one, _context(roots)) for one in stamps]
        told += [time.valid and time.intact and time.trusted for time in times]
    except Exception:
        # Whatever it stumbles over, it has not said "valid".
        return False
    return bool(signatures) and all(told)


def _context(roots: Sequence[bytes]) -> object:
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=[Certificate.load(root) for root in roots], moment=AT, allow_fetching=False)


def pdfsig(path: Path) -> tuple[bool, bool]:
    """Whether every signature that is no document timestamp "is Valid", and whether one of all is said to cover the total document."""
    told = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, errors="replace", check=False, timeout=60)
    parts = told.stdout.split("Signature #")[1:]
    # Of document timestamps and of fields that wait it says that nothing has been verified.
    judged_parts = [part for part in parts if "not yet been verified" not in part and "is not signed" not in part]
    valid = bool(judged_parts) and all("Signature Validation: Signature is Valid" in part for part in judged_parts)
    return valid, valid and any("- Total document signed" in part for part in parts)


def listed() -> list[dict[str, str]]:
    with (SAMPLES / "manifest.tsv").open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held, delimiter="\t"))


def roots() -> list[bytes]:
    return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates((SAMPLES / "roots.pem").read_bytes())]


def judge_all(rows: Iterable[Mapping[str, str]]) -> list[tuple[Mapping[str, str], Told]]:
    trusted = roots()
    return [(row, ask((SAMPLES / row["file"]).read_bytes(), SAMPLES / row["file"], trusted)) for row in rows]


def markdown(found: Sequence[tuple[Mapping[str, str], Told]]) -> str:
    """One row for each class and one for all attacks; then what is genuine, in part and whole."""
    groups = list(dict.fromkeys(row["group"] for row, _told in found if row["role"] == "attack"))
    rows = [_row(group, [told for row, told in found if row["group"] == group]) for group in groups]
    rows.append(_row("**All attacks**", [told for row, told in found if row["role"] == "attack"]))
    rows += [_row(f"**{group}**", [told for row, told in found if row["group"] == group]) for group in (PARTS, HONEST)]
    lines = [list(COLUMNS), ["---", *["--:"] * (len(COLUMNS) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, told: Sequence[Told]) -> list[str]:
    ours = Counter(one.ours for one in told)
    counts = (len(told), sum(one.hanko for one in told), sum(one.pdfsig for one in told), sum(one.whole for one in told))
    return [name, *map(str, counts), *(str(ours[word]) for word in VERDICTS)]


def write(table: str) -> None:
    """The table put between its two marks in the document."""
    held = DOCUMENT.read_text(encoding="utf-8")
    before, _begin, rest = held.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{DOCUMENT.name} has no place for the table")
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--write", action="store_true", help="replace the table in docs/verification.md")
    options = asked.parse_args()
    if shutil.which("pdfsig") is None:
        raise SystemExit("pdfsig is not installed (poppler-utils)")
    logging.disable(logging.CRITICAL)
    found = judge_all(listed())
    table = markdown(found)
    if options.write:
        write(table)
    print(table)
    wrong = [row["file"] for row, told in found if row["role"] == "attack" and told.ours == "valid"]
    alarms = [row["file"] for row, told in found if row["role"] == "honest" and told.ours == "invalid"]
    print(json.dumps({"attacks_called_valid": wrong, "honest_called_invalid": alarms, "files": len(found)}))
    sys.exit(1 if wrong or alarms else 0)


if __name__ == "__main__":
    main()
