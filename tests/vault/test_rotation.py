"""Keys come and go, the bytes stay: whatever happens in between, every blob opens."""

from __future__ import annotations

import hashlib
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.checks import Error, Warning  # noqa: A004  # its own name for it
from django.db import transaction

from crypto.server import serving
from kms import Kms
from place import Place
from softhsm import new_token
from tachiai import clock, ledger, vault
from tachiai.cli.main import main
from tachiai.crypto.strongbox import KeyEncryptionKey
from tachiai.errors import Outage, Refusal
from tachiai.house import Misconfigured, read
from tachiai.vault import checks, key_making, rotating, wrapping
from tachiai.vault.key_list import list_keys
from tachiai.vault.models import Blob
from tachiai.work.models import Alarm

AT = datetime(2026, 11, 23, tzinfo=UTC)
DRIVER = Path(__file__).parent / "rotation_driver.py"


def kept(data: bytes) -> Blob:
    stored = vault.put(data, kind="document")
    with transaction.atomic():
        return vault.keep(stored, at=AT)


@pytest.fixture
def blobs(house: Place) -> list[Blob]:
    return [kept(b"document %d" % number) for number in range(7)]


def readable(count: int = 7) -> None:
    wrapping.keys.cache_clear()
    texts = sorted(vault.read(blob) for blob in Blob.objects.all())
    assert texts[:count] == [b"document %d" % number for number in range(count)]


def boxes(house: Place) -> dict[str, str]:
    files = [path for path in (house.home / "vault").rglob("*") if path.is_file()]
    return {str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}" for path in files}


def told(event: str = "vault.key_rotated") -> list[dict[str, Any]]:
    return [one.data for one in ledger.entries("house") if one.event == event]


def alarms() -> list[str]:
    return list(Alarm.objects.filter(kind=rotating.UNFINISHED, cleared_at=None).values_list("subject", flat=True))


def test_a_rotation_touches_no_byte_and_is_on_record(house: Place, blobs: list[Blob], capsys: pytest.CaptureFixture[str]) -> None:
    (old,) = vault.count_by_key()
    before, digests = boxes(house), {blob.pk: bytes(blob.segments.get().sha256) for blob in blobs}
    assert main(["vault", "rotate", "--new"]) == 0
    (new,) = vault.count_by_key()
    assert (new != old, boxes(house) == before) == (True, True)
    readable()
    assert {blob.pk: bytes(blob.segments.get().sha256) for blob in Blob.objects.all()} == digests
    assert told() == [
        {"step": "begun", "key": new, "counts": {old: 7}},
        {"step": "ended", "key": new, "moved": 7, "counts": {new: 7}},
    ]
    assert told("vault.key_made") == [{"key": new, "kind": "file", "earlier": old}]
    assert alarms() == []
    assert vault.read(blobs[0]) == b"document 0"  # whoever read its row before
    capsys.readouterr()
    assert main(["vault", "keys", "--try"]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [["*", new, "file"], [old, "file", "0"]]


def test_a_key_is_retired_when_nothing_names_it_any_more(house: Place, blobs: list[Blob]) -> None:
    (old,) = vault.count_by_key()
    new = vault.make_file(at=AT)
    for kek, code in ((new, "kek.current"), (old, "kek.in_use"), ("0" * 16, "kek.unknown")):
        with pytest.raises(Refusal) as refused:
            vault.retire(kek, at=AT)
        assert refused.value.code == code
    vault.rotate(now=lambda: AT)
    with pytest.raises(Refusal, match=r"kek\.too_soon"):
        vault.retire(old, at=AT + timedelta(minutes=59))
    assert not told("vault.key_retired")
    place = vault.retire(old, at=AT + key_making.SETTLED)
    assert place == house.home / "keys" / "vault-retired" / f"{old}.key"
    assert told("vault.key_retired") == [{"key": old, "kind": "file"}]
    assert [key.id for key in vault.known_keys()] == [new]
    readable()
    # A row from before, as an old backup has it.
    Blob.objects.filter(pk=blobs[0].pk).update(kek=old, wrapped_key=blobs[0].wrapped_key)
    with pytest.raises(Outage, match=r"vault\.key_absent"):
        vault.read(blobs[0])
    assert [(key.id, key.trouble) for key in vault.known_keys()][1:] == [(old, "vault.key_absent")]


KILLS = [
    ("tachiai.vault.key_making:_write", "after", 1),
    ("tachiai.vault.rotating:_move", "after", 2),
    ("tachiai.vault.rotating:_end", "before", 1),
]


def test_a_rotation_killed_at_any_step_leaves_everything_readable(house: Place, blobs: list[Blob]) -> None:
    vault.make_file(at=AT)
    for target, when, number in KILLS:
        command = [sys.executable, str(DRIVER), str(house.home), target, when, str(number)]
        assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
        readable()
    assert alarms() == [wrapping.keys().current.id]
    done = vault.rotate(now=lambda: AT)
    assert (done.resumed, vault.count_by_key(), alarms()) == (True, {done.key: 7}, [])
    assert told()[-2]["step"] == "resumed"
    readable()


def test_a_rotation_goes_on_beside_uploads_shredding_and_another_rotation(blobs: list[Blob], monkeypatch: pytest.MonkeyPatch) -> None:
    (old,) = vault.count_by_key()
    earlier = wrapping.keys()
    vault.make_file(at=AT)
    monkeypatch.setattr(rotating, "BATCH", 2)
    moved, real = [0], rotating._move

    def beside(batch: Any, kek: Any) -> int:
        """While a batch is wrapped and not yet written: one of it goes, one is moved by somebody else, one more is put by the old key."""
        moved[0] += 1
        if moved[0] == 1:
            with transaction.atomic():
                vault.shred([batch[0].blob])
            assert real(batch[1:], kek) == 1
            data_key = earlier.current.wrap(bytes(32))
            Blob.objects.create(kind="document", kek=old, wrapped_key=data_key, created_at=AT)
            return int(real(batch, kek))
        return int(real(batch, kek))

    monkeypatch.setattr(rotating, "_move", beside)
    done = vault.rotate(now=lambda: AT)
    assert vault.count_by_key() == {done.key: 7}
    assert (done.moved, done.altered) == (6, ())


def test_what_another_process_wrapped_by_a_newer_key_is_read_at_once(
    house: Place, blobs: list[Blob], monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = vault.count_by_key()
    monkeypatch.setattr(wrapping, "LOOK_AGAIN_SECONDS", 3600.0)
    wrapping.keys.cache_clear()
    assert wrapping.keys().current.id == old
    folder, newer = house.home / "keys" / "vault-earlier", KeyEncryptionKey(secrets.token_bytes(32))
    folder.mkdir()
    (house.home / "keys" / "vault.key").rename(folder / f"{old}.key")
    (house.home / "keys" / "vault.key").write_text(newer.secret.hex())
    wrapped = newer.wrap(wrapping.keys.of(old).unwrap(bytes(blobs[0].wrapped_key)))
    Blob.objects.filter(pk=blobs[0].pk).update(kek=newer.id, wrapped_key=wrapped)
    assert vault.read(Blob.objects.get(pk=blobs[0].pk)) == b"document 0"
    assert vault.read(blobs[1]) == b"document 1"
    assert wrapping.keys().current.id == newer.id


def test_what_does_not_unwrap_is_named_and_left(blobs: list[Blob]) -> None:
    (old,) = vault.count_by_key()
    torn = blobs[3]
    Blob.objects.filter(pk=torn.pk).update(wrapped_key=bytes(40))
    vault.make_file(at=AT)
    done = vault.rotate(now=lambda: AT)
    assert (done.moved, done.altered, vault.count_by_key()[old]) == (6, (torn.pk,), 1)
    assert (told()[-1]["step"], told()[-1]["altered"], alarms()) == ("incomplete", 1, [done.key])
    Blob.objects.filter(pk=torn.pk).update(wrapped_key=torn.wrapped_key)
    assert (vault.rotate(now=lambda: AT).moved, alarms()) == (1, [])


# -------------------------------------------------------------------------------------- keys that live elsewhere


def configure(settings: Any, **given: str) -> None:
    environment = {f"TACHIAI_{name}": value for name, value in given.items()}
    found = read(environment | {"TACHIAI_MODE": "demo", "TACHIAI_HOME": str(settings.TACHIAI.home)})
    settings.TACHIAI = replace(
        settings.TACHIAI,
        vault_key=found.vault_key,
        vault_keys_file=found.vault_keys_file,
        vault_kms_token_file=found.vault_kms_token_file,
    )
    wrapping.keys.cache_clear()


@pytest.fixture
def kms() -> Iterator[tuple[Kms, str]]:
    service = Kms()
    with serving(service.behave) as served:
        yield service, served.url
        service.waiting.set()
        wrapping.keys.cache_clear()


def test_from_the_file_into_a_token_and_on_to_a_service(
    house: Place,
    blobs: list[Blob],
    tmp_path: Path,
    settings: Any,
    kms: tuple[Kms, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = new_token(tmp_path)
    options = ["--module", str(token.place.module), "--token", token.place.token, "--pin-file", str(token.pin_file)]
    assert main(["vault", "make-key", "kek", *options]) == 0
    uri = capsys.readouterr().out.splitlines()[-1].partition("=")[2].strip("'")
    configure(settings, VAULT_KEY=uri)
    readable()
    in_token = vault.rotate(now=lambda: AT).key
    assert vault.count_by_key() == {in_token: 7}
    own, late = house.home / "keys" / "vault.key", AT + key_making.SETTLED
    (old,) = [key.id for key in vault.known_keys() if not key.current]
    assert (vault.retire(old, at=late), own.exists()) == (house.home / "keys" / "vault-retired" / f"{old}.key", False)
    readable()
    for place in range(0, 90, 7):
        row = Blob.objects.first()
        assert row is not None
        torn = bytearray(row.wrapped_key)
        torn[place % len(torn)] ^= 1
        row.wrapped_key = bytes(torn)
        with pytest.raises(Refusal, match=r"vault\.altered"):
            vault.read(row)
    # The token first in a list, then the service.
    listed = tmp_path / "keys.toml"
    service = f'[[key]]\nkind = "kms"\nurl = "{kms[1]}/v1/transit"\nkey = "house"\ntimeout = 20\n'
    tokens = f'[[key]]\nkind = "pkcs11"\nmodule = "{token.place.module}"\ntoken = "{token.place.token}"\nkey = "kek"\n'
    tokens += f'pin_file = "{token.pin_file}"\n'
    listed.write_text(tokens + service)
    configure(settings, VAULT_KEYS_PATH=str(listed))
    readable()
    listed.write_text(service + tokens)
    at_service = vault.rotate(now=lambda: AT).key
    assert vault.count_by_key() == {at_service: 7}
    assert [(key.kind, key.blobs, key.trouble) for key in vault.try_keys()] == [("kms", 7, ""), ("pkcs11", 0, "")]
    readable()
    # A service that is away or lies strikes nothing, writes nothing and is told; what was read lately is still read.
    before = boxes(house)
    for trouble, code in (("503", "kek.unreachable"), ("other decrypt", "kek.lied")):
        kms[0].trouble = trouble
        with pytest.raises(Outage, match=code):
            vault.put(b"more", kind="document")
        assert vault.read(blobs_now()) == b"document 0"
        wrapping.keys.cache_clear()
        with pytest.raises(Outage, match=code):
            vault.read(blobs_now())
        kms[0].trouble = ""
        readable()
    assert boxes(house) == before
    settings.TACHIAI = replace(settings.TACHIAI, mode="production")
    assert checks.check_keys_work(None) == []
    for trouble, kind in (("503", Warning), ("403", Error), ("replay decrypt", Error)):
        kms[0].trouble = trouble
        kms[0].held = {"old": "AAAA"} | kms[0].held
        (message,) = checks.check_keys_work(None)
        assert isinstance(message, kind)


def blobs_now() -> Blob:
    return next(blob for blob in Blob.objects.all() if blob.segments.get().sha256 == hashlib.sha256(b"document 0").digest())


BROKEN = {
    "VAULT_KEY": (
        "tpm:",
        "pkcs11:token=a",
        "pkcs11:token=a;object=b?module-path=/x",
        "kms:https://h/v1/transit",
        "kms:http://kms.example.jp/keys/a",
    ),
    "VAULT_KEYS_PATH": (
        "",
        "[[keys]]",
        "key = 1",
        '[[key]]\nkind = "tpm"',
        '[[key]]\nkind = "file"',
        '[[key]]\nkind = "file"\nfile = "a"\nmore = 1',
        '[[key]]\nkind = "kms"\nurl = "https://h"\nkey = "a"\ntimeout = 31',
        '[[key]]\nkind = "kms"\nurl = "http://kms.example.jp"\nkey = "a"',
        '[[key]]\nkind = "pkcs11"\ntoken = "a"\nkey = "b"\nmodule = "/x"',
    ),
}


def test_a_configuration_that_cannot_be_used_stops_the_start(house: Place, tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "keys.toml"
    for setting, values in BROKEN.items():
        for value in values:
            file.write_text(value)
            configure(settings, **{setting: str(file) if setting == "VAULT_KEYS_PATH" else value})
            with pytest.raises(Misconfigured):
                list_keys(settings.TACHIAI)
            assert [message.id for message in checks.check_key_list(None)] == ["tachiai.E010"]
    file.write_text('[[key]]\nkind = "file"\nfile = "a"')
    configure(settings, VAULT_KEYS_PATH=str(file), VAULT_KEY="pkcs11:token=a;object=b?module-path=/x&pin-source=/y")
    with pytest.raises(Misconfigured, match="both"):
        list_keys(settings.TACHIAI)
    configure(settings, VAULT_KEYS_PATH=str(file))
    (tmp_path / "a").write_text(secrets.token_hex(32))
    with pytest.raises(Refusal, match=r"kek\.not_in_file"):
        vault.make_file(at=clock.now())


def test_of_two_keys_made_at_once_neither_is_lost(house: Place, blobs: list[Blob], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    beside = Thread(target=lambda: made.append(key_making.make_file(at=clock.now())))
    write = key_making._write

    def slowly(file: Path, secret: bytes) -> None:
        if not beside.ident:
            beside.start()
            # Whoever comes second waits for the files, or is done by now and would be written over.
            beside.join(timeout=0.3)
        write(file, secret)

    monkeypatch.setattr(key_making, "_write", slowly)
    made.append(key_making.make_file(at=clock.now()))
    beside.join()
    assert {key.id for key in key_making.known_keys()} >= set(made)
    assert len(set(made)) == 2
