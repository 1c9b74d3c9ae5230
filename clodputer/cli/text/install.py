"""What an installation has done or would do, for a person and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import unified_diff
from typing import Any, NamedTuple, Optional

from clodputer.cli import called
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.moment import format_duration
from clodputer.schedulers.installation import Plan, removals
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.unit import (
    ADD,
    RELOAD,
    REMOVE,
    REPLACE,
    SPOOL,
    SWEEP,
    Alarm,
    Change,
    SchedulerProblem,
)
from clodputer.store import zone
from clodputer.views.alarms import next_alarm

_DONE = {ADD: "added", REPLACE: "changed", RELOAD: "loaded again", REMOVE: "removed"}
_WOULD = {ADD: "would add", REPLACE: "would change", RELOAD: "would load again", REMOVE: "would remove"}


class Outcome(NamedTuple):
    """One installation: its plan, whether only planned, what of the frozen environment changed, and how it went."""

    plan: Plan
    wanted: Wanted
    dry_run: bool
    shim_changed: bool
    environment_changes: tuple[str, ...]
    notes: tuple[str, ...]
    done: tuple[Change, ...] = ()
    failed: tuple[SchedulerProblem, ...] = ()

    def steps(self) -> tuple[Change, ...]:
        """What was done, or would be."""
        if not self.dry_run:
            return self.done
        return (
            *self.plan.changes,
            *(step for found in self.plan.elsewhere.values() for step in removals(found)),
        )

    def alarms(self) -> list[Alarm]:
        """The alarms that are in place afterwards."""
        failed = {one.unit for one in self.failed if one.fatal}
        there = {
            (unit.kind, unit.task) for unit in self.plan.units if unit.name not in failed and "" not in failed
        }
        return [alarm for alarm in self.wanted.alarms if (alarm.kind, alarm.task) in there]


def data(outcome: Outcome, now: float) -> dict[str, Any]:
    """For programs."""
    plan = outcome.plan
    changed = {change.name for change in plan.changes}
    return {
        "scheduler": plan.scheduler,
        "home": plan.frame.home,
        "dry_run": outcome.dry_run,
        "shim": {"path": plan.frame.shim, "changed": outcome.shim_changed},
        "environment": dict(plan.frame.environment),
        "environment_changes": list(outcome.environment_changes),
        "changes": [change.to_json() for change in outcome.steps()],
        "unchanged": len([unit for unit in plan.units if unit.name not in changed]),
        "left": {name: len(found) for name, found in plan.elsewhere.items()},
        "alarms": [
            {
                "kind": alarm.kind,
                "task": alarm.task or None,
                "when": when(alarm, plan.scheduler, plan.frame.sweep),
                "next": _written(next_alarm(alarm, now, {})),
            }
            for alarm in outcome.alarms()
        ],
        "without_alarm": list(outcome.wanted.silent),
        "broken": list(outcome.wanted.broken),
        "notes": [*outcome.notes, *(one.message for one in _problems(outcome) if not one.fatal)],
    }


def ended(outcome: Outcome, shim_text: str, now: float, diff: bool) -> str:
    """For a person: what is started and when, what was changed, and what to know."""
    plan = outcome.plan
    lines: list[str] = []
    if diff:
        lines += [*_diffs(outcome, shim_text), ""]
    will = "would start" if outcome.dry_run else "starts"
    lines.append(f"{ink(plan.scheduler, 'bold')} {will} the tasks of {printable(plan.frame.home)}:")
    rows = [
        (_label(alarm), when(alarm, plan.scheduler, plan.frame.sweep), next_alarm(alarm, now, {}))
        for alarm in outcome.alarms()
    ]
    width = max((len(label) for label, _, _ in rows), default=0)
    lines += [
        hung(f"  {label.ljust(width)}  {printable(words)}{_next(moment)}", 4) for label, words, moment in rows
    ]
    if outcome.wanted.silent:
        silent = f"Without an alarm (disabled or manual): {', '.join(outcome.wanted.silent)}"
        lines.append(ink(hung(silent), "dim"))
    lines.append(hung(_count(outcome)))
    lines += [hung(f"environment: {printable(one)}") for one in outcome.environment_changes]
    lines += [hung(f"{ink('note:', 'yellow')} {printable(note)}") for note in outcome.notes]
    lines += told(_problems(outcome))
    if outcome.wanted.broken:
        kept = "what was installed of these stays as it was"
        broken = f"Broken: {', '.join(outcome.wanted.broken)}; {kept}. See: {called.name()} validate"
        lines.append(hung(broken))
    return "\n".join(lines)


def when(alarm: Alarm, scheduler: str, sweep: int) -> str:
    """When an alarm is due, in words."""
    if alarm.kind == SPOOL:
        at_once = "within a minute" if scheduler == "cron" else "at once"
        return f"{at_once}, when a file is moved into spool/new"
    if alarm.kind == SWEEP:
        # Cron has one line for drops and the sweep, and it comes every minute.
        often = "minute" if scheduler == "cron" else format_duration(sweep)
        return f"every {often}, for whatever was missed"
    return alarm.words


def told(problems: Iterable[SchedulerProblem]) -> list[str]:
    """What went wrong or is worth knowing, each with what to do about it below."""
    lines = []
    found = list(problems)
    for one, following in zip(found, [*found[1:], None]):
        mark = ink("error:", "red") if one.fatal else ink("note:", "yellow")
        lines.append(hung(f"{mark} {printable(one.message)}"))
        # What helps against several is told once, below them.
        if one.hint and not (following and following.hint == one.hint):
            lines.append(hung(f"  {printable(one.hint)}", 0))
    return lines


def counted(changes: Iterable[Change], dry_run: bool) -> str:
    """How many of each kind: `added 3, removed 1`."""
    verbs = [change.verb for change in changes]
    words = _WOULD if dry_run else _DONE
    return ", ".join(f"{word} {verbs.count(verb)}" for verb, word in words.items() if verb in verbs)


def _label(alarm: Alarm) -> str:
    return alarm.task or {SPOOL: "(drops)", SWEEP: "(sweep)"}.get(alarm.kind, alarm.kind)


def _next(moment: Optional[float]) -> str:
    return ink(f"; next {zone.wall(moment)}", "dim") if moment is not None else ""


def _written(moment: Optional[float]) -> Optional[str]:
    return None if moment is None else zone.stamp(moment)


def _count(outcome: Outcome) -> str:
    parts = [counted(outcome.steps(), outcome.dry_run)]
    if outcome.shim_changed:
        parts.append("would write bin/clodputer" if outcome.dry_run else "wrote bin/clodputer")
    words = ", ".join(part for part in parts if part)
    if not words:
        return "Nothing would be changed." if outcome.dry_run else "Nothing had to be changed."
    left = [name for name, found in outcome.plan.elsewhere.items() if found]
    gone = f" (of it from {', '.join(left)}, which {'would no longer start' if outcome.dry_run else 'no longer starts'} any)"
    return f"{words[0].upper()}{words[1:]}{gone if left else ''}."


def _problems(outcome: Outcome) -> tuple[SchedulerProblem, ...]:
    return (*outcome.plan.problems, *outcome.failed)


def _diffs(outcome: Outcome, shim_text: str) -> list[str]:
    lines: list[str] = []
    if outcome.shim_changed:
        lines += _diff(outcome.plan.frame.shim, _content(outcome.plan.frame.shim), shim_text)
    for change in outcome.steps():
        old: Mapping[str, str] = change.found.files if change.found else {}
        new: Mapping[str, str] = change.unit.files if change.unit else {}
        for path in sorted({*old, *new}):
            lines += _diff(path, old.get(path, ""), new.get(path, ""))
    return lines


def _diff(path: str, old: str, new: str) -> list[str]:
    names = (path if old else "/dev/null", path if new else "/dev/null")
    told = unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return [
        ink(printable(line), colours[line[0]]) if line[:1] in colours else printable(line) for line in told
    ]


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
