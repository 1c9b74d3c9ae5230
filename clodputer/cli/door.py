"""The fast door of `exec`: no click, and nothing heavy is imported until there is something to do."""

# The operating system's scheduler comes by here every few minutes, mostly for nothing.
import os
import time

from clodputer.store import look
from clodputer.store.due import nextround, sweeps
from clodputer.store.home import Home, locate, usable
from clodputer.store.spool import idle, layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


def parse(arguments: list[str]) -> "Optional[tuple[str, bool]]":
    """(task or "", as JSON) from the plain forms of the options; None sends the rest (help, mistakes) to click."""
    task, as_json = "", False
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--json":
            as_json = True
        elif word == "--task" and rest and not rest[0].startswith("-"):
            task = rest.pop(0)
        else:
            return None
    return task, as_json


def execute(task: str, as_json: bool) -> int:
    """Drain the spool, after dropping what is due: of `task`, whose alarm went off, or of all; the exit code. Never raises."""
    try:
        home = locate(os.environ)
        ours = usable(home)
        if ours and not task:
            sweeps.note(home)
        data: dict[str, Any] = {"runs": [], "queued": 0, "coalesced": 0, "rejected": 0}
        if not ours or something_to_do(home, task):
            data = _work(home, task, watched=os.isatty(1) and not as_json)
        if as_json:
            from clodputer.cli.envelope import success

            success("exec", data)
        elif os.isatty(1):
            from clodputer.cli.text.runs.exec import closing

            text = closing(data)
            if text:
                print(text)
    except BaseException as error:  # noqa: BLE001  (the handler decides)
        from clodputer.cli.main import failure

        return failure(error, "exec", as_json)
    return 0


def something_to_do(home: Home, task: str = "") -> bool:
    """Whether something is due, of `task` if one is named, or there are drops, or work in a lane whose slot is free.

    Or whether a plugin or a topic is to be polled, the report is to be written, a tool is to be run, somebody is to be
    notified of something, or the last exec could not work at all, which is asked about again.

    A slot that is refused has a holder, who looks once more after releasing it: whatever is there now, it will see.
    """
    now = time.time()
    if not look.quiet(home, task, now) if task else look.anything_due(home, now):
        return True
    if idle.has_drops(home) or idle.was_blocked(home) or idle.has_letters(home, now):
        return True
    if nextround.due(home, nextround.ROUNDS, now) or _asked_of_others(home, now):
        return True
    for lane, number in idle.slots_with_work(home, now):
        # Imported where something waits or was left: of most alarms nobody does.
        from clodputer.store.lock import Lock

        with Lock(layout.slot_lock(home, lane, number)) as held:
            if held:
                return True
    return False


def _asked_of_others(home: Home, now: float) -> bool:
    """Whether a plugin is to be polled, or a tool to be run; most homes have neither, and then nothing is imported for them."""
    if os.path.isdir(home.plugins):
        from clodputer.store.due import polls

        if polls.due(home, now):
            return True
    if os.path.isdir(f"{home.ledger}/tools"):
        from clodputer.store.due import orders

        return bool(orders.waiting(home))
    return False


def execute_job(name: str, as_json: bool) -> int:
    """Run the one request whose job this is, on the node to which an engine has brought it; the exit code. Never raises."""
    try:
        from clodputer.runner.jobs.node import run_job
        from clodputer.runner.processes.stop import Stop
        from clodputer.store.context import look

        with Stop() as stop:
            records = run_job(look(os.environ), name, stop)
        if as_json:
            from clodputer.cli.envelope import success

            success("exec", {"runs": records, "queued": 0, "coalesced": 0, "rejected": 0})
    except BaseException as error:  # noqa: BLE001  (the handler decides)
        from clodputer.cli.main import failure

        return failure(error, "exec", as_json)
    return 0


def _work(home: Home, task: str, watched: bool) -> "dict[str, Any]":
    from clodputer.store import blocked

    try:
        blocked.ask(home)
        return _drain(task, watched)
    except (ImportError, SyntaxError) as error:
        blocked.report_incomplete(home, error)
        raise


def _drain(task: str, watched: bool) -> "dict[str, Any]":
    """Drain the spool. watched: a person sees each run begin and end; a scheduler has no eyes."""
    from clodputer.model.errors import ClodputerError
    from clodputer.runner.drain import work
    from clodputer.runner.processes.stop import Stop
    from clodputer.store import blocked
    from clodputer.store.context import look

    with Stop() as stop:
        try:
            context = look(os.environ)
        except ClodputerError as error:
            blocked.report(locate(os.environ), error)
            raise
        blocked.over(context.home)
        if watched:
            from clodputer.cli.text.runs.exec import show

            context = context._replace(seen=show)
        return work(context, stop, task)._asdict()
