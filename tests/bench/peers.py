"""The peers, brought by the bench itself into .tools/bench: nq, task-spooler, beanstalkd from Debian, huey from PyPI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.bench.rotation import Side, block, process
from tests.bench.stage import TRUE
from tests.wait import until
from tests.workshop import ROOT

TOOLS = ROOT / ".tools" / "bench"
DEBIAN = {"nq": "nq", "tsp": "task-spooler", "beanstalkd": "beanstalkd"}

HUEY = """
import sys, subprocess
from huey import SqliteHuey
huey = SqliteHuey(filename=sys.argv[1] + "/huey.db")
@huey.task()
def job():
    subprocess.run(["/bin/true"])
for _ in range(int(sys.argv[2])):
    job()
while (task := huey.dequeue()) is not None:
    huey.execute(task)
"""


class Peers(NamedTuple):
    """What could be had: paths of programs by name; `missing` says why others are not compared."""

    programs: Mapping[str, str]
    missing: tuple[str, ...] = ()

    def enqueue(self, folder: Path) -> dict[str, Side]:
        """Adding one job, from the start of the client to its end."""
        sides = {}
        if "tsp" in self.programs:
            sides["tsp"] = process([self.programs["tsp"], "-n", TRUE], _tsp(folder))
        if "nq" in self.programs:
            jobs = folder / "nq"
            jobs.mkdir(exist_ok=True)
            sides["nq"] = process(
                [self.programs["nq"], "-q", "-c", TRUE], {"NQDIR": str(jobs), "PATH": "/usr/bin:/bin"}
            )
        return sides

    def drain(self, folder: Path, count: int) -> dict[str, Side]:
        """Adding so many jobs and waiting until the last of them has ended."""
        sides: dict[str, Side] = {}
        if "tsp" in self.programs:
            tsp = self.programs["tsp"]
            loop = f'i=0; while [ $i -lt {count} ]; do "{tsp}" -n {TRUE} >/dev/null; i=$((i+1)); done; "{tsp}" -w'
            sides["task-spooler"] = process(["/bin/sh", "-c", loop], _tsp(folder))
        if "nq" in self.programs:
            jobs = folder / "nq-drain"
            jobs.mkdir(exist_ok=True)
            nq = self.programs["nq"]
            loop = f'i=0; while [ $i -lt {count} ]; do "{nq}" -q -c {TRUE}; i=$((i+1)); done; "{nq}" -w'
            sides["nq"] = process(["/bin/sh", "-c", loop], {"NQDIR": str(jobs), "PATH": "/usr/bin:/bin"})
        if "beanstalkd" in self.programs:
            program = self.programs["beanstalkd"]
            sides["beanstalkd"] = block(lambda: _beanstalkd([program], folder, count))
            # As durable as we are: it loses nothing that it has answered for.
            sides["beanstalkd -f0"] = block(lambda: _beanstalkd([program, "-f0"], folder, count))
        if "huey" in self.programs:
            sides["huey (sqlite)"] = process([self.programs["huey"], "-c", HUEY, str(folder), str(count)])
        return sides

    def waiting(self, folder: Path, count: int) -> dict[str, tuple[int, float]]:
        """Processes and resident megabytes while so many jobs wait behind one that takes long."""
        found = {}
        if "tsp" in self.programs:
            environ = {**_tsp(folder), "TS_SOCKET": str(folder / "tsp-waiting")}
            tsp = self.programs["tsp"]
            before = set(psutil.pids())
            for _ in range(count):
                subprocess.run(
                    [tsp, "-n", "/bin/sleep", "600"], env=environ, stdout=subprocess.DEVNULL, check=True
                )
            found["task-spooler"] = _weighed(before)
            subprocess.run([tsp, "-K"], env=environ, check=True)
            _end(before)
        if "nq" in self.programs:
            jobs = folder / "nq-waiting"
            jobs.mkdir()
            before = set(psutil.pids())
            for _ in range(count):
                subprocess.run(
                    [self.programs["nq"], "-q", "/bin/sleep", "600"], env={"NQDIR": str(jobs)}, check=True
                )
            found["nq"] = _weighed(before)
            _end(before)
        return found


def obtain() -> Peers:
    """Bring the peers, without root: Debian's packages are unpacked, huey goes into an environment of its own."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    programs, missing = {}, []
    for program, package in DEBIAN.items():
        path = shutil.which(program) or _unpacked(program, package)
        if path:
            programs[program] = path
        else:
            missing.append(f"{package} could not be had from apt-get")
    python = TOOLS / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(TOOLS / "venv")], check=False)
    done = subprocess.run([str(python), "-m", "pip", "install", "-q", "huey"], check=False)
    if done.returncode == 0:
        programs["huey"] = str(python)
    else:
        missing.append("huey could not be had from PyPI")
    return Peers(programs, tuple(missing))


def _unpacked(program: str, package: str) -> str:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return ""
    if not any(TOOLS.glob(f"{package}_*.deb")):
        subprocess.run(
            ["apt-get", "download", "-q", package], cwd=TOOLS, check=False, stdout=subprocess.DEVNULL
        )
    for archive in TOOLS.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(TOOLS / "debian")], check=True)
    found = TOOLS / "debian" / "usr" / "bin" / program
    return str(found) if found.exists() else ""


def _tsp(folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "TS_SOCKET": str(folder / "tsp"),
        "TMPDIR": str(folder),
        "TS_MAXFINISHED": "10",
    }


def _beanstalkd(command: list[str], folder: Path, count: int) -> None:
    """Start it with its log on disk, put the jobs, and run each when it is reserved, as its workers do."""
    place = folder / f"beanstalkd-{time.monotonic_ns()}"
    place.mkdir()
    address = str(place / "socket")
    server = subprocess.Popen([*command, "-l", f"unix:{address}", "-b", str(place)])
    try:
        until(lambda: os.path.exists(address))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            answers = connection.makefile("rb")

            def ask(line: bytes) -> bytes:
                connection.sendall(line + b"\r\n")
                return answers.readline()

            for _ in range(count):
                ask(b"put 0 0 60 4\r\ntrue")
            for _ in range(count):
                number = ask(b"reserve").split()[1]
                answers.readline()
                subprocess.run([TRUE], check=True)
                ask(b"delete " + number)
    finally:
        server.kill()
        server.wait()


def _new(before: set[int]) -> list[psutil.Process]:
    found = []
    for pid in set(psutil.pids()) - before:
        try:
            process_ = psutil.Process(pid)
            if os.path.basename(process_.exe()) in ("tsp", "nq", "sleep"):
                found.append(process_)
        except psutil.Error:
            continue
    return found


def _weighed(before: set[int]) -> tuple[int, float]:
    sizes = []
    for one in _new(before):
        try:
            sizes.append(one.memory_info().rss)
        except psutil.NoSuchProcess:
            continue  # it has ended since it was listed
    return len(sizes), sum(sizes) / 1e6


def _end(before: set[int]) -> None:
    for one in _new(before):
        one.kill()
