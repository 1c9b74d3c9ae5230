"""Who imports whom, from source text alone: circles, and imports inside functions that have no reason to be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

# They start slowly. A warm `exec` of a command task does without them.
HEAVY = frozenset(
    ("click", "croniter", "filelock", "jinja2", "jsonschema", "psutil", "pydantic", "rich", "sqlite3", "yaml")
)

# Our own that bring so much of the house along that a warm `exec` of a command task does without them too, as
# tests/system/test_exec_light.py shows: triggers with their calendars, what templates may name, what is done once a day, or
# when somebody is to be told of something.
LEFT_OUT = frozenset(
    (
        "clodputer.engines",
        "clodputer.model.text.cleaning",
        "clodputer.model.github.ask",
        "clodputer.model.config.settingkeys",
        "clodputer.model.learning.worth",
        "clodputer.store.records.worths",
        "clodputer.store.records.estimates",
        "clodputer.store.outgoing.published",
        "clodputer.model.publish.fate",
        "clodputer.model.publish.marker",
        "clodputer.outbox.post",
        "clodputer.outbox.postman",
        "clodputer.outbox.publish.round",
        "clodputer.runner.intake.due",
        "clodputer.runner.prompt.names",
        "clodputer.runner.upkeep.prune",
        "clodputer.runner.follow.command",
        "clodputer.runner.follow.fill",
        "clodputer.runner.memory.noting",
        "clodputer.runner.place.withsecrets",
        "clodputer.runner.plugins.call",
        "clodputer.runner.proof.protect",
        "clodputer.runner.receive.link",
        "clodputer.runner.recover",
        "clodputer.runner.requests.approve",
        "clodputer.runner.requests.holding",
        "clodputer.runner.tools.carry",
        "clodputer.runner.topics.ask",
        "clodputer.runner.upkeep.daily",
        "clodputer.runner.upkeep.metrics",
        "clodputer.store.outgoing.intents",
        "clodputer.store.upkeep.migrate",
    )
)

# What each alarm runs through, mostly to find nothing to do, and each turn in Claude Code: these import nothing that they may
# not need.
DOOR = frozenset(
    (
        "clodputer.__main__",
        "clodputer.cli.door",
        "clodputer.cli.main",
        "clodputer.cli.receive",
        "clodputer.cli.statusline",
        "clodputer.store.spool.layout",
        "clodputer.store.boot",
        "clodputer.store.home",
        "clodputer.store.spool.idle",
        "clodputer.store.lock",
        "clodputer.store.look",
    )
)

Graph = Mapping[str, frozenset[str]]


def module_of(path: str) -> str:
    """The dotted name of the module in a file of the checkout."""
    return path[: -len(".py")].replace("/", ".").removesuffix(".__init__")


def graph(sources: Mapping[str, str]) -> Graph:
    """What each module imports as it is loaded, by its name: other modules of `sources`, and the first word of all else."""
    modules = {module_of(path) for path in sources}
    return {
        module_of(path): frozenset(
            name
            for statement in _when_loaded(ast.parse(source))
            for name in _names(statement, modules)
            if name != module_of(path)
        )
        for path, source in sources.items()
    }


def circles(found: Graph) -> list[str]:
    """The modules that are loaded by what they load themselves."""
    return sorted(module for module in found if module in _reached(found, found[module]))


def needless_late_imports(sources: Mapping[str, str]) -> list[str]:
    """Imports of our own modules inside functions, unless one more heavy library comes with them or the door stands there.

    The few that `LEFT_OUT` names may be imported so as well.
    """
    found = graph(sources)
    wrong = []
    for path, source in sources.items():
        if module_of(path) in DOOR:
            continue
        tree, already = ast.parse(source), _reached(found, found[module_of(path)])
        loaded = set(_when_loaded(tree))
        for node in ast.walk(tree):
            if not isinstance(node, (ast.Import, ast.ImportFrom)) or node in loaded or _for_types(tree, node):
                continue
            wrong += [
                f"{path}:{node.lineno}: imports {name} late, which brings nothing heavy"
                for name in _names(node, set(found))
                if name in found and not (HEAVY | LEFT_OUT) & (_reached(found, [name]) - already)
            ]
    return wrong


def _reached(found: Graph, start: frozenset[str] | list[str]) -> set[str]:
    """All that is loaded with these modules, they included."""
    reached: set[str] = set()
    left = list(start)
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += found.get(name, ())
    return reached


def _when_loaded(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when a module is loaded: not those in functions, nor those for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _when_loaded(child)


def _for_types(tree: ast.Module, statement: ast.AST) -> bool:
    return any(
        isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and statement in ast.walk(node)
        for node in ast.walk(tree)
    )


def _names(statement: ast.Import | ast.ImportFrom, modules: set[str]) -> Iterator[str]:
    """What a statement loads: names of `modules`, and for anything else the first word."""
    for alias in statement.names:
        name = alias.name
        if isinstance(statement, ast.ImportFrom):
            whole = f"{statement.module}.{alias.name}"
            name = whole if whole in modules else str(statement.module)
        yield name if name in modules else name.split(".")[0]
