"""How a room shows its verbs under its own name, so that call sites read as sentences: ``vault.put(pdf)``.

A room is also a Django app, whose package is imported before any model may be; so its face opens each verb only when
somebody asks for it. What a face shows stands once, in its imports for the type checker; they are read from there.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


def face(room: str, file: str) -> Callable[[str], Any]:
    """The module ``__getattr__`` (PEP 562) of ``room``: every name its ``if TYPE_CHECKING`` block imports, on demand."""
    homes = _homes(ast.parse(Path(file).read_text(encoding="utf-8")))
    # Modules are kept and not what is in them, so that a name is always what its home says it is; there are as many as lines above.
    opened_before: dict[str, ModuleType] = {}

    def opened(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        home = opened_before.get(name)
        if home is None:
            home = opened_before[name] = import_module(homes[name])
        return getattr(home, name)

    return opened


def _homes(tree: ast.Module) -> dict[str, str]:
    blocks = (node for node in tree.body if isinstance(node, ast.If))
    imports = (line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom))
    return {alias.name: str(line.module) for line in imports for alias in line.names}
