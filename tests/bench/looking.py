"""What each source costs, as its alarm starts it: a look that finds nothing new, and an `exec` before the next one is due."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, NamedTuple

from clodputer.runner.topics import known
from clodputer.store.due import topics
from clodputer.store.home import Home
from tests.bench.goal import Row
from tests.bench.rotation import Side, process, rotate
from tests.bench.stage import BARE, Stage
from tests.fakes.github_api import TOKEN, serving
from tests.listener import listening
from tests.slots import forget_looks, settle
from tests.workshop import command_task, drop, write_secrets

FILES, LINES, FINDINGS = 200, 5_000, 200
HOUR = 3600.0
POLLED = 'echo \'{"status": "ok"}\''


class Source(NamedTuple):
    """A home with one source. due: lets the next exec look."""

    home: Home
    due: Callable[[], object]


def sources(stage: Stage) -> list[Row]:
    """A folder of 200 files, a log of 5,000 lines, a report of 200 findings, a repository on a stand-in of GitHub, a plugin, a
    topic of a stand-in of ntfy, and an event that came before.
    """
    with ExitStack() as stack:
        found = {
            **_watching(stage, stack.enter_context(serving()).url),
            "a plugin in sh": _plugin(stage),
            "an ntfy topic (on this machine)": _topic(stage, stack.enter_context(listening()).url),
            "an event that came before": _event(stage),
        }
        sides: dict[str, Side] = {"bare": process(BARE)}
        for what, one in found.items():
            execute = [f"{one.home.root}/bin/clodputer", "exec"]
            environ = stage.environment(one.home)
            sides[what] = process(execute, environ, one.due)
            # The first look takes in all there is.
            sides[what]()
            sides[what]()
            sides[f"{what}, idle"] = process(execute, environ, lambda home=one.home: _later(home))  # type: ignore[misc]
        rotation = rotate(sides, stage.rounds)
    rows = []
    for what in found:
        taken = f"x ({rotation.milliseconds(what):.0f} ms)"
        rows.append(Row("41", f"a look at {what}", "", rotation.ratio(what, "bare"), None, taken))
    for what in found:
        idle = f"{what}, idle"
        taken = f"x ({rotation.milliseconds(idle):.0f} ms)"
        rows.append(Row("41", f"`exec` before that: {what}", "", rotation.ratio(idle, "bare"), None, taken))
    return rows


def _watching(stage: Stage, github: str) -> dict[str, Source]:
    folder = stage.folder / "sources"
    (folder / "watched").mkdir(parents=True)
    for number in range(FILES):
        (folder / "watched" / f"{number}.txt").write_text("text\n")
    (folder / "a.log").write_text("".join(f"2026-11-28 00:00:00 INFO line {n}\n" for n in range(LINES)))
    report = [
        {
            "code": "F401",
            "message": "unused",
            "filename": f"{folder}/m{n}.py",
            "location": {"row": 1, "column": 1},
            "end_location": {"row": 1, "column": 2},
        }
        for n in range(FINDINGS)
    ]
    (folder / "ruff.json").write_text(json.dumps(report))
    triggers = {
        f"a folder of {FILES} files": f"{{type: file_watch, path: '{folder}/watched', pattern: '*.txt'}}",
        f"a log of {LINES:,} lines": f"{{type: error_log, paths: ['{folder}/a.log']}}",
        f"a report of {FINDINGS} findings": f"{{type: findings, format: ruff, folder: '{folder}', file: ruff.json}}",
        "a repository on GitHub (on this machine, unchanged)": "{type: github, repository: o/r}",
    }
    found = {}
    for number, (what, trigger) in enumerate(triggers.items()):
        home = stage.home(f"source-{number}")
        write_secrets(home, f"GITHUB_TOKEN={TOKEN}\n")
        Path(home.config).write_text(
            f'github: {{api_url: "{github}", token: "{{{{ env.GITHUB_TOKEN }}}}"}}\n'
        )
        command_task(home, "look", "/bin/true", more=f"trigger: {trigger}\n")
        settle(home, "look")
        found[what] = Source(home, lambda home=home: forget_looks(home))  # type: ignore[misc]
    return found


def _plugin(stage: Stage) -> Source:
    home = stage.home("source-plugin")
    folder = Path(home.plugins, "watcher")
    folder.mkdir(parents=True, mode=0o700)
    program = folder / "run.sh"
    program.write_text(f"#!/bin/sh\n{POLLED}\n")
    program.chmod(0o700)
    keys = {"name": "watcher", "protocol": 1, "entrypoint": "run.sh", "commands": ["poll"]}
    (folder / "manifest.yaml").write_text(json.dumps({**keys, "schedule": {"every": "6h"}}))

    def due() -> None:
        for path in Path(home.ledger).glob("plugins/next/*"):
            path.unlink()
        for path in Path(home.ledger).glob("plugins/@watcher/*/*.json"):
            fields = json.loads(path.read_text())
            path.write_text(json.dumps({**fields, "ends": []}))

    return Source(home, due)


def _topic(stage: Stage, url: str) -> Source:
    home = stage.home("source-topic")
    write_secrets(home, "HOOK=a secret of the sender\n")
    Path(home.config).write_text(
        f"webhooks:\n  ci: {{kind: standard, secret: '{{{{ env.HOOK }}}}', ntfy_topic: {url}/t, every: 6h}}\n"
    )

    def due() -> None:
        for path in Path(topics.folder(home)).glob("*.next"):
            path.unlink()
        before = known.read(home, "ci")
        if before:
            known.write(home, "ci", {**before, "next": 0, "failures": 0})

    return Source(home, due)


def _event(stage: Stage) -> Source:
    home = stage.home("source-event")
    Path(home.config).write_text("routes: [{from: ci, type: x, to: blink}]\n")
    text = json.dumps({"from": "ci", "type": "x", "dedupe_key": "k"})
    return Source(home, lambda: drop(home, "a.event.json", text))


def _later(home: Home) -> None:
    """Nothing of it is due for an hour, however long the others of the rotation take."""
    folder = f"{home.ledger}/next"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        when, _, rest = name.partition(".")
        ending = "w" if when.endswith("w") else ""
        if when != "never":
            os.rename(
                f"{folder}/{name}", f"{folder}/{int((time.time() + HOUR / 2) * 1000):013d}{ending}.{rest}"
            )
