"""The shapes that envelopes of the demonstration's data have. Every shape is a method; what is asked for by name is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from tachiai.cli.demo_cast import PARTIES, SENDERS
from tachiai.cli.demo_story import DEADLINE_DAYS, Asked, Days, Paper, Plan, Step
from tachiai.cli.demo_words import COMMENTS, ENGLISH, KINDS, LONG, REASONS, WITHDRAWALS


class Shapes:
    """One plan. Every shape of envelope is a method."""

    def __init__(self, days: Days, number: int, taken: set[str]) -> None:
        self.days, self.dice, self.number, self.taken = days, days.dice, number, taken
        self.kind, pattern, things = KINDS[number % len(KINDS)]
        self.name = self.fresh(pattern.format(thing=self.dice.choice(things), year=_era(days.today)))
        known = min(len(PARTIES), 10 + number // 6)
        self.party = self.dice.choice([one.key for one in PARTIES[:known] if one.language == "ja"])
        self.pages = 1 if self.dice.random() < 0.7 else 3

    def fresh(self, name: str) -> str:
        """No two envelopes of the data are called the same."""
        if name not in self.taken:
            return name
        return next(tried for count in range(2, 999) if (tried := f"{name}（その{count}）") not in self.taken)

    def _amount(self) -> int | None:
        if self.kind in ("秘密保持契約書", "覚書"):
            return self.dice.choice((None, 0))
        return self.dice.choice((55_000, 198_000, 1_100_000, 4_840_000, 23_650_000, 120_000_000))

    def planned(self, made: datetime, asked: Sequence[Asked], steps: Sequence[Step] = (), **told: object) -> Plan:
        values: dict[str, object] = {
            "name": self.name,
            "party": self.party,
            "sender": self.dice.choice(SENDERS[:1] if self.number < 4 else SENDERS),
            "papers": (Paper(self.name, self.kind, self.pages),),
            "amount": self._amount(),
            "comment": self.dice.choice(COMMENTS),
            **told,
        }
        plan = Plan(key=f"e{self.number}", asked=tuple(asked), made_at=made, **values)  # type: ignore[arg-type]
        return replace(plan, steps=tuple(self._in_time(plan, steps)))

    def _in_time(self, plan: Plan, steps: Sequence[Step]) -> Iterator[Step]:
        """What happens before the story ends, before the deadline, and while the download stands: nobody tries what would be refused."""
        deadline = plan.deadline or plan.made_at.date() + timedelta(days=DEADLINE_DAYS)
        answered = plan.made_at
        for step in steps:
            if step.act == "takes_home":
                if step.at < self.days.last and step.at - answered < timedelta(days=13):
                    yield step
                continue
            if step.at >= self.days.last or step.at.date() > deadline:
                return
            answered = step.at
            yield step

    def signing(self, made: datetime, *whos: str) -> list[Step]:
        """One after the other; then most of the counterparties take the contract home."""
        steps, at = [], made
        for who in whos:
            at = self.days.after(at)
            steps.append(Step(at, "signs", who))
        homes = [who for who in whos if who[0] in "pt" and self.dice.random() < 0.8]
        return steps + [Step(self.days.after(at), "takes_home", who) for who in homes]

    def usual(self, **terms: object) -> list[Asked]:
        return [Asked(1, self.party, **terms), Asked(2, "mayor")]  # type: ignore[arg-type]

    def shape_plain(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"))

    def shape_parallel(self, made: datetime) -> Plan:
        other = next(one.key for one in PARTIES if one.key != self.party)
        asked = [Asked(1, self.party), Asked(1, other), Asked(2, "mayor"), Asked(2, "t2", kind="copy", gate="otp")]
        papers = (Paper(self.name, self.kind, 3), Paper("仕様書", "発注書"))
        return self.planned(made, asked, self.signing(made, other, self.party, "mayor"), papers=papers)

    def shape_five(self, made: datetime) -> Plan:
        """三者が同時に、次に副市長、市長が署名する。"""
        others = [one.key for one in PARTIES if one.key != self.party][:2]
        asked = [*(Asked(1, who) for who in (self.party, *others)), Asked(2, "deputy"), Asked(3, "mayor")]
        return self.planned(made, asked, self.signing(made, *others, self.party, "deputy", "mayor"))

    def shape_venture(self, made: datetime) -> Plan:
        """市が確認し、構成員、代表構成員、市の順に署名する。"""
        lead, member = self.party, next(one.key for one in PARTIES if one.key != self.party)
        asked = [Asked(1, "works", kind="reviewer"), Asked(2, member), Asked(3, lead, may_reassign=True), Asked(4, "mayor")]
        seen = Step(self.days.after(made), "reviews", "works")
        steps = [seen, *self.signing(seen.at, member, lead, "mayor")]
        name = self.fresh(f"{self.name}（共同企業体）")
        return self.planned(made, asked, steps, name=name, amount=120_000_000, papers=(Paper(name, "工事請負契約書", 3),))

    def shape_any_one(self, made: datetime) -> Plan:
        asked = [Asked(1, self.party), Asked(2, "mayor", any_one=True), Asked(2, "deputy", any_one=True)]
        return self.planned(made, asked, self.signing(made, self.party, "deputy"))

    def shape_forwarded(self, made: datetime) -> Plan:
        given = self.days.after(made)
        steps = [Step(given, "passes_on", self.party, "契約の権限を持つ者に変更します。", to="t3"), *self.signing(given, "t3", "mayor")]
        return self.planned(made, self.usual(may_reassign=True), steps)

    def shape_english(self, made: datetime) -> Plan:
        party = self.dice.choice([one.key for one in PARTIES if one.language == "en"])
        name = self.fresh(self.dice.choice(ENGLISH))
        asked = [Asked(1, party), Asked(2, "mayor")]
        papers = (Paper(name, "業務委託契約書", 1),)
        return self.planned(made, asked, self.signing(made, party, "mayor"), name=name, party=party, sender="green", papers=papers)

    def shape_fields(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"), fields=True)

    def shape_one_time(self, made: datetime) -> Plan:
        asked = [Asked(1, "t1", gate="otp"), Asked(2, "mayor")]
        return self.planned(made, asked, self.signing(made, "t1", "mayor"), party="t1")

    def shape_scan(self, made: datetime) -> Plan:
        papers = (Paper("契約書（紙の写し）", self.kind, 3, scan=True), Paper(self.name, self.kind))
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"), papers=papers)

    def shape_ten(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"), papers=(Paper(self.name, self.kind, 10),))

    def shape_eighty(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"), papers=(Paper(self.name, self.kind, 80),))

    def shape_long(self, made: datetime) -> Plan:
        name = self.fresh(LONG)
        party = PARTIES[2].key
        asked = [Asked(1, party), Asked(2, "mayor")]
        return self.planned(
            made, asked, [Step(self.days.after(made), "opens", party)], name=name, party=party, papers=(Paper(name, self.kind, 10),)
        )

    def shape_declined(self, made: datetime) -> Plan:
        wish, words = self.dice.choice(REASONS)
        return self.planned(made, self.usual(), [Step(self.days.after(made), "declines", self.party, words, to=wish)])

    def shape_withdrawn(self, made: datetime) -> Plan:
        at = made + timedelta(days=1, hours=1)
        steps = [Step(at, "withdraws", words=self.dice.choice(WITHDRAWALS)), Step(at + timedelta(minutes=20), "duplicates")]
        return self.planned(made, self.usual(), steps)

    def shape_expired(self, made: datetime) -> Plan:
        return self.planned(
            made, self.usual(), [Step(self.days.after(made), "opens", self.party)], deadline=made.date() + timedelta(days=14)
        )

    def due(self, made: datetime, *, days: int) -> Plan:
        steps = [Step(self.days.after(made), "opens", self.party)] if days != 3 else []
        return self.planned(made, self.usual(), steps, deadline=self.days.today + timedelta(days=days))

    def shape_bounced(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), [Step(made + timedelta(minutes=4), "comes_back", self.party)])

    def shape_locked(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), [Step(self.days.after(made), "guesses", self.party)])

    def shape_opened(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(may_reassign=True), [Step(made + timedelta(hours=2), "opens", self.party)])

    def shape_own_turn(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), [Step(made + timedelta(hours=3), "signs", self.party)])

    def shape_waiting(self, made: datetime) -> Plan:
        return self.planned(made, self.usual())

    def shape_draft(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), sends=False, sender="clerk")

    def shape_bare_draft(self, made: datetime) -> Plan:
        return self.planned(made, (), sends=False, described=False, sender="clerk")


def _era(today: date) -> str:
    """The fiscal year, as the city counts it."""
    year = today.year - (today.month < 4) - 2018
    return f"令和{year}"
