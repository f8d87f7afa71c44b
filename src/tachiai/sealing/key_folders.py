"""One folder per signing key: what it is, where it is, and the certificates it was given (docs/formats/signing-keys.md).

The folder never holds the secret of a key in hardware; that of a software key stands in a file that only its owner reads.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tachiai.crypto.hsm_sessions import DEFAULT_SESSIONS, TokenPlace
from tachiai.crypto.keys import load_certificates
from tachiai.crypto.remote_signing import ServicePlace
from tachiai.errors import Refusal

Provider = Literal["file", "pkcs11", "csc"]
VERSION = 1
DESCRIPTION, PUBLIC, CHAIN = "key.toml", "public.der", "chain.pem"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
# What each provider's table may hold, and of which type.
_TERMS: dict[Provider, dict[str, type]] = {
    "file": {"key_file": str, "passphrase_file": str},
    "pkcs11": {"module": str, "token": str, "key": str, "pin_file": str, "sessions": int},
    "csc": {
        "url": str,
        "credential": str,
        "token_file": str,
        "token_url": str,
        "client_id": str,
        "client_secret_file": str,
        "pin_file": str,
        "ca_file": str,
        "client_file": str,
    },
}
_NEEDED: dict[Provider, tuple[str, ...]] = {
    "file": ("key_file",),
    "pkcs11": ("module", "token", "key", "pin_file"),
    "csc": ("url", "credential"),
}


@dataclass(frozen=True)
class KeyFolder:
    """A key as its folder describes it. ``terms`` are the provider's own; paths among them are relative to the folder.

    A ``retired`` key never seals again; its folder stays for the root by which its seals are verified.
    """

    folder: Path
    provider: Provider
    pss: bool
    terms: Mapping[str, Any]
    retired: bool = False

    @property
    def name(self) -> str:
        return self.folder.name

    def path(self, term: str) -> Path | None:
        given = self.terms.get(term)
        return self.folder / Path(str(given)).expanduser() if given else None

    @property
    def chain_file(self) -> Path:
        return self.folder / CHAIN

    def chain(self) -> list[bytes]:
        """The installed certificates (DER), the key's own first. Refuses ``key.certificate_missing`` and ``key.unreadable``."""
        if not self.chain_file.exists():
            raise Refusal("key.certificate_missing", label=self.name)
        return load_certificates(self.chain_file)

    def public(self) -> bytes:
        """The SubjectPublicKeyInfo it was made with. Refuses ``key.public_missing``."""
        try:
            return (self.folder / PUBLIC).read_bytes()
        except OSError as absent:
            raise Refusal("key.public_missing", label=self.name) from absent

    def token_place(self) -> TokenPlace:
        """For ``pkcs11``. What the token refused is remembered beside all keys, for they may share the token."""
        terms = self.terms
        module, pin_file = self.folder / str(terms["module"]), self.folder / str(terms["pin_file"])
        return TokenPlace(module, str(terms["token"]), pin_file, self.folder.parent, int(terms.get("sessions", DEFAULT_SESSIONS)))

    def service_place(self) -> ServicePlace:
        """For ``csc``."""
        terms = self.terms
        return ServicePlace(
            url=str(terms["url"]),
            credential=str(terms["credential"]),
            token_file=self.path("token_file"),
            token_url=str(terms.get("token_url", "")),
            client_id=str(terms.get("client_id", "")),
            client_secret_file=self.path("client_secret_file"),
            pin_file=self.path("pin_file"),
            ca_file=self.path("ca_file"),
            client_file=self.path("client_file"),
            memory=self.folder.parent,
        )


def list_folders(keys: Path) -> list[Path]:
    """The folders of all keys below ``keys``, by name; one without a description is none."""
    if not keys.is_dir():
        return []
    return sorted(path.parent for path in keys.glob(f"*/{DESCRIPTION}"))


def read_folder(folder: Path) -> KeyFolder:
    """Read a key's description. Refuses ``key.configuration`` (detail)."""
    try:
        held = tomllib.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Refusal("key.configuration", label=folder.name, detail=str(problem)[:200]) from problem
    provider = held.get("provider")
    if held.get("version") != VERSION or provider not in _TERMS:
        raise Refusal("key.configuration", label=folder.name, detail=f"version {VERSION} and a provider: {', '.join(_TERMS)}")
    described = KeyFolder(folder, provider, held.get("pss", False), held.get(provider, {}), held.get("retired", False))
    return _checked(described, set(held) - {"version", "provider", "pss", "retired", provider})


def new_folder(keys: Path, name: str, provider: Provider, *, pss: bool, terms: Mapping[str, Any]) -> KeyFolder:
    """Describe a new key in a folder of its own. Refuses ``key.name_unusable``, ``key.name_taken`` and ``key.configuration``."""
    if not _NAME.fullmatch(name):
        raise Refusal("key.name_unusable", label=name)
    described = _checked(KeyFolder(keys / name, provider, pss, {term: value for term, value in terms.items() if value}), set())
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        described.folder.mkdir(mode=0o700)
    except FileExistsError as taken:
        raise Refusal("key.name_taken", label=name) from taken
    write_private(described.folder / DESCRIPTION, _written(described).encode())
    return described


def _checked(key: KeyFolder, unknown: set[str]) -> KeyFolder:
    allowed = _TERMS[key.provider]
    if not isinstance(key.terms, Mapping) or not isinstance(key.pss, bool) or not isinstance(key.retired, bool):
        raise Refusal("key.configuration", label=key.name, detail=f"[{key.provider}] is a table, pss and retired are true or false")
    wrong = [*sorted(unknown), *(term for term, value in key.terms.items() if type(value) is not allowed.get(term))]
    missing = [term for term in _NEEDED[key.provider] if not key.terms.get(term)]
    if wrong or missing:
        detail = "; ".join(
            filter(None, (f"not understood: {', '.join(wrong)}" * bool(wrong), f"missing: {', '.join(missing)}" * bool(missing)))
        )
        raise Refusal("key.configuration", label=key.name, detail=detail)
    if not 1 <= key.terms.get("sessions", DEFAULT_SESSIONS) <= 1000:
        raise Refusal("key.configuration", label=key.name, detail="sessions are 1 to 1000")
    return key


def _written(key: KeyFolder) -> str:
    """TOML; its basic strings are spelled as JSON's are."""
    lines = [f"version = {VERSION}", f'provider = "{key.provider}"', f"pss = {str(key.pss).lower()}", "", f"[{key.provider}]"]
    lines += [f"{term} = {json.dumps(value, ensure_ascii=False)}" for term, value in key.terms.items()]
    return "\n".join(lines) + "\n"


def write_chain(key: KeyFolder, pem: bytes) -> None:
    """Install the certificates, whole or not at all; a chain that was there before gives way."""
    write_private(key.chain_file, pem)


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner reads, whole or not at all."""
    scratch = path.with_name(f".{path.name}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)
