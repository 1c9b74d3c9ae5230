"""`python -m tests.bench`: measure the goals and write the table; `--write` puts it into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import (
    commands,
    deciding,
    enclosing,
    feeling,
    learning,
    looking,
    parallel,
    past,
    racing,
    spooling,
    starting,
    supervising,
    trees,
)
from tests.bench.goal import Row, table
from tests.bench.peers import Peers, obtain
from tests.bench.stage import Stage
from tests.workshop import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"


def main() -> int:
    """Run the benches that were asked for, in the order of the goals."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "benches",
        nargs="*",
        help="some of: "
        "start felt memory tasks history sweep gate printing modules edited shell python drain pick race "
        "parallel sandbox trees past learned look sources resident commands",
    )
    parser.add_argument("--rounds", type=int, default=21, help="of each rotation (21)")
    parser.add_argument("--no-peers", action="store_true", help="leave out the other programs")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    peers = Peers({}, ("left out",)) if arguments.no_peers else obtain()
    with tempfile.TemporaryDirectory(prefix="clodputer-bench-") as folder:
        stage = Stage(Path(folder), arguments.rounds)
        benches = {
            "start": lambda: starting.exec_itself(stage),
            "memory": lambda: starting.memory(stage),
            "felt": lambda: feeling.drop_to_start(stage),
            "tasks": lambda: feeling.many_tasks(stage),
            "history": lambda: feeling.long_past(stage),
            "sweep": lambda: deciding.sweep(stage),
            "gate": lambda: deciding.gate(stage),
            "printing": lambda: feeling.much_output(stage),
            "modules": lambda: starting.modules(stage),
            "edited": lambda: starting.edited(stage),
            "shell": lambda: spooling.from_the_shell(stage, peers),
            "python": lambda: spooling.from_python(stage),
            "drain": lambda: spooling.drain(stage, peers),
            "pick": lambda: spooling.picking(stage),
            "race": lambda: racing.races(stage),
            "sandbox": lambda: enclosing.enclosed(stage),
            "past": lambda: past.the_past(stage),
            "learned": lambda: learning.learned(stage),
            "parallel": lambda: parallel.parallel(stage),
            "trees": lambda: trees.worktrees(stage),
            "look": lambda: supervising.looks(stage),
            "sources": lambda: looking.sources(stage),
            "resident": lambda: spooling.resident(stage, peers),
            "commands": lambda: commands.first_words(stage),
        }
        rows: list[Row] = []
        for name in arguments.benches or benches:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found = benches[name]()
            print(table(found), file=sys.stderr, flush=True)
            rows += found
    text = "\n".join(
        [
            (
                f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.system()} "
                f"{platform.release()}, {arguments.rounds} rounds."
            ),
            *(f"Not compared: {why}." for why in peers.missing),
            "",
            table(rows),
        ]
    )
    print(text)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(before + BEGIN + text + "\n" + END + rest.partition(END)[2], encoding="utf-8")
    return 0


sys.exit(main())
