"""What is read from another program's schedule: its entries, what each is to become, and what could not be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

# What becomes of an entry: a task; left alone, as it starts no `claude -p`; or it does and cannot be a task.
TASK, LEFT, UNSAID = "task", "left", "unsaid"


class Facts(NamedTuple):
    """Where entries stand. account: the person's home folder. name: of the account. folder: where relative paths begin."""

    account: str
    name: str = ""
    folder: str = ""

    def place(self, path: str, folder: str = "") -> str:
        """The path with `~` replaced and made absolute, as far as it can be."""
        if path == "~" or path.startswith("~/"):
            return self.account + path[1:]
        if path.startswith(("/", "$", "`")) or not path:
            return path
        base = folder or self.folder or self.account
        steps = [step for step in f"{base}/{path}".split("/") if step not in ("", ".")]
        kept: list[str] = []
        for step in steps:
            if step == "..":
                kept[-1:] = []
            else:
                kept.append(step)
        return "/" + "/".join(kept)


class Value(NamedTuple):
    """A word as far as it is known. known: all of it is. file: it is the content of this file."""

    text: str
    known: bool = True
    file: str = ""


class Call(NamedTuple):
    """One call of `claude -p`. keys: of a task file. env: variables that are set for it. unsaid: what no key can say, and why.

    notes: what was taken care of in another way. beside: other commands of the same text, which no task runs.
    """

    keys: Mapping[str, Any] = {}
    env: Mapping[str, str] = {}
    unsaid: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class Entry(NamedTuple):
    """One line, file or step of a source. where: for people. text: as it was written. original: what the source calls it.

    reason: why it is left alone, or cannot be a task. call: of an entry that is still to be read, what holds for all in it.
    triggers: as in a task file. hint: words that a name may be made of. line: of a source with lines, its number, else 0.
    enabled: whether the source would run it. programs: paths of what else it starts, which may be scripts.
    """

    where: str
    text: str
    fate: str
    reason: str = ""
    call: Call = Call()
    triggers: tuple[Mapping[str, Any], ...] = ()
    hint: str = ""
    original: str = ""
    line: int = 0
    enabled: bool = True
    programs: tuple[str, ...] = ()


class Found(NamedTuple):
    """What a text holds: calls, why others in it cannot be tasks, and the paths of other programs that it starts."""

    calls: tuple[Call, ...] = ()
    problems: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


def entries(found: Found, entry: Entry) -> list[Entry]:
    """What `entry`, whose text holds this, amounts to: an entry for each call and each problem, or one that is left alone."""
    made = [
        entry._replace(
            fate=TASK,
            call=Call(
                {**entry.call.keys, **call.keys},
                call.env,
                (*entry.call.unsaid, *call.unsaid),
                (*entry.call.notes, *call.notes),
                call.beside,
            ),
        )
        for call in found.calls
    ]
    made += [entry._replace(fate=UNSAID, reason=problem) for problem in found.problems]
    return made or [entry._replace(fate=LEFT, reason="it does not call claude -p", programs=found.programs)]
