"""The demonstration's data: the same each time, true by the house's own check, and told into new demonstrations alone."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from invariants import check_house
from place import Place, forget_handles
from tachiai import clock
from tachiai.administration.embedding import create_embedded_authority
from tachiai.cli.demo_days import first_morning
from tachiai.cli.demo_plans import plan_full, plan_small
from tachiai.cli.demo_seed import tell
from tachiai.cli.demo_story import Days
from tachiai.cli.main import main
from tachiai.envelopes.models import Envelope
from tachiai.house import read
from tachiai.ledger.models import Leaf
from tachiai.outbox.models import Mail

TODAY = date(2026, 11, 27)
SOURCE = Path(clock.__file__).parent


def test_plans_are_the_same_each_time_and_lie_in_the_past() -> None:
    plans = plan_full(1, TODAY)
    assert plans == plan_full(1, TODAY) != plan_full(2, TODAY)
    assert (len(plans), len({plan.name for plan in plans})) == (240, 240)
    assert len(plan_small(1, TODAY)) == 38
    assert all(step.at < Days(TODAY).last for plan in plans for step in plan.steps)
    assert {0, 120_000_000, None} <= {plan.amount for plan in plans}
    assert {paper.pages for plan in plans for paper in plan.papers} >= {1, 10, 80}
    assert any(paper.scan for plan in plans for paper in plan.papers)


def test_a_told_story_is_true(house: Place) -> None:
    shutil.rmtree(house.home / "keys" / "authority")
    create_embedded_authority(house.home / "keys" / "authority", at=first_morning())
    forget_handles()
    before = clock.now()
    tell(settings.TACHIAI, seed=1, scale="tiny", say=print)
    assert clock.now() - before < timedelta(minutes=10)  # the present again
    assert Counter(Envelope.objects.values_list("state", flat=True)) == {"concluded": 2, "declined": 1, "draft": 2}
    check_house()
    times = list(Leaf.objects.order_by("epoch", "index").values_list("entry__at", flat=True))
    # One verb may write entries with the time at which it began; nothing stands further from its place.
    assert all(later > earlier - timedelta(minutes=1) for earlier, later in pairwise(times))
    assert first_morning() < times[0] < times[-1] < before
    waiting = Mail.objects.exclude(result="accepted").values_list("kind", flat=True)
    assert (list(waiting), Mail.objects.count() > 20) == ([], True)


def test_only_a_new_house_is_filled(house: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo-seed", "--scale", "small"]) == 1
    assert "in use" in capsys.readouterr().err
    assert not (read().home / "demo-data.told").exists()


def test_while_it_is_told_the_house_is_only_read(house: Place) -> None:
    telling = house.home / "demo-data.telling"
    telling.touch()
    visitor = Client()
    assert "デモデータを用意しています" in visitor.get("/login").content.decode()
    refused = visitor.post("/login", {"login": "a@example.jp", "password": "x"})
    assert (refused.status_code, "お待ちになってから" in refused.content.decode()) == (503, True)
    assert visitor.post("/lang", {"language": "en", "next": "/login"}).status_code == 302
    telling.rename(house.home / "demo-data.told")
    shown = visitor.get("/login", {"lang": "en"}).content.decode()
    assert "Demo data" in shown
    assert "being prepared" not in shown


def test_nobody_else_tells_the_clock() -> None:
    tellers = [path.name for path in SOURCE.rglob("*.py") if re.search(r"clock\.told\(|_teller", path.read_text())]
    assert sorted(tellers) == ["clock.py", "demo_seed.py", "houses.py"]
