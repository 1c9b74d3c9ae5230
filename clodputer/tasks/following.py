"""What is wrong with the follow-ups of one task file as it is written, and what their templates may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.model.config.keys import STARTING, Key
from clodputer.model.config.keyvalue import marked
from clodputer.model.follow.keys import BESIDE, COMMAND, FORMS, LISTS, ON_FAILURE
from clodputer.model.record import FIELDS
from clodputer.store.taskfiles.problems import Path, dotted
from clodputer.tasks import tables
from clodputer.tasks.among import Fault

# What the templates in a follow-up may name.
TERMS: Mapping[str, tuple[str, ...]] = {"result": (), "error": (), "record": FIELDS}


def is_late(path: Path) -> bool:
    """Whether the templates of the value at a path are filled in at the end of a run."""
    return bool(path) and path[0] in LISTS and _late_key(path) is not None


def faults(keys: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the items of one file, as it is written. What their values may be is checked with the key tables."""
    found = list(_retried_twice(keys))
    for name in LISTS:
        listed = keys.get(name)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                found += _of_item((name, index), item)
    return [*found, *_waited_for_twice(keys.get("after"))]


def _waited_for_twice(listed: Any) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        name = item.get("task") if isinstance(item, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            yield Fault(("after", index, "task"), f"{name} is waited for in after[{seen[name]}] already")


def _of_item(path: Path, item: Mapping[str, Any]) -> Iterator[Fault]:
    known = ("retry", *FORMS) if path[0] == ON_FAILURE else FORMS
    forms = [form for form in known if form in item]
    if len(forms) > 1:
        yield Fault(
            (*path, forms[1]),
            f"{forms[0]} and {forms[1]} are two follow-ups; give each its own item",
        )
        return
    argv = item.get(COMMAND)
    if isinstance(argv, list) and argv and isinstance(argv[0], str) and marked(argv[0]):
        # What a run says must not choose what is started.
        yield Fault((*path, COMMAND, 0), "write the program out; only its arguments may hold templates")
    allowed = BESIDE.get(forms[0], ()) if forms else ()
    names = {name for beside in BESIDE.values() for name in beside}
    for key in item:
        if key in names and key not in allowed:
            owner = next(form for form, beside in BESIDE.items() if key in beside)
            yield Fault((*path, key), f"has no effect without {owner}")


def _retried_twice(keys: Mapping[str, Any]) -> Iterator[Fault]:
    """`retry` may be at the top or in one item of `on_failure`, which mean the same."""
    listed = keys.get(ON_FAILURE)
    places: list[Path] = [("retry",)] if "retry" in keys else []
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict) and "retry" in item:
            places.append((ON_FAILURE, index, "retry"))
    for place in places[1:]:
        yield Fault(place, f"retry is given before, as {dotted(places[0])}; keep one of them")


def _late_key(path: Path) -> Key | None:
    """The key on the way of a path whose templates wait for the end of a run."""
    table: Mapping[str, Key] = tables.top()
    for step in path:
        key = table.get(step) if isinstance(step, str) else None
        if key is None:
            continue
        if key.env == STARTING:
            return key
        table = {inner.name: inner for inner in key.keys}
    return None
