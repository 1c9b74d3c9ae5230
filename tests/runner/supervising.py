"""A supervisor to be run by tests: `python supervising.py JSON` starts, supervises, and prints how it went.

In a process of its own, because a subreaper kills all its children, and pytest may have some of other tests.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.run import Launch, Progress
from clodputer.runner.processes import tree_psutil
from clodputer.runner.processes.keeper.kept import Kept
from clodputer.runner.processes.leftovers import sweep
from clodputer.runner.processes.leftovers.recorded import Identity, read_identities
from clodputer.runner.processes.stop import Stop
from clodputer.runner.processes.stream import Output
from clodputer.runner.processes.supervise import supervise
from tests.house import CHECKOUT
from tests.wait import until

PATH = "/usr/local/bin:/usr/bin:/bin"


class Talker:
    """An agent: the first line is its start; the lines busy, idle and done say so; notes are (lines, longest, last).

    In its working directory there is a file `heard-N` when it has heard N lines, for the first few.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def observe(self, progress: Progress, lines: bytes) -> Progress:
        """Some lines more."""
        for line in lines.removesuffix(b"\n").split(b"\n"):
            count, longest, _ = progress.notes
            said = line[:100].decode("utf-8", "replace")
            busy = {"busy": True, "idle": False}.get(said, progress.busy)
            notes = (count + 1, max(longest, len(line)), said)
            if count < 3:
                (self.folder / f"heard-{count + 1}").touch()
            progress = Progress(True, busy, progress.done or said == "done", "", notes=notes)
        return progress


class Told(NamedTuple):
    """What a supervisor printed."""

    progress: dict[str, Any]
    ended: dict[str, Any]
    recorded: list[list[list[Any]]]
    seconds: float
    memory: int  # the most it ever had, in KiB
    error: str
    stdout: Path
    stderr: Path


class Supervisor:
    """A supervisor in a process of its own, from its start to what it tells."""

    def __init__(self, folder: Path, argv: list[str], **options: Any) -> None:
        self.folder = folder
        self.stdout, self.stderr = folder / "stdout", folder / "stderr"
        clocks = options.pop("launch", {})
        launch = {"timeout": 90.0, "stop_grace": 60.0, "working_directory": str(folder), **clocks}
        wanted = {
            "argv": argv,
            "env": {"PATH": PATH, "CLODPUTER_RUN_ID": str(folder)},
            "launch": launch,
        }
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps({"folder": str(folder), **wanted, **options})],
            env={**os.environ, "PYTHONPATH": CHECKOUT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, timeout: float = 150.0) -> Told:
        """Wait for its end."""
        stdout, _ = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, f"the supervisor ended with {self.process.returncode}"
        return Told(**json.loads(stdout), stdout=self.stdout, stderr=self.stderr)

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.communicate()

    def keeper(self) -> int:
        """The pid of the run's keeper, once it is recorded."""
        return int(self.keepers()[0].pid)

    def keepers(self) -> tuple[Identity, ...]:
        """The same as an identity, as process.json would have it."""
        path = self.folder / "keeper"
        text = until(lambda: path.read_text() if path.exists() else "", message="no keeper was recorded")
        return read_identities([json.loads(text)])

    def recorded(self) -> list[list[Any]]:
        """What it last had written down."""
        path = self.folder / "process.json"
        found: list[list[Any]] = json.loads(path.read_text())["processes"] if path.exists() else []
        return found


def below(folder: Path, unit: float) -> Path:
    """A folder for the run with clocks that are measured by this unit (tests.wait.at_some_pace)."""
    made = folder / f"{unit:g}"
    made.mkdir()
    return made


def run(folder: Path, argv: list[str], **options: Any) -> Told:
    """Supervise to the end."""
    return Supervisor(folder, argv, **options).told()


def main() -> None:
    """What a Supervisor runs."""
    wanted = json.loads(sys.argv[1])
    folder = Path(wanted["folder"])
    launch = Launch(argv=tuple(wanted["argv"]), env=wanted["env"], **wanted["launch"])
    written: list[tuple[Identity, ...]] = []

    def record(identities: tuple[Identity, ...]) -> None:
        written.append(identities)
        if len(written) > wanted.get("disk", 1_000_000):
            raise OSError("the disk is full")
        (folder / "process.new").write_text(json.dumps({"processes": identities}))
        (folder / "process.new").rename(folder / "process.json")

    spare = [subprocess.Popen(["sleep", "60"]) for _ in range(wanted.get("spare", 0))]
    spared = frozenset(child.pid for child in spare)
    # The second are the means of macOS.
    reach = sweep.Reach(tree_psutil, False, spared) if wanted.get("psutil") else sweep.prepare(spared)
    (folder / "prompt.txt").touch()
    stdin = os.open(folder / "prompt.txt", os.O_RDONLY)
    out, err = str(folder / "stdout"), str(folder / "stderr")
    answer: dict[str, Any] = {"progress": {}, "ended": {}, "error": ""}
    began = monotonic()
    with Stop() as stop:
        try:
            with Output(out, err, launch.max_output) as output:
                kept = Kept(
                    launch, stdin, out, err, reach, str(folder / "process.json"), wanted.get("by_fork", False)
                )
                (folder / "keeper").write_text(json.dumps(kept.identity))
                if "stop_starting" in wanted:
                    assert kept.identity is not None
                    Timer(wanted["stop_starting"], stop_process, (kept.identity.pid,)).start()
                kept.go()
                progress, ended = supervise(
                    kept, launch, output, Talker(folder), Progress(notes=(0, 0, "")), stop, record, reach
                )
            answer.update(progress=progress._asdict(), ended=ended._asdict())
        except (ClodputerError, OSError) as error:
            answer["error"] = f"{getattr(error, 'code', 'OSError')}: {error}"
    answer.update(seconds=monotonic() - began, recorded=written, memory=_most_memory())
    if spare:
        assert all(child.poll() is None for child in spare)
        for child in spare:
            child.kill()
            child.wait()
    print(json.dumps(answer))


def stop_process(pid: int) -> None:
    """As somebody at a terminal would, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)


def _most_memory() -> int:
    # Of this process; what getrusage tells includes what the process had before it became this program.
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()


def sh(script: str) -> list[str]:
    """A shell that runs this."""
    return ["/bin/sh", "-c", script]


def python(script: str) -> list[str]:
    """A Python that runs this."""
    return [sys.executable, "-S", "-c", script]
