"""PAdES (EN 319 142-1): freezing, sealing and closing a PDF. Every verb gives only the bytes to append.

``freeze`` lays in the slots and certifies, ``seal`` signs into one slot (B-T), ``close`` adds the validation data and then a
document timestamp over everything (B-LTA), ``attest`` does all of it for the house's own papers. The format of what is
appended is described in ``docs/formats/seal-revisions.md``. Times are the caller's; a signature is never made without a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pikepdf import Array, Dictionary, Name, Object

from tachiai.crypto import chains, cms, der, fields
from tachiai.crypto.fields import HOUSE_FIELD, Lock, slot_field
from tachiai.crypto.keys import Credential
from tachiai.crypto.revisions import Revision
from tachiai.crypto.revocation import RevocationSource
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.errors import Refusal

__all__ = ["Made", "SealText", "attest", "certifiable", "close", "freeze", "seal", "slot_field"]

CONSENT_KEY = "XXTachiaiConsent"
_FORMS_ALLOWED, _NOTHING_ALLOWED = 2, 1
_RANGE_WIDTH = 60


@dataclass(frozen=True)
class SealText:
    """What a reader shows beside a signature: /Name, /Reason, /ContactInfo and /Location. Empty ones are left out."""

    name: str
    reason: str
    contact: str = ""
    location: str = ""


@dataclass(frozen=True)
class Made:
    """``tail`` is to be appended; ``digest`` is SHA-256 of the whole new file; ``tokens`` every timestamp embedded.

    ``fresh`` is False when some revocation data is older than the last signature (only a list was to be had).
    """

    tail: bytes
    digest: bytes
    tokens: tuple[Token, ...]
    fresh: bool = True


def certifiable(pdf: bytes) -> bool:
    """Whether the house may certify ``pdf``: nobody has signed it yet. Refuses as :func:`freeze`."""
    with Revision(pdf) as revision:
        return not fields.refuse_locked(revision)


def freeze(pdf: bytes, *, slots: Sequence[int], credential: Credential, timestamper: Timestamper, text: SealText, at: datetime) -> Made:
    """Lay in one locked, invisible signature field per slot, and certify what stands (DocMDP P=2, B-T).

    A file that others have signed is not certified, because a certification must come first (ISO 32000-2, 12.8.2.2.1): it gets an
    approval signature of the house instead. Refuses ``file.locked_by_signature``, ``file.field_name_taken``, ``file.xfa``,
    ``file.unwritable``, ``file.unreadable`` and ``file.encrypted``.
    """
    if not slots or len(set(slots)) != len(slots):
        raise ValueError("one or more different slots")
    with Revision(pdf) as revision:
        permission = None if fields.refuse_locked(revision) else _FORMS_ALLOWED
        house = _lay_fields(revision, slots)
        value = revision.add_raw(b"null")
        house.V = value
        if permission is not None:
            _certify(revision, value)
        references = _references(revision, permission=permission, lock=fields.lock_for(slots, None))
        return _sign(revision, value, entries=_words(text, at) + references, credential=credential, timestamper=timestamper, at=at)


def seal(
    pdf: bytes, *, slot: int, credential: Credential, timestamper: Timestamper, text: SealText, consent_digest: bytes, at: datetime
) -> Made:
    """One approval signature (B-T) into ``slot``, carrying SHA-256 of the consent it was made on, and the slot's lock.

    Refuses ``seal.slot_missing``, ``seal.slot_taken`` and ``seal.slot_unlocked``.
    """
    if len(consent_digest) != hashlib.sha256().digest_size:
        raise ValueError("a consent's digest has 32 bytes")
    with Revision(pdf) as revision:
        field = fields.find_slot(revision, slot)
        lock = fields.read_lock(field)
        if lock is None:
            raise Refusal("seal.slot_unlocked", slot=slot)
        value = revision.add_raw(b"null")
        field.V = value
        revision.rewrite(field)
        consent = b" /%b <%b>" % (CONSENT_KEY.encode(), consent_digest.hex().encode())
        references = _references(revision, permission=None, lock=lock)
        entries = _words(text, at) + consent + references
        return _sign(revision, value, entries=entries, credential=credential, timestamper=timestamper, at=at)


def close(pdf: bytes, *, timestamper: Timestamper, revocation: RevocationSource, roots: Sequence[bytes], at: datetime) -> Made:
    """A revision with the validation data of every chain of ours, then a document timestamp over the whole file (B-LTA).

    ``roots`` are all trusted roots, of seals and of timestamping authorities. Refuses ``seal.no_signature``,
    ``seal.chain_unknown`` and ``key.revoked``; used again later it renews (EN 319 142-1, 5.5).
    """
    paths, latest = _chains_of(pdf, roots=roots, at=at)
    for _attempt in range(2):
        found = revocation.gather(paths, after=latest, at=at)
        stored = _store(pdf, certs=(*found.certs, *(c for path in paths for c in path)), ocsps=found.ocsps, crls=found.crls)
        made = _stamp(pdf + stored, timestamper=timestamper, at=at)
        if made.tokens[0].chain in paths:
            break
        # The authority has stamped with a certificate not met before; its own proof must stand beneath its stamp too.
        paths = [*paths, made.tokens[0].chain]
    return Made(tail=stored + made.tail, digest=made.digest, tokens=made.tokens, fresh=found.fresh)


def attest(
    pdf: bytes, *, credential: Credential, timestamper: Timestamper, revocation: RevocationSource, text: SealText, at: datetime
) -> Made:
    """Certify one of the house's own papers and close it at once (B-LTA).

    P=1, because nobody has anything to fill in: only validation data and document timestamps may follow, which ISO 32000-2,
    12.8.2.2.2 does not count as changes, so that renewal stays possible. Refuses as :func:`freeze`.
    """
    with Revision(pdf) as revision:
        if fields.refuse_locked(revision):
            raise Refusal("file.locked_by_signature", by="an earlier signature")
        (house,) = fields.add_fields(revision, [(HOUSE_FIELD, Lock("All", ()))])
        value = revision.add_raw(b"null")
        house.V = value
        _certify(revision, value)
        references = _references(revision, permission=_NOTHING_ALLOWED, lock=Lock("All", ()))
        entries = _words(text, at) + references
        signed = _sign(revision, value, entries=entries, credential=credential, timestamper=timestamper, at=at)
    roots = (*credential.roots, *(token.chain[-1] for token in signed.tokens))
    closed = close(pdf + signed.tail, timestamper=timestamper, revocation=revocation, roots=roots, at=at)
    return Made(tail=signed.tail + closed.tail, digest=closed.digest, tokens=signed.tokens + closed.tokens, fresh=closed.fresh)


# ------------------------------------------------------------------------------------------- what is laid down


def _lay_fields(revision: Revision, slots: Sequence[int]) -> Object:
    """The house's field and one per slot; gives back the house's."""
    wanted = [(HOUSE_FIELD, fields.lock_for(slots, None))]
    wanted += [(slot_field(number), fields.lock_for(slots, number)) for number in sorted(slots)]
    return fields.add_fields(revision, wanted)[0]


def _certify(revision: Revision, value: Object) -> None:
    catalog = revision.catalog
    perms = catalog.get("/Perms")
    catalog.Perms = Dictionary(dict(perms.items())) if isinstance(perms, Dictionary) else Dictionary()
    catalog.Perms.DocMDP = value
    revision.rewrite(catalog)


def _references(revision: Revision, *, permission: int | None, lock: Lock) -> bytes:
    """/Reference with DocMDP (for a certification) and FieldMDP, whose /Data is the catalogue (ISO 32000-2, table 256)."""
    entries = lock.entries()
    entries.Type, entries.V = Name.TransformParams, Name("/1.2")
    docmdp = (
        b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >> " % permission
        if permission is not None
        else b""
    )
    fieldmdp = b"<< /Type /SigRef /TransformMethod /FieldMDP /Data %b /TransformParams %b >>" % (
        revision.catalog.unparse(),
        entries.unparse(),
    )
    return b" /Reference [%b%b]" % (docmdp, fieldmdp)


def _words(text: SealText, at: datetime) -> bytes:
    moment = at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode()
    given = ((b"Name", text.name), (b"Reason", text.reason), (b"ContactInfo", text.contact), (b"Location", text.location))
    said = b"".join(b" /%b %b" % (key, _text_string(words)) for key, words in given if words)
    return b" /M (%b)%b" % (moment, said)


def _text_string(words: str) -> bytes:
    """A text string (ISO 32000-2, 7.9.2.2) in hexadecimal: PDFDocEncoding where ASCII suffices, else UTF-16BE with its mark."""
    held = words.encode("ascii") if words.isascii() else b"\xfe\xff" + words.encode("utf-16-be")
    return b"<%b>" % held.hex().encode()


# -------------------------------------------------------------------------------------------------- signatures


class _TooSmallError(Exception):
    """The signature needs more room than was kept free; ``needed`` is in bytes."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def _sign(revision: Revision, value: Object, *, entries: bytes, credential: Credential, timestamper: Timestamper, at: datetime) -> Made:
    """Fill ``value`` with a B-T signature. The room is computed from the real chain and the timestamper's own figure."""
    head = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached" + entries

    def contents(digest: bytes) -> tuple[bytes, Token]:
        attributes, signature = cms.sign_digest(credential, digest)
        token = timestamper.timestamp(hashlib.sha256(signature).digest(), at=at)
        return cms.signed_data(credential, attributes=attributes, signature=signature, token=token.der), token

    specimen = cms.signed_data(
        credential,
        attributes=cms.signed_attributes(credential, content_type=cms.DATA, digest=bytes(hashlib.new(credential.key.digest).digest_size)),
        signature=bytes(credential.key.longest_signature),
        token=der.octet_string(bytes(timestamper.reserve)),
    )
    return _filled(revision, value, head=head, digest=credential.key.digest, reserve=len(specimen), contents=contents)


def _stamp(pdf: bytes, *, timestamper: Timestamper, at: datetime) -> Made:
    """A document timestamp as a revision of its own (ISO 32000-2, 12.8.5)."""
    with Revision(pdf) as revision:
        field = fields.add_archive_field(revision)
        value = revision.add_raw(b"null")
        field.V = value

        def contents(digest: bytes) -> tuple[bytes, Token]:
            token = timestamper.timestamp(digest, at=at)
            return token.der, token

        head = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
        return _filled(revision, value, head=head, digest="sha256", reserve=timestamper.reserve, contents=contents)


def _filled(
    revision: Revision, value: Object, *, head: bytes, digest: str, reserve: int, contents: Callable[[bytes], tuple[bytes, Token]]
) -> Made:
    """Render, hash, sign, and once more with the size that was missing should the first reserve have been too small."""
    try:
        return _fill_once(revision, value, head=head, digest=digest, reserve=reserve, contents=contents)
    except _TooSmallError as small:
        return _fill_once(revision, value, head=head, digest=digest, reserve=small.needed + 256, contents=contents)


def _fill_once(
    revision: Revision, value: Object, *, head: bytes, digest: str, reserve: int, contents: Callable[[bytes], tuple[bytes, Token]]
) -> Made:
    # Step 1: the update with blanks. /Contents stands last, so that everything said about the signature lies before the gap.
    before = b"<< %b /ByteRange [" % head
    between = b"] /Contents "
    revision.set_raw(value, before + b" " * _RANGE_WIDTH + between + b"<" + b"0" * (2 * reserve) + b"> >>")
    placed = revision.render()
    tail, base = bytearray(placed.tail), len(revision.pdf)

    # Step 2: the byte range leaves out exactly the hexadecimal string, its brackets included (ISO 32000-2, 12.8.1).
    body = placed.bodies[value.objgen]
    gap = body + len(before) + _RANGE_WIDTH + len(between)
    gap_end = gap + 2 * reserve + 2
    stated = b"0 %d %d %d" % (base + gap, base + gap_end, len(tail) - gap_end)
    tail[body + len(before) : body + len(before) + _RANGE_WIDTH] = stated.ljust(_RANGE_WIDTH)

    # Step 3: hash, sign, and put the result into the gap; nothing else moves.
    running = hashlib.new(digest, revision.pdf)
    running.update(tail[:gap])
    running.update(tail[gap_end:])
    held, token = contents(running.digest())
    if len(held) > reserve:
        raise _TooSmallError(len(held))
    written = held.hex().encode()
    tail[gap + 1 : gap + 1 + len(written)] = written
    whole = hashlib.sha256(revision.pdf)
    whole.update(tail)
    return Made(tail=bytes(tail), digest=whole.digest(), tokens=(token,))


# --------------------------------------------------------------------------------------------- validation data


def _chains_of(pdf: bytes, *, roots: Sequence[bytes], at: datetime) -> tuple[list[tuple[bytes, ...]], datetime]:
    """The chains of every signature and token that lead to ``roots``, and the latest time a token states."""
    found: dict[tuple[bytes, ...], None] = {}
    times: list[datetime] = []
    with Revision(pdf) as revision:
        ours = [(name, bytes(field.V.Contents)) for name, field in fields.signed_fields(revision)]
    if not ours:
        raise Refusal("seal.no_signature")
    for name, contents in ours:
        try:
            for data, moment in _signed_parts(contents, at):
                path = chains.build_chain(data.signer_certificate(), pool=data.certificates, roots=roots, at=moment)
                found[path] = None
                times.append(moment)
        except (ValueError, IndexError) as trouble:
            # What came with the upload keeps whatever proof it brought; the seals of this house must all be provable.
            if fields.is_seal(name):
                raise Refusal("seal.chain_unknown", field=name, detail=str(trouble)) from trouble
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


def _store(pdf: bytes, *, certs: Iterable[bytes], ocsps: Iterable[bytes], crls: Iterable[bytes]) -> bytes:
    """The update with the DSS (EN 319 142-1, 5.4.2): what stands there already is kept, nothing is stored twice."""
    with Revision(pdf) as revision:
        catalog = revision.catalog
        known = catalog.get("/DSS")
        made = Dictionary(Type=Name.DSS)
        if isinstance(known, Dictionary) and "/VRI" in known:
            made.VRI = known.VRI
        for key, wanted in (("/Certs", certs), ("/OCSPs", ocsps), ("/CRLs", crls)):
            held = _streams(revision, known.get(key) if isinstance(known, Dictionary) else None, dict.fromkeys(wanted))
            if len(held):
                made[key] = held
        catalog.DSS = revision.add(made)
        revision.rewrite(catalog)
        return revision.render().tail


def _streams(revision: Revision, known: object, wanted: Iterable[bytes]) -> Array:
    kept = list(known) if isinstance(known, Array) else []
    stored = {stream.read_bytes() for stream in kept}
    return Array([*kept, *(revision.add_stream(content) for content in wanted if content not in stored)])
