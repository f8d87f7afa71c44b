"""Which key-encryption keys the configuration names: the first wraps, all of them unwrap (docs/operations/vault-keys.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from tachiai.crypto.hsm_sessions import DEFAULT_SESSIONS, TokenPlace
from tachiai.crypto.key_wrapping import KeyWrapping, Remembering
from tachiai.crypto.kms_wrapping import KmsKey, KmsPlace, check_kms_place
from tachiai.crypto.strongbox import KeyEncryptionKey
from tachiai.crypto.token_wrapping import TokenKey
from tachiai.errors import Refusal
from tachiai.house import House, Misconfigured, Table

Kind = Literal["file", "pkcs11", "kms"]
SETTING = "TACHIAI_VAULT_KEY"
CURRENT_FILE, EARLIER, RETIRED = "vault.key", "vault-earlier", "vault-retired"
_LAST_SECONDS = 30.0


@dataclass(frozen=True)
class ListedKey:
    """One key of the configuration. ``open`` makes a handle; nothing is asked of its keeper before the handle is used."""

    name: str
    kind: Kind
    open: Callable[[], KeyWrapping]
    file: Path | None = None


def list_keys(house: House) -> tuple[ListedKey, ...]:
    """Every configured key, the one that wraps first. Raises ``Misconfigured`` and says what would do."""
    if house.vault_keys_file is not None:
        if house.vault_key != "file":
            raise Misconfigured(f"{SETTING} and {SETTING}S_PATH are both set: name one key or a list")
        return _from_list(house.vault_keys_file, memory=pin_memory(house))
    earlier = [_file_key(file) for file in sorted(earlier_folder(house).glob("*.key"))]
    own = house.keys / CURRENT_FILE
    if house.vault_key == "file":
        return (_file_key(own), *earlier)
    # What the file wrapped before there was anything better is still to be read.
    return (_foreign(house), *([_file_key(own)] if own.exists() else []), *earlier)


def earlier_folder(house: House) -> Path:
    """Where the files of keys are that wrap nothing any more and still unwrap."""
    return house.keys / EARLIER


def pin_memory(house: House) -> Path:
    """Where a refused PIN is remembered: beside the signing keys, for they may share the token, and with it the number of tries."""
    return house.seal_keys if house.seal_keys.is_dir() else house.keys


def files_watched(house: House) -> list[Path]:
    """The files whose change means that keys came or went."""
    if house.vault_keys_file is not None:
        return [house.vault_keys_file]
    return [house.keys / CURRENT_FILE, *sorted(earlier_folder(house).glob("*.key"))]


def read_key_file(file: Path) -> bytes:
    """The 32 bytes of a key's file. Raises ``Misconfigured``: nothing is invented at run time."""
    try:
        value = bytes.fromhex(file.read_text().strip())
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"{file.name} is missing or unreadable in {file.parent}: run `tachiai init`") from problem
    if len(value) != 32:
        raise Misconfigured(f"{file.name} must hold 32 bytes as hexadecimal digits")
    return value


def _file_key(file: Path) -> ListedKey:
    return ListedKey(file.name, "file", lambda: KeyEncryptionKey(read_key_file(file)), file=file)


def _token_key(name: str, place: TokenPlace, key: str) -> ListedKey:
    return ListedKey(name, "pkcs11", lambda: Remembering(TokenKey(place, key)))


def _kms_key(name: str, place: KmsPlace) -> ListedKey:
    try:
        check_kms_place(place)
    except Refusal as wrong:
        raise Misconfigured(f"{name}: {wrong.facts['detail']}") from wrong
    return ListedKey(name, "kms", lambda: Remembering(KmsKey(place)))


# -------------------------------------------------------------------------------------------- in one line


def _foreign(house: House) -> ListedKey:
    if house.vault_key.startswith("pkcs11:"):
        return _from_pkcs11_uri(house.vault_key, memory=pin_memory(house))
    if house.vault_key.startswith("kms:"):
        url, middle, key = house.vault_key.removeprefix("kms:").rpartition("/keys/")
        if not middle or not key or "/" in key:
            raise Misconfigured(f"{SETTING} of a service has the form kms:https://host:port/v1/transit/keys/NAME")
        return _kms_key(key, KmsPlace(url, unquote(key), house.vault_kms_token_file, house.vault_kms_roots_file))
    raise Misconfigured(f"{SETTING} is file, pkcs11:… or kms:https://…")


def _from_pkcs11_uri(uri: str, *, memory: Path) -> ListedKey:
    """RFC 7512, as far as it is meant here: ``pkcs11:token=…;object=…?module-path=…&pin-source=…``."""
    parts = urlsplit(uri)
    path = dict(pair.partition("=")[::2] for pair in parts.path.split(";"))
    query = dict(parse_qsl(parts.query))
    try:
        token, key = unquote(path.pop("token")), unquote(path.pop("object"))
        module, pin = query.pop("module-path"), query.pop("pin-source").removeprefix("file:")
    except KeyError as missing:
        raise Misconfigured(f"{SETTING}: {missing.args[0]} is missing: pkcs11:token=…;object=…?module-path=…&pin-source=…") from missing
    if unknown := path.keys() | query.keys():
        raise Misconfigured(f"{SETTING}: unknown: {', '.join(sorted(unknown))}")
    return _token_key(key, TokenPlace(Path(module), token, Path(pin), memory=memory), key)


# --------------------------------------------------------------------------------------------- in a list


def _from_list(file: Path, *, memory: Path) -> tuple[ListedKey, ...]:
    """One ``[[key]]`` after the other, in TOML; paths are relative to the file."""
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"{SETTING}S_PATH cannot be read: {file}: {problem}") from problem
    whole = Table(held, file.name)
    tables = whole.take("key", list, [])
    whole.end()
    if not tables or not all(isinstance(one, dict) for one in tables):
        raise Misconfigured(f"{file.name} lists each key under [[key]], and at least one")
    return tuple(_listed(Table(one, f"{file.name}, key {number}", file.parent), memory) for number, one in enumerate(tables, 1))


def _listed(table: Table, memory: Path) -> ListedKey:
    kind = table.take("kind", str, "")
    makers: dict[str, Callable[[Table, Path], ListedKey]] = {"file": _listed_file, "pkcs11": _listed_token, "kms": _listed_kms}
    if kind not in makers:
        raise Misconfigured(f"{table.name}: kind is file, pkcs11 or kms")
    made = makers[kind](table, memory)
    table.end()
    return made


def _listed_file(table: Table, _memory: Path) -> ListedKey:
    return _file_key(_path(table, "file"))


def _listed_token(table: Table, memory: Path) -> ListedKey:
    token, key = _needed(table, "token"), _needed(table, "key")
    sessions = table.take("sessions", int, DEFAULT_SESSIONS)
    return _token_key(key, TokenPlace(_path(table, "module"), token, _path(table, "pin_file"), memory, sessions), key)


def _listed_kms(table: Table, _memory: Path) -> ListedKey:
    place = KmsPlace(
        _needed(table, "url"),
        _needed(table, "key"),
        table.path("token_file"),
        table.path("server_roots"),
        table.path("client_certificate"),
        float(table.take("timeout", (int, float), 5)),
    )
    if not 0 < place.timeout <= _LAST_SECONDS:
        raise Misconfigured(f"{table.name}: timeout is in seconds, at most {_LAST_SECONDS:g}")
    return _kms_key(place.key, place)


def _needed(table: Table, term: str) -> str:
    given: Any = table.take(term, str, "")
    if not given:
        raise Misconfigured(f"{table.name}: {term} is missing")
    return str(given)


def _path(table: Table, term: str) -> Path:
    given = table.path(term)
    if given is None:
        raise Misconfigured(f"{table.name}: {term} is missing")
    return given
