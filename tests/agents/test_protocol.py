"""Every agent's module has the functions of the protocol, with its arguments, and nobody has to register it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from clodputer import agents
from clodputer.model.task import Task

SOURCE = Path(agents.__file__).read_text()


def protocol() -> dict[str, list[str]]:
    """The protocol's functions and their arguments, read from the source: only the type checker sees the class."""
    tree = next(
        node
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.ClassDef) and node.name == "Agent"
    )
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name: [argument.arg for argument in node.args.args[1:]] for node in functions}


@pytest.mark.parametrize("kind", agents.KINDS)
def test_an_agent_has_the_functions_of_the_protocol(kind: str) -> None:
    module = agents.load(kind)
    assert protocol()
    for name, arguments in protocol().items():
        assert list(inspect.signature(getattr(module, name)).parameters) == arguments
    task = Task(name="story", path="story.yaml")
    assert module.begin(task) == module.begin(task)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        agents.load("os")
