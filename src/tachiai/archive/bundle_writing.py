"""Writing an evidence bundle, version 1 (docs/formats/evidence-bundle.md): what was gathered becomes one narrow ZIP."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tachiai import offline
from tachiai.archive.bundle_readme import readme
from tachiai.clock import JAPAN
from tachiai.crypto.bundle_material import Material
from tachiai.crypto.canonical import canonical
from tachiai.ledger import RawEntry

VERIFIERS = ("tachiai_verify.py", "tachiai_verify.html")
OFFLINE = Path(offline.__path__[0])


@dataclass(frozen=True)
class BundledDocument:
    """A concluded document: its id and name, its bytes, and how many of them were uploaded and frozen, with their digests."""

    id: str
    name: str
    pdf: bytes
    upload: tuple[int, bytes]
    frozen: tuple[int, bytes]


@dataclass(frozen=True)
class BundledSigner:
    """One slot: whose it is, the consent as it stands, what it commits to (salt and canonical JSON, or empty), a passkey's assertion.

    ``documents`` are those that bear the slot, where not all of them do.
    """

    slot: int
    order: int
    recipient: str
    consent: bytes
    salt: bytes
    personal: bytes
    passkey: bytes = b""
    documents: Sequence[str] = ()


@dataclass(frozen=True)
class BundledRoot:
    """A root certificate (DER) and what it is trusted for."""

    certificate: bytes
    uses: tuple[str, ...]
    embedded: bool
    accredited: bool


@dataclass(frozen=True)
class BundledCheckpoint:
    """A signed note and its token; ``path`` leads from it to the bundle's own checkpoint (empty for that one)."""

    size: int
    note: str
    token: bytes
    path: Sequence[bytes] = ()


@dataclass(frozen=True)
class LogProof:
    """The log's key, the checkpoint, each entry's place and path in its order, and earlier checkpoints."""

    key: str
    checkpoint: BundledCheckpoint
    leaves: Sequence[tuple[int, Sequence[bytes]]]
    earlier: Sequence[BundledCheckpoint] = ()


@dataclass(frozen=True)
class Bundled:
    """Everything that goes into a bundle. ``house``: operator, organization, address; ``envelope``: id, number, name, 締結日時."""

    made_at: datetime
    house: tuple[str, str, str]
    envelope: tuple[str, str, str, datetime]
    documents: Sequence[BundledDocument]
    certificate: tuple[str, bytes, int]
    signers: Sequence[BundledSigner]
    roots: Sequence[BundledRoot]
    entries: Sequence[RawEntry]
    log: LogProof
    material: Material


@dataclass
class _Packing:
    """The ZIP as it grows, and what its manifest will say of each file."""

    archive: zipfile.ZipFile
    moment: tuple[int, int, int, int, int, int]
    files: list[dict[str, object]] = field(default_factory=list)

    def put(self, path: str, content: bytes) -> None:
        self.files.append({"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)})
        self._write(path, content)

    def close(self, manifest: dict[str, object]) -> None:
        self.files.sort(key=lambda held: str(held["path"]))
        self._write("manifest.json", canonical({**manifest, "files": self.files}))

    def _write(self, path: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(path, self.moment)
        entry.external_attr = 0o644 << 16
        self.archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=6)


def write_bundle(out: IO[bytes], held: Bundled) -> None:
    """Write ``held`` to ``out``, which has to be seekable: a bundle has no data descriptors."""
    year, month, day, hour, minute, second = held.made_at.astimezone(JAPAN).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        packing = _Packing(archive, (year, month, day, hour, minute, second))
        for language in ("ja", "en"):
            packing.put(f"README.{language}.txt", readme(held, language).encode())
        for place, document in enumerate(held.documents, start=1):
            packing.put(f"documents/{place:02d}.pdf", document.pdf)
        packing.put("certificate.pdf", held.certificate[1])
        _put_ledger(packing, held)
        _put_consents(packing, held.signers)
        _put_material(packing, held)
        for name in VERIFIERS:
            if (OFFLINE / name).exists():
                packing.put(f"verify/{name}", (OFFLINE / name).read_bytes())
        packing.close(_manifest(held))


def _manifest(held: Bundled) -> dict[str, object]:
    number, pdf, paper = held.certificate
    return {
        "v": 1,
        "kind": "tachiai-evidence-bundle",
        "made_at": _instant(held.made_at),
        "house": dict(zip(("operator", "organization", "url"), held.house, strict=True)),
        "envelope": {
            **dict(zip(("id", "number", "name"), held.envelope[:3], strict=True)),
            "concluded_at": _instant(held.envelope[3]),
        },
        "documents": [_document_told(place, document) for place, document in enumerate(held.documents, start=1)],
        "certificate": {"path": "certificate.pdf", "number": number, "paper_size": paper, **_identity(pdf)},
        "signers": [_signer_told(one) for one in held.signers],
        "roots": sorted((_root_told(root) for root in held.roots), key=lambda told: str(told["sha256"])),
    }


def _signer_told(one: BundledSigner) -> dict[str, object]:
    theirs = {"documents": list(one.documents)} if one.documents else {}
    return {"slot": one.slot, "order": one.order, "recipient": one.recipient, **theirs}


def _document_told(place: int, document: BundledDocument) -> dict[str, object]:
    return {
        "document": document.id,
        "name": document.name,
        "path": f"documents/{place:02d}.pdf",
        "upload_size": document.upload[0],
        "upload_sha256": document.upload[1].hex(),
        "frozen_size": document.frozen[0],
        "frozen_sha256": document.frozen[1].hex(),
        **_identity(document.pdf),
    }


def _identity(content: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _root_told(root: BundledRoot) -> dict[str, object]:
    digest = hashlib.sha256(root.certificate).hexdigest()
    return {"sha256": digest, "uses": list(root.uses), "embedded": root.embedded, "accredited": root.accredited}


def _put_ledger(packing: _Packing, held: Bundled) -> None:
    packing.put("ledger/entries.jsonl", b"".join(entry.body + b"\n" for entry in held.entries))
    personal = [
        {"seq": entry.number, "salt": entry.salt.hex(), "personal": entry.personal.decode()} for entry in held.entries if entry.personal
    ]
    packing.put("ledger/personal.json", canonical({"v": 1, "entries": personal}))
    log = held.log
    leaves = [
        {"seq": entry.number, "index": index, "path": [node.hex() for node in path]}
        for entry, (index, path) in zip(held.entries, log.leaves, strict=True)
    ]
    earlier = [
        {"number": number, "size": one.size, "path": [node.hex() for node in one.path]} for number, one in enumerate(log.earlier, start=1)
    ]
    packing.put("ledger/proofs.json", canonical({"v": 1, "size": log.checkpoint.size, "leaves": leaves, "earlier": earlier}))
    named = {"checkpoint": log.checkpoint, **{f"earlier/{number}": one for number, one in enumerate(log.earlier, start=1)}}
    for name, one in named.items():
        packing.put(f"ledger/{name}.txt", one.note.encode())
        packing.put(f"ledger/{name}.tst", one.token)
    packing.put("ledger/log-key.txt", f"{log.key}\n".encode())
    packing.put("mail/deliveries.json", canonical({"v": 1, "mails": list(_deliveries(held.entries))}))


def _deliveries(entries: Iterable[RawEntry]) -> Iterable[dict[str, object]]:
    """What became of each mail, as its entry has it: nothing is told here that the log does not hold."""
    for entry in entries:
        told = entry.told()
        event = str(told["event"])
        if event in ("mail.accepted", "mail.refused"):
            personal = entry.told_personal()
            yield {
                "seq": entry.number,
                "mail": told["data"]["mail"],
                "kind": told["data"]["kind"],
                "result": event.removeprefix("mail."),
                "at": told["at"],
                **{name: personal.get(name) for name in ("to", "reply", "message_id")},
            }


def _put_consents(packing: _Packing, signers: Sequence[BundledSigner]) -> None:
    for one in signers:
        packing.put(f"consents/{one.slot}.json", one.consent)
        if one.personal:
            told = {"v": 1, "salt": one.salt.hex(), "personal": one.personal.decode()}
            packing.put(f"consents/{one.slot}.personal.json", canonical(told))
        if one.passkey:
            packing.put(f"consents/{one.slot}.passkey.json", one.passkey)


def _put_material(packing: _Packing, held: Bundled) -> None:
    material = held.material
    certificates = dict.fromkeys((*material.certificates, *(root.certificate for root in held.roots)))
    folders = (
        ("certificates", "der", certificates),
        ("revocation", "ocsp", material.ocsps),
        ("revocation", "crl", material.crls),
        ("tokens", "tst", material.tokens),
    )
    for folder, ending, kept in folders:
        for content in kept:
            packing.put(f"{folder}/{hashlib.sha256(content).hexdigest()}.{ending}", content)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
