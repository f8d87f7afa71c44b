"""Templates whose unchanging parts are put together once: most of a page is the same words for every reader of a language.

When a template has been read, each run of text, translations, addresses and icons that depend on nothing but the language becomes
one node, which remembers what the run came to. What a run says is worked out by the nodes that Django made of it, never here, so a
page is the same to the letter. Nothing can go stale: catalogues, addresses and static files stand until the process ends.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable, VariableNode, render_value_in_context
from django.template.defaulttags import IfNode, URLNode
from django.template.library import SimpleNode
from django.template.loader_tags import IncludeNode, construct_relative_path
from django.template.loaders.cached import Loader
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tachiai.web.templatetags.look import icon

T = TypeVar("T")
# Two languages, escaped or not, under one prefix: four. More would mean that something is taken for fixed that is not.
MOST_REMEMBERED = 16


class FoldingLoader(Loader):
    """Django's cached loader; what it remembers has been folded."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        known = self.get_template_cache.get(self.cache_key(template_name, skip))
        if isinstance(known, Template):
            return known
        template = super().get_template(template_name, skip)
        _fold(template.nodelist)
        return template


def _fold(nodes: NodeList) -> None:
    """Fold a list of nodes in place, and every list below it."""
    folded: list[Node] = []
    run: list[Node] = []
    for node in nodes:
        for below in _below(node):
            _fold(below)
        if _says_the_same(node):
            run.append(node)
            continue
        folded += _together(run)
        folded.append(_quicker(node))
        run = []
    nodes[:] = [*folded, *_together(run)]


def _below(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):
        yield from (nodes for _, nodes in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        nodes = getattr(node, name, None)
        if isinstance(nodes, NodeList):
            yield nodes


def _together(run: list[Node]) -> list[Node]:
    if not run or all(isinstance(node, TextNode) for node in run):
        return run
    return [_placed(Folded(run), run[0])]


def _quicker(node: Node) -> Node:
    """The node itself, or one that does the same with less ado."""
    if isinstance(node, TranslateNode | URLNode) and _is_fixed(node):
        return _placed(Named(node), node)
    if type(node) is VariableNode:
        return _placed(Shown(node.filter_expression), node)
    if type(node) is IncludeNode and _is_constant(node.template):
        return _placed(Included(node), node)
    return node


def _placed(fresh: Node, node: Node) -> Node:
    """Errors are told of the place where the original stood."""
    fresh.token, fresh.origin = node.token, node.origin
    return fresh


def _says_the_same(node: Node) -> bool:
    """Whether what the node says depends on nothing but language and addresses; whatever is not listed here may depend on anything."""
    if isinstance(node, TextNode):
        return True
    if isinstance(node, TranslateNode | URLNode):
        return node.asvar is None and _is_fixed(node)
    if type(node) is StaticNode:
        return node.varname is None and _is_constant(node.path)
    if type(node) is SimpleNode:
        return node.func is icon and node.target_var is None and all(map(_is_constant, [*node.args, *node.kwargs.values()]))
    return False


def _is_fixed(node: TranslateNode | URLNode) -> bool:
    if isinstance(node, TranslateNode):
        return _is_constant(node.filter_expression) and (node.message_context is None or _is_constant(node.message_context))
    # No application is mounted twice, so an address does not depend on where it is asked for.
    return _is_constant(node.view_name) and not node.args and not node.kwargs


def _is_constant(expression: Any) -> bool:
    if not isinstance(expression, FilterExpression) or expression.filters:
        return False
    return not isinstance(expression.var, Variable) or expression.var.lookups is None


class _Remembered(Node):
    """What was worked out before, for each language in which it was."""

    child_nodelists = ()

    def __init__(self, nodes: list[Node]) -> None:
        self._has_addresses = any(isinstance(node, URLNode) for node in nodes)
        self._known: dict[tuple[object, ...], Any] = {}

    def _recall(self, context: Context, work_out: Callable[[], T]) -> T:
        where = (get_script_prefix(), get_urlconf()) if self._has_addresses else ()
        key = (get_language(), context.autoescape, where)
        if key in self._known:
            known: T = self._known[key]
            return known
        found = work_out()
        if len(self._known) < MOST_REMEMBERED:
            self._known[key] = found
        return found


class Folded(_Remembered):
    """A run of nodes that always say the same."""

    def __init__(self, run: list[Node]) -> None:
        super().__init__(run)
        self._run = run

    def render(self, context: Context) -> SafeString:
        return self._recall(context, lambda: SafeString("".join(str(node.render_annotated(context)) for node in self._run)))


class Named(_Remembered):
    """``{% translate … as name %}`` or ``{% url … as name %}``: says nothing, and gives the rest of the template a name for it."""

    def __init__(self, node: TranslateNode | URLNode) -> None:
        super().__init__([node])
        self._node, self._name = node, str(node.asvar)

    def render(self, context: Context) -> SafeString:
        context[self._name] = self._recall(context, lambda: self._work_out(context))
        return SafeString("")

    def _work_out(self, context: Context) -> Any:
        with context.push():
            self._node.render_annotated(context)
            return context[self._name]


class Shown(VariableNode):
    """``{{ value }}``: of plain text it is known what Django makes of it."""

    def render(self, context: Context) -> Any:
        value = self.filter_expression.resolve(context)
        if type(value) is str:
            return html.escape(value) if context.autoescape else value
        return value if type(value) is SafeString else render_value_in_context(value, context)


class Included(Node):
    """``{% include "its/name.html" with … %}``: the template is found once."""

    child_nodelists = ()

    def __init__(self, node: IncludeNode) -> None:
        self._node = node
        self._origin, self._name = node.origin, str(node.template.var)
        self._template: Template | None = None

    def render(self, context: Context) -> SafeString:
        if self._template is None:
            including: Any = context.template
            self._template = including.engine.get_template(construct_relative_path(str(self._origin.template_name), self._name))
        values = {name: value.resolve(context) for name, value in self._node.extra_context.items()}
        if self._node.isolated_context:
            return self._template.render(context.new(values))
        with context.push(**values):
            return self._template.render(context)
