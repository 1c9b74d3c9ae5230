"""Goal 20: what a strict sandbox costs a run, against the same run without one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, run
from time import perf_counter

from clodputer.store.home import Home
from tests.bench.goal import Row
from tests.bench.stage import TRUE, Stage, touch
from tests.workshop import command_task


def enclosed(stage: Stage) -> list[Row]:
    """Runs that take a millisecond: bare, shut in, with a proxy, in a large folder; in turns, each by an exec of its own."""
    if not shutil.which("bwrap"):
        return []
    homes = {name: _home(stage, name, rule) for name, rule in RULES.items()}
    for home in homes.values():
        _seconds(stage, home)  # the preflight, once
    found: dict[str, list[float]] = {name: [] for name in homes}
    for _ in range(stage.rounds):
        for name, home in homes.items():
            found[name].append(_seconds(stage, home))
    bare, strict, hosts, large_bare, large = (median(found[name]) for name in RULES)
    told = f"({(strict - bare) * 1000:.0f} ms)"
    more = f"({(hosts - bare) * 1000:.0f} ms)"
    return [
        Row(
            "20",
            "exec with one run in a strict sandbox / the same without",
            "<= 1.5 x",
            strict / bare,
            1.5,
            f"x {told}",
        ),
        Row("20", "the same with hosts to reach, through a proxy", "<= 2 x", hosts / bare, 2.0, f"x {more}"),
        # Which is looked through for git repositories before the run and after it.
        Row(
            "20",
            f"what the sandbox costs a run in a folder of {MANY:,} files",
            "<= 1 s",
            large - large_bare,
            1.0,
            "s",
        ),
    ]


MANY = 50_000
RULES = {
    "bare": {"mode": "off"},
    "strict": {"mode": "strict"},
    "hosts": {"network": {"hosts": ["a.example"]}},
    "large-bare": {"mode": "off"},
    "large": {"mode": "strict"},
}


def _home(stage: Stage, name: str, rule: object) -> Home:
    home = stage.home(f"sandbox-{name}")
    work = Path(home.root, "..", f"work-{name}").resolve()
    work.mkdir()
    for number in range(MANY if name.startswith("large") else 0):
        folder = work / f"d{number % 100}" / f"d{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number}").touch()
    command_task(home, "blink", TRUE, more=f"working_directory: {work}\nsandbox: {json.dumps(rule)}\n")
    return home


def _seconds(stage: Stage, home: Home) -> float:
    touch(home, 1)
    began = perf_counter()
    argv = [f"{home.root}/bin/clodputer", "exec"]
    run(argv, env=stage.environment(home), stdout=DEVNULL, stderr=DEVNULL, check=True)
    return perf_counter() - began
