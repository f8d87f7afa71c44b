"""Taking the evidence bundle: made for a real envelope, checked before it is given out, on record, and behind its doors."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cast import CODE, link_for
from offline.test_verifier import run
from place import Place
from stories import concluded, sent, vendor_of
from tachiai import clock, ledger
from tachiai.archive import anchoring
from tachiai.archive.bundle_writing import Bundled
from tachiai.cli.main import main
from tachiai.envelopes import bundling
from tachiai.envelopes.bundling import evidence_bundle
from tachiai.errors import Outage, Refusal
from tachiai.offline.tachiai_verify import verify_bundle
from tachiai.outbox.mailbox import messages


def last_entry(envelope: Any) -> ledger.Told:
    return ledger.entries(envelope.stream)[-1]


def test_a_bundle_is_checked_given_out_and_recorded(cast: Any, house: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = concluded(cast, documents=2)
    with pytest.raises(Refusal, match=r"page\.unknown"):
        evidence_bundle(sent(cast), by=cast.clerk, now=clock.now)

    # The terminal: a file, and the operator in the ledger.
    assert main(["evidence", "bundle", envelope.number, "--out", str(tmp_path)]) == 0
    path = tmp_path / f"{envelope.number}-evidence-bundle.zip"
    content = path.read_bytes()
    entry = last_entry(envelope)
    assert (entry.event, entry.by) == ("evidence.exported", {"kind": "operator"})
    assert entry.data["sha256"] == verify_bundle(content)["bundle"]["sha256"]

    # A stranger with the completion mail and the program, and with nothing of this house.
    note = tmp_path / "checkpoint.txt"
    note.write_text(_completion_mail())
    done = run(str(path), "--json", "--checkpoint", str(note))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["verdict"], answer["compare"]["mail"]) == (0, "true", "earlier")
    assert [held["field"] for held in answer["signatures"]].count("TachiaiSlot002") == 2
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert "試験用" in archive.read("README.ja.txt").decode()

    # The desk: once more without another timestamp, because nothing happened but reading.
    monkeypatch.setattr(anchoring, "stamp_log", _never)
    desk = Client()
    desk.force_login(cast.clerk)
    taken = desk.get(f"/envelopes/{envelope.pk}/bundle.zip")
    again = b"".join(taken.streaming_content)
    assert verify_bundle(again)["verdict"] == "true"
    assert taken["Content-Disposition"].startswith("attachment")
    assert last_entry(envelope).by == {"kind": "member", "id": str(cast.clerk.pk)}

    # The counterparty: behind the link and the code.
    guest, link = Client(), f"/d/{link_for(vendor_of(envelope).pk, 'download')}"
    assert guest.get(f"{link}/evidence.zip").status_code == 302
    guest.post(link, {"code": CODE})
    assert "証拠一式" in guest.get(f"{link}/files").content.decode()
    assert verify_bundle(b"".join(guest.get(f"{link}/evidence.zip").streaming_content))["verdict"] == "true"
    assert last_entry(envelope).by["kind"] == "signer"

    _never_given_out_untrue(envelope, cast, desk, monkeypatch)


def _never_given_out_untrue(envelope: Any, cast: Any, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its own verifier refuses leaves by no door, and is no export; an outage is told as one."""
    exported = last_entry(envelope)
    gather = bundling.gather
    monkeypatch.setattr(bundling, "gather", lambda *given, **named: _flipped(gather(*given, **named)))
    with pytest.raises(Refusal) as refusal:
        evidence_bundle(envelope, by=cast.clerk, now=clock.now)
    assert refusal.value.code == "bundle.untrue"
    assert str(refusal.value.facts["codes"]).startswith("signature.wrong")
    monkeypatch.setattr(bundling, "gather", gather)
    monkeypatch.setattr(bundling, "prove", _out)
    page = desk.get(f"/envelopes/{envelope.pk}/bundle.zip")
    assert page.status_code == 503
    assert "いま作成できません" in page.content.decode()
    assert last_entry(envelope).number == exported.number


def _flipped(held: Bundled) -> Bundled:
    """A digit of the second signer's signature value, in the first document."""
    first = held.documents[0]
    place = first.pdf.rindex(b"/XXTachiaiConsent")
    start = first.pdf.index(b"/Contents <", place)
    token = first.pdf.index(b"060b2a864886f70d010910020e", start)  # the unsigned attribute stands right behind the value
    digit = token - 60
    changed = b"0" if first.pdf[digit : digit + 1] != b"0" else b"1"
    pdf = first.pdf[:digit] + changed + first.pdf[digit + 1 :]
    return replace(held, documents=[replace(first, pdf=pdf), *held.documents[1:]])


def _never(**_named: object) -> None:
    raise AssertionError("a reader costs no timestamp")


def _out(*_given: object, **_named: object) -> None:
    raise Outage("tsa.unreachable", "nobody answers")


def _completion_mail() -> str:
    """As the counterparty's program saves it."""
    return next(letter.text for letter in messages(to="vendor@example.jp") if "/log/e1" in letter.text)
