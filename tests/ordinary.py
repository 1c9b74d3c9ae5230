"""An ordinary account, for tests that root runs: what it needs to start Clodputer lies where it may read it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from tests.workshop import ROOT

# An account that has no name here, as containers have them.
USER = 54321
# Run by root, in a name space of mounts that ends with it: its first argument are the mounts, then comes what to become.
_MOUNTED = 'set -e; eval "$1"; shift; exec "$@"'


class Account(NamedTuple):
    """folder: a place of its own. python: one that it may start, with `paths` as PYTHONPATH. prefix: what that Python reads.

    binds: (what lies behind a folder that is closed to it, where its processes see that).
    """

    folder: Path
    python: str
    paths: str
    prefix: str
    binds: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The least that its processes need."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "person"),
            "TMPDIR": str(self.folder / "t"),
            "PYTHONPATH": self.paths,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @property
    def read(self) -> list[str]:
        """What a task has to name so that a sandbox shows the Python."""
        return [] if self.prefix.startswith("/usr") else [self.prefix]

    def may_enclose(self) -> bool:
        """Whether the kernel lets it make sandboxes."""
        probe = ("--ro-bind", "/", "/", "--unshare-all", "--disable-userns", "--unshare-user", "true")
        return self.run("bwrap", *probe).returncode == 0

    def run(
        self, *argv: str, extra: Optional[Mapping[str, str]] = None, seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Have it run a program, with all below its folder its own."""
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
        return _run(argv, {**self.environment, **(extra or {})}, self.binds, seconds)


def _run(
    argv: Sequence[str],
    env: Mapping[str, str],
    binds: Sequence[tuple[str, str]] = (),
    seconds: float = 100,
) -> subprocess.CompletedProcess[str]:
    """A program run to its end by the account."""
    account = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--", *argv]
    mounts = "\n".join(shlex.join(("mount", "--bind", source, target)) for source, target in binds)
    mounted = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNTED, "-", mounts]
    return subprocess.run(
        [*(mounted if binds else ()), *account],
        cwd="/",
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def account(*programs: str) -> Iterator[tuple[Account, list[str]]]:
    """The account, with a folder in a place that everybody may enter, as those of pytest are closed to others.

    programs: what it is to start besides; their paths as it sees them.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can work as somebody else")
    with tempfile.TemporaryDirectory(prefix="user-", dir="/tmp") as path:
        os.chmod(path, 0o755)  # noqa: S103
        folder = Path(path)
        for name in ("person", "t", "seen"):
            (folder / name).mkdir()
        binds: list[tuple[str, str]] = []
        package, libraries = (
            _seen(one, folder, binds) for one in (f"{ROOT}/clodputer", sysconfig.get_paths()["purelib"])
        )
        started = [_seen(os.path.realpath(one), folder, binds) for one in programs]
        prefix = _seen(sys.base_prefix, folder, binds)
        python = os.path.realpath(sys.executable).replace(sys.base_prefix, prefix, 1)
        found = Account(folder, python, f"{os.path.dirname(package)}:{libraries}", prefix, tuple(binds))
        ended = found.run(python, "-c", "import clodputer.cli.main, pydantic")
        if ended.returncode:
            pytest.skip(f"another account cannot be given what it needs: {ended.stderr.strip()}")
        yield found, started


def _seen(path: str, folder: Path, binds: list[tuple[str, str]]) -> str:
    """Where the account sees it: there, or, behind a folder that is closed to it, in its own folder."""
    if _run(("test", "-r", path), {"PATH": "/usr/bin:/bin"}).returncode == 0:
        return path
    target = folder / "seen" / f"{len(binds)}" / os.path.basename(path)
    target.parent.mkdir()
    if os.path.isdir(path):
        target.mkdir()
    else:
        target.touch()
    binds.append((path, str(target)))
    return str(target)
