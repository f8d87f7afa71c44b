"""Issuing a download anew: whoever knows the registered address and its code gets a new link there, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tachiai import ceremony
from tachiai.ceremony import Purpose
from tachiai.envelopes.closing import DOWNLOAD_DAYS
from tachiai.envelopes.downloading import standing_files
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.opening import try_code, wrong_attempt
from tachiai.envelopes.telling import tell_reissued
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal


def reissue_download(found: Visit, *, mail: str, code: str, address: str, agent: str, at: datetime) -> None:
    """M21 with a new link of 14 days to the address that holds the copy; the sender is told (M20).

    ``found`` is an ``expired_download``. Tries are counted and refused as by ``open_envelope``: a wrong address counts as a wrong
    code and is refused in the same words, so that neither can be guessed alone. Refuses ``vault.shredded`` when nothing is left.
    """
    personal: dict[str, object] = {"address": address, "agent": agent[:300]}
    standing_files(found.envelope, by=found.recipient)
    attempt = try_code(found, code, address=address, personal=personal, at=at)
    if mail.strip().casefold() != found.holder.mail.casefold():
        raise wrong_attempt(found, attempt, personal=personal, at=at)
    with transaction.atomic(durable=True):
        ceremony.settle_attempt(attempt, right=True)
        # Two who ask at once take turns at the envelope; the second finds a link that works.
        Envelope.objects.select_for_update().get(pk=found.envelope.pk)
        standing = ceremony.standing_invitation(Purpose.DOWNLOAD, found.recipient.pk)
        if standing is None or standing.generation != found.invitation.generation:
            raise Refusal("link.replaced")
        expires_at = at + timedelta(days=DOWNLOAD_DAYS)
        invitation = ceremony.invite(Purpose.DOWNLOAD, found.recipient.pk, expires_at=expires_at, at=at)
        data: dict[str, object] = {"recipient": str(found.recipient.pk), "generation": invitation.generation}
        note(found.envelope, "download.reissued", by=found.recipient, at=at, data=data, personal=personal)
        tell_reissued(found.recipient, invitation, at=at)
