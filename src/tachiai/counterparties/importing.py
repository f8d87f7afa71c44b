"""Registrations from a CSV (届出のCSV取込): every row judged before any is taken, and no code ever in it.

Each imported person gets a mail, confirms the address, says that they may sign, and chooses their own code.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member, Organization
from tachiai.counterparties.corporate_numbers import read_corporate_number
from tachiai.counterparties.models import Counterparty, Method, Registration, RegistrationState
from tachiai.counterparties.registering import MAY_REGISTER, next_number, note, person_of
from tachiai.counterparties.telling import ask_by_link
from tachiai.errors import Refusal
from tachiai.sheets import as_meant

LARGEST = 1024 * 1024
MOST_ROWS = 500
# The heading of each column, in Japanese and in English, and the longest that it takes.
COLUMNS: dict[str, tuple[str, str, int]] = {
    "counterparty": ("商号又は名称", "Company or body", 200),
    "corporate_number": ("法人番号", "Corporate number", 40),
    "address": ("所在地", "Address", 300),
    "title": ("署名者の役職", "Signer's title", 100),
    "name": ("署名者の氏名", "Signer's name", 100),
    "mail": ("電子契約用メールアドレス", "Mail address", 254),
    "phone": ("電話番号", "Telephone", 40),
    "language": ("言語", "Language", 10),
}
NEEDED = ("counterparty", "name", "mail")
LANGUAGES = {"": "ja", "ja": "ja", "日本語": "ja", "en": "en", "english": "en", "英語": "en"}


@dataclass(frozen=True)
class Wrong:
    """What is wrong where: the line of the file (its heading is line 1), the column's name, and a refusal's code with its facts."""

    line: int
    column: str
    code: str
    limit: int = 0


@dataclass(frozen=True)
class Read:
    """A CSV as it was read: its character set, its rows with their lines, and everything that is wrong with it."""

    charset: str
    rows: list[tuple[int, dict[str, str]]]
    wrong: list[Wrong]


def read_csv(content: bytes, organization: Organization) -> Read:
    """Judge a whole CSV. UTF-8 (with or without a mark) or Shift_JIS, told apart by the bytes themselves.

    Refuses with ``csv.too_large``, ``csv.charset``, ``csv.headings`` (missing), ``csv.code_column`` or ``csv.empty``;
    what is wrong with single cells is told in ``wrong``.
    """
    if len(content) > LARGEST:
        raise Refusal("csv.too_large", limit=MOST_ROWS)
    text, charset = _decoded(content)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise Refusal("csv.unreadable") from problem
    if not lines:
        raise Refusal("csv.empty")
    columns = _columns(lines[0])
    rows = [(number, _cells(columns, line)) for number, line in enumerate(lines[1:], start=2) if any(cell.strip() for cell in line)]
    if not rows:
        raise Refusal("csv.empty")
    if len(rows) > MOST_ROWS:
        raise Refusal("csv.too_large", limit=MOST_ROWS)
    known = _known(organization)
    seen: set[tuple[str, str]] = set()
    wrong = [one for number, cells in rows for one in _judged(number, cells, known, seen)]
    return Read(charset, rows, wrong)


def _decoded(content: bytes) -> tuple[str, str]:
    """UTF-8 is strict enough that Shift_JIS text of any length hardly ever passes for it."""
    for codec, name in (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS")):
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise Refusal("csv.charset")


def _columns(heads: list[str]) -> dict[str, int]:
    told = {unicodedata.normalize("NFKC", head).strip().lower(): place for place, head in enumerate(heads)}
    if any("コード" in head or "code" in head for head in told):
        raise Refusal("csv.code_column")
    names = {name: (ja.lower(), en.lower()) for name, (ja, en, _) in COLUMNS.items()}
    columns = {name: told[head] for name, both in names.items() for head in both if head in told}
    missing = [COLUMNS[name][0] for name in NEEDED if name not in columns]
    if missing:
        raise Refusal("csv.headings", missing="、".join(missing))
    return columns


def _cells(columns: dict[str, int], line: list[str]) -> dict[str, str]:
    return {name: as_meant(line[place].strip()) if place < len(line) else "" for name, place in columns.items()}


def _judged(number: int, cells: dict[str, str], known: set[tuple[str, str]], seen: set[tuple[str, str]]) -> list[Wrong]:
    """What is wrong with one row; its cells are put into the form in which they are kept."""
    wrong = [Wrong(number, name, "csv.missing") for name in NEEDED if not cells[name]]
    wrong += [Wrong(number, name, "csv.too_long", COLUMNS[name][2]) for name, cell in cells.items() if len(cell) > COLUMNS[name][2]]
    wrong += [Wrong(number, name, "csv.control") for name, cell in cells.items() if any(_is_unseen(char) for char in cell)]
    cells["mail"] = unicodedata.normalize("NFKC", cells["mail"])
    for name, read in (("mail", _mail), ("corporate_number", read_corporate_number), ("language", _language)):
        wrong += _read(number, cells, name, read)
    person = (cells["counterparty"], cells["mail"].lower())
    if not wrong and person in seen:
        wrong.append(Wrong(number, "mail", "csv.twice"))
    if not wrong and person in known:
        wrong.append(Wrong(number, "mail", "csv.registered"))
    seen.add(person)
    return wrong


def _is_unseen(char: str) -> bool:
    """Line ends and the like, and what turns text round."""
    return unicodedata.category(char) in ("Cc", "Cf")


def _read(number: int, cells: dict[str, str], name: str, read: Callable[[str], str]) -> list[Wrong]:
    try:
        cells[name] = read(cells.get(name, ""))
    except Refusal as refusal:
        return [Wrong(number, name, refusal.code)]
    return []


def _mail(typed: str) -> str:
    try:
        validate_email(typed or "a@example.jp")
    except ValidationError as problem:
        raise Refusal("csv.mail") from problem
    return typed


def _language(typed: str) -> str:
    if typed.lower() not in LANGUAGES:
        raise Refusal("csv.language")
    return LANGUAGES[typed.lower()]


def _known(organization: Organization) -> set[tuple[str, str]]:
    """Who is registered already, or about to be."""
    standing = Registration.objects.filter(counterparty__organization=organization).exclude(state=RegistrationState.REVOKED)
    return {(party, mail.lower()) for party, mail in standing.values_list("counterparty__name", "mail")}


def import_registrations(content: bytes, *, by: Member, at: datetime) -> list[Registration]:
    """Take every row, or none. Refuses as :func:`read_csv`, with ``csv.wrong`` when a cell is, and with ``registration.not_allowed``."""
    if by.role not in MAY_REGISTER or not by.is_active:
        raise Refusal("registration.not_allowed")
    with transaction.atomic(durable=True):
        organization = Organization.objects.select_for_update().get(pk=by.organization_id)
        told = read_csv(content, organization)
        if told.wrong:
            raise Refusal("csv.wrong", count=len(told.wrong))
        return [_imported(organization, cells, by=by, at=at) for _, cells in told.rows]


def _imported(organization: Organization, cells: dict[str, str], *, by: Member, at: datetime) -> Registration:
    told = {"address": cells.get("address", ""), "corporate_number": cells["corporate_number"]}
    party, _ = Counterparty.objects.get_or_create(
        organization=organization, name=cells["counterparty"], defaults={**told, "created_at": at}
    )
    registration = Registration.objects.create(
        counterparty=party,
        number=next_number(organization, at=at),
        title=cells.get("title", ""),
        name=cells["name"],
        mail=cells["mail"],
        phone=cells.get("phone", ""),
        language=Language(cells["language"]),
        method=Method.ONLINE,
        entered_by=by,
        entered_at=at,
        **told,
    )
    ask_by_link("M24", registration, at=at, choose="first")
    note(registration, "registration.imported", by=by, at=at, personal=person_of(registration))
    return registration
