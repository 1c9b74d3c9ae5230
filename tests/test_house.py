"""The rules that the house keeps about itself, and proof that their checks have teeth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from tests import house, house_imports
from tests.house_lists import PURE

Check = Callable[[str, str], list[str]]

# What each check looks at.
RULES: dict[Check, tuple[str, ...]] = {
    house.upward_imports: ("clodputer",),
    house.impure_model_imports: ("clodputer",),
    house.impure_halves: ("clodputer",),
    house.misplaced_pydantic: ("clodputer",),
    house.missing_purpose: ("clodputer", "tests", "bin"),
    house.too_long: ("clodputer", "tests", "bin"),
    house.unfinished: ("clodputer", "tests", "bin"),
    house.dangerous_calls: ("clodputer", "tests", "bin"),
}

# None of these may be loaded by an `exec` that finds nothing to do: the operating system starts one every few minutes.
HEAVY = [
    "click",
    "croniter",
    "dataclasses",
    "filelock",
    "jinja2",
    "json",
    "logging",
    "pathlib",
    "psutil",
    "pydantic",
    "re",
    "rich",
    "subprocess",
    "typing",
    "yaml",
]

BAD: list[tuple[Check, str, str]] = [
    (house.upward_imports, "clodputer/store/x.py", "from clodputer.runner import drain"),
    (house.upward_imports, "clodputer/store/x.py", "import clodputer.cli.run"),
    (house.upward_imports, "clodputer/store/x.py", "from clodputer import views"),
    (house.upward_imports, "clodputer/store/x.py", "def f():\n    from clodputer.agents import claude"),
    (house.upward_imports, "clodputer/store/x.py", "from ..runner import drain"),
    (house.upward_imports, "clodputer/store/x.py", "from .. import runner"),
    (
        house.upward_imports,
        "clodputer/store/x.py",
        "import importlib\nimportlib.import_module('clodputer.cli.run')",
    ),
    (house.upward_imports, "clodputer/agents/x.py", "from clodputer.notify import desktop"),
    (house.upward_imports, "clodputer/cli/x.py", "from clodputer.__main__ import main"),
    (house.upward_imports, "clodputer/helpers/x.py", ""),
    (house.upward_imports, "clodputer/helpers.py", ""),
    (house.impure_model_imports, "clodputer/model/x.py", "import os"),
    (house.impure_model_imports, "clodputer/model/x.py", "from time import time"),
    (house.impure_model_imports, "clodputer/model/x.py", "from pathlib import Path"),
    (house.impure_model_imports, "clodputer/model/x.py", "import subprocess"),
    (house.impure_model_imports, "clodputer/model/x.py", "from croniter import croniter"),
    (house.impure_halves, "clodputer/agents/lines.py", "import os"),
    (house.impure_halves, "clodputer/agents/lines.py", "def f():\n    from time import time"),
    (house.impure_halves, "clodputer/agents/lines.py", "from clodputer.store import runs"),
    (house.impure_halves, "clodputer/agents/lines.py", "from clodputer.agents.claude import launch"),
    (house.impure_halves, "clodputer/agents/lines.py", "import subprocess"),
    (house.impure_halves, "clodputer/agents/lines.py", "import socket"),
    (house.misplaced_pydantic, "clodputer/store/spool/layout.py", "from pydantic import BaseModel"),
    (house.misplaced_pydantic, "clodputer/cli/commands/run.py", "def f():\n    import pydantic_core"),
    (house.missing_purpose, "clodputer/x.py", "import os"),
    (house.missing_purpose, "clodputer/x.py", '"""Helpers"""'),
    (house.too_long, "clodputer/x.py", "\n" * 301),
    (house.unfinished, "clodputer/x.py", "# TO" + "DO: later"),
    (house.dangerous_calls, "clodputer/x.py", "subprocess.run(text, shell=True)"),
    (house.dangerous_calls, "clodputer/x.py", "subprocess.run(text, shell=flag)"),
    (house.dangerous_calls, "clodputer/x.py", "os.system('true')"),
    (house.dangerous_calls, "clodputer/x.py", "from os import popen"),
    (house.dangerous_calls, "clodputer/x.py", "yaml.load(text, Loader=X)"),
    (house.dangerous_calls, "clodputer/x.py", "from yaml import unsafe_load"),
    (house.dangerous_calls, "clodputer/x.py", "class L(yaml.FullLoader): ..."),
    (house.dangerous_calls, "tests/x.py", "from unittest import mock"),
    (house.dangerous_calls, "tests/x.py", "from unittest.mock import patch"),
    (house.dangerous_calls, "tests/x.py", "def f(monkeypatch): monkeypatch.setattr('os.name', 'x')"),
]

GOOD: list[tuple[Check, str, str]] = [
    (house.upward_imports, "clodputer/runner/x.py", "from clodputer.store import spool"),
    (
        house.upward_imports,
        "clodputer/runner/x.py",
        "from . import intake\nfrom .intake import f\nfrom ..model import task",
    ),
    (house.upward_imports, "clodputer/agents/x.py", "from clodputer.agents import claude\nimport os"),
    (
        house.upward_imports,
        "clodputer/cli/x.py",
        "from clodputer import __version__\nfrom clodputer.views import status",
    ),
    (house.upward_imports, "clodputer/__main__.py", "def main():\n    from clodputer.cli import run"),
    (
        house.impure_model_imports,
        "clodputer/model/x.py",
        "from clodputer.model import task\nfrom . import request",
    ),
    (
        house.impure_halves,
        "clodputer/agents/lines.py",
        "import re\nfrom clodputer.model import jsontext\nfrom clodputer.agents.claude.reading import stream",
    ),
    (house.impure_halves, "clodputer/agents/claude/launch.py", "import os"),
    (house.misplaced_pydantic, "clodputer/store/taskfiles/models.py", "import pydantic"),
    (house.missing_purpose, "clodputer/x.py", '"""Say one thing."""'),
    (house.unfinished, "bin/x.py", "name = '" + "X" * 6 + "'"),
    (
        house.dangerous_calls,
        "clodputer/x.py",
        "yaml.safe_load(t)\nclass L(yaml.SafeLoader): ...\nrun(a, shell=False)",
    ),
]


def test_the_house_keeps_its_rules() -> None:
    """No file of the tree breaks any of them."""
    findings, seen = [], set()
    for path in house.python_files("clodputer", "tests", "bin"):
        source = house.read(path)
        for check, folders in RULES.items():
            if path.split("/")[0] in folders:
                seen.add(check)
                findings += check(path, source)
    assert findings == []
    assert seen == set(RULES)


def test_no_room_is_crowded() -> None:
    """A folder that has grown beyond a dozen files wants rooms of its own."""
    assert house.crowded(house.python_files("clodputer")) == []
    many = [f"clodputer/store/x{number}.py" for number in range(16)]
    assert len(house.crowded(many)) == 1
    assert house.crowded([path.replace("store", "effects") for path in many]) == []
    assert house.crowded([*many[1:], "clodputer/store/__init__.py"]) == []


def test_what_is_declared_pure_is_there() -> None:
    """A module that was moved or removed leaves no line behind."""
    assert set(house.python_files("clodputer")) >= PURE


def test_imports_make_no_circle() -> None:
    """Every module can be loaded first."""
    assert house_imports.circles(house_imports.graph(sources())) == []


def test_imports_stand_at_the_top() -> None:
    """But for those that keep a heavy library out, and those of the door, which is on the way of an exec that does nothing."""
    assert house_imports.needless_late_imports(sources()) == []


def sources() -> dict[str, str]:
    """The text of each file of the program, by its path."""
    return {path: house.read(path) for path in house.python_files("clodputer")}


def test_circles_and_late_imports_are_reported() -> None:
    """A circle of two by way of a third name, and a late import; a heavy one, one for types and those of the door are fine."""
    texts = {
        "clodputer/store/a.py": "from clodputer.store import b",
        "clodputer/store/b.py": "def f():\n    from clodputer.store.c import g",
        "clodputer/store/c.py": "from clodputer.store.d import x",
        "clodputer/store/d.py": "import clodputer.store.c",
        "clodputer/store/e.py": "import yaml",
        "clodputer/store/f.py": "def f():\n    from clodputer.store import e",
        "clodputer/store/g.py": "if TYPE_CHECKING:\n    from clodputer.store import b",
        "clodputer/store/h.py": "import yaml\ndef f():\n    from clodputer.store import e",
        "clodputer/store/look.py": "def f():\n    from clodputer.store import b",
    }
    assert house_imports.circles(house_imports.graph(texts)) == ["clodputer.store.c", "clodputer.store.d"]
    late = house_imports.needless_late_imports(texts)
    assert [finding.split(":")[0] for finding in late] == ["clodputer/store/b.py", "clodputer/store/h.py"]


def test_the_map_names_every_room() -> None:
    """docs/tour.md and docs/rooms.md are a complete map, and name nothing that is gone."""
    tour = house.read("docs/tour.md")
    assert house.missing_from_map(tour, house.read("docs/rooms.md"), house.python_files("clodputer")) == []
    assert len(tour.splitlines()) <= 130, "it is a map of two pages"


@pytest.mark.parametrize(("check", "path", "source"), BAD)
def test_a_broken_rule_is_reported(check: Check, path: str, source: str) -> None:
    """Each way of breaking a rule is found, exactly once."""
    assert len(check(path, source)) == 1


@pytest.mark.parametrize(("check", "path", "source"), GOOD)
def test_what_is_allowed_is_not_reported(check: Check, path: str, source: str) -> None:
    """The checks leave good code alone."""
    assert check(path, source) == []


def test_a_wrong_map_is_reported() -> None:
    """A room without a line, and a file that is not there."""
    paths = ["clodputer/store/__init__.py", "clodputer/store/home.py", "clodputer/store/log/tail.py"]
    tour, rooms = "`store/home.py` `tests/house.py`", "`clodputer/store/` `clodputer/store/log/`"
    assert house.missing_from_map(tour, rooms, paths) == []
    assert len(house.missing_from_map(tour, "`clodputer/store/`", paths)) == 1
    assert len(house.missing_from_map(f"{tour} `store/gone.py`", rooms, paths)) == 1
    assert len(house.missing_from_map(f"{tour} `clodputer/store/gone.py`", rooms, paths)) == 1


def test_an_idle_exec_loads_nothing_heavy(tmp_path: Path) -> None:
    """`exec` on an empty home works without any installed library, and without the slow ones of Python itself."""
    environment = {**os.environ, "CLODPUTER_HOME": str(tmp_path / "home")}
    init = [sys.executable, "-m", "clodputer", "init", "--yes"]
    subprocess.run(init, cwd=house.CHECKOUT, env=environment, check=True, capture_output=True)
    program = (
        "import sys\n"
        f"sys.path.insert(0, {house.CHECKOUT!r})\n"
        "from clodputer.__main__ import main\n"
        "status = main(['exec'])\n"
        f"print(status, [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    # -I -S: no installed library can be found at all, so needing one is an error and not just slow.
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], env=environment, capture_output=True, text=True
    )
    assert (ended.stdout.strip(), ended.stderr) == ("0 []", "")
