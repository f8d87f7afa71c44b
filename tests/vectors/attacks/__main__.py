"""Makes every sample anew: ``python -m vectors.attacks`` from ``tests``. Other keys, other bytes, the same list."""

from __future__ import annotations

import csv
import logging
import shutil
import sys
from importlib import import_module
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from vectors.attacks import honest, samples, service
from vectors.attacks.samples import COLUMNS, FOLDER, HONEST

ATTACKS = ("forgery", "saving", "wrapping", "shadows", "certification", "permissions", "times", "tails", "digests", "lookalikes")


def load() -> None:
    """Enters every attack, in the order of the table."""
    for name in ATTACKS:
        import_module(f"vectors.attacks.{name}")


def make(folder: Path) -> list[dict[str, str]]:
    """Every file below ``folder``, and the rows of the list."""
    load()
    rows = []
    for name, pdf in ((name, made()) for name, made in honest.MAKERS.items()):
        file = f"honest/{name}.pdf"
        rows.append(samples.row(file, _kept(folder, file, pdf), group=HONEST, role="honest", base=name, twin=name, what=honest.TOLD[name]))
    for variant in samples.VARIANTS:
        pdf = variant.forge(honest.MAKERS[variant.base]())
        kept = _kept(folder, variant.file, pdf)
        rows.append(
            samples.row(variant.file, kept, group=variant.group, role=variant.role, base=variant.base, twin=variant.twin, what=variant.what)
        )
    return rows


def _kept(folder: Path, file: str, pdf: bytes) -> bytes:
    place = folder / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(pdf)
    return pdf


def main() -> None:
    logging.disable(logging.CRITICAL)
    shutil.rmtree(FOLDER, ignore_errors=True)
    rows = make(FOLDER)
    with (FOLDER / "manifest.tsv").open("w", encoding="utf-8", newline="") as held:
        writer = csv.DictWriter(held, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    trusted = (service.authority().root_der, *honest.house().authority.roots)
    pems = (x509.load_der_x509_certificate(root).public_bytes(Encoding.PEM) for root in trusted)
    (FOLDER / "roots.pem").write_bytes(b"".join(pems))
    sys.stdout.write(f"{len(rows)} files, {sum((FOLDER / row['file']).stat().st_size for row in rows):,} bytes\n")


if __name__ == "__main__":
    main()
