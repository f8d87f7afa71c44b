"""The matrix of the sealer: which combinations of level, file, slots, fields, keys and order are built, and how.

Every pair of values of two factors stands in at least one case (a covering array of strength two), chosen with a fixed seed.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image, ImageDraw

from crypto import uploads
from crypto.contract import HOUSE, consent, words
from crypto.test_reference import VALUES, drawn, slot_of
from pki import MOMENT, embedded, key
from tachiai.crypto import pades
from tachiai.crypto.appearances import Appearance
from tachiai.crypto.authority import issue
from tachiai.crypto.fields import Slot
from tachiai.crypto.judgement import Expected
from tachiai.crypto.keys import Credential, SoftwareKey, credential_of
from tachiai.crypto.pades import FieldValue, Made
from tachiai.crypto.plans import Plan
from tachiai.pages.appearances import (
    check_appearance,
    hanko_appearance,
    seal_image_appearance,
    text_appearance,
    typed_signature_appearance,
)

Level = Literal["B-B", "frozen", "B-T", "B-LT", "B-LTA", "B-LTA renewed"]
Fields = Literal["none", "blanks", "seen", "real"]
KeyKind = Literal["rsa2048", "rsa3072", "rsa4096", "pss", "p256", "p384"]
Order = Literal["first to last", "last to first", "shuffled"]
SEED = 20250602


@dataclass(frozen=True)
class Case:
    level: Level
    xref: uploads.XrefKind
    form: uploads.FormKind
    slots: int
    fields: Fields
    key: KeyKind
    order: Order

    def __str__(self) -> str:
        return "-".join(str(part).replace(" ", "") for part in vars(self).values())


FACTORS: dict[str, tuple[object, ...]] = {
    "level": get_args(Level),
    "xref": get_args(uploads.XrefKind),
    "form": get_args(uploads.FormKind),
    "slots": (1, 2, 3, 4, 5),
    "fields": get_args(Fields),
    "key": get_args(KeyKind),
    "order": get_args(Order),
}
Pair = tuple[tuple[str, object], tuple[str, object]]


def pairs_of(case: Case) -> set[Pair]:
    return set(itertools.combinations(vars(case).items(), 2))


def every_pair() -> set[Pair]:
    """All pairs of values that can be together: a classic file has no object streams."""
    impossible = (("xref", "classic"), ("form", "stream"))
    values = [[(name, value) for value in held] for name, held in FACTORS.items()]
    return {pair for one, other in itertools.combinations(values, 2) for pair in itertools.product(one, other)} - {impossible}


@lru_cache(maxsize=1)
def covering() -> tuple[Case, ...]:
    """Cases until every pair is met, each the best of many that were drawn."""
    dice = random.Random(SEED)  # noqa: S311 - places to look, not secrets
    missing, chosen = every_pair(), []
    while missing:
        wanted = sorted(missing, key=repr)
        best = max((_drawn_case(dice, wanted) for _ in range(60)), key=lambda case: len(pairs_of(case) & missing))
        missing -= pairs_of(best)
        chosen.append(best)
    return tuple(chosen)


def _drawn_case(dice: random.Random, wanted: Sequence[Pair]) -> Case:
    """A case with one of the wanted pairs in it, the rest by chance."""
    given = dict(dice.choice(wanted))
    while True:
        drawn_values = {name: given.get(name, dice.choice(held)) for name, held in FACTORS.items()}
        if (drawn_values["xref"], drawn_values["form"]) != ("classic", "stream"):
            return Case(**drawn_values)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------- building


@dataclass(frozen=True)
class Stage:
    """The file after one step, and what the release gate has to say of it: nothing, or a refusal's code."""

    pdf: bytes
    expected: Expected
    refusal: str | None = None


@dataclass(frozen=True)
class Built:
    """``stages`` are prefixes of each other; the last is the case's own level. ``seals`` are the fields signed, in order."""

    upload: bytes
    credential: Credential
    stages: tuple[Stage, ...]
    seals: tuple[str, ...]
    plan: Plan

    @property
    def last(self) -> Stage:
        return self.stages[-1]


@lru_cache(maxsize=8)
def credential(kind: KeyKind) -> Credential:
    """A seal of this kind under the embedded authority."""
    authority = embedded()
    root = x509.load_der_x509_certificate(authority.root.certificate)
    holder = authority.root.key
    assert isinstance(holder, SoftwareKey)
    private = key("rsa2048" if kind == "pss" else kind, 60)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"架空電子契約株式会社 {kind}")])
    issuer_key = holder._private
    assert isinstance(issuer_key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    made = issue(
        name,
        private.public_key(),
        issuer=root.subject,
        issuer_key=issuer_key,
        at=MOMENT - timedelta(days=1),
        validity=timedelta(days=1800),
    )
    chain = [made.public_bytes(Encoding.DER), authority.root.certificate]
    return credential_of(private, chain, label=kind, pss=kind == "pss")


def build(case: Case) -> Built:
    """The case's file, made as the house makes it: each step from the plan of the step before."""
    return _Builder(case).built()


class _Builder:
    def __init__(self, case: Case) -> None:
        self.case, self.authority, self.credential = case, embedded(), credential(case.key)
        self.upload = self.held = uploads.made(case.xref, case.form)
        self.slots = [slot_of(number, _kind_of_slot(case.fields)) for number in range(1, case.slots + 1)]
        self.stages: list[Stage] = []
        self.sealed: list[int] = []
        self.plan: Plan | None = None

    def built(self) -> Built:
        stamps = self.authority.timestamper
        frozen = pades.freeze(self.held, slots=self.slots, credential=self.credential, timestamper=stamps, text=HOUSE, at=MOMENT)
        self._take(frozen)
        if self.case.level != "frozen":
            for number in self._order():
                self._seal(number)
        if self.case.level == "B-LT":
            self._take(pades.store(self.held, **self._closing(1), plan=self.plan), refusal="not_whole_file")  # type: ignore[arg-type]
        for day in {"B-LTA": (1,), "B-LTA renewed": (1, 300)}.get(self.case.level, ()):
            self._take(pades.close(self.held, timestamper=stamps, **self._closing(day), plan=self.plan), closed=True)  # type: ignore[arg-type]
        assert self.plan is not None
        signed = ("TachiaiHouse", *(f"TachiaiSlot{number:03d}" for number in self.sealed))
        return Built(self.upload, self.credential, tuple(self.stages), signed, self.plan)

    def _order(self) -> list[int]:
        numbers = list(range(1, self.case.slots + 1))
        if self.case.order == "last to first":
            numbers.reverse()
        elif self.case.order == "shuffled":
            random.Random(SEED + self.case.slots).shuffle(numbers)  # noqa: S311 - an order, not a secret
        return numbers

    def _seal(self, number: int) -> None:
        stamps, at = self.authority.timestamper, MOMENT + timedelta(hours=len(self.sealed) + 1)
        begun = pades.begin_seal(
            self.held,
            slot=number,
            credential=self.credential,
            reserve=stamps.reserve,
            text=words(number),
            consent_digest=consent(number),
            at=at,
            values=values_of(self.slots[number - 1], self.case.fields),
            appearance=signature_look(number, self.case.fields),
            plan=self.plan,
        )
        self.sealed.append(number)
        if self.case.level == "B-B" and len(self.sealed) == self.case.slots:
            self._take(begun.bare(), refusal="timestamp_missing")
        else:
            self._take(begun.finish(stamps.timestamp(begun.imprint, at=at)))

    def _take(self, made: Made, *, refusal: str | None = None, closed: bool = False) -> None:
        self.held, self.plan = self.held + made.tail, made.plan
        self.stages.append(Stage(self.held, self._expected(closed=closed), refusal))

    def _expected(self, *, closed: bool) -> Expected:
        values = {n: told(values_of(self.slots[n - 1], self.case.fields)) for n in self.sealed}
        return Expected(
            certification=True,
            slots={number: consent(number) for number in self.sealed},
            closed=closed,
            upload_size=len(self.upload),
            upload_sha256=hashlib.sha256(self.upload).digest(),
            every_slot=tuple(slot.number for slot in self.slots),
            values=values,
            every_field={slot.number: [value.number for value in slot.values] for slot in self.slots if slot.values},
        )

    def _closing(self, day: int) -> dict[str, object]:
        at = MOMENT + timedelta(days=day)
        return {"revocation": self.authority.revocation_source, "roots": self.authority.roots, "at": at}


def _kind_of_slot(fields: Fields) -> str:
    return {"none": "bare", "blanks": "blanks"}.get(fields, "seen")


def told(values: Mapping[int, FieldValue]) -> dict[int, str | bool]:
    """What a signer has consented to."""
    return {number: value.text for number, value in values.items()}


# ------------------------------------------------------------------------------------------- what signers fill in


def values_of(slot: Slot, fields: Fields) -> Mapping[int, FieldValue]:
    """Every slot has its own words, of the same shape; the second slot leaves its box empty."""
    if not slot.values:
        return {}
    made = {value.number: _value(slot, value.number, fields) for value in slot.values}
    return made if slot.number != 2 else made | {2: replace(made[2], text=False)}


def _value(slot: Slot, number: int, fields: Fields) -> FieldValue:
    place = slot.values[number - 1].place
    box = (place.width, place.height)
    text: str | bool = {1: f"東京都𠮷野町{slot.number}丁目 (見本)", 2: True, 3: f"2026-11-{slot.number:02d}"}[number]
    if fields != "real":
        return replace(VALUES[number], text=text)
    look = check_appearance(*box) if text is True else text_appearance(str(text), width=box[0], height=box[1])
    return FieldValue(text, look)


def signature_look(number: int, fields: Fields) -> Appearance | None:
    """What is seen of a signature: a seal in vermilion, a typed name, or the picture of a pressed seal."""
    if fields in ("none", "blanks"):
        return None
    if fields == "seen":
        return drawn(100, 50)
    if number % 3 == 0:
        return seal_image_appearance(seal_png(), width=100, height=50)
    return hanko_appearance("𠮷野", size=50) if number % 3 == 1 else typed_signature_appearance("見本 𠮷野", width=100, height=50)


@lru_cache(maxsize=1)
def seal_png() -> bytes:
    """A ring with a bar, half transparent, as scanned seals are."""
    picture = Image.new("RGBA", (120, 120), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((6, 6, 114, 114), outline=(201, 48, 31, 255), width=8)
    pen.rectangle((40, 54, 80, 66), fill=(201, 48, 31, 160))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def names_in(cases: Sequence[Case]) -> Iterator[tuple[str, object, int]]:
    """How often each value of each factor stands in ``cases``, for a look at the matrix."""
    for name, values in FACTORS.items():
        for value in values:
            yield name, value, sum(getattr(case, name) == value for case in cases)
