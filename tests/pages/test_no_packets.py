"""No file makes the house speak to the network: every packet is counted while files are read that name places elsewhere."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pikepdf import Dictionary, Name, String

from crypto import test_pades
from crypto.hand_made import laid, objects, one, plain, stream
from pages import no_network, odd_files
from pki import hierarchy

# Whoever followed one of these would knock at our own door, which needs no route and no name.
HERE = "http://127.0.0.1:9/"


def _works(*command: str) -> bool:
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


NAMESPACE = next((way for way in (["unshare", "-n"], ["unshare", "-rn"]) if _works(*way)), None)
MODES = ["sockets", "namespace"] if NAMESPACE else ["sockets"]


def _signed_with_places(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Signed with a certificate that says where to ask for its revocation."""
    tree = hierarchy(4)
    placed = SimpleNamespace(
        leaf=lambda name, public: tree.leaf(name, public, responder=HERE + "ocsp", lists=HERE + "crl"), middle_der=tree.middle_der
    )
    monkeypatch.setattr(test_pades, "hierarchy", lambda _number: placed)
    return test_pades.foreign(plain())


def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    target = String(HERE)
    elsewhere = Dictionary(S=Name.GoToR, F=Dictionary(FS=Name.URL, F=target), D=String("x"))
    form = {**objects(catalogue=b" /AcroForm << /Fields [] /XFA 9 0 R >>"), 9: stream(b"<submit target='http://127.0.0.1:9/'/>")}
    return {
        "link": odd_files.with_action(Dictionary(S=Name.URI, URI=target)),
        "link at once": odd_files.with_action(Dictionary(S=Name.URI, URI=target), automatic=True),
        "another file": odd_files.with_action(elsewhere),
        "another file at once": odd_files.with_action(elsewhere, automatic=True),
        "submit": odd_files.with_action(Dictionary(S=Name.SubmitForm, F=Dictionary(FS=Name.URL, F=target)), automatic=True),
        "contents elsewhere": laid({**objects(), 4: stream(b"", b"/F << /FS /URL /F (http://127.0.0.1:9/) >>")}).table(),
        "xfa": laid(form).table(),
        "base": one(catalogue=b" /URI << /Base (http://127.0.0.1:9/) >>"),
        "signed": _signed_with_places(monkeypatch),
    }


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_a_file_says_sends_a_packet(mode, tmp_path, monkeypatch):
    made = files(monkeypatch)
    for name, pdf in made.items():
        (tmp_path / f"{name}.pdf").write_bytes(pdf)
    way = NAMESPACE if mode == "namespace" else []
    command = [*(way or []), sys.executable, no_network.__file__, mode, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, check=False, cwd=Path(no_network.__file__).parent)
    assert ended.returncode == 0, ended.stderr.decode()
    told = json.loads(ended.stdout)
    assert len(told["answers"]) == 4 * len(made)
    assert "done" in told["answers"]
    assert "file.active_content" in told["answers"]
    assert "file.too_complex" not in told["answers"]  # what a child says that somebody has ended
    assert told["packets"] == 0
    # The counter counts, and the filter bites.
    if mode == "namespace":
        assert (told["knock"], told["seen"] > 0) == (0, True)
    else:
        assert told["knock"] == -signal.SIGSYS
