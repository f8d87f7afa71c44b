"""Closing: the validation data of every chain, and a document timestamp over the whole file (B-LTA)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple

from tachiai.crypto import chains, cms, der
from tachiai.crypto.fields import ARCHIVE_FIELDS, EVERYTHING, is_seal
from tachiai.crypto.filling import Blank, Ground, Made, Unstamped, plain
from tachiai.crypto.freezing import NOTHING_ALLOWED, Terms, begin_house
from tachiai.crypto.keys import Credential
from tachiai.crypto.plans import Gap, Plan, StorePlan
from tachiai.crypto.revocation import Revocation, RevocationSource
from tachiai.crypto.signing import SealText, fitting, refuse_locked, settled, stamped
from tachiai.crypto.timestamps import Timestamper
from tachiai.crypto.updates import Update, dictionary, reference, stream
from tachiai.errors import Refusal

_LARGEST_REMEMBERED = 64 * 1024
_STORES = (b"/Certs", b"/OCSPs", b"/CRLs")


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
    ``seal.chain_unknown`` and ``key.revoked``. Used again it brings newer answers about every chain; :func:`renew` is for later years.
    """
    ground = Ground(pdf)
    known = fitting(plan, pdf, ground)
    return _close(known, ground, _signed(pdf, known, roots=roots, at=at), timestamper=timestamper, revocation=revocation, at=at)


def renew(
    pdf: bytes,
    *,
    timestamper: Timestamper,
    revocation: RevocationSource,
    roots: Sequence[bytes],
    at: datetime,
    plan: Plan | None = None,
) -> Made:
    """The proof of the last document timestamp, then a further one over everything, before that one ages out (EN 319 142-1, 5.5).

    Only the chain of that last timestamp is asked about, and the new one's: what lies beneath was proven when it was made, and in later
    years nobody answers for its certificates any more. Refuses ``seal.not_archival`` for a file that no document timestamp closes,
    ``seal.archive_expired`` when that timestamp has run out (a stamp that comes too late restores nothing), ``key.revoked``.
    """
    ground = Ground(pdf)
    known = fitting(plan, pdf, ground)
    return _close(known, ground, _last_stamp(pdf, known, roots=roots, at=at), timestamper=timestamper, revocation=revocation, at=at)


def store(pdf: bytes, *, revocation: RevocationSource, roots: Sequence[bytes], at: datetime, plan: Plan | None = None) -> Made:
    """The first half of :func:`close` alone: validation data without a document timestamp (B-LT). Refuses as it does."""
    ground = Ground(pdf)
    known = fitting(plan, pdf, ground)
    signed = _signed(pdf, known, roots=roots, at=at)
    found = revocation.gather(signed.paths, after=signed.latest, at=at, used=signed.used)
    tail, _ground, after = _store(known, ground, signed.paths, found)
    return Made(tail=tail, digest=after.sha256, tokens=(), plan=after, fresh=found.fresh)


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
    known = fitting(plan, pdf, ground, pages=(1,))
    refuse_locked(known)
    if known.signed:
        raise Refusal("file.locked_by_signature", by="an earlier signature")

    def begin(reserve: int) -> Unstamped:
        terms = Terms(EVERYTHING, NOTHING_ALLOWED)
        return begin_house(known, ground, [], terms, credential=credential, reserve=reserve, text=text, at=at)

    token, tail, base, signed = settled(begin, timestamper, at=at)
    path = chains.build_chain(credential.certificate, pool=credential.whole_chain, roots=credential.roots, at=token.gen_time)
    moment = min(token.gen_time, at)
    parts = _Signed((path, token.chain), moment, {path[0]: moment, token.chain[0]: moment})
    closed = _close(signed, base, parts, timestamper=timestamper, revocation=revocation, at=at)
    return closed._replace(tail=tail + closed.tail, tokens=(token, *closed.tokens))


def _begin_archive(plan: Plan, ground: Ground, reserve: int) -> Unstamped:
    """A document timestamp as a revision of its own (ISO 32000-2, 12.8.5)."""
    update = Update(plan)
    number = 1
    while (name := f"{ARCHIVE_FIELDS}{number}") in plan.taken:
        number += 1
    value = update.new()
    update.add_archive_field(name, value)
    head = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"
    blank = Blank(update, ground, value, head=head, reserve=reserve, field=name)
    return Unstamped(blank, imprint=blank.digest("sha256"), reserve=reserve, held=lambda token: token or b"")


Path = tuple[bytes, ...]


class _Signed(NamedTuple):
    """What needs proof: the chains of signatures and tokens, the latest time a token states, and when each leaf has signed last."""

    paths: tuple[Path, ...]
    latest: datetime
    used: Mapping[bytes, datetime]


def _close(plan: Plan, ground: Ground, signed: _Signed, *, timestamper: Timestamper, revocation: RevocationSource, at: datetime) -> Made:
    paths = signed.paths
    for _attempt in range(2):
        found = revocation.gather(paths, after=signed.latest, at=at, used=signed.used)
        stored, base, known = _store(plan, ground, paths, found)
        begin = partial(_begin_archive, known, base)
        made = stamped(begin, timestamper, at=at)
        if made.tokens[0].chain in paths:
            break
        # The authority has stamped with a certificate not met before; its own proof must stand beneath its stamp too.
        paths = (*paths, made.tokens[0].chain)
    return made._replace(tail=stored + made.tail, fresh=found.fresh)


def _store(plan: Plan, ground: Ground, paths: Sequence[Path], found: Revocation) -> tuple[bytes, Ground, Plan]:
    """The update with the DSS (EN 319 142-1, 5.4.2): what stands there already is kept, nothing is stored twice."""
    update = Update(plan)
    known = plan.store or StorePlan(b"", {})
    certs = (*found.certs, *[cert for path in paths for cert in path])
    wanted = zip(_STORES, (_kept(certs), _kept(found.ocsps), _kept(found.crls)), strict=True)
    streams = {key: held for key, more in wanted if (held := _added(update, known.streams.get(key, ()), more))}
    entries = {b"/Type": b"/DSS"} | ({b"/VRI": known.vri} if known.vri else {})
    entries |= {key: b"[ %b ]" % b" ".join([ref for _digest, ref in held]) for key, held in streams.items()}
    update.set_catalog(b"/DSS", reference(update.new(dictionary(entries))))
    update.set_store(StorePlan(known.vri, streams))
    return plain(update, ground)


def _added(update: Update, held: tuple[tuple[bytes, bytes], ...], wanted: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    if held:
        there = dict(held)
        wanted = [stream for stream in wanted if stream[0] not in there]
    return (*held, *[(digest, reference(update.new(body))) for digest, body in wanted])


def _streams(contents: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """SHA-256 and stream object of each different content."""
    return tuple((hashlib.sha256(content).digest(), stream(content)) for content in dict.fromkeys(contents))


# The same certificates and answers stand in file after file.
_remembered = lru_cache(maxsize=128)(_streams)


def _kept(contents: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """The same, but that long lists are not remembered: they would fill the memory."""
    return _remembered(contents) if sum(map(len, contents)) <= _LARGEST_REMEMBERED else _streams(contents)


def _signed(pdf: bytes, plan: Plan, *, roots: Sequence[bytes], at: datetime) -> _Signed:
    """Every signature and token that leads to ``roots``, read from the places the plan names."""
    if not plan.gaps:
        raise Refusal("seal.no_signature")
    found: dict[Path, None] = {}
    used: dict[bytes, datetime] = {}
    for gap in plan.gaps:
        try:
            for data, moment in _signed_parts(_contents(pdf, gap), at):
                path = chains.build_chain(data.signer_certificate(), pool=data.certificates, roots=roots, at=moment)
                found[path] = None
                used[path[0]] = max(used.get(path[0], moment), moment)
        except (ValueError, IndexError) as trouble:
            # What came with the upload keeps whatever proof it brought; the seals of this house must all be provable.
            if is_seal(gap.field):
                raise Refusal("seal.chain_unknown", field=gap.field, detail=str(trouble)) from trouble
    return _Signed(tuple(found), max((t for t in used.values() if t <= at), default=at), used)


def _last_stamp(pdf: bytes, plan: Plan, *, roots: Sequence[bytes], at: datetime) -> _Signed:
    """The last document timestamp alone."""
    if not plan.gaps:
        raise Refusal("seal.no_signature")
    gap = max(plan.gaps, key=lambda one: one.end)
    try:
        data = cms.read_signed_data(_contents(pdf, gap), padded=True)
        if data.content_type != cms.TST_INFO:
            raise Refusal("seal.not_archival", field=gap.field)
        moment = _stated_time(data)
        path = chains.build_chain(data.signer_certificate(), pool=data.certificates, roots=roots, at=moment)
    except (ValueError, IndexError) as trouble:
        raise Refusal("seal.chain_unknown", field=gap.field, detail=str(trouble)) from trouble
    # A root stands because it is pinned, not because of the dates in it.
    until = min(chains.certificate(held).not_valid_after_utc for held in path[:-1] or path)
    if at > until:
        raise Refusal("seal.archive_expired", field=gap.field, since=until)
    return _Signed((path,), moment, {path[0]: moment})


def _contents(pdf: bytes, gap: Gap) -> bytes:
    return bytes.fromhex(pdf[gap.start + 1 : gap.end - 1].decode("ascii"))


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
