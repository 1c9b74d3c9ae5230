"""What the doctor looks at of usage windows: whether it is known how much is used, where a task goes by that."""

from __future__ import annotations

from clodputer.model.agent import CLAUDE
from clodputer.model.config.account import account_of
from clodputer.model.gates import windowrule
from clodputer.model.gates.usage import STATUS_LINE, WORDS, in_force
from clodputer.model.text.moment import format_duration
from clodputer.store import usage
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok, problem

SET_UP = (
    "Set up the status line of Claude Code, to include your own use: clodputer statusline --snippet. "
    "With an API key there are no windows."
)


def windows(facts: Facts) -> list[Finding]:
    """Whether the windows of the accounts are fed, of which an enabled task uses `window`."""
    wanted: dict[str, list[str]] = {}
    for task in facts.tasks:
        rule = windowrule.both(task.window, facts.settings.window)
        if task.enabled and task.agent == CLAUDE and rule != windowrule.NONE:
            wanted.setdefault(account_of(task), []).append(task.name)
    found = [
        finding for account, tasks in sorted(wanted.items()) for finding in _account(facts, account, tasks)
    ]
    return found or ok("windows", "no task depends on the usage windows of its account")


def _account(facts: Facts, account: str, tasks: list[str]) -> list[Finding]:
    kept = usage.read(facts.home, account)
    if kept.problem:
        return problem(
            "windows",
            f"{kept.problem}, so nothing of account {account} waits for its windows",
            "Remove it; the next run or status line writes it again.",
        )
    known = in_force(kept.readings, facts.now)
    if not known:
        seen = max((one.seen_at for one in kept.readings.values()), default=None)
        last = (
            "nothing was ever seen"
            if seen is None
            else f"the last was seen {_ago(facts, seen)}, before the reset"
        )
        return note(
            "windows",
            f"how much of account {account} is used is not known ({last}), so the window of {named(tasks)} keeps "
            f"nothing waiting",
            SET_UP,
        )
    words = ", ".join(
        f"{one.used:.0f}% of the {WORDS[kind]} window, seen {_ago(facts, one.seen_at)} "
        f"{'by the status line' if one.source == STATUS_LINE else 'in the stream of a run'}"
        for kind, one in known.items()
    )
    return ok("windows", f"account {account}: {words}")


def _ago(facts: Facts, moment: float) -> str:
    return f"{format_duration(max(0.0, facts.now - moment))} ago"
