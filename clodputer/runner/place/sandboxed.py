"""The sandbox around a run: whether it holds here, what its agent needs inside it, and what the record says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Optional

from clodputer import agents
from clodputer.agents import locate
from clodputer.isolate import Planned, sandbox
from clodputer.model import outcome
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import SANDBOX
from clodputer.model.isolate.sandbox.keys import CLAUDE, OFF
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.task import Task
from clodputer.runner.ready import Ready
from clodputer.store.context import Context
from clodputer.store.git import trees

# What makes a sandbox and cannot says so on stderr, with its name in front.
_MAKERS = ("bwrap: ", "sandbox-exec: ", "sandbox: ")


def held_back(context: Context, task: Task, now: float) -> Optional[Wait]:
    """What a request waits for whose sandbox does not hold here; None when it does, or when the task has none.

    Tried once for each boot and version; what does not hold is tried again each time. Raises OSError.
    """
    if task.sandbox.level == OFF:
        return None
    fault = import_module("clodputer.isolate.sandbox.preflight").fault(
        task.sandbox.level, context.home, context.environ, now
    )
    return None if fault is None else Wait(None, SANDBOX, f"{fault.message}. {fault.remedy}")


def enclosed(context: Context, planned: Iterable[Planned], ready: Ready, run_id: str) -> Ready:
    """The same run, to be started in its sandbox if its task wants one. Raises ClodputerError, OSError."""
    task, facts, launch = ready[:3]
    if not task.sandbox.strict:
        return ready._replace(launch=launch._replace(sandbox=words(task, "", ())))
    box = next(one.token["path"] for one in planned if one.name == "sandbox")
    tree = trees.read(trees.record_path(context.home, task.name, run_id)) if task.in_worktree else None
    agent = agents.load(task.agent)
    needs = agent.needs(task, launch)
    programs = [argv[0] for argv in (task.precheck, task.verify, task.setup, task.teardown) if argv]
    asked = import_module("clodputer.isolate.sandbox.places").Asked(
        rule=task.sandbox,
        argv=launch.argv,
        env={**launch.env, **needs.env},
        working_directory=launch.working_directory,
        temporary=facts.temporary,
        box=box,
        home=context.home.root,
        tree=tree.path if tree is not None else "",
        readable=(*needs.readable, *_found(programs, launch)),
        config=needs.config,
        session=launch.session_id,
        resumed=launch.resumed,
        settings=needs.settings,
        reaches=needs.reaches,
    )
    made = import_module("clodputer.isolate.sandbox.enclose").enclose(asked, context.environ)
    return ready._replace(
        launch=launch._replace(
            prefix=made.prefix, depth=made.depth, env=made.env, sandbox=words(task, made.by, ())
        )
    )


def told(planned: Iterable[Planned], launch: Optional[Launch]) -> Optional[Launch]:
    """The launch of a run that is over, with what its sandbox has refused and put aside."""
    box = next((one.token["path"] for one in planned if one.name == "sandbox"), "")
    if launch is None or not box or not launch.sandbox:
        return launch
    refused = import_module("clodputer.isolate.sandbox.proxy").refused(box)
    aside = import_module("clodputer.isolate.sandbox.box").put_aside(box)
    return launch._replace(sandbox={**launch.sandbox, "refused": refused, "put_aside": aside})


def judged(launch: Launch, ended: Ended, report: Report, context: Context) -> Report:
    """The report of a run that did not begin, as its sandbox could not be made; else the same."""
    said = ended.stderr_tail.lstrip()
    if (
        not launch.prefix
        or not ended.exit_status
        or report.result is not None
        or not said.startswith(_MAKERS)
    ):
        return report
    # What was found out of it holds no longer.
    import_module("clodputer.isolate.sandbox.preflight").forget(context.home)
    return report._replace(outcome=outcome.of(sandbox.CANNOT, said.splitlines()[0][:500]))


def words(task: Task, by: str, refused: Iterable[str]) -> Mapping[str, Any]:
    """What a record says of the sandbox in effect; its keys are a promise to programs."""
    rule = task.sandbox
    if rule.level == OFF:
        return {"level": OFF, "by": "", "network": "", "refused": [], "put_aside": []}
    by = by or ("claude" if rule.level == CLAUDE else "")
    network = rule.network_words if rule.strict else ""
    return {"level": rule.level, "by": by, "network": network, "refused": list(refused), "put_aside": []}


def _found(programs: Iterable[str], launch: Launch) -> list[str]:
    """The programs of a task's checks, as they are found."""
    folders = locate.folders(launch.env.get("PATH", ""))
    found = (name if "/" in name else locate.find(name, folders) for name in programs)
    return [path for path in found if path.startswith("/")]
