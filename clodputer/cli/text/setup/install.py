"""What an installation has done or would do, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import unified_diff

from clodputer.cli import called
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.schedulers.unit import (
    ADD,
    RELOAD,
    REMOVE,
    REPLACE,
    SPOOL,
    SWEEP,
    WEBHOOKS,
    Change,
    SchedulerProblem,
)
from clodputer.store.computer import zone
from clodputer.views.schedule.installing import Outcome, Placed

_DONE = {ADD: "added", REPLACE: "changed", RELOAD: "loaded again", REMOVE: "removed"}
_WOULD = {ADD: "would add", REPLACE: "would change", RELOAD: "would load again", REMOVE: "would remove"}


def page(outcome: Outcome, shim_text: str, now: float, diff: bool) -> str:
    """What is started and when, what was changed, and what to know."""
    plan = outcome.plan
    lines: list[str] = []
    if diff:
        lines += [*_diffs(outcome, shim_text), ""]
    will = "would start" if outcome.dry_run else "starts"
    lines.append(f"{ink(plan.scheduler, 'bold')} {will} the tasks of {printable(plan.frame.home)}:")
    alarms = outcome.alarms(now)
    width = max((len(_label(alarm)) for alarm in alarms), default=0)
    lines += [
        hung(f"  {_label(alarm).ljust(width)}  {printable(alarm.when)}{_next(alarm)}", 4) for alarm in alarms
    ]
    if outcome.wanted.silent:
        silent = [name for name in outcome.wanted.silent if name not in outcome.wanted.elsewhere]
        for why, names in (("disabled or manual", silent), ("of other machines", outcome.wanted.elsewhere)):
            lines += [ink(hung(f"Without an alarm ({why}): {', '.join(names)}"), "dim")] if names else []
    lines.append(hung(_changes(outcome)))
    lines += [hung(f"environment: {printable(change)}") for change in outcome.environment_changes]
    lines += [hung(f"{ink('note:', 'yellow')} {printable(note)}") for note in outcome.notes]
    lines += problem_lines(outcome.problems())
    if outcome.wanted.broken:
        kept = "what was installed for these tasks stays as it was"
        broken = f"Broken: {', '.join(outcome.wanted.broken)}; {kept}. See: {called.name()} validate"
        lines.append(hung(broken))
    return "\n".join(lines)


def problem_lines(problems: Iterable[SchedulerProblem]) -> list[str]:
    """What went wrong or is worth knowing, each with what to do about it below."""
    lines = []
    found = list(problems)
    for problem, following in zip(found, [*found[1:], None]):
        mark = ink("error:", "red") if problem.fatal else ink("note:", "yellow")
        lines.append(hung(f"{mark} {printable(problem.message)}"))
        # A hint that several problems share is printed once, below the last of them.
        if problem.hint and not (following and following.hint == problem.hint):
            lines.append(hung(f"  {printable(problem.hint)}", 0))
    return lines


def by_kind(changes: Iterable[Change], dry_run: bool) -> str:
    """How many changes of each kind: `added 3, removed 1`."""
    verbs = [change.verb for change in changes]
    words = _WOULD if dry_run else _DONE
    return ", ".join(f"{word} {verbs.count(verb)}" for verb, word in words.items() if verb in verbs)


def _label(alarm: Placed) -> str:
    return alarm.task or {SPOOL: "(drops)", SWEEP: "(sweep)", WEBHOOKS: "(webhooks)"}.get(
        alarm.kind, alarm.kind
    )


def _next(alarm: Placed) -> str:
    return ink(f"; next {zone.wall(alarm.next)}", "dim") if alarm.next is not None else ""


def _changes(outcome: Outcome) -> str:
    parts = [by_kind(outcome.steps(), outcome.dry_run)]
    if outcome.shim_changed:
        parts.append("would write bin/clodputer" if outcome.dry_run else "wrote bin/clodputer")
    words = ", ".join(part for part in parts if part)
    if not words:
        return "Nothing would be changed." if outcome.dry_run else "Nothing had to be changed."
    left = [name for name, found in outcome.plan.elsewhere.items() if found]
    no_longer = "would no longer start" if outcome.dry_run else "no longer starts"
    gone = f" (some of it from {', '.join(left)}, which {no_longer} tasks of this home)" if left else ""
    return f"{words[0].upper()}{words[1:]}{gone}."


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
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return [
        ink(printable(line), colours[line[0]]) if line[:1] in colours else printable(line)
        for line in unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
    ]


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
