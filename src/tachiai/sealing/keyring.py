"""All signing keys of the house, each with its validity; new seals use the newest valid one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from tachiai.crypto import chains
from tachiai.crypto.certificate_requests import Chain
from tachiai.crypto.hsm import open_key
from tachiai.crypto.keys import Credential, SigningKey, arrange, load_credential, public_of
from tachiai.crypto.pins import read_secret
from tachiai.crypto.remote_signing import open_remote
from tachiai.errors import Outage, Refusal
from tachiai.house import House
from tachiai.sealing.key_folders import KeyFolder, list_folders, read_folder

Keeper = Literal["file", "pkcs11", "csc", "embedded"]


class ConfiguredKey:
    """One key of the configuration. Without a chain it cannot seal, and ``trouble`` says why; the key itself is opened at first use."""

    def __init__(
        self,
        name: str,
        keeper: Keeper | None,
        *,
        chain: Chain | None = None,
        trouble: Refusal | None = None,
        opener: Callable[[], SigningKey] | None = None,
        retired: bool = False,
    ) -> None:
        self.name, self.keeper, self.chain, self.trouble = name, keeper, chain, trouble
        self.retired = retired
        self._opener = opener
        self._lock = threading.Lock()
        self._credential: Credential | None = None

    def __repr__(self) -> str:
        return f"ConfiguredKey({self.name}, {self.keeper})"

    @property
    def waiting(self) -> bool:
        """Made, and its certificate not yet installed."""
        return self.trouble is not None and self.trouble.code == "key.certificate_missing"

    def whole_chain(self) -> Chain:
        """Its certificates. Refuses with its trouble when there are none that could be used."""
        if self.chain is None:
            raise self.trouble or Refusal("key.certificate_missing", label=self.name)
        return self.chain

    def credential(self) -> Credential:
        """The key, opened once. Refuses with what is wrong with it; ``Outage("key.unreachable")`` when its keeper does not answer."""
        chain = self.whole_chain()
        with self._lock:
            if self._credential is None and self._opener is not None:
                key = self._opener()
                self._credential = Credential(chain.certificate, chain.intermediates, (chain.root,), key=key, label=self.name)
        if self._credential is None:
            raise Refusal("key.absent", key=self.name)
        return self._credential

    @property
    def begins(self) -> datetime:
        return chains.certificate(self.whole_chain().certificate).not_valid_before_utc

    @property
    def ends(self) -> datetime:
        return chains.certificate(self.whole_chain().certificate).not_valid_after_utc

    @property
    def subject(self) -> str:
        return chains.name_text(chains.named(self.whole_chain().certificate).subject)

    @property
    def fingerprint(self) -> str:
        return chains.fingerprint(self.whole_chain().certificate)


@dataclass(frozen=True)
class Keyring:
    keys: tuple[ConfiguredKey, ...]

    @property
    def whole(self) -> tuple[ConfiguredKey, ...]:
        """Those with a chain, whatever the date."""
        return tuple(key for key in self.keys if key.chain is not None)

    @property
    def roots(self) -> tuple[bytes, ...]:
        """DER roots of every key, the expired ones too: what was sealed with them is still to be verified."""
        return tuple(dict.fromkeys(key.whole_chain().root for key in self.whole))

    def valid(self, *, at: datetime) -> list[ConfiguredKey]:
        """Those that may seal at ``at``, the newest first."""
        usable = [key for key in self.whole if not key.retired and key.begins <= at <= key.ends]
        return sorted(usable, key=lambda key: (key.begins, key.ends), reverse=True)

    def newest(self, *, at: datetime) -> Credential:
        """What seals at ``at``. ``Outage`` for whatever is amiss: ``key.none_valid``, or ``key.unreachable`` with the reason.

        A contract waiting to be sealed is never to blame for a key, so nothing here is a refusal.
        """
        valid = self.valid(at=at)
        if not valid:
            raise Outage("key.none_valid", "; ".join(f"{key.name}: {_why(key, at)}" for key in self.keys) or "no key is configured")
        try:
            return valid[0].credential()
        except Refusal as refusal:
            raise Outage("key.unreachable", f"{valid[0].name}: {refusal}") from refusal

    def named(self, fingerprint: str, *, at: datetime) -> Credential:
        """The valid key whose certificate has that SHA-256 fingerprint (hex), for an act that was meant for it; else :meth:`newest`."""
        for key in self.valid(at=at):
            if key.fingerprint == fingerprint:
                return Keyring((key,)).newest(at=at)
        return self.newest(at=at)


def _why(key: ConfiguredKey, at: datetime) -> str:
    if key.trouble is not None:
        return str(key.trouble)
    if key.retired:
        return "retired"
    return f"expired on {key.ends.date()}" if at > key.ends else f"not valid before {key.begins.date()}"


def configured_keyring(house: House) -> Keyring:
    """Every key of the configuration: the folders of ``TACHIAI_SEAL_KEYS``, and the file of ``TACHIAI_SEAL_KEY_PATH``.

    One that cannot be used is in it all the same, with its trouble.
    """
    keys = [_from_folder(folder) for folder in list_folders(house.seal_keys)]
    if house.seal_key_file is not None:
        keys.append(_from_file(house, house.seal_key_file))
    return Keyring(tuple(keys))


def embedded_key(credential: Credential) -> ConfiguredKey:
    chain = Chain(credential.certificate, credential.intermediates, credential.roots[0])
    return ConfiguredKey(credential.label, "embedded", chain=chain, opener=lambda: credential.key)


def stamps_of(house: House) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever a key is made, or a chain installed: name, time and size of each file that describes one."""
    files = [folder / name for folder in list_folders(house.seal_keys) for name in ("key.toml", "chain.pem")]
    files += [file for file in (house.seal_key_file, house.seal_chain_file) if file is not None]
    return tuple(stamp for file in files if (stamp := stamp_of(file)))


def stamp_of(file: Path) -> tuple[str, int, int] | None:
    """What changes whenever a file is written; None for one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size


def _from_file(house: House, file: Path) -> ConfiguredKey:
    try:
        found = load_credential(file, passphrase=house.seal_key_passphrase, chain_file=house.seal_chain_file, pss=house.seal_key_pss)
    except Refusal as trouble:
        return ConfiguredKey(file.stem, "file", trouble=trouble)
    chain = Chain(found.certificate, found.intermediates, found.roots[0])
    return ConfiguredKey(file.stem, "file", chain=chain, opener=lambda: found.key)


def _from_folder(folder: Path) -> ConfiguredKey:
    try:
        described = read_folder(folder)
    except Refusal as trouble:
        return ConfiguredKey(folder.name, None, trouble=trouble)
    try:
        held = described.chain()
        # The certificate of the key's own comes first in the file, so that no token has to be asked which it is.
        chain = Chain(*arrange(public_of(held[0]), held, label=described.name))
    except Refusal as trouble:
        return ConfiguredKey(folder.name, described.provider, trouble=trouble)
    return ConfiguredKey(folder.name, described.provider, chain=chain, opener=lambda: _opened(described, chain), retired=described.retired)


def _opened(described: KeyFolder, chain: Chain) -> SigningKey:
    match described.provider:
        case "pkcs11":
            return open_key(described.token_place(), str(described.terms["key"]), certificate=chain.certificate, pss=described.pss)
        case "csc":
            return open_remote(described.service_place(), certificate=chain.certificate, pss=described.pss)
        case "file":
            return _software(described).key


def _software(described: KeyFolder) -> Credential:
    file, secret = described.path("key_file"), described.path("passphrase_file")
    passphrase = read_secret(secret).encode() if secret else None
    if file is None:
        raise Refusal("key.configuration", label=described.name, detail="missing: key_file")
    return load_credential(file, passphrase=passphrase, chain_file=described.chain_file, label=described.name, pss=described.pss)
