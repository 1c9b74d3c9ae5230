"""`new`, `edit` and `install` take the first look of watched folders: the first file that comes afterwards is not swallowed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.install import Options, install
from clodputer.cli.commands.why import why
from clodputer.cli.terminal.ink import without
from clodputer.schedulers import load
from clodputer.store.home import Home
from tests.schedulers.crontabs import Crontab
from tests.workshop import (
    clodputer,
    environment,
    events,
    execute,
    make_home,
    outcomes,
    program,
    records,
    write_task,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "old").write_text("x")
    return made


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    return Crontab(tmp_path / "crontab", monkeypatch)


def words(text: str) -> str:
    """A text as its words, however wide the terminal is."""
    return " ".join(without(text).split())


def installed(home: Home) -> str:
    """What `install` says."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "CLODPUTER_HOME": home.root}
    return install(environ, Options(), {"cron": load("cron")}, time(), lambda *_: None).text


def keys(folder: Path, **more: object) -> dict[str, object]:
    trigger = {"type": "file_watch", "path": str(folder), "debounce": "0s", **more}
    return {"agent": "command", "command": ["/bin/true"], "trigger": trigger}


def comes(home: Home, folder: Path, name: str) -> list[str]:
    """A file comes, and an exec after it; the files that were run for, by their paths."""
    (folder / name).write_text("x")
    execute(home, "--task", "watch")
    runs = [Path(home.runs, "watch", record["run_id"], "request.json") for record in records(home, "watch")]
    return [json.loads(path.read_text())["context"]["file"]["name"] for path in runs]


def test_new_takes_the_first_look(home: Home, tmp_path: Path) -> None:
    """And says which files it found and leaves alone; so does `why` later on."""
    Path(tmp_path, "keys.json").write_text(json.dumps(keys(tmp_path / "in")))
    stdout, _ = clodputer(home, "new", "watch", "--from-json", str(tmp_path / "keys.json"))
    assert "when 1 file was there and ignored: old" in words(stdout)
    assert comes(home, tmp_path / "in", "first") == ["first"]
    assert "when 1 file was there and ignored: old" in words(why(environment(home), "watch", time()).text)


def test_initial_process_has_its_files_at_once(home: Home, tmp_path: Path) -> None:
    Path(tmp_path, "keys.json").write_text(json.dumps(keys(tmp_path / "in", initial="process")))
    stdout, _ = clodputer(home, "new", "watch", "--from-json", str(tmp_path / "keys.json"), "--json")
    (look,) = json.loads(stdout)["data"]["first_looks"]
    assert look.endswith("when no file was there")
    assert comes(home, tmp_path / "in", "first") == ["old", "first"]


def test_edit_takes_the_first_look(home: Home, tmp_path: Path) -> None:
    """Of another folder; what was there is known."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "older").write_text("x")
    text = json.dumps(keys(tmp_path / "in"))
    write_task(home, "watch", text)
    execute(home, "--task", "watch")
    editor = program(tmp_path, "editor", "sed -i s:/in:/other: $1")
    stdout, _ = clodputer(home, "edit", "watch", extra={"EDITOR": str(editor)})
    assert "when 1 file was there and ignored: older" in words(stdout)
    assert comes(home, other, "first") == ["first"]


def test_install_takes_the_first_look(home: Home, crontab: Crontab, tmp_path: Path) -> None:
    """Of every task, before its alarms are there; a second time there is nothing to say."""
    write_task(home, "watch", json.dumps(keys(tmp_path / "in")))
    stdout = installed(home)
    assert "when 1 file was there and ignored: old" in words(stdout)
    stdout = installed(home)
    assert "ignored" not in words(stdout)
    assert len(events(home, "watch_started")) == 1
    assert comes(home, tmp_path / "in", "first") == ["first"]
    assert outcomes(home, "watch") == ["succeeded"]


def test_a_folder_that_is_not_there_yet(home: Home, tmp_path: Path) -> None:
    """It is said at once, and nothing fails because of it."""
    Path(tmp_path, "keys.json").write_text(json.dumps(keys(tmp_path / "gone")))
    stdout, _ = clodputer(home, "new", "watch", "--from-json", str(tmp_path / "keys.json"))
    assert f"the last look failed: {tmp_path}/gone does not exist; make the folder, or change path" in words(
        stdout
    )
    os.mkdir(tmp_path / "gone")
