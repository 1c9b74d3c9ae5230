"""What the doctor looks at of trials: tasks on hold since an upgrade of claude, and those whose trial is of another version."""

from __future__ import annotations

from clodputer.model.gates.waiting import CLAUDE_CHANGED
from clodputer.model.rights.effective import weaker, words
from clodputer.model.text.plural import counted
from clodputer.store import holds
from clodputer.store.holds import TASK
from clodputer.store.taskstate import tried as trials
from clodputer.views.doctor.finding import Facts, Finding, ok, problem


def tried(facts: Facts) -> list[Finding]:
    """What an upgrade of claude took from tasks that were tried."""
    found: list[Finding] = []
    names = {task.name for task in facts.tasks}
    held = {
        one.target.name
        for one in holds.in_effect(facts.home, facts.now)
        if one.target.scope == TASK and one.hold.reason == CLAUDE_CHANGED
    }
    known = {name: trials.read(facts.home, name) for name in trials.tasks(facts.home) if name in names}
    for name, trial in known.items():
        if name in held and trial is not None and trial.seen is not None:
            found += problem(
                "tried",
                f"task {name} is on hold since claude is {trial.seen.version}: {words(weaker(trial.accepted, trial.seen))}",
                f"Correct that, then: clodputer try {name}. Or accept it: clodputer resume {name}",
            )
    number = sum(trial is not None for trial in known.values())
    return found or (ok("tried", f"{counted(number, 'task')} tried") if number else [])
