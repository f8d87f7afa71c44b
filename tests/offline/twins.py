"""Broken twins of the vector: how each is broken, and the code that must name it. Both verifiers are held to this one table.

A twin is a whole ZIP. But for those of the container, its manifest lists what is there now: digests never give a twin away unless it is
about them. ``codes`` are all that are told, each once and in their order; what else a twin breaks on the way is so no surprise.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from offline.bench import (
    BUNDLE,
    DOCUMENT,
    Bench,
    authority,
    later,
    log_seed,
    pack,
    pack_raw,
    passkey,
    revoked_answers,
    stamp,
    token_of,
    with_token,
    without_token,
)
from tachiai.crypto import cms, der
from tachiai.crypto.signed_notes import checkpoint_text, parse_checkpoint, sign_note, split_note
from tachiai.offline.tachiai_verify import Reader, verify_bundle


class Twin(NamedTuple):
    """``checkpoint``, ``log_key`` and ``root`` (DER) are what the reader brings along, if anything."""

    name: str
    codes: tuple[str, ...]
    content: Callable[[], bytes]
    checkpoint: Callable[[], bytes] | None = None
    log_key: str = ""
    root: Callable[[], bytes] | None = None


TWINS: list[Twin] = []


AS_BEFORE = ", listed as before"
# When all of them are asked about.
AT = datetime(2026, 11, 27, tzinfo=UTC)


def reader_of(twin: Twin) -> Reader:
    root = (twin.root(),) if twin.root else ()
    return Reader(root, twin.log_key, twin.checkpoint() if twin.checkpoint else b"", AT)


@cache
def asked(twin: Twin) -> tuple[bytes, dict[str, Any]]:
    """The twin, and what the Python verifier says of it."""
    content = twin.content()
    return content, verify_bundle(content, reader_of(twin))


@cache
def whole() -> bytes:
    return BUNDLE.read_bytes()


def bench() -> Bench:
    return Bench(whole())


def raw(name: str, *codes: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """A twin that is written byte by byte."""

    def enter(make: Callable[[], bytes]) -> Callable[[], bytes]:
        TWINS.append(Twin(name, codes, make))
        return make

    return enter


def twin(name: str, *codes: str, recomputed: bool = True, **brought: Any) -> Callable[[Callable[[Bench], Any]], Callable[[Bench], Any]]:
    """A twin that is changed on the bench and packed again."""

    def enter(change: Callable[[Bench], Any]) -> Callable[[Bench], Any]:
        def make() -> bytes:
            held = bench()
            change(held)
            return held.packed(recomputed=recomputed)

        TWINS.append(Twin(name, codes, make, **brought))
        return change

    return enter


def each(name: str, *codes: str, **named: Any) -> Callable[[Callable[[Bench], Any]], Callable[[Bench], Any]]:
    """As :func:`twin`, and once more with the manifest as it was: then the file is named as well."""

    def enter(change: Callable[[Bench], Any]) -> Callable[[Bench], Any]:
        twin(name, *codes, **named)(change)
        twin(name + AS_BEFORE, "file.digest", *codes, recomputed=False, **named)(change)
        return change

    return enter


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]


# --------------------------------------------------------------------------------------------------- the container

raw("nothing", "zip.unreadable")(lambda: b"")
raw("the last byte lost", "zip.unreadable")(lambda: whole()[:-1])
raw("another program before it", "zip.unreadable")(lambda: b"#!/bin/sh\n" + whole())
raw("bytes behind it", "zip.unreadable")(lambda: whole() + b"\0")
raw("a comment", "zip.unreadable")(lambda: pack_raw(_all(), comment=b"PK\x05\x06"))
raw("encrypted", "zip.unreadable")(lambda: pack_raw(_all(), flags=1))
raw("data descriptors", "zip.unreadable")(lambda: pack_raw(_all(), flags=8))
raw("two names for one file", "zip.unreadable")(lambda: pack_raw(_all(), local_names={b"certificate.pdf": b"certificate.exe"}))
raw("a bit lost on the way", "zip.content")(lambda: pack_raw(_all(), crcs={b"certificate.pdf": 1}))
raw("more than it says", "zip.content")(lambda: pack_raw(_all(), sizes={b"certificate.pdf": 1000}))
raw("a bomb", "zip.size")(lambda: pack_raw(_all(), sizes={b"certificate.pdf": 201_000_000}))
raw("too many files", "zip.size")(lambda: pack_raw([*_all(), *((b"verify/%d" % at, b"") for at in range(4000))]))
raw("out of the folder", "zip.name")(lambda: pack_raw([*_all(), (b"../manifest.json", b"")]))
raw("from the root", "zip.name")(lambda: pack_raw([*_all(), (b"/etc/passwd", b"")]))
raw("another system's folder", "zip.name")(lambda: pack_raw([*_all(), (b"verify\\run.exe", b"")]))
raw("hidden", "zip.name")(lambda: pack_raw([*_all(), (b"verify/.run", b"")]))
raw("a folder", "zip.name")(lambda: pack_raw([*_all(), (b"verify/", b"")]))
raw("a name beyond ASCII", "zip.name")(lambda: pack_raw([*_all(), ("契約.pdf".encode(), b"")]))
raw("a name that no terminal shows", "zip.name")(lambda: pack_raw([*_all(), (b"verify/\x1b[2J\x85\xad\xe9", b"")]))
raw("two of one name", "zip.twin")(lambda: pack_raw([*_all(), (b"manifest.json", b"{}")]))
raw("two of one name but for capitals", "zip.twin")(lambda: pack_raw([*_all(), (b"Certificate.PDF", b"")]))
raw("a file that is a folder", "zip.twin")(lambda: pack_raw([*_all(), (b"certificate.pdf/other", b"")]))


def _all() -> list[tuple[bytes, bytes]]:
    return [(name.encode(), content) for name, content in bench().files.items()]


# ---------------------------------------------------------------------------------------------------- the manifest


def manifest(name: str, *codes: str) -> Callable[[Callable[[Bench], Any]], None]:
    """A twin whose manifest alone is changed, after it was computed."""

    def enter(change: Callable[[Bench], Any]) -> None:
        def make() -> bytes:
            held = bench()
            change(held)
            return pack(held.files)

        TWINS.append(Twin(name, codes, make))

    return enter


manifest("no manifest", "manifest.missing")(lambda held: held.files.pop("manifest.json"))
manifest("a space in it", "manifest.unreadable")(lambda held: held.replace("manifest.json", b',"', b', "'))
manifest("one key twice", "manifest.unreadable")(lambda held: held.replace("manifest.json", b'"v":1', b'"v":2,"v":1'))
manifest("a number with a point", "manifest.unreadable")(lambda held: held.replace("manifest.json", b'"v":1', b'"v":1.0'))
manifest("half a letter", "manifest.unreadable")(lambda held: held.replace("manifest.json", b'"name":"', b'"name":"\\ud800'))
manifest("another version", "manifest.version")(lambda held: held.edit("manifest.json", lambda told: told.update(v=2)))
manifest("another kind", "manifest.version")(lambda held: held.edit("manifest.json", lambda told: told.update(kind="x")))
manifest("one member more", "manifest.form")(lambda held: held.edit("manifest.json", lambda told: told.update(more=1)))
manifest("a document elsewhere", "manifest.form")(
    lambda held: held.edit("manifest.json", lambda told: told["documents"][0].update(path="../01.pdf"))
)
manifest("slots that begin at 2", "manifest.form")(lambda held: held.edit("manifest.json", lambda told: told["signers"].pop(0)))
manifest("nobody signed", "manifest.form")(lambda held: held.edit("manifest.json", lambda told: told["signers"].clear()))
manifest("files out of order", "manifest.form")(lambda held: held.edit("manifest.json", lambda told: told["files"].reverse()))


@manifest("a listed file lost", "file.missing")
def _(held: Bench) -> None:
    del held.files["mail/deliveries.json"]


twin("a needed file left out", "file.missing")(lambda held: held.files.pop("mail/deliveries.json"))
manifest("a file that nothing lists", "file.unlisted")(lambda held: held.files.update({"verify/other.py": b"print('fine')\n"}))
twin("a listed file that has no place", "file.unlisted")(lambda held: held.files.update({"verify/other.py": b"print('fine')\n"}))
manifest("other words", "file.digest")(lambda held: held.replace("README.en.txt", b"Evidence", b"evidence"))

# -------------------------------------------------------------------------------------------------------- the PDFs


@each("another upload", "pdf.upload")
def _(held: Bench) -> None:
    held.files[DOCUMENT] = flipped(held.files[DOCUMENT], 3000)


@twin("another upload, told as the upload", "pdf.frozen", "entry.sent")
def _(held: Bench) -> None:
    document = held.manifest["documents"][0]
    held.files[DOCUMENT] = flipped(held.files[DOCUMENT], 3000)
    document["upload_sha256"] = hashlib.sha256(held.files[DOCUMENT][: document["upload_size"]]).hexdigest()


TOLD_AS_FROZEN = ("consent.documents", "entry.sent", "entry.frozen", "entry.sealed", "entry.closed")


@twin(
    "another upload, told as frozen",
    "signature.digest",
    "token.imprint",
    "consent.documents",
    "entry.sent",
    "entry.frozen",
    "entry.sealed",
    "entry.closed",
)
def _(held: Bench) -> None:
    document = held.manifest["documents"][0]
    held.files[DOCUMENT] = pdf = flipped(held.files[DOCUMENT], 3000)
    for word in ("upload", "frozen"):
        document[f"{word}_sha256"] = hashlib.sha256(pdf[: document[f"{word}_size"]]).hexdigest()


each("bytes behind the file", "pdf.unreadable")(lambda held: held.files.update({DOCUMENT: held.files[DOCUMENT] + b" "}))
each("the upload alone", "pdf.not_signed")(lambda held: held.cut(DOCUMENT, 0))
each("the last timestamp cut off", "pdf.not_whole_file")(lambda held: held.cut(DOCUMENT, 4))
each("the second signer cut off", "pdf.not_whole_file")(lambda held: held.cut(DOCUMENT, 2))
each("a range with a hole", "pdf.byte_range")(lambda held: held.replace(DOCUMENT, b"/ByteRange [0 1", b"/ByteRange [0 2"))
each("a range that begins later", "pdf.byte_range")(lambda held: held.replace(DOCUMENT, b"/ByteRange [0 ", b"/ByteRange [1 "))
each("another permission", "pdf.lock")(lambda held: held.replace(DOCUMENT, b"/V /1.2 /P 2", b"/V /1.2 /P 3"))
each("a lock on nobody", "pdf.lock")(
    lambda held: held.replace(DOCUMENT, b"[ (TachiaiSlot002) ] /Type /Tr", b"[ (TachiaiSlot003) ] /Type /Tr")
)


@twin("a third signer announced", "file.missing", "pdf.signer_missing", "entry.sent")
def _(held: Bench) -> None:
    held.manifest["signers"].append({"slot": 3, "order": 3, "recipient": held.manifest["signers"][0]["recipient"]})


@twin("a signer kept secret", "pdf.signer_unexpected", "entry.sent")
def _(held: Bench) -> None:
    held.manifest["signers"].pop()
    for name in ("consents/2.json", "consents/2.personal.json"):
        del held.files[name]


@twin("a page exchanged under a new timestamp", "pdf.changed")
def _(held: Bench) -> None:
    page = int(held.files[DOCUMENT][held.upload_size(DOCUMENT) :].split(b" ", 1)[0])
    held.append_stamp(DOCUMENT, at=later(held), more={page: b"<< /Type /Page /MediaBox [0 0 9 9] >>"})


# A form with fewer fields looks as if a signer had never been there. Each is one that the timestamp's own section brings.


@twin("another form under a new timestamp", "pdf.changed")
def _(held: Bench) -> None:
    root, at, form = held.form(DOCUMENT)
    other = at + 1000
    catalogue = held.object(DOCUMENT, root).replace(b"/AcroForm %d 0 R" % at, b"/AcroForm %d 0 R" % other)
    held.append_stamp(DOCUMENT, at=later(held), more={root: catalogue, other: _fewer(form)})


@twin("a form inside the catalogue under a new timestamp", "pdf.changed")
def _(held: Bench) -> None:
    root, at, form = held.form(DOCUMENT)
    catalogue = held.object(DOCUMENT, root).replace(b"/AcroForm %d 0 R" % at, b"/AcroForm " + _fewer(form))
    held.append_stamp(DOCUMENT, at=later(held), more={root: catalogue})


@twin("a signer's field dropped under a new timestamp", "pdf.changed")
def _(held: Bench) -> None:
    _, at, form = held.form(DOCUMENT)
    held.append_stamp(DOCUMENT, at=later(held), more={at: _fewer(form)})


@twin("another list of fields under a new timestamp", "pdf.changed")
def _(held: Bench) -> None:
    _, at, form = held.form(DOCUMENT)
    fields, other = _FIELDS.search(form), at + 1000
    assert fields is not None
    more = {at: _FIELDS.sub(b"/Fields %d 0 R" % other, form), other: b"[ %b ]" % b" ".join(_REFERENCE.findall(fields[0])[:-2])}
    held.append_stamp(DOCUMENT, at=later(held), more=more)


_FIELDS, _REFERENCE = re.compile(rb"/Fields \[.*?\]"), re.compile(rb"[0-9]+ 0 R")


def _fewer(form: bytes) -> bytes:
    """The form without the second signer's field."""
    return _FIELDS.sub(lambda found: b"/Fields [ %b ]" % b" ".join(_REFERENCE.findall(found[0])[:-2]), form)


# Whose number is below the upload's /Size is no new object: an upload that states more makes old ones of those that the house brings.


@twin("an upload that states more objects", "pdf.unreadable", "entry.sent")
def _(held: Bench) -> None:
    document = held.manifest["documents"][0]
    held.files[DOCUMENT] = held.files[DOCUMENT].replace(b"/Size 101", b"/Size 909", 1)
    document["upload_sha256"] = hashlib.sha256(held.files[DOCUMENT][: document["upload_size"]]).hexdigest()


@each("a first section that leads to no size", "pdf.unreadable")
def _(held: Bench) -> None:
    pdf, start = held.files[DOCUMENT], held.upload_size(DOCUMENT)
    place = pdf.index(b"/Prev ", start)
    digits = pdf[place + 6 :].split(b" ", 1)[0]
    held.files[DOCUMENT] = pdf[: place + 6] + (b"%d" % start).rjust(len(digits), b"0") + pdf[place + 6 + len(digits) :]


@twin("another digest of what was frozen", "pdf.frozen", "consent.documents", "entry.frozen")
def _(held: Bench) -> None:
    held.manifest["documents"][0].update(frozen_sha256="00" * 32)


# ------------------------------------------------------------------------------------------------------ signatures


def in_signature(number: int, change: Callable[[bytes], bytes], path: str = DOCUMENT) -> Callable[[Bench], None]:
    return lambda held: held.change_signature(path, number, change)


def in_value(signature: bytes) -> bytes:
    """A bit of the signature's own value."""
    value = cms.read_signed_data(signature).signer.signature
    place = signature.rindex(value) + len(value) // 2
    return flipped(signature, place)


def in_token_value(signature: bytes) -> bytes:
    return with_token(signature, in_value(token_of(signature)))


def in_person(held: Bench) -> None:
    """The name that the first signer's signature speaks for."""
    pdf = held.files[DOCUMENT]
    place = pdf.index(b"/XXTachiaiConsent", held.upload_size(DOCUMENT))
    digit = pdf.rindex(b"/Name <", 0, place) + 20
    held.files[DOCUMENT] = pdf[:digit] + (b"0" if pdf[digit : digit + 1] != b"0" else b"1") + pdf[digit + 1 :]


# Whatever is changed in the last signer's signature, the timestamp over it stamps other bytes and no entry knows the revision.
AFTER = ("token.imprint", "entry.sealed", "entry.closed")
each("a signature's value", "signature.wrong", *AFTER)(in_signature(2, in_value))
each("what a signature says", "signature.digest", *AFTER)(in_person)


@each("another certificate named", "signature.certificate", *AFTER)
def _(held: Bench) -> None:
    named = hashlib.sha256(authority().seal_credential.certificate).digest()
    held.change_signature(DOCUMENT, 2, lambda signature: signature.replace(named, bytes(32), 1))


@each("a digest nobody accepts", "signature.algorithm", *AFTER)
def _(held: Bench) -> None:
    held.change_signature(
        DOCUMENT, 2, lambda signature: signature.replace(der.oid(cms.DIGESTS["sha256"]), der.oid("2.16.840.1.101.3.4.2.9"))
    )


each("a signature that is none", "signature.unreadable", *AFTER)(in_signature(2, lambda signature: b"\x31" + signature[1:]))
each("no timestamp", "token.missing", *AFTER)(in_signature(2, without_token))


def _no_token(held: Bench) -> None:
    held.change_signature(DOCUMENT, 2, lambda signature: with_token(signature, der.sequence(der.integer(1))))


each("a timestamp that is none", "token.unreadable", *AFTER)(_no_token)
each("a timestamp's value", "token.wrong", *AFTER)(in_signature(2, in_token_value))


@each("a timestamp with a digest that nobody accepts", "token.algorithm", *AFTER)
def _(held: Bench) -> None:
    old, new = (der.sequence(der.oid(dotted)) for dotted in (cms.DIGESTS["sha256"], "2.16.840.1.101.3.4.2.9"))

    def change(signature: bytes) -> bytes:
        token = token_of(signature)
        place = token.rindex(old)
        return with_token(signature, token[:place] + new + token[place + len(old) :])

    held.change_signature(DOCUMENT, 2, change)


@each("the timestamp of another signature", *AFTER)
def _(held: Bench) -> None:
    other = token_of(held.signature(DOCUMENT, 1))
    held.change_signature(DOCUMENT, 2, lambda signature: with_token(signature, other))


@each("a timestamp by the seal's own key", "token.certificate", *AFTER)
def _(held: Bench) -> None:
    from tachiai.crypto.timestampers import EmbeddedTimestamper

    forger = EmbeddedTimestamper.__new__(EmbeddedTimestamper)
    forger._credential = authority().seal_credential

    def change(signature: bytes) -> bytes:
        digest = hashlib.sha256(cms.read_signed_data(signature).signer.signature).digest()
        return with_token(signature, forger._token(digest, nonce=1, at=held.stamped_at, with_chain=True))

    held.change_signature(DOCUMENT, 2, change)


each("the last timestamp of other bytes", "token.imprint", "entry.closed")(
    lambda held: held.put_signature(DOCUMENT, 3, stamp(bytes(32), at=held.stamped_at))
)
twin("a root for seals alone", "token.chain", "checkpoint.token")(lambda held: _uses(held, "seal"))
twin("a root for timestamps alone", "chain.broken")(lambda held: _uses(held, "timestamp"))


def _uses(held: Bench, *uses: str) -> None:
    held.manifest["roots"][0]["uses"] = list(uses)


@twin("a timestamp from before what it covers", "token.order", "entry.closed")
def _(held: Bench) -> None:
    held.append_stamp(DOCUMENT, at=held.stamped_at - timedelta(minutes=2))


@twin("no proof of anything", "revocation.missing", "entry.closed", "material.unknown", "material.missing")
def _(held: Bench) -> None:
    held.cut(DOCUMENT, 3)
    held.append_stamp(DOCUMENT, at=later(held))


@twin("a seal that was revoked before", "revocation.revoked", "entry.closed", "material.unknown", "material.missing")
def _(held: Bench) -> None:
    held.cut(DOCUMENT, 3)
    at = later(held)
    found = authority()
    certificates = [found.root.certificate, found.seal_credential.certificate, found.stamp_credential.certificate]
    held.append_stamp(DOCUMENT, at=at, proofs=(certificates, revoked_answers(at, held.stamped_at - timedelta(hours=3))))


# -------------------------------------------------------------------------------------------- consents and passkeys


def nested(depth: int) -> Any:
    """A list in a list in a list …"""
    return [nested(depth - 1)] if depth > 1 else []


CONSENT, PERSONAL, PASSKEY = "consents/1.json", "consents/1.personal.json", "consents/1.passkey.json"


each("a consent with a space", "consent.unreadable")(lambda held: held.replace(CONSENT, b'"v":1', b'"v": 1'))
each("a consent of another version", "consent.unreadable")(lambda held: held.edit(CONSENT, lambda told: told.update(v=2)))


@each("two consents exchanged", "consent.envelope", "passkey.unexpected", "passkey.missing", "entry.consent", "entry.sealed")
def _(held: Bench) -> None:
    files = held.files
    files[CONSENT], files["consents/2.json"] = files["consents/2.json"], files[CONSENT]


each("a consent to another document", "consent.documents", "passkey.challenge", "entry.consent")(
    lambda held: held.edit(CONSENT, lambda told: told["documents"][0].update(sha256="11" * 32))
)
each("a consent to other words", "consent.not_in_signature", "passkey.challenge", "entry.consent")(
    lambda held: held.edit(CONSENT, lambda told: told["text"].update(sha256="11" * 32))
)
each("a consent of another time", "consent.not_in_signature", "passkey.challenge", "entry.consent")(
    lambda held: held.edit(CONSENT, lambda told: told.update(at="2026-01-01T00:00:00.000000Z"))
)
each("another person", "consent.personal")(lambda held: held.replace(PERSONAL, "緑野".encode(), "赤野".encode()))
each("another salt", "consent.personal")(lambda held: held.edit(PERSONAL, lambda told: told.update(salt="00" * 32)))
twin("a passkey's assertion lost", "passkey.missing")(lambda held: held.files.pop(PASSKEY))
twin("a passkey that nobody spoke of", "passkey.unexpected")(
    lambda held: held.files.update({"consents/2.passkey.json": held.files[PASSKEY]})
)
each("an assertion without a signature", "passkey.unreadable")(lambda held: held.edit(PASSKEY, lambda told: told.pop("signature")))
each("a key of another kind", "passkey.unreadable")(lambda held: held.edit(PASSKEY, lambda told: told.update(public_key_cose="oA")))
each("another passkey's name", "passkey.credential")(lambda held: held.edit(PASSKEY, lambda told: told.update(credential="AAAA")))
each("a passkey of another site", "passkey.origin")(
    lambda held: held.files.update({PASSKEY: _assertion(held, origin="https://keiyaku.example.net")})
)
each("a site that is no site of the passkey", "passkey.origin")(
    lambda held: held.files.update({PASSKEY: _assertion(held, rp_id="ample.jp")})
)
each("a passkey used inside another's page", "passkey.origin")(
    lambda held: held.files.update({PASSKEY: _assertion(held, crossOrigin=True)})
)
twin("what a browser said, nested too deeply", "passkey.unreadable")(
    lambda held: held.files.update({PASSKEY: _assertion(held, more=nested(100))})
)
twin("what a browser said that is no JSON", "passkey.unreadable")(
    lambda held: held.files.update({PASSKEY: _assertion(held, more=float("nan"))})
)
each("a passkey asked something else", "passkey.challenge")(
    lambda held: held.files.update({PASSKEY: _assertion(held, challenge=bytes(32))})
)
each("a passkey that was not unlocked", "passkey.presence")(lambda held: held.files.update({PASSKEY: _assertion(held, flags=1)}))


def _assertion(held: Bench, **said: Any) -> bytes:
    return passkey().assertion(held.files[CONSENT], **said)


@each("a passkey's signature over something else", "passkey.signature")
def _(held: Bench) -> None:
    other = json.loads(_assertion(held, challenge=bytes(32)))["signature"]
    held.edit(PASSKEY, lambda told: told.update(signature=other))


# ------------------------------------------------------------------------------------------------------ the record

ENTRIES = "ledger/entries.jsonl"


def record(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Bench], None]:
    """The lines changed, and nothing computed again."""

    def act(held: Bench) -> None:
        entries = held.entries
        change(entries)
        held.write_entries(entries)

    return act


def rechained(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Bench], None]:
    def act(held: Bench) -> None:
        entries = held.entries
        change(entries)
        held.chain_again(entries)

    return act


def rewritten(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Bench], None]:
    return lambda held: held.rewrite(change)


def of(entries: list[dict[str, Any]], event: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["event"] == event)


def without(entries: list[dict[str, Any]], event: str) -> None:
    entries.remove(of(entries, event))


each("an entry with a space", "entry.unreadable")(lambda held: held.replace(ENTRIES, b'"v":1', b'"v": 1'))
each("the last line without an end", "entry.unreadable")(lambda held: held.files.update({ENTRIES: held.files[ENTRIES][:-1]}))
twin("an entry as deep as may be", "entry.chain")(record(lambda entries: entries[9]["data"].update(deep=nested(98))))
each("an entry nested too deeply", "entry.unreadable")(record(lambda entries: entries[9]["data"].update(deep=nested(99))))
twin("an entry nested as no program can read", "entry.unreadable")(
    lambda held: held.replace(ENTRIES, b'"data":{', b'"data":{"a":' + b"[" * 5000 + b"]" * 5000 + b",")
)
each("an entry of another envelope", "entry.stream")(record(lambda entries: entries[9].update(stream="house")))
each("an entry left out", "entry.gap")(record(lambda entries: entries.pop(9)))
each("two entries exchanged", "entry.gap")(record(lambda entries: entries.insert(9, entries.pop(10))))
each("an entry changed", "entry.chain")(record(lambda entries: entries[9]["data"].update(kind="M99")))
each("the time of an entry", "entry.chain")(record(lambda entries: entries[5].update(at="2026-01-01T00:00:00.000000Z")))
each("personal data of an entry", "entry.personal")(lambda held: held.replace("ledger/personal.json", b"192.0.2.10", b"192.0.2.11"))
each("personal data for an entry without", "entry.personal")(
    lambda held: held.edit("ledger/personal.json", lambda told: told["entries"].insert(0, {**told["entries"][0], "seq": 1}))
)
each("an entry changed, and the chain", "proof.inclusion")(rechained(lambda entries: entries[7]["by"].update(id="x")))
each("the last entry changed", "proof.inclusion", "delivery.unknown")(
    record(lambda entries: entries[-1].update(at="2026-01-01T00:00:00.000000Z"))
)

# Told anew by the house itself, with its keys and a new timestamp: only what the files say contradicts it.
twin("sent to others", "entry.sent")(rewritten(lambda entries: of(entries, "envelope.sent")["data"]["slots"][0].update(order=9)))
twin("asked for a proof that is none", "entry.sent")(
    rewritten(lambda entries: of(entries, "envelope.sent")["data"]["slots"][0].update(proof="wax"))
)
twin("asked for a passkey that was not used", "entry.consent")(
    rewritten(lambda entries: of(entries, "envelope.sent")["data"]["slots"][1].update(proof="passkey"))
)
twin("never sent", "entry.sent")(rewritten(lambda entries: without(entries, "envelope.sent")))
twin("frozen otherwise", "entry.frozen")(rewritten(lambda entries: of(entries, "document.frozen")["data"].update(sha256="00" * 32)))
twin("frozen twice", "entry.frozen")(
    rewritten(
        lambda entries: entries.append(
            {
                **of(entries, "document.frozen"),
                "data": {"document": of(entries, "document.frozen")["data"]["document"], "sha256": "00" * 32},
            }
        )
    )
)
twin("never consented", "entry.consent")(rewritten(lambda entries: without(entries, "recipient.consented")))
twin("consented to something else", "entry.consent")(
    rewritten(lambda entries: of(entries, "recipient.consented")["data"].update(digest="00" * 32))
)
twin("never sealed", "entry.sealed")(rewritten(lambda entries: without(entries, "document.sealed")))
twin("never closed", "entry.closed")(rewritten(lambda entries: without(entries, "document.closed")))
twin("never concluded", "entry.concluded")(rewritten(lambda entries: without(entries, "envelope.concluded")))
twin("concluded under another number", "entry.concluded")(
    rewritten(lambda entries: of(entries, "envelope.concluded")["data"].update(certificate="AAAA-AAAA-AAAA-AAAA"))
)
twin("another certificate's number", "entry.concluded")(lambda held: held.manifest["certificate"].update(number="AAAA-AAAA-AAAA-AAAA"))
twin("concluded twice", "entry.concluded")(rewritten(lambda entries: entries.append(of(entries, "envelope.concluded").copy())))

# --------------------------------------------------------------------------------------------------------- the log

NOTE, TOKEN, PROOFS, LOG_KEY = "ledger/checkpoint.txt", "ledger/checkpoint.tst", "ledger/proofs.json", "ledger/log-key.txt"


each("a log key that is none", "log.key")(lambda held: held.replace(LOG_KEY, b"+", b" "))
each("a log key under another name", "log.key")(lambda held: held.replace(LOG_KEY, b"example", b"sample"))
each("another log key", "checkpoint.signature")(lambda held: held.other_key())
each("a checkpoint that is none", "checkpoint.unreadable")(lambda held: held.replace(NOTE, b"\n\n", b"\n"))
each("a checkpoint of another log", "checkpoint.signature")(lambda held: held.replace(NOTE, b"/e1\n", b"/e2\n"))
each("a checkpoint's timestamp of something else", "checkpoint.token")(
    lambda held: held.files.update({TOKEN: held.files["ledger/earlier/1.tst"]})
)
each("a path that leads elsewhere", "proof.inclusion")(lambda held: held.edit(PROOFS, lambda told: told["leaves"][3].update(index=0)))
each("a path cut short", "proof.inclusion")(lambda held: held.edit(PROOFS, lambda told: told["leaves"][3]["path"].pop()))
each("a path too few", "proof.missing")(lambda held: held.edit(PROOFS, lambda told: told["leaves"].pop(3)))
each("proofs for a tree of another size", "proof.unreadable", "checkpoint.concluded")(
    lambda held: held.edit(PROOFS, lambda told: told.update(size=told["size"] + 1))
)
each("an earlier tree that does not fit", "checkpoint.consistency", "checkpoint.concluded")(
    lambda held: held.edit(PROOFS, lambda told: told["earlier"][0]["path"].pop())
)


@each("a checkpoint of another tree", "checkpoint.signature")
def _other_root(held: Bench) -> None:
    lines = held.files[NOTE].split(b"\n")
    lines[2] = (b"A" if lines[2][:1] != b"A" else b"B") + lines[2][1:]
    held.files[NOTE] = b"\n".join(lines)


@twin("the tree of the conclusion left out", "checkpoint.concluded")
def _(held: Bench) -> None:
    for ending in ("txt", "tst"):
        del held.files[f"ledger/earlier/1.{ending}"]
    held.edit(PROOFS, lambda told: told["earlier"].clear())


@twin("a log begun anew beside the old checkpoint", "checkpoint.consistency", "checkpoint.concluded")
def _(held: Bench) -> None:
    held.rewrite(lambda entries: without(entries, "document.shown"), earlier=True)


def mailed(size: int | None = None, *, root: bytes | None = None, seed: bytes = b"") -> Callable[[], bytes]:
    """The checkpoint that a completion mail carried; or what it would be had the house told something else."""

    def make() -> bytes:
        held = bench()
        note = held.files["ledger/earlier/1.txt"].decode()
        said = parse_checkpoint(split_note(note)[0])
        text = checkpoint_text(said.origin, size or said.size, said.root if root is None else root)
        return sign_note(text, said.origin, seed or log_seed()).encode()

    return make


twin("a mail that says otherwise", "checkpoint.mail", checkpoint=mailed(root=bytes(32)))(lambda held: None)
twin("a mail by another house", "checkpoint.mail", checkpoint=mailed(seed=bytes(32)))(lambda held: None)
twin("a mail of another size", "checkpoint.unrelated", checkpoint=mailed(7))(lambda held: None)


twin("a log begun anew, held against yesterday's mail", "checkpoint.unrelated", checkpoint=mailed())(
    rewritten(lambda entries: without(entries, "document.shown"))
)
twin(
    "a log key that is published otherwise",
    "log.key_other",
    log_key="keiyaku.example.jp/log/e1+00d8ef4c+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
)(lambda held: None)
TWINS.append(
    Twin(
        "a root that the reader does not trust",
        ("chain.untrusted",),
        whole,
        root=lambda: authority().seal_credential.certificate,
    )
)

# ------------------------------------------------------------------------------------------- letters and the copies

MAILS = "mail/deliveries.json"


def _mail(held: Bench, **said: Any) -> None:
    held.edit(MAILS, lambda told: told["mails"][0].update(said))


each("a mail that did not arrive", "delivery.unknown")(lambda held: _mail(held, result="refused"))
each("a mail to somebody else", "delivery.unknown")(lambda held: _mail(held, to="nobody@example.jp"))
each("a mail of another day", "delivery.unknown")(lambda held: _mail(held, at="2026-01-01T00:00:00.000000Z"))
each("a mail that no entry knows", "delivery.unknown", "delivery.missing")(lambda held: _mail(held, seq=1))
each("a mail left out", "delivery.missing")(lambda held: held.edit(MAILS, lambda told: told["mails"].pop()))
each("a list of mails that is none", "delivery.unreadable")(lambda held: held.edit(MAILS, lambda told: told.update(mails={})))


def _first(held: Bench, folder: str) -> str:
    return next(name for name in sorted(held.files) if name.startswith(folder))


@twin("a token under another name", "material.name", "material.unknown", "material.missing")
def _(held: Bench) -> None:
    name = _first(held, "tokens/")
    held.files[f"tokens/{'0' * 64}.tst"] = held.files.pop(name)


@twin("an answer that is none", "material.unreadable")
def _(held: Bench) -> None:
    content = b"an answer"
    held.files[f"revocation/{hashlib.sha256(content).hexdigest()}.ocsp"] = content


@twin("a token of something else", "material.unknown")
def _(held: Bench) -> None:
    content = stamp(bytes(32), at=held.stamped_at)
    held.files[f"tokens/{hashlib.sha256(content).hexdigest()}.tst"] = content


twin("a token left out", "material.missing")(lambda held: held.files.pop(_first(held, "tokens/")))
twin("the root left out", "token.chain", "checkpoint.token", "material.missing")(
    lambda held: held.files.pop(f"certificates/{held.manifest['roots'][0]['sha256']}.der")
)


# Those that somebody thought of who holds every key but the authority's.
from offline import forgeries  # noqa: E402, F401
