"""Goals 7 to 10 and 15: dropping, picking and draining, with few and with a hundred thousand requests waiting."""

from __future__ import annotations

import multiprocessing
import os
from time import perf_counter
from typing import Callable

from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.spool.drop import drop
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.slot import Slot
from tests.bench.goal import Row
from tests.bench.peers import Peers
from tests.bench.rotation import block, process, rotate
from tests.bench.stage import TRUE, Stage, touch

MANY = 100_000
# Straight into `new/`: intake leaves a file without its last newline alone, and `set -C` refuses a name that is taken.
SHELL_DROP = 'set -C; printf "%s\\n" "task: blink" > "$1/$$.yaml"'
NAME = "{:020d}.3.{:08x}.{}"


def waiting(stage: Stage, name: str, count: int) -> Home:
    """A home with so many requests queued, at the lowest priority."""
    home = stage.home(name)
    folder = f"{home.lanes}/default/queue/1"
    for number in range(count):
        os.close(os.open(f"{folder}/{queued(number)}", os.O_CREAT | os.O_WRONLY))
    return home


def queued(number: int) -> str:
    """The name of a request in a queue."""
    return f"{1_700_000_000_000_000 + number}.1.{number:08x}.{number}.json"


def from_the_shell(stage: Stage, peers: Peers) -> list[Row]:
    """Goal 7."""
    few, many = stage.home("few"), waiting(stage, "many", MANY)
    sides = {
        "true": process([TRUE]),
        "empty": process(["/bin/sh", "-c", SHELL_DROP, "sh", few.new]),
        "full": process(["/bin/sh", "-c", SHELL_DROP, "sh", many.new]),
        **peers.enqueue(stage.folder),
    }
    rotation = rotate(sides, stage.rounds * 2)
    rows = [
        Row(
            "7",
            "drop by the shell, 100,000 waiting against none",
            "<= 1.25 x",
            rotation.ratio("full", "empty"),
            1.25,
            "x",
        )
    ]
    if "tsp" in sides:
        rows.append(
            Row("7", "drop by the shell against `tsp`", "<= 1.1 x", rotation.ratio("empty", "tsp"), 1.1, "x")
        )
    told = [
        Row("7", f"enqueue: {name}", "", rotation.ratio(name, "true"), None, "x /bin/true") for name in sides
    ]
    return rows + told


def from_python(stage: Stage) -> list[Row]:
    """Goal 8."""
    home, plain, count = stage.home("python"), stage.folder / "plain", 400
    plain.mkdir()
    serial = iter(range(10**9))
    data = b'{"task": "blink"}\n'

    def bare() -> None:
        for _ in range(count):
            descriptor = os.open(f"{plain}/{next(serial)}", os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(descriptor, data)
            os.close(descriptor)

    def ours(durable: bool) -> Callable[[], None]:
        def run() -> None:
            for _ in range(count):
                atomic.write(f"{home.new}/{next(serial)}.json", data, through=home.tmp, durable=durable)

        return run

    rotation = rotate(
        {"bare": block(bare), "drop": block(ours(False)), "durable": block(ours(True))},
        max(5, stage.rounds // 2),
    )
    lost = eight_writers(stage)
    return [
        Row(
            "8",
            "drop from Python without fsync, against a bare create",
            "",
            rotation.ratio("drop", "bare"),
            None,
            "x",
        ),
        Row(
            "8",
            "the same with both fsyncs, as `spool.drop` does it",
            "",
            rotation.ratio("durable", "bare"),
            None,
            "x",
        ),
        Row("8", "of 4,000 requests by 8 writers at once: lost", "0", lost, 0, ""),
    ]


def eight_writers(stage: Stage) -> int:
    """How many drops are not there afterwards."""
    home = stage.home("writers")
    context = multiprocessing.get_context("fork")

    def write(who: int) -> None:
        for number in range(500):
            drop(home, f"{who}-{number}.json", {"task": "blink"})

    writers = [context.Process(target=write, args=(who,)) for who in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return 4000 - len(os.listdir(home.new))


def drain(stage: Stage, peers: Peers) -> list[Row]:
    """Goal 9: drop and drain, against a shell loop and the peers, from the first drop to the end of the last job."""
    count = 300
    serial = iter(range(10**6))

    def ours() -> None:
        home = stage.home(f"drain-{next(serial)}")
        touch(home, count)
        stage.execute(home)()

    loop = f"i=0; while [ $i -lt {count} ]; do {TRUE}; i=$((i+1)); done"
    sides = {
        "shell": process(["/bin/sh", "-c", loop]),
        "Clodputer": block(ours),
        **peers.drain(stage.folder, count),
    }
    rotation = rotate(sides, max(3, stage.rounds // 7))
    rows = [
        Row(
            "9",
            f"drop and drain {count} x `/bin/true`",
            "",
            rotation.ratio("Clodputer", "shell"),
            None,
            "x a shell loop",
        )
    ]
    others = [name for name in sides if name not in ("shell", "Clodputer")]
    return rows + [
        Row("9", f"the same with {name}", "", rotation.ratio(name, "shell"), None, "x a shell loop")
        for name in others
    ]


def picking(stage: Stage) -> list[Row]:
    """Goals 10 and 11."""
    few, many = waiting(stage, "pick-few", 100), waiting(stage, "pick-many", MANY)
    costs: dict[str, list[float]] = {"few": [], "many": []}
    queues = {"few": Queue(few, Slot("default", 0)), "many": Queue(many, Slot("default", 0))}
    for queue in queues.values():
        assert queue.claim() is not None  # lists the folder, once
    for _ in range(90):
        for name, queue in queues.items():
            began = perf_counter()
            assert queue.claim() is not None
            costs[name].append(perf_counter() - began)
    ratio = sorted(costs["many"])[45] / sorted(costs["few"])[45]
    return [
        Row("10", "pick with 100,000 queued against 100", "<= 1.25 x", ratio, 1.25, "x"),
        Row(
            "11",
            "of 2,000 urgent arrivals between picks: passed over",
            "0",
            passed_over(stage, listed_once=False),
            0,
            "",
        ),
        Row(
            "11",
            "the control, which lists all folders once",
            "> 0",
            passed_over(stage, listed_once=True),
            None,
            "",
        ),
    ]


def passed_over(stage: Stage, *, listed_once: bool) -> int:
    """How many of the urgent arrivals are not the next to be claimed."""
    home = waiting(stage, f"urgent-{listed_once}", 4001)
    folder = f"{home.lanes}/default/queue"
    queue: Queue = ListedOnce(home) if listed_once else Queue(home, Slot("default", 0))
    queue.claim()
    missed = 0
    for number in range(2000):
        name = f"{1_800_000_000_000_000 + number}.5.{number:08x}.{number}.json"
        os.close(os.open(f"{folder}/5/{name}", os.O_CREAT | os.O_WRONLY))
        place = queue.claim()
        missed += place is None or place.priority != 5
        queue.claim()
    return missed


class ListedOnce(Queue):
    """The trap: every folder is listed once, and what arrives later is seen when all that was known is used up."""

    def __init__(self, home: Home) -> None:
        super().__init__(home, Slot("default", 0))
        self.listed: set[str] = set()

    def _list(self, folder: str) -> list[str]:  # type: ignore[override]
        if folder in self.listed:
            return []
        self.listed.add(folder)
        return Queue._list(folder)


def resident(stage: Stage, peers: Peers) -> list[Row]:
    """Goal 15: what there is while requests wait."""
    home = stage.home("resident")
    before = set(os.listdir("/proc"))
    touch(home, 1000)
    new = [
        name for name in set(os.listdir("/proc")) - before if name.isdigit() and home.root in _environ(name)
    ]
    rows = [Row("15", "processes of ours while 1,000 requests wait", "0", len(new), 0, "")]
    for name, (processes, megabytes) in peers.waiting(stage.folder, 200).items():
        rows.append(
            Row(
                "15",
                f"{name}: megabytes for 200 waiting jobs",
                "",
                megabytes,
                None,
                f"MB in {processes} processes",
            )
        )
    return rows


def _environ(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
