"""A visitor who counts: links and buttons must be on the page that was shown, and each press and each choice is a click."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client


class Clicker:
    """``page`` is what stands in the browser now, ``clicks`` how often it took the mouse to get there; typing is not counted."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self.clicks, self.page, self.address = 0, "", ""
        self._show(client.get(address, follow=True))

    def _show(self, answer: Any) -> None:
        assert answer.status_code == 200, answer.status_code
        self.page = answer.content.decode()
        self.address = answer.request["PATH_INFO"]

    def follow(self, address: str) -> None:
        assert f'href="{address}"' in self.page, address
        self.clicks += 1
        self._show(self._client.get(address, follow=True))

    def choose(self, name: str, value: str) -> dict[str, str]:
        """A choice of a list: one click with a native control's keyboard, and counted as one."""
        chosen = re.search(rf'<select[^>]*name="{re.escape(name)}".*?</select>', self.page, re.DOTALL)
        assert chosen, name
        assert f'value="{value}"' in unescape(chosen.group()), value
        self.clicks += 1
        return {name: value}

    def already(self, name: str) -> dict[str, str]:
        """What stands in a list without a click."""
        chosen = re.search(rf'<select[^>]*name="{re.escape(name)}".*?</select>', self.page, re.DOTALL)
        assert chosen, name
        value = re.search(r'<option value="([^"]*)" selected', chosen.group())
        assert value, f"nothing is chosen in {name}"
        return {name: unescape(value.group(1))}

    def press(self, words: str, data: dict[str, Any], *, to: str = "") -> None:
        buttons = [
            one for one in re.findall(r"<button[^>]*>.*?</button>", self.page, re.DOTALL) if words in one and "visually-hidden" not in one
        ]
        assert buttons, words
        named = re.search(r'name="([^"]*)" value="([^"]*)"', buttons[0])
        self.clicks += 1
        pressed = {named.group(1): named.group(2)} if named else {}
        self._show(self._client.post(to or self.address, {**data, **pressed}, follow=True))
