"""Taking up an invitation: the invited person says what they are called and chooses a password, once."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from tachiai import ledger, outbox
from tachiai.accounts.models import Member
from tachiai.administration.members import stream_of
from tachiai.crypto.tokens import token_digest
from tachiai.errors import Refusal


def invited_by_link(token: str, *, at: datetime) -> Member:
    """Whom this link invites. Refuses with ``invitation.unknown`` or ``invitation.expired``."""
    found = Member.objects.select_related("organization").filter(invitation_digest=token_digest(token), is_active=True).first()
    if found is None or found.invited_until is None:
        raise Refusal("invitation.unknown")
    if found.invited_until <= at:
        raise Refusal("invitation.expired")
    return found


def take_up_invitation(token: str, *, name: str, password: str, at: datetime) -> Member:
    """The invited member has a password and the link is used up.

    Refuses as ``invited_by_link``, and with ``member.nameless`` or ``password.weak`` (reasons).
    """
    called = outbox.one_line(name, longest=100)
    if not called:
        raise Refusal("member.nameless")
    member = invited_by_link(token, at=at)
    try:
        validate_password(password, member)
    except ValidationError as problem:
        raise Refusal("password.weak", reasons=list(problem.messages)) from problem
    member.set_password(password)
    columns = {"name": called, "password": member.password, "invitation_digest": None, "invited_until": None}
    with transaction.atomic(durable=True):
        # Whoever comes second with the same link changes no row.
        if not Member.objects.filter(pk=member.pk, invitation_digest=token_digest(token), is_active=True).update(**columns):
            raise Refusal("invitation.unknown")
        data, actor = {"member": str(member.pk)}, ledger.Actor("member", str(member.pk))
        ledger.append(stream_of(member), "member.joined", by=actor, at=at, data=dict(data), personal={"name": called})
    member.refresh_from_db()
    return member
