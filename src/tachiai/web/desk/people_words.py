"""How a person is told from another in a list of choices."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration


def their_words(registration: Registration) -> str:
    person = " ".join(part for part in (registration.counterparty.name, registration.title, registration.name) if part)
    method = _("書面（職員入力）") if registration.method == "paper" else _("オンライン（本人入力）")
    return _("{person} <{mail}>（届出方法：{method}）").format(person=person, mail=registration.mail, method=method)


def our_words(member: Member) -> str:
    person = " ".join(part for part in (member.department, member.title, member.name) if part)
    return f"{person} <{member.mail}>"
