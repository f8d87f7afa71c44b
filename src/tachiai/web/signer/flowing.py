"""A page's text as paragraphs. A PDF knows lines only, and on a telephone its line ends fall in the middle of ours."""

from __future__ import annotations

# A line this much shorter than the page's longest was ended by its author, not by the margin.
FULL = 0.85


def flowing(text: str) -> str:
    """Lines that ran on are joined; a line that ended short of the margin ends its paragraph. No character is lost.

    Japanese lines are joined as they are, words of letters with a space between them.
    """
    lines = [line.strip() for line in text.splitlines()]
    longest = max((_width(line) for line in lines), default=0)
    paragraphs: list[str] = []
    runs_on = False
    for line in lines:
        if runs_on and line:
            paragraphs[-1] += (" " if _latin(paragraphs[-1][-1]) and _latin(line[0]) else "") + line
        else:
            paragraphs.append(line)
        runs_on = bool(line) and _width(line) >= FULL * longest and not line.endswith(("。", ":", "："))
    return "\n".join(paragraphs).strip()


def _width(line: str) -> int:
    return sum(1 if _latin(char) else 2 for char in line)


def _latin(char: str) -> bool:
    return ord(char) < 0x250
