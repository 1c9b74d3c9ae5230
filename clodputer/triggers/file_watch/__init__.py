"""The trigger `file_watch`: when files come or change in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.config.keys import CHOICE, CHOICES, DURATION, PATH, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.ring import Ring, Watch
from clodputer.model.task import Task, Trigger
from clodputer.model.text import filename
from clodputer.model.triggers import pattern as patterns
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.triggers.file_watch import seen, snapshot
from clodputer.triggers.file_watch.judge import judge
from clodputer.triggers.file_watch.path import filled_in

_HAPPENS = {"created": "are created", "modified": "are modified", "deleted": "are deleted"}
# Of the files that were there at the first look so many are shown.
MOST_NAMES = 10


def _pattern(text: str) -> str:
    fault = patterns.fault(text)
    if fault:
        raise Expected(f"a pattern such as **/*.md ({fault})")
    return text


def _path_key(text: str) -> str:
    folder, _, name = text.rpartition("/")
    if any(sign in text for sign in "*?"):
        while any(sign in folder for sign in "*?"):
            folder, _, more = folder.rpartition("/")
            name = f"{more}/{name}"
        raise Expected(
            "a folder or a file",
            f"; pattern says which files count: write path: {folder or '/'} and pattern: {name!r}",
        )
    return text


KEYS = (
    Key(
        "path",
        PATH,
        None,
        "The folder that is watched, or the one file.",
        check=_path_key,
        required=True,
        example="~/inbox",
    ),
    Key(
        "pattern",
        TEXTS,
        ["*"],
        "Which files in the folder count: `*.{md,txt}`, or a list of patterns. `**` stands for any number of folders.",
        smallest=1,
        check=_pattern,
        absent="`*`",
        takes="file name pattern, or a list of them",
        example=["**/*.md", "*.txt"],
    ),
    Key(
        "event",
        CHOICES,
        ["any"],
        "What must have happened to a file, or a list of such events; `any` is created or modified.",
        choices=("created", "modified", "deleted", "any"),
        smallest=1,
        absent="`any`",
        example=["created", "deleted"],
    ),
    Key(
        "debounce",
        DURATION,
        2.0,
        "How long a file must have been unchanged.",
        smallest=0.0,
        largest=366 * 86400.0,
        takes="duration, `0s` too",
        example="10s",
    ),
    Key(
        "initial",
        CHOICE,
        "ignore",
        "What happens to files that are there when the trigger is first seen.",
        choices=("ignore", "process"),
        example="process",
    ),
    Key(
        "batch",
        CHOICE,
        "each",
        "One request for each file, or one for all that are new.",
        choices=("each", "all"),
        example="all",
    ),
)
BRINGS: Mapping[str, tuple[str, ...]] = {
    "file": ("path", "name", "relative", "event", "size", "shell"),
    "files": (),
}


def mark(context: Context, task: Task, trigger: Trigger) -> str:
    """A name for the folder and the pattern: with others, a trigger starts again. Raises ClodputerError."""
    return snapshot.mark(_path(context, task, trigger), _patterns(task, trigger))


def look(
    context: Context, task: Task, trigger: Trigger, entry: Optional[Mapping[str, Any]], now: float
) -> dict[str, Any]:
    """What is in the folder now. Raises ClodputerError when path or pattern are none."""
    path, pattern = _path(context, task, trigger), patterns.read(_patterns(task, trigger))
    before = snapshot.from_json(entry)
    return seen.to_json(seen.look(context.home, task.name, path, pattern, before, now))


def decide(trigger: Trigger, entry: Optional[Mapping[str, Any]], facts: Facts, now: float) -> Decision:
    """Which files have changed since the last look and are quiet."""
    path = str(trigger.options["path"])
    found = (
        seen.Seen(path, trouble=f"{path}: {facts.trouble}") if facts.trouble else seen.from_json(facts.seen)
    )
    return judge(trigger, snapshot.from_json(entry), found, facts, now)


def remembers(trigger: Trigger, entry: Optional[Mapping[str, Any]]) -> str:
    """When the first look was, which files were there and were left alone, and what went wrong at the last look."""
    known = snapshot.from_json(entry)
    if known is None or known.entries is None:
        past = "nobody has looked yet; files that are there at the first look are ignored"
        if trigger.options.get("initial") == "process":
            past = "nobody has looked yet; files that are there at the first look are new"
    elif known.first is None or not known.first.number:
        past = f"first looked at {zone.wall(known.first.at)}, when no file was there" if known.first else ""
    else:
        number, names = known.first.number, [filename.shown(name) for name in known.first.names[:MOST_NAMES]]
        rest = f" and {number - len(names)} more" if number > len(names) else ""
        were = "1 file was" if number == 1 else f"{number} files were"
        past = f"first looked at {zone.wall(known.first.at)}, when {were} there and ignored: {', '.join(names)}{rest}"
    trouble = f"the last look failed: {known.trouble}" if known and known.trouble else ""
    return "; ".join(part for part in (past, trouble) if part)


def alarm(trigger: Trigger) -> Ring:
    """Changes in its folder, and in the folders below it if its pattern can mean files there."""
    deep = patterns.is_deep(_written(trigger))
    return Ring(watches=(Watch(str(trigger.options["path"]), deep),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `when files change in ~/inbox (*.pdf)`; may hold anything that a path may."""
    written = _written(trigger)
    which = "" if written == ["*"] else f" ({', '.join(written)})"
    event = trigger.options.get("event") or "any"
    happens = _HAPPENS.get(event if isinstance(event, str) else " ".join(event), "change")
    return f"when files {happens} in {trigger.options['path']}{which}"


def _path(context: Context, task: Task, trigger: Trigger) -> str:
    return filled_in(task, str(trigger.options["path"]), context.environ, context.secrets)


def _written(trigger: Trigger) -> list[str]:
    """Its patterns as they are written."""
    written = trigger.options.get("pattern") or ["*"]
    return [written] if isinstance(written, str) else [str(text) for text in written]


def _patterns(task: Task, trigger: Trigger) -> list[str]:
    """Its patterns, which may come from variables. Raises ClodputerError for one that is none."""
    for text in _written(trigger):
        fault = patterns.fault(text)
        if fault:
            raise ClodputerError(
                "task_invalid",
                f"{task.path}: trigger.pattern: {fault}; found {text!r}",
                "Correct the pattern, such as **/*.md.",
            )
    return _written(trigger)
