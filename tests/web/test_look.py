"""What the reader sees is derived from tables: they must be complete, in both languages, and within the budget."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django import forms
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import translation

import tachiai
from tachiai.web.chips import CHIPS
from tachiai.web.icons import ICONS
from tachiai.web.templatetags import look

WEB = Path(tachiai.__file__).parent / "web"
STATIC = WEB / "static" / "tachiai"
SHARED = Path(tachiai.__file__).parent / "locale" / "shared" / "en" / "LC_MESSAGES" / "django.po"
OURS = sorted(
    path.relative_to(WEB / "templates").as_posix()
    for pattern in ("base.html", "parts/*.html", "*/base.html", "allauth/**/*.html", "account/login.html")
    for path in (WEB / "templates").glob(pattern)
)
MOMENT = datetime(2026, 11, 23, 8, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "japanese", "english"),
    [
        (lambda: look.jst(MOMENT), "2026年11月23日 17:05", "23 Nov 2026, 17:05 JST"),
        (lambda: look.jst_seconds(MOMENT), "2026年11月23日 17:05:09", "23 Nov 2026, 17:05:09 JST"),
        (lambda: look.day(date(2026, 1, 2)), "2026年1月2日", "2 Jan 2026"),
        (lambda: look.day(datetime(2026, 1, 1, 15, tzinfo=UTC)), "2026年1月2日", "2 Jan 2026"),
        (lambda: look.day(None), "記載なし", "Not stated"),
        (lambda: look.yen(1100000), "1,100,000円", "JPY 1,100,000"),
        (lambda: look.yen(0), "0円", "JPY 0"),
        (lambda: look.yen(None), "記載なし", "Not stated"),
        (lambda: look.size(1_234_567), "1.2 MB", "1.2 MB"),
        (lambda: look.size(999_499), "999 KB", "999 KB"),
        (lambda: look.size(999_500), "1.0 MB", "1.0 MB"),
        (lambda: look.size(980), "980 B", "980 B"),
    ],
)
def test_dates_amounts_and_sizes_follow_the_readers_language(words, japanese, english):
    with translation.override("ja"):
        assert words() == japanese
    with translation.override("en"):
        assert words() == english


@pytest.mark.parametrize("sheet", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_type_and_breakpoints_grow_with_the_readers_text(sheet):
    """X01: whoever sets their browser's text twice as large at 1280 px gets what 640 px show, and that is looked at on every page."""
    told = re.sub(r"\btext \{[^}]*\}", "", sheet.read_text())  # words in a picture are measured by the picture
    assert not re.search(r"font(-size)?:[^;{}]*\d+px", told)
    assert not re.search(r"@media[^{]*\dpx", told)


def test_every_colour_is_the_vendored_token_it_names():
    vendored = dict(re.findall(r"--color-([\w-]+): (#\w+)", (STATIC / "vendor/design-tokens/tokens.css").read_text()))
    named = re.findall(r"--c-[\w-]+: (#\w+); /\* ([\w-]+) \*/", (STATIC / "base.css").read_text())
    assert len(named) > 20
    assert [(name, value) for value, name in named if vendored[name] != value] == []


def test_every_chip_has_a_drawing_and_a_colour_of_the_style_sheet():
    colours = set(re.findall(r"\.chip-(\w+)", (STATIC / "base.css").read_text()))
    for kind, states in CHIPS.items():
        for state, shown in states.items():
            assert shown.icon in ICONS, (kind, state)
            assert shown.colour in colours, (kind, state)


def test_an_unknown_state_is_shown_rather_than_hidden():
    shown = Template('{% load look %}{% chip "envelope" "never_heard_of" %}').render(Context())
    assert "never_heard_of" in shown
    assert "chip-gray" in shown


@pytest.mark.parametrize("name", OURS)
def test_every_template_compiles_and_obeys_the_content_security_policy(name):
    get_template(name)
    source = (WEB / "templates" / name).read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("name", [name for name in OURS if name.startswith("parts/")])
def test_every_part_says_what_it_takes(name):
    assert "{% comment %}" in (WEB / "templates" / name).read_text()


def _said_by_templates() -> set[tuple[str | None, str]]:
    said: set[tuple[str | None, str]] = set()
    for name in OURS:
        source = (WEB / "templates" / name).read_text()
        said |= {(context or None, words) for words, context in re.findall(r'{% translate "([^"]+)"(?: context "(\w+)")?', source)}
        said |= {(None, words) for words in re.findall(r'_\("([^"]+)"\)', source)}
        for words in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", source, re.DOTALL):
            said.add((None, re.sub(r"{{ (\w+) }}", r"%(\1)s", words)))
    return said


def test_the_english_catalogue_knows_every_word_and_no_other():
    said = _said_by_templates() | set(re.findall(r'pgettext_lazy\("(\w+)", "([^"]+)"\)', (WEB / "chips.py").read_text()))
    with SHARED.open("rb") as file:
        known = {(message.context, message.id): message.string for message in read_po(file) if message.id}
    assert said - known.keys() == set()
    assert known.keys() - said == set()
    assert [words for words, english in known.items() if not english or re.search(r"[ぁ-んァ-ヶ一-龠]", english)] == []


class Letter(forms.Form):
    code = forms.CharField(label="コード", help_text="6桁の数字です。")
    way = forms.ChoiceField(label="方法", widget=forms.RadioSelect, choices=[("a", "甲"), ("b", "乙")])


def test_an_error_is_read_before_the_support_text():
    shown = get_template("parts/field.html").render({"field": Letter({})["code"]})
    assert 'aria-describedby="id_code_error id_code_helptext"' in shown
    assert 'aria-invalid="true"' in shown
    assert "＊" in shown
    assert shown.index('id="id_code_helptext"') < shown.index("<input") < shown.index('id="id_code_error"')


def test_the_error_summary_leads_to_each_control():
    form = Letter({})
    summary = get_template("parts/error_summary.html").render(
        {"form": form, "page_errors": [{"href": "/doc/2", "text": "文書2が未確認です"}]}
    )
    targets = set(re.findall(r'href="#([^"]+)"', summary))
    fields = "".join(get_template("parts/field.html").render({"field": field}) for field in form)
    assert targets == {"id_code", "id_way_0"}
    assert all(f'id="{target}"' in fields for target in targets)
    assert 'href="/doc/2"' in summary


def test_what_others_typed_is_escaped():
    shown = get_template("parts/banner.html").render({"kind": "error", "title": "<b>x</b>", "text": "<i>y</i>"})
    assert "<b>" not in shown
    assert "<i>" not in shown


def test_a_signers_styles_leave_room_for_the_page():
    sheets = [STATIC / name for name in ("base.css", "signer.css", "print.css")]
    assert sum(len(gzip.compress(sheet.read_bytes(), 9)) for sheet in sheets) <= 11 * 1024
    assert (STATIC / "tachiai.js").stat().st_size <= 5 * 1024
