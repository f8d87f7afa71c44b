"""No file names a machine's path or a package registry; every refusal that a door may meet has its sentence."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import tachiai
from tachiai.web.refusal_words import SENTENCES

ROOT = Path(tachiai.__file__).parent.parent.parent
SOURCE = ROOT / "src" / "tachiai"
# Refusals of the terminal and of work rows, which no page ever shows.
NOT_SHOWN = re.compile(
    r"^(seal|key|ledger|log|operator|organization|authority|member\.exists|password|document\.not_closed|mail|policy|vault\.taken|page\.width)\b"
)


def test_every_refusal_has_a_sentence() -> None:
    codes = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    missing = {code for code in codes if code not in SENTENCES and not NOT_SHOWN.match(code)}
    assert missing == set()


def test_no_registry_address_stands_in_a_tracked_file() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    hosts = re.compile("|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "deb" + r"\.debian\.org")))
    named = [name for name in tracked if name and (ROOT / name).is_file() and hosts.search((ROOT / name).read_text(errors="ignore"))]
    assert named == []
