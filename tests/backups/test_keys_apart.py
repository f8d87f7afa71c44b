"""The keys in a file of their own, under a passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest

from place import Place
from tachiai import backups
from tachiai.backups import keys_apart
from tachiai.errors import Refusal

PASSPHRASE = "三つの山と二つの川と一つの橋"


def test_keys_come_back_and_nothing_else_opens_them(house: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_apart, "COST", {"n": 1 << 10, "r": 8, "p": 1})
    file, into = tmp_path / "keys.sealed", tmp_path / "keys"
    for folder in ("vault-earlier", "vault-retired"):
        (house.home / "keys" / folder).mkdir(mode=0o700)
        (house.home / "keys" / folder / "0123.key").write_text(folder)
    count = backups.seal_keys(file, passphrase=PASSPHRASE)
    assert backups.open_keys(file, passphrase=PASSPHRASE, into=into) == count > 5
    keys = house.home / "keys"
    needed = {"vault.key", "vault-earlier/0123.key", "vault-retired/0123.key", "log.key", "house.id", "pepper.key", "link.key"}
    assert {str(path.relative_to(into)) for path in into.rglob("*") if path.is_file()} >= needed
    assert {str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()} == {
        str(path.relative_to(keys)): path.read_bytes() for path in keys.rglob("*") if path.is_file()
    }
    assert (keys / "vault.key").read_text().strip() not in file.read_bytes().decode("latin-1")
    with pytest.raises(Refusal, match=r"restore\.occupied"):
        backups.open_keys(file, passphrase=PASSPHRASE, into=into)
    whole = file.read_bytes()
    head = whole.index(b"\n")
    for place in (0, 10, head - 3, head + 2, head + 30, len(whole) - 1):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Refusal, match=r"backup\.keys"):
            backups.open_keys(file, passphrase=PASSPHRASE, into=tmp_path / "other")
    file.write_bytes(whole)
    with pytest.raises(Refusal, match=r"backup\.keys"):
        backups.open_keys(file, passphrase=PASSPHRASE + "。", into=tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(Refusal, match=r"backup\.passphrase"):
        backups.seal_keys(tmp_path / "short", passphrase="short")
