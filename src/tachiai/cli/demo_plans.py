"""What happens in the demonstration's data, and when: envelope after envelope, told before anything is done.

Plans are data. The same seed on the same day gives the same plans; every time lies before the evening of yesterday, so that what is
due on a day is due today or later. ``demo_acts`` does what stands here through the product's own verbs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from tachiai.cli.demo_cast import PARTIES, SENDERS
from tachiai.clock import JAPAN

DAYS, DEADLINE_DAYS = 90, 30
OPENS, CLOSES = 9, 17  # when the city writes; others answer whenever they like, but not by night


@dataclass(frozen=True)
class Paper:
    """One document. ``pages`` is about how many it has; ``scan``: it has no text, only pictures of its pages."""

    title: str
    kind: str
    pages: int = 1
    scan: bool = False


@dataclass(frozen=True)
class Asked:
    """One recipient, by the key of a person of the cast."""

    order: int
    who: str
    kind: str = "signer"
    any_one: bool = False
    gate: str = "registered"
    may_reassign: bool = False
    own_days: int | None = None


@dataclass(frozen=True)
class Step:
    """What somebody does with the envelope at a time; ``words`` and ``to`` as the act needs."""

    at: datetime
    act: str
    who: str = ""
    words: str = ""
    to: str = ""


@dataclass(frozen=True)
class Plan:
    """One envelope. ``deadline`` None is thirty days after it is made."""

    key: str
    name: str
    sender: str
    papers: tuple[Paper, ...]
    asked: tuple[Asked, ...]
    party: str
    amount: int | None
    made_at: datetime
    comment: str = ""
    sends: bool = True
    described: bool = True
    fields: bool = False
    deadline: date | None = None
    steps: tuple[Step, ...] = ()


KINDS = (
    (
        "業務委託契約書",
        "{year}年度　{thing}業務委託",
        ("庁舎清掃", "公園樹木剪定", "防災訓練企画運営", "案内板維持管理", "給食配送", "図書館窓口"),
    ),
    (
        "工事請負契約書",
        "{thing}工事",
        ("市道本町線舗装補修", "第二小学校屋上防水", "さくら橋橋りょう補修", "体育館照明LED化", "下水道管更生"),
    ),
    ("物品売買契約書", "{thing}の購入", ("児童用机・椅子", "消防用ホース", "災害備蓄食料", "公用車（軽自動車）", "プロジェクター")),
    ("賃貸借契約書", "{thing}賃貸借", ("複合機", "タブレット端末", "駐車場用地", "仮設校舎", "AED")),
    ("秘密保持契約書", "{thing}に関する秘密保持", ("実証実験", "住民情報システム更新", "共同研究")),
    ("雇用契約書", "会計年度任用職員（{thing}）", ("保育補助", "学校司書", "窓口案内", "通訳①")),
    ("覚書", "{thing}に関する覚書", ("災害時の物資供給", "指定管理料の変更", "履行期間の延長")),
    ("注文書", "{thing}　注文", ("封筒印刷", "イベント用テント設営", "ポスターデザイン", "剪定枝の処分")),
)
ENGLISH = (
    "Interpretation services for the sister-city delegation",
    "Licence agreement: environmental monitoring software",
    "Non-disclosure agreement: smart-street-lighting pilot",
)
LONG = (
    "令和八年度さくら丘市総合運動公園陸上競技場及び多目的広場並びに附帯施設の改修に伴う実施設計業務（地質調査及び既存構造物調査を含む。）"
    "に関する業務委託契約の一部を変更する契約（第三回）㈱青空建設ほか"
)
COMMENTS = (
    "",
    "",
    "ご確認をお願いします。",
    "契約書の2ページをご確認ください。ご不明な点は担当までお電話ください。",
    "Please let us know if anything is unclear.",
)
REASONS = (
    ("correction", "第5条の支払期日が、打合せの内容（翌月末払い）と異なっています。ご修正をお願いします。"),
    ("refusal", "社内で検討しましたが、今回は契約を見送ります。"),
    ("no_authority", "私には契約を締結する権限がありません。本社の総務部へお送りください。"),
    ("other", "資材の価格が上がったため、見積りからやり直させてください。"),
)
WITHDRAWALS = ("仕様に誤りがあったため、修正して送り直します。", "予算の都合により、本件は取りやめます。")


@dataclass
class Days:
    """The calendar of one telling: today, and a dice of its own for each plan, so that one more plan changes no other."""

    today: date
    dice: Random = field(default_factory=Random)

    def ago(self, days: float, hour: int = OPENS) -> datetime:
        """A time in working hours, so many days before today and at least one."""
        day = self.today - timedelta(days=max(1, int(days)))
        return datetime.combine(day, time(hour, self.dice.randrange(60), self.dice.randrange(60)), JAPAN)

    def made(self, days: float) -> datetime:
        return self.ago(days, self.dice.randrange(OPENS, CLOSES))

    @property
    def last(self) -> datetime:
        """Until when the story is told."""
        return datetime.combine(self.today - timedelta(days=1), time(20), JAPAN)

    def after(self, at: datetime) -> datetime:
        """When somebody gets round to it: half of them within nine hours, few after weeks, nobody by night."""
        hours = min(max(self.dice.lognormvariate(2.2, 1.4), 0.2), 24 * 26)
        then = at + timedelta(hours=hours)
        if not 7 <= then.hour < 22:
            then = (then + timedelta(hours=9)).replace(hour=7 + self.dice.randrange(3))
        return then


def plan_small(seed: int, today: date) -> list[Plan]:
    """A month or three of a small town: every state, every kind of recipient, once or twice."""
    told = (
        *(("plain", 84), ("plain", 76), ("venture", 66), ("any_one", 58), ("expired", 50), ("forwarded", 44), ("declined", 40)),
        *(("parallel", 35), ("withdrawn", 30), ("english", 27), ("fields", 23), ("plain", 20), ("one_time", 17), ("scan", 14)),
        *(("due_3", 25), ("due_0", 21), ("long", 11), ("due_7", 12), ("bounced", 7), ("locked", 6), ("opened", 5), ("plain", 5)),
        *(("own_turn", 4), ("waiting", 3), ("draft", 2), ("bare_draft", 1)),
    )
    return _numbered(seed, today, told)


def plan_full(seed: int, today: date) -> list[Plan]:
    """Two hundred and forty envelopes over ninety days, most of them concluded."""
    dice, told = Random(f"{seed}:full"), [("eighty", 60.0), ("ten", 41.0), ("ten", 9.0)]
    for shape, share in _SHARES.items():
        oldest, newest = _SPANS.get(shape, (DAYS - 2, 1))
        told += [(shape, dice.uniform(newest, oldest)) for _ in range(share)]
    return _numbered(seed, today, told)


_SHARES = {
    "plain": 118,
    "parallel": 10,
    "venture": 8,
    "any_one": 8,
    "forwarded": 6,
    "english": 8,
    "fields": 6,
    "one_time": 8,
    "scan": 4,
    "expired": 8,
    "declined": 8,
    "withdrawn": 6,
    "long": 2,
    "bounced": 4,
    "locked": 2,
    "opened": 5,
    "own_turn": 5,
    "waiting": 6,
    "due_0": 2,
    "due_1": 2,
    "due_3": 3,
    "due_5": 2,
    "due_7": 3,
    "draft": 3,
}
# Between how many days ago; what is still open was sent within the month.
_SPANS = {
    "expired": (88, 36),
    **dict.fromkeys(("due_0", "due_1", "due_3", "due_5", "due_7"), (22, 9)),
    **dict.fromkeys(("bounced", "locked", "opened", "own_turn", "waiting"), (9, 2)),
    "draft": (12, 1),
}


def plan_tiny(seed: int, today: date) -> list[Plan]:
    """For tests: one concluded, one declined, one under way, one draft."""
    return _numbered(seed, today, (("one_time", 9), ("declined", 6), ("own_turn", 3), ("bare_draft", 1)))


def _numbered(seed: int, today: date, told: Sequence[tuple[str, float]]) -> list[Plan]:
    plans, names = [], set[str]()
    for number, (shape, ago) in enumerate(told, 1):
        maker = _Maker(Days(today, Random(f"{seed}:{number}:{shape}")), number, names)
        plan = maker.plan(shape, ago)
        names.add(plan.name)
        plans.append(plan)
    return plans


class _Maker:
    """One plan. Every shape of envelope is a method."""

    def __init__(self, days: Days, number: int, taken: set[str]) -> None:
        self.days, self.dice, self.number, self.taken = days, days.dice, number, taken
        self.kind, pattern, things = KINDS[number % len(KINDS)]
        self.name = self._fresh(pattern.format(thing=self.dice.choice(things), year=_era(days.today)))
        known = min(len(PARTIES), 10 + number // 6)
        self.party = self.dice.choice([one.key for one in PARTIES[:known] if one.language == "ja"])
        self.pages = 1 if self.dice.random() < 0.7 else 3

    def plan(self, shape: str, ago: float) -> Plan:
        made = self.days.made(ago)
        if shape.startswith("due_"):
            return self._due(made, days=int(shape[4:]))
        shapes: dict[str, Callable[[datetime], Plan]] = {
            name.removeprefix("shape_"): getattr(self, name) for name in dir(self) if name.startswith("shape_")
        }
        return shapes[shape](made)

    def _fresh(self, name: str) -> str:
        """No two envelopes of the data are called the same."""
        if name not in self.taken:
            return name
        return next(tried for count in range(2, 999) if (tried := f"{name}（その{count}）") not in self.taken)

    def _amount(self) -> int | None:
        if self.kind in ("秘密保持契約書", "覚書"):
            return self.dice.choice((None, 0))
        return self.dice.choice((55_000, 198_000, 1_100_000, 4_840_000, 23_650_000, 120_000_000))

    def _plan(self, made: datetime, asked: Sequence[Asked], steps: Sequence[Step] = (), **told: object) -> Plan:
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

    def _signing(self, made: datetime, *whos: str) -> list[Step]:
        """One after the other; then most of the counterparties take the contract home."""
        steps, at = [], made
        for who in whos:
            at = self.days.after(at)
            steps.append(Step(at, "signs", who))
        homes = [who for who in whos if who[0] in "pt" and self.dice.random() < 0.8]
        return steps + [Step(self.days.after(at), "takes_home", who) for who in homes]

    def _usual(self, **terms: object) -> list[Asked]:
        return [Asked(1, self.party, **terms), Asked(2, "mayor")]  # type: ignore[arg-type]

    def shape_plain(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), self._signing(made, self.party, "mayor"))

    def shape_parallel(self, made: datetime) -> Plan:
        other = next(one.key for one in PARTIES if one.key != self.party)
        asked = [Asked(1, self.party), Asked(1, other), Asked(2, "mayor"), Asked(2, "t2", kind="copy", gate="otp")]
        papers = (Paper(self.name, self.kind, 3), Paper("仕様書", "注文書"))
        return self._plan(made, asked, self._signing(made, other, self.party, "mayor"), papers=papers)

    def shape_venture(self, made: datetime) -> Plan:
        """市が確認し、構成員、代表構成員、市の順に署名する。"""
        lead, member = self.party, next(one.key for one in PARTIES if one.key != self.party)
        asked = [Asked(1, "works", kind="reviewer"), Asked(2, member), Asked(3, lead, may_reassign=True), Asked(4, "mayor")]
        seen = Step(self.days.after(made), "reviews", "works")
        steps = [seen, *self._signing(seen.at, member, lead, "mayor")]
        name = self._fresh(f"{self.name}（共同企業体）")
        return self._plan(made, asked, steps, name=name, amount=120_000_000, papers=(Paper(name, "工事請負契約書", 3),))

    def shape_any_one(self, made: datetime) -> Plan:
        asked = [Asked(1, self.party), Asked(2, "mayor", any_one=True), Asked(2, "deputy", any_one=True)]
        return self._plan(made, asked, self._signing(made, self.party, "deputy"))

    def shape_forwarded(self, made: datetime) -> Plan:
        given = self.days.after(made)
        steps = [Step(given, "passes_on", self.party, "契約の権限を持つ者に変更します。", to="t3"), *self._signing(given, "t3", "mayor")]
        return self._plan(made, self._usual(may_reassign=True), steps)

    def shape_english(self, made: datetime) -> Plan:
        party = self.dice.choice([one.key for one in PARTIES if one.language == "en"])
        name = self._fresh(self.dice.choice(ENGLISH))
        asked = [Asked(1, party), Asked(2, "mayor")]
        papers = (Paper(name, "業務委託契約書", 1),)
        return self._plan(made, asked, self._signing(made, party, "mayor"), name=name, party=party, sender="green", papers=papers)

    def shape_fields(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), self._signing(made, self.party, "mayor"), fields=True)

    def shape_one_time(self, made: datetime) -> Plan:
        asked = [Asked(1, "t1", gate="otp"), Asked(2, "mayor")]
        return self._plan(made, asked, self._signing(made, "t1", "mayor"), party="t1")

    def shape_scan(self, made: datetime) -> Plan:
        papers = (Paper("契約書（紙の写し）", self.kind, 3, scan=True), Paper(self.name, self.kind))
        return self._plan(made, self._usual(), self._signing(made, self.party, "mayor"), papers=papers)

    def shape_ten(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), self._signing(made, self.party, "mayor"), papers=(Paper(self.name, self.kind, 10),))

    def shape_eighty(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), self._signing(made, self.party, "mayor"), papers=(Paper(self.name, self.kind, 80),))

    def shape_long(self, made: datetime) -> Plan:
        name = self._fresh(LONG)
        party = PARTIES[2].key
        asked = [Asked(1, party), Asked(2, "mayor")]
        return self._plan(
            made, asked, [Step(self.days.after(made), "opens", party)], name=name, party=party, papers=(Paper(name, self.kind, 10),)
        )

    def shape_declined(self, made: datetime) -> Plan:
        wish, words = self.dice.choice(REASONS)
        return self._plan(made, self._usual(), [Step(self.days.after(made), "declines", self.party, words, to=wish)])

    def shape_withdrawn(self, made: datetime) -> Plan:
        at = made + timedelta(days=1, hours=1)
        steps = [Step(at, "withdraws", words=self.dice.choice(WITHDRAWALS)), Step(at + timedelta(minutes=20), "duplicates")]
        return self._plan(made, self._usual(), steps)

    def shape_expired(self, made: datetime) -> Plan:
        return self._plan(
            made, self._usual(), [Step(self.days.after(made), "opens", self.party)], deadline=made.date() + timedelta(days=14)
        )

    def _due(self, made: datetime, *, days: int) -> Plan:
        steps = [Step(self.days.after(made), "opens", self.party)] if days != 3 else []
        return self._plan(made, self._usual(), steps, deadline=self.days.today + timedelta(days=days))

    def shape_bounced(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), [Step(made + timedelta(minutes=4), "comes_back", self.party)])

    def shape_locked(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), [Step(self.days.after(made), "guesses", self.party)])

    def shape_opened(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(may_reassign=True), [Step(made + timedelta(hours=2), "opens", self.party)])

    def shape_own_turn(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), [Step(made + timedelta(hours=3), "signs", self.party)])

    def shape_waiting(self, made: datetime) -> Plan:
        return self._plan(made, self._usual())

    def shape_draft(self, made: datetime) -> Plan:
        return self._plan(made, self._usual(), sends=False, sender="clerk")

    def shape_bare_draft(self, made: datetime) -> Plan:
        return self._plan(made, (), sends=False, described=False, sender="clerk")


def _era(today: date) -> str:
    """The fiscal year, as the city counts it."""
    year = today.year - (today.month < 4) - 2018
    return f"令和{year}"


def in_order(plans: Sequence[Plan]) -> Iterator[tuple[datetime, Plan, Step | None]]:
    """Everything that is to happen, the earliest first; ``None`` is the making of the envelope itself."""
    told: list[tuple[datetime, int, int, Plan, Step | None]] = []
    for number, plan in enumerate(plans):
        told.append((plan.made_at, number, 0, plan, None))
        told += [(step.at, number, place, plan, step) for place, step in enumerate(plan.steps, 1)]
    for at, _, _, plan, step in sorted(told, key=lambda one: one[:3]):
        yield at, plan, step
