"""The key-encryption keys of this process: opened once, looked at again when their files change.

A key that is told in a row is that key or nothing: where its keeper does not answer, whoever reads waits.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from django.conf import settings

from tachiai.crypto.key_wrapping import KeyWrapping, Remembering
from tachiai.crypto.strongbox import Unopenable, new_data_key
from tachiai.errors import Outage, Refusal
from tachiai.house import House
from tachiai.vault.key_list import ListedKey, files_watched, list_keys

LOOK_AGAIN_SECONDS = 2.0
Stamp = tuple[str, int, int]


class OpenKey:
    """A listed key and its handle, opened at first use."""

    def __init__(self, listed: ListedKey) -> None:
        self.listed = listed
        self._lock = threading.Lock()
        self.opened: KeyWrapping | None = None

    def handle(self) -> KeyWrapping:
        """``Outage("kek.configuration")`` when its description cannot be used after all."""
        with self._lock:
            if self.opened is None:
                try:
                    self.opened = self.listed.open()
                except Refusal as refusal:
                    raise Outage("kek.configuration", f"{self.listed.name}: {refusal}") from refusal
            return self.opened

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()

    @property
    def id(self) -> str:
        """Asked of its keeper, once. Raises ``Outage`` as the handle does."""
        return self.handle().id


class Keys:
    """All configured keys, the current one first."""

    def __init__(self, listed: tuple[ListedKey, ...]) -> None:
        self.all = tuple(OpenKey(one) for one in listed)
        self.are_ours = False  # whether somebody has compared them with what the rows name

    @property
    def current(self) -> KeyWrapping:
        """The key that wraps."""
        return self.all[0].handle()

    def find(self, kek: str) -> KeyWrapping | None:
        """The key of that id, or None. ``Outage("kek.unreachable")`` where it may be one whose keeper does not answer."""
        silent: list[Outage] = []
        for key in self.all:
            try:
                if key.id == kek:
                    return key.handle()
            except Outage as away:
                silent.append(away)
        if silent:
            raise Outage("kek.unreachable", "; ".join(str(away) for away in silent))
        return None

    def close(self) -> None:
        for key in self.all:
            key.close()

    def forget(self, wrapped: bytes) -> None:
        """Whatever this process remembers of a data key that is destroyed."""
        for key in self.all:
            if isinstance(key.opened, Remembering):
                key.opened.forget(wrapped)


class _Current:
    """Built once in a process, and again when the files that say which keys there are were written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Keys | None = None
        self.cache_clear()

    def cache_clear(self) -> None:
        if self._held is not None:
            self._held.close()
        self._held = None
        self._stamps: tuple[Stamp, ...] = ()
        self._look_again = 0.0

    def __call__(self) -> Keys:
        """Raises ``Misconfigured`` when the configuration cannot be used."""
        held = self._held
        if held is not None and time.monotonic() < self._look_again:
            return held
        return self.looked()

    def of(self, kek: str) -> KeyWrapping:
        """The key of that id. ``Outage("vault.key_absent")`` when the configuration has none: it may have been left out by mistake."""
        found = self().find(kek) or self.looked().find(kek)
        if found is None:
            raise Outage("vault.key_absent", f"no configured key is {kek}")
        return found

    def looked(self) -> Keys:
        """As the files are now, however lately they were looked at."""
        with self._lock:
            stamps = _stamps(settings.TACHIAI)
            if self._held is None or stamps != self._stamps:
                if self._held is not None:
                    self._held.close()
                self._held = Keys(list_keys(settings.TACHIAI))
            self._stamps, self._look_again = stamps, time.monotonic() + LOOK_AGAIN_SECONDS
            return self._held


keys = _Current()


def _stamps(house: House) -> tuple[Stamp, ...]:
    """What changes whenever one of the files is written, appears or goes."""
    return tuple(stamp for file in files_watched(house) if (stamp := _stamp(file)) is not None)


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size


def try_key(key: OpenKey) -> str:
    """Wrap a key and unwrap it again, by its keeper and not from memory; gives the key's id. Raises ``Outage`` with what is wrong."""
    handle, probe = key.handle(), new_data_key()
    try:
        wrapped = handle.wrap(probe)
        if isinstance(handle, Remembering):
            handle.forget(wrapped)
        if handle.unwrap(wrapped) != probe:
            raise Outage("kek.lied", f"{key.listed.name} gave another key than was wrapped")
    except Unopenable as torn:
        raise Outage("kek.lied", f"{key.listed.name}: {torn}") from torn
    return handle.id
