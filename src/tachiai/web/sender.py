"""Who asks: the sender's organisation, department and phone, which is all that may be told before the code."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai import clock, counterparties
from tachiai.accounts.models import Organization
from tachiai.envelopes.models import Recipient


def organization_name(organization: Organization) -> str:
    """In the reader's language, where the organisation has said how it is called in it."""
    english = (get_language() or "").startswith("en")
    return organization.name_en if english and organization.name_en else organization.name


def contact_of(recipient: Recipient) -> dict[str, str]:
    """Whom to ask, as ``parts/contact.html`` takes it."""
    organization, sender = recipient.envelope.organization, recipient.envelope.sender
    department = sender.department or organization.department
    name = organization_name(organization)
    whole = _("{organization} {department}").format(organization=name, department=department) if department else name
    return {"name": whole, "phone": sender.phone or organization.phone}


def header_of(recipient: Recipient) -> dict[str, object]:
    """What the ceremony's frame shows on every page: the sender at the top, whom to ask at the foot."""
    return {"sender_organization": organization_name(recipient.envelope.organization), "help_contact": contact_of(recipient)}


def form_url(organization: Organization, name: str) -> str:
    """A page of the organization's public form: ``guide``, or ``copies``; empty where there is none, or it is closed today."""
    form = counterparties.form_of(organization)
    if form is None or not form.is_open or (name == "guide" and not form.accepts_on(clock.today(clock.now()))):
        return ""
    return reverse(f"form:{name}", args=[organization.slug])
