"""Each role at each URL (B13): the answers to a GET stand in ``role_matrix.txt``, and a URL without a row fails.

The columns: nobody logged in; an organization's admin; a document manager with 承認権限; the member of staff who sent the envelopes;
another with 署名権限, who was not asked yet; the auditor, who is asked for a reason before each file; the system administrator;
a member whose every right is held and whose organization is another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse
from test_strangers import told, urls

from cast import Cast

__all__ = ["told"]  # a fixture

TABLE = Path(__file__).with_name("role_matrix.txt")
COLUMNS = ("nobody", "admin", "second", "clerk", "mayor", "auditor", "system", "stranger_admin")


def read_table() -> dict[str, tuple[str, ...]]:
    lines = [line.split() for line in TABLE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert tuple(lines[0]) == ("url", *COLUMNS)
    rows = {name: tuple(answers) for name, *answers in lines[1:]}
    assert len(rows) == len(lines) - 1
    return rows


def test_every_url_has_a_row() -> None:
    assert set(read_table()) == set(urls())


def test_each_role_at_each_url(told: tuple[Cast, dict[str, dict[str, Any]]]) -> None:  # the fixture
    cast, arguments = told
    seats = {who: Client() for who in COLUMNS}
    for who, client in seats.items():
        if who != "nobody":
            client.force_login(getattr(cast, who), backend="tachiai.administration.logins.MemberBackend")
    found: dict[str, tuple[str, ...]] = {}
    for name in read_table():
        url = reverse(name, kwargs=arguments.get(name))
        found[name] = tuple(answer_to(client, url) for client in seats.values()) if name != "account_logout" else ("-",) * len(seats)
    assert found == read_table()


def answer_to(client: Client, url: str) -> str:
    answer = client.get(url)
    answer.close()
    return str(answer.status_code)
