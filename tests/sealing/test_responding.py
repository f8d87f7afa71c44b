"""The embedded authority behind a server of its own: judged by openssl and by our client, and short with whatever is no request."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from wsgiref.validate import validator

import pytest

from pki import embedded
from tachiai import clock
from tachiai.cli.running import check_port
from tachiai.crypto import der, timestamp_requests, timestamps
from tachiai.crypto.authority import create_authority, load_authority
from tachiai.crypto.timestampers import EMBEDDED_POLICY, HttpTimestamper
from tachiai.house import Misconfigured, read
from tachiai.sealing.responding import LARGEST_REQUEST, Responder, embedded_stamper

DIGEST = hashlib.sha256(b"a contract").digest()
QUERY = "application/timestamp-query"


def ask(body: bytes, *, method: str = "POST", kind: str = QUERY, length: str | None = None) -> tuple[str, dict[str, str], bytes]:
    """Through PEP 3333's own validator."""
    said: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": kind,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if length is None:
        length = str(len(body))
    if length:
        environ["CONTENT_LENGTH"] = length
    answer = validator(Responder(embedded().timestamper))(environ, lambda status, headers, _info=None: said.append((status, headers)))
    try:
        return said[0][0], dict(said[0][1]), b"".join(answer)
    finally:
        answer.close()  # type: ignore[attr-defined]


def test_answers_a_query() -> None:
    nonce = timestamp_requests.fresh_nonce()
    status, headers, body = ask(timestamp_requests.request(DIGEST, nonce=nonce))
    assert (status, headers["Content-Type"], headers["Content-Length"]) == ("200 OK", "application/timestamp-reply", str(len(body)))
    token = timestamps.accept_reply(
        body, digest=DIGEST, nonce=nonce, roots=embedded().roots, at=clock.now(), accredited=False, embedded=True
    )
    assert token.policy == EMBEDDED_POLICY
    assert "not accredited" in token.tsa_subject


def test_a_query_that_cannot_be_granted_is_answered_in_its_own_protocol() -> None:
    status, headers, body = ask(b"noise")
    assert (status, headers["Content-Type"]) == ("200 OK", "application/timestamp-reply")
    assert der.read_integer(der.read(body).children()[0].children()[0]) == 2


def test_no_serial_number_is_used_twice() -> None:
    stamper = embedded().timestamper
    serials = {stamper.timestamp(DIGEST, at=clock.now()).serial for _ in range(200)}
    assert len(serials) == 200
    assert {serial.bit_length() for serial in serials} == {127}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"method": "GET", "length": ""}, 405),
        ({"method": "HEAD", "length": ""}, 405),
        ({"method": "PUT"}, 405),
        ({"kind": "text/plain"}, 415),
        ({"kind": ""}, 415),
        ({"length": ""}, 411),
        ({"length": str(LARGEST_REQUEST + 1)}, 413),
        ({"length": "9" * 30}, 413),
    ],
)
def test_what_is_no_query_is_turned_away_unread(how: dict[str, str], status: int) -> None:
    told, headers, body = ask(timestamp_requests.request(DIGEST, nonce=1), **how)
    assert told.startswith(f"{status} ")
    assert headers["Content-Type"].startswith("text/plain")
    assert (b"not accredited" in body) == (how.get("method") != "HEAD")


def test_a_content_type_may_have_parameters() -> None:
    assert ask(timestamp_requests.request(DIGEST, nonce=1), kind="Application/Timestamp-Query; charset=binary")[0] == "200 OK"


# ------------------------------------------------------------------------------------------------ where it has no place


def test_it_has_no_place_in_production_unless_named(tmp_path: Path) -> None:
    shutil.copytree(_authority_folder(tmp_path / "made"), tmp_path / "keys" / "authority")
    told = {"TACHIAI_HOME": str(tmp_path)}
    with pytest.raises(Misconfigured, match="for demonstration"):
        embedded_stamper(read({**told, "TACHIAI_MODE": "production"}))
    assert embedded_stamper(read({**told, "TACHIAI_MODE": "production", "TACHIAI_ACCEPT_EMBEDDED_AUTHORITY": "yes"})).embedded
    assert embedded_stamper(read({**told, "TACHIAI_MODE": "demo"})).embedded
    with pytest.raises(Misconfigured, match="tachiai init"):
        embedded_stamper(read({"TACHIAI_HOME": str(tmp_path / "elsewhere"), "TACHIAI_MODE": "demo"}))


def _authority_folder(folder: Path) -> Path:
    create_authority(folder, operator="架空電子契約株式会社", at=clock.now() - timedelta(hours=1), rsa_bits=2048)
    return folder


# --------------------------------------------------------------------------------------------------- `tachiai tsa serve`


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a responder that runs as an operator starts it, and the root it says to pin."""
    home = tmp_path_factory.mktemp("home")
    _authority_folder(home / "keys" / "authority")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")}
    environment |= {"TACHIAI_HOME": str(home), "TACHIAI_MODE": "demo"}
    command = [sys.executable, "-m", "tachiai.cli.main", "tsa", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        told = process.stdout.readline() + process.stdout.readline()
        assert "not accredited" in told
        root = re.search(r"pins (\S+)", told)
        assert root is not None
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/", Path(root[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def _wait(port: int, process: subprocess.Popen[str]) -> None:
    deadline = clock.now() + timedelta(seconds=30)
    while clock.now() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("the responder did not start")


def test_its_port_is_its_own(served: tuple[str, Path]) -> None:
    """A second server would share it in silence."""
    port = int(served[0].rsplit(":", 1)[1].strip("/"))
    with pytest.raises(Misconfigured, match=f"port {port} is in use"):
        check_port("127.0.0.1", port)
    with pytest.raises(Misconfigured, match=r"no server can listen at 192\.0\.2\.1"):
        check_port("192.0.2.1", port)
    with pytest.raises(Misconfigured, match="no port 65536"):
        check_port("::1", 65536)


def test_our_client_believes_it(served: tuple[str, Path]) -> None:
    url, root = served
    roots = load_authority(root.parent).roots
    stamper = HttpTimestamper(url, roots=roots, accredited=False)
    under_way = [stamper.submit(hashlib.sha256(bytes([n])).digest(), at=clock.now()) for n in range(50)]
    assert len({future.result().serial for future in under_way}) == 50


@pytest.mark.parametrize("more", ["-sha384", "-no_nonce"])
def test_openssl_asks_it_and_believes_it(served: tuple[str, Path], tmp_path: Path, more: str) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    url, root = served

    def openssl(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", "ts", *words], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=30)

    (tmp_path / "file").write_bytes(b"a contract")
    assert openssl("-query", "-data", "file", "-sha512", "-cert", more, "-out", "asked").returncode == 0
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=10)
    connection.request("POST", "/", (tmp_path / "asked").read_bytes(), {"Content-Type": QUERY})
    (tmp_path / "reply").write_bytes(connection.getresponse().read())
    connection.close()
    told = openssl("-verify", "-queryfile", "asked", "-in", "reply", "-CAfile", root)
    assert "Verification: OK" in told.stdout
    (tmp_path / "file").write_bytes(b"another contract")
    assert openssl("-verify", "-data", "file", "-in", "reply", "-CAfile", root).returncode != 0


def test_it_keeps_connections_and_survives_what_is_no_query(served: tuple[str, Path]) -> None:
    port = int(served[0].rstrip("/").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    kept = connection.sock
    for body, status in ((b"noise", 200), (timestamp_requests.request(DIGEST, nonce=5), 200)):
        connection.request("POST", "/", body, {"Content-Type": QUERY})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/timestamp-reply")
        answer.read()
        assert connection.sock is kept
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer.read()
    connection.request("POST", "/", b"x" * (LARGEST_REQUEST + 1), {"Content-Type": QUERY})
    assert connection.getresponse().status == 413
    connection.close()
