"""Keys in a token: made there, used by many threads and after a fork, and a wrong PIN tried exactly once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeSensitive

from pki import MOMENT, Hierarchy, hierarchy, key
from softhsm import PIN, SoftToken, new_token
from tachiai.crypto import hsm, pins
from tachiai.crypto.authority import issue
from tachiai.crypto.hsm import HsmKey, find_public, generate, open_key
from tachiai.crypto.hsm_sessions import open_token
from tachiai.errors import Outage, Refusal

MESSAGE = b"what is to be signed"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> SoftToken:
    return new_token(tmp_path_factory.mktemp("token"))


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    yield
    pins._refused.clear()


def certified(public: bytes, tree: Hierarchy | None = None) -> bytes:
    """A certificate for a key that only its token holds."""
    tree = tree or hierarchy()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "架空の印")])
    loaded = load_der_public_key(public)
    found = issue(
        name, loaded, issuer=tree.middle.subject, issuer_key=tree.middle_key, at=MOMENT, validity=MOMENT - MOMENT.replace(year=2020)
    )  # type: ignore[arg-type]
    return found.public_bytes(Encoding.DER)


def made(token: SoftToken, name: str, kind: str = "p-256", *, pss: bool = False) -> tuple[HsmKey, bytes]:
    public = generate(token.place, name, kind)
    return open_key(token.place, name, certificate=certified(public), pss=pss), public


def code_of(error: pytest.ExceptionInfo[Refusal]) -> str:
    return error.value.code


@pytest.mark.parametrize(
    ("kind", "pss", "name"),
    [("rsa-2048", False, "RSA-2048"), ("rsa-2048", True, "RSA-PSS-2048"), ("p-256", False, "P-256"), ("p-384", False, "P-384")],
)
def test_signs_by_every_algorithm_as_outside_libraries_expect(token: SoftToken, kind: str, pss: bool, name: str) -> None:
    signing, public = made(token, f"{kind}-{pss}", kind, pss=pss)
    signature = signing.sign(MESSAGE)
    assert repr(signing) == f"HsmKey({name})"
    assert len(signature) <= signing.longest_signature
    loaded = load_der_public_key(public)
    digest = hashes.SHA384() if kind == "p-384" else hashes.SHA256()
    if isinstance(loaded, ec.EllipticCurvePublicKey):
        loaded.verify(signature, MESSAGE, ec.ECDSA(digest))
    elif pss:
        loaded.verify(signature, MESSAGE, padding.PSS(padding.MGF1(digest), 32), digest)  # type: ignore[union-attr, call-arg]
    else:
        loaded.verify(signature, MESSAGE, padding.PKCS1v15(), digest)  # type: ignore[union-attr, call-arg]


@pytest.mark.parametrize(("kind", "pss"), [("rsa-2048", False), ("rsa-2048", True), ("p-384", False)])
def test_signs_through_whichever_mechanism_the_token_offers(
    token: SoftToken, monkeypatch: pytest.MonkeyPatch, kind: str, pss: bool
) -> None:
    """A token that hashes and one that wants the digest give signatures that hold alike."""
    public = generate(token.place, f"other-{kind}-{pss}", kind)
    offered = open_token(token.place).mechanisms()
    preferred, *_ = hsm._mechanism(open_key(token.place, f"other-{kind}-{pss}", certificate=certified(public), pss=pss).algorithm, offered)
    monkeypatch.setattr("tachiai.crypto.hsm_sessions.OpenToken.mechanisms", lambda _self: offered - {preferred})
    if kind == "p-384":
        # This token knows no mechanism that hashes for ECDSA: it is said, not guessed.
        with pytest.raises(Refusal, match=r"key\.unsupported"):
            open_key(token.place, f"other-{kind}-{pss}", certificate=certified(public))
        return
    again = open_key(token.place, f"other-{kind}-{pss}", certificate=certified(public), pss=pss)
    assert again._mechanism != preferred
    assert again.algorithm.holds(load_der_public_key(public), again.sign(MESSAGE), MESSAGE)  # type: ignore[arg-type]


def test_the_key_cannot_leave_the_token(token: SoftToken) -> None:
    generate(token.place, "kept", "rsa-2048")
    with open_token(token.place).session() as held:
        private = held.session.get_key(object_class=ObjectClass.PRIVATE_KEY, label="kept")
        found = {name: private[name] for name in (Attribute.SENSITIVE, Attribute.EXTRACTABLE, Attribute.NEVER_EXTRACTABLE, Attribute.LOCAL)}
        assert list(found.values()) == [True, False, True, True]
        assert not private[Attribute.DECRYPT]
        with pytest.raises(AttributeSensitive):
            private[Attribute.PRIVATE_EXPONENT]


def test_a_name_is_given_once(token: SoftToken) -> None:
    public = generate(token.place, "only", "p-256")
    assert find_public(token.place, "only") == public
    with pytest.raises(Refusal) as refused:
        generate(token.place, "only", "p-256")
    assert code_of(refused) == "key.exists"


def test_many_threads_share_one_login_and_few_sessions(tmp_path: Path) -> None:
    token = new_token(tmp_path, sessions=3)
    signing, public = made(token, "busy", "p-256")
    loaded = load_der_public_key(public)
    with ThreadPoolExecutor(12) as pool:
        signatures = list(pool.map(lambda number: signing.sign(b"%d" % number), range(240)))
    assert all(signing.algorithm.holds(loaded, made, b"%d" % number) for number, made in enumerate(signatures))  # type: ignore[arg-type]
    assert len(open_token(token.place)._free) <= 3


def test_a_forked_child_signs_too(token: SoftToken) -> None:
    signing, public = made(token, "forked", "p-256")
    signing.sign(MESSAGE)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, signing.sign(b"from the child"))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        signature = answers.read()
    os.waitpid(child, 0)
    assert signing.algorithm.holds(load_der_public_key(public), signature, b"from the child")  # type: ignore[arg-type]
    assert signing.sign(MESSAGE)


def test_a_wrong_pin_is_tried_once_and_not_again_before_its_file_is_written_anew(tmp_path: Path) -> None:
    token = new_token(tmp_path)
    token.pin_file.write_text("0000\n")
    with pytest.raises(Refusal) as refused:
        generate(token.place, "none", "p-256")
    assert code_of(refused) == "key.pin_wrong"
    # The right PIN under the same time of writing: had the file been tried again, this would succeed.
    written = token.pin_file.stat()
    token.pin_file.write_text(PIN)
    os.utime(token.pin_file, ns=(written.st_atime_ns, written.st_mtime_ns))
    for _ in range(3):
        with pytest.raises(Refusal, match=r"key\.pin_wrong"):
            generate(token.place, "none", "p-256")
    # Nor by the next process, which knows only what stands in the folder.
    pins._refused.clear()
    with pytest.raises(Refusal, match=r"key\.pin_wrong"):
        generate(token.place, "none", "p-256")
    assert "0000" not in "".join(path.name + path.read_text() for path in tmp_path.glob("*.refused-pin"))
    os.utime(token.pin_file, ns=(written.st_atime_ns, written.st_mtime_ns + 1_000_000_000))
    assert generate(token.place, "now", "p-256")


def test_names_each_misfortune(token: SoftToken, tmp_path: Path) -> None:
    public = generate(token.place, "named", "p-256")
    own = certified(public)
    with pytest.raises(Refusal) as refused:
        open_key(replace(token.place, token="absent"), "named", certificate=own)
    assert code_of(refused) == "key.token_absent"
    with pytest.raises(Refusal) as refused:
        open_key(token.place, "absent", certificate=own)
    assert code_of(refused) == "key.absent"
    with pytest.raises(Refusal) as refused:
        open_key(token.place, "named", certificate=certified(generate(token.place, "another", "p-256")))
    assert code_of(refused) == "key.mismatch"
    rsa = hierarchy().leaf("RSA", key("rsa2048")).public_bytes(Encoding.DER)
    with pytest.raises(Refusal) as refused:
        open_key(token.place, "named", certificate=rsa)
    assert code_of(refused) == "key.mismatch"
    with pytest.raises(Refusal) as refused:
        open_key(replace(token.place, module=tmp_path / "none.so"), "named", certificate=own)
    assert code_of(refused) == "key.module_unusable"
    (tmp_path / "text.so").write_text("not a library")
    with pytest.raises(Refusal) as refused:
        open_key(replace(token.place, module=tmp_path / "text.so"), "named", certificate=own)
    assert code_of(refused) == "key.module_unusable"
    for content, expected in ((None, "key.secret_unreadable"), ("  \n", "key.secret_empty")):
        other = new_token(tmp_path)
        other.pin_file.unlink()
        if content is not None:
            other.pin_file.write_text(content)
        with pytest.raises(Refusal) as refused:
            generate(other.place, "none", "p-256")
        assert code_of(refused) == expected


def test_one_library_under_two_names_is_one(token: SoftToken, tmp_path: Path) -> None:
    public = generate(token.place, "linked", "p-256")
    (tmp_path / "link.so").symlink_to(token.place.module)
    again = open_key(replace(token.place, module=tmp_path / "link.so"), "linked", certificate=certified(public))
    assert again.sign(MESSAGE)


def test_while_signing_everything_wrong_with_the_token_is_an_outage(tmp_path: Path) -> None:
    token = new_token(tmp_path)
    signing, _ = made(token, "going", "p-256")
    with open_token(token.place).writing() as session:
        for found in list(session.get_objects({Attribute.LABEL: "going"})):
            found.destroy()
    with pytest.raises(Outage) as outage:
        signing.sign(MESSAGE)
    assert outage.value.code == "key.unreachable"


def test_a_dropped_connection_is_opened_again(tmp_path: Path) -> None:
    token = new_token(tmp_path)
    signing, _ = made(token, "dropped", "p-256")
    signing.sign(MESSAGE)
    opened = open_token(token.place)
    for held in opened._free:
        held.session.close()
    opened._login.close()  # type: ignore[union-attr]
    assert signing.sign(MESSAGE)
