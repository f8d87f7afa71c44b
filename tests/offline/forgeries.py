"""Twins by a forger with every key but the timestamping authority's, and twins that one verifier could read otherwise than the other."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from offline.bench import DOCUMENT, Bench, later, token_of, with_token
from offline.twins import AFTER, CONSENT, PASSKEY, bench, each, in_signature, manifest, of, rewritten, twin, without
from tachiai.crypto import cms, der

# ------------------------------------------------------------------------------ the record told anew in a log that only grew


def _unseen(entries: list[dict[str, Any]]) -> None:
    """As if the first signer had never been shown the document."""
    without(entries, "document.shown")


def _unseen_and_unbound(entries: list[dict[str, Any]]) -> None:
    """Nor does the conclusion say under which tree it was made."""
    _unseen(entries)
    del of(entries, "envelope.concluded")["data"]["checkpoint"]


@cache
def _mailed() -> bytes:
    """The checkpoint under which the contract was concluded, as the completion mail carried it."""
    held = bench()
    held.tell_again(_unseen)
    return held.files["ledger/earlier/1.txt"]


def _told_again(change: Callable[[list[dict[str, Any]]], None]) -> Callable[[Bench], None]:
    return lambda held: held.tell_again(change)


twin("a record told anew behind the tree of its conclusion", "proof.later")(_told_again(_unseen))
twin("a record told anew, held against yesterday's mail", "proof.later", checkpoint=_mailed)(_told_again(_unseen_and_unbound))
twin("concluded before its checkpoint was stamped", "checkpoint.concluded")(
    lambda held: held.stamp_again(at=held.stamped_at + timedelta(hours=1))
)
twin("an entry of a day to come", "checkpoint.token")(
    rewritten(lambda entries: of(entries, "document.shown").update(at="2026-12-24T00:00:00.000000Z"))
)
twin("an entry of a day that no calendar holds", "checkpoint.token")(
    rewritten(lambda entries: of(entries, "document.shown").update(at="2026-02-30T00:00:00.000000Z"))
)
twin("true in the place of 1", "entry.sent")(
    rewritten(lambda entries: of(entries, "envelope.sent")["data"]["slots"][0].update(slot=True, order=True))
)

# ------------------------------------------------------------------------------------------ what nobody agreed to, beside the rest

twin("a document that nobody agreed to", "file.unlisted")(lambda held: held.files.update({"documents/02.pdf": held.files[DOCUMENT]}))
twin("a consent of nobody", "file.unlisted")(lambda held: held.files.update({"consents/3.json": held.files[CONSENT]}))
twin("a person who consented to nothing", "file.unlisted")(lambda held: held.files.update({"consents/3.personal.json": b"{}"}))


def _in_front(files: list[dict[str, Any]]) -> None:
    files[:0] = [{**files[0], "path": path} for path in ("A,A", "A")]


manifest("two uses in one word", "manifest.form")(
    lambda held: held.edit("manifest.json", lambda told: told["roots"][0].update(uses=["seal,timestamp"]))
)
manifest("names out of order, alike when they are joined", "manifest.form")(
    lambda held: held.edit("manifest.json", lambda told: _in_front(told["files"]))
)


# ------------------------------------------------------------------------------------- values that programs read in two ways

PSS = "1.2.840.113549.1.1.10"


def _salted(salt: int) -> bytes:
    """An AlgorithmIdentifier of RSASSA-PSS with this salt."""
    digest = der.sequence(der.oid(cms.DIGESTS["sha256"]))
    mask = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
    length = der.tlv(0x02, salt.to_bytes(salt.bit_length() // 8 + 1, "big", signed=True))
    return der.sequence(der.oid(PSS), der.sequence(der.explicit(0, digest), der.explicit(1, mask), der.explicit(2, length)))


def _signer_changed(signature: bytes, place: int, part: bytes) -> bytes:
    """The SignedData with another part of its one SignerInfo."""
    kind, wrapped = der.read(signature).children()
    members = wrapped.only_child().children()
    parts = [held.raw for held in members[-1].only_child().children()]
    parts[place] = part
    infos = der.tlv(der.SET, der.sequence(*parts))
    return der.sequence(kind.raw, der.explicit(0, der.sequence(*(member.raw for member in members[:-1]), infos)))


def _in_token(place: int, part: bytes) -> Callable[[bytes], bytes]:
    return lambda signature: with_token(signature, _signer_changed(token_of(signature), place, part))


each("a salt below nothing", "signature.algorithm", *AFTER)(in_signature(2, lambda signature: _signer_changed(signature, 4, _salted(-1))))
each("a salt longer than any key", "signature.algorithm", *AFTER)(
    in_signature(2, lambda signature: _signer_changed(signature, 4, _salted(2**70)))
)
twin("a timestamp's salt below nothing", "token.algorithm", *AFTER)(in_signature(2, _in_token(4, _salted(-1))))
twin("a timestamp by nobody who can be read", "token.unreadable", *AFTER)(in_signature(2, _in_token(1, b"\x30\x01\x02")))
each("a permission in a list", "pdf.unreadable")(lambda held: held.replace(DOCUMENT, b"/V /1.2 /P 2", b"/V/1.2 /P[2]"))
each("a kind of signature in a list", "pdf.unreadable")(
    lambda held: held.replace(DOCUMENT, b" /SubFilter /ETSI.CAdES.detached", b"/SubFilter[/ETSI.CAdES.detached]")
)


@twin("a reference longer than any number", "pdf.unreadable")
def _(held: Bench) -> None:
    held.append_stamp(DOCUMENT, at=later(held), more={9000: b"<< /A " + b"1" * 5000 + b" 0 R >>"})


@twin("a size longer than any number", "pdf.unreadable")
def _(held: Bench) -> None:
    held.append_stamp(DOCUMENT, at=later(held))
    held.files[DOCUMENT] = (b"/Size " + b"9" * 5000).join(held.files[DOCUMENT].rsplit(b"/Size ", 1))


@each("a catalogue that is a list", "pdf.changed")
def _(held: Bench) -> None:
    root = held.form(DOCUMENT)[0]
    pdf = held.files[DOCUMENT]
    start = pdf.index(b"\n%d 0 obj\n<<" % root, held.upload_size(DOCUMENT)) + len(b"\n%d 0 obj\n" % root)
    end = pdf.index(b">>\nendobj\n", start)
    held.files[DOCUMENT] = pdf[:start] + b"[ " + pdf[start + 2 : end] + b" ]" + pdf[end + 2 :]


@twin("a passkey's kind as bytes", "passkey.unreadable")
def _(held: Bench) -> None:
    told = json.loads(held.files[PASSKEY])
    key = urlsafe_b64decode(told["public_key_cose"] + "==")
    told["public_key_cose"] = urlsafe_b64encode(key.replace(b"\x01\x02", b"\x01\x41\x02", 1)).rstrip(b"=").decode()
    held.write(PASSKEY, told)
