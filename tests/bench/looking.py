"""What a look of each source costs that finds nothing new: a whole `exec`, as its alarm starts it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from tests.bench.goal import Row
from tests.bench.rotation import Side, process, rotate
from tests.bench.stage import BARE, Stage
from tests.fakes.github_api import TOKEN, Api, serving
from tests.slots import forget_looks
from tests.workshop import command_task, write_secrets

FILES, LINES, FINDINGS = 200, 5_000, 200


def sources(stage: Stage) -> list[Row]:
    """A folder of 200 files, a log of 5,000 lines, a report of 200 findings, a repository on a stand-in of GitHub."""
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
    with ExitStack() as stack:
        api = stack.enter_context(serving())
        api.state.repository("o/r")
        sides: dict[str, Side] = {"bare": process(BARE)}
        for number, (what, trigger) in enumerate(triggers.items()):
            sides[what] = _side(stage, f"source-{number}", trigger, api)
        rotation = rotate(sides, stage.rounds)
    rows = []
    for what in triggers:
        taken = f"x ({rotation.milliseconds(what):.0f} ms)"
        rows.append(Row("41", f"a look at {what}", "", rotation.ratio(what, "bare"), None, taken))
    return rows


def _side(stage: Stage, name: str, trigger: str, api: Api) -> Side:
    home = stage.home(name)
    write_secrets(home, f"GITHUB_TOKEN={TOKEN}\n")
    Path(home.config).write_text(f'github: {{api_url: "{api.url}", token: "{{{{ env.GITHUB_TOKEN }}}}"}}\n')
    command_task(home, "look", "/bin/true", more=f"trigger: {trigger}\n")
    side = process(
        [f"{home.root}/bin/clodputer", "exec", "--task", "look"],
        stage.environment(home),
        lambda: forget_looks(home),
    )
    # The first look takes in all there is.
    side()
    side()
    return side
