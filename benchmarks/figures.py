"""From what was measured to what is told: percentiles, a table beside the peer's figures, one line of JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.load import Level

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Peer:
    """What Documenso 2.17.0 did on a machine like this one, and what we want to reach."""

    documenso: str
    goal: str


# Documenso 2.17.0, two cores, PostgreSQL 15, a two-page Japanese contract of 130 KB, two signers, mails on, TSA and OCSP on
# loopback, 577 envelopes without an error. Its signers both came by mail; one of ours signs at the desk.
PEERS = {
    "rate": Peer("91–107 (4–8 users)", "≥ 500"),
    "cpu": Peer("0.61–0.70 + 0.09–0.13", "≤ 0.20 in all"),
    "sign": Peer("251/302 · 381/596 · 503/674", "p95 ≤ 100 at 8"),
    "seal": Peer("0.4/0.66 (1) · 1.4/1.8 (4)", "≤ 0.5 at 8"),
    "memory": Peer("450 / 1400", "≤ 350 / 800"),
    "disk": Peer("1000", "≤ 350"),
    "errors": Peer("0 of 577", "0"),
    "others": Peer("–", "–"),
}


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which ``share`` percent lie, between the two nearest; of one value itself, of none 0."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(percentile(values, 50), 4), "p95": round(percentile(values, 95), 4)}


def told_level(level: Level, concluded: Mapping[str, float]) -> dict[str, Any]:
    """One level in numbers: seconds, bytes, envelopes. ``concluded`` is what the ledger says, by envelope."""
    done = len(level.walked)
    each = max(1, done)
    closing = [concluded[one.envelope] - one.signed_at for one in level.walked if one.envelope in concluded]
    signing = [seconds for one in level.walked for seconds in one.signing]
    shown = [seconds for one in level.walked for seconds in one.signing_page]
    return {
        "users": level.users,
        "envelopes": done,
        "wanted": level.wanted,
        "errors": len(level.errors),
        "cut_short": level.cut_short,
        "seconds": round(level.seconds, 2),
        "envelopes_per_minute": round(60 * done / level.seconds, 1) if level.seconds else 0.0,
        "cpu_per_envelope": {
            "house": round((level.web.total + level.work.total) / each, 4),
            "web": round(level.web.own / each, 4),
            "web_children": round(level.web.ended / each, 4),
            "work": round(level.work.own / each, 4),
            "work_children": round(level.work.ended / each, 4),
            "postgresql": round(level.postgres / each, 4),
            "load_generator": round(level.generator / each, 4),
        },
        "cores_of_others": round(level.others / level.seconds, 2) if level.seconds else 0.0,
        "signing_request": spread(signing),
        "signing_request_and_page": spread(shown),
        "last_signature_to_concluded": spread(closing),
        "last_signature_to_completion_mail": spread([one.completion_mail for one in level.walked]),
        "sent_to_first_mail": spread([one.asked for one in level.walked]),
        "first_signature_to_second_mail": spread([one.turn for one in level.walked]),
        "upload_request": spread([one.upload for one in level.walked]),
        "whole_envelope": spread([one.whole for one in level.walked]),
        "requests_per_envelope": round(sum(one.requests for one in level.walked) / each, 1),
        "resident_peak": level.peak,
    }


def table(databases: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures side by side, for a terminal."""
    columns = ["", *databases, "Documenso 2.17.0", "goal"]
    rows = [columns]
    for key, words, cell in ROWS:
        peer = PEERS[key]
        rows.append([words, *(cell(found) for found in databases.values()), peer.documenso, peer.goal])
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(len(line) for line in lines), *lines[1:]])


def _by_level(found: Mapping[str, Any], pattern: str, name: str, *, scale: float = 1.0) -> str:
    cells = [pattern.format(level[name]["p50"] * scale, level[name]["p95"] * scale) for level in found["levels"]]
    return " · ".join(cells)


def _rate(found: Mapping[str, Any]) -> str:
    return " · ".join(f"{level['envelopes_per_minute']:.0f}" for level in found["levels"])


def _cpu(found: Mapping[str, Any]) -> str:
    costs = [level["cpu_per_envelope"] for level in found["levels"]]
    return " · ".join(f"{cost['house']:.2f}" + (f"+{cost['postgresql']:.2f}" if cost["postgresql"] else "") for cost in costs)


def _plain(found: Mapping[str, Any], name: str) -> str:
    return " · ".join(str(level[name]) for level in found["levels"])


def _memory(found: Mapping[str, Any]) -> str:
    peak = max(sum(level["resident_peak"].values()) for level in found["levels"])
    return f"{found['resident_idle'] / MEGABYTE:.0f} / {peak / MEGABYTE:.0f}"


ROWS = (
    ("rate", "envelopes a minute, by users", _rate),
    ("cpu", "CPU s per envelope, house + database", _cpu),
    ("sign", "signing request, ms p50/p95", lambda found: _by_level(found, "{:.0f}/{:.0f}", "signing_request", scale=1000)),
    ("seal", "last signature → concluded, s p50/p95", lambda found: _by_level(found, "{:.2f}/{:.2f}", "last_signature_to_concluded")),
    ("memory", "memory idle / loaded, MB (sum of RSS)", _memory),
    ("disk", "disk per envelope, KB", lambda found: f"{found['disk_per_envelope'] / 1024:.0f}"),
    ("errors", "errors", lambda found: _plain(found, "errors")),
    ("others", "cores taken by other programs meanwhile", lambda found: _plain(found, "cores_of_others")),
)
