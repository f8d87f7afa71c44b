"""When the timestamp authority, the mail server or the disk is away: everything waits, says so, and goes on by itself."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import Cast
from invariants import check_house, events
from outbox.post_office import Clerk, free_port, open_office
from place import Place
from stages import Scene, drafted, signs
from stories import work
from tachiai import clock
from tachiai.config.jobs import CLOSE, FREEZE, MAIL, SEAL
from tachiai.crypto.authority import load_authority
from tachiai.envelopes.drafting import add_document, create_envelope
from tachiai.envelopes.models import CloseTask, Envelope, FreezeTask, Revision, SealTask
from tachiai.envelopes.progress import trouble_of
from tachiai.envelopes.sending import send_envelope
from tachiai.errors import Outage
from tachiai.house import Smtp, Tsa
from tachiai.outbox.models import Mail
from tachiai.sealing import handles
from tachiai.sealing.models import Seal
from tachiai.vault import stores, wrapping
from tachiai.vault.models import Blob, Segment
from tachiai.work import Kind, drain
from tachiai.work.models import Alarm, Task
from tsa_server import FAULTS, Authority, pinned, stamping


@pytest.fixture
def authority(house: Place, settings: Any, tmp_path: Path) -> Iterator[Authority]:
    """The house stamps over HTTP; the responder is its own embedded one, behind a server that can be told to fail."""
    embedded = load_authority(house.home / "keys" / "authority")
    with stamping(settings, embedded.timestamper, pinned(tmp_path, *embedded.roots)) as (switchable, _served):
        yield switchable


def boxes(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "vault").rglob("*") if path.is_file())


class Waiting:
    """A task that is taken up again and again while something is away; its clock runs ahead of ours."""

    def __init__(self, kind: Kind[Any], model: type[Task]) -> None:
        self.kind, self.model = kind, model
        self.at = clock.now()
        self.outages = 0

    def meets(self, code: str) -> None:
        """One look, one outage: counted, named, put off by five minutes at most, and never held against the row."""
        assert drain(self.kind, now=lambda: self.at) == 1
        self.outages += 1
        task = self.model._default_manager.get(state="waiting")
        assert task.trouble == code
        assert (task.outages, task.strikes, task.lease_until) == (self.outages, 0, None)
        assert self.at < task.due_at <= self.at + timedelta(minutes=5)
        assert drain(self.kind, now=lambda: task.due_at - timedelta(seconds=1)) == 0
        self.at = task.due_at


def faults(authority: Authority, waiting: Waiting, names: list[str]) -> None:
    for name in names:
        authority.fault = name
        waiting.meets(FAULTS[name][0])
    authority.fault = ""


def alarms() -> list[str]:
    return list(Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True))


def go_on(waiting: Waiting) -> None:
    """It is back: the task is done at the next look, and the alarm is cleared."""
    assert alarms() == [f"{waiting.model._meta.app_label}.{waiting.model._meta.model_name}"]
    drain(waiting.kind, now=lambda: waiting.at)
    assert not waiting.model._default_manager.filter(state="waiting").exists()
    assert alarms() == []


def finish(scene: Scene) -> None:
    work()
    for person in (scene.vendor, scene.mayor):
        if person.state != "signed":
            signs(scene.person(person.mail))
            work()
    assert scene.state() == "concluded"
    check_house()


def test_no_stamp_at_a_signature(house: Place, scene: Scene, authority: Authority) -> None:
    signs(scene.vendor)
    before = boxes(house.home)
    waiting = Waiting(SEAL, SealTask)
    faults(authority, waiting, list(FAULTS))
    assert authority.asked >= len(FAULTS)
    assert (scene.state(), scene.vendor.state) == ("in_progress", "consented")
    assert not Seal.objects.filter(act="consent", state="sealed").exists()
    assert not Revision.objects.filter(kind="signed").exists()
    assert boxes(house.home) == before
    trouble = trouble_of(scene.envelope)
    assert trouble is not None
    assert not trouble.stuck
    check_house()
    go_on(waiting)
    assert scene.vendor.state == "signed"
    assert trouble_of(scene.envelope) is None
    finish(scene)


def test_no_stamp_at_freezing(house: Place, cast: Cast, authority: Authority) -> None:
    envelope = drafted(cast)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    waiting = Waiting(FREEZE, FreezeTask)
    faults(authority, waiting, ["500", "another imprint", "a stranger's certificate", "hangs up"])
    scene = Scene(cast, envelope)
    assert scene.state() == "sending"
    assert not Mail.objects.filter(kind="M01").exists()
    assert not Revision.objects.exclude(kind="upload").exists()
    assert not Seal.objects.filter(state="sealed").exists()
    go_on(waiting)
    finish(scene)


def test_no_stamp_at_closing(house: Place, scene: Scene, authority: Authority) -> None:
    """Neither at the document's last stamp, nor at the checkpoint's, nor at the certificate's: nobody is told of a conclusion unstamped."""
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    waiting = Waiting(CLOSE, CloseTask)
    faults(authority, waiting, ["rejects", "another nonce", "an expired certificate", "hangs"])
    assert scene.state() == "closing"
    assert not Revision.objects.filter(kind="closed").exists()
    # The document's stamp is given; the next time that of the ledger's checkpoint; those of the certificate are not.
    for last in ("document.closed", "seal.intended"):
        authority.fault, authority.first = "500", 1
        waiting.meets("tsa.unreachable")
        assert Revision.objects.filter(kind="closed").count() == 1
        assert not Mail.objects.filter(kind="M05").exists()
        assert events(scene.envelope)[-1] == last
    authority.fault = ""
    go_on(waiting)
    assert scene.state() == "concluded"
    assert Revision.objects.filter(kind="closed").count() == 1
    finish(scene)


def test_an_authority_that_is_not_there_at_all(scene: Scene, authority: Authority, settings: Any) -> None:
    signs(scene.vendor)
    known = settings.TACHIAI.tsa
    away: Tsa = replace(known, url=f"http://127.0.0.1:{free_port()}")
    settings.TACHIAI = replace(settings.TACHIAI, tsa=away)
    handles.handles.cache_clear()
    waiting = Waiting(SEAL, SealTask)
    for _ in range(4):
        waiting.meets("tsa.unreachable")
    settings.TACHIAI = replace(settings.TACHIAI, tsa=known)
    handles.handles.cache_clear()
    go_on(waiting)
    finish(scene)


@contextmanager
def full_disk(patch: pytest.MonkeyPatch, *, after: int = 0) -> Iterator[None]:
    """No box can be named any more, once ``after`` have been."""
    left, link = iter(range(after)), stores.os.link

    def refused(*arguments: Any) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        link(*arguments)

    with patch.context() as patched:
        patched.setattr(stores.os, "link", refused)
        yield


def rows() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Blob, Segment, Revision, Envelope))


def test_a_full_disk_at_an_upload(house: Place, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from crypto.pdfs import plain

    envelope = create_envelope(by=cast.clerk, at=clock.now())
    before, files, told = rows(), boxes(house.home), events(envelope)
    with full_disk(monkeypatch), pytest.raises(Outage, match=r"store\.unwritable"):
        add_document(envelope, file_name="契約.pdf", pdf=plain(), by=cast.clerk, at=clock.now())
    assert (rows(), boxes(house.home), events(envelope)) == (before, files, told)
    add_document(envelope, file_name="契約.pdf", pdf=plain(), by=cast.clerk, at=clock.now())
    assert envelope.documents.count() == 1


def test_a_full_disk_at_every_later_step(house: Place, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Freezing writes a tail and the pages, a signature and a closing a tail each, a conclusion the certificate."""
    envelope = drafted(cast)
    scene = Scene(cast, envelope)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    _put_off(Waiting(FREEZE, FreezeTask), monkeypatch, steps=2)
    work()
    signs(scene.vendor)
    _put_off(Waiting(SEAL, SealTask), monkeypatch, steps=1)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    waiting = Waiting(CLOSE, CloseTask)
    with full_disk(monkeypatch):
        waiting.meets("store.unwritable")
    with full_disk(monkeypatch, after=1):
        waiting.meets("store.unwritable")
    assert Revision.objects.filter(kind="closed").count() == 1
    assert scene.state() == "closing"
    drain(CLOSE, now=lambda: waiting.at)
    finish(scene)
    litter = set(boxes(house.home)) - {Path(path).name for path in Segment.objects.values_list("path", flat=True)}
    assert not [name for name in litter if name.startswith(".new-")], "half a file lies about"


def _put_off(waiting: Waiting, monkeypatch: pytest.MonkeyPatch, *, steps: int) -> None:
    before = rows()
    for after in range(steps):
        with full_disk(monkeypatch, after=after):
            waiting.meets("store.unwritable")
        assert rows() == before
        check_house()
    drain(waiting.kind, now=lambda: waiting.at)


def test_one_bad_address_and_the_others_get_theirs(cast: Cast, settings: Any) -> None:
    """Server down, then back with one address it refuses and one it puts off: nothing is lost, the sender is told."""
    envelope = drafted(cast, both=True)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    drain(FREEZE, now=clock.now)
    dead = Smtp("127.0.0.1", free_port(), "", "", "none", "noreply@example.jp")
    settings.TACHIAI = replace(settings.TACHIAI, smtp=dead)
    assert drain(MAIL, now=clock.now) == 3  # M08 to the sender, M01 to both
    assert set(Mail.objects.filter(state="waiting").values_list("trouble", "strikes")) == {("smtp.unreachable", 0)}
    scene = Scene(cast, envelope)
    clerk = Clerk(rcpt={cast.vendor.mail: "550 5.1.1 no such user"})
    at: datetime = clock.now() + timedelta(minutes=1)
    with ExitStack() as stack:
        port = stack.enter_context(open_office(clerk))
        settings.TACHIAI = replace(settings.TACHIAI, smtp=replace(dead, port=port))
        clerk.rcpt[cast.clerk.mail] = "451 4.7.1 later"
        drain(MAIL, now=lambda: at)
        assert [to for to, _ in clerk.taken] == [cast.builder.mail]
        assert scene.vendor.undelivered
        assert not scene.builder.undelivered
        assert Mail.objects.get(kind="M08").trouble == "smtp.deferred"
        assert "recipient.undelivered" in events(envelope)
        del clerk.rcpt[cast.clerk.mail]
        at += timedelta(minutes=6)
        drain(MAIL, now=lambda: at)
    assert sorted(to for to, _ in clerk.taken) == sorted([cast.builder.mail, cast.clerk.mail, cast.clerk.mail])
    assert Mail.objects.filter(kind="M14", to=cast.clerk.mail, result="accepted").count() == 1
    assert scene.state() == "in_progress"
    check_house()


def test_no_key_of_the_vault(house: Place, scene: Scene, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away while something is sealed: no row is blamed, and a page says what is amiss instead of that something is broken."""
    signs(scene.vendor)
    waiting, real = Waiting(SEAL, SealTask), wrapping.keys.of
    for code in ("kek.unreachable", "kek.lied", "kek.exchanged", "vault.key_absent"):

        def away(_kek: str, code: str = code) -> Any:
            raise Outage(code, "a test")

        monkeypatch.setattr(wrapping.keys, "of", away)
        waiting.meets(code)
    client.force_login(scene.cast.clerk, backend="tachiai.administration.logins.MemberBackend")
    document = scene.envelope.documents.get()
    answer = client.get(reverse("desk:copy", args=[scene.envelope.pk, document.pk]))
    assert (answer.status_code, "保管庫の鍵がいま使えない" in answer.content.decode()) == (503, True)
    monkeypatch.setattr(wrapping.keys, "of", real)
    go_on(waiting)
    finish(scene)
