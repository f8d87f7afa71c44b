"""What every page's frame needs: the product, the operator, and whether this is a demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tachiai import clock
from tachiai.accounts import identity
from tachiai.accounts.models import Operator
from tachiai.accounts.rights import may_administer, sees_contracts
from tachiai.administration.reminders import may_set_reminders
from tachiai.backups.showing import may_see_backups
from tachiai.counterparties.access import may_see_registrations
from tachiai.envelopes.access import may_send
from tachiai.envelopes.approval_listing import approvals_waiting
from tachiai.envelopes.handing_over import may_hand_over
from tachiai.house import House
from tachiai.prepared import Prepared
from tachiai.web.sender import organization_name

_OPERATOR = Prepared(lambda: Operator.objects.order_by("pk")[:1])


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template context for all pages. ``is_demo`` puts the banner on every one of them."""
    operator = _OPERATOR.first()
    return {
        "site_name": "Tachiai",
        "operator": operator,
        "operator_name": operator.name if operator else "",
        "operator_phone": operator.phone if operator else "",
        "operator_mail": operator.mail if operator else "",
        "is_held": identity.standing().rests,
        **_demonstration(settings.TACHIAI),
        "has_mailbox": settings.TACHIAI.mailbox,
        "here": request.get_full_path(),
        **_desk(request),
    }


def _demonstration(house: House) -> dict[str, bool]:
    """What the banner says. Only a demonstration looks for its data."""
    demo = house.mode == "demo"
    return {"is_demo": demo, "has_demo_data": demo and house.told.exists(), "is_telling": demo and house.telling.exists()}


def _desk(request: HttpRequest) -> dict[str, Any]:
    """What the desk's frame shows a member, on the login library's pages too, which have no view of ours behind them."""
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {"may_send": False}
    member = request.user
    return {
        "organization_name": organization_name(member.organization),
        "may_send": may_send(member),
        "approvals_waiting": approvals_waiting(member, at=clock.now()),
        "may_see_registrations": may_see_registrations(member),
        "may_see_backups": may_see_backups(member),
        "may_see_documents": sees_contracts(member),
        "may_administer": may_administer(member),
        "may_hand_over": may_hand_over(member),
        "may_set_reminders": may_set_reminders(member),
    }
