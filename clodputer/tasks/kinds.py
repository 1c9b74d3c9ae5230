"""The triggers of a task file, each checked with the key table of its own kind, and by what holds between its keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from clodputer import triggers
from clodputer.model.config.keys import CHOICE, NEVER, Key, defaults
from clodputer.model.task import Trigger
from clodputer.store.taskfiles.models import validated
from clodputer.store.taskfiles.problems import Path, Rendered
from clodputer.tasks import tables


class Finding(NamedTuple):
    """Something wrong in a task file: where, as the path of its keys, and in which line; 0 for the line of that key."""

    path: Path
    message: str
    line: int = 0


def check(
    key: str, value: Any, rendered: Rendered, task: Mapping[str, Any]
) -> tuple[tuple[Trigger, ...], list[Finding]]:
    """The mappings under a key of kind KINDS, each checked with the table of its own type. task: the keys of the whole file."""
    known = tables.kinds()[key]
    found: list[Trigger] = []
    findings: list[Finding] = []
    choice = _type_of(tuple(known))
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        path: Path = (key, index) if isinstance(value, list) else (key,)
        if not isinstance(item, dict):
            example, shown = tables.top()[key].example["type"], rendered.show(path, item)
            findings.append(Finding(path, f"expected a mapping such as {{type: {example}}}, found {shown}"))
            continue
        kind = item.get("type")
        if "type" not in item:
            wanted = f"expected a type, which is one of {', '.join(known)}"
            findings.append(Finding(path, wanted))
            continue
        own = known.get(kind) if isinstance(kind, str) else None
        # Of an unknown type nothing else is known either.
        options, wrong = validated((choice, *(own or ())), {"type": kind} if own is None else item, rendered)
        findings += [Finding((*path, *below), message) for below, message in wrong]
        options.pop("type", None)
        never = {(*path, one.name) for one in own or () if one.filled() == NEVER}
        findings += [
            Finding(
                template, "templates are not filled in here; pass what the program needs in the task's env"
            )
            for template in rendered.templates
            if template[: len(path) + 1] in never
        ]
        if own is not None and not wrong:
            faults = triggers.faults(str(kind), options, task)
            findings += [Finding((*path, *below), message) for below, message in faults]
        found.append(Trigger(str(kind), {**defaults(own or ()), **options}))
    if value == []:
        findings.append(Finding((key,), f"expected at least one {key}, found an empty list"))
    return tuple(found), findings


@cache
def _type_of(known: tuple[str, ...]) -> Key:
    """The key that says of which type a mapping is; always the same one, so that its models are made once."""
    return Key("type", CHOICE, choices=known, required=True)
