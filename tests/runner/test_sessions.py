"""The sessions of a run: noted by the wrapper, enough to find what was left behind, and never anybody else's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from time import time
from types import ModuleType

from clodputer.runner.processes.leftovers import sessions
from clodputer.runner.processes.leftovers.recorded import Process
from clodputer.runner.processes.leftovers.sweep import sweep_lost
from clodputer.runner.processes.tree import alive
from tests.house import CHECKOUT
from tests.runner.families import EVERY_TREE, Nursery, gone, pid_in, shifted
from tests.runner.supervising import PATH

WRAPPER = f"{CHECKOUT}/templates/shell-prefix.sh"


@EVERY_TREE
def test_a_session_alone_is_enough(tmp_path: Path, nursery: Nursery, tree: ModuleType) -> None:
    """The wrapper noted it; its shell is gone, the environment was emptied, nobody ever saw it below the agent."""
    noted = tmp_path / "sessions"
    agent = nursery("sleep", "60")
    command = f"env -i nohup sleep 60 > /dev/null 2>&1 & echo $! > {tmp_path}/pid"
    env = {"PATH": PATH, "CLODPUTER_SESSIONS": str(noted)}
    subprocess.run([WRAPPER, command], env=env, start_new_session=True, check=True)
    pid = pid_in(tmp_path / "pid")
    assert not gone(pid)
    innocent = nursery("sleep", "60")
    recorded = [tree.find(agent.pid).identity]
    assert sweep_lost("no-such-run", {"processes": [], "sessions": str(noted)}, tree) == ()
    swept = sweep_lost("no-such-run", {"processes": recorded, "sessions": str(noted)}, tree)
    assert {row["pid"] for row in swept} == {pid, agent.pid}
    assert gone(pid)
    assert alive(innocent)


def test_the_wrapper_hands_everything_through(tmp_path: Path) -> None:
    """Status, output and quoting are the command's, and a file that cannot be written does not matter."""
    command = "echo \"a  'b'\"; echo oops >&2; exit 3"
    for place in (str(tmp_path / "sessions"), "/no/such/folder/sessions", ""):
        ended = subprocess.run(
            [WRAPPER, command],
            env={"PATH": PATH, "CLODPUTER_SESSIONS": place},
            capture_output=True,
            text=True,
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (3, "a  'b'\n", "oops\n")
    found, changed = sessions.read(str(tmp_path / "sessions"))
    assert os.getpid() in found
    assert abs(changed - time()) < 60
    (tmp_path / "sessions").write_text("12 x -3 1e9\n99999999999 \x00 7")
    assert sessions.read(str(tmp_path / "sessions"))[0] == {12, 7}
    assert sessions.read(str(tmp_path / "missing")) == (frozenset(), 0.0)


@EVERY_TREE
def test_a_session_whose_number_was_reused_is_not_ours(tmp_path: Path, tree: ModuleType) -> None:
    """Its leader started after the number was noted or seen, or a member of it is older than the run."""
    began = tree.find(os.getpid()).started

    def process(pid: int, session: int, seconds: float) -> Process:
        return Process(pid, shifted(began, seconds), session, 1, False)

    agent = process(1_000_000, 1_000_000, 0)
    ours = [
        process(1_000_001, 2_000_000, 10),
        process(3_000_000, 3_000_000, 20),
        process(3_000_001, 3_000_000, 99),
    ]
    late, child_of_late = process(4_000_000, 4_000_000, 99), process(4_000_001, 4_000_000, 99)
    old, young_with_old = process(5_000_001, 5_000_000, -99), process(5_000_002, 5_000_000, 10)
    everyone = [agent, *ours, late, child_of_late, old, young_with_old]
    noted = tmp_path / "sessions"
    noted.write_text("2000000 3000000\n4000000 5000000\n")
    moment = time() - tree.moment_at(time()) + tree.moment(began) + 50
    os.utime(noted, (moment, moment))
    assert sessions.members(tree, everyone, [agent.identity], str(noted)) == [agent, *ours]
    seen = [
        process(session + 9, session, 30).identity for session in (2_000_000, 3_000_000, 4_000_000, 5_000_000)
    ]
    assert sessions.members(tree, everyone, [agent.identity, *seen], "") == [agent, *ours]
