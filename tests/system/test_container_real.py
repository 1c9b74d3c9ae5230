"""The real podman, without root: a run works in its container, gets nowhere else, and nothing of it is left after a kill."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic_core
import pytest

from clodputer.store.home import Home
from tests.ordinary import USER
from tests.repositories import GIT, git, repository
from tests.workshop import ROOT, command_task, drop, make_home, records

pytestmark = pytest.mark.slow

LAB = Path(__file__).parent / "labs" / "podman.sh"
# What each line tries; it prints its name when it has got out.
ATTACKS = """\
cd "$TREE"
tried=0
try() { tried=$((tried + 1)); name=$1; shift; if "$@" >/dev/null 2>&1; then echo "OUT $name"; fi; }
put() { echo x >"$1"; }
leads() { ln -s "$1" soft && cat soft; }
holds() { ln "$1" hard && cat hard; }
swap() { mv "$1" "$1.away" && mkdir "$1" && put "$1/config"; }
try "write outside" put "$OUTSIDE/written"
try "write the root" put /written
try "write the system" put /bin/written
try "read outside" cat "$OUTSIDE/secret"
try "read ~/.ssh" cat "$PERSON/.ssh/id_rsa"
try "read the spool" ls "$CLODPUTER/spool"
try "read a task" cat "$CLODPUTER/tasks/work.yaml"
try "a symbolic link" leads "$OUTSIDE/secret"
try "a hard link" holds "$OUTSIDE/secret"
try "this machine" wget -q -T 2 -O /dev/null "http://127.0.0.1:$PORT"
try "the Internet" wget -q -T 2 -O /dev/null http://1.1.1.1
try "processes outside" grep -q 'conmo[n]' /proc/*/cmdline
try "files of processes" ls /proc/*/root/etc/shadow
try "a mount" mount -t tmpfs none /mnt
try "a bind mount" mount -o bind / /mnt
try "a device" mknod disk b 8 0
try "a capability" grep -q 'CapEff:.*[1-9a-f]' /proc/self/status
try "new privileges" grep -q 'NoNewPrivs:.*0' /proc/self/status
try "another user" setuidgid 0 true
try "memory" cat /dev/mem
try "settings of the kernel" put /proc/sys/kernel/core_pattern
try "the engine's socket" ls /run/podman /run/user
try "a hook" put "$COMMON/hooks/post-checkout"
try "hooks swapped" swap "$COMMON/hooks"
try "the configuration" put "$COMMON/config"
try "attributes" put "$COMMON/info/attributes"
try "a submodule" put "$COMMON/modules/lib/config"
try "another worktree" put "$COMMON/worktrees/other/commondir"
try "worktrees moved away" swap "$COMMON/worktrees"
try "the repository moved away" swap "$COMMON"
try "which repository it is" put "$TREE/.git"
try "settings of agents" put .claude/settings.json
try "settings moved away" swap .claude
put .mcp.json
put "$COMMON/config.worktree"
echo done >work
echo "TRIED $tried"
"""


def need_podman() -> None:
    """Skip where there can be none; on a build machine only where it cannot work, and not where it is missing."""
    programs = ("podman", "newuidmap", "busybox", "unshare", "setpriv")
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [] if shutil.which("crun") or shutil.which("runc") else ["crun"]
    missing += [path for path in ("/etc/subuid", "/etc/subgid") if not os.path.exists(path)]
    reason = f"podman needs {', '.join(missing)}" if missing else ""
    if reason and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(reason)
    if not reason and os.geteuid() != 0:
        reason = "only root can make an account for it"
    if reason:
        pytest.skip(reason)


def paths() -> str:
    """Where its Python finds Clodputer and our libraries."""
    return f"{ROOT}:{Path(pydantic_core.__file__).parent.parent}"


def python() -> str:
    """A Python of our own version that everybody may start with our libraries; skip where there is none."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    system = shutil.which(version, path="/usr/bin:/usr/local/bin") or ""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": paths()}
    for candidate in filter(None, (os.path.realpath(sys.executable), system)):
        # By way of a shell: setpriv itself could still start what the account cannot.
        argv = [
            "setpriv",
            f"--reuid={USER}",
            f"--regid={USER}",
            "--clear-groups",
            "--",
            "sh",
            "-c",
            '"$@"',
            "sh",
        ]
        started = subprocess.run(
            [*argv, candidate, "-c", "import clodputer.cli.main, pydantic"],
            cwd="/",
            env=env,
            capture_output=True,
            check=False,
        )
        if started.returncode == 0:
            return candidate
    pytest.skip(f"no {version} here can be started with this checkout by another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that everybody may enter; those of pytest are closed to others."""
    with tempfile.TemporaryDirectory(prefix="pod-", dir="/tmp") as path:
        os.chmod(path, 0o755)  # noqa: S103
        yield Path(path)


class Stage:
    """A home, a repository with a Dockerfile, and a person around them, all of them of another account."""

    def __init__(self, folder: Path, interpreter: str) -> None:
        self.folder, self.interpreter = folder, interpreter
        self.home: Home = make_home(folder)
        self.outside, self.person = folder / "outside", folder / "person"
        for path in (self.outside, self.person / ".ssh", folder / "t"):
            path.mkdir(parents=True)
        (self.outside / "secret").write_text("secret\n")
        (self.person / ".ssh" / "id_rsa").write_text("key\n")
        self.checkout = repository(folder)
        image = self.checkout / "ci"
        (image / "bin").mkdir(parents=True)
        (image / "lib").mkdir()
        self._with_libraries(image)
        (image / "Dockerfile").write_text("FROM scratch\nCOPY bin /bin\nCOPY lib /\n")
        (self.checkout / "attack.sh").write_text(ATTACKS)
        git(self.checkout, "add", "--all")
        git(self.checkout, "commit", "--quiet", "-m", "image")
        git(self.checkout, "push", "--quiet")
        # A submodule of the person's, and another worktree.
        (self.checkout / ".git" / "modules" / "lib").mkdir(parents=True)
        (self.checkout / ".git" / "modules" / "lib" / "config").write_text("")
        git(self.checkout, "worktree", "add", "--quiet", "--detach", str(folder / "other"))

    @staticmethod
    def _with_libraries(image: Path) -> None:
        """busybox under its names, and what it is linked with."""
        found = shutil.which("busybox")
        assert found is not None
        shutil.copy(found, image / "bin" / "busybox")
        said = subprocess.run(["ldd", found], capture_output=True, text=True, check=False).stdout
        for library in (word for word in said.split() if word.startswith("/")):
            target = image / "lib" / library[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
        (image / "lib" / "mnt").mkdir()
        (image / "lib" / "mnt" / "keep").touch()
        for name in ("sh", "cat", "ls", "ln", "mv", "mkdir", "wget", "kill", "mount", "mknod", "grep"):
            (image / "bin" / name).symlink_to("busybox")
        for name in ("setuidgid", "true", "touch", "sleep", "echo"):
            (image / "bin" / name).symlink_to("busybox")

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """A script of the other account, in name spaces of its own, where podman works."""
        subprocess.run(["chown", "--no-dereference", "-R", f"{USER}:{USER}", str(self.folder)], check=True)
        env = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": f"{self.folder}/run",
            "TMPDIR": str(self.folder / "t"),
            "CLODPUTER_HOME": self.home.root,
            "PYTHONPATH": paths(),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHON": self.interpreter,
            "LAB": str(self.folder),
            **GIT,
        }
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        argv = [*spaces, str(LAB), str(self.folder), str(USER), "sh", "-c", script]
        return subprocess.run(
            argv, env=env, cwd="/", capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
        )


@pytest.fixture
def stage(folder: Path) -> Stage:
    need_podman()
    interpreter = python()
    made = Stage(folder, interpreter)
    tried = made.run(
        "podman build --quiet --tag localhost/box:1 $LAB/git/checkout/ci &&"
        " podman run --rm --userns=keep-id --network=none localhost/box:1 /bin/true"
    )
    if tried.returncode:
        # A build machine that is a container itself may not let anybody make another one.
        pytest.skip(f"podman does not work here: {tried.stderr.strip()[-300:]}")
    return made


def test_a_run_in_a_container_gets_nowhere(stage: Stage) -> None:
    """An image built from the repository, a worktree, over thirty ways out; then an exec that is killed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        _tasks(stage, server.getsockname()[1])
        ended = stage.run(
            "$PYTHON -m clodputer exec && cp $LAB/slow.json $CLODPUTER_HOME/spool/new/slow.json || exit 1\n"
            "$PYTHON -m clodputer exec & exec=$!\n"
            "until [ -e $LAB/slow/begun ] || ! kill -0 $exec; do sleep 0.1; done\n"
            "podman ps --format '{{.Names}}' >$LAB/before; kill -KILL $exec; wait $exec\n"
            "$PYTHON -m clodputer exec; podman ps --all --format '{{.Names}}' >$LAB/after\n"
            "ps -eo args >$LAB/processes\n"
        )
    assert ended.returncode == 0, ended.stderr
    (record,) = records(stage.home, "work")
    assert record["outcome"] == "succeeded", record
    said = Path(stage.home.runs, "work", record["run_id"], "stdout").read_text().splitlines()
    assert [line for line in said if line.startswith("OUT")] == []
    assert int(said[-1].partition("TRIED ")[2]) > 30
    tree = Path(record["worktree"]["path"])
    assert (tree / "work").read_text() == "done\n"
    common = stage.checkout / ".git"
    assert not (tree / ".mcp.json").exists()
    assert not (common / "config.worktree").exists()
    assert (common / "config.worktree.from-sandbox").read_text() == "x\n"
    assert (stage.folder / "before").read_text().startswith("clodputer-")
    assert (stage.folder / "after").read_text() == ""
    processes = (stage.folder / "processes").read_text()
    assert "sleep 600" not in processes
    assert "conmon" not in processes
    (lost,) = records(stage.home, "slow")
    assert lost["outcome"] == "lost"


def _tasks(stage: Stage, port: int) -> None:
    facts = {
        "OUTSIDE": str(stage.outside),
        "PERSON": str(stage.person),
        "CLODPUTER": stage.home.root,
        "COMMON": str(stage.checkout / ".git"),
        "PORT": str(port),
    }
    told: dict[str, Any] = {
        "working_directory": str(stage.checkout),
        "isolation": "worktree",
        "container": {"dockerfile": "ci/Dockerfile"},
        "env": facts,
        "retry": {"max_attempts": 1},
    }
    _task(stage.home, "work", ["/bin/sh", "-c", "TREE=$PWD; export TREE; . ./attack.sh"], told)
    slow = stage.folder / "slow"
    slow.mkdir()
    told = {"working_directory": str(slow), "container": {"image": "localhost/box:1"}}
    _task(stage.home, "slow", ["/bin/sh", "-c", "touch begun; sleep 600"], told)
    (stage.folder / "slow.json").write_text('{"task": "slow"}')
    drop(stage.home, "work.json", '{"task": "work"}')


def _task(home: Home, name: str, command: list[str], keys: dict[str, Any]) -> None:
    more = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
    command_task(home, name, *command, more=more)
