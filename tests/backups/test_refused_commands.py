"""The operator's commands when something is not as it should be: a sentence in the terminal's language, a status that is not 0."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError

from place import Place
from tachiai import backups
from tachiai.cli.main import main


def test_whatever_fails_is_a_sentence(
    house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*command: str, language: str = "C.UTF-8") -> str:
        monkeypatch.setenv("LC_ALL", language)
        assert main(command) == 1
        return capsys.readouterr().err

    backed.write_text("a file where the folder is to be")
    assert "空き容量と権限を確認してください" in told("backup")
    assert "Check free space and permissions" in told("backup", language="en_US.UTF-8")
    assert "[backup.disk: " in told("backup", language="ja_JP.UTF-8")
    # What no verb has foreseen: the machine's own refusals.
    phrase = house.home / "phrase"
    phrase.write_text("a passphrase long enough")
    unwritable = ("backup", "keys", "--to", str(house.home / ("x" * 300)), "--passphrase-file", str(phrase))
    assert "x" * 300 in told(*unwritable)

    def locked(**_: object) -> None:
        raise OperationalError("database is locked\nand more")

    monkeypatch.setattr(backups, "make_backup", locked)
    assert "データベースを使えません（database is locked）" in told("backup")

    def mistaken(**_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(backups, "make_backup", mistaken)
    with pytest.raises(KeyError):
        main(["backup"])


def test_a_damaged_generation_hides_no_other(house: Place, backed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup"]) == 0
    (backed / "generations" / "20200101T000000Z").mkdir()
    capsys.readouterr()
    assert main(["backup", "list"]) == 1
    damaged, whole = capsys.readouterr().out.splitlines()
    assert "DAMAGED" in damaged
    assert "boxes" in whole


def test_what_is_refused_leaves_no_keys_behind(house: Place, backed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup"]) == 0
    sealed, phrase, home = tmp_path / "keys.sealed", tmp_path / "phrase", tmp_path / "new" / "home"
    phrase.write_text("a passphrase long enough")
    assert main(["backup", "keys", "--to", str(sealed), "--passphrase-file", str(phrase)]) == 0
    # These tests' process is the lost house itself, which is no place to restore into.
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TACHIAI_HOME", str(house.home))
        command = ("restore", str(backed), "--home", str(house.home), "--keys", str(sealed), "--passphrase-file", str(phrase))
        assert main(command) == 1
    assert "restore.occupied" in capsys.readouterr().err
    backups.open_keys(sealed, passphrase="a passphrase long enough", into=home / "keys")  # made for this test
    assert {path.stat().st_mode & 0o777 for path in (home, home / "keys")} == {0o700}
