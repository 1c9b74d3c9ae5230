"""Several execs at once find events, and plugins that are due: each event leads to one run, and each plugin is polled once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.runner.plugging import plugin
from tests.workshop import command_task, drop, events, everything, execute, make_home, records, start

EXECS, EVENTS, PLUGINS = 5, 12, 3


def test_each_comes_once(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    routes = [{"from": "ci", "type": "x", "to": name} for name in ("one", "two")]
    routes += [{"from": f"watcher{number}", "type": "found", "to": "one"} for number in range(PLUGINS)]
    Path(home.config).write_text(json.dumps({"routes": routes}))
    command_task(home, "one", "/bin/true", more="lane: first\n")
    command_task(home, "two", "/bin/true", more="lane: second\n")
    for number in range(PLUGINS):
        answer = json.dumps({"status": "ok", "events": [{"type": "found", "payload": {}}]})
        plugin(
            home,
            f"watcher{number}",
            f"echo polled >> {tmp_path}/polls\necho '{answer}'",
            schedule={"every": "6h"},
            commands=["poll"],
        )
    for number in range(EVENTS):
        drop(home, f"e{number}.event.json", json.dumps({"from": "ci", "type": "x", "payload": {"n": number}}))
    started = [start(home, "exec") for _ in range(EXECS)]
    for process in started:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    execute(home)
    assert Path(tmp_path, "polls").read_text() == "polled\n" * PLUGINS
    brought = Counter(
        json.loads(Path(home.runs, task, record["run_id"], "request.json").read_text())["context"]["event"][
            "id"
        ]
        for task in ("one", "two")
        for record in records(home, task)
    )
    assert sorted(brought.values()) == [1] * PLUGINS + [2] * EVENTS
    assert everything(home) == {}
    assert events(home, "unmatched") == []
