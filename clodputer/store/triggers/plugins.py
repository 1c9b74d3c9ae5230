"""Plugins on disk: manifests read and checked, programs found, and what is remembered of each: `ledger/plugins/@<plugin>/`."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.breaker import End
from clodputer.model.state import merged
from clodputer.model.task import is_name
from clodputer.model.text.suggest import did_you_mean
from clodputer.model.triggers.event import ENDING, Event, to_fields
from clodputer.model.triggers.plugin import KEYS, MOST_ENDS, PROTOCOL, Manifest, manifest
from clodputer.store.due.polls import MANIFEST, names
from clodputer.store.files import exposed
from clodputer.store.home import Home
from clodputer.store.taskfiles.problems import Problem, dotted
from clodputer.store.taskfiles.yamlfile import document
from clodputer.store.taskstate import state
from clodputer.store.triggers import memory

MARK = "polls"
# Held by whoever runs a plugin.
LOCK = "lock"


class Last(NamedTuple):
    """The last call of a plugin; at: epoch seconds. reason, message: of its failure, empty when it went well."""

    job_id: str
    command: str
    at: float
    seconds: float
    reason: str = ""
    message: str = ""
    events: int = 0


class Past(NamedTuple):
    """What is remembered of a plugin: how its polls ended, the newest first, and its last call."""

    ends: tuple[End, ...] = ()
    last: Optional[Last] = None


def load(home: Home, name: str) -> Manifest:
    """The manifest of a plugin. Raises ClodputerError: "plugin_unknown", "plugin_invalid", "plugin_protocol"."""
    if not is_name(name) or name not in names(home):
        raise ClodputerError(
            "plugin_unknown",
            f"there is no plugin {name[:80]!r}{did_you_mean(name, names(home))}",
            "See: clodputer plugins. Make one: clodputer plugin new NAME",
        )
    path, shown = f"{home.plugins}/{name}/{MANIFEST}", f"plugins/{name}/{MANIFEST}"
    read = document(path)
    problems = [Problem(shown, line, "", message) for line, message in read.wrong]
    fields: dict[str, Any] = {}
    if not problems and not isinstance(read.value, dict):
        problems = [Problem(shown, 1, "", "expected keys and values such as name: watcher")]
    elif not problems:
        if read.value.get("protocol", PROTOCOL) != PROTOCOL:
            raise ClodputerError(
                "plugin_protocol",
                f"{shown}: it uses protocol {str(read.value['protocol'])[:20]}, and this Clodputer supports {PROTOCOL}",
                "Get a version of the plugin for this protocol.",
            )
        # Imported here: it loads pydantic, and the views of plugins without a mistake need it as well as a poll.
        from clodputer.store.taskfiles.models import validated

        fields, wrong = validated(KEYS, read.value)
        problems = [Problem(shown, read.line(path), dotted(path), message) for path, message in wrong]
        if not problems and fields["name"] != name:
            problems = [
                Problem(shown, read.line(("name",)), "name", f"expected {name}, the name of its folder")
            ]
    if problems:
        raise ClodputerError("plugin_invalid", "\n".join(map(str, problems)), f"Fix {path}.")
    return manifest(fields)


def program(home: Home, found: Manifest) -> str:
    """The program of a plugin, links resolved. Raises ClodputerError ("plugin_program") when it must not be started."""
    folder = os.path.realpath(f"{home.plugins}/{found.name}")
    path = os.path.realpath(f"{folder}/{found.entrypoint}")
    problem, fix = "", f"Correct entrypoint in {folder}/{MANIFEST}."
    if os.path.isabs(found.entrypoint) or not path.startswith(f"{folder}/"):
        problem = f"{found.entrypoint} leads out of the folder of the plugin, to {path}"
    elif not os.path.lexists(path):
        problem = f"there is no {path}"
    elif not stat.S_ISREG(os.stat(path).st_mode):
        problem = f"{path} is not a regular file"
    elif not os.access(path, os.X_OK):
        problem, fix = f"{path} is not executable", f"Run: chmod +x {path}"
    else:
        between = os.path.dirname(path)
        while between != folder and exposed.folder(between) is None:
            between = os.path.dirname(between)
        places = (
            exposed.folder(home.plugins),
            exposed.folder(folder),
            exposed.folder(between),
            exposed.file(path),
        )
        other = next((one for one in (*places, exposed.file(f"{folder}/{MANIFEST}")) if one), None)
        if other is not None:
            problem, fix = other.message, f"Run: {other.fix}"
    if problem:
        raise ClodputerError("plugin_program", f"plugin {found.name}: {problem}", fix)
    return path


def folder(home: Home, name: str) -> str:
    """Where what is remembered of a plugin lies."""
    return f"{home.ledger}/plugins/@{name}"


def state_name(name: str) -> str:
    """The name under which a plugin's state is kept among those of tasks; '@' is in no task's name."""
    return f"@{name}"


def past(home: Home, name: str) -> Past:
    """What is remembered of a plugin; nothing when it is damaged. Raises OSError."""
    fields = memory.read(folder(home, name), MARK) or {}
    try:
        ends = tuple(End(float(one[0]), str(one[1]), str(one[2])) for one in fields.get("ends", ()))
        last = fields.get("last")
        return Past(ends, Last(**last) if last else None)
    except (TypeError, ValueError, IndexError):
        return Past()


def commit(
    home: Home, name: str, known: Past, base: int, updates: Mapping[str, Any], events: tuple[Event, ...]
) -> None:
    """Make the end of a call lasting, with the events it brought and the changes of its state, all or nothing. Raises OSError.

    base: the version of the state that it had. After a kill `finish` does what is left.
    """
    place = folder(home, name)
    fields = {
        "ends": [[end.at, end.outcome, end.reason] for end in known.ends[:MOST_ENDS]],
        "last": known.last._asdict() if known.last else None,
        "base": base,
        "updates": dict(updates),
    }
    files = [(f"{name}@event-{event.id}{ENDING}", to_fields(event)) for event in events]
    memory.write(place, MARK, fields, files)


def finish(home: Home, name: str, now: float) -> None:
    """Do what follows from the last commit: the new version of the state, and the events into `new/`. Raises OSError.

    May be repeated: a state has moved on, and an event has left the folder, once that is done.
    """
    place = folder(home, name)
    fields = memory.read(place, MARK) or {}
    updates, base = fields.get("updates"), fields.get("base")
    last = fields.get("last") or {}
    key = state_name(name)
    if updates and isinstance(base, int) and state.newest(home, key) == base:
        try:
            before = state.read(home, key)
        except ClodputerError:
            before = state.Kept(base)  # damaged: what the plugin says now holds
        state.write(home, key, base, merged(before.value, updates), str(last.get("job_id") or name), now)
    memory.deliver(home, place)
