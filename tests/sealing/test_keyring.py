"""Several keys: the newest valid one seals, a successor is taken up without a restart, and what runs out is announced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pki import MOMENT, hierarchy
from place import Place
from sealing.keys import in_file, install
from tachiai import clock, sealing
from tachiai.errors import Outage
from tachiai.sealing import handles
from tachiai.sealing.key_alarms import due_alarms
from tachiai.sealing.key_folders import list_folders, read_folder
from tachiai.sealing.keyring import configured_keyring
from tachiai.work.models import Alarm

DAY = timedelta(days=1)


@pytest.fixture
def keys(house: Place, settings: Any, tmp_path: Path) -> Callable[..., None]:
    """Adds a key of the given validity to the house."""

    tree = hierarchy()

    def add(name: str, **validity: datetime) -> None:
        install(settings.TACHIAI, in_file(settings.TACHIAI, name), tmp_path, tree=tree, **validity)

    return add


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock, and looks at the files again at once."""

    def turn(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        monkeypatch.setattr(handles, "LOOK_AGAIN_SECONDS", 0.0)

    return turn


def label() -> str:
    return handles.handles().credential.label


def test_the_newest_valid_key_seals_from_its_day_on(keys: Callable[..., None], at: Callable[[datetime], None]) -> None:
    keys("old", until=MOMENT + 30 * DAY)
    keys("new", since=MOMENT + 10 * DAY, until=MOMENT + 400 * DAY)
    found = []
    for days in (0, 9, 11, 31, 399):
        at(MOMENT + days * DAY)
        found.append(label())
    assert found == ["old", "old", "new", "new", "new"]
    at(MOMENT + 500 * DAY)
    with pytest.raises(Outage) as outage:
        label()
    assert outage.value.code == "key.none_valid"
    # What the old one sealed is still verified.
    assert len(handles.handles().roots) == 1


def test_a_successor_is_taken_up_while_the_house_runs(keys: Callable[..., None], at: Callable[[datetime], None]) -> None:
    at(MOMENT)
    keys("old", until=MOMENT + 30 * DAY)
    assert label() == "old"
    before = handles.handles()
    assert handles.handles() is before
    keys("new", since=MOMENT - DAY / 2)
    assert label() == "new"
    assert handles.handles().timestamper is before.timestamper


def test_a_retired_key_seals_no_more_and_is_still_trusted(keys: Callable[..., None], at: Callable[[datetime], None], settings: Any) -> None:
    at(MOMENT)
    keys("old", until=MOMENT + 30 * DAY)
    keys("leaked", since=MOMENT - DAY / 2)
    assert label() == "leaked"
    description = settings.TACHIAI.seal_keys / "leaked" / "key.toml"
    description.write_text(description.read_text().replace("pss = false", "pss = false\nretired = true"))
    assert label() == "old"
    assert len(handles.handles().roots) == 1
    assert [trial.name for trial in sealing.try_keys(at=MOMENT) if trial.what == "key"] == ["old"]


def test_an_intent_keeps_the_key_it_named(keys: Callable[..., None], at: Callable[[datetime], None]) -> None:
    at(MOMENT)
    keys("old", until=MOMENT + 30 * DAY)
    meant = handles.handles().credential.fingerprint
    keys("new", since=MOMENT - DAY / 2)
    assert handles.handles().credential_named(meant).label == "old"
    at(MOMENT + 31 * DAY)
    assert handles.handles().credential_named(meant).label == "new"


def test_a_broken_key_is_listed_with_its_trouble_and_others_go_on(
    keys: Callable[..., None], at: Callable[[datetime], None], settings: Any
) -> None:
    at(MOMENT)
    keys("good")
    for name, text in {
        "noise": "\x00",
        "other": 'version = 2\nprovider = "file"\n[file]\nkey_file = "key.pem"\n',
        "odd": 'version = 1\nprovider = "file"\ncolour = "red"\n[file]\nkey_file = "key.pem"\n',
        "typed": 'version = 1\nprovider = "pkcs11"\n[pkcs11]\nmodule = "m"\ntoken = 1\nkey = "k"\npin_file = "p"\n',
        "scant": 'version = 1\nprovider = "csc"\n[csc]\nurl = "https://sign.example.jp/csc/v2"\n',
    }.items():
        folder = settings.TACHIAI.seal_keys / name
        folder.mkdir()
        (folder / "key.toml").write_text(text)
    in_file(settings.TACHIAI, "waiting")
    found = {key.name: key.trouble.code if key.trouble else "" for key in configured_keyring(settings.TACHIAI).keys}
    configuration = dict.fromkeys(("noise", "other", "odd", "typed", "scant"), "key.configuration")
    assert found == {"good": "", "waiting": "key.certificate_missing"} | configuration
    assert label() == "good"


def test_files_are_the_owners_alone_and_the_description_reads_back(keys: Callable[..., None], settings: Any) -> None:
    keys("seal-2026")
    (folder,) = list_folders(settings.TACHIAI.seal_keys)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == dict.fromkeys(
        ("key.toml", "key.pem", "public.der", "chain.pem"), "0o600"
    )
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    described = read_folder(folder)
    assert (described.provider, described.pss, dict(described.terms)) == ("file", False, {"key_file": "key.pem"})


@pytest.mark.parametrize(("days", "said"), [(91, []), (90.5, []), (89, ["90"]), (29, ["30"]), (6, ["7"]), (0.5, ["7"])])
def test_an_end_is_announced_ninety_thirty_and_seven_days_ahead(
    keys: Callable[..., None], settings: Any, days: float, said: list[str]
) -> None:
    keys("seal", until=MOMENT + 300 * DAY)
    found = due_alarms(configured_keyring(settings.TACHIAI), at=MOMENT + 300 * DAY - timedelta(days=days))
    assert [subject for _, subject in found] == [f"seal, {number} days" for number in said]


def test_nobody_speaks_of_a_key_that_has_a_successor(keys: Callable[..., None], settings: Any) -> None:
    keys("old", until=MOMENT + 5 * DAY)
    keys("new", since=MOMENT + 4 * DAY, until=MOMENT + 400 * DAY)
    ring = configured_keyring(settings.TACHIAI)
    assert due_alarms(ring, at=MOMENT) == {}
    assert [kind for kind, _ in due_alarms(ring, at=MOMENT + 500 * DAY)] == ["key.none_valid"]


def test_a_gap_between_two_keys_is_spoken_of(keys: Callable[..., None], settings: Any) -> None:
    keys("old", until=MOMENT + 5 * DAY)
    keys("new", since=MOMENT + 6 * DAY, until=MOMENT + 400 * DAY)
    assert [kind for kind, _ in due_alarms(configured_keyring(settings.TACHIAI), at=MOMENT)] == ["key.expiring"]


def test_the_clock_raises_and_clears_the_alarms(keys: Callable[..., None], at: Callable[[datetime], None]) -> None:
    keys("seal", until=MOMENT + 100 * DAY)
    seen = []
    for days in (0, 20, 80, 95, 101):
        moment = MOMENT + days * DAY
        at(moment)
        for _ in range(2):
            sealing.watch_keys(at=moment)
        seen.append([(alarm.kind, alarm.subject) for alarm in Alarm.objects.filter(cleared_at=None)])
    assert seen == [
        [],
        [("key.expiring", "seal, 90 days")],
        [("key.expiring", "seal, 30 days")],
        [("key.expiring", "seal, 7 days")],
        [("key.none_valid", "house")],
    ]
    keys("next", since=MOMENT + 100 * DAY, until=MOMENT + 900 * DAY)
    sealing.watch_keys(at=MOMENT + 101 * DAY)
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert Alarm.objects.count() == 4


def test_a_key_of_another_authority_adds_its_root(keys: Callable[..., None], settings: Any, tmp_path: Path) -> None:
    keys("one")
    install(settings.TACHIAI, in_file(settings.TACHIAI, "two"), tmp_path, tree=hierarchy(1))
    assert len(handles.handles().roots) == 2
