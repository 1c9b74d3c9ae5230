"""The rules of the house as functions over source text: each returns what it finds wrong, one line per finding."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tests.house_lists import FLOORS, MODEL_EXCEPTIONS, MODEL_MAY_IMPORT, ONE_FILE_FOR_EACH, PURE

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Where a heavy library may be imported; anywhere else it would slow every `exec` sooner or later.
PYDANTIC_HOMES = re.compile(r"clodputer/store/taskfiles/models\.py")

UNSAFE_YAML = {
    "load",
    "load_all",
    "full_load",
    "full_load_all",
    "unsafe_load",
    "unsafe_load_all",
    "Loader",
    "FullLoader",
    "UnsafeLoader",
    "CLoader",
    "CFullLoader",
    "CUnsafeLoader",
}
# Last words of the names that `dangerous_calls` looks at.
DANGEROUS = UNSAFE_YAML | {"system", "popen", "getoutput", "getstatusoutput", "setattr"}
# Written apart, so that this file does not report itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
MOST_LINES = 300
# Tables of cases take the room that the formatter gives them.
MOST_LINES_OF_TESTS = 400
MOST_MODULES = 15


def python_files(*folders: str) -> list[str]:
    """Return the Python files under `folders`, as paths from the checkout with forward slashes."""
    found = []
    for folder in folders:
        for place, inner, names in os.walk(os.path.join(CHECKOUT, folder)):
            inner[:] = [name for name in inner if name != "__pycache__"]
            paths = (os.path.join(place, name) for name in names if name.endswith(".py"))
            found += [os.path.relpath(path, CHECKOUT) for path in paths]
    return sorted(found)


def read(path: str) -> str:
    """Return the text of a file of the checkout."""
    with open(os.path.join(CHECKOUT, path), encoding="utf-8") as file:
        return file.read()


@lru_cache(maxsize=1)
def nodes(source: str) -> list[ast.AST]:
    """Return all of a file's syntax, parsed once for all checks of the file."""
    return list(ast.walk(ast.parse(source)))


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for every import, wherever it stands; `from a import b` yields a.b."""
    package = path[: -len(".py")].split("/")[:-1]
    for node in nodes(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            for alias in node.names:
                yield (
                    node.lineno,
                    ".".join([*above, *(node.module or "").split("."), alias.name]).replace("..", "."),
                )
        elif isinstance(node, ast.Call) and called_name(node).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def called_name(node: ast.Call) -> str:
    """Return the dotted name that a call names, such as `os.system`, or an empty string."""
    return ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""


def upward_imports(path: str, source: str) -> list[str]:
    """Report imports that go up, or across to another folder of the same floor."""
    parts = path.split("/")
    if path in ("clodputer/__init__.py", "clodputer/__main__.py"):
        return []
    folder = parts[1]
    if folder not in FLOORS:
        return [f"{path}: {folder} is not a floor of the house"]
    wrong = []
    for line, name in imports(path, source):
        target = name.split(".")
        if target[0] != "clodputer" or target[1:] in ([], ["__version__"]):
            continue
        if target[1] not in FLOORS:
            wrong.append(f"{path}:{line}: imports {name}, which is on no floor")
        elif FLOORS[target[1]] > FLOORS[folder]:
            wrong.append(f"{path}:{line}: imports {name}, which is above it")
        elif FLOORS[target[1]] == FLOORS[folder] and target[1] != folder:
            wrong.append(f"{path}:{line}: imports {name}, a neighbour on its own floor")
    return wrong


def impure_model_imports(path: str, source: str) -> list[str]:
    """Report what a file in model/ imports beyond the allow-list."""
    if not path.startswith("clodputer/model/"):
        return []
    allowed = MODEL_MAY_IMPORT | MODEL_EXCEPTIONS.get(path, set())
    return [
        f"{path}:{line}: model/ may not import {name}"
        for line, name in imports(path, source)
        if name.split(".")[0] not in allowed and not name.startswith("clodputer.model")
    ]


def impure_halves(path: str, source: str) -> list[str]:
    """Report what a module that is declared pure imports beyond what decides as well."""
    if path not in PURE:
        return []
    return [
        f"{path}:{line}: it is declared pure, and may not import {name}"
        for line, name in imports(path, source)
        if name.split(".")[0] not in MODEL_MAY_IMPORT and not _decides(name)
    ]


def _decides(name: str) -> bool:
    """Whether a dotted name is one of model/, of a pure module, or of something in one."""
    if name == "clodputer.model" or name.startswith("clodputer.model."):
        return True
    module = name.replace(".", "/")
    return f"{module}.py" in PURE or f"{os.path.dirname(module)}.py" in PURE


def misplaced_pydantic(path: str, source: str) -> list[str]:
    """Report pydantic outside the module that makes models from key tables."""
    if not path.startswith("clodputer/") or PYDANTIC_HOMES.fullmatch(path):
        return []
    return [
        f"{path}:{line}: pydantic belongs in store/taskfiles/models.py"
        for line, name in imports(path, source)
        if name.split(".")[0].startswith("pydantic")
    ]


def missing_purpose(path: str, source: str) -> list[str]:
    """Report a file that does not open with one sentence saying what it is for."""
    module = nodes(source)[0]
    first = (ast.get_docstring(module) or "").split("\n")[0] if isinstance(module, ast.Module) else ""
    return [] if first.endswith(".") else [f"{path}: opens with no sentence of purpose"]


def too_long(path: str, source: str) -> list[str]:
    """Report a file that nobody reads in one go."""
    lines, most = source.count("\n"), MOST_LINES if path.startswith("clodputer/") else MOST_LINES_OF_TESTS
    return [f"{path}: {lines} lines, and {most} are the most"] if lines > most else []


def crowded(paths: Iterable[str]) -> list[str]:
    """Report folders with more modules than a person overlooks; those that hold one file for each kind may grow."""
    modules = Counter(path.rpartition("/")[0] for path in paths if not path.endswith("/__init__.py"))
    return [
        f"{folder}: {number} modules, and {MOST_MODULES} are the most; make rooms"
        for folder, number in sorted(modules.items())
        if number > MOST_MODULES and folder not in ONE_FILE_FOR_EACH
    ]


def unfinished(path: str, source: str) -> list[str]:
    """Report notes to oneself."""
    lines = enumerate(source.splitlines(), start=1)
    return [f"{path}:{number}: unfinished" for number, line in lines if UNFINISHED.search(line)]


def dangerous_calls(path: str, source: str) -> list[str]:
    """Report shells, unsafe YAML loaders and patching."""
    wrong = []
    for line, name in imports(path, source):
        parts = name.split(".")
        if parts[0] == "mock" or parts[:2] == ["unittest", "mock"]:
            wrong.append(f"{path}:{line}: nothing is mocked; write a fake executable")
        if parts[0] == "yaml" and parts[-1] in UNSAFE_YAML:
            wrong.append(f"{path}:{line}: {name} runs what a file tells it to")
        if name in ("os.system", "os.popen"):
            wrong.append(f"{path}:{line}: {name} starts a shell")
    for node in nodes(source):
        if isinstance(node, ast.Attribute) and node.attr in DANGEROUS:
            name = ast.unparse(node)
            if name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"):
                wrong.append(f"{path}:{node.lineno}: {name} starts a shell")
            if name.split(".")[0] == "yaml" and node.attr in UNSAFE_YAML:
                wrong.append(f"{path}:{node.lineno}: {name} runs what a file tells it to")
            if name == "monkeypatch.setattr":
                wrong.append(
                    f"{path}:{node.lineno}: nothing is patched; set the environment or pass an argument"
                )
        if isinstance(node, ast.keyword) and node.arg == "shell":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                wrong.append(f"{path}:{node.value.lineno}: shell= lets text become a program")
    return wrong


def missing_from_map(tour: str, rooms: str, paths: list[str]) -> list[str]:
    """Report folders that the list of rooms does not name, and files in the tour that are not there."""
    folders = sorted({os.path.dirname(path) for path in paths})
    wrong = [f"docs/rooms.md does not name {folder}/" for folder in folders if f"`{folder}/`" not in rooms]
    named = set(re.findall(r"`((?:clodputer/)?[a-z_]+/[a-z_/]+\.py)`", tour))
    gone = sorted(
        name for name in named if not {name, f"clodputer/{name}"} & {*paths, *python_files("tests", "bin")}
    )
    return wrong + [f"docs/tour.md names {name}, which does not exist" for name in gone]
