"""What the doctor looks at of sandboxes: whether they hold on this computer, tried out, where a task asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Optional

from clodputer.model.isolate.sandbox.keys import CLAUDE, STRICT
from clodputer.model.isolate.sandbox.remedy import Fault
from clodputer.model.text.plural import counted
from clodputer.store.home import Home
from clodputer.views.doctor.finding import Facts, Finding, named, ok, problem


def sandboxes(facts: Facts) -> list[Finding]:
    """One finding for each level that tasks ask for."""
    found: list[Finding] = []
    for level in (STRICT, CLAUDE):
        tasks = [task.name for task in facts.tasks if task.sandbox.level == level]
        if not tasks:
            continue
        fault = _fault(level, facts.home, facts.environ, facts.now)
        if fault is None:
            found += ok("sandbox", f"sandbox: {level} holds here, for {counted(len(tasks), 'task')}")
        else:
            waiting = f"; requests of {named(tasks)} wait"
            found += problem("sandbox", f"sandbox: {level}: {fault.message}{waiting}", fault.remedy)
    return found or ok("sandbox", "no task asks for a sandbox")


def _fault(level: str, home: Home, environ: Mapping[str, str], now: float) -> Optional[Fault]:
    """Tried again: whoever asks the doctor wants to know how it is now."""
    preflight = import_module("clodputer.isolate.sandbox.preflight")
    preflight.forget(home)
    fault: Optional[Fault] = preflight.fault(level, home, environ, now)
    return fault
