"""The chapters at which cases begin, and how a story goes on from each to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import softhsm
from cast import assemble
from invariants import check_house
from stages import Scene, drafted, recalled, sees_everything, signs
from stories import work
from tachiai import clock, ledger
from tachiai.archive.anchoring import stamp_again, stamp_log
from tachiai.archive.log_keeping import keep_log
from tachiai.archive.models import EvidenceAct, EvidenceTask, RecordFile, RenewalTask
from tachiai.archive.renewal import ask_for_renewal
from tachiai.config.jobs import CLOSE, FREEZE, KINDS, MAIL, SEAL
from tachiai.envelopes.models import Envelope, TopUpTask
from tachiai.envelopes.sending import send_envelope
from tachiai.findings import Finding
from tachiai.outbox.models import Mail
from tachiai.work import drain, release_dead
from torture import copies
from torture.grounds import Grounds


def prepare(grounds: Grounds) -> None:
    """Every chapter. What each is for stands with it."""
    grounds.tell("people", _found)
    grounds.tell("sending", _send, after="people")  # to be frozen: two papers, two who sign at once, and then the mayor
    grounds.tell("asked", _ask, after="sending")  # nobody has signed
    grounds.tell("sealing", _both_sign, after="asked")  # two consents on two papers are to be sealed
    grounds.tell("closing", _mayor_signs, after="sealing")
    grounds.tell("mailing", _close, after="closing")  # concluded; every mail is still to go out
    grounds.tell("concluded", work, after="mailing")
    grounds.tell("topping-up", _top_up, after="concluded")
    grounds.tell("renewing", _renew, after="concluded")
    grounds.tell("evidence", _stamp, after="concluded")
    grounds.tell("checkpointing", work, after="concluded")  # what was mailed has no place in the log yet
    grounds.tell("backing-up", _back_up_amid, after="closing", backup=True)
    grounds.tell("restoring", copies.back_up, after="backing-up")


WORKED = ("sending", "sealing", "closing", "mailing", "topping-up", "renewing", "evidence")
# A worker's clock, and what an operator starts.
KEPT = ("checkpointing", "backing-up", "restoring")
# With the key in a real token, or the boxes in a real S3 store; and the steps that are others there.
ELSEWHERE = {
    "sealing@token": ("crypto.hsm", "sealing.", "commit"),
    "closing@token": ("crypto.hsm", "sealing.", "commit"),
    "sealing@s3": ("vault.", "commit"),
    "closing@s3": ("vault.", "archive.filing", "commit"),
}


def is_at_hand(grounds: Grounds, chapter: str) -> bool:
    """Whether this machine has what the chapter needs."""
    if chapter.endswith("@s3"):
        return bool(grounds.objects)
    return not chapter.endswith("@token") or softhsm.library() is not None


def act_of(chapter: str) -> Callable[[], object]:
    """What whoever is killed at ``chapter`` is doing."""
    return {"checkpointing": keep_the_log, "backing-up": copies.back_up, "restoring": copies.bring_back}.get(chapter, recover)


def _back_up_amid() -> None:
    """Of what the next backup needs, one has some already."""
    copies.back_up()
    work()


def keep_the_log() -> None:
    """What the clock does over a day: places, a checkpoint under a token, its publication, a look through everything, a further token."""
    ledger.integrate(at=clock.now(), sweep=True)
    stamp_log(now=clock.now, reason="clock")
    stamp_again(now=clock.now)
    keep_log(now=clock.now)


def scene() -> Scene:
    return Scene(recalled(), Envelope.objects.select_related("organization__operator", "sender").get())


def _found() -> None:
    from tachiai.cli.houses import establish

    establish()
    assemble()
    work()


def _send() -> None:
    cast = recalled()
    send_envelope(drafted(cast, papers=2, both=True), by=cast.clerk, at=clock.now())


def _ask() -> None:
    while drain(FREEZE, now=clock.now):
        pass
    drain(MAIL, now=clock.now)
    work()
    assert scene().state() == "in_progress"
    for person in (scene().vendor, scene().builder):
        sees_everything(person)


def _both_sign() -> None:
    told = scene()
    signs(told.vendor)
    signs(told.builder)


def _mayor_signs() -> None:
    while drain(SEAL, now=clock.now):
        pass
    signs(scene().mayor)
    while drain(SEAL, now=clock.now):
        pass
    Mail.objects.filter(state="waiting", kind__in=("M07", "M09")).update(due_at=clock.now())


def _close() -> None:
    drain(CLOSE, now=clock.now)
    assert scene().state() == "concluded"


def _top_up() -> None:
    told, at = scene(), clock.now()
    for document in (*told.envelope.documents.all(), None):
        TopUpTask.objects.create(envelope=told.envelope, document=document, due_at=at, created_at=at)


def _renew() -> None:
    from django.conf import settings

    from envelopes.renewing_houses import longer_stamps

    longer_stamps(settings.TACHIAI.home)
    ask_for_renewal(list(RecordFile.objects.all()), at=clock.now())
    assert RenewalTask.objects.filter(state="waiting").count() == 3


def _stamp() -> None:
    at = clock.now()
    EvidenceTask.objects.create(act=EvidenceAct.MAKE, key="make:torture", digest="sha256", due_at=at, created_at=at)


def recover() -> None:
    """What a worker does that is started again: give back what dead ones held, and go on; an outage is over in five minutes."""
    release_dead([kind.rows().model for kind in KINDS])
    work()
    keep_log(now=clock.now)


def finish() -> list[Finding]:
    """The rest of the story takes place, whatever happened; then everything must hold, with each thing done once. The notes."""
    told = scene()
    for person in (told.vendor, told.builder, told.mayor):
        if told.person(person.mail).state in ("requested", "opened"):
            signs(told.person(person.mail))
            work()
    assert told.state() == "concluded", f"the envelope is {told.state()}"
    left = [task for kind in KINDS for task in kind.rows().exclude(state__in=("done", "cancelled"))]
    assert not left, [f"{type(task).__name__} {task.pk} {task.state} {task.trouble}" for task in left]
    return check_house()


def overdue_now() -> None:
    """Time passes: whatever was put off is due."""
    for kind in KINDS:
        kind.rows().model._default_manager.filter(state="waiting").update(due_at=clock.now() - timedelta(seconds=1))


def check() -> None:
    """Right after something happened, before anybody has put anything right."""
    check_house()
