"""The people of a demonstration house: all invented, made by the verbs that make real ones."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tachiai import clock
from tachiai.administration.embedding import DEMO_OPERATOR
from tachiai.cli.private_files import write_private
from tachiai.house import House

if TYPE_CHECKING:
    from tachiai.accounts.models import Member
    from tachiai.outbox.mailbox import Kept

SLUG = "sakuragaoka"
GUIDE: dict[str, Any] = {
    "guide": "これは立会のデモです。架空の会社・架空の方として届け出てください。認証コードは、デモ用の受信箱に届きます。",
    "guide_en": "This is a demonstration of Tachiai. Register as an invented company. The one-time code arrives in the demo mailbox.",
}
COUNTERPARTIES = (
    ("株式会社みどり野製作所（架空）", "代表取締役", "緑野 太郎", "midorino@example.jp", "739184", "ja"),
    ("Kazemachi Systems K.K. (fictional)", "Chief Executive Officer", "Emma Kazemachi", "kazemachi@example.com", "528017", "en"),
)
ADMIN: tuple[str, str, str, str, dict[str, Any]] = (
    "admin@sakuragaoka.example.jp",
    "桜井 守",
    "管理者（届出フォームなどの設定）",
    "admin",
    {"title": "課長補佐"},
)
MEMBERS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("clerk@sakuragaoka.example.jp", "桜田 花子", "担当者（送信）", "staff", {"title": "主事"}),
    ("second@sakuragaoka.example.jp", "丘野 次郎", "届出の承認者", "manager", {"title": "係長", "may_approve": True}),
    ("mayor@sakuragaoka.example.jp", "坂本 一郎", "当方の署名者", "staff", {"title": "市長", "may_sign": True}),
    ADMIN,
)


@dataclass(frozen=True)
class DemoLogin:
    """One login that the demonstration prints."""

    mail: str
    name: str
    does: str


LOGINS = tuple(DemoLogin(mail, name, does) for mail, name, does, _, _ in MEMBERS)


def demo_password(house: House) -> str:
    """The password of the demo logins: random, of this house alone, kept beside its secrets."""
    path = house.keys / "demo-password.txt"
    if not path.exists():
        write_private(path, f"demo-{secrets.token_hex(5)}\n")
    return path.read_text().strip()


def settle_demo_people(house: House) -> None:
    """Make the demo's operator, organization, members, public form and registered counterparties, unless they are there."""
    from tachiai.accounts.models import Operator

    at = clock.now()
    if not Operator.objects.exists():
        _found_city(house, at=at)
    open_demo_form(house, at=at)


def _found_city(house: House, *, at: datetime) -> None:
    from tachiai import administration

    administration.create_operator(
        DEMO_OPERATOR, name_en="Tachiai Demo Operator (fictional)", phone="03-0000-0000", mail="operator@example.jp", at=at
    )
    new = administration.NewOrganization(
        slug=SLUG,
        name="さくら丘市（架空）",
        name_en="Sakuragaoka City (fictional)",
        department="総務部 契約課",
        phone="000-000-0000",
        mail="keiyaku@sakuragaoka.example.jp",
        number_prefix="SKR",
    )
    administration.create_organization(new, at=at)
    for login in MEMBERS:
        _make_member(house, login, at=at)
    if house.smtp is None:
        register_demo_counterparties(at=at)


def _make_member(house: House, login: tuple[str, str, str, str, dict[str, Any]], *, at: datetime) -> Member:
    from tachiai import administration
    from tachiai.accounts.models import Organization, Role

    mail, name, _, role, flags = login
    told = administration.NewMember(mail=mail, name=name, role=Role(role), department="総務部 契約課", phone="000-000-0001", **flags)
    city = Organization.objects.get(slug=SLUG)
    return administration.create_member(city, told, password=demo_password(house), at=at)


def open_demo_form(house: House, *, at: datetime) -> None:
    """Open the city's public form, so that one can register there as a counterparty would; what an administrator set since stays.

    A demonstration that was founded before there was a form gets its administrator here too.
    """
    from tachiai import counterparties
    from tachiai.accounts.models import Member, Organization

    city = Organization.objects.filter(slug=SLUG).first()
    if city is None or counterparties.form_of(city) is not None:
        return
    found = Member.objects.filter(mail=ADMIN[0]).first()
    counterparties.set_form(counterparties.FormWords(is_open=True, **GUIDE), by=found or _make_member(house, ADMIN, at=at), at=at)


def register_demo_counterparties(*, at: datetime) -> None:
    """Register the demo's counterparties the whole way: paper, one-time code by mail, a second member's approval."""
    from tachiai import counterparties
    from tachiai.accounts.models import Member

    clerk = Member.objects.get(mail="clerk@sakuragaoka.example.jp")
    second = Member.objects.get(mail="second@sakuragaoka.example.jp")
    for party, title, name, mail, code, language in COUNTERPARTIES:
        entered = counterparties.Entered(counterparty=party, title=title, name=name, mail=mail, code=code, language=language)
        registration = counterparties.register(entered, by=clerk, at=at)
        counterparties.request_code(registration, at=at)
        deliver_all()
        counterparties.confirm_mail(registration, code=mailed(mail, r"\b(\d{6})\b", without=r"^(?!.*https?://)"), at=clock.now())
        counterparties.approve(registration, by=second, at=clock.now())


def deliver_all() -> int:
    """Do all work that is due now, until nothing is, and say how much was."""
    from tachiai.config.jobs import KINDS
    from tachiai.work import drain

    total = 0
    done = 1
    while done:
        done = sum(drain(kind, now=clock.now) for kind in KINDS)
        total += done
    return total


def mailed(to: str, pattern: str, *, without: str = "", wanted: Callable[[str], bool] = bool) -> str:
    """What ``pattern`` finds in the newest mail to an address of the demo's mailbox."""
    from tachiai.outbox.mailbox import messages

    for message in messages(to=to):
        for line in message.text.splitlines():
            found = re.search(pattern, line)
            if found and wanted(found.group(1)) and (not without or re.match(without, line)):
                return found.group(1)
    raise LookupError(f"no mail to {to} holds what the demonstration looks for")


class Postbox:
    """The demonstration's mails by addressee, each read once: for whoever plays many people for a long time."""

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._mails: dict[str, list[Kept]] = defaultdict(list)

    def link(self, to: str, door: str, *, about: str) -> str:
        """The token of the newest mail to ``to`` that speaks of ``about`` and leads to ``door``. Raises ``LookupError``."""
        return self._found(to, rf"/{door}/([\w-]{{43}})", about)[0]

    def code(self, to: str) -> str:
        """The newest one-time code; its mail has no link. Raises ``LookupError``."""
        return self._found(to, r"(?m)^(?!.*https?://).*?\b(\d{6})\b", "")[0]

    def name(self, to: str, *, about: str) -> str:
        """What the newest request to ``to`` is called, as bounces call it. Raises ``LookupError``."""
        return self._found(to, r"/s/([\w-]{43})", about)[1]

    def _found(self, to: str, pattern: str, about: str) -> tuple[str, str]:
        self._look()
        for mail in reversed(self._mails[to]):
            found = re.search(pattern, mail.text) if about in mail.text else None
            if found:
                return found[1], mail.name
        raise LookupError(f"no mail to {to} about {about!r} holds what the demonstration looks for")

    def _look(self) -> None:
        from tachiai.outbox.mailbox import message, names

        fresh = names() - self._read
        self._read |= fresh
        for mail in sorted((message(name) for name in fresh), key=lambda one: one.sent_at):
            self._mails[mail.to].append(mail)
