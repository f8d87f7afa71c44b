"""What came of the cases, and the table at the end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Result:
    """One case. ``trouble`` is what went wrong, and nothing where everything held; ``facts`` are counted over all cases."""

    name: str
    seconds: float
    trouble: str = ""
    facts: dict[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.name.partition("/")[0]

    def line(self) -> str:
        return json.dumps([self.name, self.seconds, self.trouble, self.facts])

    @classmethod
    def read(cls, line: str) -> Result:
        return cls(*json.loads(line))


def table(results: list[Result], *, seconds: float) -> str:
    """Kills, races, faults, violations, seconds; by kind of case and chapter."""
    rows: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        kind, backend, chapter, *_ = result.name.split("/")
        rows.setdefault((kind, backend, chapter), []).append(result)
    lines = [f"{'kind':7} {'database':11} {'chapter':22} {'cases':>6} {'violations':>11} {'seconds':>8}"]
    for (kind, backend, chapter), some in sorted(rows.items()):
        wrong = sum(bool(one.trouble) for one in some)
        lines.append(f"{kind:7} {backend:11} {chapter:22} {len(some):6} {wrong:11} {sum(one.seconds for one in some):8.0f}")
    facts = Counter[str]()
    for result in results:
        facts.update(result.facts)
    kinds = Counter(result.kind for result in results)
    told = ", ".join(f"{count} {kind}s" for kind, count in sorted(kinds.items()))
    lines.append(f"{told}; {', '.join(f'{count} {name}' for name, count in sorted(facts.items())) or 'nothing to count'}")
    lines.append(f"{sum(bool(one.trouble) for one in results)} violations in {seconds:.0f} s")
    return "\n".join(lines)
