"""The log dated and shown: anchors for closings, the clock's part, alarms, what mails and certificates carry out, and its pages."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from cast import Cast, assemble
from crowds import codes_of, together
from ledger.logs import AT, codes, derived, grow, leaves, lift_triggers, write
from stories import concluded
from tachiai import archive, clock, ledger, sealing, vault
from tachiai.archive import anchoring, log_keeping
from tachiai.archive.log_keeping import keep_log
from tachiai.archive.models import Record
from tachiai.crypto.merkle import check_inclusion, tile_path, tree_root
from tachiai.crypto.signed_notes import open_note, parse_checkpoint
from tachiai.crypto.timestamps import read_token
from tachiai.errors import Outage
from tachiai.ledger.models import Checkpoint, CheckpointStamp, LaterStamp
from tachiai.outbox.letters import write_letter
from tachiai.outbox.mailbox import messages
from tachiai.pages.render import render
from tachiai.sealing.handles import handles
from tachiai.work.models import Alarm

pytestmark = pytest.mark.usefixtures("house")
STREAM = "envelope:logged"


def epoch() -> ledger.Epoch:
    found = ledger.current_epoch()
    assert found is not None
    return found


def standing() -> set[str]:
    return set(Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True))


@pytest.fixture
def stamps(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was given to the authority, in order."""
    given: list[bytes] = []
    real = sealing.stamp_digest

    def stamp(digest: bytes, **more: Any) -> sealing.Stamped:
        given.append(digest)
        return real(digest, **more)

    monkeypatch.setattr(anchoring.sealing, "stamp_digest", stamp)
    return given


def test_an_anchor_covers_what_stands_and_is_made_once(stamps: list[bytes]) -> None:
    write(3)
    first = archive.anchored([STREAM], now=clock.now)
    assert (first.origin, first.size, first.root) == ("127.0.0.1:8000/log/e1", 3, tree_root(3, derived()))
    token = read_token(first.token, digest=hashlib.sha256(first.note.encode()).digest(), roots=handles().tsa_roots)
    assert token.gen_time == first.stamped_at
    write(2, stream="house")
    assert archive.anchored([STREAM], now=clock.now) == first
    assert archive.anchored([STREAM, "house"], now=clock.now).size == 5
    assert len(stamps) == 2
    assert (settings.TACHIAI.published / "checkpoint").read_text() == ledger.latest_checkpoint().note  # type: ignore[union-attr]
    with pytest.raises(RuntimeError, match="transaction"), transaction.atomic():
        archive.anchored([STREAM], now=clock.now)
    assert ledger.check_tree(known=[first.note], roots=handles().tsa_roots) == []


def test_many_who_ask_at_once_share_a_token(stamps: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first leads; whoever comes while it waits for its token has the next one, together."""
    inside, go = threading.Event(), threading.Event()
    real = anchoring.sealing.stamp_digest

    def slow(digest: bytes, **more: Any) -> sealing.Stamped:
        if not stamps:
            inside.set()
            assert go.wait(30)
        return real(digest, **more)

    monkeypatch.setattr(anchoring.sealing, "stamp_digest", slow)
    write(1)

    def late(number: int) -> archive.Anchor:
        assert inside.wait(30)
        write(1, stream=f"envelope:{number}")
        if number == 7:
            go.set()
        return archive.anchored([f"envelope:{number}"], now=clock.now)

    acts: list[Callable[[], Any]] = [lambda: archive.anchored([STREAM], now=clock.now), *[lambda n=n: late(n) for n in range(8)]]
    anchors = together(acts)
    assert codes_of(anchors) == []
    assert anchors[0].size >= 1
    # Eight contracts, and far fewer tokens: one or two rounds after the first, as they happened to come.
    assert 2 <= len(stamps) <= 4
    assert len({anchor.size for anchor in anchors}) == len(stamps)


def test_an_outage_reaches_everybody_and_the_next_one_takes_up_what_was_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    write(1)
    with monkeypatch.context() as broken:
        broken.setattr(anchoring.sealing, "stamp_digest", lambda *_, **__: _fail())
        met = together([lambda: archive.anchored([STREAM], now=clock.now)] * 3)
        assert codes_of(met) == ["tsa.unreachable"] * 3
    assert (Checkpoint.objects.count(), CheckpointStamp.objects.count()) == (1, 0)
    assert not (settings.TACHIAI.published / "checkpoint").exists()
    assert archive.anchored([STREAM], now=clock.now).size == 1
    assert Checkpoint.objects.count() == 1


def _fail() -> None:
    raise Outage("tsa.unreachable", "a test")


# -------------------------------------------------------------------------------------------------- the clock


def later(delay: timedelta) -> Callable[[], datetime]:
    return lambda: AT + delay


def test_the_clock_gives_places_at_once_and_a_token_after_minutes(stamps: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    assert keep_log(now=later(timedelta(seconds=10))) == 3
    assert stamps == []
    monkeypatch.setattr(anchoring, "_stamp", _stamping_now(anchoring._stamp))  # the authority's clock is the machine's
    keep_log(now=later(log_keeping.STAMP_AFTER))
    keep_log(now=later(log_keeping.STAMP_AFTER * 2))
    assert len(stamps) == 1
    assert standing() == set()
    assert ledger.latest_checkpoint().reason == "clock"  # type: ignore[union-attr]
    # What a process takes for settled is looked through again the next night.
    lift_triggers()
    assert keep_log(now=later(timedelta(days=1))) == 0


def _stamping_now(real: Callable[..., None]) -> Callable[..., None]:
    return lambda *, now, **more: real(now=clock.now, **more)


def test_a_quiet_day_ends_with_a_further_token(stamps: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    anchor = archive.anchored([STREAM], now=clock.now)
    monkeypatch.setattr(anchoring, "stamp_again", _again_now(anchoring.stamp_again))
    monkeypatch.setattr(log_keeping, "stamp_again", anchoring.stamp_again)
    day = [lambda hours=hours: anchor.stamped_at + timedelta(hours=hours) for hours in (23, 24, 50)]
    keep_log(now=day[0])
    assert (len(stamps), LaterStamp.objects.count()) == (1, 0)
    keep_log(now=day[1])
    assert stamps == [hashlib.sha256(anchor.note.encode()).digest()] * 2
    one = ledger.latest_checkpoint()
    assert one is not None
    later = ledger.newest_stamp(one)
    # Shown and published, and what was handed out stays what it was.
    token = bytes(later.token)
    assert (settings.TACHIAI.published / "checkpoint.tst").read_bytes() == token != anchor.token
    client = Client()
    assert client.get("/log/e1/checkpoint/3.tst").content == anchor.token
    assert client.get("/log/e1/checkpoint/3.2.tst").content == token
    assert [client.get(f"/log/e1/checkpoint/3.{which}.tst").status_code for which in (0, 1, 3, 10**20)] == [404] * 4
    assert "/log/e1/checkpoint/3.2.tst" in client.get("/log/").content.decode()
    assert ledger.check_tree(roots=handles().tsa_roots) == []
    assert ledger.latest_checkpoint() == Checkpoint.objects.get()
    # A day after it should have been stamped again, somebody is told by name; a token ends that.
    with monkeypatch.context() as broken:
        broken.setattr(anchoring.sealing, "stamp_digest", lambda *_, **__: _fail())
        keep_log(now=day[2])
        assert standing() == {"log.stuck", "log.unstamped"}
        assert LaterStamp.objects.count() == 1
    keep_log(now=clock.now)
    assert standing() == set()
    lift_triggers()
    LaterStamp.objects.update(token=Checkpoint.objects.get().note.encode())
    assert [(one.code, one.subject) for one in ledger.check_tree()] == [("stamp.token", "e1/checkpoint 3, token 2")]


def _again_now(real: Callable[..., None]) -> Callable[..., None]:
    return lambda *, now: real(now=clock.now)


def test_a_day_without_a_token_is_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    write(1)
    with monkeypatch.context() as broken:
        broken.setattr(anchoring.sealing, "stamp_digest", lambda *_, **__: _fail())
        keep_log(now=later(timedelta(hours=23)))
        assert standing() == {"log.stuck"}
        keep_log(now=later(timedelta(hours=25)))
        assert standing() == {"log.stuck", "log.unstamped"}
    monkeypatch.setattr(anchoring, "_stamp", _stamping_now(anchoring._stamp))
    keep_log(now=later(timedelta(hours=26)))
    assert standing() == set()


def test_a_house_older_than_what_it_published_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    anchor = archive.anchored([STREAM], now=clock.now)
    lift_triggers()
    CheckpointStamp.objects.all().delete()
    Checkpoint.objects.all().delete()
    keep_log(now=clock.now)
    assert "log.behind" in standing()
    with pytest.raises(Outage, match=r"log\.behind"):
        archive.anchored([STREAM], now=clock.now)
    # The operator goes on in a new tree, and nobody can take it for the old one.
    ledger.begin_epoch(reason="restored", known=anchor.note, at=clock.now())
    assert archive.anchored([STREAM], now=clock.now).origin.endswith("/log/e2")
    keep_log(now=clock.now)
    assert standing() == set()
    assert codes(ledger.check_tree(known=[anchor.note])) == set()


def test_the_mirror_is_written_and_its_absence_holds_up_nobody(tmp_path: Any, settings: Any) -> None:
    from dataclasses import replace

    settings.TACHIAI = replace(settings.TACHIAI, checkpoint_mirror=tmp_path / "mirror")
    write(1)
    (tmp_path / "mirror").write_text("a file where a folder should be")
    assert archive.anchored([STREAM], now=clock.now).size == 1
    assert standing() == {"log.unpublished"}
    (tmp_path / "mirror").unlink()
    keep_log(now=clock.now)
    assert standing() == set()
    for folder in (tmp_path / "mirror", settings.TACHIAI.published):
        assert (folder / "checkpoint").read_text() == ledger.latest_checkpoint().note  # type: ignore[union-attr]
        assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == ["checkpoint", "checkpoint.tst"]


# ---------------------------------------------------------------------------------- the contract and the world


@pytest.fixture
def cast() -> Cast:
    return assemble()


def test_a_concluded_contract_carries_its_checkpoint_out_of_the_house(cast: Cast) -> None:
    envelope = concluded(cast)
    record = Record.objects.get(origin=envelope.pk)
    anchor = archive.anchoring.anchor_of(ledger.checkpoint_of(1, record.anchor.size))  # type: ignore[arg-type, union-attr]
    # It covers everything from the first act to the last document's closing, and what comes after names it.
    told = ledger.entries(envelope.stream)
    before = [one for one in told if one.event == "document.closed"][-1].number
    for number in (1, before):
        proof = ledger.inclusion(envelope.stream, number, size=anchor.size)
        check_inclusion(leaves()[proof.index], index=proof.index, size=proof.size, proof=proof.hashes, root=anchor.root)
    (named,) = [one.data["checkpoint"] for one in told if one.event == "envelope.concluded"]
    assert named == {"origin": anchor.origin, "size": anchor.size, "root": anchor.root.hex()}
    # Each completion mail has the whole note, to be taken out again as it was signed; both languages say what it is for.
    # Mail ends its lines with CR LF; a note has LF alone.
    texts = [one.text.replace("\r\n", "\n") for one in messages() if one.subject.startswith("電子署名完了のお知らせ")]
    assert len(texts) == 3
    texts.append(write_letter("M05", {"checkpoint": anchor.note, "envelope": "x", "link": ""}, language="en").text)
    for text in texts:
        found = text[text.index(f"{anchor.origin}\n") :][: len(anchor.note)]
        assert found == anchor.note
        assert open_note(found, ledger.log_key(epoch())).startswith(anchor.origin)
    # The certificate prints what the note says, and its digest.
    paper = "".join(page.text for page in render(vault.read(envelope.certificate)).pages).replace("\n", "")
    for words in (anchor.origin, base64.b64encode(anchor.root).decode(), hashlib.sha256(anchor.note.encode()).hexdigest()):
        assert words in paper


def test_the_log_is_published_and_nothing_of_its_entries() -> None:
    client = Client()
    assert "まだありません" in client.get("/log/").content.decode()
    assert client.get("/log/e1/checkpoint").status_code == 404
    write(300)
    anchor = archive.anchored([STREAM], now=clock.now)
    grow(10)  # not stamped, so not published
    page = client.get("/log/").content.decode()
    assert ledger.log_key(epoch()) in page
    assert "台帳1の300件" in page
    assert "310" not in page
    english = client.get("/log/?lang=en").content.decode()
    assert "Verifier key" in english
    assert "not an accredited timestamp" in english.lower()
    latest = client.get("/log/e1/checkpoint")
    assert (latest.content.decode(), latest["Content-Type"]) == (anchor.note, "text/plain; charset=utf-8")
    assert "immutable" not in latest["Cache-Control"]
    assert client.get("/log/e1/checkpoint/300.txt").content == latest.content
    assert client.get("/log/e1/checkpoint/300.tst").content == anchor.token
    full, part = client.get(f"/log/e1/{tile_path(0, 0)}"), client.get(f"/log/e1/{tile_path(0, 1, 44)}")
    assert full.content + part.content == b"".join(leaves()[:300])
    assert "immutable" in full["Cache-Control"]
    assert "immutable" not in part["Cache-Control"]
    assert client.get(f"/log/e1/{tile_path(1, 0, 1)}").content == tree_root(256, derived())
    assert parse_checkpoint(anchor.note.partition("\n\n")[0] + "\n").size == 300
    gone = ["/log/e2/checkpoint", "/log/e1/checkpoint/310.txt", "/log/e1/checkpoint/310.tst", "/log/e1/checkpoint/299.txt"]
    gone += [f"/log/e1/{tile_path(0, 1, 54)}", f"/log/e1/{tile_path(0, 1)}", "/log/e1/tile/entries/000", "/log/e1/tile/0/0", "/log/?page=0"]
    gone += ["/log/?page=x", "/log/e1/entries", "/log/e99999999999999999999/checkpoint", "/log/e1/checkpoint/99999999999999999999.txt"]
    assert {path: client.get(path).status_code for path in gone} == dict.fromkeys(gone, 404)
