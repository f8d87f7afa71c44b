"""Form controls without a template each: a select of ten options was thirty templates.

What is drawn here is, to the letter, what Django's own widget templates draw; a test holds each against them. A widget that is not
known here is drawn by its template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape

Widget = Mapping[str, Any]
FOLDER = "django/forms/widgets/"
OPTION = f"{FOLDER}select_option.html"


class ControlRenderer(DjangoTemplates):
    """Django's renderer of widgets, with the plain ones drawn at once."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        draw = DRAWN.get(template_name)
        drawn = draw(context["widget"]) if draw is not None else None
        return super().render(template_name, context, request) if drawn is None else drawn


def _input(widget: Widget) -> str:
    value = "" if widget["value"] is None else f' value="{_told(widget["value"])}"'
    return f'<input type="{_shown(widget["type"])}" name="{_shown(widget["name"])}"{value}{_attributes(widget)}>'


def _textarea(widget: Widget) -> str:
    value = _shown(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_shown(widget["name"])}"{_attributes(widget)}>\n{value}</textarea>'


def _select(widget: Widget) -> str | None:
    """None when its options have templates of their own."""
    parts = [f'<select name="{_shown(widget["name"])}"{_attributes(widget)}>']
    for group, options, _ in widget["optgroups"]:
        if any(option["template_name"] != OPTION for option in options):
            return None
        drawn = [f"\n  {_option(option)}\n" for option in options]
        parts += [f'\n  <optgroup label="{_shown(group)}">', *drawn, "\n  </optgroup>"] if group else drawn
    return "".join([*parts, "\n</select>"])


def _option(option: Widget) -> str:
    return f'<option value="{_told(option["value"])}"{_attributes(option)}>{_shown(option["label"])}</option>'


def _attributes(widget: Widget) -> str:
    given = ((name, value) for name, value in widget["attrs"].items() if value is not False)
    return "".join(f" {_shown(name)}" if value is True else f' {_shown(name)}="{_told(value)}"' for name, value in given)


def _told(value: Any) -> str:
    """As ``{{ value|stringformat:'s' }}``: markup that is known to be safe stays as it is, all else is escaped."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _shown(value: Any) -> str:
    """As ``{{ value }}``."""
    plain: Any = value if isinstance(value, str | Promise) else localize(value)
    return conditional_escape(plain)


_LINES = ("input", "text", "email", "number", "password", "hidden", "search", "tel", "url", "checkbox", "file")
DRAWN: Mapping[str, Callable[[Widget], str | None]] = {
    **{f"{FOLDER}{name}.html": _input for name in _LINES},
    f"{FOLDER}textarea.html": _textarea,
    f"{FOLDER}select.html": _select,
}
