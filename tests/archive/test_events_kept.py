"""A backup has what events and plugins leave: those that are kept, what routes have taken, what plugins remember."""

from __future__ import annotations

import json
from pathlib import Path

from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from tests.runner.plugging import plugin
from tests.workshop import clodputer, command_task, drop, execute, make_home, outcomes

FOUND = {"status": "ok", "state_updates": {"n": 1}, "events": [{"type": "found", "dedupe_key": "k"}]}


def test_it_comes_back(tmp_path: Path) -> None:
    """In the restored home an event that its route has taken already makes no second request."""
    home = make_home(tmp_path)
    command_task(home, "repair", "true")
    Path(home.config).write_text("routes: [{from: watcher, type: found, to: repair}]\n")
    plugin(home, "watcher", f"echo '{json.dumps(FOUND)}'")
    drop(home, "lost.event.json", '{"from": "ci", "type": "unheard"}')
    execute(home)
    clodputer(home, "plugin", "run", "watcher")
    execute(home)
    assert outcomes(home, "repair") == ["succeeded"]
    archive = tmp_path / "all.tar.gz"
    clodputer(home, "backup", str(archive))
    (tmp_path / "other").mkdir()
    other = Home(str(tmp_path / "other" / "home"))
    clodputer(other, "restore", str(archive))
    assert aside.names(other.unrouted) == ["lost.event.json"]
    assert aside.read(other.unrouted, "lost.event.json").code == "no_route"
    assert state.read(other, plugins.state_name("watcher")).value == {"n": 1}
    assert plugins.past(other, "watcher").last is not None
    clodputer(other, "plugin", "run", "watcher")
    assert execute(other)["runs"] == []
