"""When a closing can never succeed: what the operator is told, and each remedy with what it leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cast import Cast
from envelopes.authorities import Telling, install
from invariants import check_house, events
from offline.accepting import accepted, bundle_of
from place import Place
from stages import Scene, drafted, signs
from stories import work
from tachiai import clock, vault
from tachiai.cli.main import main
from tachiai.config.jobs import CLOSE
from tachiai.envelopes import remedying
from tachiai.envelopes.models import CloseTask, Document, Envelope, Revision, SupersededRevision
from tachiai.envelopes.progress import trouble_of
from tachiai.envelopes.resealing import reseal_envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail
from tachiai.sealing import handles
from tachiai.sealing.models import Seal
from tachiai.work import drain
from tachiai.work.models import Alarm

WHY = "署名鍵の証明書が失効したため"


@pytest.fixture
def telling(house: Place, scene: Scene) -> Iterator[Telling]:
    """Two seconds after the scene: a list tells whole seconds, and what was frozen in that of a revocation would not be before it."""
    with clock.told(lambda: datetime.now(UTC) + timedelta(seconds=2)):
        yield Telling(house.home, "lists", None)


def revoke(telling: Telling, since: datetime) -> None:
    """The house's certificate is revoked, as its authority's lists have it from now on."""
    telling.revoked[telling.authority.seal_credential.certificate] = since
    install(revocation=telling)


def everybody_signs(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    while drain(CLOSE, now=clock.now) == 0:
        work_but_close()


def work_but_close() -> None:
    from tachiai.config.jobs import MAIL, SEAL

    drain(SEAL, now=clock.now)
    drain(MAIL, now=clock.now)


def until_stuck() -> None:
    for _ in range(5):
        CloseTask.objects.update(due_at=clock.now())
        drain(CLOSE, now=clock.now)


def test_seals_made_with_a_revoked_key_are_made_again_on_the_same_consents(scene: Scene, telling: Telling) -> None:
    frozen = bytes(Revision.objects.get(kind="frozen").sha256)
    revoke(telling, clock.now())
    everybody_signs(scene)
    until_stuck()
    task = CloseTask.objects.get()
    assert (task.state, task.trouble) == ("stuck", "key.revoked")
    assert Alarm.objects.filter(cleared_at=None, detail="key.revoked").exists()
    trouble = trouble_of(scene.envelope)
    assert trouble is not None
    assert trouble.stuck
    before = vault.read(Document.objects.get().blob)
    mails = Mail.objects.count()

    # With the same key the seals would be as worthless as they are.
    with pytest.raises(Refusal, match=r"seal\.same_key"):
        reseal_envelope(reloaded(scene), reason=WHY, now=clock.now)
    assert SupersededRevision.objects.count() == 0
    assert not Seal.objects.filter(state="superseded").exists()

    another = telling.another_key()
    install(credential=another)
    assert reseal_envelope(reloaded(scene), reason=WHY, now=clock.now) == 2
    assert (scene.state(), scene.vendor.state, scene.mayor.state) == ("closing", "signed", "signed")
    assert Mail.objects.count() == mails
    assert not Alarm.objects.filter(cleared_at=None).exists()
    work()
    assert scene.state() == "concluded"
    check_house()

    document = Document.objects.get()
    pdf = vault.read(document.blob)
    kept = Revision.objects.get(kind="frozen")
    assert hashlib.sha256(pdf[: kept.size]).digest() == bytes(kept.sha256) == frozen
    keys = set(Seal.objects.filter(act="consent", state="sealed").values_list("key", flat=True))
    assert keys == {another.fingerprint}
    assert Seal.objects.filter(act="consent", state="superseded").count() == 2
    old = SupersededRevision.objects.order_by("number")
    assert [row.kind for row in old] == ["signed", "signed"]
    assert vault.read(old[0].blob) == before, "what was taken back can still be looked at"
    told = events(scene.envelope)
    assert (told.count("envelope.resealing"), told.count("document.resealed"), told.count("envelope.concluded")) == (1, 2, 1)
    assert Mail.objects.filter(kind="M09").count() == 2, "nobody is told twice that somebody has signed"
    accepted(bundle_of(scene.envelope))


def reloaded(scene: Scene) -> Envelope:
    return remedying.find_envelope(scene.envelope.number)


def test_sealing_again_goes_on_where_it_was_killed(scene: Scene, telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    from tachiai.envelopes import resealing

    revoke(telling, clock.now())
    everybody_signs(scene)
    until_stuck()
    install(credential=telling.another_key())

    def killed(*_asked: object, **_how: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(resealing, "_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            reseal_envelope(reloaded(scene), reason=WHY, now=clock.now)
    assert reseal_envelope(reloaded(scene), reason=WHY, now=clock.now) == 2
    work()
    assert scene.state() == "concluded"
    check_house()


def test_what_was_signed_before_the_revocation_stands_and_is_closed(
    scene: Scene, telling: Telling, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document proves itself; only the certificate of conclusion needs a key that is still good."""
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work_but_close()
    later = clock.now() + timedelta(seconds=1)
    revoke(telling, later)
    while clock.now() < later + timedelta(seconds=1):
        work_but_close()
    until_stuck()
    if not Revision.objects.filter(kind="closed").exists():
        pytest.fail("what was good when it was made must be closed")
    install(credential=telling.another_key())
    number = scene.envelope.number
    assert main(["envelope", "show", number]) == 0
    assert "CloseTask stuck: key.revoked" in capsys.readouterr().out
    assert main(["envelope", "retry", number, "--org", "umikaze", "--reason", WHY]) == 1, "not theirs"
    assert main(["envelope", "retry", number, "--reason", WHY]) == 0
    work()
    assert scene.state() == "concluded"
    assert events(scene.envelope).count("envelope.retried") == 1
    check_house()


def test_what_was_sent_with_a_revoked_key_can_only_be_withdrawn(scene: Scene, telling: Telling) -> None:
    everybody_signs_revoked_before(scene, telling)
    install(credential=telling.another_key())
    with pytest.raises(Refusal, match=r"key\.revoked"):
        reseal_envelope(reloaded(scene), reason=WHY, now=clock.now)
    assert events(scene.envelope).count("envelope.resealing") == 0
    with pytest.raises(Refusal, match=r"reason\.missing"):
        remedying.withdraw_unfinished(reloaded(scene), reason=" ", at=clock.now())
    remedying.withdraw_unfinished(reloaded(scene), reason=WHY, at=clock.now())
    assert scene.state() == "withdrawn"
    assert CloseTask.objects.get().state == "cancelled"
    assert not Alarm.objects.filter(cleared_at=None).exists()
    people = [scene.vendor.mail, scene.mayor.mail, scene.envelope.sender.mail]
    assert sorted(Mail.objects.filter(kind="M11").values_list("to", flat=True)) == sorted(people)
    assert events(scene.envelope)[-4:].count("envelope.withdrawn") == 1
    for act in (reseal_envelope,):
        with pytest.raises(Refusal, match=r"envelope\.moved"):
            act(reloaded(scene), reason=WHY, now=clock.now)
    with pytest.raises(Refusal, match=r"envelope\.moved"):
        remedying.withdraw_unfinished(reloaded(scene), reason=WHY, at=clock.now())
    work()
    assert scene.state() == "withdrawn"
    check_house()


def everybody_signs_revoked_before(scene: Scene, telling: Telling) -> None:
    revoke(telling, clock.now() - timedelta(days=1))
    everybody_signs(scene)
    until_stuck()


def test_remedies_are_for_what_is_stuck(cast: Cast) -> None:
    envelope = drafted(cast)
    with pytest.raises(Refusal, match=r"envelope\.moved"):
        remedying.withdraw_unfinished(envelope, reason=WHY, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    with pytest.raises(Refusal, match=r"envelope\.not_stuck"):
        remedying.retry_envelope(envelope, reason=WHY, at=clock.now())
    envelope.refresh_from_db()
    with pytest.raises(Refusal, match=r"envelope\.moved"):
        reseal_envelope(envelope, reason=WHY, now=clock.now)
    with pytest.raises(Refusal, match=r"envelope\.unknown"):
        remedying.find_envelope("NOBODY-1")
    assert handles.handles()
