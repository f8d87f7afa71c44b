"""docs/acceptance.md names tests that are there, and of each screen's promise one that goes through a browser, in the languages it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| ([ABIVX]\d\d) \| [^|]+ \| ([^|]+) \| (on|off|both) \| ([^|]+) \|$", re.MULTILINE)
BY_NO_BROWSER = ("B17",)


def arguments_of(named: str) -> set[str]:
    """The arguments of a test, which has to be there."""
    file, test = named.split("::")
    tree = ast.parse((ROOT / file).read_text())
    found = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert test in found, named
    return {one.arg for one in found[test].args.args}


def test_each_promise_is_held_by_a_test_that_is_there() -> None:
    told = (ROOT / "docs" / "acceptance.md").read_text()
    rows = ROW.findall(told)
    names = [name for name, _, _, _ in rows]
    assert len(rows) == told.count("\n| ") - 1, "a row that is none"
    assert names == sorted(set(names), key=lambda name: (name[0], name))
    for name, languages, scripts, held in rows:
        tests = held.split("<br>")
        walks = [arguments_of(one) for one in tests if one.startswith("tests/walks/")]
        assert all(arguments_of(one) is not None for one in tests)
        assert walks or name in BY_NO_BROWSER, name
        if languages == "ja, en":
            assert any("language" in one for one in walks), name
        if scripts == "both":
            assert any("scripts" in one for one in walks), name
