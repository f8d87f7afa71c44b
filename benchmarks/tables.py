"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side under a title; all but the first are set to the right."""
    every = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(row[place]) for row in every) for place in range(len(columns))]
    lines = ["  ".join(_cell(text, widths[place], place) for place, text in enumerate(row)).rstrip() for row in every]
    return "\n".join(["", title, lines[0], "-" * max(len(line) for line in lines), *lines[1:]])


def _cell(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place else text.ljust(width)


def rates(told: Mapping[str, Mapping[str, float]], absent: Mapping[str, str], *, names: Mapping[str, str]) -> list[list[str]]:
    """Rows of documents per CPU second, the fastest first, and whoever is absent with the reason."""
    ordered = sorted(told.items(), key=lambda item: -item[1]["per_cpu_second"])
    rows = [
        [
            names.get(name, name),
            f"{one['per_cpu_second']:,.1f}",
            f"{1000 / one['per_cpu_second']:,.3f}",
            f"{100 * one['share_of_limit']:.1f} %",
            f"{one['outside_ms']:.3f}",
            f"± {100 * one['spread']:.0f} %",
        ]
        for name, one in ordered
    ]
    return rows + [[f"{names.get(name, name)}: absent: {why}", "", "", "", "", ""] for name, why in absent.items()]


RATE_COLUMNS = ("", "per CPU s", "ms each", "of limit", "TSA ms", "rounds")
