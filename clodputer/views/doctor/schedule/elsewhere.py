"""What the doctor says of tasks that run on other machines: which they are, and what waits here for them."""

from __future__ import annotations

from clodputer.model.gates import machines
from clodputer.model.gates.waiting import MACHINE
from clodputer.model.text.plural import counted
from clodputer.store.computer import machine
from clodputer.store.context import look
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok
from clodputer.views.queue import waits


def elsewhere(facts: Facts) -> list[Finding]:
    """Of a home whose tasks all run here nothing is said. Raises ClodputerError, OSError."""
    if not facts.elsewhere:
        return []
    one = facts.elsewhere[0]
    says = f"{one.name}: {machines.sentence(one.machines, machine.names(facts.settings))}"
    waiting = [each for each in waits.of_home(look(facts.environ)) if each.reason == MACHINE]
    if waiting:
        text = f"{counted(len(waiting), 'request')} of {named(sorted({each.task for each in waiting}))}"
        return note(
            "machines",
            f"{text} waits here for another machine. {says}",
            "Ask for it there, or name this machine in machines; clodputer cancel gives it up.",
        )
    return ok("machines", f"{counted(len(facts.elsewhere), 'task')} of other machines ({says})")
