"""Where an object of a file is used: every path that leads to it from the trailer, found as pyHanko's difference analysis counts them.

pyHanko writes down every path to every object of a revision before it asks about two or three of them, and does so for each
signature. Here a revision's references are gathered once for each version of an object, and paths are followed only where they can
lead to the object that is asked about. The answers are the same, and a test holds them against pyHanko's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import RawPdfPath

Place = tuple[int, int]
Path = tuple[str | int, ...]
# Which version of an object, and the object with its references unresolved.
Version = tuple[object, Any]
Lookup = Callable[[generic.Reference], Version]
# Paths no longer than this may be those of the catalogue and of the structure tree's root, where the rules for what follows change.
_SPECIAL = 2


@dataclass(frozen=True)
class _Edge:
    """A reference within an object: how to get there, where it leads, and whether that is within the structure tree."""

    path: Path
    target: generic.Reference
    in_tree: bool


# What each version of an object refers to, outside and inside the structure tree.
Gathered = dict[tuple[object, bool], tuple[_Edge, ...]]


@dataclass
class Usages:
    """One revision's references. ``pages`` are the canonical paths of the page tree's nodes, ``tree`` the structure tree's elements."""

    lookup: Lookup
    first: tuple[_Edge, ...]
    pages: dict[Place, Path]
    tree: frozenset[Place]
    used_by: dict[Place, set[Place]]
    entered_by: dict[Place, set[Place]]
    edges: Callable[[generic.Reference, bool], tuple[_Edge, ...]]
    known: dict[Place, set[RawPdfPath]] = field(default_factory=dict)

    def of(self, ref: generic.Reference) -> set[RawPdfPath]:
        """Every path by which ``ref`` is reached; empty when it is not."""
        place = _place(ref)
        if place not in self.known:
            self.known[place] = self._search(place)
        return self.known[place]

    def _search(self, wanted: Place) -> set[RawPdfPath]:
        fresh = self.used_by.get(wanted, set())
        near, waiting = {wanted, *fresh}, list(fresh)
        while waiting:
            fresh = self.entered_by.get(waiting.pop(), set()) - near
            near |= fresh
            waiting.extend(fresh)
        found: set[RawPdfPath] = set()
        self._follow(self.first, (), frozenset(), wanted, near, found)
        return found

    def _follow(
        self, edges: tuple[_Edge, ...], path: Path, seen: frozenset[Place], wanted: Place, near: set[Place], found: set[RawPdfPath]
    ) -> None:
        for edge in edges:
            place = _place(edge.target)
            if place not in near or place in seen:
                continue
            here = path + edge.path
            if place == wanted:
                # Whatever leads on from here comes back to a place seen, or not at all.
                found.add(RawPdfPath(*here))
                continue
            # A page is entered by its place in the page tree and no other way; the structure tree only from its root.
            if self.pages.get(place, here) != here or (not edge.in_tree and place in self.tree):
                continue
            onward = self._onward(edge, here)
            self._follow(onward, here, seen | {place}, wanted, near, found)

    def _onward(self, edge: _Edge, here: Path) -> tuple[_Edge, ...]:
        if len(here) <= _SPECIAL:
            _version, held = self.lookup(edge.target)
            return tuple(_edges(held, edge.in_tree, here))
        return self.edges(edge.target, edge.in_tree)


def usages_at(trailer: Any, lookup: Lookup, gathered: Gathered) -> Usages:
    """The usages of one revision, whose ``lookup`` gives every object's version. ``gathered`` may serve all revisions of a file."""

    def edges(ref: generic.Reference, in_tree: bool) -> tuple[_Edge, ...]:
        version, held = lookup(ref)
        if (version, in_tree) not in gathered:
            gathered[version, in_tree] = tuple(_edges(held, in_tree, None))
        return gathered[version, in_tree]

    resolve = _resolver(lookup)
    root = resolve(trailer.raw_get("/Root"))
    pages, tree = _page_tree(root, resolve), _structure_tree(root, resolve)
    first = tuple(_edges(trailer, False, ()))
    return Usages(lookup, first, pages, tree, *_users(first, edges, pages), edges)


def _place(ref: generic.Reference) -> Place:
    return ref.idnum, ref.generation


def _edges(held: Any, in_tree: bool, at: Path | None) -> Iterator[_Edge]:
    """The references within one object that are followed. ``at`` is its own path from the trailer, where that matters."""
    waiting: list[tuple[Any, Path, bool]] = [(held, (), in_tree)]
    while waiting:
        here, path, inside = waiting.pop()
        for step, value, within in _members(here, inside, None if at is None else at + path):
            if isinstance(value, generic.IndirectObject):
                yield _Edge((*path, step), value.reference, within)
            elif isinstance(value, generic.DictionaryObject | generic.ArrayObject):
                waiting.append((value, (*path, step), within))


def _members(here: Any, inside: bool, at: Path | None) -> Iterator[tuple[str | int, Any, bool]]:
    if isinstance(here, generic.DictionaryObject):
        for key, value in here.items():
            if key == "/Parent" or (inside and key == "/P"):
                continue
            yield key, value, inside or (key == "/K" and at == ("/Root", "/StructTreeRoot"))
    elif isinstance(here, generic.ArrayObject):
        for index, value in enumerate(here):
            yield index, value, inside


def _users(
    first: tuple[_Edge, ...], edges: Callable[[generic.Reference, bool], tuple[_Edge, ...]], pages: dict[Place, Path]
) -> tuple[dict[Place, set[Place]], dict[Place, set[Place]]]:
    """Who refers to each object that can be reached at all, and from where each may be entered: more than paths follow, never less."""
    used_by: dict[Place, set[Place]] = {}
    entered_by: dict[Place, set[Place]] = {}
    waiting = {_place(edge.target): edge.target for edge in first}
    reached = set(waiting)
    while waiting:
        place, ref = waiting.popitem()
        for edge in edges(ref, False):
            target = _place(edge.target)
            used_by.setdefault(target, set()).add(place)
            if target not in pages or pages[target][-len(edge.path) :] == edge.path:
                entered_by.setdefault(target, set()).add(place)
            if target not in reached:
                reached.add(target)
                waiting[target] = edge.target
    return used_by, entered_by


def _resolver(lookup: Lookup) -> Callable[[Any], Any]:
    def resolve(value: Any) -> Any:
        return resolve(lookup(value.reference)[1]) if isinstance(value, generic.IndirectObject) else value

    return resolve


def _page_tree(root: Any, resolve: Callable[[Any], Any]) -> dict[Place, Path]:
    """The path of each node of the page tree. Raises ``PdfReadError`` where it leads in a circle."""
    start: Path = ("/Root", "/Pages")
    top = root.raw_get("/Pages")
    nodes = {_place(top.reference): start} if isinstance(top, generic.IndirectObject) else {}

    def visit(node: Any, path: Path) -> None:
        for index, kid in enumerate(resolve(node.raw_get("/Kids"))):
            here = (*path, "/Kids", index)
            if isinstance(kid, generic.IndirectObject):
                if _place(kid.reference) in nodes:
                    raise misc.PdfReadError("a page tree that leads in a circle")
                nodes[_place(kid.reference)] = here
            held = resolve(kid)
            if "/Type" in held and resolve(held.raw_get("/Type")) == "/Pages":
                visit(held, here)

    visit(resolve(top), start)
    return nodes


def _structure_tree(root: Any, resolve: Callable[[Any], Any]) -> frozenset[Place]:
    """The elements of the structure tree that have numbers. Raises ``PdfReadError`` where one stands in it twice."""
    elements: set[Place] = set()

    def visit(element: Any) -> None:
        held = resolve(element.raw_get("/K")) if "/K" in element else ()
        for child in held if isinstance(held, generic.ArrayObject) else (held,):
            found = resolve(child)
            if not isinstance(found, generic.DictionaryObject):
                continue
            if "/Type" in found and resolve(found.raw_get("/Type")) != "/StructElem":
                continue
            if isinstance(child, generic.IndirectObject):
                if _place(child.reference) in elements:
                    raise misc.PdfReadError("a structure tree that leads in a circle")
                elements.add(_place(child.reference))
            visit(found)

    if "/StructTreeRoot" in root:
        visit(resolve(root.raw_get("/StructTreeRoot")))
    return frozenset(elements)
