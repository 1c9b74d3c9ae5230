"""The task files of a home: one task by its name, or all of them checked; what is unchanged comes from the cache."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.follow.keys import NOTHING
from clodputer.model.task import ASK, Task, from_json, is_name, to_json
from clodputer.model.text.suggest import did_you_mean
from clodputer.store import secrets
from clodputer.store.files import plainfile
from clodputer.store.home import Home
from clodputer.store.taskfiles import cache
from clodputer.store.taskfiles.problems import Problem, dotted
from clodputer.store.taskfiles.yamlfile import document
from clodputer.store.taskstate import disabled
from clodputer.tasks import among, ask
from clodputer.tasks.among import Fault

ENDINGS = (".yaml", ".yml")
# A larger file is no task file (store/taskfiles/document.py).
LARGEST = 1 << 20

# What decides what a file means: when one of these changes, cached tasks are read again. A folder stands for its files.
RULES = (
    "agents/claude/keys.py",
    "agents/codex/__init__.py",
    "agents/command.py",
    "agents/gemini/__init__.py",
    "agents/keys.py",
    "agents/opencode/__init__.py",
    "gates/",
    "isolate/",
    "model/",
    "store/taskfiles/",
    "tasks/",
    "triggers/",
)
# Whatever is not what today's Task is made of.
_FOREIGN = (TypeError, KeyError, ValueError, AttributeError)


class Report(NamedTuple):
    """What `validate` says about one file: its task, or its problems (then `task` is None)."""

    name: str
    path: str
    task: Optional[Task]
    problems: tuple[Problem, ...]


class _Invalid(Exception):
    """Problems on their way past the cache."""


def load(home: Home, name: str, environ: Mapping[str, str]) -> Task:
    """The task of that name; `ask` is built in and has no file.

    Raises ClodputerError: "task_unknown", or "task_invalid" with every problem of its file, one on each line.
    """
    if name == ASK:
        return ask.task()
    task_path = find(home, name)
    task, problems = check_file(home, task_path, environ)
    if task is None:
        raise _invalid(home, name, task_path, problems)
    return task


def find(home: Home, name: str) -> str:
    """The file of the task of that name, in order or not.

    Raises ClodputerError: "task_unknown", or "task_invalid" when two files claim the name, or no task can have it.
    """
    path = _find(home, name)
    if not path:
        known = names(home)
        if name in known:
            file = claimant(home, name)
            problem = Problem(shown(home, file), 1, "name", "no task can have the name of this file")
            raise _invalid(home, name, file, [problem])
        where = f"; {home.tasks} has {', '.join(known[:10])}{', ...' if known[10:] else ''}" if known else ""
        raise ClodputerError(
            "task_unknown",
            f"there is no task {name[:80]!r}{did_you_mean(name, known)}{where}",
            f"A task is a file such as {home.tasks}/NAME.yaml; to make one: clodputer new NAME",
        )
    return path


def check_file(
    home: Home, path: str, environ: Mapping[str, str]
) -> tuple[Optional[Task], tuple[Problem, ...]]:
    """The task in a file, from the cache when the file is unchanged; or None and all its problems.

    One that was disabled automatically is not enabled, whatever its file says, as long as that has `auto_disable_after`.
    """

    def fresh() -> tuple[object, bool]:
        from clodputer.tasks.check import check

        checked = check(document(path), path, shown(home, path), environ, lambda: secrets.load(home))
        if checked.task is None:
            raise _Invalid(checked.problems)
        return to_json(checked.task), checked.keep

    try:
        try:
            task = from_json(cache.get(home, path, _version(), fresh))
        except _FOREIGN:
            task = from_json(fresh()[0])  # type: ignore[arg-type]
    except _Invalid as invalid:
        return None, invalid.args[0]
    if task.auto_disable_after and disabled.is_disabled(home, task.name):
        task = task._replace(enabled=False)
    return task, ()


def check_content(
    home: Home, path: str, content: bytes, environ: Mapping[str, str]
) -> tuple[Optional[Task], tuple[Problem, ...]]:
    """The task that `path` would hold with this content, or None and all its problems. Nothing is read from it or written."""
    from clodputer.store.taskfiles import document as taskfile_yaml
    from clodputer.tasks.check import check

    checked = check(taskfile_yaml.read(content), path, shown(home, path), environ, lambda: secrets.load(home))
    problems = checked.problems
    if checked.task is not None:
        twin = claimant(home, checked.task.name, path)
        if twin:
            problems = (_twice(home, path, checked.task.name, twin),)
    return (None, problems) if problems else (checked.task, ())


def claimant(home: Home, name: str, but: str = "") -> str:
    """The first file, other than `but`, that claims a task name, in whatever case; empty when there is none."""
    return next(
        (path for path in _files(home) if path != but and claimed_name(home, path).lower() == name.lower()),
        "",
    )


def check_all(home: Home, environ: Mapping[str, str], only: Iterable[str] = ()) -> list[Report]:
    """A report on every task file, or on those of the tasks named; a broken file never hides another one.

    Raises ClodputerError ("task_unknown") for a wrong name.
    """
    claims = [(claimed_name(home, path), path) for path in _files(home)]
    wanted = set(only)
    for name in wanted - {claim for claim, _ in claims}:
        load(home, name, environ)
    reports = []
    for name, path in claims:
        if wanted and name not in wanted:
            continue
        task, problems = check_file(home, path, environ)
        # Case counts for nothing here: some file systems of macOS would keep both tasks' runs in one folder.
        twins = [other for claim, other in claims if claim.lower() == name.lower() and other != path]
        problems += tuple(_twice(home, path, name, other) for other in twins)
        reports.append(Report(name, path, None if problems else task, problems))
    return _with_following(home, environ, reports)


def mentioning(home: Home, environ: Mapping[str, str], key: str) -> Iterator[Task]:
    """The tasks in order whose files hold a word, such as a key that few of them have. Other files are not checked."""
    for path in _files(home):
        try:
            found = key.encode() in plainfile.read(path, LARGEST).content
        except (OSError, ValueError):
            continue
        task = check_file(home, path, environ)[0] if found else None
        if task is not None:
            yield task


def following_problems(home: Home, environ: Mapping[str, str], task: Task) -> tuple[Problem, ...]:
    """What is wrong with the follow-ups of a task among all others, as its file is about to be."""
    if task.follow == NOTHING:
        return ()
    others = [
        other
        for path in _files(home)
        if path != task.path
        for other in (check_file(home, path, environ)[0],)
        if other is not None
    ]
    found = among.faults([*others, task], [*names(home), task.name])
    return tuple(
        Problem(shown(home, task.path), 1, dotted(fault.path), fault.message)
        for name, fault in found
        if name == task.name
    )


def _with_following(home: Home, environ: Mapping[str, str], reports: list[Report]) -> list[Report]:
    """The reports, with what is wrong among the tasks: names that are none, and circles."""
    if all(report.task is None or report.task.follow == NOTHING for report in reports):
        return reports
    tasks = {report.path: report.task for report in reports}
    for path in _files(home):
        if path not in tasks:
            tasks[path] = check_file(home, path, environ)[0]
    wrong: dict[str, list[Fault]] = {}
    for name, fault in among.faults(filter(None, tasks.values()), names(home)):
        wrong.setdefault(name, []).append(fault)
    return [
        report._replace(task=None, problems=_placed(home, report.path, wrong[report.name]))
        if report.task is not None and report.name in wrong
        else report
        for report in reports
    ]


def _placed(home: Home, path: str, faults: Iterable[Fault]) -> tuple[Problem, ...]:
    """These faults as problems of a file, each with its line."""
    written = document(path)
    return tuple(
        Problem(shown(home, path), written.line(fault.path), dotted(fault.path), fault.message)
        for fault in faults
    )


def names(home: Home) -> list[str]:
    """The names of all tasks, of the broken ones too."""
    return sorted({claimed_name(home, path) for path in _files(home)})


def claimed_name(home: Home, path: str) -> str:
    """The name that a file gives its task, whether or not the rest of it is in order."""
    try:
        return from_json(cache.find(home, path, _version()) or {}).name
    except _FOREIGN:
        value = document(path).value
    named = value.get("name") if isinstance(value, dict) else None
    return named if isinstance(named, str) and is_name(named) else _stem(path)


def shown(home: Home, path: str) -> str:
    """A path as messages show it: from the home on."""
    return os.fsencode(os.path.relpath(path, home.root)).decode("utf-8", "replace")


def _find(home: Home, name: str) -> str:
    """The file of the task of that name, or nothing. Raises ClodputerError when two claim it."""
    if not is_name(name):
        return ""
    here = [path for path in (f"{home.tasks}/{name}{ending}" for ending in ENDINGS) if os.path.exists(path)]
    # The usual case, and the quick one: no other file is looked at. `check_all` finds a second claim to the name.
    if len(here) == 1 and claimed_name(home, here[0]) == name:
        return here[0]
    claims = [path for path in _files(home) if claimed_name(home, path) == name]
    if len(claims) > 1:
        twice = _twice(home, claims[0], name, claims[1])
        raise ClodputerError("task_invalid", str(twice), f"Fix by hand: {claims[0]}")
    return claims[0] if claims else ""


def _files(home: Home) -> Iterator[str]:
    try:
        found = sorted(os.listdir(home.tasks))
    except FileNotFoundError:
        return
    for name in found:
        if name.endswith(ENDINGS) and not name.startswith("."):
            yield f"{home.tasks}/{name}"


def _version() -> str:
    return cache.program(*RULES)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _twice(home: Home, path: str, name: str, other: str) -> Problem:
    message = f"the task name {name!r} is also claimed by {shown(home, other)}; give one of them another name"
    return Problem(shown(home, path), 1, "name", message)


def fix(home: Home, name: str, path: str) -> str:
    """What fixes the broken file of a task: `edit`, where that finds the file by the name and can open it."""
    try:
        found = _find(home, name)
    except ClodputerError:
        found = ""
    if found == path and os.path.isfile(path):
        return f"Fix: clodputer edit {name}"
    return f"Fix by hand: {path}"


def _invalid(home: Home, name: str, path: str, problems: Iterable[Problem]) -> ClodputerError:
    return ClodputerError("task_invalid", "\n".join(map(str, problems)), fix(home, name, path))
