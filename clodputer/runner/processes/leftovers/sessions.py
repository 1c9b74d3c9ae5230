"""The sessions of a run: by them `nohup cmd &` is found when its parents are gone and its tag cannot be read.

It keeps the session of its dead shell. claude gives each Bash call a session of its own, often for a few milliseconds,
which looking about would miss: templates/shell-prefix.sh, started in front of each, writes them down.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Optional

from clodputer.runner.processes.leftovers.recorded import Identity, Process
from clodputer.runner.processes.tree import Tree

# Start times are rounded, and file times are of another clock. No pid comes round again in so short a time.
SLACK = 2.0
LARGEST_FILE = 1024 * 1024


def read(path: str) -> tuple[frozenset[int], float]:
    """The numbers that the wrapper wrote down, and when it last did (epoch seconds); none when there is no file."""
    try:
        with open(path, "rb") as file:
            words = file.read(LARGEST_FILE).split()
            changed = os.fstat(file.fileno()).st_mtime
    except OSError:
        return frozenset(), 0.0
    return frozenset(int(word) for word in words if word.isdigit() and len(word) < 10), changed


def of_run(tree: Tree, recorded: Collection[Identity], path: str) -> tuple[Optional[float], dict[int, float]]:
    """When the run began, and its sessions: the number of each, and the latest moment its leader can have started.

    A leader starts before whoever is in its session, and before it is written down. Without a recorded process of this
    boot there is nothing to tell our sessions from those of others by, and none is named.
    """
    latest: dict[int, float] = {}
    began: Optional[float] = None
    for identity in recorded:
        moment = tree.moment(identity.started)
        if moment is not None:
            began = moment if began is None else min(began, moment)
            latest[identity.session] = min(moment, latest.get(identity.session, moment))
    if began is not None and path:
        noted, changed = read(path)
        for session in noted:
            latest.setdefault(session, tree.moment_at(changed))
    ours = os.getsid(0)
    return began, {session: moment for session, moment in latest.items() if session > 1 and session != ours}


def members(
    tree: Tree, everyone: Iterable[Process], recorded: Collection[Identity], path: str
) -> list[Process]:
    """Who of `everyone` is in a session of the run.

    A number can have become another session's since: one whose leader started after ours was seen, or one with a member
    older than the run, is not ours.
    """
    began, latest = of_run(tree, recorded, path)
    if began is None:
        return []
    crowd: dict[int, list[Process]] = {}
    for process in everyone:
        if process.session in latest:
            crowd.setdefault(process.session, []).append(process)
    found: list[Process] = []
    for session, inside in crowd.items():
        moments = {process.pid: tree.moment(process.started) for process in inside}
        if any(moment is None or moment < began - SLACK for moment in moments.values()):
            continue
        leader = moments.get(session)
        if leader is None or leader <= latest[session] + SLACK:
            found += inside
    return found
