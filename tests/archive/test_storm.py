"""Backups in the middle of a storm: whatever moves meanwhile, a home restored from each of them lacks nothing."""

from __future__ import annotations

import multiprocessing
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.archive.backup import restore
from clodputer.archive.backup.backup import Wanted
from clodputer.archive.format import file
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool.drop import drop
from tests.archive import checker
from tests.wait import until
from tests.workshop import command_task, environment, execute, make_home

FORK = multiprocessing.get_context("fork")
DROPPERS, EXECS, EACH, BACKUPS = 12, 3, 6, 2
TASKS = ("blink", "first", "fails")


def dropper(home: Home, who: int, journal: Path, pace: Any) -> None:
    """Drop requests, and note each once it is there for good."""
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in range(EACH):
        name = f"storm-{who:02}-{number:02}"
        drop(home, f"{name}.json", {"id": name, "task": TASKS[(who + number) % len(TASKS)]})
        os.write(descriptor, f"{name}\n".encode())
        pace.wait(0.15)
    os._exit(0)


def executor(environ: dict[str, str], over: Any) -> None:
    """One exec after the other."""
    context = look(environ)
    with Stop() as stop:
        while not over.is_set():
            work(context, stop)
            over.wait(0.01)
    os._exit(0)


def has_lines(path: Path, number: int) -> bool:
    return path.read_text().count("\n") >= number


def is_done(home: Home) -> bool:
    """Whether nothing waits in it after one more exec."""
    execute(home)
    return not checker.waiting(Path(home.root))


@pytest.mark.slow
def test_a_home_restored_from_each_backup_lacks_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    environ = environment(home)
    journal = tmp_path / "journal"
    journal.touch()
    Path(home.config).write_text("lanes: {wide: {slots: 3}}\n")
    command_task(home, "blink", "/bin/sleep", "0.02", more="lane: wide\n")
    command_task(home, "first", "/bin/true", more="on_success: [{run: then}]\n")
    command_task(home, "then", "/bin/true", more="lane: wide\n")
    command_task(
        home,
        "fails",
        "/bin/sh",
        "-c",
        "exit 7",
        more="lane: wide\nretry: {max_attempts: 2, wait: 1s, backoff: fixed}\nbreaker: {threshold: 100}\n",
    )
    over, pace = FORK.Event(), FORK.Event()
    droppers = [FORK.Process(target=dropper, args=(home, who, journal, pace)) for who in range(DROPPERS)]
    execs = [FORK.Process(target=executor, args=(environ, over)) for _ in range(EXECS)]
    for process in (*droppers, *execs):
        process.start()
    taken = []
    try:
        until(lambda: os.path.exists(home.log))
        for number in range(BACKUPS):
            enough = (number + 1) * DROPPERS * EACH // (BACKUPS + 2)
            until(partial(has_lines, journal, enough))
            accepted = journal.read_text().split()
            path = tmp_path / f"{number}.tar.gz"
            done = file.write(home, str(path), Wanted(), time.time())
            assert done.omitted_count == 0, done.omitted
            taken.append((path, accepted, done.manifest))
    finally:
        pace.set()
        for process in droppers:
            process.join(100)
        over.set()
        for process in execs:
            process.join(100)
    assert any(manifest.waiting for _, _, manifest in taken), "nothing waited: this was no storm"
    for number, (path, accepted, _) in enumerate(taken):
        other = Home(str(tmp_path / f"restored-{number}"))
        with path.open("rb") as source:
            restore.restore(source, other, time.time())
        assert checker.missing(Path(other.root), accepted) == []
        until(partial(is_done, other))
        assert checker.after(Path(other.root), accepted) == []
