"""The sandbox in which templates are read and rendered; importing this imports jinja2."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Optional

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from markupsafe import Markup

from clodputer.model.text.fencing import fence
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.taskfiles import template_outside
from clodputer.store.taskfiles.template_terms import IN_PROMPTS, CannotRender, Fault, Outside

AS_IT_IS = "to write {{, {% or {# as it is, put it between {% raw %} and {% endraw %}"

# Powers and repetitions beyond these make numbers and texts that no prompt holds, and take minutes to make.
LARGEST_POWER = 64
LONGEST_REPETITION = 10_000_000

# What a template that runs away, or is nested beyond reason, makes Python say.
_RUNAWAY = (RecursionError, MemoryError, OverflowError)


class _Env:
    """The variables that a text names, one by one: it cannot be listed, and holds no others."""

    __slots__ = ("__values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self.__values = values

    def __getitem__(self, name: str) -> str:
        return self.__values[name]


class _Context(dict[str, Any]):
    """The context, known by its type so that a missing name can be reported as `context.x`."""


class _Missing(StrictUndefined):
    """A name that has no value: using it is an error that says which."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if self._undefined_hint:
            return self._undefined_hint
        if isinstance(self._undefined_obj, _Env):
            return f"env.{name}"
        if isinstance(self._undefined_obj, _Context):
            return f"context.{name}"
        return name


class _Sandbox(ImmutableSandboxedEnvironment):
    """Lists and mappings cannot be changed: what a name holds is what `set`, `for` and `with` give it, as can be read."""

    intercepted_binops = frozenset(("*", "**"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and not (abs(left) < 1_000_000 and abs(right) <= LARGEST_POWER):
            raise SecurityError("the numbers of a power (**) are too large")
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if (
                    hasattr(one, "__len__")
                    and isinstance(other, int)
                    and len(one) * other > LONGEST_REPETITION
                ):
                    raise SecurityError("a text is repeated (*) beyond 10 MB")
        return super().call_binop(context, operator, left, right)


class _Compiler(CodeGenerator):
    """Carries out nothing while it compiles: jinja's own works out what is constant, such as `'x' | center(10**9)`."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class _Names(_Compiler, meta.TrackingCodeGenerator):
    """Collects the names that a template takes from outside; like `meta.find_undeclared_variables`, which works things out."""

    def __init__(self, environment: SandboxedEnvironment) -> None:
        super().__init__(environment)
        self.optimizer = None


@lru_cache(maxsize=1)
def _engine() -> _Sandbox:
    engine = _Sandbox(undefined=_Missing, autoescape=False, keep_trailing_newline=True, optimized=False)
    engine.code_generator_class = _Compiler
    # jinja's own writes <, > and & as escapes, for web pages; a prompt is read as it is.
    engine.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    # It is not escaped, in an autoescape block, say: its marks must stay what they are.
    engine.filters[template_outside.FENCE] = lambda *arguments: Markup(fence(*arguments))  # noqa: S704
    return engine


def faults(text: str, known: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """What is wrong with a template that may name `known`, whose values are the fields that are fixed."""
    try:
        tree = _engine().parse(text)
        names = _Names(_engine())
        names.visit(tree)
        undeclared = names.undeclared_identifiers
        # Compiling finds the rest: unknown filters, and expressions nested too deeply for Python.
        _engine().compile(text)
    except TemplateSyntaxError as error:
        return [Fault(error.lineno, f"the template cannot be read: {_sentence(error)}; {AS_IT_IS}")]
    except (*_RUNAWAY, SyntaxError, ValueError) as error:
        return [Fault(1, f"the template cannot be read: {type(error).__name__}; make it simpler")]
    found = [
        Fault(node.lineno, f"{type(node).__name__.lower()} is not available: a template uses no other files")
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    ]
    # What requests bring along is not reserved: in `{% for file in files %}` the name `file` is the person's own.
    made = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"} - set(IN_PROMPTS)
    known = {name: () if name in made else fields for name, fields in known.items()}
    for root, field, line in _uses(tree):
        if root in known:
            if field is None and root == "env":
                found.append(Fault(line, "env cannot be used as a whole; write env.NAME"))
            elif field is not None and known[root] and field not in known[root]:
                has = f"{root} has {', '.join(known[root])}"
                found.append(
                    Fault(line, f"there is no {root}.{field}{did_you_mean(field, known[root])}; {has}")
                )
        elif root in undeclared:
            near = did_you_mean(root, known)
            found.append(Fault(line, f"unknown name {root!r}{near}; known here: {', '.join(known)}"))
    found += [
        Fault(name.lineno, f"{name.name!r} is reserved by Clodputer; choose another name for the variable")
        for name in tree.find_all(nodes.Name)
        if name.ctx != "load" and name.name in known and name.name in IN_PROMPTS
    ]
    return sorted(set(found))


def names(text: str) -> frozenset[str]:
    """What a sound template names: `body` for a name as a whole, `request.body` for one field of it."""
    return frozenset(
        root if field is None else f"{root}.{field}" for root, field, _ in _uses(_engine().parse(text))
    )


def _uses(tree: nodes.Template) -> Iterator[tuple[str, str | None, int]]:
    """Each use of a name, with the field that is taken from it where that is written out, and the line."""
    taken = set()
    for dot in tree.find_all(nodes.Getattr):
        if isinstance(dot.node, nodes.Name):
            taken.add(id(dot.node))
            yield dot.node.name, dot.attr, dot.lineno
    for bracket in tree.find_all(nodes.Getitem):
        key = bracket.arg
        if (
            isinstance(bracket.node, nodes.Name)
            and isinstance(key, nodes.Const)
            and isinstance(key.value, str)
        ):
            taken.add(id(bracket.node))
            yield bracket.node.name, key.value, bracket.lineno
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and id(name) not in taken:
            yield name.name, None, name.lineno


def render(text: str, values: Mapping[str, Any], limit: int, outside: Optional[Outside] = None) -> str:
    """The text with its templates filled in, and with a fence around what is from outside. Raises CannotRender."""
    found = names(text)
    used = {name[4:] for name in found if name.startswith("env.")}
    absent = {name.partition(".")[0] for name in found} - set(values)
    env = {name: value for name, value in values["env"].items() if name in used}
    scope = {**values, "env": _Env(env), "context": _Context(values.get("context", {}))}
    parts: list[str] = []
    size = 0
    try:
        tree = _engine().parse(text)
        template = _engine().from_string(template_outside.fenced(tree, outside) if outside else tree)
        for part in template.generate(scope):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise CannotRender(f"the result of the template is longer than {limit:,} characters")
    except UndefinedError as error:
        raise _missing(error, _line(error, text), absent) from None
    except CannotRender:
        raise
    # A template is a small program that the person wrote, so it may raise anything.
    except Exception as error:  # noqa: BLE001
        where = _line(error, text)
        kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
        raise CannotRender(f"{where}{kind}{_sentence(error)}") from None
    return "".join(parts)


def _missing(error: UndefinedError, where: str, absent: Collection[str]) -> CannotRender:
    text = str(error)
    if text.startswith(("env.", "context.")) or text in absent:
        return CannotRender(f"{where}{text} is not set", missing=text)
    if " " in text:
        return CannotRender(f"{where}{text}")
    return CannotRender(f"{where}there is no {text!r} in that value", missing=text)


def _line(error: BaseException, text: str) -> str:
    """`line 3: ` of a text of several, from the last step of the traceback, which jinja maps to the template."""
    step, line = error.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return f"line {line}: " if line and "\n" in text.strip() else ""


def _sentence(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n")[0].rstrip(".")
