"""The release gate with a PDF library underneath: judging the signatures of a finished file from its bytes alone.

``verify`` knows what must be there and refuses everything else; ``examine``, for strangers' files, knows nothing and reports
(:mod:`tachiai.crypto.examining`). Both read afresh and share no state with the maker. A parser's exception is ``seal.unreadable``,
never a pass. Times and roots are the caller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tachiai.crypto import ber, chains, changes, cms, other_forms, timestamps
from tachiai.crypto.archival import Archive, has_validation_data
from tachiai.crypto.examining import examine
from tachiai.crypto.fields import HOUSE_FIELD, SLOT_FIELDS, VALUE_FIELDS, Lock, slot_field, slot_number, value_field
from tachiai.crypto.judgement import Coverage, Expected, Kind, Level, Report, Row
from tachiai.crypto.reading import Reader, follow_every_way, open_reader
from tachiai.crypto.standing import Standing, field_values, parsing, read_standing
from tachiai.crypto.timestamps import Token
from tachiai.errors import Refusal

__all__ = ["Coverage", "Expected", "Kind", "Level", "Report", "Row", "examine", "verify"]


@dataclass(frozen=True)
class _Trust:
    roots: tuple[bytes, ...]
    tsa_roots: tuple[bytes, ...]
    at: datetime


def verify(pdf: bytes, *, expected: Expected, roots: Sequence[bytes], tsa_roots: Sequence[bytes], at: datetime) -> Report:
    """Refuse ``pdf`` unless it is exactly what ``expected`` says; give the report otherwise.

    Codes: ``seal.unreadable``, ``seal.no_signature``, ``seal.upload_changed``, ``seal.byte_range``, ``seal.not_whole_file``,
    ``seal.signer_missing``, ``seal.signer_unexpected``, ``seal.broken`` (signed bytes were altered), ``seal.untrusted``,
    ``seal.timestamp_missing``, ``seal.timestamp_wrong``, ``seal.consent``, ``seal.certification``, ``seal.lock``,
    ``seal.modified``, ``seal.not_archival``, ``seal.archive_expired``. Facts name the field and, for operators, a detail.
    """
    trust = _Trust(tuple(roots), tuple(tsa_roots), at)
    with parsing():
        # Steps 1 to 3: what was uploaded stands, and whoever was to sign has signed, under the terms of each.
        reader, standing, ours = _standing_as_expected(pdf, expected)

        # Step 4: cryptography, trust and time of each.
        rows = [_judge(pdf, found, trust, ours=found in ours) for found in standing]
        for row in rows[-len(ours) :]:
            if row.problems:
                raise Refusal(f"seal.{row.problems[0]}", field=row.field)

        # Step 5: between the revisions only what we meant to change.
        _check_changes(reader, ours, expected)

        # Step 6: a closed file proves itself, without network.
        if expected.closed:
            rows = _archived(reader, ours, rows, trust)
        return Report(rows=tuple(rows), closed=expected.closed, whole_file=True, problems=())


def verify_structure(pdf: bytes, *, expected: Expected) -> None:
    """What :func:`verify` asks of how the file is put together (its steps 1, 2, 3 and 5), and nothing of who signed: for rehearsals.

    And that others, whose pyHanko is as it is published, get through it as well (see :func:`~tachiai.crypto.reading.follow_every_way`).
    """
    with parsing():
        reader, _standing, ours = _standing_as_expected(pdf, expected)
        _check_changes(reader, ours, expected)
        follow_every_way(reader)


def _standing_as_expected(pdf: bytes, expected: Expected) -> tuple[Reader, list[Standing], list[Standing]]:
    """Every signature of the file, and those behind the upload, which are those expected."""
    # Step 1: what was uploaded stands unchanged at the beginning.
    if hashlib.sha256(pdf[: expected.upload_size]).digest() != expected.upload_sha256:
        raise Refusal("seal.upload_changed")
    reader = open_reader(pdf)
    standing, _unknown = read_standing(reader, pdf)
    ours = [found for found in standing if found.end > expected.upload_size]
    if not ours:
        raise Refusal("seal.no_signature")

    # Step 2: shapes and coverage, before anything a signature says is believed.
    for found in ours:
        _require(found.shaped, "byte_range", found)
    _require(ours[-1].end == len(pdf), "not_whole_file", ours[-1])

    # Step 3: exactly the expected signers, each with its own consent, its locks, and the house first.
    _check_signers(ours, expected)
    laid_in = _laid_in(ours, expected)
    for found in ours:
        _check_terms(found, laid_in, expected)
    _check_values(reader, ours, expected)
    return reader, standing, ours


def _check_changes(reader: Reader, ours: Sequence[Standing], expected: Expected) -> None:
    stray = changes.stray_revision(reader, ours, upload_size=expected.upload_size)
    if stray is not None:
        raise Refusal("seal.modified", revision=stray)
    for found in ours:
        _require(found.is_timestamp or changes.permitted(found), "modified", found)


def _require(holds: bool, code: str, found: Standing) -> None:
    if not holds:
        raise Refusal(f"seal.{code}", field=found.field)


# ------------------------------------------------------------------------------------- what was to be there


def _check_signers(ours: Sequence[Standing], expected: Expected) -> None:
    """The house first, then the sealed slots in any order, then document timestamps if and only if closed."""
    signed = [found.field for found in ours if not found.is_timestamp]
    wanted = {HOUSE_FIELD, *(slot_field(number) for number in expected.slots)}
    for name in sorted(wanted - set(signed)):
        raise Refusal("seal.signer_missing", field=name)
    for name in signed:
        if name not in wanted or signed.count(name) > 1:
            raise Refusal("seal.signer_unexpected", field=name)
    if signed[0] != HOUSE_FIELD:
        raise Refusal("seal.certification", field=signed[0])
    closing = [found.is_timestamp for found in ours[len(signed) :]]
    if not all(closing) or bool(closing) != expected.closed or any(found.is_timestamp for found in ours[: len(signed)]):
        raise Refusal("seal.not_archival" if expected.closed else "seal.signer_unexpected", field=ours[-1].field)


def _check_terms(found: Standing, laid_in: tuple[str, ...], expected: Expected) -> None:
    """Certification, locks and consent of one signature are those of its place."""
    by_field = {slot_field(number): digest for number, digest in expected.slots.items()}
    _require(found.consent == by_field.get(found.field), "consent", found)
    certifies = found.field == HOUSE_FIELD and expected.certification
    permission = expected.permission if certifies else None
    _require(found.is_certification == certifies and found.permission == permission, "certification", found)
    if found.is_timestamp:
        return
    slot = slot_number(found.field)
    others = tuple(name for name in laid_in if slot is None or slot_number(name) != slot)
    _require(found.lock == (Lock("Exclude", others) if others else Lock("All", ())), "lock", found)


def _laid_in(ours: Sequence[Standing], expected: Expected) -> tuple[str, ...]:
    """The fields of all slots as the house's own signature lists them; that list is what every lock is held against."""
    house = next(found for found in ours if found.field == HOUSE_FIELD)
    names = house.lock.fields if house.lock is not None else ()
    known = {slot_field(number) for number in expected.every_slot or expected.slots}
    slots = {name for name in names if name.startswith(SLOT_FIELDS)}
    whole = slots == known if expected.every_slot else known <= slots
    if expected.every_field is not None:
        blanks = {value_field(slot, number) for slot, numbers in expected.every_field.items() for number in numbers}
        whole = whole and set(names) - slots == blanks
    ours_only = all((slot := slot_number(name)) is not None and slot_field(slot) in slots for name in names)
    _require(whole and ours_only and names == tuple(sorted(names)), "lock", house)
    return names


def _check_values(reader: Reader, ours: Sequence[Standing], expected: Expected) -> None:
    """What the sealed slots' blanks hold is what was consented to; a box that was left empty holds nothing."""
    held = field_values(reader)
    for found in ours:
        slot = slot_number(found.field)
        if slot is None or slot not in expected.values:
            continue
        blanks = {name for name in held if name.startswith(VALUE_FIELDS) and slot_number(name) == slot}
        wanted = {value_field(slot, number): value for number, value in expected.values[slot].items() if value is not False}
        told = {name: held[name] for name in blanks if held[name] not in (None, False)}
        _require(told == wanted, "consent", found)


# ------------------------------------------------------------------------------------------ judging one of them


def _judge(pdf: bytes, found: Standing, trust: _Trust, *, ours: bool) -> Row:
    """Cryptography, trust and time of one signature; whatever fails becomes a problem of its row. ``ours`` has one form and no other."""
    kind: Kind = "timestamp" if found.is_timestamp else "certification" if found.is_certification else "signature"
    coverage: Coverage = "unclear" if not found.shaped else "whole_file" if found.end == len(pdf) else "earlier_revision"
    row = Row(
        field=found.field,
        kind=kind,
        name=found.name,
        reason=found.reason,
        contact=found.contact,
        location=found.location,
        signed_at=found.signed_at,
        gen_time=None,
        tsa_subject="",
        signer_subject="",
        issuer="",
        not_after=None,
        fingerprint="",
        coverage=coverage,
        consent=None if found.consent is None else found.consent.hex(),
        level="none",
        problems=(),
    )
    if not found.shaped:
        return row._replace(problems=("byte_range",))
    return _judge_stamp(pdf, found, row, trust) if found.is_timestamp else _judge_signature(pdf, found, row, trust, ours=ours)


def _judge_stamp(pdf: bytes, found: Standing, row: Row, trust: _Trust) -> Row:
    try:
        digest = _digest(pdf, found, timestamps.imprint_algorithm(found.contents))
        token = timestamps.read_token(found.contents, digest=digest, roots=trust.tsa_roots)
    except timestamps.OtherImprint:
        return row._replace(problems=("broken",))
    except timestamps.BadToken:
        return row._replace(problems=("timestamp_wrong",))
    return _with_signer(row, token.chain[0])._replace(gen_time=token.gen_time, tsa_subject=token.tsa_subject)


def _judge_signature(pdf: bytes, found: Standing, row: Row, trust: _Trust, *, ours: bool) -> Row:
    try:
        data, signer = _read_signature(pdf, found, found.contents)
    except (ValueError, IndexError):
        return row._replace(problems=("broken",)) if ours else _judge_other_form(pdf, found, row, trust)
    return _judge_signer(row, data, signer, trust)


def _read_signature(pdf: bytes, found: Standing, contents: bytes) -> tuple[cms.SignedData, bytes]:
    data = cms.read_signed_data(contents, padded=True)
    return data, cms.check_signer(data, content_digest=_digest(pdf, found, data.signer.digest))


def _judge_signer(row: Row, data: cms.SignedData, signer: bytes, trust: _Trust) -> Row:
    row = _with_signer(row, signer)._replace(level="B-B")
    token, trouble = _signature_token(data, trust)
    problems = [trouble] if trouble else []
    if token is not None:
        row = row._replace(level="B-T", gen_time=token.gen_time, tsa_subject=token.tsa_subject)
    # Only a trusted time lets a certificate that has since run out count as valid when it signed.
    moment = token.gen_time if token is not None else trust.at
    problems += _distrust(signer, data.certificates, trust, moment)
    return row._replace(problems=tuple(problems))


def _distrust(signer: bytes, pool: Sequence[bytes], trust: _Trust, moment: datetime) -> list[str]:
    try:
        chains.build_chain(signer, pool=pool, roots=trust.roots, at=moment)
    except chains.BrokenChain:
        return ["untrusted"]
    return []


def _judge_other_form(pdf: bytes, found: Standing, row: Row, trust: _Trust) -> Row:
    """A signature of somebody else: with lengths that are not definite, or no PAdES at all. It says what it can say."""
    try:
        data, signer = _read_signature(pdf, found, ber.definite_first(found.contents))
    except (ValueError, IndexError):
        told = other_forms.integrity(found.deep)
        if isinstance(told, str):
            return row._replace(problems=(told,))
        distrust = _distrust(told.certificate, told.pool, trust, trust.at)
        return _with_signer(row, told.certificate)._replace(problems=("timestamp_missing", *distrust))
    return _judge_signer(row, data, signer, trust)


def _signature_token(data: cms.SignedData, trust: _Trust) -> tuple[Token | None, str | None]:
    """The one signature timestamp, or what is wrong with it."""
    held = data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, [])
    if len(held) != 1:
        return None, "timestamp_missing" if not held else "timestamp_wrong"
    try:
        digest = hashlib.new(timestamps.imprint_algorithm(held[0].raw), data.signer.signature).digest()
        return timestamps.read_token(held[0].raw, digest=digest, roots=trust.tsa_roots), None
    except timestamps.BadToken:
        return None, "timestamp_wrong"


def _digest(pdf: bytes, found: Standing, algorithm: str) -> bytes:
    running = hashlib.new(algorithm)
    for stretch in found.covered(pdf):
        running.update(stretch)
    return running.digest()


def _with_signer(row: Row, signer: bytes) -> Row:
    named = chains.named(signer)
    return row._replace(
        signer_subject=chains.name_text(named.subject),
        issuer=chains.name_text(named.issuer),
        not_after=chains.certificate(signer).not_valid_after_utc,
        fingerprint=chains.fingerprint(signer),
    )


# -------------------------------------------------------------------------------------------------- long term


def _archived(reader: Reader, ours: Sequence[Standing], rows: Sequence[Row], trust: _Trust) -> list[Row]:
    """Rows raised to B-LTA. Refuses ``seal.not_archival`` and, when the last stamp itself has aged out, ``seal.archive_expired``."""
    last = rows[-1]
    if last.gen_time is None or last.not_after is None or not has_validation_data(reader):
        raise Refusal("seal.not_archival", field=last.field)
    if trust.at > last.not_after:
        raise Refusal("seal.archive_expired", field=last.field, since=last.not_after)
    reader.look_only_at(ours)
    signatures = [found.deep for found in ours if not found.is_timestamp]
    stamps = [found.deep for found in ours if found.is_timestamp]
    trouble = Archive(reader, signatures, stamps, trust.roots, trust.tsa_roots, last.gen_time, trust.at).trouble()
    if trouble is not None:
        raise Refusal("seal.not_archival", field=trouble[0], detail=trouble[1])
    raised = {found.field for found in ours if not found.is_timestamp}
    return [row._replace(level="B-LTA") if row.field in raised else row for row in rows]
