"""Secrets by reference in a run: which of them it needs, looked up before it starts, and known to all that masks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from time import monotonic
from typing import Any, Optional, Union

from clodputer import agents
from clodputer.model.config.secretref import Failure, words
from clodputer.model.gates.verdict import Refuse, Wait
from clodputer.model.gates.waiting import SECRET
from clodputer.model.task import Task
from clodputer.runner.prompt import texts as prompt
from clodputer.runner.proof import check
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.records import runs
from clodputer.store.secrets import fetch
from clodputer.store.taskfiles import template_text

# The reason of a request that is given up, as a person has to change something first.
INVALID = "secret_invalid"
# In the folder of a run: the names of the secrets that were looked up for it, so that whoever finishes or looks at it can mask
# their values, which stand nowhere.
NAMES = "secrets.json"
REMOVED = b"[Removed: this could not be masked, as a secret of the run could not be looked up again.]\n"
# After one lookup has used up its whole time, it is not tried again for so many seconds: others of the lane would wait.
PAUSE = 60.0

# Texts in which a run fills in nothing: those of channels and pings are filled in when something is sent.
_NOT_HERE = frozenset(("name", "path", "follow", "notify", "ping"))

# Of this process: what it has looked up, and when a lookup was too slow. Never written anywhere.
_known: dict[str, str] = {}
_slow: dict[str, tuple[float, Failure]] = {}


def for_run(context: Context, task: Task) -> Union[Context, Wait, Refuse]:
    """The context with the secrets that a run of the task needs, and a masker that knows them; or why it cannot begin.

    Raises OSError, and ClodputerError when the file of the prompt cannot be read.
    """
    references = context.settings.secrets
    if not references:
        return context
    needed = [*_named(_texts(task), references), *_taken(context, task)]
    known = _with(context, needed)
    if isinstance(known, Failure):
        return _verdict(context, known)
    if task.prompt_file:
        template, _ = prompt.template_of(task, known.environ, known.secrets)
        more = _with(known, [*_named([template], references)])
        if isinstance(more, Failure):
            return _verdict(context, more)
        known = more
    return known


def note(context: Context, folder: str) -> None:
    """Write into a run's folder which secrets were looked up for it: their names alone. Raises OSError."""
    runs.write_json(f"{folder}/{NAMES}", {"names": list(context.looked_up)}, durable=False)


def for_settling(context: Context, folder: str) -> Context:
    """The context for whoever finishes a run that somebody else has begun: it masks what was looked up for that run.

    Where one of its secrets cannot be looked up now, the streams of the run are removed: nobody could mask them any more.
    Raises OSError.
    """
    names = _noted(folder)
    found = _for_others(context, names)
    if found is not None:
        return found
    for inside in (folder, *check.folders(folder), *_of_follow_ups(folder)):
        for name in ("stdout", "stderr"):
            if os.path.lexists(f"{inside}/{name}"):
                atomic.write(f"{inside}/{name}", REMOVED, durable=False)
    return context


def hiding(context: Context, folder: str) -> Callable[[str], str]:
    """What hides the secrets in a stream of a run, which are masked in it only when the run is over.

    Where one of them cannot be looked up to be hidden, it hides everything until then.
    """
    if os.path.lexists(f"{folder}/record.json"):
        return context.masker.text
    found = _for_others(context, _noted(folder))
    return found.masker.text if found is not None else lambda _text: ""


def shown(context: Context) -> Context:
    """The context for showing what would be run: each secret by reference is stood in for by a text that says so."""
    return context.knowing(secrets.placeholders(context.settings.secrets))


def needed(context: Context, task: Task) -> list[str]:
    """The names of all secrets by reference that would be looked up for a run of the task. `context`: one of `shown`."""
    references = context.settings.secrets
    found = {*_named(_texts(task), references), *_taken(context, task)}
    if references and task.prompt_file:
        found.update(_named([prompt.template_of(task, context.environ, context.secrets)[0]], references))
    return sorted(found)


def names_in(task: Task, names: Collection[str]) -> list[str]:
    """Those of the names that the texts of a task use as `{{ env.X }}`, a prompt's own file aside."""
    return sorted({*_named(_texts(task), names)})


def _with(context: Context, names: Collection[str]) -> Union[Context, Failure]:
    wanted = [name for name in dict.fromkeys(names) if name not in context.secrets]
    for name in wanted:
        slow = _slow.get(name)
        if slow is not None and monotonic() - slow[0] < PAUSE:
            return slow[1]
    if not wanted:
        return context
    found, failure = fetch.fetch(context.settings.secrets, wanted, context.environ)
    _known.update(found)
    if failure is not None:
        if failure.slow:
            _slow[failure.name] = (monotonic(), failure)
        return failure
    return context.knowing(found)


def _verdict(context: Context, failure: Failure) -> Union[Wait, Refuse]:
    reference = words(context.settings.secrets[failure.name])
    message = context.masker.text(
        f"The secret {failure.name} ({reference}) could not be looked up: {failure.message}."
    )
    if failure.passes:
        return Wait(None, SECRET, message)
    return Refuse(INVALID, f"{message} Fix secrets in {context.home.config}, then: clodputer retry REQUEST")


def _noted(folder: str) -> list[str]:
    found = (runs.read_json(f"{folder}/{NAMES}") or {}).get("names")
    return [str(name) for name in found] if isinstance(found, list) else []


def _for_others(context: Context, names: Collection[str]) -> Optional[Context]:
    """The context with secrets of these names, also those that were looked up here before; None when one is not to be had."""
    ours = {name: _known[name] for name in names if name in _known}
    known = context.knowing(ours)
    missing = [name for name in names if name not in known.secrets]
    if any(name not in context.settings.secrets for name in missing):
        return None
    found = _with(known, missing)
    return None if isinstance(found, Failure) else found


def _of_follow_ups(folder: str) -> list[str]:
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder) if name.startswith("follow-")]
    except FileNotFoundError:
        return []


def _taken(context: Context, task: Task) -> Iterator[str]:
    """Those that the agent takes without being asked by any text: logins."""
    yield from agents.load(task.agent).takes(
        task, context.settings.secrets, {**context.environ, **context.secrets}
    )


def _texts(task: Task) -> Iterator[str]:
    for name, value in task._asdict().items():
        if name not in _NOT_HERE:
            yield from _inside(value)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _inside(item)


def _named(texts: Any, names: Collection[str]) -> Iterator[str]:
    """The names that are written as `{{ env.NAME }}` in the texts; all of them where a text uses `env` as a whole."""
    for text in texts:
        # Reading a template takes a library; mostly none of the names is there.
        if template_text.marked(text) and "env" in text:
            used = template_text.names(text)
            yield from (name for name in names if f"env.{name}" in used or "env" in used)
