"""The files that a task and its triggers have prompts in: where they are, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from clodputer import triggers
from clodputer.model.task import Trigger
from clodputer.store.files.tilde import expand
from clodputer.store.taskfiles import promptfile, template_text
from clodputer.tasks import byissue, lacking


def look(
    file: str, value: str, environ: Mapping[str, str], keys: Mapping[str, Any]
) -> tuple[str, list[tuple[str, int, str]]]:
    """The prompt's file as an absolute path, and what is wrong with it: in which file, which line, what."""
    if template_text.marked(value):
        return value, []
    path = os.path.join(os.path.dirname(file), expand(value, environ))
    try:
        text = promptfile.read(path)
    except ValueError as error:
        return path, [("", 0, str(error))]
    faults = [
        (path, fault.line, fault.message) for fault in template_text.faults(text, triggers.in_prompts())
    ]
    if not faults:
        faults = [(path, 1, lack) for lack in lacking.lacks(text, keys)]
    # A `~` is expanded when it is rendered: another HOME may share the cache.
    return value if value.startswith("~") else path, faults


def faults_of_triggers(
    file: str, triggers: Iterable[Trigger], environ: Mapping[str, str], keys: Mapping[str, Any]
) -> Iterator[tuple[str, int, str]]:
    """What is wrong with the prompts that triggers name: in which file (empty for the task's own), in which line, what."""
    for trigger in triggers:
        for name in (trigger.options.get("prompts") or {}).values() if trigger.type == byissue.KIND else ():
            yield from look(file, byissue.path_of(file, name), environ, keys)[1]
