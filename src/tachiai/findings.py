"""What a check of rows and bytes finds: values and never exceptions, so that one broken row hides no other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from django.db import DatabaseError
from django.db.models import Model, QuerySet

from tachiai.errors import Outage, Refusal

M = TypeVar("M", bound=Model)

PAGE = 200
LOOKS = 3


class Finding(NamedTuple):
    """One thing that is not as it must be (docs/operations/fsck.md); a ``note`` is worth knowing and nothing is wrong.

    ``subject`` names what it is about, by id; ``detail`` is for operators and holds nobody's data.
    """

    code: str
    subject: str
    detail: str = ""
    note: bool = False


def looked_at(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What ``look`` finds of one subject, and finds again: the house goes on meanwhile, and rows are read one after the other.

    A row so broken that ``look`` stumbles over it is a finding, ``row.unreadable``. Whatever says nothing of the subject is raised:
    an ``Outage``, a database or a disk that is away.
    """
    found = caught(subject, look)
    for _ in range(LOOKS - 1):
        if not found:
            break
        again = {(one.code, one.subject) for one in caught(subject, look)}
        found = [one for one in found if (one.code, one.subject) in again]
    return found


def caught(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What one look at ``subject`` finds, until it stumbles; raises as :func:`looked_at`."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except Refusal as refusal:
        found.append(Finding(refusal.code, subject, " ".join(f"{name}={value}" for name, value in refusal.facts.items())))
    except (Outage, DatabaseError, OSError):
        raise
    except Exception as broken:  # whatever somebody has written there, the other rows are looked at all the same
        found.append(Finding("row.unreadable", subject, f"{type(broken).__name__}: {broken}"[:200]))
    return found


def walk(rows: QuerySet[M], *, size: int = PAGE) -> Iterator[list[M]]:
    """All of ``rows`` in the order of their keys, some at a time: however many there are, few are in memory, and no cursor is held."""
    last: Any = None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:size])
        if page:
            yield page
            last = page[-1].pk
        if len(page) < size:
            return


def as_uuid(told: object) -> uuid.UUID | None:
    """The identifier that an entry names; None for what is none."""
    try:
        return uuid.UUID(str(told))
    except ValueError:
        return None
