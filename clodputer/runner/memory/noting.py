"""The memory of a task around one of its runs: which text it is given, and what it leaves becomes an effect of its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.model import memory
from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.task import Task, from_json, to_json
from clodputer.model.text.cleaning import clean
from clodputer.runner.memory.remember import with_state
from clodputer.runner.prompt import texts
from clodputer.store.context import Context
from clodputer.store.taskfiles import limited
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.store.taskstate import notes
from clodputer.store.taskstate.notes import Note
from clodputer.store.taskstate.state import Kept


class Given(NamedTuple):
    """The memory that a run starts with. base: its version. withheld: why its text is not given, empty when it is."""

    base: int
    text: str
    rights: Mapping[str, Any]
    max_size: int
    withheld: str = ""

    @property
    def remark(self) -> str:
        """What the record says when it was withheld."""
        return f"Its memory was withheld: {self.withheld}." if self.withheld else ""


def rights_of(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
    """What a run of the task may do, whose templates are filled in."""
    return agents.load(task.agent).rights(task, fed_by)


def given(task: Task, note: Optional[Note], fed_by: tuple[str, ...]) -> Optional[Given]:
    """What a run of the task is given; None when the task has no memory. It is not given what a run with fewer rights wrote."""
    if note is None:
        return None
    rights = rights_of(task, fed_by)
    size = memory.USUAL_SIZE if task.memory.max_size is None else task.memory.max_size
    more = memory.grown(note.rights, rights) if note.text else []
    if not more:
        return Given(note.version, note.text, rights, size)
    why = (
        f"version {note.version} was written with fewer rights than this run has ({'; '.join(more[:5])}); look at it with: "
        f"clodputer state get {task.name} --memory, and allow it for such runs with: clodputer state accept {task.name}"
    )
    return Given(note.version, "", rights, size, why)


def with_memory(
    context: Context, record: Mapping[str, Any], start: Optional[Given], left: tuple[str, str]
) -> dict[str, Any]:
    """The record with what its run has written down as the first effect. left: that text, and what is wrong with it.

    Only what succeeded is remembered, and only what has changed.
    """
    if start is None or record["outcome"] != SUCCEEDED:
        return dict(record)
    text, problem = left
    text = clean(context.masker.text(text))
    if not problem and text == start.text:
        return dict(record)
    effect: dict[str, Any] = {"effect": "memory", "base": start.base}
    outcome: dict[str, Any] = (
        {"problem": problem} if problem else {"text": text, "rights": dict(start.rights)}
    )
    effect.update(outcome)
    return {**record, "effects": [effect, *record["effects"]]}


def remembered(
    context: Context,
    task: Task,
    record: Mapping[str, Any],
    result: Any,
    start: Optional[Given],
    left: tuple[str, str],
    seen: Optional[Kept],
) -> dict[str, Any]:
    """The record with all that its run wants remembered: its memory, and updates of the state that it saw. Raises OSError."""
    return with_state(context, task, with_memory(context, record, start, left), result, seen)


def lay_out(start: Given, temporary: str) -> None:
    """Put the memory into the temporary folder of its run. Raises OSError."""
    notes.lay_out(temporary, start.text)


def take_back(start: Given, temporary: str) -> tuple[str, str]:
    """What the run has left of it there, and why it cannot be kept, empty when it can."""
    return notes.take_back(temporary, start.max_size)


def filled(task: Task, context: Context) -> Task:
    """The task with its templates filled in, as a run would have it. Raises ClodputerError when that cannot be done here."""
    if not texts.may_hold_templates(task):
        return texts.render_task(task, context.environ, context.secrets)
    try:
        fields = limited.call(lambda: to_json(texts.render_task(task, context.environ, context.secrets)))
    except CannotRender as error:
        raise ClodputerError("not_started", f"{task.path}: {error}", f"Fix {task.path}.") from None
    return from_json(fields)


def read(context: Context, task: Task) -> Optional[Note]:
    """The memory that the task has; None when it has none. Raises ClodputerError, OSError."""
    return notes.read(context.home, task.name) if task.memory.kept else None
