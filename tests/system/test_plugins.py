"""Plugins by real execs: polled beside the runs, their events become runs, once each however we are killed."""

from __future__ import annotations

import json
import signal
from functools import partial
from pathlib import Path

import pytest

from clodputer.model.text.moment import parse_moment
from clodputer.store.home import Home
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from tests.runner.plugging import OK, plugin
from tests.system import execs
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    run,
)

pytest_plugins = ["tests.fakes.fixtures"]

STRIDE = 3
# Reports something new only while its state does not say that it has.
ONCE = (
    "asked=$(cat)\ncase $asked in *'\"n\": 1'*) "
    f"{OK};; *) echo '"
    + json.dumps({"status": "ok", "state_updates": {"n": 1}, "events": [{"type": "found"}]})
    + "';; esac"
)


def set_up(folder: Path, script: str = ONCE, **manifest: object) -> Home:
    """A home with a plugin and a task for what it finds."""
    home = make_home(folder)
    plugin(home, "watcher", script, schedule={"every": "15m"}, **manifest)
    command_task(home, "repair", "true")
    Path(home.config).write_text("routes: [{from: watcher, type: found, to: repair}]\n")
    return home


def test_a_poll_leads_to_a_run(tmp_path: Path) -> None:
    """In one exec; the next one has nothing to do. What is listed says so."""
    home = set_up(tmp_path)
    assert [run["task"] for run in execute(home)["runs"]] == ["repair"]
    assert execute(home)["runs"] == []
    assert [line["events"] for line in events(home, "plugin_found")] == [1]
    (one,) = json.loads(clodputer(home, "plugins", "--json")[0])["data"]["plugins"]
    assert (one["name"], one["problem"], one["last"]["events"], one["state_version"]) == (
        "watcher",
        None,
        1,
        1,
    )
    due = parse_moment(one["next"], 0.0) - parse_moment(one["last"]["at"], 0.0)
    assert 800 < due <= 900
    shown, _ = clodputer(home, "plugins")
    assert "watcher" in shown
    assert "15m" in shown


def test_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    """A plugin that hangs, one that is broken: requests run meanwhile, and the others are polled."""
    home = set_up(tmp_path)
    plugin(home, "a-hanging", "trap '' TERM; sleep 60", schedule={"every": "5m"}, timeout="2s")
    plugin(home, "b-broken", OK, schedule={"every": "5m"}, protocol=9)
    plugin(home, "c-gone", OK, schedule={"every": "5m"}, entrypoint="none.sh")
    drop(home, "repair")
    execute(home)
    assert outcomes(home, "repair") == ["succeeded", "succeeded"]
    failed = {line["plugin"]: line for line in events(home, "plugin_failed")}
    assert {name: line["reason"] for name, line in failed.items()} == {
        "a-hanging": "failed",
        "b-broken": "plugin_protocol",
        "c-gone": "config",
    }
    told = {
        one["name"]: one["message"]
        for one in json.loads(clodputer(home, "status", "--json")[0])["data"]["plugins"]
    }
    assert sorted(told) == ["b-broken", "c-gone"]
    assert "it uses protocol 9" in told["b-broken"]
    said = json.loads(clodputer(home, "doctor", "--json", status=4)[0])["data"]["findings"]
    found = [one["message"] for one in said if one["check"] == "plugins"]
    assert len(found) == 2
    first = events(home, "finished")[0]
    assert first["timestamp"] < failed["a-hanging"]["timestamp"], "the run waited for the plugin"
    assert execute(home)["runs"] == []


def test_disabled(tmp_path: Path) -> None:
    """It is not polled until config.yaml says otherwise."""
    home = set_up(tmp_path)
    before = Path(home.config).read_text()
    Path(home.config).write_text(f"{before}plugins: {{watcher: {{enabled: false}}}}\n")
    assert execute(home)["runs"] == []
    assert plugins.past(home, "watcher").last is None
    Path(home.config).write_text(before)
    assert [run["task"] for run in execute(home)["runs"]] == ["repair"]


def test_by_hand(tmp_path: Path) -> None:
    """A call says what came of it by its exit code too; `handle` gets the event from a file."""
    home = set_up(tmp_path, "cat > asked.json; " + OK, commands=["poll", "handle"])
    event = tmp_path / "one.json"
    event.write_text('{"from": "ci", "type": "failed", "payload": {"n": 1}}')
    clodputer(home, "plugin", "run", "watcher", "handle", "--event", str(event))
    asked = json.loads(Path(home.plugins, "watcher", "asked.json").read_text())
    assert (asked["command"], asked["event"]["payload"], asked["event"]["from"]) == ("handle", {"n": 1}, "ci")
    clodputer(home, "plugin", "run", "watcher", "handle", status=2)
    plugin(home, "watcher", "exit 5", commands=["poll"])
    shown, _ = clodputer(home, "plugin", "run", "watcher", status=1)
    assert "it exited with status 5" in shown
    clodputer(home, "plugin", "run", "nobody", status=1)
    clodputer(home, "plugin", "new", "fresh")
    clodputer(home, "plugin", "run", "fresh", "health")


@pytest.mark.slow
def test_killed_before_any_step(tmp_path: Path) -> None:
    """What is found once is found once: the event and the state that says so are one commit."""
    steps = 0
    for step in range(1, 4000, STRIDE):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = set_up(folder)
        execs.run(home, "validate")
        ended = execs.call(home, "plugin", "run", "watcher", step=step)
        if ended.status == 0:
            break
        assert ended.status == -signal.SIGKILL, ended
        where = f"step {step}: {ended.stdout.strip()}"
        # The keeper may have the lock for a moment still.
        again = until(partial(_again, home), message=f"{where}: it cannot be called any more")
        assert again, where
        execs.run(home, "exec")
        assert outcomes(home, "repair") == ["succeeded"], where
        kept = state.read(home, plugins.state_name("watcher"))
        assert (kept.version, kept.value) == (1, {"n": 1}), where
        assert everything(home) == {}, where
        assert events(home, "unmatched") == [], where
        steps += 1
    assert steps > 10


def test_an_exec_is_killed_beside_its_poll(tmp_path: Path) -> None:
    """Exec, or the process that polls beside it, or both: the next ones make it good, once."""
    for step in range(1, 4000, STRIDE * 4):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = set_up(folder)
        execs.run(home, "validate")
        killed, what = execs.kill_at(home, step)
        if not killed and outcomes(home, "repair"):
            break  # neither of them has so many steps
        until(partial(_ran, home), message=f"step {step}: {what}: it never ran")
        # The run itself may have been under way.
        assert outcomes(home, "repair") in (["succeeded"], ["lost"]), f"step {step}: {what}"
        left = {place: names for place, names in everything(home).items() if place != "dead"}
        assert left == {}, f"step {step}: {what}"
    assert step > 50


def _ran(home: Home) -> bool:
    execs.run(home, "exec")
    return bool(outcomes(home, "repair"))


def _again(home: Home) -> bool:
    return execs.call(home, "plugin", "run", "watcher").status == 0


def test_a_full_lane_holds_back_its_plugins(tmp_path: Path) -> None:
    """While the lane is full to which a plugin's events lead, it is not polled, which `status` and `doctor` say."""
    home = set_up(tmp_path)
    before = Path(home.config).read_text()
    Path(home.config).write_text(f"{before}lanes: {{default: {{queue_limit: 2}}}}\n")
    clodputer(home, "pause", "--all")
    for number in range(3):
        drop(home, f"{number}.json", json.dumps({"task": "repair"}))
    # The first exec that takes them in may ask the plugin at the same time: it has none yet.
    folder = Path(home.root, "plugins")
    folder.rename(tmp_path / "plugins")
    execute(home)
    (tmp_path / "plugins").rename(folder)
    execute(home)
    assert plugins.past(home, "watcher").last is None
    data = json.loads(clodputer(home, "status", "--json")[0])["data"]
    assert (data["waiting"]["queued"], data["waiting"]["lanes"][0]["full"]) == (3, True)
    (told,) = data["plugins"]
    assert (
        told["message"]
        == "is not polled while as many requests wait in lane default as its queue_limit allows"
    )
    said = json.loads(run(home, "doctor", "--json").stdout)["data"]["findings"]
    assert [one["level"] for one in said if one["check"] == "plugins"] == ["note"]
    Path(home.config).write_text(before)
    execute(home)
    assert plugins.past(home, "watcher").last is not None
