"""The tables of keys in docs/tasks.md and docs/configuration.md, made from the key tables of the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clodputer.agents import claude, command
from clodputer.gates import parked
from clodputer.isolate import awake
from clodputer.model import memory, state
from clodputer.model.config import keys as kinds
from clodputer.model.config import settingkeys
from clodputer.model.config.keys import Key
from clodputer.model.config.keyvalue import written
from clodputer.model.follow import keys as follow
from clodputer.model.gates import approval, autodisable, breaker, budget, machines, require, windowrule
from clodputer.model.isolate import container, provision, worktree
from clodputer.model.isolate.sandbox import keys as sandbox
from clodputer.model.notify import channel
from clodputer.model.proof import expect, guards, proof
from clodputer.model.publish import rule as publish
from clodputer.model.queue import score
from clodputer.model.runs import limit, limits, retry
from clodputer.model.triggers import plugin
from clodputer.tasks import own, tables

_TYPES = {
    kinds.TEXT: "text",
    kinds.LINE: "text",
    kinds.TEMPLATE: "text with templates",
    kinds.NAME: "name",
    kinds.PATH: "absolute path, or `~/...`",
    kinds.PATTERN: "regular expression",
    kinds.FLAG: "`true` or `false`",
    kinds.SIZE: "size",
    kinds.PERCENT: "share, such as `50%`",
    kinds.PRIORITY: "1 to 5, or `low` (2), `normal` (3), `high` (4)",
    kinds.TEXTS: "text, or list of texts",
    kinds.ARGUMENTS: "list: program, arguments",
    kinds.MAPPING: "mapping",
    kinds.VARIABLES: "mapping of texts",
    kinds.PART: "mapping",
    kinds.NAMED: "mapping of names to mappings",
}


def sections() -> dict[str, str]:
    """The tables of docs/tasks.md by the names of their places."""
    return {
        "keys of a task": _of_tasks(own.WHAT_IT_IS, ""),
        "keys of triggers": _of_triggers(),
        "keys of what is asked for": _of_tasks([*own.ASKED_FOR[:3], *command.KEYS, *own.ASKED_FOR[3:]], ""),
        "keys of claude": _of_tasks(claude.KEYS, ""),
        "keys of limits": _of_tasks(limits.KEYS, ""),
        "keys of retry": _of_tasks(_inside((*retry.KEYS, *limit.KEYS, *parked.KEYS)), ""),
        "keys of follow-ups": _of_tasks(follow.KEYS, ""),
        "keys of state": _of_tasks(_inside((*state.KEYS, *memory.KEYS)), ""),
        "keys of approve": _of_tasks(_inside(approval.KEYS), ""),
        "keys of publish": _of_tasks(_inside(publish.KEYS), ""),
        "keys of breaker": _of_tasks([*_inside(breaker.KEYS), *autodisable.KEYS], ""),
        "keys of budget": _of_tasks(_inside(budget.KEYS), ""),
        "keys of score": _of_tasks(_inside(score.KEYS), ""),
        "keys of window": _of_tasks(_inside(windowrule.KEYS), ""),
        "keys of notify": _of_tasks(_inside(channel.KEYS), ""),
        "keys of require": _of_tasks([*_inside(require.KEYS), *awake.KEYS, machines.KEY], ""),
        "keys of worktree": _of_tasks(_inside(worktree.KEYS), ""),
        "keys of container": _of_tasks(_inside(container.KEYS), ""),
        "keys of sandbox": _of_tasks(_inside(sandbox.KEYS), ""),
        "keys of expect": _of_tasks(_inside(expect.KEYS), ""),
        "keys of proof": _of_tasks(proof.KEYS, ""),
        "keys of provision": _of_tasks(provision.KEYS, ""),
        "keys of guards": _of_tasks(guards.KEYS, ""),
    }


def follow_ups() -> dict[str, str]:
    """The tables of docs/follow-ups.md by the names of their places: what an item of each list may hold."""
    return {"keys of an item": _of_items(follow.FORM_KEYS), "keys of after": _of_items(follow.PARENT_KEYS)}


def manifest_keys() -> str:
    """The table of docs/plugins.md."""
    return _of_items(_inside(plugin.KEYS))


def state_keys() -> dict[str, str]:
    """The tables of docs/state.md."""
    return {
        "keys of state": _of_items(_inside(state.KEYS)),
        "keys of memory": _of_items(_inside(memory.KEYS)),
    }


def _of_items(keys: Iterable[Key]) -> str:
    rows = ["| key | type | default | effect |", "|---|---|---|---|"]
    rows += (f"| `{key.name}` | {takes(key)} | {holds(key)} | {key.help} |" for key in keys)
    return "\n".join(rows)


def configuration() -> str:
    """The table of docs/configuration.md."""
    rows = ["| key | type | default | effect |", "|---|---|---|---|"]
    rows += (
        f"| `{key.name}` | {takes(key)} | {holds(key)} | {key.help} |"
        for key in _flat(settingkeys.KEYS, listed=True)
    )
    return "\n".join(rows)


def takes(key: Key) -> str:
    """What a key takes, in words."""
    if key.takes:
        return key.takes
    if key.kind in (kinds.CHOICE, kinds.CHOICES):
        choices = [f"`{choice}`" for choice in key.choices]
        listed = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
        return f"{listed}, or a list of them" if key.kind == kinds.CHOICES else listed
    if key.kind in (kinds.COUNT, kinds.NUMBER, kinds.MONEY):
        number = "whole number" if key.kind == kinds.COUNT else "number"
        return f"{number} from {key.smallest:,g} to {key.largest:,.0f}"
    if key.kind == kinds.DURATION:
        if not key.smallest:
            return "duration, `0s` too"
        if key.smallest < 1:
            return "duration"
        return f"duration from `{written(key, key.smallest)}` to `{written(key, key.largest)}`"
    if key.kind == kinds.SIZE and key.smallest and key.smallest > 1:
        return f"size from `{written(key, key.smallest)}` on"
    return _TYPES[key.kind]


def holds(key: Key) -> str:
    """What holds when a key is absent, in words."""
    if key.required:
        return "needed"
    if key.absent:
        return key.absent
    default = written(key, key.default) if key.default not in ({}, ()) else ""
    return f"`{default}`" if default else "none"


def _of_tasks(keys: Iterable[Key], agent: str) -> str:
    rows = ["| key | agent | type | default | effect |", "|---|---|---|---|---|"]
    for key in keys:
        owner = agent or ", ".join(tables.owners().get(key.name, ("every",)))
        rows.append(f"| `{key.name}` | {owner} | {takes(key)} | {holds(key)} | {key.help} |")
    return "\n".join(rows)


def _inside(keys: Sequence[Key]) -> list[Key]:
    """These keys, each mapping among them replaced by the keys inside of it."""
    return [key for key in _flat(keys) if key.kind != kinds.PART]


def _of_triggers() -> str:
    rows = ["| key | of | type | default | effect |", "|---|---|---|---|---|"]
    types = tables.kinds()["trigger"]
    listed = ", ".join(f"`{kind}`" for kind in types)
    rows.append(
        f"| `trigger.type` | every trigger | {listed} | needed | What brings requests in. `startup`: each start of the "
        "computer, once. `manual`: only a person or a dropped file. |"
    )
    # A key that several kinds share has one row.
    found: dict[int, Key] = {}
    names: dict[int, list[str]] = {}
    for kind, keys in types.items():
        for key in _flat(keys):
            same = next((number for number, one in found.items() if one == key), len(found))
            found[same] = key
            names.setdefault(same, []).append(kind)
    rows += (
        f"| `trigger.{key.name}` | {', '.join(names[number])} | {takes(key)} | {holds(key)} | {key.help} |"
        for number, key in found.items()
    )
    return "\n".join(rows)


def _flat(keys: Sequence[Key], before: str = "", *, listed: bool = False) -> Iterator[Key]:
    """The keys and those inside of them, each with its whole name; `listed`: those of lists of parts too."""
    for key in keys:
        yield key._replace(name=f"{before}{key.name}")
        if key.kind == kinds.LISTED and not listed:
            continue  # what may stand in it has rows of its own
        inside = f"{before}{key.name}.NAME." if key.kind == kinds.NAMED else f"{before}{key.name}."
        yield from _flat(key.keys, inside, listed=listed)
