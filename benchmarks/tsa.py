"""A timestamp authority some way off: the embedded one's key in a process of its own, answering ``--delay`` seconds later.

Every token is signed for its request and bears the time at which it is given; only the way there and back is imitated. Connections
are kept and as many requests as come are under way at once, on one event loop, so that the authority takes little of the machine
that is being measured: what it takes is told by ``cpu``.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from benchmarks import processes
from tachiai.crypto.authority import load_authority
from tachiai.crypto.timestampers import EmbeddedTimestamper

ROOT = Path(__file__).resolve().parent.parent
LARGEST_HEAD, LARGEST_BODY = 8 * 1024, 4 * 1024
STOP_WITHIN_SECONDS = 5.0


class DelayedTsa:
    """A context manager around that process. ``authority`` is the folder that ``create_authority`` made; ``delay`` in seconds."""

    def __init__(self, authority: Path, *, delay: float) -> None:
        self._authority, self._delay = authority, delay
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> DelayedTsa:
        command = [sys.executable, "-m", "benchmarks.tsa", str(self._authority), "--delay", str(self._delay)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the delayed authority did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which a house stamps here."""
        return {"TACHIAI_TSA_URL": self.url, "TACHIAI_TSA_ROOTS_PATH": str(self._authority / "root.pem")}

    def cpu(self) -> float:
        """CPU seconds it has taken so far."""
        return processes.cpu(self._process.pid).total if self._process else 0.0


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a client of timestamps speaks it: POST with a Content-Length, one request after the other."""

    def __init__(self, stamper: EmbeddedTimestamper, delay: float) -> None:
        self._stamper, self._delay = stamper, delay
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, mark, rest = self._held.partition(b"\r\n\r\n")
        if not mark:
            if len(head) > LARGEST_HEAD:
                self._transport.abort()
            return
        size = _content_length(head)
        if not head.startswith(b"POST ") or not 0 < size <= LARGEST_BODY:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
        elif len(rest) >= size:
            self._held = rest[size:]
            asyncio.get_running_loop().call_later(self._delay, self._answer, rest[:size])

    def _answer(self, body: bytes) -> None:
        if self._transport.is_closing():
            return
        reply = self._stamper.respond(body, at=datetime.now(UTC))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: %d\r\n\r\n" % len(reply)
        self._transport.write(head + reply)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0


async def _serve(stamper: EmbeddedTimestamper, delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stamper, delay), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await server.serve_forever()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tsa", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("authority", type=Path, help="the folder of an embedded authority")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds between question and answer")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(load_authority(options.authority).timestamper, options.delay))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
