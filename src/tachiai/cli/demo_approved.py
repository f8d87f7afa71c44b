"""Shapes of envelopes that go along an approval route, are sent at a moment that was chosen, or begin from a template."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tachiai.cli.demo_shapes import Shapes
from tachiai.cli.demo_story import Plan, Step
from tachiai.cli.demo_words import APPROVALS, RETURNS
from tachiai.clock import JAPAN

# Whoever looks at the demonstration logs in as the clerk or the approver, and finds what waits for them.
CLERK = "clerk"


class ApprovedShapes(Shapes):
    """Shapes beside the usual ones. The routes are those of ``demo_founding``."""

    def approves(self, at: datetime, who: str) -> Step:
        return Step(at, "approves", who, self.dice.choice(APPROVALS))

    def returns(self, at: datetime) -> Step:
        return Step(at, "returns", "second", self.dice.choice(RETURNS))

    def shape_approved(self, made: datetime) -> Plan:
        """係長が承認してから送信する。"""
        seen = self.approves(self.days.after(made), "second")
        return self.planned(made, self.usual(), [seen, *self.signing(seen.at, self.party, "mayor")], route="section")

    def shape_or_step(self, made: datetime) -> Plan:
        """いずれか1人、次に副市長。"""
        first = self.approves(self.days.after(made), "works")
        last = self.approves(self.days.after(first.at), "deputy")
        return self.planned(made, self.usual(), [first, last, *self.signing(last.at, self.party, "mayor")], route="two_steps")

    def shape_deputised(self, made: datetime) -> Plan:
        """課長の代理が承認する。"""
        seen = self.approves(self.days.after(made), "second")
        steps = [seen, *self.signing(seen.at, self.party, "mayor")]
        return self.planned(made, self.usual(), steps, route="roads", sender="road")

    def shape_corrected(self, made: datetime) -> Plan:
        """差し戻され、直して、もう一度承認を受ける。"""
        back = self.returns(self.days.after(made))
        again = Step(back.at + timedelta(hours=1), "resubmits")
        seen = self.approves(self.days.after(again.at), "second")
        steps = [back, again, seen, *self.signing(seen.at, self.party, "mayor")]
        return self.planned(made, self.usual(), steps, route="section", sender=CLERK)

    def shape_after(self, made: datetime) -> Plan:
        """相手方の署名の後に承認する。"""
        signed = Step(self.days.after(made), "signs", self.party)
        seen = self.approves(self.days.after(signed.at), "second")
        return self.planned(made, self.usual(), [signed, seen, *self.signing(seen.at, "mayor")], route="later")

    def shape_after_waiting(self, made: datetime) -> Plan:
        steps = [Step(made + timedelta(hours=2), "signs", self.party)]
        return self.planned(made, self.usual(), steps, route="later", sender=CLERK)

    def shape_awaiting(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), route="section", sender=CLERK)

    def shape_awaiting_deputy(self, made: datetime) -> Plan:
        """課長の承認待ち。代理も承認できる。"""
        return self.planned(made, self.usual(), route="roads", sender="road")

    def shape_awaiting_last(self, made: datetime) -> Plan:
        steps = [self.approves(made + timedelta(hours=1), "second")]
        return self.planned(made, self.usual(), steps, route="two_steps", sender=CLERK)

    def shape_returned(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), [self.returns(made + timedelta(hours=1))], route="section", sender=CLERK)

    def shape_scheduled(self, made: datetime) -> Plan:
        """Sent one of the next mornings."""
        return self.planned(made, self.usual(), send_at=self._morning(1 + self.number % 3), sender=CLERK)

    def shape_scheduled_later(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), send_at=self._morning(2), route="later", sender=CLERK)

    def shape_scheduled_sent(self, made: datetime) -> Plan:
        sent = datetime.combine(made.date() + timedelta(days=1), time(9), JAPAN)
        return self.planned(made, self.usual(), self.signing(sent, self.party, "mayor"), send_at=sent)

    def shape_templated(self, made: datetime) -> Plan:
        return self.planned(made, self.usual(), self.signing(made, self.party, "mayor"), templated=True)

    def _morning(self, days: int) -> datetime:
        return datetime.combine(self.days.today + timedelta(days=days), time(9), JAPAN)
