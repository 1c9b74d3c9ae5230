"""Task files changed by a program: the new text is checked as a whole before anything is written, and put in place at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.config.keys import LINE, NAME, PATH, PATTERN, TEMPLATE, TEXT
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.store.files import atomic, plainfile
from clodputer.store.files.plainfile import Plain
from clodputer.store.home import Home
from clodputer.store.taskfiles import document
from clodputer.tasks import rewrite, tables, taskfile
from clodputer.tasks.rewrite import Step

# Two programs that change tasks at the same time wait for each other, in seconds.
PATIENCE = 30.0
# Kinds of keys that hold a text: what is no text in YAML, such as `Fix: this`, is taken as it is written.
_TEXTS = frozenset((TEXT, LINE, TEMPLATE, NAME, PATH, PATTERN))
# The line that `disable --reason` writes above the key.
_REASON = re.compile(r"^# disabled [0-9]{4}-[0-9]{2}-[0-9]{2}: [^\n]*\n(?=enabled[ \t]*:)", re.MULTILINE)
_ENABLED = re.compile(r"^enabled[ \t]*:", re.MULTILINE)
BOM = "\ufeff"


class Edit(NamedTuple):
    """One change: the key as it is written, `limits` or `expect.file_exists`, and its new value; or that it is taken out.

    append: the value is a list, whose items come to those that the key has already.
    """

    key: str
    value: Any = None
    remove: bool = False
    append: bool = False


class Draft(NamedTuple):
    """A task file as it is to be, checked and not yet written. was: the task before, None when that file was not in order."""

    path: str
    before: Plain
    content: bytes
    task: Task
    was: Optional[Task]

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.content != self.before.content


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """While it lasts no other program of ours changes a task. Raises ClodputerError when one takes too long."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(f"{home.ledger}/tasks.lock", timeout=PATIENCE):
            yield
    except Timeout:
        raise ClodputerError("busy", "another program is changing tasks", "Try again.") from None


def draft(home: Home, environ: Mapping[str, str], name: str, rewritten: Callable[[str], str]) -> Draft:
    """The task's file with its text rewritten. Writes nothing.

    Raises ClodputerError: there is no such task, `rewritten` raises it, or the new file would not be in order; OSError.
    """
    path = taskfile.find(home, name)
    try:
        before = plainfile.read(path, document.LARGEST)
        text = before.content.decode()
    except ValueError as error:
        raise ClodputerError("task_invalid", f"{path}: {error}", taskfile.fix(home, name, path)) from None
    was, problems = taskfile.check_file(home, path, environ)
    if document.parse(text.lstrip(BOM)).wrong:
        raise ClodputerError("task_invalid", "\n".join(map(str, problems)), taskfile.fix(home, name, path))
    mark = BOM if text.startswith(BOM) else ""
    content = (mark + rewritten(text[len(mark) :])).encode()
    task, problems = taskfile.check_content(home, path, content, environ)
    problems = problems or (taskfile.following_problems(home, environ, task) if task else ())
    if task is None or problems:
        listed = "\n".join(
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in problems
        )
        raise ClodputerError(
            "task_invalid", f"{name} would not be in order:\n{listed}", "Nothing was changed."
        )
    return Draft(path, before, content, task, was)


def put(one: Draft) -> None:
    """Replace the file, if it is still what was read; one that a link names stays behind that link.

    Raises ClodputerError ("task_changed"), OSError.
    """
    now = plainfile.read(one.path, document.LARGEST)
    if now.content != one.before.content:
        raise ClodputerError(
            "task_changed",
            f"{one.path} was changed by somebody else meanwhile",
            "Nothing was changed. Try again.",
        )
    real = os.path.realpath(one.path)
    atomic.write(real, one.content, mode=one.before.mode)
    os.chmod(real, one.before.mode)  # the umask may have taken from it


def edited(text: str, edit: Edit, file: str) -> str:
    """The text with one key changed. Raises ClodputerError ("task_not_editable") where that cannot be done without harm."""
    path = steps(edit.key, document.parse(text).value)
    if edit.remove:
        after = rewrite.without(text, path)
        wanted = f"take {edit.key} out"
    elif edit.append:
        after = rewrite.appended(text, path, edit.value, tuple(tables.top()))
        wanted = f"add to {edit.key}: {', '.join(map(str, edit.value))}"
    else:
        after = rewrite.changed(text, path, edit.value, tuple(tables.top()))
        wanted = f"write {edit.key}"
    if after is None:
        raise ClodputerError(
            "task_not_editable",
            f"{file} is written in a way in which {edit.key} cannot be changed without changing something else",
            f"Nothing was changed. By hand, {wanted}: clodputer edit",
        )
    return after


def steps(key: str, value: Any) -> tuple[Step, ...]:
    """The way to a key such as `trigger.0.every` in the value of a file. Raises ClodputerError when there is none."""
    path: list[Step] = []
    here = value
    for part in key.split("."):
        if isinstance(here, list):
            if not part.isdecimal() or int(part) >= len(here):
                before = ".".join(map(str, path))
                known = f"{before}.0" + (f" to {before}.{len(here) - 1}" if len(here) > 1 else "")
                raise ClodputerError(
                    "key_unknown", f"{before} is a list of {len(here)}: {key} is none of {known}", _HINT
                )
            path.append(int(part))
            here = here[int(part)]
        else:
            path.append(part)
            here = here.get(part) if isinstance(here, dict) else None
    return tuple(path)


_HINT = "The items of a list are counted from 0. All keys are in docs/tasks.md."


def value_of(key: str, written: str) -> Any:
    """The value that a person has written for a key: as YAML reads it; for a key that holds text, else as it is there.

    Raises ClodputerError when it is not YAML.
    """
    found = document.parse(written)
    if key_holds_text(key) and (found.wrong or not isinstance(found.value, str)):
        return written
    if found.wrong:
        message = f"{key}: {written[:80]!r} is not YAML: {found.wrong[0].message}"
        raise ClodputerError("value_unfit", message, f"Put a text in quotes: {key}='\"...\"'")
    return found.value


def key_holds_text(key: str) -> bool:
    """Whether a key, also one such as `trigger.0.schedule`, holds a text."""
    name = ".".join(part for part in key.split(".") if not part.isdecimal())
    return any(place.name == name and place.key.kind in _TEXTS for place in tables.walk())


def switched(text: str, enabled: bool, file: str, reason: str = "", today: str = "") -> str:
    """The text with the task enabled or disabled; why, is in a comment above the key as long as it is disabled.

    Raises ClodputerError ("task_not_editable").
    """
    after = edited(_REASON.sub("", text), Edit("enabled", enabled), file)
    if not reason or enabled:
        return after
    commented = _ENABLED.sub(lambda found: f"# disabled {today}: {reason}\n{found[0]}", after, count=1)
    return commented if document.parse(commented).value == document.parse(after).value else after
