"""docs/acceptance.md names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| ([ABIVX]\d\d) \| [^|]+ \| (\S+)::(\S+) \|$", re.MULTILINE)


def test_each_promise_is_held_by_a_test_that_is_there() -> None:
    told = (ROOT / "docs" / "acceptance.md").read_text()
    rows = ROW.findall(told)
    names = [name for name, _, _ in rows]
    assert len(rows) == told.count("\n| ") - 1, "a row that is none"
    assert names == sorted(set(names), key=lambda name: (name[0], name))
    for name, file, test in rows:
        tree = ast.parse((ROOT / file).read_text())
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, name
