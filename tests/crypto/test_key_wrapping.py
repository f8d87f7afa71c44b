"""Key-encryption keys: in a file, in a token, at a service that fails, dawdles and lies."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pkcs11 import Attribute, Mechanism, exceptions

from crowds import together
from crypto.server import Served, serving
from kms import TOKEN, Kms
from pki import key
from softhsm import SoftToken, new_token
from tachiai import clock
from tachiai.crypto import hsm, hsm_sessions, token_wrapping
from tachiai.crypto.hsm_sessions import open_token
from tachiai.crypto.key_wrapping import LONGEST_FRAMED, KeyWrapping, Remembering, frame, unframe
from tachiai.crypto.kms_wrapping import KmsKey, KmsPlace, check_kms_place
from tachiai.crypto.strongbox import KeyEncryptionKey, Unopenable, new_data_key
from tachiai.crypto.token_wrapping import TokenKey, make_token_key
from tachiai.errors import Outage, Refusal


def flips(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        yield data[:place] + bytes((data[place] ^ (1 << place % 8),)) + data[place + 1 :]


def holds(kek: KeyWrapping, other: KeyWrapping) -> None:
    """What every keeper owes: back comes what went in, and nothing else opens."""
    data_key = new_data_key()
    wrapped = kek.wrap(data_key)
    assert kek.unwrap(wrapped) == data_key
    assert data_key not in wrapped
    assert len(wrapped) <= LONGEST_FRAMED
    assert (len(kek.id), int(kek.id, 16) >= 0, kek.id != other.id) == (16, True, True)
    for torn in (*flips(wrapped), wrapped[:-1], wrapped + b"\0", b"", other.wrap(data_key)):
        with pytest.raises(Unopenable):
            kek.unwrap(torn)


def test_a_file_holds() -> None:
    holds(KeyEncryptionKey(secrets.token_bytes(32)), KeyEncryptionKey(secrets.token_bytes(32)))


# ------------------------------------------------------------------------------------------------------- a token


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return new_token(tmp_path)


def test_a_token_holds_beside_a_signing_key(token: SoftToken) -> None:
    """One login serves both; the key cannot be read, taken out or used for anything else, and data keys do not stay in the token."""
    hsm.generate(token.place, "seal", "p-256")
    make_token_key(token.place, "kek")
    make_token_key(token.place, "kek-2")
    with pytest.raises(Refusal, match=r"key\.exists"):
        make_token_key(token.place, "kek")
    kek = TokenKey(token.place, "kek")
    holds(kek, TokenKey(token.place, "kek-2"))
    assert TokenKey(replace(token.place, sessions=2), "kek").id == kek.id
    assert hsm.open_new_key(token.place, "seal", public=hsm.find_public(token.place, "seal")).sign(b"x")
    with open_token(token.place).session() as held:
        found = held.secret("kek")
        assert (found[Attribute.EXTRACTABLE], found[Attribute.SENSITIVE], found[Attribute.ENCRYPT]) == (False, True, False)
        with pytest.raises(exceptions.AttributeSensitive):
            found[Attribute.VALUE]
        assert len(list(held.session.get_objects({Attribute.EXTRACTABLE: True, Attribute.PRIVATE: True}))) == 0


def test_a_token_that_knows_only_the_padded_form_holds(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_wrapping, "_MECHANISMS", (Mechanism.AES_KEY_WRAP_PAD,))
    for name in ("kek", "kek-2"):
        make_token_key(token.place, name)
    holds(TokenKey(token.place, "kek"), TokenKey(token.place, "kek-2"))
    monkeypatch.setattr(token_wrapping, "_MECHANISMS", ())
    with pytest.raises(Outage, match=r"kek\.unsupported"):
        TokenKey(token.place, "kek").wrap(new_data_key())


def test_threads_wrap_and_sign_in_one_token_at_the_same_time(token: SoftToken) -> None:
    public = hsm.generate(token.place, "seal", "p-256")
    make_token_key(token.place, "kek")
    kek, seal = TokenKey(token.place, "kek"), hsm.open_new_key(token.place, "seal", public=public)

    def passes() -> bool:
        data_key = new_data_key()
        return kek.unwrap(kek.wrap(data_key)) == data_key and bool(seal.sign(data_key))

    assert together([passes] * 12) == [True] * 12


def test_another_key_of_the_same_name_is_never_used_in_silence(token: SoftToken) -> None:
    make_token_key(token.place, "kek")
    kek = TokenKey(token.place, "kek")
    wrapped = kek.wrap(new_data_key())
    with open_token(token.place).writing() as session:
        session.get_key(label="kek").destroy()
    make_token_key(token.place, "kek")
    with pytest.raises(Outage, match=r"kek\.exchanged"):
        kek.wrap(new_data_key())
    with pytest.raises(Outage, match=r"kek\."):
        kek.unwrap(wrapped)
    assert TokenKey(token.place, "kek").id != kek.id


def test_whatever_is_wrong_with_a_token_is_an_outage(token: SoftToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_token_key(token.place, "kek")
    for place, name, code in (
        (replace(token.place, token="nobody"), "kek", "kek.token_absent"),
        (replace(token.place, token="nobody else", pin_file=tmp_path / "none"), "kek", "kek.secret_unreadable"),
        (token.place, "absent", "kek.absent"),
        (replace(token.place, module=tmp_path / "none.so"), "kek", "kek.module_unusable"),
    ):
        with pytest.raises(Outage) as away:
            TokenKey(place, name).wrap(new_data_key())
        assert away.value.code == code
    kek = TokenKey(token.place, "kek")
    wrapped = kek.wrap(new_data_key())

    def other_bytes(*_: object) -> bytes:
        return bytes(32)

    def gone(*_: object) -> bytes:
        raise exceptions.DeviceRemoved

    for answer, code in ((other_bytes, "kek.lied"), (gone, "kek.unreachable")):
        with monkeypatch.context() as patched:
            patched.setattr(token_wrapping, "_unwrapped", answer)
            for act in (lambda: kek.unwrap(wrapped), lambda: kek.wrap(new_data_key())):
                with pytest.raises(Outage) as away:
                    act()
                assert away.value.code == code
    assert kek.unwrap(wrapped)
    hsm_sessions._begin_anew()
    token.pin_file.write_text("000000\n")
    for _ in range(2):  # the second time the token is not asked any more
        with pytest.raises(Outage, match=r"kek\.pin_wrong"):
            TokenKey(token.place, "kek").wrap(new_data_key())


# ----------------------------------------------------------------------------------------------------- a service


@dataclass
class Service:
    kms: Kms
    served: Served
    place: KmsPlace
    opened: list[KmsKey] = field(default_factory=list)

    def key(self, **other: Any) -> KmsKey:
        self.opened.append(KmsKey(replace(self.place, **other)))
        return self.opened[-1]


def certificate() -> x509.Certificate:
    """Of a server on loopback, valid now: TLS looks at the machine's clock."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fictional KMS")]), clock.now()
    draft = x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key("p256", 61).public_key())
    draft = draft.serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    draft = draft.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    return draft.sign(key("p256", 61), hashes.SHA256())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Over TLS, with a certificate that only this test's roots know."""
    public, private, token = tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "token"
    public.write_bytes(certificate().public_bytes(Encoding.PEM))
    private.write_bytes(key("p256", 61).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    token.write_text(TOKEN + "\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    kms = Kms()
    with serving(kms.behave, tls=context) as served:
        service = Service(kms, served, KmsPlace(f"{served.url}/v1/transit", "kek", token, public, timeout=30.0))
        yield service
        kms.waiting.set()
        for one in service.opened:
            one.close()


def test_a_service_holds(service: Service) -> None:
    """And is asked as transit is: by its paths, with the token of the file as it stands now."""
    kek, other = service.key(), service.key(key="kek/2")
    holds(kek, other)
    assert {seen[2] for seen in service.served.seen} == {f"/v1/transit/{act}/{name}" for act in _ACTS for name in ("kek", "kek%2F2")}
    service.place.token_file.write_text("renewed\n")  # type: ignore[union-attr]
    kek.wrap(new_data_key())
    assert [seen[3] for seen in service.served.seen][-1] == "Bearer renewed"
    assert service.served.seen[0][3] == f"Bearer {TOKEN}"
    service.place.token_file.unlink()  # type: ignore[union-attr]
    with pytest.raises(Outage, match=r"kek\.secret_unreadable"):
        kek.wrap(new_data_key())


_ACTS = ("encrypt", "decrypt")
WHILE_WRAPPING = {
    "replay encrypt": "kek.lied",
    "long encrypt": "kek.lied",
    "torn encrypt": "kek.lied",
    "flood encrypt": "kek.lied",
    "slow encrypt": "kek.unreachable",
}
AT_ANY_TIME = {
    "other decrypt": "kek.lied",
    "replay decrypt": "kek.lied",
    "no text decrypt": "kek.lied",
    "number decrypt": "kek.lied",
    "torn decrypt": "kek.lied",
    "flood decrypt": "kek.lied",
    "slow decrypt": "kek.unreachable",
    "500": "kek.unreachable",
    "503": "kek.unreachable",
    "302": "kek.unreachable",
    "400": "kek.refused",
    "403": "kek.login_refused",
    "404": "kek.absent",
}


def test_a_service_that_fails_dawdles_or_lies_is_an_outage(service: Service) -> None:
    """Neither are its answers believed nor is a row blamed for them; and it serves again when it is well."""
    kek, hurried = service.key(), service.key(timeout=0.3)
    wrapped = [kek.wrap(new_data_key()) for _ in range(2)][1]
    for trouble, code in (WHILE_WRAPPING | AT_ANY_TIME).items():
        service.kms.trouble = trouble
        asked = hurried if trouble.startswith("slow") else kek
        acts = [lambda asked=asked: asked.wrap(new_data_key())]
        acts += [lambda asked=asked: asked.unwrap(wrapped)] if trouble in AT_ANY_TIME else []
        for act in acts:
            with pytest.raises(Outage) as away:
                act()
            assert (trouble, away.value.code) == (trouble, code)
            assert TOKEN not in str(away.value)
    service.kms.trouble = ""
    assert len(kek.unwrap(wrapped)) == 32


def test_a_service_whose_certificate_nobody_knows_gets_no_data_key(service: Service, tmp_path: Path) -> None:
    with pytest.raises(Outage, match=r"kek\.unreachable"):
        service.key(roots_file=None).wrap(new_data_key())
    assert service.served.seen == []
    (tmp_path / "none.pem").write_text("")
    with pytest.raises(Refusal, match=r"key\.configuration"):
        KmsKey(replace(service.place, roots_file=tmp_path / "none.pem"))
    for url in ("http://kms.example.jp/v1/transit", "ftp://kms.example.jp", "https://", "https://a:b@kms.example.jp", "https://h:x"):
        with pytest.raises(Refusal, match=r"key\.configuration"):
            check_kms_place(KmsPlace(url, "kek"))
    check_kms_place(KmsPlace("https://10.0.0.5:8200/v1/transit", "kek"))


# ------------------------------------------------------------------------------------------- frames and memory


def test_a_frame_holds_only_what_was_framed() -> None:
    for data_key, inner in ((bytes(31), b"x"), (bytes(32), b""), (bytes(32), bytes(1025))):
        with pytest.raises(ValueError, match="32 bytes"):
            frame(data_key, inner, kek="0" * 16)
    made = frame(bytes(32), bytes(1024), kek="0" * 16)
    assert len(made) == LONGEST_FRAMED
    assert unframe(made, kek="0" * 16).check(bytes(32), keeper="a test") == bytes(32)
    with pytest.raises(Unopenable):
        unframe(made, kek="1" * 16)


def test_unwrapped_keys_are_remembered_for_a_while_and_not_too_many() -> None:
    asked: list[bytes] = []
    now = [1000.0]

    class Far(KeyEncryptionKey):
        def unwrap(self, wrapped: bytes) -> bytes:
            asked.append(wrapped)
            return super().unwrap(wrapped)

    far = Far(secrets.token_bytes(32))
    kek = Remembering(far, most=3, seconds=60, monotonic=lambda: now[0])
    keys = [new_data_key() for _ in range(4)]
    wrapped = [kek.wrap(one) for one in keys]
    assert (kek.id, asked) == (far.id, [])
    assert [kek.unwrap(one) for one in wrapped[1:]] == keys[1:]
    assert asked == []
    assert kek.unwrap(wrapped[0]) == keys[0]
    assert asked == [wrapped[0]]
    kek.forget(wrapped[3])
    assert kek.unwrap(wrapped[3]) == keys[3]
    assert asked == [wrapped[0], wrapped[3]]
    now[0] += 61
    assert kek.unwrap(wrapped[3]) == keys[3]
    assert asked == [wrapped[0], wrapped[3], wrapped[3]]
    assert len(kek._known) == 1
    with pytest.raises(Unopenable):
        kek.unwrap(bytes(40))
