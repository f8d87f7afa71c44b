"""Which rows are whose work, and what the clock does. The only place that ties work to the verbs of the story."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings

from tachiai import backups, clock, counterparties, outbox, sealing
from tachiai.accounts import identity
from tachiai.administration.alarming import tell_alarms
from tachiai.archive.evidence_work import do_evidence, plan_evidence
from tachiai.archive.log_keeping import keep_log
from tachiai.archive.models import EvidenceTask, RenewalTask, SampleTask
from tachiai.archive.renewal import watch_renewals
from tachiai.archive.samples import expire_samples
from tachiai.backups.models import BackupTask
from tachiai.envelopes.approving_deputies import tell_deputies
from tachiai.envelopes.asking_copies import expire_requests
from tachiai.envelopes.closing import close_envelope
from tachiai.envelopes.delivering import note_undelivered
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.freezing import freeze_document
from tachiai.envelopes.inspecting import inspect_upload
from tachiai.envelopes.models import CloseTask, FreezeTask, InspectTask, TopUpTask
from tachiai.envelopes.reminding import remind
from tachiai.envelopes.reminding_approvers import remind_approvers
from tachiai.envelopes.renewing import renew
from tachiai.envelopes.sampling_work import gather_sample
from tachiai.envelopes.saving import forget_ended
from tachiai.envelopes.schedule_models import SendTask
from tachiai.envelopes.scheduling import send_scheduled
from tachiai.envelopes.sealing_work import seal_consents, sealable
from tachiai.envelopes.topping_up import top_up
from tachiai.envelopes.uploads import expire_uploads
from tachiai.outbox.models import Mail
from tachiai.work import Flow, Kind
from tachiai.work.alarms import clear_alarm, raise_alarm

_LONG = timedelta(minutes=5)
_LONGEST = timedelta(minutes=15)  # a rewriting, and every page of a long file drawn twice
INSPECT = Kind("inspect", InspectTask.objects.all, lambda task: inspect_upload(task, now=clock.now), lease=_LONGEST, batch=1, hands=2)
SEND_AT = Kind("send-at", SendTask.objects.all, lambda task: send_scheduled(task, now=clock.now))
FREEZE = Kind("freeze", FreezeTask.objects.all, lambda task: freeze_document(task, now=clock.now), lease=_LONG, batch=1, hands=2)
SEAL = Flow("seal", sealable, lambda intake: seal_consents(intake, now=clock.now))
CLOSE = Kind("close", CloseTask.objects.all, lambda task: close_envelope(task, now=clock.now), lease=_LONG, batch=1, hands=4)
TOP_UP = Kind("top-up", TopUpTask.objects.all, lambda task: top_up(task, now=clock.now), lease=_LONG, batch=2)
RENEW = Kind("renew", RenewalTask.objects.all, lambda task: renew(task, now=clock.now), lease=_LONG, batch=2)
MAIL = Kind("mail", Mail.objects.all, lambda mail: outbox.deliver(mail, now=clock.now, refused=note_undelivered), lease=_LONG)
SAMPLE = Kind("sample", SampleTask.objects.all, lambda task: gather_sample(task, now=clock.now), lease=_LONGEST, batch=1)
EVIDENCE = Kind("evidence", EvidenceTask.objects.all, lambda task: do_evidence(task, now=clock.now), lease=_LONG, batch=1)
_HOURS = timedelta(hours=8)  # whoever holds it and dies is found out by its process, not by the clock
BACKUP = Kind("backup", BackupTask.objects.all, lambda task: backups.do_backup(task, now=clock.now), lease=_HOURS, batch=1)

KINDS: tuple[Kind[Any] | Flow[Any], ...] = (INSPECT, SEND_AT, FREEZE, SEAL, CLOSE, TOP_UP, RENEW, MAIL, EVIDENCE, BACKUP, SAMPLE)


def rests() -> bool:
    """Whether this house does no work: it was restored and nobody has said what it is to be, or its keys are another's."""
    return identity.standing().rests


def tick() -> int:
    """What is due by the clock alone; how much was done."""
    if rests():
        raise_alarm("house", "rests", detail=identity.standing().held or "house.foreign", at=clock.now())
        return 0
    clear_alarm("house", "rests", at=clock.now())
    backups.plan_backups(settings.TACHIAI, at=clock.now())
    sealing.watch_keys(at=clock.now())
    # Entries get their places at each tick; a token is asked for when some have waited for five minutes.
    keep_log(now=clock.now)
    plan_evidence(nightly=settings.TACHIAI.evidence_nightly, at=clock.now())
    done = watch_renewals(at=clock.now()) + expire_envelopes(at=clock.now()) + remind(at=clock.now())
    done += tell_deputies(at=clock.now()) + remind_approvers(at=clock.now())
    done += counterparties.expire_registrations(at=clock.now()) + counterparties.expire_drafts(at=clock.now())
    done += expire_requests(at=clock.now())
    done += tell_alarms(at=clock.now())
    return done + expire_uploads(at=clock.now()) + forget_ended() + expire_samples(at=clock.now())
