"""The month itself: requests dropped, execs that are killed, a person who looks after it each morning, a clock that jumps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Optional

import psutil

from clodputer.store.home import Home
from tests import warm
from tests.system.month import story, streams
from tests.system.month.clock import Clock
from tests.workshop import drop, environment, make_home, program, write_task

HOUR, DAY = 3600.0, 86400.0
# Steps before which an exec is killed, in words that tests/killing.py looks for, and where a fault is raised.
WORDS = (
    "rename slot-",
    "rename record.json",
    "rename delayed",
    "rename dropped",
    "rename dead",
    "open started",
    "remove .started",
    "mkdir runs",
    "rename attempts",
    "rename parked",
)
# Before which rounds the clock is put forward or back, in seconds: also beyond what passed since the round before.
JUMPS = {
    9: -9 * HOUR,
    23: 30 * HOUR,
    33: -10 * HOUR,
    41: -HOUR,
    52: -9 * HOUR,
    60: 50 * HOUR,
    77: -10 * HOUR,
    90: -9 * HOUR,
}
FAULTS = ("claimed", "gates", "begin", "prepare", "record", "settle", "effect", "unmark", "due", "promote")


class Month:
    """A home on a disk of its own where that can be had, its agent, its clock, and who works in it."""

    def __init__(self, folder: Path, number: int, seed: int) -> None:
        self.dice = Random(seed)
        self.folder, self.stage = folder, folder / "stage"
        self.stage.mkdir()
        self.clock = Clock(folder / "clock")
        # The beginning of a day, so that days are whole; after the real time, which files have.
        self.begin = (time.time() // DAY + 1) * DAY
        self.clock.set(self.begin)
        self.server = warm.Server("-m", "tests.system.month.clock", str(self.clock.path))
        self.drops = story.drops(number, self.dice)
        self.killed = self.full = 0
        self.disk: Optional[Path] = None

    def live(self, home: Home, disk: Optional[Path]) -> None:
        """All of it, from the first request until nothing goes on by itself any more."""
        self.home, self.disk = home, disk
        self.environ = {**environment(home), "TZ": "UTC"}
        self._prepare()
        days, rounds = 28, 4
        left = iter(self.drops)
        each = len(self.drops) / (days * rounds)
        due = 0.0
        for number in range(days * rounds):
            due += each
            while due >= 1:
                self._ask(next(left))
                due -= 1
            self._pass(self.dice.uniform(4, 8) * HOUR)
            self._pass(JUMPS.get(number, 0.0))
            self._work()
            if number % rounds == 1:
                self._look_after()
        for one in left:
            self._ask(one)
        self._finish()
        self.server.end()

    def _prepare(self) -> None:
        home, stage = self.home, self.stage
        for name in ("starts", "alive", "fates", "projects"):
            (stage / name).mkdir()
        config = Path(os.environ["HOME"], ".claude")
        config.mkdir(exist_ok=True)
        (config / "projects").mkdir()
        (config / "projects" / "month").symlink_to(stage / "projects")
        streams.make(stage / "streams")
        lanes = "\n".join(
            f"{name}) lane={kind.lane} slots={story.SLOTS[kind.lane]} ;;"
            for name, kind in story.TASKS.items()
        )
        script = (Path(__file__).parent / "agent.sh").read_text()
        agent = program(stage, "claude", script.replace("@FOLDER@", str(stage)).replace("@LANES@", lanes))
        Path(home.config).write_text(json.dumps({"claude": str(agent), **story.CONFIG}))
        for name, kind in story.TASKS.items():
            more = {"command": [str(agent)]} if kind.keys.get("agent") == "command" else {}
            write_task(
                home,
                name,
                json.dumps({"lane": kind.lane, "working_directory": str(stage), **kind.keys, **more}),
            )
            # A change of its file ends a breaker: it must be older than any run.
            os.utime(f"{home.tasks}/{name}.yaml", (self.begin - DAY, self.begin - DAY))
        for one in self.drops:
            (stage / "fates" / one.id).write_text("".join(f"{fate} {cost}\n" for fate, cost in one.tries))
        self._pass(0)

    def _pass(self, seconds: float) -> None:
        self.clock.set(self.clock.time() + seconds)
        (self.stage / "now").write_text(f"{int(self.clock.time())}\n")

    def _ask(self, one: story.Drop) -> None:
        drop(self.home, one.file, story.text(one))
        now = self.clock.time()
        os.utime(f"{self.home.new}/{one.file}", (now, now))

    # How a round of work goes.

    def _work(self) -> None:
        chance = self.dice.random()
        if chance < 0.55:
            self._exec(number=self.dice.choice((1, 1, 2)))
        elif chance < 0.70:
            self._exec(step=self.dice.randrange(1, 300))
        elif chance < 0.80:
            self._exec(step=self.dice.choice(WORDS))
        elif chance < 0.90:
            self._killed_at_random()
        elif chance < 0.95 or self.disk is None:
            fault = self.dice.choice(FAULTS)
            waiting = [one.id for one in self.drops]
            step = fault if fault in ("due", "promote") else f"{fault}@{self.dice.choice(waiting)}"
            self._exec(fault=step if self.dice.random() < 0.7 else fault)
        else:
            with self._full_disk(self.dice.randrange(6)):
                self._exec(statuses=(0, 1))

    def _exec(
        self,
        number: int = 1,
        step: int | str | None = None,
        fault: str = "",
        statuses: tuple[int, ...] = (0,),
    ) -> None:
        environ = {**self.environ, **({"CLODPUTER_FAULT": fault} if fault else {})}
        begun = [self.server.begin(("exec",), environ, step) for _ in range(number)]
        if self.dice.random() < 0.05:
            self._pass(self.dice.choice((HOUR, -HOUR / 2)))  # in the middle of it
        for one in begun:
            ended = self.server.wait(one, 300)
            killed = ended.status == -signal.SIGKILL and step is not None
            self.killed += killed
            assert killed or ended.status in statuses, ended

    def _killed_at_random(self) -> None:
        begun = [self.server.begin(("exec",), self.environ) for _ in range(2)]
        time.sleep(self.dice.uniform(0.005, 0.15))  # the moment of the kill is what varies
        for one in begun:
            for process in _tree(one.pid):
                # Mostly exec alone, whose keepers then clean up; or some of them, or all.
                if process.pid == one.pid or self.dice.random() < 0.3:
                    try:
                        process.kill()
                    except psutil.NoSuchProcess:
                        continue
            self.killed += 1
        for one in begun:
            self.server.wait(one, 300)

    @contextmanager
    def _full_disk(self, pages: int) -> Iterator[None]:
        assert self.disk is not None
        status = os.statvfs(self.disk)
        used = (status.f_blocks - status.f_bfree) * status.f_frsize
        whole = status.f_blocks * status.f_frsize
        self.full += 1
        try:
            _resize(self.disk, used + pages * 4096)
            yield
        finally:
            _resize(self.disk, whole)

    # What a person does.

    def _run(self, *arguments: str, statuses: tuple[int, ...] = (0,)) -> str:
        ended = self.server.call(arguments, self.environ, seconds=300)
        assert ended.status in statuses, (arguments, ended)
        return ended.stdout

    def _look_after(self) -> None:
        self._run("resume", "--account", "claude", statuses=(0, 1))
        chance = self.dice.random()
        parked = (
            [name for name in os.listdir(self.home.parked) if name.endswith(".reason.json")]
            if os.path.isdir(self.home.parked)
            else []
        )
        if parked and chance < 0.5:
            reason = json.loads(Path(self.home.parked, self.dice.choice(sorted(parked))).read_text())
            self._run("unpark", reason["item"], "--task", reason["task"])
        elif chance < 0.6:
            self._run("reset", self.dice.choice(("fragile", "sync", "shaky")))
        elif chance < 0.7:
            self._run("pause", self.dice.choice(list(story.TASKS)), "--for", "12h")
        elif chance < 0.8:
            self._run("pause", "--lane", "wide", "--for", "6h")
        elif chance < 0.9:
            waiting = [
                name.split(".")[2]
                for lane in os.listdir(self.home.lanes)
                for name in os.listdir(f"{self.home.lanes}/{lane}/delayed")
            ]
            if waiting:
                self._run("cancel", self.dice.choice(sorted(waiting)), statuses=(0, 1))
        else:
            dead = sorted(
                name.split(".")[0] for name in os.listdir(self.home.dead) if not name.endswith(".reason.json")
            )
            if dead:
                self._run("retry", self.dice.choice(dead), statuses=(0, 1))

    def _finish(self) -> None:
        """Until nothing waits for anything but a person: what is left is parked, or asks for a thing that is."""
        for _ in range(120):
            self._pass(6 * HOUR)
            self._run("resume", "--account", "claude", statuses=(0, 1))
            self._exec()
            if not self._waiting():
                return
        raise AssertionError(f"requests still wait: {self._waiting()[:5]}")

    def _waiting(self) -> list[str]:
        found = []
        for lane in os.listdir(self.home.lanes):
            base = Path(self.home.lanes, lane)
            for path in (*base.glob("queue/*/*"), *base.glob("slot-*/*"), *base.glob("delayed/*")):
                note = (
                    base / "waits" / f"{path.name.split('.')[2]}.json"
                    if path.parent.name == "delayed"
                    else None
                )
                reason = json.loads(note.read_text())["reason"] if note and note.exists() else ""
                if reason != "parked":
                    found.append(f"{path}: {reason}")
        return found


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


@contextmanager
def home_of(folder: Path, size: str) -> Iterator[tuple[Home, Optional[Path]]]:
    """A home on a file system of its own that can be made full, or on any where nobody may mount one."""
    place = folder / "disk"
    place.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True
        ).returncode
        == 0
    )
    try:
        yield make_home(place), place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)
