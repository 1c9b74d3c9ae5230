"""The file that a task has its prompt in: where it is, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer import triggers
from clodputer.store.tasks import promptfile, template_text
from clodputer.store.tilde import expand
from clodputer.tasks import lacking


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
