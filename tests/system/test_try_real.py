"""`clodputer try` with two versions of the real claude, by a real systemd and by a real cron."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.commands import try_
from clodputer.schedulers import systemd
from clodputer.schedulers.cron.problems import daemon
from clodputer.store import homes
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.taskstate import tried
from tests import claude_package, doctoring
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment, install_fake_claude
from tests.slots import settle
from tests.system.crond import crond
from tests.systemd_lab import Lab
from tests.wait import until
from tests.workshop import (
    ROOT,
    drop,
    environment,
    execute,
    make_home,
    outcomes,
    program,
    records,
    write_task,
)

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system, pytest.mark.slow]


def newest(binary: str) -> Path:
    """The other version, beside the one that the tests run."""
    found = Path(binary).absolute().parents[3] / "claude-newest" / "node_modules" / ".bin" / "claude"
    if not found.exists() or claude_package.version_of(str(found)) == claude_package.version_of(binary):
        pytest.skip("only one version of claude is installed")
    return found


def test_two_versions_of_claude(tmp_path: Path, api: Api, claude_binary: str) -> None:
    """The newer one is compared before the next run and gives no less; with a tool less the task is put on hold."""
    home, claude = make_home(tmp_path), tmp_path / "claude"
    other = newest(claude_binary)
    claude.symlink_to(claude_binary)
    Path(home.config).write_text(f"claude: {claude}\n")
    keys = {"prompt": "say done", "working_directory": str(tmp_path), "allowed_tools": ["Bash(ls:*)"]}
    write_task(home, "story", json.dumps(keys))
    environ = {**claude_environment(api, tmp_path / "scratch"), "CLODPUTER_HOME": home.root}
    result = try_.attempt(look(environ), environ, "story", here=True, seconds=1.0, tick=False)
    assert result.data["effective"]["version"] == claude_package.version_of(claude_binary)
    assert "Bash" in result.data["effective"]["tools"]
    assert api.url in result.data["effective"]["hosts"]
    claude.unlink()
    claude.symlink_to(other)
    drop(home, "story")
    execute(home, extra=environ)
    known = tried.read(home, "story")
    assert known is not None
    if known.seen is None:
        assert known.accepted.version == claude_package.version_of(str(other))
        assert outcomes(home, "story") == ["succeeded"]
    # As if the older one had had a tool that the newer one has not.
    had = known.accepted._replace(version="2.1.1", tools=("Telepathy", *known.accepted.tools))
    tried.write(home, "story", tried.Tried(had, 0.0))
    before = outcomes(home, "story")
    drop(home, "story")
    execute(home, extra=environ)
    assert outcomes(home, "story") == before
    known = tried.read(home, "story")
    assert known is not None
    assert known.seen is not None
    assert "Telepathy" not in known.seen.tools


@pytest.fixture
def of_lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The lab, whose home is ours as well."""
    monkeypatch.setenv("HOME", lab.home)
    return lab


@pytest.mark.xdist_group("second-systemd")
def test_systemd_starts_it(of_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real manager, with the environment that `install` froze; afterwards nothing of the probe is left."""
    home = Home(f"{of_lab.home}/.clodputer")
    homes.make(home)
    program(tmp_path / "none", "crontab", "echo 'no crontab for somebody' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/none:{os.environ['PATH']}")
    monkeypatch.setenv("CLODPUTER_HOME", home.root)
    write_task(
        home,
        "nightly",
        "prompt: say hello\ntrigger: {type: cron, schedule: '30 2 * * *'}\nworking_directory: /tmp\n",
    )
    settle(home, "nightly")
    install_fake_claude(Path(of_lab.home) / ".local" / "bin")
    doctoring.install(home, systemd)
    result = try_.attempt(look(os.environ), os.environ, "nightly", here=False, seconds=90.0, tick=False)
    assert result.data["by"] == "scheduler"
    assert result.data["effective"]["version"]
    assert "the working directory" in result.data["effective"]["writable"]
    assert "probe" not in of_lab.systemctl("list-units", "--all", "clodputer-*")
    shutil.rmtree(home.root)
    of_lab.empty()


def persons(home: Home, extra: Mapping[str, str], task: str) -> subprocess.Popen[str]:
    """`clodputer try`, as a person starts it."""
    argv = [sys.executable, "-m", "clodputer", "try", task, "--json", "--seconds", "600"]
    environ = {**environment(home, extra), "PATH": os.environ["PATH"]}
    return subprocess.Popen(argv, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.waits
def test_cron_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: Api, claude_binary: str
) -> None:
    """By a real daemon, in the same minute: the real claude, and for an agent of another kind a look at places alone."""
    environ = claude_environment(api, tmp_path / "scratch")
    path, _ = environ.pop("PATH"), environ.pop("TMPDIR")
    with crond(tmp_path / "lab", monkeypatch) as lab:
        program(tmp_path / "none", "systemctl", "echo 'nobody answers here' >&2; exit 1")
        monkeypatch.setenv("PATH", f"{lab.programs}:{tmp_path}/none:{path}")
        monkeypatch.setenv("HOME", environ["HOME"])
        tasks: dict[str, dict[str, Any]] = {
            "story": {"prompt": "say done", "allowed_tools": ["Bash(ls:*)"], "env": environ},
            "errand": {"agent": "command", "command": ["/bin/sh", "-c", f"touch {tmp_path}/was-run"]},
        }
        homes_of = {}
        for name, keys in tasks.items():
            home = homes_of[name] = make_home(tmp_path / name)
            Path(home.config).write_text(f"claude: {claude_binary}\n")
            keys["working_directory"] = str(tmp_path / name)
            keys["trigger"] = {"type": "cron", "schedule": "0 3 1 1 *"}
            write_task(home, name, json.dumps(keys))
            settle(home, name)
            monkeypatch.setenv("CLODPUTER_HOME", home.root)
            doctoring.install(home)
        before = subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout
        lab.start()
        until(lambda: daemon() is not None)
        trials = {name: persons(homes_of[name], {"HOME": environ["HOME"]}, name) for name in tasks}
        found = {name: json.loads(trial.communicate()[0])["data"] for name, trial in trials.items()}
        assert [trial.returncode for trial in trials.values()] == [0, 0], found
        assert subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout == before
    for name, home in homes_of.items():
        assert found[name]["by"] == "scheduler"
        assert "the working directory" in found[name]["effective"]["writable"]
        known = tried.read(home, name)
        assert known is not None
        assert known.accepted.to_json() == found[name]["effective"]
        assert records(home, name) == []
    story = found["story"]["effective"]
    assert (story["version"], "Bash" in story["tools"]) == (claude_package.version_of(claude_binary), True)
    assert api.url in story["hosts"]
    assert found["errand"]["effective"]["version"] == ""
    assert not (tmp_path / "was-run").exists()
