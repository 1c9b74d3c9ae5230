"""Widening: which changes of a task give its runs more rights, or let it run where it did not: one rule for each key.

Such a change is a person's to make. A program that changes tasks asks its person first (`cli/steps/consent.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Callable, Optional

from clodputer.model.gates.approval import Approval
from clodputer.model.gates.windowrule import WindowRule
from clodputer.model.isolate.sandbox.keys import CLAUDE, OFF, STRICT, Sandbox
from clodputer.model.isolate.worktree import WORKTREE
from clodputer.model.task import FLAT, Task

# Called with the values before and after, of which neither is the other; whether that gives more.
Rule = Callable[[Any, Any], bool]

# How much each mode lets the agent do without asking. `dontAsk` denies what nobody has allowed, as `default` does in a run.
_MODES: Mapping[str, int] = {"plan": 0, "acceptEdits": 2, "auto": 3, "bypassPermissions": 4}
_USUAL_MODE = 1
_ENCLOSED: Mapping[str, int] = {OFF: 0, CLAUDE: 1, STRICT: 2}
_EVERY_SOURCE = ("user", "project", "local")
# Bounds of `publish` that count something: more of them is more.
_PUBLISHED = ("max_per_run", "max_per_day", "max_files", "max_patch")


def _switched_on(_before: Any, after: Any) -> bool:
    return bool(after)


def _switched_off(_before: Any, after: Any) -> bool:
    return not after


def _another(_before: Any, _after: Any) -> bool:
    return True


def _program(_before: Any, after: Any) -> bool:
    """A program that the person's account runs, beside what the agent may do."""
    return bool(after)


def _more(before: Iterable[Any], after: Iterable[Any]) -> bool:
    known = list(before)
    return any(item not in known for item in after)


def _fewer(before: Iterable[Any], after: Iterable[Any]) -> bool:
    return _more(after, before)


def _looser(before: Optional[float], after: Optional[float]) -> bool:
    """An upper bound; None is none."""
    return before is not None and (after is None or after > before)


def _variables(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """PATH and its like decide which programs are run: a variable that is new or has another value."""
    return _more(before.items(), after.items())


def _mode(before: str, after: str) -> bool:
    return _MODES.get(after, _USUAL_MODE) > _MODES.get(before, _USUAL_MODE)


def _sources(before: Optional[Iterable[str]], after: Optional[Iterable[str]]) -> bool:
    """Whose settings count for claude; those may allow tools."""
    return _more(
        _EVERY_SOURCE if before is None else before,
        _EVERY_SOURCE if after is None else after,
    )


def _triggers(before: Any, after: Any) -> bool:
    """What may ask for runs: a type that did not, or a program that a trigger runs."""
    return _more(
        ["manual", *(trigger.type for trigger in before)], (trigger.type for trigger in after)
    ) or _more(
        [list(trigger.options.get("command") or ()) for trigger in before] + [[]],
        (list(trigger.options.get("command") or ()) for trigger in after),
    )


def _commands(before: Any, after: Any) -> bool:
    """Programs among what follows a run."""
    return _more(
        [item["command"] for item in before if "command" in item],
        (item["command"] for item in after if "command" in item),
    )


def _expected(before: Any, after: Any) -> bool:
    return bool(after.command_succeeds) and before.command_succeeds != after.command_succeeds


def _approval(before: Approval, after: Approval) -> bool:
    return bool(before.mode) and not after.mode


def _budget(before: Any, after: Any) -> bool:
    return any(map(_looser, before, after))


def _window(before: WindowRule, after: WindowRule) -> bool:
    """What is kept back of the person's usage limits; a rule where there was none keeps back more."""
    return before != WindowRule() and (
        (before.stop_at is not None and _looser(before.stop_at, after.stop_at))
        or (bool(before.keep_back) and before.keep_back != after.keep_back)
        or (bool(before.run_when) and before.run_when != after.run_when)
    )


def _isolation(_before: str, after: str) -> bool:
    return after != WORKTREE


def _worktree(before: Any, after: Any) -> bool:
    """Files that are no part of the repository, such as .env, copied into the run's worktree."""
    return _more(before.copy, after.copy)


def _machines(before: Collection[str], after: Collection[str]) -> bool:
    """Where the task runs; no name means everywhere."""
    return bool(before) and (not after or _more(before, after))


def _container(before: Any, _after: Any) -> bool:
    return bool(before.used)


def _sandbox(before: Sandbox, after: Sandbox) -> bool:
    if _ENCLOSED.get(after.level, 0) != _ENCLOSED.get(before.level, 0):
        return _ENCLOSED.get(after.level, 0) < _ENCLOSED.get(before.level, 0)
    return (
        _more(before.write, after.write)
        or _more(before.read, after.read)
        or _fewer(before.read_deny, after.read_deny)
        or before.network.get("mode") != after.network.get("mode")
        or _more(before.hosts, after.hosts)
    )


def _publish(before: Any, after: Any) -> bool:
    if not after.kinds:
        return False
    return (
        _more(before.kinds, after.kinds)
        or _more(before.labels, after.labels)
        or _more(before.allow, after.allow)
        or _fewer(before.protect, after.protect)
        or (before.repository, before.remote, before.base) != (after.repository, after.remote, after.base)
        or (before.targets != after.targets and after.targets == "any")
        or (before.staged and not after.staged)
        or any(getattr(after, bound) > getattr(before, bound) for bound in _PUBLISHED)
    )


# The one table of what widens, by the key at the top of a task file.
RULES: Mapping[str, Rule] = {
    "enabled": _switched_on,
    "trigger": _triggers,
    "after": _more,
    "machines": _machines,
    "agent": _another,
    "working_directory": _another,
    "env": _variables,
    "allowed_tools": _more,
    "disallowed_tools": _fewer,
    "permission_mode": _mode,
    "i_accept_the_risk": _switched_on,
    "settings_sources": _sources,
    "mcp_config": _more,
    "add_dirs": _more,
    "max_file_operations": _looser,
    "max_cost_usd": _looser,
    "budget": _budget,
    "window": _window,
    "command": _program,
    "precheck": _program,
    "verify": _program,
    "setup": _program,
    "teardown": _program,
    "expect": _expected,
    "on_success": _commands,
    "on_failure": _commands,
    "on_finish": _commands,
    "approve": _approval,
    "require_confirmation": _approval,
    "protect": _fewer,
    "protect_restore": _switched_off,
    "isolation": _isolation,
    "worktree": _worktree,
    "container": _container,
    "sandbox": _sandbox,
    "publish": _publish,
}

# Keys that say what is done, how, in which order and who is notified, but give no right. tests/test_keys.py asks for each
# key of a task file that it is here or above.
HARMLESS = frozenset(
    (
        "adapt",
        "append_system_prompt",
        "auto_disable_after",
        "breaker",
        "context",
        "description",
        "fallback_model",
        "json_schema",
        "keep_awake",
        "lane",
        "limit",
        "max_output",
        "max_turns",
        "memory",
        "model",
        "name",
        "notify",
        "on_denied",
        "park_after",
        "ping",
        "priority",
        "produces",
        "prompt",
        "prompt_file",
        "repeat_limit",
        "require",
        "requires_mcp",
        "retry",
        "score",
        "session",
        "setup_timeout",
        "stall_timeout",
        "startup_timeout",
        "state",
        "stop_grace",
        "timeout",
    )
)

# Keys whose value has another name, or another place, in a Task.
_KEPT_AS: Mapping[str, str] = {"trigger": "triggers", "require_confirmation": "approve"}
# What a task that there was not, or that was not in order, could do.
_NOTHING = Task("", "", enabled=False)


def widens(key: str, was: Optional[Task], now: Task) -> bool:
    """Whether the value that this key has now gives more than the one before. was: None for a task that could not run.

    key: as it is at the top of a file. One that no table knows gives more: nobody has said that it does not.
    """
    if key in HARMLESS:
        return False
    rule = RULES.get(key)
    if rule is None:
        return True
    before, after = _value(was or _NOTHING, key), _value(now, key)
    return bool(before != after and rule(before, after))


def _value(task: Task, key: str) -> Any:
    name = _KEPT_AS.get(key, key)
    holders = (task, *(getattr(task, part) for part in FLAT))
    return next(getattr(holder, name) for holder in holders if name in holder._fields)
