"""Layers: what can be shown and hidden by whoever opens the file (ISO 32000-2, 8.11), inside a child.

A contract must be the same for everybody. A layer that is off when the file is opened hides something that is in it; one that is not the
same on the screen and on paper lets somebody print what nobody was shown. The former cannot be mended without choosing what the parties
agree to, and is told. The latter is mended by a rewrite that takes the rules for screen and paper away: the layers then are everywhere as
the file's own configuration has them, which is what the sender confirms. A file that somebody has signed is told of only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pikepdf import Array, Dictionary, Name, Object, Pdf

from tachiai.pages import whereabouts
from tachiai.pages.findings import Finding
from tachiai.pages.spelling import word

MOST_NAMED = 20
MOST_LAYERS = 2_000
DEEPEST_EXPRESSION = 10

_STATES = ((Name.View, Name.ViewState), (Name.Print, Name.PrintState))
# By these a reader may choose for itself, when the configuration says that it should (8.11.4.4).
_BY_READER = {"/Zoom", "/User", "/Language"}

Place = tuple[int, int]


@dataclass
class Layer:
    """One layer: its name, whether it is shown when the file is opened, and whether that is so everywhere."""

    name: str
    shown: bool
    differs: bool


@dataclass
class _Used:
    pages: list[int] = field(default_factory=list)
    hidden: dict[str, None] = field(default_factory=dict)
    hidden_pages: list[int] = field(default_factory=list)
    differing: dict[str, None] = field(default_factory=dict)

    def add(self, number: int, layers: list[Layer], *, shown: bool) -> None:
        _note(self.pages, number)
        differing = [layer.name for layer in layers if layer.differs]
        hidden = [] if shown else [layer.name for layer in layers]
        if hidden or differing:
            _note(self.hidden_pages, number)
        self.hidden |= dict.fromkeys(hidden)
        self.differing |= dict.fromkeys(differing)


def layer_findings(document: Pdf, *, signed: bool) -> list[Finding]:
    """``content.layers`` for a file that has any, and ``content.hidden_layer`` where one that a page uses is not seen by all."""
    layers = layers_of(document)
    if not layers:
        return []
    used = _Used()
    for number, here in whereabouts.seen_from_pages(document):
        for content in _optional(here):
            members = _members(content, layers)
            if members:
                used.add(number, members, shown=_is_shown(content, layers, DEEPEST_EXPRESSION))
    names = [layer.name for layer in layers.values()][:MOST_NAMED]
    found = [Finding("content.layers", "warn", {"layers": len(layers), "names": names, "pages": used.pages})]
    if used.hidden_pages:
        mendable = bool(used.differing) and not signed
        told = list(used.hidden | used.differing)[:MOST_NAMED]
        facts = {"layers": told, "pages": used.hidden_pages, "print_differs": bool(used.differing)}
        found.append(Finding("content.hidden_layer", "normalise" if mendable else "warn", facts))
    return found


def layers_of(document: Pdf) -> dict[Place, Layer]:
    """Every layer by its object, as the file's own configuration has it."""
    properties = document.Root.get(Name.OCProperties)
    listed = properties.get(Name.OCGs) if isinstance(properties, Dictionary) else None
    if not isinstance(properties, Dictionary) or not isinstance(listed, Array):
        return {}
    configuration = properties.get(Name.D)
    configuration = configuration if isinstance(configuration, Dictionary) else Dictionary()
    off, on = _places(configuration.get(Name.OFF)), _places(configuration.get(Name.ON))
    base = configuration.get(Name.BaseState) != Name.OFF
    by_reader = _left_to_readers(configuration)
    found = {}
    for layer in list(listed)[:MOST_LAYERS]:
        if isinstance(layer, Dictionary):
            shown = layer.objgen not in off if base else layer.objgen in on
            differs = any(state != shown for state in _stated(layer)) or layer.objgen in by_reader
            found[layer.objgen] = Layer(word(layer.get(Name.Name))[:64], shown, differs)
    return found


def make_alike(document: Pdf) -> None:
    """Takes away what makes a layer another on paper than on the screen, or in one reader than in the next."""
    properties = document.Root.get(Name.OCProperties)
    if not isinstance(properties, Dictionary) or not any(layer.differs for layer in layers_of(document).values()):
        return
    configuration = properties.get(Name.D)
    if isinstance(configuration, Dictionary) and Name.AS in configuration:
        del configuration[Name.AS]
    for layer in properties.OCGs:
        if isinstance(layer, Dictionary) and Name.Usage in layer:
            del layer[Name.Usage]


def _stated(layer: Dictionary) -> Iterator[bool]:
    """What the layer itself says of screen and paper. Some readers go by it always, others only when the configuration says so."""
    usage = layer.get(Name.Usage)
    for key, state in _STATES:
        at = usage.get(key) if isinstance(usage, Dictionary) else None
        if isinstance(at, Dictionary) and state in at:
            yield at[state] != Name.OFF


def _left_to_readers(configuration: Dictionary) -> set[Place]:
    rules = configuration.get(Name.AS)
    found: set[Place] = set()
    for rule in list(rules)[:MOST_LAYERS] if isinstance(rules, Array) else []:
        categories = rule.get(Name.Category) if isinstance(rule, Dictionary) else None
        if isinstance(categories, Array) and _BY_READER & {word(category) for category in categories}:
            found |= _places(rule.get(Name.OCGs))
    return found


def _places(listed: object) -> set[Place]:
    return {item.objgen for item in listed if isinstance(item, Dictionary)} if isinstance(listed, Array) else set()


def _optional(here: Object) -> Iterator[Dictionary]:
    """What decides whether ``here`` is shown, and what content marked by name may be decided by (14.6)."""
    own = here.get(Name.OC)
    if isinstance(own, Dictionary):
        yield own
    resources = here if Name.Properties in here else here.get(Name.Resources)
    properties = resources.get(Name.Properties) if isinstance(resources, Dictionary) else None
    if isinstance(properties, Dictionary):
        yield from (value for value in properties.values() if isinstance(value, Dictionary))


def _members(content: Dictionary, layers: dict[Place, Layer]) -> list[Layer]:
    if content.objgen in layers:
        return [layers[content.objgen]]
    held = content.get(Name.OCGs)
    several = list(held) if isinstance(held, Array) else [held]
    named = [item.objgen for item in (*several, *_operands(content.get(Name.VE), DEEPEST_EXPRESSION)) if isinstance(item, Dictionary)]
    return [layers[place] for place in named[:MOST_LAYERS] if place in layers]


def _operands(expression: object, depth: int) -> Iterator[object]:
    if isinstance(expression, Array) and depth > 0:
        for item in list(expression)[1:MOST_NAMED]:
            yield from _operands(item, depth - 1)
    else:
        yield expression


def _is_shown(content: object, layers: dict[Place, Layer], depth: int) -> bool:
    """Whether a layer, or what depends on several (tables 97 and 98), is shown when the file is opened."""
    if isinstance(content, Array):
        return _is_true(list(content), layers, depth)
    if not isinstance(content, Dictionary):
        return True
    if content.objgen in layers:
        return layers[content.objgen].shown
    if isinstance(content.get(Name.VE), Array):
        return _is_true(list(content.VE), layers, depth)
    shown = [layer.shown for layer in _members(content, layers)]
    policy = word(content.get(Name.P))
    if not shown:
        return True
    return {"/AllOn": all(shown), "/AnyOff": not all(shown), "/AllOff": not any(shown)}.get(policy, any(shown))


def _is_true(expression: list[Object], layers: dict[Place, Layer], depth: int) -> bool:
    if not expression or depth <= 0:
        return True
    values = [_is_shown(item, layers, depth - 1) for item in expression[1:MOST_NAMED]]
    kind = word(expression[0])
    if kind == "/Not":
        return not any(values)
    return any(values) if kind == "/Or" else all(values)


def _note(pages: list[int], number: int) -> None:
    if number not in pages and len(pages) < MOST_NAMED:
        pages.append(number)
