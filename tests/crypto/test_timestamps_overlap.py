"""Requests that are under way at once: kept connections that die, forked children, threads, HTTPS with a client's certificate."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crypto.server import Served, good, serving
from pki import MOMENT, Hierarchy, hierarchy, key
from tachiai import clock
from tachiai.crypto import timestamp_requests, timestamps
from tachiai.crypto.timestampers import EmbeddedTimestamper, HttpTimestamper
from tachiai.errors import Outage
from tachiai.house import Misconfigured, read
from tachiai.sealing.timestamping import single_timestampers, timestamper

DIGEST = hashlib.sha256(b"a contract").digest()


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    return hierarchy()


@pytest.fixture(scope="module")
def tsa(tree: Hierarchy) -> EmbeddedTimestamper:
    return tree.timestamper(private=key("p256", 31))


@pytest.fixture
def server(tsa: EmbeddedTimestamper) -> Iterator[Served]:
    with serving(lambda _path, body: good(tsa.respond(body, at=MOMENT))) as served:
        yield served


def client(url: str, tree: Hierarchy, **details: object) -> HttpTimestamper:
    return HttpTimestamper(url, roots=[tree.root_der], accredited=True, **{"timeout": 5.0, **details})  # type: ignore[arg-type]


def digests(number: int) -> list[bytes]:
    return [hashlib.sha256(str(n).encode()).digest() for n in range(number)]


def test_all_are_under_way_before_the_first_is_answered(server: Served, tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    """The authority answers nobody before sixty have asked: one after the other would wait for ever."""
    everybody = threading.Barrier(60)

    def behave(_path: str, body: bytes) -> object:
        everybody.wait(20)
        return good(tsa.respond(body, at=MOMENT))

    server.behave = behave  # type: ignore[assignment]
    stamper = client(server.url, tree, timeout=30)
    before = threading.active_count()
    under_way = {digest: stamper.submit(digest, at=MOMENT) for digest in digests(60)}
    assert all(future.result().imprint == digest for digest, future in under_way.items())
    # Sixty threads are the test server's; ours is one, which may have begun just now.
    assert threading.active_count() - before <= 60 + 1


def test_more_than_the_connections_take_turns(server: Served, tree: Hierarchy) -> None:
    stamper = client(server.url, tree, connections=3)
    under_way = [stamper.submit(digest, at=MOMENT) for digest in digests(40)]
    assert len({future.result().serial for future in under_way}) == 40
    assert len({connection for connection, *_rest in server.seen}) <= 3


def test_threads_share_one(server: Served, tree: Hierarchy) -> None:
    stamper = client(server.url, tree, connections=8)
    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda digest: stamper.timestamp(digest, at=MOMENT), digests(64)))
    assert [token.imprint for token in tokens] == digests(64)


def test_waiting_its_turn_is_not_the_authoritys_slowness(server: Served, tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    pause = threading.Event()

    def behave(_path: str, body: bytes) -> object:
        pause.wait(0.15)
        return good(tsa.respond(body, at=MOMENT))

    server.behave = behave  # type: ignore[assignment]
    stamper = client(server.url, tree, connections=1, timeout=0.6)
    under_way = [stamper.submit(digest, at=MOMENT) for digest in digests(8)]  # the last begins when a second has passed
    assert all(future.result() for future in under_way)


def test_a_callback_may_ask_but_not_wait(server: Served, tree: Hierarchy) -> None:
    stamper = client(server.url, tree)
    told: list[object] = []
    done = threading.Event()

    def waits(_future: object) -> None:
        try:
            stamper.timestamp(DIGEST, at=MOMENT)
        except RuntimeError as mistake:
            told.append(mistake)
        stamper.submit(DIGEST, at=MOMENT).add_done_callback(lambda second: (told.append(second.result()), done.set()))

    stamper.submit(DIGEST, at=MOMENT).add_done_callback(waits)
    assert done.wait(5)
    assert [type(one) for one in told] == [RuntimeError, timestamps.Token]


# ------------------------------------------------------------------------------- connections that are dead when used


@contextmanager
def forgetful(tsa: EmbeddedTimestamper, *, answers: int) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers ``answers`` requests on its first connection and then reads one more and hangs up; the second is well."""
    asked: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def serve() -> None:
        for number in range(2):
            connection, _who = listening.accept()
            with connection, connection.makefile("rb") as stream:
                for _ in range(answers + 1 if number == 0 else 1):
                    asked.append(_read_request(stream))
                    if number == 0 and len(asked) > answers:
                        break
                    reply = tsa.respond(asked[-1], at=MOMENT)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", asked
    finally:
        thread.join(12)
        listening.close()


def _read_request(stream: object) -> bytes:
    size = 0
    while line := stream.readline().strip():  # type: ignore[attr-defined]
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    return bytes(stream.read(size))  # type: ignore[attr-defined]


def test_a_kept_connection_that_died_is_replaced_once_with_a_new_nonce(tree: Hierarchy, tsa: EmbeddedTimestamper) -> None:
    with forgetful(tsa, answers=2) as (url, asked):
        stamper = client(url, tree)
        for _ in range(3):
            assert stamper.timestamp(DIGEST, at=MOMENT).imprint == DIGEST
        stamper._line.close()
    assert len(asked) == 4
    assert len({timestamp_requests.read_request(one).nonce for one in asked}) == 4


def test_who_hangs_up_always_is_asked_twice_and_no_more(server: Served, tree: Hierarchy) -> None:
    asked = []

    def hangs_up(_path: str, body: bytes) -> object:
        asked.append(body)
        raise ConnectionResetError

    server.behave = hangs_up  # type: ignore[assignment]
    with pytest.raises(Outage) as caught:
        client(server.url, tree).timestamp(DIGEST, at=MOMENT)
    assert caught.value.code == "tsa.unreachable"
    assert len(asked) == 2


def test_the_deadline_holds_for_both_attempts_together(server: Served, tree: Hierarchy) -> None:
    release = threading.Event()

    def slow_to_hang_up(_path: str, _body: bytes) -> object:
        release.wait(0.3)
        raise ConnectionResetError

    server.behave = slow_to_hang_up  # type: ignore[assignment]
    with pytest.raises(Outage, match=r"did not finish within 0\.5 s"):
        client(server.url, tree, timeout=0.5).timestamp(DIGEST, at=MOMENT)
    release.set()


def test_a_proxy_of_the_environment_is_not_used(server: Served, tree: Hierarchy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert client(server.url, tree).timestamp(DIGEST, at=MOMENT)


def test_a_secret_in_the_address_is_not_told(tree: Hierarchy) -> None:
    assert client("https://operator:secret@tsa.example.jp/rfc3161?key=secret", tree).name == "https://tsa.example.jp/rfc3161"


# ------------------------------------------------------------------------------------------------- forked children


def test_a_forked_child_asks_on_connections_of_its_own(server: Served, tree: Hierarchy) -> None:
    stamper = client(server.url, tree)
    stamper.timestamp(DIGEST, at=MOMENT)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = b"failed"
        try:
            told = stamper.timestamp(DIGEST, at=MOMENT).imprint
        finally:
            os.write(writing, told)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == DIGEST
    assert os.waitpid(child, 0)[1] == 0
    # The parent's connection is as it was.
    assert stamper.timestamp(DIGEST, at=MOMENT).imprint == DIGEST
    connections = [connection for connection, *_rest in server.seen]
    assert connections[0] == connections[2] != connections[1]


# ------------------------------------------------------------------------------------------------------- over HTTPS


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _for_tls(tree: Hierarchy, name: str, purpose: x509.ObjectIdentifier, number: int) -> x509.Certificate:
    """Valid now, for TLS looks at the machine's clock."""
    now = clock.now()
    return (
        x509.CertificateBuilder(
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            issuer_name=tree.root.subject,
            public_key=key("p256", number).public_key(),
        )
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(tree.root_key, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def files(tree: Hierarchy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Server and client certificates of one authority, and a client's key under a passphrase."""
    folder = tmp_path_factory.mktemp("tls")
    for name, purpose, number in (("server", ExtendedKeyUsageOID.SERVER_AUTH, 51), ("client", ExtendedKeyUsageOID.CLIENT_AUTH, 52)):
        (folder / f"{name}.pem").write_bytes(_pem(_for_tls(tree, name, purpose, number)))
        plain = key("p256", number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key.pem").write_bytes(plain)
    locked = key("p256", 52).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
    (folder / "locked.key.pem").write_bytes(locked)
    (folder / "passphrase").write_text("open sesame\n")
    (folder / "root.pem").write_bytes(_pem(tree.root))
    return folder


@pytest.fixture
def secure(server: Served, files: Path) -> Iterator[str]:
    """The same authority over HTTPS, for nobody without a certificate of that root."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "server.pem", files / "server.key.pem")
    context.load_verify_locations(files / "root.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(server.behave, tls=context) as served:
        yield served.url


def listed(files: Path, url: str, more: str) -> object:
    """The timestamper of a house whose list has this one authority."""
    file = files / "tsas.toml"
    file.write_text(f'[[authority]]\nurl = "{url}"\nroots = "root.pem"\naccredited = true\n{more}')
    return timestamper(read({"TACHIAI_TSA_LIST_PATH": str(file)}))[0]


MUTUAL = 'server_roots = "root.pem"\nclient_certificate = "client.pem"\n'


@pytest.mark.parametrize(
    "more", ['client_key = "client.key.pem"\n', 'client_key = "locked.key.pem"\nclient_key_passphrase_file = "passphrase"\n']
)
def test_a_clients_certificate_opens_the_door(files: Path, secure: str, more: str) -> None:
    token = listed(files, secure, MUTUAL + more).timestamp(DIGEST, at=MOMENT)  # type: ignore[attr-defined]
    assert (token.imprint, token.accredited) == (DIGEST, True)


@pytest.mark.parametrize("more", ["", 'server_roots = "root.pem"\n'])
def test_without_it_or_without_trust_there_is_no_token(files: Path, secure: str, more: str) -> None:
    with pytest.raises(Outage) as caught:
        listed(files, secure, more).timestamp(DIGEST, at=MOMENT)  # type: ignore[attr-defined]
    assert caught.value.code == "tsa.unreachable"


@pytest.mark.parametrize("more", ['client_key = "locked.key.pem"\n', 'client_key = "server.key.pem"\n', 'client_key = "absent.pem"\n'])
def test_a_key_that_cannot_be_used_stops_the_start_and_asks_nobody(files: Path, more: str) -> None:
    with pytest.raises(Misconfigured, match="HTTPS cannot be used"):
        listed(files, "https://tsa.example.jp", MUTUAL + more)


# -------------------------------------------------------------------------------------------- the operator's list


def test_the_list_of_a_house(files: Path, server: Served) -> None:
    text = """
        [[authority]]
        name = "first"
        url = "http://127.0.0.1:9/"
        roots = "root.pem"
        accredited = true
        timeout = 0.5

        [[authority]]
        name = "second"
        url = "{url}"
        roots = "root.pem"
        accredited = {accredited}
    """
    file = files / "two.toml"
    file.write_text(text.format(url=server.url, accredited="true"))
    stamper, roots = timestamper(read({"TACHIAI_TSA_LIST_PATH": str(file)}))
    assert [one.name for one in single_timestampers(stamper)] == ["first", "second"]
    assert len(roots) == 1
    token = stamper.timestamp(DIGEST, at=MOMENT)
    assert (token.accredited, token.imprint) == (True, DIGEST)
    file.write_text(text.format(url=server.url, accredited="false"))
    with pytest.raises(Misconfigured, match="second is not accredited"):
        timestamper(read({"TACHIAI_TSA_LIST_PATH": str(file)}))
    file.write_text("accept_lesser = true\n" + text.format(url=server.url, accredited="false"))
    stamper, _roots = timestamper(read({"TACHIAI_TSA_LIST_PATH": str(file)}))
    assert not stamper.timestamp(DIGEST, at=MOMENT).accredited


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("colour = 1", "unknown: colour"),
        ('timeout = "long"', "timeout is of the wrong kind"),
        ("timeout = 0", "at most 120"),
        ("connections = 0", "at least 1"),
        ("timeout = true", "timeout is of the wrong kind"),
        ('policy = "accredited"', "object identifier"),
        ('client_key = "x"', "without client_certificate"),
        ('password_file = "absent"', "password_file cannot be read"),
        ("[[[", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_meant_stops_the_start(files: Path, more: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        listed(files, "https://tsa.example.jp", more)


@pytest.mark.parametrize("text", ["", "accept_lesser = true", "authority = []", "authority = [1]", 'authority = "x"', "colour = 1"])
def test_a_list_without_authorities_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "tsas.toml").write_text(text)
    with pytest.raises(Misconfigured, match=r"tsas\.toml"):
        read({"TACHIAI_TSA_LIST_PATH": str(tmp_path / "tsas.toml")})


def test_one_authority_and_a_list_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="both set"):
        read({"TACHIAI_TSA_LIST_PATH": str(tmp_path / "tsas.toml"), "TACHIAI_TSA_URL": "https://tsa.example.jp"})
    with pytest.raises(Misconfigured, match="user and password"):
        read({"TACHIAI_TSA_URL": "https://operator:secret@tsa.example.jp"})
