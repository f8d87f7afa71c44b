"""Putting ``tachiai_verify.html`` together from its parts in ``html/``: ``python -m tachiai.offline.building``.

The page travels inside evidence bundles and is one file on purpose: nothing may be fetched when it runs. Its words about checks and codes
are those of ``tachiai_verify.py``, read from its source, so that both verifiers speak alike. The same parts give the same bytes, and a
test holds the committed page against them.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
PAGE: Final = _FOLDER / "tachiai_verify.html"
_PARTS: Final = _FOLDER / "html"
_PROGRAM: Final = _FOLDER / "tachiai_verify.py"
# In the order in which they rest on each other: whatever is used while a part is loaded stands before it.
SCRIPTS: Final = (
    "bytes",
    "forms",
    "der",
    "canonical",
    "zip",
    "ed25519",
    "keys",
    "x509",
    "cms",
    "tokens",
    "revocation",
    "pdf_values",
    "pdf_sections",
    "pdf_signatures",
    "pdf_changes",
    "merkle",
    "notes",
    "webauthn",
    "examination",
    "check_manifest",
    "check_pdfs",
    "check_signatures",
    "check_consents",
    "check_entries",
    "check_log",
    "check_rest",
    "verify",
    "words",
    "elements",
    "view",
    "main",
)
_WORDS: Final = {
    "NAMES": "CHECK_WORDS",
    "STATES": "STATE_WORDS",
    "VERDICTS": "VERDICT_WORDS",
    "SENTENCES": "PROBLEM_WORDS",
    "UNCHECKED": "UNCHECKED_WORDS",
    "BLIND": "BLIND_WORDS",
}
_ICONS: Final = ("check", "check-circle", "circle", "copy", "error", "help", "info", "lock", "print", "shield", "upload", "warning")
_DECLARED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def build_page() -> str:
    """The page as its parts give it. Raises ``ValueError`` for two parts that declare one name."""
    script, style = _script(), _style()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script, "icons": _icons()}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], (_PARTS / "page.html").read_text("utf-8"))


def read_sources() -> list[str]:
    """The scripts in their order. Raises ``ValueError`` for two that declare one name."""
    sources = [(_PARTS / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    names = [name for source in sources for name in _DECLARED.findall(source)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"declared twice: {', '.join(twice)}")
    sources.insert(SCRIPTS.index("words"), _words())
    return sources


def _script() -> str:
    joined = '\n(() => {\n"use strict";\n\n' + "\n".join(read_sources()) + "})();\n"
    # A script element ends at the first end tag in it, and these two would begin a comment.
    for odd in ("</script", "<!--", "-->"):
        if odd in joined.lower():
            raise ValueError(f"{odd} in a script")
    return joined


def _style() -> str:
    return "\n" + (_PARTS / "style.css").read_text("utf-8")


def _words() -> str:
    """The tables of the Python verifier, each as a constant."""
    found: dict[str, Any] = {}
    for node in ast.parse(_PROGRAM.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _WORDS:
            found[_WORDS[node.targets[0].id]] = ast.literal_eval(node.value)
    tables = (f"const {name} = {json.dumps(found[name], ensure_ascii=False, indent=1)};\n" for name in _WORDS.values())
    return "/* The words of tachiai_verify.py. */\n" + "".join(tables)


def _icons() -> str:
    """The drawings that the page uses, from the source of ``web/icons.py``: nothing here imports the house."""
    source = ast.parse((_FOLDER.parent / "web" / "icons.py").read_text("utf-8"))
    drawn = next(node.value for node in source.body if isinstance(node, ast.AnnAssign) and node.value is not None)
    icons = ast.literal_eval(drawn)
    return "".join(f'<symbol id="icon-{name}" viewBox="0 0 24 24">{icons[name]}</symbol>' for name in _ICONS)


def _hash(content: str) -> str:
    """A source expression of CSP for exactly this content."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


if __name__ == "__main__":
    PAGE.write_text(build_page(), "utf-8")
