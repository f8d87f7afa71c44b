"""How a person is told from another in a list of choices."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai.accounts.models import Member, Organization
from tachiai.counterparties.models import Registration
from tachiai.envelopes.models import Kind


def their_words(registration: Registration) -> str:
    person = " ".join(part for part in (registration.counterparty.name, registration.title, registration.name) if part)
    method = _("書面（職員入力）") if registration.method == "paper" else _("オンライン（本人入力）")
    return _("{person} <{mail}>（届出方法：{method}）").format(person=person, mail=registration.mail, method=method)


def our_words(member: Member) -> str:
    person = " ".join(part for part in (member.department, member.title, member.name) if part)
    return f"{person} <{member.mail}>"


def approver_word(organization: Organization) -> str:
    """What approvers are called in this organization, in the reader's language."""
    japanese, english = organization.approver_words
    return english if (get_language() or "").startswith("en") else japanese


def kind_word(kind: str, organization: Organization) -> str:
    """区分, where it is not the usual one."""
    words = {Kind.REVIEWER: _("確認者"), Kind.APPROVER: approver_word(organization), Kind.COPY: _("受領者")}
    return words.get(Kind(kind), "")
