"""A bundle taken apart, to be broken and put together again; with the vector's keys, whatever the house itself could forge."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from binascii import hexlify, unhexlify
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from offline.confirming import Passkey
from tachiai.crypto import cms, der
from tachiai.crypto.authority import EmbeddedAuthority, load_authority
from tachiai.crypto.canonical import canonical
from tachiai.crypto.merkle import consistency_proof, inclusion_proof, leaf_hash, nodes_over, root_of
from tachiai.crypto.signed_notes import checkpoint_text, parse_checkpoint, sign_note, split_note, verifier_key

VECTOR = Path(__file__).parent.parent / "vectors" / "bundles"
BUNDLE = VECTOR / "bundle-v1.zip"
DOCUMENT = "documents/01.pdf"


@cache
def authority() -> EmbeddedAuthority:
    return load_authority(VECTOR / "keys" / "authority")


@cache
def log_seed() -> bytes:
    return bytes.fromhex((VECTOR / "keys" / "log.key").read_text().strip())


@cache
def passkey() -> Passkey:
    return Passkey.read((VECTOR / "keys" / "passkey.pem").read_bytes())


class Bench:
    """The files of a bundle by name; what is changed here is told in the manifest again unless a test leaves it."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest: dict[str, Any] = json.loads(self.files["manifest.json"])

    def json(self, path: str) -> Any:
        return json.loads(self.files[path])

    def write(self, path: str, told: Any) -> None:
        self.files[path] = canonical(told)

    def edit(self, path: str, change: Callable[[Any], Any]) -> None:
        """A JSON file, changed in place by ``change`` and written as it must be."""
        told = self.json(path)
        change(told)
        self.write(path, told)

    def replace(self, path: str, old: bytes, new: bytes) -> None:
        assert old in self.files[path], "what a twin changes is there"
        self.files[path] = self.files[path].replace(old, new, 1)

    def packed(self, *, recomputed: bool = True) -> bytes:
        """The ZIP; ``recomputed``: the manifest lists what is there now, and the concluded files as they are now."""
        if recomputed:
            self.recompute()
        return pack(self.files)

    def recompute(self) -> None:
        told = self.manifest
        for held in (*told["documents"], told["certificate"]):
            if held["path"] in self.files:
                held.update(_identity(self.files[held["path"]]))
        names = sorted(name for name in self.files if name != "manifest.json")
        told["files"] = [{"path": name, **_identity(self.files[name])} for name in names]
        self.write("manifest.json", told)

    # ------------------------------------------------------------------------------------------------ the record

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files["ledger/entries.jsonl"].splitlines()]

    def write_entries(self, entries: list[dict[str, Any]]) -> None:
        self.files["ledger/entries.jsonl"] = b"".join(canonical(entry) + b"\n" for entry in entries)

    def entry(self, event: str) -> dict[str, Any]:
        return next(entry for entry in self.entries if entry["event"] == event)

    def chain_again(self, entries: list[dict[str, Any]]) -> None:
        """Number and chain ``entries`` as if they had always been so."""
        previous = bytes(32)
        for number, entry in enumerate(entries, start=1):
            entry |= {"seq": number, "previous": previous.hex()}
            previous = leaf_hash(canonical(entry))
        self.write_entries(entries)

    def rewrite(self, change: Callable[[list[dict[str, Any]]], Any], *, seed: bytes = b"", earlier: bool = False) -> None:
        """The whole record told anew, chained, in a tree of its own, signed and stamped: what only the house could do.

        ``earlier``: the earlier checkpoint is left as it was.
        """
        entries = self.entries
        change(entries)
        self._renumber({entry["seq"]: number for number, entry in reversed(list(enumerate(entries, start=1)))})
        if not earlier:
            for entry in entries:
                entry["data"].pop("checkpoint", None)
        self.chain_again(entries)
        leaves = [leaf_hash(line) for line in self.files["ledger/entries.jsonl"].splitlines()]
        node, size = nodes_over(leaves), len(leaves)
        kept = self.json("ledger/proofs.json")["earlier"] if earlier else []
        for path in [] if earlier else [name for name in self.files if name.startswith("ledger/earlier/")]:
            del self.files[path]
        told = [{"seq": at + 1, "index": at, "path": [one.hex() for one in inclusion_proof(at, size, node)]} for at in range(size)]
        self.write("ledger/proofs.json", {"v": 1, "size": size, "leaves": told, "earlier": kept})
        self.sign("ledger/checkpoint", size, root_of(leaves), seed=seed)

    def tell_again(self, change: Callable[[list[dict[str, Any]]], Any]) -> None:
        """The record as it was, in the tree under which it was concluded; and told anew by ``change`` in the same tree, which grew on.

        Nothing in that log was rewritten: it only holds two records of one envelope, and the bundle shows the second.
        """
        true = self.entries
        count = max(entry["seq"] for entry in true if entry["event"] == "document.closed")
        leaves = [leaf_hash(line) for line in self.files["ledger/entries.jsonl"].splitlines()][:count]
        named = next(entry for entry in true if entry["event"] == "envelope.concluded")["data"]["checkpoint"]
        named.update(size=count, root=root_of(leaves).hex())
        change(true)
        self._renumber({entry["seq"]: number for number, entry in enumerate(true, start=1)})
        self.chain_again(true)
        leaves += [leaf_hash(line) for line in self.files["ledger/entries.jsonl"].splitlines()]
        node, size = nodes_over(leaves), len(leaves)
        told = [
            {"seq": at - count + 1, "index": at, "path": [one.hex() for one in inclusion_proof(at, size, node)]}
            for at in range(count, size)
        ]
        earlier = {"number": 1, "size": count, "path": [one.hex() for one in consistency_proof(count, size, node)]}
        self.write("ledger/proofs.json", {"v": 1, "size": size, "leaves": told, "earlier": [earlier]})
        self.sign("ledger/earlier/1", count, root_of(leaves[:count]))
        self.sign("ledger/checkpoint", size, root_of(leaves))

    def stamp_again(self, *, at: datetime) -> None:
        """Both checkpoints stamped at another time."""
        for path in ("ledger/checkpoint", "ledger/earlier/1"):
            self.files[f"{path}.tst"] = stamp(hashlib.sha256(self.files[f"{path}.txt"]).digest(), at=at)

    def _renumber(self, numbers: dict[int, int]) -> None:
        """What is told of entries by number follows them; what was told of one that is gone is gone."""
        for path, name in (("ledger/personal.json", "entries"), ("mail/deliveries.json", "mails")):
            told = self.json(path)
            kept = [{**one, "seq": numbers[one["seq"]]} for one in told[name] if one["seq"] in numbers]
            self.write(path, {**told, name: sorted(kept, key=lambda one: one["seq"])})

    def sign(self, path: str, size: int, root: bytes, *, seed: bytes = b"", token: bytes = b"") -> None:
        """A checkpoint at ``path`` over this tree, with its token."""
        origin = parse_checkpoint(split_note(self.files["ledger/checkpoint.txt"].decode())[0]).origin
        note = sign_note(checkpoint_text(origin, size, root), origin, seed or log_seed())
        self.files[f"{path}.txt"] = note.encode()
        self.files[f"{path}.tst"] = token or stamp(hashlib.sha256(note.encode()).digest(), at=self.stamped_at)

    @property
    def stamped_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["made_at"].replace("Z", "+00:00"))

    def other_key(self) -> None:
        """Another key of the same name: everything that is signed after it is another's."""
        origin = parse_checkpoint(split_note(self.files["ledger/checkpoint.txt"].decode())[0]).origin
        self.files["ledger/log-key.txt"] = (verifier_key(origin, bytes(32)) + "\n").encode()

    # -------------------------------------------------------------------------------------------------- the PDFs

    def contents(self, path: str, number: int) -> tuple[int, int]:
        """Where the hexadecimal digits of the ``number``-th signature's /Contents stand."""
        tail = self.upload_size(path)
        found = list(re.compile(rb"/Contents <([0-9a-f]{2000,})>").finditer(self.files[path], tail))
        return found[number].span(1)

    def upload_size(self, path: str) -> int:
        return next((held["upload_size"] for held in self.manifest["documents"] if held["path"] == path), 0) or int(
            self.manifest["certificate"]["paper_size"]
        )

    def signature(self, path: str, number: int) -> bytes:
        start, end = self.contents(path, number)
        return der.read_first(unhexlify(self.files[path][start:end]))[0].raw

    def put_signature(self, path: str, number: int, content: bytes) -> None:
        start, end = self.contents(path, number)
        digits = hexlify(content).ljust(end - start, b"0")
        assert len(digits) == end - start, "it fits where the other stood"
        self.files[path] = self.files[path][:start] + digits + self.files[path][end:]

    def change_signature(self, path: str, number: int, change: Callable[[bytes], bytes]) -> None:
        self.put_signature(path, number, change(self.signature(path, number)))

    def ends(self, path: str) -> list[int]:
        """Where the revisions behind the upload end."""
        return [found.end() for found in re.compile(rb"%%EOF\n").finditer(self.files[path], self.upload_size(path))]

    def cut(self, path: str, revisions: int) -> None:
        """Leave the upload and this many revisions of it."""
        self.files[path] = self.files[path][: self.ends(path)[revisions - 1] if revisions else self.upload_size(path)]

    def form(self, path: str) -> tuple[int, int, bytes]:
        """The numbers of the catalogue and of the form, and the form as the last section has it."""
        pdf = self.files[path]
        root = _root(pdf)
        number = _form_at(pdf, root)
        return root, number, _object(pdf, number)

    def object(self, path: str, number: int) -> bytes:
        return _object(self.files[path], number)

    def append_stamp(self, path: str, *, at: datetime, more: dict[int, bytes] | None = None, proofs: tuple[list[bytes], ...] = ()) -> None:
        """One more revision with a document timestamp of the house's authority, and whatever else a forger puts into it or before it."""
        pdf = self.files[path]
        if proofs:
            pdf = _store_appended(pdf, proofs)
        self.files[path] = _stamp_appended(pdf, at=at, more=more or {})


def _identity(content: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def stamp(digest: bytes, *, at: datetime) -> bytes:
    """A token of the vector's authority."""
    return authority().timestamper.timestamp(digest, at=at).der


def revoked_answers(at: datetime, since: datetime) -> list[bytes]:
    """OCSP answers that say that the seal's certificate was revoked, and that the authority's was not."""
    from tachiai.crypto.chains import certificate
    from tachiai.crypto.revocation import EmbeddedRevocation

    found = authority()
    serial = certificate(found.seal_credential.certificate).serial_number
    source = EmbeddedRevocation(found.root.certificate, responder=found.responder_credential, revoked={serial: since})
    return [source.answer(one.certificate, at=at) for one in (found.seal_credential, found.stamp_credential)]


def without_token(signature: bytes) -> bytes:
    """The SignedData without its unsigned attributes."""
    return with_token(signature, None)


def with_token(signature: bytes, token: bytes | None) -> bytes:
    """The SignedData with another token in the place of its own."""
    kind, wrapped = der.read(signature).children()
    members = wrapped.only_child().children()
    parts = [part.raw for part in members[-1].only_child().children()][:6]
    if token is not None:
        parts.append(der.tlv(0xA1, cms.attribute(cms.SIGNATURE_TIME_STAMP, token)))
    infos = der.tlv(der.SET, der.sequence(*parts))
    return der.sequence(kind.raw, der.explicit(0, der.sequence(*(member.raw for member in members[:-1]), infos)))


def token_of(signature: bytes) -> bytes:
    return cms.read_signed_data(signature).signer.unsigned[cms.SIGNATURE_TIME_STAMP][0].raw


# ----------------------------------------------------------------------------------------- revisions of a forger's


def _last(pdf: bytes, pattern: bytes) -> re.Match[bytes]:
    return list(re.compile(pattern).finditer(pdf))[-1]


def _object(pdf: bytes, number: int) -> bytes:
    return _last(pdf, rb"(?<=\n)%d 0 obj\n((?s:.*?))\nendobj\n" % number)[1]


def section(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """``pdf`` with one more revision: a classic table, as the vector's file has them."""
    at = int(_last(pdf, rb"startxref\n([0-9]+)\n%%EOF")[1])
    trailer = _last(pdf, rb"trailer\n<< (?s:(.*?)) >>\nstartxref")[1]
    size = int(re.search(rb"/Size ([0-9]+)", trailer)[1])  # type: ignore[index]
    out, offsets = bytearray(pdf), {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table, last = b"xref\n", None
    numbers = sorted(objects)
    for number in numbers:
        if last is None or number != last + 1:
            run = next(n for n in range(1, 10000) if number + n not in objects)
            table += b"%d %d\n" % (number, run)
        table += b"%010d 00000 n \n" % offsets[number]
        last = number
    place = len(out)
    told = re.sub(rb"/Size [0-9]+", b"/Size %d" % max(size, numbers[-1] + 1), trailer)
    told = re.sub(rb"/Prev [0-9]+", b"/Prev %d" % at, told)
    return bytes(out + table + b"trailer\n<< " + told + b" >>\nstartxref\n%d\n%%%%EOF\n" % place)


def _size(pdf: bytes) -> int:
    return int(_last(pdf, rb"trailer\n<< (?s:.*?)/Size ([0-9]+)")[1])


def _root(pdf: bytes) -> int:
    return int(_last(pdf, rb"/Root ([0-9]+) 0 R")[1])


def _form_at(pdf: bytes, root: int) -> int:
    return int(re.search(rb"/AcroForm ([0-9]+) 0 R", _object(pdf, root))[1])  # type: ignore[index]


def _store_appended(pdf: bytes, proofs: tuple[list[bytes], ...]) -> bytes:
    """A revision with a /DSS of exactly these certificates and OCSP answers."""
    first, root = _size(pdf), _root(pdf)
    streams = [one for kind in proofs for one in kind]
    objects = {first + at: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(one), one) for at, one in enumerate(streams)}
    references = [b"%d 0 R" % number for number in objects]
    count = len(proofs[0])
    at = first + len(streams)
    objects[at] = b"<< /Type /DSS /Certs [%b] /OCSPs [%b] >>" % (b" ".join(references[:count]), b" ".join(references[count:]))
    catalogue = re.sub(rb" /DSS [0-9]+ 0 R", b"", _object(pdf, root))
    objects[root] = catalogue.rstrip()[:-2].rstrip() + b" /DSS %d 0 R >>" % at
    return section(pdf, objects)


def _stamp_appended(pdf: bytes, *, at: datetime, more: dict[int, bytes]) -> bytes:
    """A revision with a document timestamp, and ``more`` objects."""
    form_at = _form_at(pdf, _root(pdf))
    number = len(re.findall(rb"\(TachiaiArchive[0-9]+\)|<54616368696169417263686976", pdf)) + 1
    first = _size(pdf)
    room = 8000
    value = b"<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange [%b] /Contents <%b> >>"
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /F 132 /Rect [0 0 0 0] /T (TachiaiArchive%d) /V %d 0 R >>" % (number, first)
    form = re.sub(rb"/Fields \[(.*?)\]", lambda found: b"/Fields [" + found[1] + b" %d 0 R]" % (first + 1), _object(pdf, form_at))
    objects = {first: value % (b" " * 60, b"0" * room), first + 1: field, form_at: form, **more}
    made = section(pdf, objects)
    start = made.index(b"<" + b"0" * room, len(pdf))
    end = start + room + 2
    ranges = (b"0 %d %d %d" % (start, end, len(made) - end)).ljust(60)
    made = made.replace(b"[" + b" " * 60 + b"]", b"[" + ranges + b"]", 1)
    token = stamp(hashlib.sha256(made[:start] + made[end:]).digest(), at=at)
    return made[: start + 1] + hexlify(token).ljust(room, b"0") + made[end - 1 :]


# ------------------------------------------------------------------------------------------------------- raw ZIPs


def pack(files: dict[str, bytes]) -> bytes:
    return pack_raw([(name.encode(), content) for name, content in files.items()])


def pack_raw(
    entries: list[tuple[bytes, bytes]],
    *,
    flags: int = 0,
    sizes: dict[bytes, int] | None = None,
    crcs: dict[bytes, int] | None = None,
    local_names: dict[bytes, bytes] | None = None,
    comment: bytes = b"",
) -> bytes:
    """A ZIP written byte by byte, so that it can also say what no library would."""
    body, directory = b"", b""
    for name, content in entries:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        held = packer.compress(content) + packer.flush()
        size, crc = (sizes or {}).get(name, len(content)), (crcs or {}).get(name, zlib.crc32(content))
        inner = (local_names or {}).get(name, name)
        common = struct.pack("<HHHHIII", flags, 8, 0, 0x5A21, crc, len(held), size)
        directory += (
            b"PK\x01\x02" + struct.pack("<HH", 20, 20) + common + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, len(body)) + name
        )
        body += b"PK\x03\x04" + struct.pack("<H", 20) + common + struct.pack("<HH", len(inner), 0) + inner + held
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), len(comment))
    return body + directory + b"PK\x05\x06" + end + comment


def later(bench: Bench) -> datetime:
    return (bench.stamped_at + timedelta(minutes=1)).astimezone(UTC)
