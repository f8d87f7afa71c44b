"""Writes ``tests/vectors/evidence-record-v1.json``: a golden record and its broken twins. The keys are fresh, so it is run once:

``PYTHONPATH=tests python -m crypto.evidence_vectors``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from crypto.evidence import Held, generation, january, made
from tachiai.crypto import der, evidence_records
from tachiai.crypto import evidence_writing as writing

TARGET = Path(__file__).parent.parent / "vectors" / "evidence-record-v1.json"
FIRST, SECOND, THIRD = generation(1, 2026), generation(2, 2035), generation(3, 2044, kind="p384")
OBJECTS = ["業務委託契約書（架空）".encode(), "締結証明書（架空）".encode()]


def golden() -> Held:
    held = made([OBJECTS, [b"another"], [b"third"]], FIRST, at=january(2027))[0]
    held = held.timestamp_renewed(SECOND, at=january(2035), beside=[bytes(32)])
    return held.tree_renewed(THIRD, at=january(2044), digest="sha512", beside=[bytes(64)])


def rebuilt(held: Held, chains: tuple[tuple[bytes, ...], ...]) -> bytes:
    return writing.evidence_record(chains, digests=held.digests)


def changed(record: bytes, part: bytes) -> bytes:
    """The last octet of ``part`` flipped where it stands."""
    place = record.index(part) + len(part) - 1
    return record[:place] + bytes((record[place] ^ 1,)) + record[place + 1 :]


def late(held: Held) -> bytes:
    start = made([OBJECTS, [b"another"], [b"third"]], FIRST, at=january(2027))[0]
    return start.timestamp_renewed(SECOND, at=january(2037)).tree_renewed(THIRD, at=january(2044), digest="sha512").der


def stranger(held: Held) -> bytes:
    return made([OBJECTS], generation(9, 2026), at=january(2027))[0].der


def aged(held: Held) -> bytes:
    return Held(held.objects, held.chains[:1], held.digests[:1], held.tokens[:2]).der


def signature(token: bytes) -> bytes:
    return der.read(token).children()[1].only_child().children()[-1].only_child().children()[5].raw


TWINS: dict[str, tuple[str, Callable[[Held], bytes]]] = {
    "a hash of the first list is another": (
        "evidence.other_object",
        lambda held: changed(held.der, der.octet_string(evidence_records.read_record(held.der).stamps[0].lists[0][1])),  # type: ignore[index]
    ),
    "a hash further up is another": (
        "evidence.tree_broken",
        lambda held: changed(held.der, der.octet_string(evidence_records.read_record(held.der).stamps[0].lists[1][0])),  # type: ignore[index]
    ),
    "the second list is left out": (
        "evidence.tree_broken",
        lambda held: rebuilt(held, ((without_second_list(held), held.chains[0][1]), held.chains[1])),
    ),
    "the last token's signature is another": ("evidence.token_broken", lambda held: changed(held.der, signature(held.tokens[2]))),
    "the first token was exchanged": (
        "evidence.tree_broken",
        lambda held: rebuilt(held, ((exchanged(held), held.chains[0][1]), held.chains[1])),
    ),
    "the timestamp renewal is left out": ("evidence.link_broken", lambda held: rebuilt(held, (held.chains[0][:1], held.chains[1]))),
    "the chains are in the wrong order": ("evidence.other_object", lambda held: rebuilt(held, held.chains[::-1])),
    "the stamps are in the wrong order": ("evidence.other_object", lambda held: rebuilt(held, (held.chains[0][::-1], held.chains[1]))),
    "an object is not covered by the new chain": (
        "evidence.link_broken",
        lambda held: (
            Held(OBJECTS[:1], held.chains[:1], held.digests[:1], held.tokens[:2])  # type: ignore[arg-type]
            .tree_renewed(THIRD, at=january(2044), digest="sha512")
            .der
        ),
    ),
    "the renewal came too late": ("evidence.lapsed", late),
    "there was no further renewal": ("evidence.aged", aged),
    "the authority is a stranger": ("evidence.authority_unknown", stranger),
    "the record is cut short": ("evidence.unreadable", lambda held: held.der[:-1]),
    "something follows the record": ("evidence.unreadable", lambda held: held.der + b"\x00"),
}


def without_second_list(held: Held) -> bytes:
    digest, path, token = der.read(held.chains[0][0]).children()
    return der.sequence(digest.raw, der.tlv(0xA2, path.children()[0].raw), token.raw)


def exchanged(held: Held) -> bytes:
    """Another token in the first archive timestamp, over another root."""
    other = made([[b"something else"]], FIRST, at=january(2027))[0]
    path = der.read(held.chains[0][0]).children()[1].raw
    return writing.archive_timestamp(other.tokens[0], digest="sha256", path=path)


def text(held: bytes) -> str:
    return base64.b64encode(held).decode()


def main() -> None:
    held, at = golden(), january(2046)
    proof = held.verify(roots=(FIRST.root, SECOND.root, THIRD.root), at=at, whole=True)
    found = {
        "v": 1,
        "at": at.isoformat(),
        "times": [step.at.isoformat() for step in proof.steps],
        "objects": [text(one) for one in OBJECTS],
        "roots": [text(root) for root in (FIRST.root, SECOND.root, THIRD.root)],
        "record": text(held.der),
        "twins": [{"name": name, "refused": code, "record": text(make(held))} for name, (code, make) in TWINS.items()],
    }
    TARGET.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
