"""Making the drafts that the plans of the demonstration's data speak of: from papers or a template, with everything that describes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.items import NEVER_RENEWED, Value
from tachiai.cli.demo_cast import Party
from tachiai.cli.demo_papers import print_paper
from tachiai.cli.demo_story import DEADLINE_DAYS, Plan
from tachiai.cli.demo_words import KIND_CODES
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.drafting import Description, add_document, address_envelope, create_envelope, describe_envelope
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.templates import template_for
from tachiai.envelopes.templates_using import Who, use_template
from tachiai.errors import Refusal

A_YEAR = "12"
NOTICE_DAYS = 60
TRIES = 5


def draft_of_papers(plan: Plan, party: Party, places: Callable[[], list[Place]], *, by: Member) -> Envelope:
    """The envelope with its documents; described and addressed where that is planned."""
    at = clock.now()
    envelope = create_envelope(by=by, at=at)
    day = f"令和{at.year - 2018}年{at.month}月{at.day}日"
    for paper in plan.papers:
        pdf = print_paper(paper, party=party.organization, representative=f"{party.title}　{party.name}", amount=plan.amount, day=day)
        _take_in(envelope, f"{paper.title}.pdf", pdf, by=by)
    if plan.described:
        describe_envelope(envelope, describe(plan, party), by=by, at=clock.now())
        address_envelope(envelope, places(), by=by, at=clock.now())
    return envelope


def _take_in(envelope: Envelope, name: str, pdf: bytes, *, by: Member) -> None:
    """On a busy machine eighty pages may not be inspected in time; people would choose the file once more."""
    for left in reversed(range(TRIES)):
        try:
            add_document(envelope, file_name=name, pdf=pdf, by=by, at=clock.now())
        except Refusal as refusal:
            if not left or refusal.facts.get("reason") != "time":
                raise
        else:
            return


def draft_of_template(plan: Plan, party: Party, template: object, who: Who, *, by: Member) -> Envelope:
    """The same from a template, whose first place is the counterparty's."""
    found = template_for(by, template)  # type: ignore[arg-type]
    return use_template(found, {0: who}, describe(plan, party), by=by, at=clock.now()).envelope


def describe(plan: Plan, party: Party) -> Description:
    deadline = plan.deadline or plan.made_at.date() + timedelta(days=DEADLINE_DAYS)
    return Description(plan.name, plan.comment, plan.made_at.date(), party.organization, plan.amount, deadline, items=_items(plan))


def _items(plan: Plan) -> dict[str, Value]:
    """文書情報: what kind of contract it is, until when it runs, and what the city keeps to itself."""
    number = int(plan.key[1:])
    items: dict[str, Value] = {"kind": KIND_CODES[plan.papers[-1].kind], "contract_name": plan.name}
    if number % 3 == 0:
        items |= {"decision_number": f"契約伺第{100 + number}号", "retention_years": "10"}
    if number % 5 == 0:
        items["note1"] = "原課と協議済み。前年度の契約と同じ条件。"
    if plan.ends is not None:
        items |= {"starts_on": plan.made_at.date(), "ends_on": plan.ends, "renewal": A_YEAR if plan.renews else NEVER_RENEWED}
        if plan.renews:
            items["notice_by"] = plan.ends - timedelta(days=NOTICE_DAYS)
    return items
