"""P-02: the tiles' numbers are the lists', every picture has its table, a file begins a request, and the house's state (B15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cast import Cast
from stories import concluded, drafted, sent
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.picturing import Spans, funnel, spans, weeks
from tachiai.pages.samples import samples
from tachiai.web.desk.charts import span_words, spans_chart, weeks_chart

Seat = Callable[[Member], Client]


def table_of(page: str, key: str) -> list[list[int]]:
    """The numbers in a picture's table, row by row."""
    figure = page.split(f'data-testid="chart-{key}"')[1].split("</figure>", maxsplit=1)[0]
    body = figure.split("<tbody>")[1]
    return [[int(number) for number in re.findall(r'class="numeric">(\d+)<', row)] for row in body.split("</tr>")[:-1]]


def test_b15_tiles_lead_to_as_many_and_pictures_have_their_numbers_in_tables(people: Cast, seat: Seat) -> None:
    done, open_ = concluded(people), sent(people)
    drafted(people)
    Envelope.objects.filter(pk=open_.pk).update(deadline=clock.today(clock.now()) + timedelta(days=2))
    desk = seat(people.clerk)
    page = desk.get("/").content.decode()
    tiles = re.findall(r'class="tile[^"]*" href="([^"]+)".*?tile-number">(\d+)<', page)
    assert len(tiles) == 5
    for address, number in tiles:
        shown = desk.get(address.replace("&amp;", "&")).content.decode()
        assert len(re.findall(r'<th scope="row"><a href="/envelopes/', shown)) == int(number), address
    assert [number for row in table_of(page, "funnel") for number in row] == [2, 1, 1, 1, 1]
    assert sum(number for row in table_of(page, "spans") for number in row) == 1
    assert table_of(page, "weeks")[-1] == [2, 1]
    assert len(table_of(page, "weeks")) == 12
    for key in ("funnel", "spans", "weeks"):
        assert f'aria-labelledby="{key}-title {key}-summary"' in page
    assert "システム状態" not in page
    english = desk.get("/?lang=en").content.decode()
    assert "Time to sign" in english
    assert done.number in english
    assert table_of(seat(people.mayor).get("/").content.decode(), "funnel")[0] == [1]


def test_the_pictures_take_what_lies_at_the_edges(people: Cast) -> None:
    at = clock.now()
    assert spans(people.clerk, at=at) == Spans([0] * 8, None)
    assert [week.sent for week in weeks(people.clerk, at=at)] == [0] * 12
    assert funnel(people.clerk, at=at).asked == 0
    assert "いません" in spans_chart(Spans([0] * 8, None), url="/").summary
    assert [line[1] for line in weeks_chart(weeks(people.clerk, at=at), url="/").grid] == [0, 1]
    assert [span_words(timedelta(minutes=minutes)) for minutes in (0, 59, 60, 47 * 60, 48 * 60)] == [
        "0分",
        "59分",
        "1時間",
        "47時間",
        "2日",
    ]


def test_a_file_given_at_home_begins_a_request_with_its_usual_deadline(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    assert "まだ封筒がありません" in desk.get("/").content.decode()
    answer = desk.post("/envelopes/new", {"act": "add", "files": SimpleUploadedFile("契約書.pdf", samples()[0].pdf)})
    draft = Envelope.objects.get()
    assert answer.url == f"/envelopes/{draft.pk}/files"
    shown = desk.get(answer.url).content.decode()
    assert "契約書" in shown
    year = (clock.today(clock.now()) + timedelta(days=30)).year
    assert re.search(rf'name="deadline_0" value="{year}"', shown)
    assert 'name="files"' not in seat(people.auditor).get("/").content.decode()


def test_who_administers_the_house_sees_its_state(people: Cast, seat: Seat) -> None:
    people.city.is_operator = True
    people.city.save()
    for member, seen in ((people.admin, True), (people.system, True), (people.clerk, False), (people.stranger_admin, False)):
        page = seat(member).get("/").content.decode()
        assert ("システム状態" in page) is seen
    shown = seat(people.system).get("/").content.decode()
    assert "最終バックアップ" in shown
    assert "使える証明書がありません" not in shown


def test_the_home_page_asks_as_often_for_many_envelopes_as_for_few(people: Cast, seat: Seat) -> None:
    sent(people)
    desk = seat(people.admin)
    with CaptureQueriesContext(
        connection,
    ) as few:
        desk.get("/")
    for _again in range(3):
        drafted(people)
    with CaptureQueriesContext(connection) as more:
        desk.get("/")
    assert len(more) <= len(few) + 1
    assert len(more) < 40
