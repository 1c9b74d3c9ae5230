"""Sweep: after a run, however it ended, nothing that it started is alive; never by name, always by start time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from time import monotonic, sleep, time
from typing import Any, NamedTuple, Optional

from clodputer.model.text.moment import parse_moment
from clodputer.runner.processes import subreaper
from clodputer.runner.processes.leftovers import sessions
from clodputer.runner.processes.leftovers.recorded import Identity, Process, descendants, read_identities
from clodputer.runner.processes.tree import Tree, alive, native
from clodputer.runner.processes.tree_linux import childless, children
from clodputer.store.records import runs

Swept = tuple[Mapping[str, Any], ...]

# What is still there after this many seconds sits in the kernel (state D), and no signal reaches it.
PATIENCE = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.05
# How long the keeper of a dead exec is waited for, in seconds: it gives the agent a moment to obey, and then kills.
KEEPER_PATIENCE = 15.0
# A process that is just becoming another program has, for some microseconds, no environment that anybody could read; and one
# that is just being started still has that of its exec. So one look that finds nobody proves nothing; in seconds.
BECOMING, STARTING = 0.03, 1.0


class Reach(NamedTuple):
    """By what means we find and kill. subreaper: all that the run leaves behind becomes our child.

    spare: our children that have nothing to do with the run.
    """

    tree: Tree
    subreaper: bool
    spare: frozenset[int] = frozenset()


class Traces(NamedTuple):
    """What a run is known by: its id, the agent and whoever was seen below it, and the file of its shells' sessions.

    keepers: whose descendants are the run's. files: the (device, inode) of its output files, which only a run writes to.
    """

    run_id: str
    recorded: tuple[Identity, ...] = ()
    sessions: str = ""
    keepers: tuple[Identity, ...] = ()
    files: frozenset[tuple[int, int]] = frozenset()


def prepare(spare: frozenset[int] = frozenset()) -> Reach:
    """The best means of this platform; to be called before anything is started. Not inherited by a fork."""
    return Reach(native(), subreaper.become(), spare)


def look(reach: Reach, traces: Traces, agent: int, root: int) -> tuple[Identity, ...]:
    """Who belongs to the run and is alive. root: the subreaper; its children that have ended are buried if that is us.

    A long run leaves thousands of them.
    """
    if not reach.subreaper:
        return tuple(process.identity for process in _related(reach, traces, by_tag=False))
    found = []
    for process in reach.tree.below(root, reach.spare):
        if not process.ended:
            found.append(process.identity)
        elif process.parent == os.getpid() and process.pid != agent:
            _bury(process.pid)
    return tuple(found)


def after_run(reach: Reach, traces: Traces) -> Swept:
    """Kill whatever the run left, and say what that was; "alive" is true of what would not die."""
    return adopted(reach) if reach.subreaper else _hunt(reach, traces)


def sweep_lost(
    run_id: str,
    process: Mapping[str, Any],
    tree: Optional[Tree] = None,
    keepers: tuple[Identity, ...] = (),
    files: Iterable[str] = (),
) -> Swept:
    """Kill what is left of a run whose supervisor died, going by its process.json; `run_id` alone finds much of it.

    keepers: the run's, who are at it already; they are waited for, and what they do not finish in time is killed here.
    Of `process`: "processes", as supervise had them recorded, and "sessions", a path. Found are those with the tag, the
    recorded ones if their start time still matches, the members of their sessions, those that write to one of `files`, and
    the descendants of all these.
    """
    tree = tree or native()
    _wait_for(keepers, tree)
    recorded = read_identities(process.get("processes"))
    traces = Traces(run_id, recorded, str(process.get("sessions") or ""), keepers, _inodes(files))
    # The agent is recorded as soon as it is started; before that it may be about to be.
    least = 0.0 if traces.recorded else STARTING - _age(process.get("started_at"))
    swept = _hunt(Reach(tree, False), traces, least)
    for keeper in keepers:
        found = tree.find(keeper.pid)
        if found is not None and tree.same(found.started, keeper.started):
            tree.kill(found)  # stopped, perhaps: it has nothing left to keep
    return swept


def sweep_by_file(run_id: str, path: str) -> Swept:
    """The same, for the run whose process.json is at `path`, and by its keeper."""
    return sweep_lost(run_id, runs.read_json(path) or {})


def _wait_for(keepers: tuple[Identity, ...], tree: Tree) -> None:
    deadline, pause = monotonic() + KEEPER_PATIENCE, FIRST_PAUSE
    while monotonic() < deadline and any(alive(keeper, tree) for keeper in keepers):
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _inodes(paths: Iterable[str]) -> frozenset[tuple[int, int]]:
    found = set()
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _age(started_at: Any) -> float:
    """How long ago that was, in seconds; whoever cannot tell, or has a clock that went back, takes it for long enough."""
    try:
        age = time() - parse_moment(str(started_at), 0.0)
    except ValueError:
        return STARTING
    return age if age >= 0 else STARTING


def adopted(reach: Reach, patience: float = PATIENCE) -> Swept:
    """Kill our children until there are none, or for so many seconds: those of each become ours, to the last one.

    A child keeps its number until we bury it, so none can be mistaken.
    """
    seen: dict[int, str] = {}
    deadline, pause = monotonic() + patience, FIRST_PAUSE
    while True:
        ours = set(children(os.getpid())) - reach.spare
        living = {pid for pid in ours if not _bury(pid)}
        for pid in living - seen.keys():
            seen[pid] = reach.tree.command(pid)
        for pid in living:
            _kill(pid)
        if monotonic() >= deadline or (not ours and childless(reach.spare)):
            break
        # Those that were buried may have left us children of their own, which are looked for at once.
        if living == ours:
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    return tuple({"pid": pid, "command": command, "alive": pid in living} for pid, command in seen.items())


def _hunt(reach: Reach, traces: Traces, least: float = 0.0) -> Swept:
    """Look and kill until nobody is found for a while, and for `least` seconds."""
    seen: dict[Identity, str] = {}
    began = last = monotonic()
    pause = FIRST_PAUSE
    while True:
        found = _related(reach, traces, by_tag=True)
        now = monotonic()
        if now >= began + PATIENCE or (not found and now >= max(last + BECOMING, began + least)):
            break
        last = now if found else last
        for process in found:
            if process.identity not in seen:
                seen[process.identity] = reach.tree.command(process.pid)
            reach.tree.kill(process)
        # What one of them starts in its last moment is in its session, most likely.
        traces = traces._replace(recorded=tuple({*traces.recorded, *seen}))
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    living = {process.pid for process in found}
    return tuple(
        {"pid": who.pid, "command": command, "alive": who.pid in living} for who, command in seen.items()
    )


def _related(reach: Reach, traces: Traces, by_tag: bool) -> list[Process]:
    """Everybody on the machine who belongs to the run and is alive; never we ourselves, nor whoever started us."""
    tree = reach.tree
    everyone = tree.everyone()
    by_pid = {process.pid: process for process in everyone}
    safe = {0, 1, os.getpid()}
    above = by_pid.get(os.getpid())
    while above and above.parent not in safe:
        safe.add(above.parent)
        above = by_pid.get(above.parent)
    safe |= reach.spare | {process.pid for process in descendants(everyone, reach.spare)}
    roots: dict[int, Process] = {}
    for identity in traces.recorded:
        process = by_pid.get(identity.pid)
        if process and tree.same(process.started, identity.started):
            roots[process.pid] = process
    for process in sessions.members(tree, everyone, traces.recorded, traces.sessions):
        roots[process.pid] = process
    if by_tag and traces.run_id:
        for process in everyone:
            if process.pid not in safe and tree.tagged(process.pid, traces.run_id):
                roots[process.pid] = process
        for process in everyone:
            if process.pid not in safe and tree.writes(process.pid, traces.files):
                roots[process.pid] = process
    for process in _below_keepers(tree, everyone, by_pid, traces.keepers):
        roots[process.pid] = process
    for pid in safe & roots.keys():
        del roots[pid]
    for process in descendants(everyone, list(roots), frozenset(safe)):
        roots[process.pid] = process
    return [process for process in roots.values() if not process.ended]


def _below_keepers(
    tree: Tree, everyone: list[Process], by_pid: Mapping[int, Process], keepers: tuple[Identity, ...]
) -> list[Process]:
    living = [
        keeper.pid
        for keeper in keepers
        if keeper.pid in by_pid and tree.same(by_pid[keeper.pid].started, keeper.started)
    ]
    return descendants(everyone, living)


def _bury(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:  # a set-uid program, which is reported as alive
        pass
