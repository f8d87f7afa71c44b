"""Programs that share no code with ours, asked what they think of a finished file: poppler, OpenSSL, qpdf, MuPDF."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tachiai.crypto import cms


@dataclass(frozen=True)
class Signed:
    """A signature as pikepdf finds it. ``contents`` without its padding."""

    field: str
    is_timestamp: bool
    gap: tuple[int, int]
    end: int
    contents: bytes


def signed_in(pdf: bytes) -> list[Signed]:
    """In the order of what they cover."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        fields = document.Root.AcroForm.Fields
        found = [_signed(field) for field in fields if field.get("/FT") == pikepdf.Name.Sig and "/V" in field]
    return sorted(found, key=lambda one: one.end)


def _signed(field: pikepdf.Object) -> Signed:
    value = field.V
    _start, before, after, rest = (int(part) for part in value.ByteRange)  # type: ignore[union-attr]
    held = bytes(value.Contents)
    contents = held[: 4 + int.from_bytes(held[2:4], "big")]  # a SEQUENCE of 256 to 65535 octets, as all of these are
    return Signed(str(field.T), value.SubFilter == "/ETSI.RFC3161", (before, after), after + rest, contents)


class Judges:
    """Each question is an assertion. A machine without one of the programs skips, naming it."""

    def __init__(self, folder: Path, *, root: bytes, at: datetime) -> None:
        for name in ("pdfsig", "openssl", "qpdf", "mutool"):
            if shutil.which(name) is None:
                pytest.skip(f"{name} is not installed")
        self._folder = folder
        self._moment = str(int(at.timestamp()))
        (folder / "root.pem").write_bytes(x509.load_der_x509_certificate(root).public_bytes(Encoding.PEM))

    def _ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, cwd=self._folder, check=False, timeout=60)

    def put(self, pdf: bytes) -> None:
        (self._folder / "judged.pdf").write_bytes(pdf)

    def poppler(self, signed: list[Signed], *, whole: bool) -> None:
        """Every signature valid, in its field, over what it says; the last over the whole file or none."""
        asked = self._ask("pdfsig", "-nocert", "judged.pdf").stdout
        told = [_told(part) for part in asked.split("Signature #")[1:] if "The signature form field is not signed" not in part]
        assert sorted(told) == sorted(
            (one.field, one.gap, one.end, whole and one is signed[-1], "not yet been verified" if one.is_timestamp else "is Valid")
            for one in signed
        )

    def openssl(self, pdf: bytes, signed: list[Signed]) -> None:
        """Every signature holds over its bytes, every timestamp over its signature or its bytes, each up to the pinned root."""
        for one in signed:
            covered = pdf[: one.gap[0]] + pdf[one.gap[1] : one.end]
            if one.is_timestamp:
                self._token(one.contents, hashlib.sha256(covered))
                continue
            self._cms(one.contents, covered)
            data = cms.read_signed_data(one.contents)
            for token in data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, []):
                self._token(token.raw, hashlib.sha256(data.signer.signature))

    def _cms(self, contents: bytes, covered: bytes) -> None:
        (self._folder / "covered").write_bytes(covered)
        (self._folder / "signature").write_bytes(contents)
        what = ("-inform", "DER", "-in", "signature", "-content", "covered", "-binary", "-out", "/dev/null")
        told = self._ask("openssl", "cms", "-verify", *what, "-purpose", "any", "-CAfile", "root.pem", "-attime", self._moment)
        assert told.returncode == 0, told.stderr
        assert "CMS Verification successful" in told.stderr

    def _token(self, token: bytes, digest: hashlib._Hash) -> None:
        (self._folder / "token").write_bytes(token)
        what = ("-in", "token", "-token_in", "-digest", digest.hexdigest())
        told = self._ask("openssl", "ts", "-verify", *what, "-CAfile", "root.pem", "-attime", self._moment)
        assert "Verification: OK" in told.stdout, told.stderr

    def qpdf(self) -> None:
        told = self._ask("qpdf", "--check", "judged.pdf")
        assert told.returncode == 0, told.stderr
        assert "WARNING" not in told.stderr

    def mupdf(self, *, pages: int = 2) -> bytes:
        """What the first ``pages`` pages look like, all being drawn without a complaint; nothing had to be repaired."""
        told = self._ask("mutool", "show", "judged.pdf", "trailer/Size")
        assert told.returncode == 0, told.stderr
        assert not _complaints(told.stderr)
        told = self._ask("mutool", "draw", "-q", "-r", "30", "-F", "png", "-o", "page%d.png", "judged.pdf")
        assert told.returncode == 0, told.stderr
        assert not _complaints(told.stderr)
        return b"".join((self._folder / f"page{number}.png").read_bytes() for number in range(1, pages + 1))


def _complaints(said: str) -> list[str]:
    return [line for line in said.splitlines() if line and "ICC support is not available" not in line]


def _told(part: str) -> tuple[str, tuple[int, int], int, bool, str]:
    """pdfsig's word on one signature: field, gap, end, whether it covers the file, and its verdict."""
    field = re.search(r"Signature Field Name: (\S+)", part)
    ranges = re.search(r"Signed Ranges: \[0 - (\d+)\], \[(\d+) - (\d+)\]", part)
    verdict = re.search(r"Signature Validation: Signature (?:has )?(.*)\.", part)
    assert field is not None
    assert ranges is not None
    assert verdict is not None
    before, after, end = (int(number) for number in ranges.groups())
    return field[1], (before, after), end, "- Total document signed" in part, verdict[1]
