"""Tasks made from what another program's schedule holds: checked like any task file, each once, and never over another one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from clodputer.archive.imports import making
from clodputer.archive.imports.making import Draft
from clodputer.archive.imports.values import TASK, UNSAID, Entry
from clodputer.model.text import leaks
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries as names_in
from clodputer.store.taskfiles import write
from clodputer.tasks import change, taskfile

# The mark of an import is in the first lines of a file.
_HEAD = 64 * 1024


class Made(NamedTuple):
    """What became of an entry. path: of its task's file, which there is unless this is a dry run. reason: why there is none."""

    draft: Draft
    fate: str
    path: str = ""
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs. No secret is in it."""
        entry = self.draft.entry
        is_task = self.fate == TASK
        return {
            "where": entry.where,
            "text": leaks.cut(entry.text)[:1000],
            "fate": self.fate,
            "reason": leaks.cut(self.reason) or None,
            "task": self.draft.name or None,
            "path": self.path or None,
            "enabled": bool(self.draft.keys.get("enabled")) if is_task else None,
            "keys": {key: value for key, value in self.draft.keys.items() if key != "enabled"}
            if is_task
            else {},
            "unsaid": making.sayings(entry) if is_task else [],
            "notes": making.notes(entry) if is_task else [],
            "secrets": list(self.draft.secrets) if is_task else [],
        }


def make(
    context: Context,
    environ: Mapping[str, str],
    source: str,
    entries: Sequence[Entry],
    now: float,
    *,
    enable: bool,
    dry_run: bool,
) -> list[Made]:
    """Make the tasks; what is no sound task is told and not made. Raises ClodputerError when nothing can be made, OSError."""
    home = context.home
    with change.alone(home):
        there = _there(home.tasks)
        taken = [*taskfile.names(home), *(os.path.splitext(name)[0] for name in names_in(home.tasks))]
        drafts = making.drafts(source, entries, taken, there, enable=enable)
        return [_made(context, environ, source, draft, now, dry_run=dry_run) for draft in drafts]


def _made(
    context: Context, environ: Mapping[str, str], source: str, draft: Draft, now: float, *, dry_run: bool
) -> Made:
    home = context.home
    if draft.fate != TASK:
        return Made(draft, draft.fate, "", draft.entry.reason)
    path = f"{home.tasks}/{draft.name}.yaml"
    text = making.head(draft, source, iso(now)[:10]) + write.written(dict(draft.keys))
    # Its secrets are not there yet: whether they are is told of at the first run, and by `validate`.
    known = {**dict.fromkeys(draft.secrets, "unknown"), **environ}
    task, problems = taskfile.check_content(home, path, text.encode("utf-8", "replace"), known)
    if task is None:
        listed = "; ".join(
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in problems
        )
        return Made(draft, UNSAID, "", f"no valid task can be made of it: {listed}")
    if not dry_run:
        atomic.create(path, text.encode("utf-8", "replace"))
    return Made(draft, TASK, path)


def _there(folder: str) -> dict[str, str]:
    """The marks of tasks that were imported, each with its task's name."""
    found = {}
    for name in sorted(names_in(folder)):
        if not name.endswith(taskfile.ENDINGS):
            continue
        try:
            text = (
                plainfile.read(f"{folder}/{name}", taskfile.LARGEST)
                .content[:_HEAD]
                .decode("utf-8", "replace")
            )
        except (OSError, ValueError):
            continue
        for mark in making.marks_in(text):
            found[mark] = os.path.splitext(name)[0]
    return found
