"""Which registrations an envelope may be addressed to."""

from __future__ import annotations

from django.db.models import QuerySet

from tachiai.accounts.models import Organization
from tachiai.counterparties.models import Counterparty, Registration, RegistrationState
from tachiai.prepared import Prepared, given


def usable_registrations(organization: Organization) -> list[Registration]:
    """Approved, neither revoked nor suspended, within their dates, by the counterparty's name."""
    return [one for one in _USABLE.all(organization=organization.pk) if one.is_usable]


_USABLE = Prepared(
    lambda: (
        Registration.objects.filter(
            counterparty__organization_id=given("organization", Counterparty, "organization"),
            state=RegistrationState.APPROVED,
            suspended_at=None,
        )
        .select_related("counterparty")
        .order_by("counterparty__name", "name")
    )
)


def registrations_of(organization: Organization) -> QuerySet[Registration]:
    """All registrations of an organization, the latest first."""
    return (
        Registration.objects.filter(counterparty__organization=organization)
        .select_related("counterparty", "entered_by", "approved_by", "code_asked_by", "attorney", "replaced_by")
        .order_by("-entered_at")
    )
