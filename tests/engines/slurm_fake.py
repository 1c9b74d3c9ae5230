"""A cluster of Slurm that is played by tests/fakes/slurm: the folder it keeps its state in, and a node that runs its jobs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from clodputer.store.home import Home
from tests.workshop import environment

FAKE = Path(__file__).parent.parent / "fakes" / "slurm"


class Cluster:
    """The fake's folder below HOME, and its programs in a folder for PATH."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.home, self.folder, self._programs = home, folder / "slurm", folder / "programs"
        self.folder.mkdir()
        self._programs.mkdir()
        for name in ("sbatch", "squeue", "sacct", "scancel"):
            (self._programs / name).symlink_to(FAKE)

    def extra(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        """What an exec needs in its environment to meet it."""
        path = environment(self.home)["PATH"]
        return {"PATH": f"{self._programs}:{path}", "HOME": str(self.folder.parent), **more}

    def numbers(self) -> list[str]:
        """The numbers of its jobs, the first one first."""
        return sorted((path.stem for path in self.folder.glob("*.name")), key=int)

    def state(self, number: str) -> str:
        """The state of a job."""
        return (self.folder / f"{number}.state").read_text().split()[0]

    def become(self, number: str, state: str, status: int = 0) -> None:
        """Have a job be in a state."""
        (self.folder / f"{number}.state").write_text(f"{state} {status}\n")

    def say(self, name: str, text: str = "") -> None:
        """Write a file that changes how its programs behave."""
        (self.folder / name).write_text(text)

    def calls(self, program: str) -> list[str]:
        """How a program was called."""
        calls = self.folder / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        return [line for line in lines if line.split()[0] == program]

    def start(self, number: str) -> subprocess.Popen[bytes]:
        """Start the script of a job, as a node does."""
        self.become(number, "RUNNING")
        return subprocess.Popen(
            ["/bin/sh", str(self.folder / f"{number}.script")],
            cwd="/",
            env={"PATH": environment(self.home)["PATH"], "HOME": str(self.folder.parent)},
            start_new_session=True,
        )

    def run(self, number: str) -> int:
        """Run the script of a job to its end; its exit status."""
        status = self.start(number).wait(100)
        self.become(number, "FAILED" if status else "COMPLETED", status)
        return status
