"""What samples there are: every attack on every honest file it is meant for, and how the kept files are read.

An attack is a function of honest bytes and gives the forged ones; `attack` enters it under its class together with the names of the honest
files it is tried on. What the attack does is the function's own first sentence.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from vectors.attacks import service

FOLDER = Path(__file__).parent / "files"
HONEST = "Honest files"
COLUMNS = ("group", "file", "sha256", "role", "base", "twin", "what")
# ``attack``: nobody may call it valid. ``interim``: every signature in it is as it was made, and only whoever keeps the concluded file can
# say that this is not it. ``honest``: nobody may call it invalid.
Role = Literal["attack", "interim", "honest"]
Forger = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Variant:
    """One attack as it is to be made: ``base`` is the honest file it starts from, ``twin`` the one that says how it would be judged."""

    group: str
    name: str
    role: Role
    base: str
    twin: str
    what: str
    forge: Forger

    @property
    def file(self) -> str:
        folder = "".join(letter if letter.isalnum() else "-" for letter in self.group.lower())
        return f"{folder}/{self.name}--{self.base}.pdf"


@dataclass(frozen=True)
class Sample:
    """One kept file, as the list tells it."""

    group: str
    file: str
    sha256: str
    role: Role
    base: str
    twin: str
    what: str

    def read(self) -> bytes:
        return (FOLDER / self.file).read_bytes()


VARIANTS: list[Variant] = []


def attack(group: str, *twins: str, role: Role = "attack") -> Callable[[Forger], Forger]:
    """Enters an attack under its class, once for each honest file it is tried on."""

    def enter(forge: Forger) -> Forger:
        told = (forge.__doc__ or "").strip().splitlines()[0]
        name = forge.__name__.strip("_").replace("_", "-")
        VARIANTS.extend(Variant(group, name, role, twin, twin, told, forge) for twin in twins)
        return forge

    return enter


@cache
def kept() -> tuple[Sample, ...]:
    """Every kept file, in the order of the list."""
    with (FOLDER / "manifest.tsv").open(encoding="utf-8", newline="") as held:
        return tuple(Sample(**row) for row in csv.DictReader(held, delimiter="\t"))  # type: ignore[arg-type]


@cache
def roots() -> tuple[bytes, ...]:
    """Whom a judge is told to trust: the house's authority and the other service's, in DER."""
    return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates((FOLDER / "roots.pem").read_bytes()))


def archived_too(group: str, *bases: str) -> Callable[[Forger], Forger]:
    """Enters an attack a second time, followed by validation data and a trusted document timestamp, as any forger can get them.

    Nothing but the attack is then wrong with the file: without it, it would be as good as the archived honest one.
    """

    def enter(forge: Forger) -> Forger:
        told = (forge.__doc__ or "").strip().splitlines()[0].rstrip(".") + "; then archived."
        name = forge.__name__.strip("_").replace("_", "-") + "-archived"

        def both(pdf: bytes) -> bytes:
            return service.archived(forge(pdf))

        VARIANTS.extend(Variant(group, name, "attack", base, "service-blta", told, both) for base in bases)
        return forge

    return enter


def row(file: str, pdf: bytes, *, group: str, role: Role, base: str, twin: str, what: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (group, file, hashlib.sha256(pdf).hexdigest(), role, base, twin, what), strict=True))
