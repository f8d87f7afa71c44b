"""What the four steps of a new request share."""

from __future__ import annotations

import uuid

from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai.accounts.models import Member
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.holding import has_documents, has_signers
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.uploads import has_unsettled


def draft_of(member: Member, pk: uuid.UUID) -> Envelope | None:
    """The draft that ``member`` may go on with; None for what has been sent meanwhile. Refuses as ``managed_envelope``."""
    envelope = managed_envelope(member, pk)
    return envelope if envelope.state == EnvelopeState.DRAFT else None


def steps_of(envelope: Envelope | None) -> list[dict[str, object]]:
    """The step navigation; one can go to a step whose predecessors are done."""
    if envelope is None:
        return [{"word": _("文書")}, {"word": _("宛先")}, {"word": _("入力位置")}, {"word": _("確認")}]
    filed = envelope.described and (has_documents(envelope) or has_unsettled(envelope))
    named = filed and has_signers(envelope)
    return [
        {"word": _("文書"), "url": reverse("desk:files", args=[envelope.pk])},
        {"word": _("宛先"), "url": reverse("desk:recipients", args=[envelope.pk]) if filed else ""},
        {"word": _("入力位置"), "url": reverse("desk:fields", args=[envelope.pk]) if named and has_documents(envelope) else ""},
        {"word": _("確認"), "url": reverse("desk:review", args=[envelope.pk]) if named else ""},
    ]
