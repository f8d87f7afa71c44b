"""What the desk's own templates need beside ``look``."""

from __future__ import annotations

from django import template
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy

from tachiai.accounts.models import Organization
from tachiai.envelopes.models import Proof, Recipient, Side
from tachiai.web.desk.dates import parts_of
from tachiai.web.desk.people_words import kind_word

register = template.Library()

ASKED = {
    (Side.COUNTERPARTY, Proof.PLAIN): gettext_lazy("届出済みのアクセスコード"),
    (Side.COUNTERPARTY, Proof.TOTP): gettext_lazy("アクセスコード＋認証アプリ（TOTP）"),
    (Side.COUNTERPARTY, Proof.PASSKEY): gettext_lazy("アクセスコード＋パスキー"),
    (Side.OWN, Proof.PLAIN): gettext_lazy("職員ログイン"),
    (Side.OWN, Proof.TOTP): gettext_lazy("職員ログイン＋認証アプリ（TOTP）"),
}


@register.filter
def asked_proof(recipient: Recipient) -> str:
    """What the sender asks this signer to prove themselves with, in words."""
    return str(ASKED[Side(recipient.side), Proof(recipient.proof)])


@register.filter
def date_parts(field: BoundField) -> list[dict[str, object]]:
    """The boxes of a date: see ``parts_of``."""
    return parts_of(field)


@register.filter
def kind_of(recipient: Recipient, organization: Organization) -> str:
    """区分 in words; empty for a signer, who needs no word."""
    return kind_word(recipient.kind, organization)
