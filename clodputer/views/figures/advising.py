"""Advice about all tasks, by their past runs: what would be changed, why, and under which id it is taken or dismissed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.learning.advice import Advice, Subject, advice, identity
from clodputer.model.learning.worth import by_lane
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import Task
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.files import plainfile
from clodputer.store.taskfiles import document
from clodputer.store.taskstate import dismissed
from clodputer.tasks import taskfile
from clodputer.tasks.change import BOM


class Advised(NamedTuple):
    """A piece of advice, its id, and whether a person has dismissed it."""

    advice: Advice
    id: str
    dismissed: bool

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        one = self.advice
        return {
            "id": self.id,
            "task": one.task,
            "kind": one.kind,
            "key": one.key,
            "before": one.before,
            "value": one.value,
            "append": one.append,
            "why": one.why,
            "runs": one.runs,
            "run_ids": list(one.run_ids),
            "dismissed": self.dismissed,
        }


def gather(context: Context, runs: Mapping[str, Sequence[PastRun]], task: str = "") -> tuple[Advised, ...]:
    """All advice that these runs give, or that about one task, also what was dismissed. A task out of order gets none.

    runs: as views/figures/learning.py has them. Raises OSError.
    """
    tasks = list(_loaded(context, sorted(runs)))
    values = by_lane(run for own in runs.values() for run in own)
    hidden = dismissed.read(context.home)
    found = []
    for one in tasks:
        if task and one.name != task:
            continue
        subject = Subject(
            one,
            runs[one.name],
            _timeout(one, context.settings),
            _zone_of(one, context.environ),
            values.get(one.lane, {}).get(one.name),
        )
        given = advice(subject)
        if given:
            text = written(one.path)
            found += [
                Advised(each, identity(each, text.encode()), each.edit in hidden)
                for each in (_as_written(piece, text) for piece in given)
            ]
    return tuple(found)


def written(path: str) -> str:
    """The text of a task file, as a change of it is given it. Raises OSError."""
    return plainfile.read(path, document.LARGEST).content.decode("utf-8", "replace").lstrip(BOM)


def _loaded(context: Context, names: Iterable[str]) -> Iterable[Task]:
    for name in names:
        try:
            yield taskfile.load(context.home, name, context.environ)
        except ClodputerError:
            continue  # removed, or out of order, which `validate` says


def _timeout(task: Task, settings: Settings) -> float:
    return settings.timeout if task.limits.timeout is None else task.limits.timeout


def _zone_of(task: Task, environ: Mapping[str, str]) -> Any:
    triggers = [trigger for trigger in task.triggers if trigger.type == "cron"]
    try:
        return zone.of(triggers[0], environ) if len(triggers) == 1 else None
    except ClodputerError:
        return None


def _as_written(piece: Advice, text: str) -> Advice:
    """With the key as this file has it: a trigger that stands alone has no number."""
    if not piece.key.startswith("trigger."):
        return piece
    value = document.parse(text).value
    alone = isinstance(value, dict) and isinstance(value.get("trigger"), dict)
    return piece._replace(key=f"trigger.{piece.key.split('.', 2)[2]}") if alone else piece
