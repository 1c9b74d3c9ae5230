"""A real Slurm of the tests' own: munged, slurmctld and two slurmd on the loopback, in a folder, gone at the end."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wait import until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
FORM = """ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


class Lab:
    """The cluster while it runs. Each of its daemons is a process of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "slurm.conf"
        self.environ = {**os.environ, "SLURM_CONF": str(self.config)}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *argv: str) -> None:
        """Start a daemon under a name."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                argv, env=self.environ, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )

    def controller(self) -> None:
        """Start the controller."""
        self.start("slurmctld", _program("slurmctld"), "-D", "-f", str(self.config))

    def node(self, name: str) -> None:
        """Start the daemon of a node."""
        self.start(name, _program("slurmd"), "-D", "-N", name, "-f", str(self.config))

    def end(self, name: str, *, kill: bool = False) -> None:
        """End a daemon."""
        process = self._daemons.pop(name)
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(100)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def call(self, *argv: str) -> str:
        """What a program of Slurm prints."""
        done = subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout

    def close(self) -> None:
        """End everything: first its jobs, which are no children of ours."""
        self.call("scancel", "--state=RUNNING", "--partition=all")
        self.call("scancel", "--state=PENDING", "--partition=all")
        until(lambda: not self.call("squeue", "--noheader").strip())
        for name in reversed(list(self._daemons)):
            self.end(name)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or ""


def _free_ports(number: int) -> list[int]:
    """Ports that the system gives to nobody who asks for any: until the daemons have them, nobody else takes them."""
    found: list[int] = []
    while len(found) < number:
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", random.randrange(15_000, 30_000)))
            except OSError:
                continue
            found.append(int(one.getsockname()[1]))
    return found


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """A cluster with two nodes, ready for jobs. Skips where Slurm is not installed, except on a build machine."""
    missing = [name for name in PROGRAMS if not _program(name)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"Slurm is not installed: {', '.join(missing)} missing")
    assert not missing
    # A path of a socket has a hundred characters.
    folder.chmod(0o755)
    for name in ("munge", "state"):
        (folder / name).mkdir(mode=0o755)
    (folder / "state").chmod(0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    lab = Lab(folder)
    user = "root" if os.geteuid() == 0 else os.environ.get("USER", "")
    text = FORM.format(
        host=socket.gethostname().split(".")[0], ports=_free_ports(3), folder=folder, user=user
    )
    lab.config.write_text(text)
    munge = folder / "munge"
    try:
        lab.start(
            "munged",
            _program("munged"),
            "--foreground",
            "--force",
            f"--socket={munge}/socket",
            f"--key-file={key}",
            f"--pid-file={munge}/pid",
            f"--log-file={munge}/log",
            f"--seed-file={munge}/seed",
        )
        until((munge / "socket").exists)
        lab.controller()
        lab.node("n1")
        lab.node("n2")
        until(lambda: lab.call("sinfo", "--noheader", "--Node", "--format=%t").split() == ["idle", "idle"])
        yield lab
    finally:
        lab.close()
