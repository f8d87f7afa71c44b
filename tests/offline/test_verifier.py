"""The verifier that travels: what it accepts, what it refuses and by which name, and that it needs nothing but its one file."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from offline.bench import BUNDLE, VECTOR, Bench
from offline.twins import AT, TWINS, Twin, asked
from tachiai.offline import tachiai_verify
from tachiai.offline.tachiai_verify import Reader, verify_bundle

PROGRAM = Path(tachiai_verify.__file__)
# Whoever opens a socket is told that there is none.
ALONE = "import socket, sys, runpy\nsocket.socket = None\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"


def codes(answer: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(problem["code"] for problem in answer["problems"]))


@pytest.mark.parametrize("twin", TWINS, ids=[twin.name for twin in TWINS])
def test_every_twin_is_refused_by_its_own_name(twin: Twin) -> None:
    _, answer = asked(twin)
    assert codes(answer) == twin.codes
    assert answer["verdict"] in ("false", "unusable")


def test_every_code_has_a_twin_and_words_in_both_languages() -> None:
    # What was filled in is altered in a bundle of its own (test_filled_bundles.py): this one has no input fields.
    told = {code for twin in TWINS for code in twin.codes} | {"consent.values"}
    assert told == set(tachiai_verify.SENTENCES)
    page = (Path(__file__).parents[2] / "docs" / "formats" / "evidence-bundle.md").read_text()
    assert not [code for code in told if f"`{code}`" not in page]
    assert all(japanese and english for japanese, english in tachiai_verify.SENTENCES.values())


def test_the_vector_answers_as_it_did() -> None:
    answer = verify_bundle(BUNDLE.read_bytes(), Reader(at=AT))
    assert answer == json.loads((VECTOR / "bundle-v1.json").read_text())
    assert answer["verdict"] == "true"


def test_no_bit_of_what_counts_can_be_changed() -> None:
    """One flipped bit in every file at a few places, and a manifest that lists it so: always refused, never a crash."""
    chance = random.Random(20261126)  # noqa: S311  # places, not secrets
    for name in Bench(BUNDLE.read_bytes()).files:
        # A checkpoint's token carries answers about its authority beside what it signs, an assertion two claims beside what it covers:
        # the format page says so.
        if name.startswith(("README", "manifest", "ledger/checkpoint.tst", "ledger/earlier/1.tst", "consents/1.passkey")):
            continue
        for _ in range(2):
            bench = Bench(BUNDLE.read_bytes())
            held = bytearray(bench.files[name])
            place = chance.randrange(len(held))
            held[place] ^= 1 << chance.randrange(8)
            bench.files[name] = bytes(held)
            assert verify_bundle(bench.packed())["verdict"] == "false", f"{name} at {place}"


# Where the upload of each ends, and its slots: a cross-reference stream, signatures of others beneath, a renewal years later.
KINDS = {"house-closed-packed": (1124, [1]), "house-on-others": (14414, [1]), "house-renewed": (1145, [1, 2])}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_that_the_house_makes_is_read(name: str) -> None:
    pdf = (VECTOR.parent / "attacks" / "files" / "honest" / f"{name}.pdf").read_bytes()
    size, slots = KINDS[name]
    read = tachiai_verify.read_pdf(pdf, tachiai_verify.Terms(name, size, "", slots, None))
    assert [one.field for one in read.signatures][:2] == ["TachiaiHouse", "TachiaiSlot001"]
    assert len(read.stores) == len(read.stamps())
    assert all(store[b"/Certs"] for store in read.stores)


def test_a_torn_or_random_file_is_unusable_and_no_crash() -> None:
    content = BUNDLE.read_bytes()
    chance = random.Random(20261127)  # noqa: S311  # places, not secrets
    for _ in range(40):
        held = bytearray(content[: chance.randrange(len(content))]) if chance.random() < 0.5 else bytearray(content)
        if held:
            held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
        assert verify_bundle(bytes(held))["verdict"] != "true"


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    program = [sys.executable, "-I", "-c", ALONE, str(PROGRAM), *arguments]
    return subprocess.run(program, check=False, capture_output=True, input=stdin, env=environment)


def test_the_program_stands_alone(tmp_path: Path) -> None:
    """One file, isolated, without sockets: true, false and unusable by its exit status, words in two languages."""
    fine = run(str(BUNDLE), "--json", "--at", AT.isoformat())
    assert fine.returncode == 0, fine.stderr
    assert json.loads(fine.stdout) == json.loads((VECTOR / "bundle-v1.json").read_text())

    twin = next(twin for twin in TWINS if twin.codes == ("entry.chain",))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(twin.content())
    refused = run(str(broken), "--lang", "ja")
    assert refused.returncode == 1
    assert "操作記録の連鎖が切れています。 [entry.chain]" in refused.stdout.decode()
    assert "FAILED" in run(str(broken), "--lang", "en").stdout.decode()

    assert run(str(PROGRAM)).returncode == 2
    assert run(str(tmp_path / "nowhere.zip")).returncode == 2
    assert run(str(BUNDLE), "--log-key", "nonsense").returncode == 2
    assert list(tmp_path.iterdir()) == [broken]


def test_it_says_what_it_cannot_know_and_what_to_compare(tmp_path: Path) -> None:
    bench = Bench(BUNDLE.read_bytes())
    note, root, key = tmp_path / "note.txt", VECTOR / "keys" / "authority" / "root.pem", bench.files["ledger/log-key.txt"].decode().strip()
    note.write_bytes(bench.files["ledger/earlier/1.txt"].replace(b"\n", b"\r\n"))
    with_all = run("-", "--json", "--checkpoint", str(note), "--root", str(root), "--log-key", key, stdin=BUNDLE.read_bytes())
    answer = json.loads(with_all.stdout)
    assert (with_all.returncode, answer["compare"]["mail"]) == (0, "earlier")
    assert answer["unchecked"] == ["trust.embedded", "trust.accreditation", "trust.content", "revocation.checkpoint"]
    given = run(str(BUNDLE), "--lang", "en", "--root", str(root), "--log-key", key).stdout.decode()
    assert tachiai_verify.BLIND[1] not in given
    assert given.count("compared with yours") == 2
    words = run(str(BUNDLE), "--lang", "en").stdout.decode()
    # Before anything else whose keys these are, and that they prove nothing until they were compared; and once more beside the verdict.
    first, *others = (words.index(said) for said in ("Root SHA-256", "Log key", tachiai_verify.BLIND[1], "[ok]", "=> "))
    assert sorted(others) == others
    assert first < others[0]
    assert words.rstrip().endswith(tachiai_verify.BLIND[1])
    assert bench.manifest["roots"][0]["sha256"] in words
    assert key in words
    assert "it is not accredited and proves nothing against the operator" in words
