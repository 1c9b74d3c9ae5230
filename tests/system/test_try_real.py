"""`clodputer try` with two versions of the real claude, and by a real systemd."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from clodputer.cli.commands import try_
from clodputer.schedulers import systemd
from clodputer.store import homes
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.taskstate import tried
from tests import claude_package, doctoring
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment, install_fake_claude
from tests.slots import settle
from tests.systemd_lab import Lab
from tests.workshop import drop, execute, make_home, outcomes, program, write_task

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
