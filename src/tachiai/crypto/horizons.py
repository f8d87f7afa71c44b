"""How long a file will go on proving its signatures, and what ends first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tachiai.crypto import sunsets
from tachiai.crypto.judgement import Algorithm, UntilCause
from tachiai.crypto.strangers import Judged

Until = tuple[datetime | None, UntilCause]


def until_of(judged: Judged, carrier: Judged | None, algorithms: Sequence[Algorithm]) -> Until:
    """The end of what carries a signature: the last document timestamp if there is one, its own timestamp, or its certificates.

    ``algorithms`` are the carrier's: whatever a timestamp covers is protected by the timestamp's own.
    """
    bearer = carrier or judged
    if bearer.time is not None:
        chain, cause = bearer.time.path.certificates and bearer.time.path.links, "timestamp_certificate"
    else:
        chain, cause = bearer.path.links, "certificate"
    if not judged.holds or not chain:
        return None, "unknown"
    ends: list[tuple[datetime, UntilCause]] = [(min(link.not_after for link in chain), cause)]  # type: ignore[list-item]
    ends += [(sunsets.end_of(one.verify_until), "algorithm") for one in algorithms if one.verify_until is not None]
    return (None, "unknown") if any(one.verify_until is None for one in algorithms) else min(ends)


def soonest(untils: Sequence[Until]) -> Until:
    """The first of several ends; unknown as soon as one is."""
    if not untils or any(until is None for until, _cause in untils):
        return None, "unknown"
    return min((until, cause) for until, cause in untils if until is not None)
