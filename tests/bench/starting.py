"""Goals 1 and 3 to 6: what it costs that nothing stays resident, and every exec is a process of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import psutil

from tests.bench.goal import Row
from tests.bench.rotation import process, rotate
from tests.bench.stage import BARE, BARE_ISOLATED, Stage, touch
from tests.wait import until
from tests.workshop import ROOT, command_task

HEAVY = ("yaml", "pydantic", "click", "psutil", "rich", "jinja2", "croniter", "sqlite3")


def exec_itself(stage: Stage) -> list[Row]:
    """Goals 1 and 3."""
    warm, idle, refused = stage.home("warm"), stage.home("idle"), stage.home("refused")
    for home in (warm, idle, refused):
        stage.execute(home, drops=1)()
    holder = os.open(f"{refused.lanes}/default/slot-0.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    touch(refused, 1)
    stage.execute(refused)()  # takes the request in; from now on it waits for the slot
    rotation = rotate(
        {
            "bare": process(BARE),
            "bare -S": process(BARE_ISOLATED),
            "one request": stage.execute(warm, drops=1),
            "refused": stage.execute(refused),
            "idle": stage.execute(idle),
        },
        stage.rounds,
    )
    os.close(holder)
    one, refusal, nothing = (rotation.ratio(name, "bare") for name in ("one request", "refused", "idle"))
    return [
        Row(
            "1",
            "`exec` with one warm `/bin/true` request, as `install` starts it",
            "<= 6.0 x python",
            one,
            6.0,
            f"x ({rotation.milliseconds('one request'):.0f} ms)",
        ),
        Row(
            "1",
            "the same, processor time",
            "<= 6.0 x python",
            rotation.ratio("one request", "bare", "cpu"),
            6.0,
            "x",
        ),
        Row("3", "`exec` refused by a busy lock", "<= 1.3 x python", refusal, 1.3, "x"),
        Row("3", "`exec` with nothing to do", "<= 1.2 x python", nothing, 1.2, "x"),
        Row(
            "",
            "`python -I -S -c pass`, below which no Python goes",
            "",
            rotation.ratio("bare -S", "bare"),
            None,
            f"x ({rotation.milliseconds('bare'):.1f} ms for `python -I -c pass`)",
        ),
    ]


def memory(stage: Stage) -> list[Row]:
    """Goal 4: its peak while a run lasts. Read from the kernel, as wait4 also counts the memory of whoever started it."""
    home = stage.home("memory")
    command_task(home, "blink", "/bin/sleep", "1")
    stage.execute(home, drops=1)()
    touch(home, 1)
    alone = _peak(
        [*BARE_ISOLATED[:-1], "import time; print(flush=True); time.sleep(60)"], {}, lambda pid: True
    )
    shim = [f"{home.root}/bin/clodputer", "exec"]
    at_work = _peak(
        shim,
        stage.environment(home),
        lambda pid: "sleep" in {below.name() for below in psutil.Process(pid).children(recursive=True)},
    )
    return [
        Row(
            "4",
            "peak memory of `exec` while a run lasts",
            "<= 1.6 x python -S",
            at_work / alone,
            1.6,
            f"x ({at_work / 1024:.1f} MiB)",
        )
    ]


def _peak(argv: list[str], environ: Mapping[str, str], ready: Callable[[int], bool]) -> int:
    """KiB at most so far, of a process that has come to where it stays."""
    with subprocess.Popen(argv, env=dict(environ), stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        if not environ:
            started.stdout.readline()
        until(lambda: ready(started.pid))
        status = Path(f"/proc/{started.pid}/status").read_text()
        started.terminate()
        started.communicate()
    return int(status.partition("VmHWM:")[2].split()[0])


def modules(stage: Stage) -> list[Row]:
    """Goal 5: what a run of a command task imports."""
    home = stage.home("modules")
    stage.execute(home, drops=1)()
    touch(home, 1)
    program = (
        "import sys; from clodputer.cli.door import execute; execute('', False); "
        f"print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**stage.environment(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = done.stdout.split()
    return [
        Row(
            "5",
            f"of {', '.join(HEAVY)}: imported for a run of a command task",
            "none",
            len(found),
            0,
            " ".join(found),
        )
    ]


def edited(stage: Stage) -> list[Row]:
    """Goal 6: an edited task file is validated once."""
    home = stage.home("edited")
    path = Path(home.tasks, "blink.yaml")
    text = path.read_text()

    def edit() -> None:
        path.write_text(f"{text}# {time.time_ns()}\n")
        touch(home, 1)

    execute = [f"{home.root}/bin/clodputer", "exec"]
    rotation = rotate(
        {
            "bare": process(BARE),
            "edited": process(execute, stage.environment(home), edit),
            "after": stage.execute(home, drops=1),
        },
        max(5, stage.rounds // 2),
    )
    return [
        Row(
            "6",
            "`exec` of a task whose file was edited",
            "once",
            rotation.ratio("edited", "bare"),
            None,
            "x python",
        ),
        Row("6", "the next `exec` of it", "as in 1", rotation.ratio("after", "bare"), None, "x python"),
    ]
