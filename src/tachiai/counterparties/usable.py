"""Which registrations an envelope may be addressed to."""

from __future__ import annotations

from django.db.models import QuerySet

from tachiai.accounts.models import Organization
from tachiai.counterparties.models import Registration, RegistrationState


def usable_registrations(organization: Organization) -> QuerySet[Registration]:
    """Approved, neither revoked nor suspended, newest first."""
    return (
        Registration.objects.filter(counterparty__organization=organization, state=RegistrationState.APPROVED, suspended_at=None)
        .select_related("counterparty")
        .order_by("counterparty__name", "name")
    )


def registrations_of(organization: Organization) -> QuerySet[Registration]:
    """All registrations of an organization, the latest first."""
    return (
        Registration.objects.filter(counterparty__organization=organization)
        .select_related("counterparty", "entered_by", "approved_by")
        .order_by("-entered_at")
    )
