"""The trigger `file_watch`: when files come or change in a folder."""

from __future__ import annotations

from clodputer.model import pattern as patterns
from clodputer.model.keys import CHOICE, DURATION, PATH, TEXT, Key
from clodputer.model.ring import Ring, Watch
from clodputer.model.task import Trigger
from clodputer.model.withunit import Expected


def _pattern(text: str) -> str:
    fault = patterns.fault(text)
    if fault:
        raise Expected(f"a pattern such as **/*.md ({fault})")
    return text


KEYS = (
    Key(
        "path",
        PATH,
        None,
        "The folder that is watched.",
        required=True,
        example="~/inbox",
    ),
    Key(
        "pattern",
        TEXT,
        "*",
        "Which files in it count. `**` stands for any number of folders.",
        check=_pattern,
        takes="file name pattern",
        example="**/*.md",
    ),
    Key(
        "event",
        CHOICE,
        "any",
        "What must have happened to a file.",
        choices=("created", "modified", "any"),
        example="created",
    ),
    Key(
        "debounce",
        DURATION,
        2.0,
        "How long a file must have been still.",
        smallest=0.0,
        largest=366 * 86400.0,
        takes="duration, `0s` too",
        example="10s",
    ),
    Key(
        "initial",
        CHOICE,
        "ignore",
        "What becomes of the files that are there when the trigger is first seen.",
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
BRINGS = ("file", "files", "event")


def alarm(trigger: Trigger) -> Ring:
    """Changes in its folder, and in the folders below it if its pattern can mean files there."""
    pattern = trigger.options.get("pattern", "*")
    deep = "/" in pattern or patterns.ANY_FOLDERS in pattern
    return Ring(watches=(Watch(str(trigger.options["path"]), deep),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `when files change in ~/inbox (*.pdf)`; may hold anything that a path may."""
    pattern = trigger.options.get("pattern") or "*"
    return f"when files change in {trigger.options['path']}{'' if pattern == '*' else f' ({pattern})'}"
