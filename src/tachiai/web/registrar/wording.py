"""The words of an organization's form: its own where it chose some, otherwise the house's.

The consent stands here once, so that a lawyer can review it.
"""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai.accounts.models import Organization
from tachiai.counterparties.models import RegistrationForm


def title_of(form: RegistrationForm | None) -> str:
    return _chosen(form, "title") or _("電子契約用メールアドレス届出書")


def guide_of(form: RegistrationForm | None) -> str:
    """What the organization says before the form; empty where it says nothing."""
    return _chosen(form, "guide")


def consent_of(form: RegistrationForm | None, organization: Organization) -> str:
    """The words that are agreed to, and kept with the registration as they were read."""
    english = (get_language() or "").startswith("en")
    name = organization.name_en if english and organization.name_en else organization.name
    return _chosen(form, "consent") or _(
        "{organization}との契約を電子契約により締結することに同意します。"
        "届け出たメールアドレスへ署名依頼が送られること、届け出たアクセスコードの入力により本人の確認が行われること、"
        "及び届け出た内容が契約の締結と証明のために用いられることに同意します。"
    ).format(organization=name)


def _chosen(form: RegistrationForm | None, name: str) -> str:
    """English readers get the English words if there are any; otherwise the Japanese ones, rather than words nobody chose."""
    if form is None:
        return ""
    english = getattr(form, f"{name}_en") if (get_language() or "").startswith("en") else ""
    return str(english or getattr(form, name))
