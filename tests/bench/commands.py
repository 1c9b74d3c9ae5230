"""How soon each command says something, from its start to the first byte of its output."""

from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

from tests.bench.goal import Row
from tests.bench.rotation import Cost, process, rotate
from tests.bench.stage import BARE, Stage
from tests.workshop import ROOT

# Commands that draw with rich may take longer; `run`, `demo`, `new` and their like wait for something or change something.
PLAIN = {
    "--help": ["--help"],
    "--version": ["--version"],
    "run --help": ["run", "--help"],
    "show": ["show", "blink"],
    "next": ["next", "--cron", "0 8 * * *"],
    "why": ["why", "blink"],
    "config": ["config"],
    "logs": ["logs"],
    "queue --json": ["queue", "--json"],
    "list --json": ["list", "--json"],
    "status --json": ["status", "--json"],
    "validate": ["validate"],
    "statusline": ["statusline"],
}
DRAWN = {name: [name] for name in ("list", "status", "queue", "stats")}


def first_words(stage: Stage) -> list[Row]:
    """A home with some past, so that there is something to say."""
    home = stage.home("commands")
    for _ in range(3):
        stage.execute(home, drops=1)()
    environ = {**stage.environment(home), "PYTHONPATH": str(ROOT), "TERM": "xterm"}

    def first_byte(arguments: list[str]) -> Cost:
        began = perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "clodputer", *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as started:
            assert started.stdout is not None
            os.read(started.stdout.fileno(), 1)
            wall = perf_counter() - began
            started.stdout.read()
        return Cost(wall, 0.0)

    chosen = {**PLAIN, **DRAWN}
    sides = {name: (lambda words=words: first_byte(words)) for name, words in chosen.items()}
    rotation = rotate({"bare": process(BARE), **sides}, max(5, stage.rounds // 2))
    return [
        Row("", f"`clodputer {name}`: first output", "", rotation.ratio(name, "bare"), None, "x python")
        for name in chosen
    ]
