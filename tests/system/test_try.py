"""`clodputer try`, and what an upgrade of claude does to a task that was tried."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.taskstate import tried
from tests import warm
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
    start,
    write_task,
)

# A claude that is what a file beside it says, and writes down what it was asked.
CLAUDE = """\
#!/bin/sh
. {folder}/says
if [ "$1" = --version ]; then echo "$version (Claude Code)"; exit; fi
(pwd; echo "$*"; cat) >> {folder}/asked
printf '{{"type":"system","subtype":"init","claude_code_version":"%s","permissionMode":"%s",' "$version" "$mode"
printf '"apiKeySource":"none",'
printf '"model":"m","tools":[%s],"mcp_servers":[{{"name":"git","status":"%s"}}]}}\\n' "$tools" "$server"
echo '{{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"ready","total_cost_usd":0.01}}'
"""


class Stage:
    """A home with the task `review`, whose claude is whatever `says` makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, make_home(folder)
        self.work = folder / "work"
        self.work.mkdir()
        Path(self.home.config).write_text(f"claude: {folder}/claude\nstagger: 0s\n")
        (folder / "claude").write_text(CLAUDE.format(folder=folder))
        (folder / "claude").chmod(0o755)
        self.says()
        keys = {
            "prompt": "Review everything.",
            "working_directory": str(self.work),
            "permission_mode": "acceptEdits",
            "allowed_tools": ["Bash(git:*)"],
            "on_failure": [{"notify": "it failed"}],
            "trigger": {"type": "cron", "schedule": "0 3 1 1 *"},
        }
        write_task(self.home, "review", json.dumps(keys))

    def says(
        self,
        version: str = "2.1.329",
        tools: str = '"Bash","Edit"',
        mode: str = "acceptEdits",
        server: str = "connected",
    ) -> None:
        """What claude is from now on; a new version is a new file, as an upgrade leaves it."""
        (self.folder / "says").write_text(
            f"version={version}\ntools='{tools}'\nmode={mode}\nserver={server}\n"
        )
        os.utime(
            self.folder / "claude",
            ns=(len(version + tools + server) * 10**15, int(version.replace(".", "")) * 10**12),
        )

    def asked(self) -> str:
        """What claude was given so far."""
        path = self.folder / "asked"
        return path.read_text() if path.exists() else ""

    def call(self, *arguments: str) -> dict[str, Any]:
        """A command that must end well, and its data."""
        ended = warm.server().call((*arguments, "--json"), environment(self.home))
        assert ended.status == 0, ended
        data: dict[str, Any] = json.loads(ended.stdout)["data"]
        return data

    def run(self) -> None:
        """A request of the task, and an exec."""
        drop(self.home, "review.json", '{"task": "review"}')
        execute(self.home)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_trial_has_what_the_task_has_and_does_nothing_of_it(stage: Stage) -> None:
    """Its rights and its folder; not its prompt, nor what follows it; and nothing of it is in queue, log and figures."""
    data = stage.call("try", "review", "--here")
    assert data["effective"]["tools"] == ["Bash", "Edit"]
    assert data["effective"]["servers"] == {"git": "connected"}
    assert (data["effective"]["mode"], data["effective"]["version"]) == ("acceptEdits", "2.1.329")
    assert "the working directory" in data["effective"]["writable"]
    assert (data["differences"], data["resumed"], data["cost_usd"]) == ([], False, 0.01)
    asked = stage.asked()
    assert asked.startswith(f"{stage.work}\n")
    assert "--permission-mode=acceptEdits" in asked
    assert "--allowedTools=Bash(git:*)" in asked
    assert "--max-turns=1" in asked
    assert "Answer with the single word" in asked
    assert "Review" not in asked
    assert everything(stage.home) == {}
    assert records(stage.home, "review") == []
    assert tried.read(stage.home, "review") is not None
    text = clodputer(stage.home, "try", "review", "--here")[0]
    assert "acceptEdits" in text
    assert "git (connected)" in text


def test_an_upgrade_that_takes_something_away_holds_the_task(stage: Stage) -> None:
    """The difference is said everywhere; `resume` accepts it, and then the next upgrade is compared with that."""
    stage.call("try", "review", "--here")
    stage.run()
    assert outcomes(stage.home, "review") == ["succeeded"]
    stage.says("2.1.330", tools='"Edit"', server="failed")
    stage.run()
    assert outcomes(stage.home, "review") == ["succeeded"]
    why = stage.call("why", "review")
    assert "claude_changed" in why["words"]
    message = why["hold"]["message"]
    assert "claude is 2.1.330, and the task was tried with 2.1.329" in message
    assert "it has no tool Bash; the MCP server git is failed" in message
    assert "claude_changed" in clodputer(stage.home, "status")[0]
    assert (
        "is on hold since claude is 2.1.330: it has no tool Bash"
        in clodputer(stage.home, "doctor", status=4)[0]
    )
    stage.call("resume", "review")
    execute(stage.home)
    assert outcomes(stage.home, "review") == ["succeeded"] * 2
    before = stage.asked().count("Answer with")
    stage.says("2.1.331", tools='"Edit","New"', server="failed")
    stage.run()
    assert outcomes(stage.home, "review") == ["succeeded"] * 3
    assert stage.asked().count("Answer with") == before + 1
    stage.run()
    assert stage.asked().count("Answer with") == before + 1


def test_a_further_trial_ends_the_hold(stage: Stage) -> None:
    """After the difference was put right, or to keep what there is now; what waited goes on."""
    stage.call("try", "review", "--here")
    stage.says("2.1.330", mode="default")
    stage.run()
    assert outcomes(stage.home, "review") == []
    data = stage.call("try", "review", "--here")
    assert data["resumed"] is True
    # The mode is not what the task asks for, so that its own run would be stopped: that is told by that run.
    assert data["differences"] == ["permission_mode is default, and was acceptEdits"]
    stage.says("2.1.330")
    execute(stage.home)
    assert outcomes(stage.home, "review") == ["succeeded"]


def test_what_cannot_be_compared_waits_and_is_tried_again(stage: Stage) -> None:
    """The new claude says nothing at all: the request waits, with the reason."""
    stage.call("try", "review", "--here")
    stage.says("2.1.330")
    (stage.folder / "claude").write_text("#!/bin/sh\n[ $1 = --version ] && echo 2.1.330 && exit\nexit 1\n")
    stage.run()
    (row,) = stage.call("queue")["requests"]
    assert row["waits"]["reason"] == "claude_changed"
    assert "could not be found out" in row["waits"]["message"]
    ended = warm.server().call(("try", "review", "--here", "--json"), environment(stage.home))
    assert ended.status != 0
    assert json.loads(ended.stdout)["errors"][0]["code"] == "not_tried"


def test_a_version_that_is_not_wanted_is_not_started(stage: Stage, tmp_path: Path) -> None:
    """Skipped: the last good one that is still installed is started instead, and without one the request waits."""
    stage.run()
    config = Path(stage.home.config)
    config.write_text(config.read_text() + "claude_versions: {skip: [2.1.329]}\n")
    drop(stage.home, "review.json", '{"task": "review"}')
    execute(stage.home)
    (row,) = stage.call("queue")["requests"]
    assert row["waits"]["reason"] == "claude_version"
    assert "claude 2.1.329 is installed" in row["waits"]["message"]
    config.write_text(config.read_text().replace("skip: [2.1.329]", "pin: 2.1.329"))
    before = stage.asked()
    stage.run()
    assert len(outcomes(stage.home, "review")) >= 2
    assert stage.asked() != before


def test_another_one_is_started_where_it_is_installed(stage: Stage, tmp_path: Path) -> None:
    """The usual one is skipped: the one in another folder of PATH is started, and the record says which version that was."""
    other = tmp_path / "other"
    other.mkdir()
    says = f". {stage.folder}/says"
    script = (stage.folder / "claude").read_text()
    (other / "claude").write_text(script.replace(says, f"{says}; version=2.1.328"))
    (other / "claude").chmod(0o755)
    config = Path(stage.home.config)
    config.write_text(config.read_text() + "claude_versions: {skip: [2.1.329]}\n")
    drop(stage.home, "review.json", '{"task": "review"}')
    execute(stage.home, extra={"PATH": f"{other}:/usr/bin:/bin"})
    (record,) = records(stage.home, "review")
    assert (record["outcome"], record["agent_version"]) == ("succeeded", "2.1.328")
    assert record["argv"][0] == str(other / "claude")


def test_a_trial_counts_for_the_budget_and_is_refused_without_room(stage: Stage) -> None:
    """By hand, and after an upgrade before a run; what it may cost at most must fit."""
    config = Path(stage.home.config)
    config.write_text(config.read_text() + "budget: {per_day: 0.115}\n")
    stage.call("try", "review", "--here")
    assert [(event["task"], event["cost_usd"]) for event in events(stage.home, "trial")] == [
        ("review", 0.1),
        ("review", 0.01),
    ]
    (use,) = stage.call("status")["budgets"]
    assert (use["spent"], use["limit"]) == (0.01, 0.115)
    stage.call("try", "review", "--here")
    ended = warm.server().call(("try", "review", "--here", "--json"), environment(stage.home))
    (error,) = json.loads(ended.stdout)["errors"]
    assert error["code"] == "over_budget"
    assert "$0.02 of $0.12 are spent, this run may cost $0.10 (per_day)" in error["message"]
    assert stage.asked().count("Answer with") == 2
    stage.says("2.1.330")
    stage.run()
    (row,) = stage.call("queue")["requests"]
    assert (row["waits"]["reason"], stage.asked().count("Answer with")) == ("budget", 2)
    assert outcomes(stage.home, "review") == []


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_trial_ends_with_the_exec_that_makes_it(stage: Stage, how: str) -> None:
    """The new claude says nothing for a long time: all of it is gone, and the request waits, or is taken up anew."""
    stage.call("try", "review", "--here")
    stage.says("2.1.330")
    pids = stage.folder / "pids"
    hangs = f"#!/bin/sh\n[ $1 = --version ] && echo 2.1.330 && exit\necho $$ > {pids}\nexec sleep 300\n"
    (stage.folder / "claude").write_text(hangs)
    drop(stage.home, "review.json", '{"task": "review"}')
    going = start(stage.home, "exec")
    until(lambda: pids.exists() and pids.read_text().strip())
    if how == "stopped":
        going.terminate()
    else:
        going.kill()
    going.communicate(timeout=100)
    until(lambda: not alive(int(pids.read_text())))
    (row,) = stage.call("queue")["requests"]
    costs = [event["cost_usd"] for event in events(stage.home, "trial")]
    # Nobody knows what the one that was ended has cost.
    assert costs == [0.1, 0.01, 0.1]
    if how == "stopped":
        assert row["waits"]["reason"] == "claude_changed"
        assert [name for name in os.listdir(stage.home.cache) if name.endswith("-probe")] == []
        return
    stage.says("2.1.329")
    (stage.folder / "claude").write_text(CLAUDE.format(folder=stage.folder))
    stage.says("2.1.331")
    execute(stage.home)
    assert outcomes(stage.home, "review") == ["succeeded"]


@pytest.mark.skipif(
    shutil.which("bwrap") is None or os.geteuid() != 0, reason="needs bubblewrap, and root to be sure of it"
)
def test_places_are_looked_at_in_the_sandbox(stage: Stage) -> None:
    """Where a task's own runs can write, its trial can; and a sandbox that is gone is a difference."""
    keys = {"agent": "command", "command": ["/bin/true"], "working_directory": str(stage.work)}
    write_task(stage.home, "boxed", json.dumps({**keys, "sandbox": "strict"}))
    inside = stage.call("try", "boxed", "--here")["effective"]["writable"]
    assert "the working directory" in inside
    assert "/etc" not in inside
    write_task(stage.home, "boxed", json.dumps(keys))
    data = stage.call("try", "boxed", "--here")
    opened = [
        f"it can write to {place}, and could not"
        for place in data["effective"]["writable"]
        if place not in inside
    ]
    assert data["differences"] == opened
