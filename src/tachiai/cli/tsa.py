"""``tachiai tsa serve``: the embedded timestamp authority for whoever speaks RFC 3161 over HTTP."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from tachiai.cli.running import check_port
from tachiai.house import read

PORT = 3161


def add_tsa_commands(commands: Any, lazy: Callable[[str, str], Callable[[argparse.Namespace], int]]) -> None:
    """The commands under ``tachiai tsa``."""
    tsa = commands.add_parser("tsa", help="the embedded timestamp authority, not accredited").add_subparsers(required=True)
    serve = tsa.add_parser("serve", help="answer RFC 3161 requests over HTTP, until told to stop")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=PORT)
    serve.set_defaults(command=lazy("tachiai.cli.tsa", "serve"))


def serve(options: argparse.Namespace) -> int:
    """Become the server: this process ends as it ends, so a supervisor's signals reach it."""
    from tachiai.administration.embedding import embedded_root

    # Asked before anything starts: what is amiss is told in one line, and not by a server that fails again and again.
    root = embedded_root(read())
    check_port(options.host, options.port)
    print(f"Timestamps for demonstration, not accredited (認定タイムスタンプではありません): http://{options.host}:{options.port}/")
    print(f"Whoever trusts them pins {root}", flush=True)
    os.execv(sys.executable, _command(options))  # noqa: S606  # our own program, without a shell on purpose


def _command(options: argparse.Namespace) -> list[str]:
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        f"--host={options.host}",
        f"--port={options.port}",
        "--workers=1",
        "--blocking-threads=2",
        "--backlog=1024",
        "--http=1",
        "--no-ws",
        "--log-level=error",
        "--factory",
        "tachiai.sealing.responding:responder",
    ]
