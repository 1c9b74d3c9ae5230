"""A strict sandbox of an ordinary user: the same ways are closed to a run of somebody who is not root."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pydantic_core
import pytest

from clodputer.store.home import Home
from tests import sandboxing
from tests.workshop import ROOT, command_task, drop, make_home, records

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can work as somebody else"),
]

# An account that has no name here, as containers have them.
USER = 54321


def python() -> str:
    """A Python that everybody may start, of our own version, so that it can use our libraries; skip where there is none."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for candidate in (
        os.path.realpath(sys.executable),
        shutil.which(version, path="/usr/bin:/usr/local/bin") or "",
    ):
        if candidate and started(candidate, "-c", "import json") == 0:
            return candidate
    pytest.skip(f"no {version} here can be started by another account")


def started(*argv: str) -> int:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": paths()}
    try:
        return subprocess.run(
            argv, user=USER, group=USER, extra_groups=[], cwd="/", env=env, capture_output=True
        ).returncode
    except OSError:
        return 1


def paths() -> str:
    return f"{ROOT}:{Path(pydantic_core.__file__).parent.parent}"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that everybody may enter; those of pytest are closed to others."""
    with tempfile.TemporaryDirectory(prefix="user-", dir="/tmp") as path:
        os.chmod(path, 0o755)  # noqa: S103
        yield Path(path)


def test_no_way_leads_out_for_an_ordinary_user(folder: Path) -> None:
    sandboxing.need_bubblewrap()
    interpreter = python()
    if started(interpreter, "-c", "import clodputer.cli.main, pydantic") != 0:
        pytest.skip("another account cannot read this checkout")
    home: Home = make_home(folder)
    person = folder / "person"
    (folder / "t").mkdir()
    needed = json.dumps(
        {"read": [*sandboxing.python()[1]] if interpreter == sys.executable else [], "read_deny": ["./.env"]}
    )
    needed = needed.replace('"read": [], ', "")
    with sandboxing.surroundings(home, folder, person):
        command_task(
            home,
            "shut",
            interpreter,
            "escapes.py",
            "facts.json",
            more=f"working_directory: {folder}/work\nsandbox: {needed}\n",
        )
        drop(home, "shut")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(person),
            "TMPDIR": f"{folder}/t",
            "CLODPUTER_HOME": home.root,
            "PYTHONPATH": paths(),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ended = subprocess.run(
            [interpreter, "-m", "clodputer", "exec"],
            user=USER,
            group=USER,
            extra_groups=[],
            cwd="/",
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert ended.returncode == 0, ended.stderr
    (record,) = records(home, "shut")
    stdout = Path(home.runs, "shut", record["run_id"], "stdout").read_text()
    assert record["outcome"] == "succeeded", record
    ways = json.loads(stdout)["ways"]
    assert [name for name, out in ways.items() if out] == []
    assert len(ways) > 40
    assert (folder / "work" / "work").read_text() == "done\n"
    with pytest.raises(KeyError):
        pwd.getpwuid(USER)
    assert os.listdir(folder / "t") == []
