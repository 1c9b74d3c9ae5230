"""Which outputs of a template may hold text from outside: each of them is put through the fence. Imports jinja2.

The template is read, not its values: no filter, loop or concatenation makes a text lose where it is from. A name holds what
anything in the template gives it, wherever that stands; where a name could hold both, it counts as from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional, Union

from jinja2 import nodes

from clodputer.store.taskfiles.template_terms import Outside

# The filter of the engine that fences a value; no template can name it.
FENCE = "fence: text from outside"

# Where a value is from: `file.path`, or `file` for the whole of it, of which single fields may be trusted. It ends in `.*` when
# the value was made of several, or when it cannot be said which field it is.
Roots = frozenset[str]
NOWHERE: Roots = frozenset()

# Filters that hand on one of the values they are given, as it is.
_HAND_ON = frozenset(("first", "last", "default", "d"))
# What jinja binds by itself inside a loop, a macro, a block.
_LOOP, _MACRO, _SELF = "loop", ("caller", "varargs", "kwargs"), "self"


def fenced(tree: nodes.Template, outside: Outside) -> nodes.Template:
    """The same template with the fence around every output that may hold text from outside."""
    origins = _Origins(tree, outside)
    tree.body = list(_rewritten(tree.body, origins))
    return tree


def _rewritten(body: Iterable[nodes.Node], origins: _Origins) -> Iterator[nodes.Node]:
    for node in body:
        if isinstance(node, nodes.Output):
            node.nodes = [_around(child, origins.of(child), origins) for child in node.nodes]
        elif isinstance(node, (nodes.FilterBlock, nodes.CallBlock)) or (
            isinstance(node, nodes.For) and node.recursive
        ):
            # What these put out has gone through a filter or a macro, or through themselves: it is fenced as a whole.
            roots = origins.within(node)
            if roots:
                yield from _captured(node, roots, origins)
                continue
        elif not isinstance(node, (nodes.AssignBlock, nodes.Macro)):
            # What these two make is put out elsewhere, by its name.
            for part in ("body", "elif_", "else_"):
                if isinstance(getattr(node, part, None), list):
                    setattr(node, part, list(_rewritten(getattr(node, part), origins)))
        yield node


def _around(expression: nodes.Expr, roots: Roots, origins: _Origins) -> nodes.Expr:
    if not roots:
        return expression
    arguments: list[nodes.Expr] = [nodes.Const(origins.outside.nonce), nodes.Const(origins.label(roots))]
    return nodes.Filter(expression, FENCE, arguments, [], None, None, lineno=expression.lineno)


def _captured(node: nodes.Stmt, roots: Roots, origins: _Origins) -> Iterator[nodes.Node]:
    name = "__put_out__"
    yield nodes.AssignBlock(nodes.Name(name, "store"), None, [node], lineno=node.lineno)
    whole = nodes.Name(name, "load", lineno=node.lineno)
    yield nodes.Output([_around(whole, roots, origins)], lineno=node.lineno)


class _Origins:
    """Where the names and expressions of one template are from."""

    def __init__(self, tree: nodes.Template, outside: Outside) -> None:
        self.outside = outside
        self._names: dict[str, Roots] = {}
        # A name may be made of names that are bound further down, in a loop: until nothing is added.
        while self._bind_all(tree):
            pass

    def label(self, roots: Roots) -> str:
        """The source that a fence names."""
        shown = sorted({root.removesuffix(".*") for root in roots})
        words = dict.fromkeys(self.outside.words.get(one.partition(".")[0], "") for one in shown)
        return ", ".join([*shown, *filter(None, words)])

    def of(self, node: Optional[nodes.Node]) -> Roots:
        """Where the value of an expression may be from; what only decides about it does not count."""
        if node is None or isinstance(
            node, (nodes.Const, nodes.TemplateData, nodes.Compare, nodes.Not, nodes.Test)
        ):
            return NOWHERE
        if isinstance(node, nodes.Name):
            return self._names.get(node.name, NOWHERE) | self._root(node.name)
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            return self._part(node)
        if isinstance(node, nodes.CondExpr):
            return self.of(node.expr1) | self.of(node.expr2)
        if isinstance(node, (nodes.And, nodes.Or)):
            return self.of(node.left) | self.of(node.right)
        if isinstance(node, nodes.Filter) and node.name in _HAND_ON and node.node is not None:
            return self.of(node.node) | _mixed(self._all(node.args))
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            # A method: what it returns may be any part of the value.
            given = [*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs]
            return _mixed(self.of(node.node.node) | self._all(given))
        return _mixed(self._all(node.iter_child_nodes()))

    def within(self, node: nodes.Node) -> Roots:
        """Where all that a statement puts out may be from."""
        roots: Roots = NOWHERE
        for below in (node, *node.find_all((nodes.Output, nodes.CallBlock, nodes.FilterBlock))):
            if isinstance(below, nodes.Output):
                roots |= self._all(below.nodes)
            elif isinstance(below, nodes.CallBlock):
                roots |= self.of(below.call)
            elif isinstance(below, (nodes.FilterBlock, nodes.AssignBlock)):
                roots |= self.of(below.filter)
        return _mixed(roots)

    def _all(self, many: Iterable[Optional[nodes.Node]]) -> Roots:
        return NOWHERE.union(*(self.of(one) for one in many))

    def _root(self, name: str) -> Roots:
        known = name in self.outside.names and name not in self.outside.trusted
        return frozenset((name,)) if known else NOWHERE

    def _part(self, node: Union[nodes.Getattr, nodes.Getitem]) -> Roots:
        roots = self.of(node.node)
        if isinstance(node, nodes.Getattr):
            key: object = node.attr
        elif isinstance(node.arg, nodes.Const):
            key = node.arg.value
        else:
            return _mixed(roots)
        if not isinstance(key, str):
            return roots  # one of a list, of which the same fields are trusted
        found = set()
        for root in roots:
            if "." in root:
                found.add(root)
            # `context.items` may be the method of the mapping, which gives away all of it.
            elif key not in self.outside.fields.get(root, ()) or hasattr(dict, key):
                found.add(f"{root}.{key}")
        return frozenset(found)

    def _bind_all(self, tree: nodes.Template) -> bool:
        before = dict(self._names)
        # Macros can be called by names of their own, so any of them may be given what any call is given.
        calls = _mixed(
            self._all(one for call in tree.find_all(nodes.Call) for one in call.iter_child_nodes())
        )
        for node in tree.find_all(nodes.Node):
            if isinstance(node, nodes.Assign):
                self._bind(node.target, self.of(node.node))
            elif isinstance(node, nodes.AssignBlock):
                self._bind(node.target, self.within(node))
            elif isinstance(node, nodes.For):
                self._bind(node.target, self.of(node.iter))
                self._add(
                    _LOOP, _mixed(self.of(node.iter)) | (self.within(node) if node.recursive else NOWHERE)
                )
            elif isinstance(node, nodes.With):
                for target, value in zip(node.targets, node.values):
                    self._bind(target, self.of(value))
            elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
                inside = self.within(node) | _mixed(self._all(node.defaults))
                if isinstance(node, nodes.Macro):
                    self._add(node.name, inside)
                for argument in (*(one.name for one in node.args), *_MACRO):
                    self._add(argument, calls | inside)
            elif isinstance(node, nodes.Block):
                self._add(_SELF, self.within(node))
        return self._names != before

    def _bind(self, target: nodes.Node, roots: Roots) -> None:
        if isinstance(target, nodes.Name):
            self._add(target.name, roots)
        elif isinstance(target, nodes.NSRef):
            # Several names may stand for one namespace.
            for name in (target.name, *self._names):
                self._add(name, _mixed(roots))
        else:
            for part in target.find_all((nodes.Name, nodes.NSRef)):
                self._bind(part, _mixed(roots))

    def _add(self, name: str, roots: Roots) -> None:
        self._names[name] = self._names.get(name, NOWHERE) | roots


def _mixed(roots: Roots) -> Roots:
    return frozenset(root if "." in root else f"{root}.*" for root in roots)
