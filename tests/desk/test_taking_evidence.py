"""Evidence records at the desk and at the terminal: offered once they are there, to whoever may see the contract."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from cast import Cast
from stories import concluded
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.models import EvidenceBatch, Record
from tachiai.cli import main
from tachiai.ledger import entries

Seat = Callable[[Member], Client]
OFFER = "証拠記録（ZIP）"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """One command in the test's house, which stands already: its exit status, what it printed and what it complained of."""
    monkeypatch.setattr("tachiai.cli.evidence._establish", lambda: None)

    def command(*arguments: object) -> tuple[int, str, str]:
        with translation.override("en"):
            status = main.main(["archive", "evidence", *(str(argument) for argument in arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return command


def test_evidence_is_offered_once_it_is_there_and_checked_outside_the_house(
    people: Cast, seat: Seat, run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    envelope = concluded(people)
    desk, page, address = seat(people.clerk), f"/envelopes/{envelope.pk}", f"/envelopes/{envelope.pk}/evidence.zip"
    assert OFFER not in desk.get(page).content.decode()
    early = desk.get(address)
    assert (early.status_code, "証拠記録はまだありません" in early.content.decode()) == (422, True)
    assert run("make") == (0, "", "")
    assert EvidenceBatch.objects.get().count == 2
    assert run("make")[1] == "Every filed file has evidence.\n"
    assert OFFER in desk.get(page).content.decode()
    answer = desk.get(address)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        bundle.extractall(tmp_path)
        (contract, *_rest) = [name for name in bundle.namelist() if name.endswith(".pdf")]
    status, told, _ = run("verify", tmp_path / contract, tmp_path / f"{contract}.ers", "--roots", tmp_path / "roots.pem")
    assert (status, told.startswith("existed: "), "sha256" in told) == (0, True, True)
    exported = entries(f"organization:{envelope.organization_id}")[-1]
    assert (exported.event, exported.by["kind"]) == ("evidence.exported", "member")


def test_nobody_takes_the_evidence_of_a_contract_that_is_not_theirs(
    people: Cast, seat: Seat, run: Callable[..., tuple[int, str, str]]
) -> None:
    envelope = concluded(people)
    run("make")
    assert seat(people.stranger).get(f"/envelopes/{envelope.pk}/evidence.zip").status_code == 404
    assert seat(people.stranger_admin).get(f"/envelopes/{envelope.pk}/evidence.zip").status_code == 404
    assert Client().get(f"/envelopes/{envelope.pk}/evidence.zip").status_code in (302, 403)


def test_the_terminal_renews_exports_and_says_what_is_wrong(people: Cast, run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    concluded(people)
    run("make")
    assert run("renew")[1] == "No renewal is due that is not under way already.\n"
    for _twice in range(2):
        status, told, _ = run("renew", "--all")
        assert (status, "put off" in told) == (1, True)  # the embedded authority has no later certificate to offer
    assert run("renew", "--digest", "sha512")[0] == 1
    number = Record.objects.get().certificate_number
    status, told, _ = run("export", number, "--out", tmp_path)
    assert status == 0
    with zipfile.ZipFile(told.strip()) as bundle:
        bundle.extractall(tmp_path)
        names = [name for name in bundle.namelist() if name.endswith(".pdf")]
    first, other = tmp_path / names[0], tmp_path / names[1]
    status, told, _ = run("verify", first, f"{first}.ers")
    assert (status, told.count("sha512")) == (0, 1)
    grown = tmp_path / "grown.pdf"
    grown.write_bytes(first.read_bytes() + b"appended %%EOF\n")
    status, told, _ = run("verify", grown, f"{first}.ers")
    assert (status, "appended later" in told) == (0, True)
    status, told, said = run("verify", other, f"{first}.ers")
    assert (status, "[evidence.other_object" in said) == (1, True)
    status, told, said = run("verify", first, f"{first}.ers", "--at", clock.now().replace(year=2099).isoformat())
    assert (status, "evidence.aged" in said) == (1, True)
    status, told, said = run("export", "XXXX-XXXX")
    assert (status, "この番号の文書は保管されていません" in said) == (1, True)
