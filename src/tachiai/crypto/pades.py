"""PAdES (EN 319 142-1): freezing, sealing and closing a PDF. Every verb gives only the bytes to append.

``freeze`` lays in the slots and certifies, ``seal`` signs into one slot (B-T), ``close`` adds the validation data and then a
document timestamp over everything (B-LTA), ``attest`` does all of it for the house's own papers. The format of what is
appended is described in ``docs/formats/seal-revisions.md``. Times are the caller's; a signature is never made without a token.

Each verb works from the file's plan and looks at the file only to hash it. Without a plan, or with one that fits other bytes, the
file is planned anew: slower, and the same bytes. ``begin_seal`` stops before the timestamp, for whoever keeps many requests in flight.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from tachiai.crypto import chains, cms, der, planning
from tachiai.crypto.appearances import Appearance, placed
from tachiai.crypto.fields import ARCHIVE_FIELDS, HOUSE_FIELD, Lock, Slot, is_seal, lock_for, slot_field
from tachiai.crypto.filling import Blank, Ground, Made, TokenTooLarge, Unstamped, plain
from tachiai.crypto.keys import Credential
from tachiai.crypto.plans import Entries, Plan, Ref, SlotPlan, StorePlan
from tachiai.crypto.revocation import RevocationSource
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.crypto.updates import Update, dictionary, reference, text_string
from tachiai.errors import Refusal

__all__ = [
    "FieldValue",
    "Made",
    "SealText",
    "TokenTooLarge",
    "Unstamped",
    "attest",
    "begin_freeze",
    "begin_seal",
    "certifiable",
    "close",
    "freeze",
    "seal",
    "slot_field",
]

CONSENT_KEY = "XXTachiaiConsent"
_FORMS_ALLOWED, _NOTHING_ALLOWED = 2, 1
_EVERYTHING = Lock("All", ())
_STORES = (b"/Certs", b"/OCSPs", b"/CRLs")


@dataclass(frozen=True)
class SealText:
    """What a reader shows beside a signature: /Name, /Reason, /ContactInfo and /Location. Empty ones are left out."""

    name: str
    reason: str
    contact: str = ""
    location: str = ""


@dataclass(frozen=True)
class FieldValue:
    """What a signer put into a blank: words, or True for a ticked box, and what is seen of it on the page."""

    text: str | bool
    appearance: Appearance


Values = Mapping[int, FieldValue]
_NO_VALUES: Values = MappingProxyType({})


def certifiable(pdf: bytes) -> bool:
    """Whether the house may certify ``pdf``: nobody has signed it yet. Refuses as :func:`freeze`."""
    known = planning.plan(pdf)
    _refuse_locked(known)
    return not known.signed


def freeze(
    pdf: bytes,
    *,
    slots: Sequence[int | Slot],
    credential: Credential,
    timestamper: Timestamper,
    text: SealText,
    at: datetime,
    plan: Plan | None = None,
) -> Made:
    """Lay in one locked signature field per slot with its value fields, and certify what stands (DocMDP P=2, B-T).

    A file that others have signed is not certified, because a certification must come first (ISO 32000-2, 12.8.2.2.1): it gets an
    approval signature of the house instead. Refuses ``file.locked_by_signature``, ``file.field_name_taken``, ``file.xfa``,
    ``file.unwritable``, ``file.unreadable``, ``file.encrypted``, ``file.page_missing`` and, for visible fields beside signatures
    of others, ``file.signed_by_others``.
    """

    def begin(reserve: int) -> Unstamped:
        return begin_freeze(pdf, slots=slots, credential=credential, reserve=reserve, text=text, at=at, plan=plan)

    return _stamped(begin, timestamper, at=at)


def begin_freeze(
    pdf: bytes, *, slots: Sequence[int | Slot], credential: Credential, reserve: int, text: SealText, at: datetime, plan: Plan | None = None
) -> Unstamped:
    """:func:`freeze` up to its timestamp, for which ``reserve`` bytes are kept."""
    wanted = [slot if isinstance(slot, Slot) else Slot(slot) for slot in slots]
    if not wanted or len({slot.number for slot in wanted}) != len(wanted):
        raise ValueError("one or more different slots")
    ground = Ground(pdf)
    known = _fitting(plan, pdf, ground, pages=_pages_of(wanted))
    _refuse_locked(known)
    visible = any(slot.place is not None or slot.values for slot in wanted)
    if known.signed and visible:
        raise Refusal("file.signed_by_others")
    terms = _Terms(lock_for(wanted, None), None if known.signed else _FORMS_ALLOWED)
    return _begin_house(known, ground, wanted, terms, credential=credential, reserve=reserve, text=text, at=at)


def seal(
    pdf: bytes,
    *,
    slot: int,
    credential: Credential,
    timestamper: Timestamper,
    text: SealText,
    consent_digest: bytes,
    at: datetime,
    values: Values = _NO_VALUES,
    appearance: Appearance | None = None,
    plan: Plan | None = None,
) -> Made:
    """One approval signature (B-T) into ``slot``, carrying SHA-256 of the consent it was made on, and the slot's lock.

    ``values`` fill the slot's blanks in the same revision; ``appearance`` is what is seen of the signature itself.
    Refuses ``seal.slot_missing``, ``seal.slot_taken``, ``seal.slot_unlocked``, ``seal.value_unknown`` and ``seal.value_kind``.
    """

    def begin(reserve: int) -> Unstamped:
        return begin_seal(
            pdf,
            slot=slot,
            credential=credential,
            reserve=reserve,
            text=text,
            consent_digest=consent_digest,
            at=at,
            values=values,
            appearance=appearance,
            plan=plan,
        )

    return _stamped(begin, timestamper, at=at)


def begin_seal(
    pdf: bytes,
    *,
    slot: int,
    credential: Credential,
    reserve: int,
    text: SealText,
    consent_digest: bytes,
    at: datetime,
    values: Values = _NO_VALUES,
    appearance: Appearance | None = None,
    plan: Plan | None = None,
) -> Unstamped:
    """:func:`seal` up to its timestamp, for which ``reserve`` bytes are kept. The key has been used when this returns."""
    if len(consent_digest) != hashlib.sha256().digest_size:
        raise ValueError("a consent's digest has 32 bytes")
    ground = Ground(pdf)
    known = _fitting(plan, pdf, ground)
    place, lock = _open_slot(known, slot)
    update = Update(known)
    value = update.new()
    entries = {**place.entries, b"/V": reference(value)}
    if appearance is not None:
        entries[b"/AP"] = b"<< /N %b >>" % reference(_draw(update, appearance))
    update.rewrite_slot(slot, entries, values=_filled_in(update, place, values))
    consent = b" /%b <%b>" % (CONSENT_KEY.encode(), consent_digest.hex().encode())
    head = _words(text, at) + consent + _references(known, permission=None, lock=lock)
    return _begin(update, ground, value, head=head, field=slot_field(slot), credential=credential, reserve=reserve)


def close(
    pdf: bytes,
    *,
    timestamper: Timestamper,
    revocation: RevocationSource,
    roots: Sequence[bytes],
    at: datetime,
    plan: Plan | None = None,
) -> Made:
    """A revision with the validation data of every chain of ours, then a document timestamp over the whole file (B-LTA).

    ``roots`` are all trusted roots, of seals and of timestamping authorities. Refuses ``seal.no_signature``,
    ``seal.chain_unknown`` and ``key.revoked``; used again later it renews (EN 319 142-1, 5.5).
    """
    ground = Ground(pdf)
    known = _fitting(plan, pdf, ground)
    paths, latest = _chains_of(pdf, known, roots=roots, at=at)
    return _close(known, ground, paths, latest, timestamper=timestamper, revocation=revocation, at=at)


def attest(
    pdf: bytes,
    *,
    credential: Credential,
    timestamper: Timestamper,
    revocation: RevocationSource,
    text: SealText,
    at: datetime,
    plan: Plan | None = None,
) -> Made:
    """Certify one of the house's own papers and close it at once (B-LTA).

    P=1, because nobody has anything to fill in: only validation data and document timestamps may follow, which ISO 32000-2,
    12.8.2.2.2 does not count as changes, so that renewal stays possible. Refuses as :func:`freeze`.
    """
    ground = Ground(pdf)
    known = _fitting(plan, pdf, ground, pages=(1,))
    _refuse_locked(known)
    if known.signed:
        raise Refusal("file.locked_by_signature", by="an earlier signature")

    def begin(reserve: int) -> Unstamped:
        terms = _Terms(_EVERYTHING, _NOTHING_ALLOWED)
        return _begin_house(known, ground, [], terms, credential=credential, reserve=reserve, text=text, at=at)

    token, tail, base, signed = _settled(begin, timestamper, at=at)
    path = chains.build_chain(credential.certificate, pool=credential.whole_chain, roots=credential.roots, at=token.gen_time)
    paths = [path, token.chain]
    closed = _close(signed, base, paths, min(token.gen_time, at), timestamper=timestamper, revocation=revocation, at=at)
    return replace(closed, tail=tail + closed.tail, tokens=(token, *closed.tokens))


# ------------------------------------------------------------------------------------------- what is laid down


def _fitting(plan: Plan | None, pdf: bytes, ground: Ground, *, pages: Iterable[int] = ()) -> Plan:
    """The plan, when it fits these very bytes and knows the pages that are needed; else a new one."""
    wanted = set(pages)
    if plan is not None and plan.length == len(pdf) and plan.sha256 == ground.sha256() and wanted <= plan.pages.keys():
        return plan
    return planning.plan(pdf, pages=wanted or (1,))


def _refuse_locked(plan: Plan) -> None:
    if plan.locked is not None:
        raise Refusal("file.locked_by_signature", field=plan.locked[0], by=plan.locked[1])


def _pages_of(slots: Sequence[Slot]) -> set[int]:
    """Every page that gets a widget; invisible ones stand on the first."""
    places = [place for slot in slots for place in (slot.place, *(value.place for value in slot.values)) if place is not None]
    return {1, *(place.page for place in places)}


@dataclass(frozen=True)
class _Terms:
    """What the house's own signature locks, and the P of its certification; None for an approval."""

    lock: Lock
    permission: int | None


def _begin_house(
    plan: Plan, ground: Ground, slots: Sequence[Slot], terms: _Terms, *, credential: Credential, reserve: int, text: SealText, at: datetime
) -> Unstamped:
    """The house's own signature, with the fields of ``slots`` in the same revision."""
    update = Update(plan)
    value = update.new()
    update.lay_fields(slots, lock=terms.lock, value=value)
    if terms.permission is not None:
        update.certify(value)
    update.lock(HOUSE_FIELD, by="DocMDP" if terms.permission == _NOTHING_ALLOWED else "FieldMDP")
    head = _words(text, at) + _references(plan, permission=terms.permission, lock=terms.lock)
    return _begin(update, ground, value, head=head, field=HOUSE_FIELD, credential=credential, reserve=reserve)


def _open_slot(plan: Plan, slot: int) -> tuple[SlotPlan, Lock]:
    place = plan.slots.get(slot)
    if place is None:
        raise Refusal("seal.slot_missing", slot=slot)
    if place.signed:
        raise Refusal("seal.slot_taken", slot=slot)
    if place.lock is None:
        raise Refusal("seal.slot_unlocked", slot=slot)
    return place, place.lock


def _filled_in(update: Update, slot: SlotPlan, values: Values) -> dict[int, Entries]:
    """The value fields' new entries, their appearances drawn. Blanks that got nothing stay as they are."""
    for number, value in values.items():
        if number not in slot.values:
            raise Refusal("seal.value_unknown", field=number)
        if slot.values[number].check != isinstance(value.text, bool):
            raise Refusal("seal.value_kind", field=number)
    # A box that was left empty stands as it was laid in.
    given = ((number, values[number]) for number in sorted(values) if values[number].text is not False)
    return {number: {**slot.values[number].entries, **_filled(update, value)} for number, value in given}


def _filled(update: Update, value: FieldValue) -> Entries:
    drawn = reference(_draw(update, value.appearance))
    if isinstance(value.text, bool):
        return {b"/V": b"/Yes", b"/AS": b"/Yes", b"/AP": b"<< /N << /Yes %b >> >>" % drawn}
    return {b"/V": text_string(value.text), b"/AP": b"<< /N %b >>" % drawn}


def _draw(update: Update, appearance: Appearance) -> Ref:
    """Give the appearance's objects their numbers; the first is the one to refer to."""
    numbers = update.numbers(len(appearance.objects))
    for number, body in zip(numbers, placed(appearance, numbers), strict=True):
        update.put((number, 0), body)
    return numbers[0], 0


def _references(plan: Plan, *, permission: int | None, lock: Lock) -> bytes:
    """/Reference with DocMDP (for a certification) and FieldMDP, whose /Data is the catalogue (ISO 32000-2, table 256)."""
    docmdp = (
        b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >> " % permission
        if permission is not None
        else b""
    )
    fieldmdp = b"<< /Type /SigRef /TransformMethod /FieldMDP /Data %b /TransformParams << %b /Type /TransformParams /V /1.2 >> >>" % (
        reference(plan.catalog_at),
        lock.entries(),
    )
    return b" /Reference [%b%b]" % (docmdp, fieldmdp)


def _words(text: SealText, at: datetime) -> bytes:
    moment = at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode()
    given = ((b"Name", text.name), (b"Reason", text.reason), (b"ContactInfo", text.contact), (b"Location", text.location))
    said = b"".join(b" /%b %b" % (key, text_string(words)) for key, words in given if words)
    return b" /M (%b)%b" % (moment, said)


# -------------------------------------------------------------------------------------------------- signatures


def _begin(update: Update, ground: Ground, value: Ref, *, head: bytes, field: str, credential: Credential, reserve: int) -> Unstamped:
    """Sign the update into ``value``. The room is computed from the real chain and the token's announced size."""
    head = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached" + head
    blank = Blank(update, ground, value, head=head, reserve=cms.room(credential, token=reserve), field=field)
    attributes, signature = cms.sign_digest(credential, blank.digest(credential.key.digest))

    def held(token: bytes) -> bytes:
        return cms.signed_data(credential, attributes=attributes, signature=signature, token=token)

    return Unstamped(blank, imprint=hashlib.sha256(signature).digest(), reserve=reserve, held=held)


def _begin_archive(plan: Plan, ground: Ground, *, reserve: int) -> Unstamped:
    """A document timestamp as a revision of its own (ISO 32000-2, 12.8.5)."""
    update = Update(plan)
    name = next(n for n in (f"{ARCHIVE_FIELDS}{number}" for number in range(1, 10_000)) if n not in plan.taken)
    value = update.new()
    update.add_archive_field(name, value)
    head = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
    blank = Blank(update, ground, value, head=head, reserve=reserve, field=name)
    return Unstamped(blank, imprint=blank.digest("sha256"), reserve=reserve, held=lambda token: token)


def _settled(begin: Callable[[int], Unstamped], timestamper: Timestamper, *, at: datetime) -> tuple[Token, bytes, Ground, Plan]:
    """Begin, stamp and settle; once more with the size that was missing should the token be larger than announced."""
    begun = begin(timestamper.reserve)
    token = timestamper.timestamp(begun.imprint, at=at)
    try:
        return (token, *begun.settle(token))
    except TokenTooLarge as small:
        begun = begin(small.needed)
        token = timestamper.timestamp(begun.imprint, at=at)
        return (token, *begun.settle(token))


def _stamped(begin: Callable[[int], Unstamped], timestamper: Timestamper, *, at: datetime) -> Made:
    token, tail, _ground, plan = _settled(begin, timestamper, at=at)
    return Made(tail=tail, digest=plan.sha256, tokens=(token,), plan=plan)


# --------------------------------------------------------------------------------------------- validation data

Path = tuple[bytes, ...]


def _close(
    plan: Plan,
    ground: Ground,
    paths: Sequence[Path],
    latest: datetime,
    *,
    timestamper: Timestamper,
    revocation: RevocationSource,
    at: datetime,
) -> Made:
    for _attempt in range(2):
        found = revocation.gather(paths, after=latest, at=at)
        certs = (*found.certs, *(cert for path in paths for cert in path))
        stored, base, known = _store(plan, ground, {b"/Certs": certs, b"/OCSPs": found.ocsps, b"/CRLs": found.crls})
        made = _stamped(lambda reserve, known=known, base=base: _begin_archive(known, base, reserve=reserve), timestamper, at=at)  # type: ignore[misc]
        if made.tokens[0].chain in paths:
            break
        # The authority has stamped with a certificate not met before; its own proof must stand beneath its stamp too.
        paths = [*paths, made.tokens[0].chain]
    return replace(made, tail=stored + made.tail, fresh=found.fresh)


def _store(plan: Plan, ground: Ground, wanted: Mapping[bytes, Iterable[bytes]]) -> tuple[bytes, Ground, Plan]:
    """The update with the DSS (EN 319 142-1, 5.4.2): what stands there already is kept, nothing is stored twice."""
    update = Update(plan)
    known = plan.store or StorePlan(b"", {})
    streams = {key: held for key in _STORES if (held := _added(update, known.streams.get(key, ()), wanted[key]))}
    entries = {b"/Type": b"/DSS"} | ({b"/VRI": known.vri} if known.vri else {})
    entries |= {key: b"[ %b ]" % b" ".join(ref for _digest, ref in held) for key, held in streams.items()}
    update.set_catalog(b"/DSS", reference(update.new(dictionary(entries))))
    update.set_store(StorePlan(known.vri, streams))
    return plain(update, ground)


def _added(update: Update, held: Sequence[tuple[bytes, bytes]], wanted: Iterable[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    found = dict(held)
    every = list(held)
    for content in dict.fromkeys(wanted):
        digest = hashlib.sha256(content).digest()
        if digest not in found:
            every.append((digest, reference(update.new_stream(content))))
    return tuple(every)


def _chains_of(pdf: bytes, plan: Plan, *, roots: Sequence[bytes], at: datetime) -> tuple[list[Path], datetime]:
    """The chains of every signature and token that lead to ``roots``, and the latest time a token states."""
    if not plan.gaps:
        raise Refusal("seal.no_signature")
    found: dict[Path, None] = {}
    times: list[datetime] = []
    for gap in plan.gaps:
        try:
            for data, moment in _signed_parts(bytes.fromhex(pdf[gap.start + 1 : gap.end - 1].decode("ascii")), at):
                path = chains.build_chain(data.signer_certificate(), pool=data.certificates, roots=roots, at=moment)
                found[path] = None
                times.append(moment)
        except (ValueError, IndexError) as trouble:
            # What came with the upload keeps whatever proof it brought; the seals of this house must all be provable.
            if is_seal(gap.field):
                raise Refusal("seal.chain_unknown", field=gap.field, detail=str(trouble)) from trouble
    return list(found), max((t for t in times if t <= at), default=at)


def _signed_parts(contents: bytes, at: datetime) -> Iterable[tuple[cms.SignedData, datetime]]:
    """A signature and its timestamp token, or a document timestamp, each with the time its chain must hold."""
    data = cms.read_signed_data(contents, padded=True)
    if data.content_type == cms.TST_INFO:
        return [(data, _stated_time(data))]
    tokens = [cms.read_signed_data(v.raw) for v in data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, [])]
    moments = [_stated_time(token) for token in tokens]
    return [(data, min(moments, default=at)), *zip(tokens, moments, strict=True)]


def _stated_time(token: cms.SignedData) -> datetime:
    return der.read_generalized_time(der.read(token.content or b"").children()[4])
