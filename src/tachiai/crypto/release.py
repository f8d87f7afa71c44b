"""The release gate: judging a file of ours from its finished bytes alone, fast enough to stand behind every single seal.

It reads only what we ourselves append, and refuses whatever else it meets; it shares no code with the maker's writing half and not
one with the deep verifier, whose codes it uses. Files whose upload is put together in an unusual way, or bears signatures of
others, are handed to the deep verifier: this one never lets pass what it has not read itself. Times and roots are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from tachiai.crypto import chains, intended_changes, proofs
from tachiai.crypto.intended_changes import HOUSE, Terms
from tachiai.crypto.judgement import Expected, Report, Row
from tachiai.crypto.own_revisions import Malformed, Section, read_sections
from tachiai.crypto.own_signatures import Digests, Signature, find_signature, in_words
from tachiai.crypto.pdf_values import OddValue, Value, string, text
from tachiai.crypto.signature_worth import Judged, judge
from tachiai.crypto.standing_objects import Change, Standing, Stray, demand
from tachiai.crypto.upload_objects import Upload, first_page
from tachiai.errors import Refusal


class _Revision(NamedTuple):
    section: Section
    signature: Signature | None


def verify(pdf: bytes, *, expected: Expected, roots: Sequence[bytes], tsa_roots: Sequence[bytes], at: datetime) -> Report:
    """Refuse ``pdf`` unless it is exactly what ``expected`` says; give the report otherwise.

    The codes are those of ``pades_verify.verify``, and so are the conditions, but that ours are narrower: an entry or a byte that
    is not of the format is ``seal.modified`` or ``seal.unreadable``. Signatures of others are reported by the deep verifier only.
    """
    with _reading():
        # Step 1: what was uploaded stands unchanged at the beginning.
        digests = Digests(pdf)
        if len(pdf) < expected.upload_size or digests.prefix(expected.upload_size) != expected.upload_sha256:
            raise Refusal("seal.upload_changed")
        if len(pdf) == expected.upload_size:
            raise Refusal("seal.no_signature")
        upload = _plain_upload(pdf, expected)
        if upload is None:
            return _deep(pdf, expected=expected, roots=roots, tsa_roots=tsa_roots, at=at)

        # Step 2: shapes and coverage, before anything a signature says is believed.
        revisions = _revisions(pdf, upload)
        signatures = [revision.signature for revision in revisions if revision.signature is not None]
        _check_shapes(revisions, signatures)

        # Step 3: exactly the expected signers, each with its own consent, its locks, and the house first.
        _check_signers(signatures, expected)
        terms = _laid_in(signatures, expected)
        for signature in signatures:
            _check_terms(signature, terms, expected)

        # Step 4: cryptography, trust and time of each.
        judged = [judge(signature, digests, tuple(roots), tuple(tsa_roots)) for signature in signatures]
        for signature, found in zip(signatures, judged, strict=True):
            _require(found.problem is None, found.problem or "", signature)

        # Step 5: between the revisions only what we meant to change.
        stores = _Stores(pdf)
        _check_changes(Standing(upload), revisions, stores, terms=terms, expected=expected)

        # Step 6: a closed file proves itself, without network.
        if expected.closed:
            _check_proofs(signatures, judged, stores, at=at)
        rows = [_row(s, j, whole=s is signatures[-1], closed=expected.closed) for s, j in zip(signatures, judged, strict=True)]
        return Report(rows=tuple(rows), closed=expected.closed, whole_file=True, problems=())


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever goes wrong with bytes somebody else may have made is "cannot be verified": never a crash, never a pass."""
    try:
        yield
    except Refusal:
        raise
    except Stray as stray:
        raise Refusal(f"seal.{stray.code}", detail=str(stray)) from stray
    except OddValue as odd:
        raise Refusal("seal.modified", detail=str(odd)) from odd
    except Exception as trouble:
        # Readers are strict, and a mistake in one of them must still end here.
        raise Refusal("seal.unreadable", detail=type(trouble).__name__) from trouble


def _require(holds: bool, code: str, signature: Signature) -> None:
    if not holds:
        raise Refusal(f"seal.{code}", field=signature.field)


# ------------------------------------------------------------------------------------------ what is to be read


def _plain_upload(pdf: bytes, expected: Expected) -> Upload | None:
    """The upload, when it is of a kind that this verifier reads; None for what the deep verifier has to judge."""
    if not expected.certification:
        return None
    try:
        upload = Upload(pdf, expected.upload_size, sha256=expected.upload_sha256)
        standing = Standing(upload)
        form = standing.catalogue.get(b"/AcroForm")
        signed = form is not None and standing.entries(form).get(b"/SigFlags", b"0") != b"0"
        first_page(upload, standing.catalogue)
    except (OddValue, Stray):
        return None
    return None if signed else upload


def _deep(pdf: bytes, *, expected: Expected, roots: Sequence[bytes], tsa_roots: Sequence[bytes], at: datetime) -> Report:
    # Loaded only when it is needed: it brings a PDF library with it that costs a worker more memory than all the rest.
    from tachiai.crypto import pades_verify

    return pades_verify.verify(pdf, expected=expected, roots=roots, tsa_roots=tsa_roots, at=at)


def _revisions(pdf: bytes, upload: Upload) -> list[_Revision]:
    try:
        sections = read_sections(pdf, upload)
    except Malformed as torn:
        # Something strange that a signature was put over is a change; behind all signatures it is what they do not cover.
        signed_over = pdf.find(b"/ByteRange", torn.place) >= 0
        code = "modified" if signed_over else "not_whole_file" if torn.behind else "unreadable"
        raise Refusal(f"seal.{code}", detail=str(torn), place=torn.place) from torn
    return [_Revision(section, find_signature(pdf, section)) for section in sections]


def _check_shapes(revisions: Sequence[_Revision], signatures: Sequence[Signature]) -> None:
    if not signatures:
        raise Refusal("seal.no_signature")
    for signature in signatures:
        _require(signature.shaped, "byte_range", signature)
    _require(revisions[-1].signature is not None, "not_whole_file", signatures[-1])


# ------------------------------------------------------------------------------------- what was to be there


def _slot_field(number: int) -> str:
    return f"TachiaiSlot{number:03d}"


def _check_signers(signatures: Sequence[Signature], expected: Expected) -> None:
    """The house first, then the sealed slots in any order, then document timestamps if and only if closed."""
    signed = [signature.field for signature in signatures if not signature.is_timestamp]
    wanted = {HOUSE, *(_slot_field(number) for number in expected.slots)}
    for name in sorted(wanted - set(signed)):
        raise Refusal("seal.signer_missing", field=name)
    for name in signed:
        if name not in wanted or signed.count(name) > 1:
            raise Refusal("seal.signer_unexpected", field=name)
    if signed[0] != HOUSE:
        raise Refusal("seal.certification", field=signed[0])
    stamped = [signature.is_timestamp for signature in signatures]
    if stamped != sorted(stamped) or any(stamped) != expected.closed:
        raise Refusal("seal.not_archival" if expected.closed else "seal.signer_unexpected", field=signatures[-1].field)


def _laid_in(signatures: Sequence[Signature], expected: Expected) -> Terms:
    """The fields of all slots as the house's own signature lists them; that list is what every lock is held against."""
    terms = Terms(tuple(sorted(signatures[0].frees or ())))
    slots = {_slot_field(number) for number in expected.every_slot or expected.slots}
    named = {name for name in terms.names if intended_changes.value_of(name) is None}
    whole = named == slots if expected.every_slot else slots <= named
    values = {found for name in terms.names if (found := intended_changes.value_of(name)) is not None}
    if expected.every_field is not None:
        whole = whole and values == {(slot, number) for slot, numbers in expected.every_field.items() for number in numbers}
    owned = all(_slot_field(slot) in named for slot, _number in values)
    _require(signatures[0].frees is not None and whole and owned, "lock", signatures[0])
    return terms


def _check_terms(signature: Signature, terms: Terms, expected: Expected) -> None:
    """Certification, locks and consent of one signature are those of its place."""
    slot = intended_changes.slot_of(signature.field)
    consent = expected.slots.get(slot) if slot is not None else None
    _require(signature.consent == consent, "consent", signature)
    certifies = signature.field == HOUSE and not signature.is_timestamp
    _require(signature.permission == (expected.permission if certifies else None), "certification", signature)
    _require(signature.is_timestamp or signature.frees == terms.others(signature.field), "lock", signature)


# ----------------------------------------------------------------------------------- between the revisions


class _Stores:
    """The validation data each document timestamp covers, in their order."""

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        self.places: dict[bytes, list[tuple[int, int]]] = {}
        self.covered: list[dict[bytes, list[tuple[int, int]]]] = []

    def read(self, kind: bytes, stamp: int) -> list[bytes]:
        return [self._pdf[start:end] for start, end in self.covered[stamp].get(kind, [])]


def _check_changes(standing: Standing, revisions: Sequence[_Revision], stores: _Stores, *, terms: Terms, expected: Expected) -> None:
    """Each revision in turn against what stood before it. Refuses ``seal.modified`` and its kin."""
    for number, (section, signature) in enumerate((r.section, r.signature) for r in revisions):
        change = Change(standing, section)
        try:
            if signature is None:
                follows = revisions[number + 1].signature
                demand(follows is not None and follows.is_timestamp, "a revision of no known kind")
                stores.places = intended_changes.judge_store(change)
            elif signature.is_timestamp:
                intended_changes.judge_stamp(change, name=signature.field, field_at=signature.field_at, signature=signature.at)
                stores.covered.append(stores.places)
            elif signature.field == HOUSE:
                demand(number == 0, "a revision before the house's")
                laid_in = intended_changes.judge_freeze(change, signature=signature.at, certifies=expected.certification)
                demand(laid_in == terms, "fields other than those the house names", code="lock")
            else:
                _check_seal(change, signature, expected)
        except (Stray, OddValue) as stray:
            code = stray.code if isinstance(stray, Stray) else "modified"
            raise Refusal(f"seal.{code}", revision=number + 1, detail=str(stray)) from stray
        standing = change.after


def _check_seal(change: Change, signature: Signature, expected: Expected) -> None:
    values = intended_changes.judge_seal(change, name=signature.field, field_at=signature.field_at, signature=signature.at)
    slot = intended_changes.slot_of(signature.field)
    if slot is not None and slot in expected.values:
        told = {number: _told(value) for number, value in values.items()}
        # A box that was left empty stands as it was laid in.
        wanted = {number: value for number, value in expected.values[slot].items() if value is not False}
        demand(told == wanted, "values other than those consented to", code="consent")


def _told(value: Value) -> str | bool:
    return value == b"/Yes" if value[:1] == b"/" else text(b"(" + string(value))


# -------------------------------------------------------------------------------------------------- long term


def _check_proofs(signatures: Sequence[Signature], judged: Sequence[Judged], stores: _Stores, *, at: datetime) -> None:
    """Refuses ``seal.not_archival`` and, when the last stamp itself has aged out, ``seal.archive_expired``."""
    stamps = [found.token for s, found in zip(signatures, judged, strict=True) if s.is_timestamp and found.token is not None]
    if not stores.covered[0]:
        raise Refusal("seal.not_archival", field=signatures[-1].field)
    since = chains.certificate(stamps[-1].chain[0]).not_valid_after_utc
    if at > since:
        raise Refusal("seal.archive_expired", field=signatures[-1].field, since=since)
    kept = [
        proofs.Store(
            moment=stamp.gen_time,
            certs=frozenset(stores.read(b"/Certs", number)),
            ocsps=tuple(stores.read(b"/OCSPs", number)),
            crls=tuple(stores.read(b"/CRLs", number)),
        )
        for number, stamp in enumerate(stamps)
    ]
    # A timestamp is proven by a later one; the last has its proof beneath it, and lasts as long as its certificate.
    uses, later = [], 0
    for signature, found in zip(signatures, judged, strict=True):
        if found.token is None:
            raise Refusal("seal.not_archival", field=signature.field)
        later = min(later + 1, len(stamps) - 1) if signature.is_timestamp else 0
        uses += [
            proofs.Use(signature.field, chain, found.token.gen_time, later) for chain in dict.fromkeys((found.chain, found.token.chain))
        ]
    missing = proofs.unproven(uses, kept)
    if missing is not None:
        raise Refusal("seal.not_archival", field=missing.field, detail=missing.why)


# ---------------------------------------------------------------------------------------------------- the report


@dataclass(frozen=True, slots=True)
class _Signer:
    subject: str
    issuer: str
    not_after: datetime
    fingerprint: str


@lru_cache(maxsize=256)
def _signer(certificate: bytes) -> _Signer:
    named = chains.named(certificate)
    return _Signer(
        subject=chains.name_text(named.subject),
        issuer=chains.name_text(named.issuer),
        not_after=chains.certificate(certificate).not_valid_after_utc,
        fingerprint=chains.fingerprint(certificate),
    )


def _row(signature: Signature, judged: Judged, *, whole: bool, closed: bool) -> Row:
    signer, token = _signer(judged.chain[0]), judged.token
    name, reason, contact, location = in_words(signature)
    return Row(
        field=signature.field,
        kind="timestamp" if signature.is_timestamp else "certification" if signature.field == HOUSE else "signature",
        name=name,
        reason=reason,
        contact=contact,
        location=location,
        signed_at=signature.signed_at,
        gen_time=None if token is None else token.gen_time,
        tsa_subject="" if token is None else token.tsa_subject,
        signer_subject=signer.subject,
        issuer=signer.issuer,
        not_after=signer.not_after,
        fingerprint=signer.fingerprint,
        coverage="whole_file" if whole else "earlier_revision",
        consent=None if signature.consent is None else signature.consent.hex(),
        level="none" if signature.is_timestamp else "B-LTA" if closed else "B-T",
        problems=(),
    )
