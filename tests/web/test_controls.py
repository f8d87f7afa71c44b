"""Controls that are drawn at once are, to the letter, what Django's templates draw."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from tachiai.web.controls import DRAWN, ControlRenderer

ODD = '<a href="x">\'&'
GROUPED = [
    ("", "選ばない"),
    ("群<1>", [("a", ODD), ("b", gettext_lazy("メニュー"))]),
    (gettext_lazy("ログアウト"), [(3, 1234567)]),
    (None, "None"),
]


class Everything(forms.Form):
    text = forms.CharField(help_text="h", widget=forms.TextInput(attrs={"class": "a b", "data-x": ODD, "autofocus": True, "hidden": False}))
    mail = forms.EmailField()
    number = forms.IntegerField(min_value=1, max_value=9)
    amount = forms.FloatField(localize=True, required=False)
    secret = forms.CharField(widget=forms.PasswordInput(render_value=True))
    hidden = forms.CharField(widget=forms.HiddenInput)
    url = forms.URLField(assume_scheme="https")
    check = forms.BooleanField(required=False)
    file = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": ".pdf"}))
    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "maxlength": None}))
    one = forms.ChoiceField(choices=GROUPED, required=False)
    several = forms.MultipleChoiceField(choices=GROUPED, required=False)
    yes = forms.NullBooleanField()
    radio = forms.ChoiceField(choices=[("a", "A"), ("b", ODD)], widget=forms.RadioSelect)
    boxes = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple)


VALUES: list[dict[str, Any]] = [
    {},
    {
        "text": ODD,
        "mail": "a@example.jp",
        "number": 5,
        "amount": 1234.5,
        "secret": "x",
        "hidden": ODD,
        "check": True,
        "words": f"\n {ODD}\n",
    },
    {"one": "b", "several": ["a", 3], "yes": True, "radio": "b", "boxes": ["a", "b"], "words": 0, "text": mark_safe("<b>&amp;</b>")},
    {"one": None, "several": ["b"], "text": 0, "number": "１２", "url": "https://example.jp/?a=1&b=2", "words": mark_safe("<i>")},
]


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("bound", [False, True])
def test_every_control_is_drawn_the_same(values: dict[str, Any], language: str, *, bound: bool) -> None:
    def drawn(renderer: Any) -> list[str]:
        form = Everything(values if bound else None, initial=values, renderer=renderer)
        return [str(field.as_widget(attrs={"aria-describedby": "e1"})) for field in form] + [str(tag) for tag in form["radio"]]

    with translation.override(language):
        assert drawn(ControlRenderer()) == drawn(DjangoTemplates())


def test_options_with_a_template_of_their_own_are_left_to_it() -> None:
    class Own(forms.Select):
        option_template_name = "django/forms/widgets/checkbox_option.html"

    own = Own(choices=[("a", "A")])
    assert own.render("x", "a", renderer=ControlRenderer()) == own.render("x", "a", renderer=DjangoTemplates())


def test_what_is_drawn_here_has_a_template_there() -> None:
    for name in DRAWN:
        assert DjangoTemplates().get_template(name)
