"""What a browser calls itself, in the few words that somebody reading a record wants: 「Chrome・Windows」."""

from __future__ import annotations

# Looked for in this order, because most browsers also claim to be those below them.
_BROWSERS = (
    ("Line/", "LINE"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def device_words(agent: str) -> str:
    """The browser and the system that a User-Agent (RFC 9110, 10.1.5) names; what is not known stays as it is, cut short.

    It is what the visitor's program says of itself, and no evidence of anything.
    """
    found = [next((words for mark, words in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return "・".join(filter(None, found)) or (agent if len(agent) <= _LONGEST else f"{agent[: _LONGEST - 1]}…")
