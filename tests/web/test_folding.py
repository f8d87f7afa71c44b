"""A folded template says to the letter what it said before, in every language, for every reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.http import HttpResponse
from django.template import Context, Engine, Template, engines
from django.template.loaders.cached import Loader
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cast import Cast, assemble
from place import Place
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import add_document, create_envelope
from tachiai.envelopes.models import Envelope
from tachiai.pages.samples import samples
from tachiai.web.folding import FoldingLoader

PLAIN = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture
def people(house: Place) -> Cast:  # the house has to stand first
    return assemble()


@pytest.fixture
def draft(people: Cast) -> Envelope:
    envelope = create_envelope(by=people.clerk, at=clock.now())
    sample = samples()[0]
    add_document(envelope, file_name=sample.file_name, pdf=sample.pdf, by=people.clerk, at=clock.now())
    return envelope


def engine() -> Engine:
    found: Engine = engines["django"].engine
    return found


@contextmanager
def unfolded() -> Iterator[None]:
    """The same templates, read by Django's own loader."""
    folding = engine().template_loaders
    engine().template_loaders = [Loader(engine(), PLAIN)]
    try:
        yield
    finally:
        engine().template_loaders = folding


def seated(member: Member) -> Client:
    client = Client()
    client.force_login(member, backend="tachiai.administration.logins.MemberBackend")
    return client


def words(answer: HttpResponse) -> str:
    return TOKEN.sub("", answer.content.decode())


def test_the_house_reads_folded_templates() -> None:
    assert [type(loader) for loader in engine().template_loaders] == [FoldingLoader]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_are_the_same_to_the_letter(people: Cast, draft: Envelope, language: str) -> None:
    clerk, stranger = seated(people.clerk), Client()
    step = {name: reverse(f"desk:{name}", args=[draft.pk]) for name in ("files", "recipients", "review", "withdraw")}
    desk = ["/", "/envelopes", "/envelopes/new", "/counterparties", "/counterparties/new", "/me", "/documents", *step.values()]
    outside = [
        "/login",
        "/password/reset",
        "/v",
        "/about",
        "/about/terms",
        "/about/privacy",
        "/about/accessibility",
        "/s/unknown",
        "/nowhere",
    ]
    asked = [(clerk, url) for url in desk] + [(stranger, url) for url in outside]
    for client, url in asked:
        # Twice, because what is remembered is said from the second time on.
        folded = [words(client.get(url, {"lang": language})) for _ in range(2)]
        with unfolded():
            assert folded == [words(client.get(url, {"lang": language}))] * 2, url


def test_errors_in_a_form_are_the_same(people: Cast, draft: Envelope) -> None:
    client, url = seated(people.clerk), reverse("desk:files", args=[draft.pk])
    given = {"act": "next", "name": "", "amount": "百万円<b>", "deadline_0": "2001"}
    folded = words(client.post(url, given))
    with unfolded():
        assert folded == words(client.post(url, given))
    assert "百万円&lt;b&gt;" in folded


def rendered(source: str, loader: Callable[[Engine], Loader], **values: object) -> str:
    """``source`` as ``page.html`` of an engine of its own, beside ``part.html``."""
    parts = {"page.html": source, "part.html": "{% load look %}[{% icon 'plus' %}{{ word }}{% block own %}{% endblock %}]"}
    own = Engine(libraries=engine().libraries, builtins=engine().builtins)
    own.template_loaders = [loader(own)]
    own.template_loaders[0].loaders[0].templates_dict.update(parts)
    page = own.get_template("page.html")
    return page.render(Context(values)) + page.render(Context(values))


SOURCES = [
    "{% load i18n %}a{% translate 'メニュー' %}b{{ one }}{% translate 'ログアウト' as out %}<{{ out }}>{{ out }}",
    "{% load i18n %}{% for x in many %}{% if x %}{% translate 'メニュー' %}{{ x }}{% else %}-{% endif %}{% endfor %}",
    "{% autoescape off %}{{ one }}{% url 'desk:home' %}{% endautoescape %}{{ one }}{% url 'desk:home' as there %}{{ there }}",
    "{% url 'nowhere:at:all' as there %}[{{ there }}]{% url 'desk:envelope' pk %}",
    "{% include 'part.html' with word=one %}{% include 'part.html' with word='<x>' only %}{% include name %}{{ word }}",
    "{% load look %}{% icon 'plus' %}{% icon picture %}{{ many.2 }}{{ number }}{{ nothing }}",
    "{% load i18n %}{% with 'x' as a %}{% translate '100%% sicher' %}{{ a }}{% endwith %}{% translate one %}",
    "{% load i18n %}{% translate '状態' context 'state' %}-{% translate '辞退' context 'state' %}",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_kind_of_node(source: str, language: str) -> None:
    values = {
        "one": "<1>&'",
        "many": [0, "b", 3],
        "number": 1234567.5,
        "nothing": None,
        "name": "part.html",
        "picture": "down",
        "pk": "3b0b9fd7-4c6b-4bb7-9f5f-8f9d9a6a6a6a",
    }
    memory = [("django.template.loaders.locmem.Loader", {})]
    with translation.override(language):
        folded = rendered(source, lambda own: FoldingLoader(own, memory), **values)
        assert folded == rendered(source, lambda own: Loader(own, memory), **values)


def test_each_language_is_remembered_for_itself() -> None:
    said = {}
    for language in ("ja", "en", "ja", "en"):
        with translation.override(language):
            page: Template = engine().get_template("parts/demo.html")
            said.setdefault(language, page.render(Context({"is_demo": True})))
            assert page.render(Context({"is_demo": True})) == said[language]
    assert said["ja"] != said["en"]
