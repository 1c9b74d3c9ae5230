"""Every event that the program writes is one that `logs` and the spool page know, and the other way round."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from clodputer.cli.commands.logs import EVENTS
from clodputer.cli.text.runs.log_event import KIND
from tests import house

Function = ast.FunctionDef


def written(text: str) -> set[str]:
    """The events that a source text logs: the second argument of each `....log(now, event, ...)`, the first of `Event(name)`.

    Raises LookupError for one that cannot be told from the text.
    """
    module = ast.parse(text)
    functions = [node for node in ast.walk(module) if isinstance(node, Function)]
    found: set[str] = set()
    for function in functions:
        for call in calls(function, "log"):
            if isinstance(call.func, ast.Attribute) and len(call.args) > 1:
                found |= told(call.args[1], function, module)
        for call in calls(function, "Event"):
            found |= told(call.args[0], function, module) if call.args else set()
    return found


def calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    """The calls of a function or method of that name below a node."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and getattr(one.func, "attr", getattr(one.func, "id", "")) == name:
            yield one


def told(value: ast.expr, function: Function, module: ast.Module) -> set[str]:
    """The texts that an expression in a function may be; of a parameter, what the function is called with."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if ast.unparse(value) == "event.name":
        return set()  # of an Event, which was found where it was made
    if isinstance(value, ast.IfExp):
        return told(value.body, function, module) | told(value.orelse, function, module)
    if isinstance(value, ast.Name):
        parameters = [one.arg for one in function.args.args]
        if value.id in parameters:
            place = parameters.index(value.id)
            given = [call.args[place] for call in calls(module, function.name) if len(call.args) > place]
        else:
            given = list(assigned(function, value.id))
        if given:
            return set().union(*(told(one, function, module) for one in given))
    raise LookupError(f"line {value.lineno}: which events does {ast.unparse(value)} stand for?")


def assigned(function: Function, name: str) -> Iterator[ast.expr]:
    """What is assigned to a variable of a function, alone or among several."""
    for one in ast.walk(function):
        for target in one.targets if isinstance(one, ast.Assign) else ():
            assert isinstance(one, ast.Assign)
            pairs = [(target, one.value)]
            if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                pairs = list(zip(target.elts, one.value.elts))
            yield from (value for left, value in pairs if isinstance(left, ast.Name) and left.id == name)


def test_logs_knows_what_is_written() -> None:
    """No more and no less: of any other event `logs --event` says that there is none such."""
    found: set[str] = set()
    for path in house.python_files("clodputer"):
        try:
            found |= written(house.read(path))
        except LookupError as error:
            pytest.fail(f"{path}: {error}")
    assert sorted(found) == list(EVENTS)
    assert max(map(len, found)) <= KIND, "the column of logs is too narrow"
    others = [
        path for path in house.python_files("clodputer") if "store.log import events" in house.read(path)
    ]
    assert others == ["clodputer/store/context.py"], "log by way of Context.log, or teach this test"


def test_the_spool_page_tells_of_what_is_written() -> None:
    table = house.read("docs/spool.md").partition("\n## Events\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", table, re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"[a-z_]+", row)) == list(EVENTS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("context.log(now, 'made')", {"made"}),
        ("context.log(\n    now,\n    'made' if fine else 'unmade', task='x')", {"made", "unmade"}),
        ("x, kind = path, 'made'\n  if late: kind = 'unmade'\n  context.log(now, kind)", {"made", "unmade"}),
        ("math.log(2), log(environ, wanted)", set()),
    ],
)
def test_the_search_sees_each_way_of_writing(text: str, found: set[str]) -> None:
    indented = text.replace("\n", "\n  ") if "\n    " in text else text
    assert written(f"def f(context):\n  {indented}") == found


def test_the_search_sees_what_is_handed_on() -> None:
    """And says so where it cannot."""
    tell = "def tell(context, event):\n  context.log(now, event)\n"
    assert written(f"{tell}def f(context):\n  tell(context, 'made')\n  tell(context, 'unmade')") == {
        "made",
        "unmade",
    }
    for text in (tell, "def f(context):\n  context.log(now, make())"):
        with pytest.raises(LookupError):
            written(text)
