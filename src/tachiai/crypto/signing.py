"""What every signature of the house has in common: its words, its references, its making and its timestamp."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tachiai.crypto import cms_writing, planning
from tachiai.crypto.fields import Lock, lock_entries
from tachiai.crypto.filling import Blank, Ground, Made, TokenTooLarge, Unstamped
from tachiai.crypto.keys import Credential
from tachiai.crypto.plans import Plan, Ref
from tachiai.crypto.timestamps import Timestamper, Token
from tachiai.crypto.updates import Update, reference, text_string
from tachiai.errors import Refusal


@dataclass(frozen=True)
class SealText:
    """What a reader shows beside a signature: /Name, /Reason, /ContactInfo and /Location. Empty ones are left out."""

    name: str
    reason: str
    contact: str = ""
    location: str = ""


def fitting(plan: Plan | None, pdf: bytes, ground: Ground, *, pages: Iterable[int] = ()) -> Plan:
    """The plan, when it fits these very bytes and knows the pages that are needed; else a new one."""
    wanted = set(pages)
    if plan is not None and plan.length == len(pdf) and plan.sha256 == ground.sha256() and wanted <= plan.pages.keys():
        return plan
    return planning.plan(pdf, pages=wanted or (1,))


def refuse_locked(plan: Plan) -> None:
    if plan.locked is not None:
        raise Refusal("file.locked_by_signature", field=plan.locked[0], by=plan.locked[1])


def references(plan: Plan, *, permission: int | None, lock: Lock) -> bytes:
    """/Reference with DocMDP (for a certification) and FieldMDP, whose /Data is the catalogue (ISO 32000-2, table 256)."""
    docmdp = (
        b"<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P %d >> >> " % permission
        if permission is not None
        else b""
    )
    fieldmdp = b"<< /Type /SigRef /TransformMethod /FieldMDP /Data %b /TransformParams << %b /Type /TransformParams /V /1.2 >> >>" % (
        reference(plan.catalog_at),
        lock_entries(lock),
    )
    return b" /Reference [%b%b]" % (docmdp, fieldmdp)


def words(text: SealText, at: datetime) -> bytes:
    utc = at.astimezone(UTC)
    moment = b"D:%04d%02d%02d%02d%02d%02d+00'00'" % (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second)
    given = ((b"Name", text.name), (b"Reason", text.reason), (b"ContactInfo", text.contact), (b"Location", text.location))
    said = b"".join(b" /%b %b" % (key, text_string(words)) for key, words in given if words)
    return b" /M (%b)%b" % (moment, said)


def begin(update: Update, ground: Ground, value: Ref, *, head: bytes, field: str, credential: Credential, reserve: int) -> Unstamped:
    """Sign the update into ``value``. The room is computed from the real chain and the token's announced size."""
    head = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached" + head
    blank = Blank(update, ground, value, head=head, reserve=cms_writing.room(credential, token=reserve), field=field)
    attributes, signature = cms_writing.sign_digest(credential, blank.digest(credential.key.digest))

    def held(token: bytes | None) -> bytes:
        return cms_writing.signed_data(credential, attributes=attributes, signature=signature, token=token)

    return Unstamped(blank, imprint=hashlib.sha256(signature).digest(), reserve=reserve, held=held)


def settled(begin: Callable[[int], Unstamped], timestamper: Timestamper, *, at: datetime) -> tuple[Token, bytes, Ground, Plan]:
    """Begin, stamp and settle; once more with the size that was missing should the token be larger than announced."""
    begun = begin(timestamper.reserve)
    token = timestamper.timestamp(begun.imprint, at=at)
    try:
        return (token, *begun.settle(token))
    except TokenTooLarge as small:
        begun = begin(small.needed)
        token = timestamper.timestamp(begun.imprint, at=at)
        return (token, *begun.settle(token))


def stamped(begin: Callable[[int], Unstamped], timestamper: Timestamper, *, at: datetime) -> Made:
    token, tail, _ground, plan = settled(begin, timestamper, at=at)
    return Made(tail=tail, digest=plan.sha256, tokens=(token,), plan=plan)
