"""Every published attack, made by ourselves and kept: none is ever called valid, and no honest file is ever called invalid."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest
from benchmarks.attacks import AT
from benchmarks.verdicts import judged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.judges import signed_in
from fuzz import targets
from tachiai import sealing
from tachiai.archive.verification import judge
from vectors.attacks import honest, samples
from vectors.attacks.__main__ import load
from vectors.attacks.bytework import PLACES
from vectors.attacks.samples import FOLDER, HONEST, Sample, kept

GROUPS = tuple(dict.fromkeys(sample.group for sample in kept()))
ATTACKED = tuple(group for group in GROUPS if any(one.group == group and one.role == "attack" for one in kept()))
# What these classes do lies wholly behind what was signed: not one covered byte differs.
APPENDING = {
    "Incremental saving", "Shadow: hide", "Shadow: replace", "Shadow: hide and replace", "Certification: evil annotation",
    "Certification: sneaky signature", "DocMDP breach", "FieldMDP breach",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The deep verifier logs a traceback for every forgery it finds; finding them is what happens here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def of(group: str, *roles: str) -> list[Sample]:
    return [sample for sample in kept() if sample.group == group and (not roles or sample.role in roles)]


@cache
def honest_file(name: str) -> Sample:
    return next(one for one in kept() if one.group == HONEST and one.base == name)


@cache
def told(sample: Sample) -> tuple[str, tuple[str, ...]]:
    """The deep verifier's verdict and reasons, with both authorities of the samples trusted."""
    return judged(sample.read(), roots=samples.roots(), at=AT)


def judged_at_the_door(pdf: bytes, *, at: datetime) -> str:
    """The house's verdict on a file somebody brings: parsed in a limited child, and compared with what the archive keeps."""
    return str(judge(pdf, at=at).verdict)


# ------------------------------------------------------------------------------------------------------ what is kept


def test_what_is_kept_is_what_the_forgers_make() -> None:
    """Whoever adds or renames an attack makes the files anew (see the package)."""
    load()
    wanted = {(variant.group, variant.file, variant.role, variant.base, variant.twin, variant.what) for variant in samples.VARIANTS}
    wanted |= {(HONEST, f"honest/{name}.pdf", "honest", name, name, honest.TOLD[name]) for name in honest.MAKERS}
    assert {(one.group, one.file, one.role, one.base, one.twin, one.what) for one in kept()} == wanted
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.pdf")} == {one.file for one in kept()}
    for one in kept():
        assert hashlib.sha256(one.read()).hexdigest() == one.sha256, one.file
        assert len(one.read()) < 60_000, one.file


def test_every_class_has_several_variants_and_none_is_what_it_started_from() -> None:
    assert (len(ATTACKED), len(GROUPS)) == (15, 17)
    for group in GROUPS:
        assert len({sample.what for sample in of(group)}) >= 4, group
    assert [sample.file for sample in kept() if sample.group != HONEST and sample.read() == honest_file(sample.base).read()] == []


@pytest.mark.parametrize("group", sorted(APPENDING))
def test_what_is_appended_changes_no_covered_byte(group: str) -> None:
    for sample in of(group):
        assert sample.read().startswith(honest_file(sample.base).read()), sample.file


def test_a_replayed_timestamp_changes_nothing_but_the_hole() -> None:
    for sample in of("Timestamp replay"):
        forged, genuine = sample.read(), honest_file(sample.base).read()
        start, end = list(PLACES.finditer(genuine))[-1].span()
        assert (forged[:start], forged[end : len(genuine)]) == (genuine[:start], genuine[end:]), sample.file


def test_every_honest_file_is_signed_over_all_that_its_ranges_say() -> None:
    for sample in of(HONEST):
        pdf = sample.read()
        signed = signed_in(pdf)
        assert signed, sample.file
        for one in signed:
            assert re.fullmatch(rb"<[0-9a-fA-F]+>", pdf[slice(*one.gap)]), sample.file
            assert pdf[: one.end].rstrip().endswith(b"%%EOF"), sample.file


# --------------------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize("group", ATTACKED)
def test_no_attack_is_valid(group: str) -> None:
    assert [(one.file, told(one)) for one in of(group, "attack") if told(one)[0] == "valid"] == []


@pytest.mark.parametrize("group", ATTACKED)
def test_every_attack_is_told_from_its_honest_twin(group: str) -> None:
    """What is found is more than what the twin would be told anyhow."""
    unseen = [one.file for one in of(group, "attack") if told(one) == told(honest_file(one.twin))]
    assert unseen == []


def test_no_honest_file_is_invalid() -> None:
    assert [(one.file, told(one)) for one in of(HONEST) if told(one)[0] not in ("valid", "attention")] == []


@pytest.mark.parametrize(
    "name",
    ["house-closed", "house-closed-packed", "house-renewed", "service-blta", "service-renewed", "service-p1-lta", "service-expired-since"],
)
def test_what_proves_itself_is_valid(name: str) -> None:
    """Otherwise nothing could be called valid, and the tests above would say nothing."""
    assert told(honest_file(name)) == ("valid", ())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("timestamp-replay/token-of-a-server-archived", "timestamp_unfit"),
        ("timestamp-replay/token-of-an-uncritical-purpose-archived", "timestamp_unfit"),
        ("timestamp-replay/token-before-the-signer", "certificate_not_yet_valid"),
        ("timestamp-replay/token-before-the-signer-archived", "timestamp_wrong"),
        ("wrong-certificate-or-algorithm/no-certificate-meant-archived", "certificate_unnamed"),
    ],
)
def test_what_only_a_standard_forbids_is_told_as_that(name: str, code: str) -> None:
    (sample,) = (one for one in kept() if one.file == f"{name}--service-bt.pdf")
    verdict, found = told(sample)
    assert (verdict, code in found) == ("attention", True), found


# -------------------------------------------------------------------------------------------------------- the door


def firsts() -> Iterator[Sample]:
    """Each attack once, on the first of its bases; whatever only the archive can tell, always."""
    seen = set()
    for sample in kept():
        if sample.role == "interim" or (sample.role == "attack" and (sample.group, sample.what) not in seen):
            yield sample
        seen.add((sample.group, sample.what))


@pytest.mark.parametrize("group", [group for group in GROUPS if group != HONEST])
@pytest.mark.usefixtures("house")
def test_no_attack_is_valid_at_the_door(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where both authorities are the house's own, whose certificates nobody doubts."""
    own = samples.roots()
    trusted = sealing.trust_for_strangers() | {"roots": tuple(own), "tsa_roots": tuple(own)}
    monkeypatch.setattr(sealing, "trust_for_strangers", lambda: trusted)
    assert [one.file for one in firsts() if one.group == group and judged_at_the_door(one.read(), at=AT) == "valid"] == []


# --------------------------------------------------------------------------------------------------------- any edit

quickly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(which=st.integers(0, len(kept()) - 1), script=st.binary(min_size=2, max_size=60))
def test_any_edit_of_a_sample_gives_a_report_or_a_refusal(which: int, script: bytes) -> None:
    """And an edited attack is no more valid than the attack was."""
    targets.TARGETS["attack_examiner"].check(which.to_bytes(2, "big") + script)
