"""The shim: written once, runs every command, sets the night's environment for exec, and says what is gone."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import place, shim
from clodputer.schedulers.shim import Shim
from clodputer.store.home import Home
from tests.workshop import ROOT, clodputer, command_task, drop, events, make_home, program, records

# The last one has all that a shell, JSON or Python could take for something of theirs.
FOLDERS = ["plain", "with a space", "it's \"a\" $HOME `id` \\N{x} \\1 % ünï 'q''"]


def install(home: Home, python: str = sys.executable, root: str = str(ROOT), **environment: str) -> str:
    """A shim that is in its place; its path."""
    known = place.look(home, os.environ, sys.platform).shim
    places = (root, *known.places[1:])
    wanted = Shim(python, places, {**known.environment, **environment}, "Europe/Berlin")
    path = f"{home.root}/bin/clodputer"
    shim.write(path, shim.text(wanted))
    assert shim.read(path) == wanted
    return path


def run(path: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The shim as a scheduler starts it: with next to nothing."""
    return subprocess.run(
        [path, *arguments],
        env=environ,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=200,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_paths_of_every_kind(tmp_path: Path, folder: str) -> None:
    """Home and interpreter may lie anywhere."""
    home = make_home(tmp_path / folder)
    python = program(tmp_path / folder / "py" / "bin", "python", f"exec '{sys.executable}' \"$@\"")
    path = install(home, str(python))
    ended = run(path, "--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("clodputer ")
    python.unlink()
    assert run(path, "exec").returncode == 1
    assert str(python) in events(home, "blocked")[0]["message"]


def test_nothing_but_python_is_started(home: Home) -> None:
    """Every alarm pays for what stands before that line; only a path with a backslash costs more."""

    def before(path: str) -> str:
        return Path(path).read_text().partition('then exec "$python"')[0]

    assert "$(" not in before(install(home))
    assert "$(printf" in before(install(home, "/odd\\folder/python"))


def test_exec_has_the_frozen_environment(home: Home, tmp_path: Path) -> None:
    """Whatever the caller's is; the other variables stay, but for TZ."""
    command_task(home, "tell", "sh", "-c", f"env >{tmp_path}/told")
    drop(home, "tell")
    path = install(home, PATH="/usr/bin:/bin:/frozen", HOME=str(tmp_path), LANG="C.UTF-8")
    ended = run(path, "exec", PATH="/caller", HOME="/caller", TZ="Asia/Tokyo", CLODPUTER_HOME="/caller")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines() if "=" in line)
    assert told["PATH"] == "/usr/bin:/bin:/frozen"
    assert told["HOME"] == str(tmp_path)
    assert (told["SHELL"], told["LANG"]) == ("/bin/sh", "C.UTF-8")
    assert "TZ" not in told
    assert records(home, "tell")[0]["outcome"] == "succeeded"


def test_other_commands_keep_theirs(home: Home) -> None:
    """But for the home: a shim is that of its own home."""
    path = install(home)
    ended = run(path, "run", "nothing", PATH="/usr/bin:/bin", CLODPUTER_HOME="/caller", HOME="/caller")
    assert "there is no task 'nothing'" in ended.stderr
    ended = run(path, "next", "--cron", "0 8 * * *", "--json", TZ="Asia/Tokyo")
    assert json.loads(ended.stdout)["data"]["slot_times"][0].endswith("+09:00")


def test_the_callers_python_is_not_obeyed(home: Home, tmp_path: Path) -> None:
    """Neither his modules nor his settings come into a run at night."""
    (tmp_path / "os.py").write_text("raise SystemExit('not the real os')")
    path = install(home)
    ended = run(path, "exec", PYTHONPATH=str(tmp_path), PYTHONHOME="/nowhere", PYTHONSTARTUP="/nowhere")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_heavy_libraries_are_found(home: Home) -> None:
    """Without `site`: pydantic and yaml to check a task, jinja2 to render it."""
    command_task(home, "x", "echo", "{{ env.HOME }}")
    ended = run(install(home), "run", "x", PATH="/usr/bin:/bin", HOME="/")
    assert ended.returncode == 0, ended.stderr + ended.stdout


def test_a_program_that_is_gone_is_told(home: Home, tmp_path: Path) -> None:
    """On stderr each time, for mail and journals; once in the execution log, where `status` and people look."""
    shutil.copytree(
        f"{ROOT}/clodputer", tmp_path / "copy" / "clodputer", ignore=shutil.ignore_patterns("__pycache__")
    )
    path = install(home, root=str(tmp_path / "copy"))
    assert run(path, "exec").returncode == 0
    shutil.rmtree(tmp_path / "copy")
    for _ in range(3):
        ended = run(path, "exec", "--task", "x", PATH="/usr/bin:/bin")
        assert ended.returncode == 1
        assert ended.stderr.startswith("clodputer: ")
        assert "Install Clodputer again, then run: clodputer install" in ended.stderr
    (event,) = events(home)
    assert (event["event"], event["reason"], event["task"]) == ("blocked", "shim_broken", None)
    assert f"{tmp_path}/copy/clodputer/__main__.py" in event["message"]


def test_a_home_that_is_gone_is_not_brought_back(home: Home, tmp_path: Path) -> None:
    path = install(home, python="/nowhere/python")
    kept = str(shutil.copy(path, tmp_path / "kept"))
    shutil.rmtree(home.root)
    ended = run(kept, "exec", PATH="/usr/bin:/bin")
    assert ended.returncode == 1
    assert "/nowhere/python" in ended.stderr
    assert not os.path.exists(home.root)


def test_only_the_person_may_read_it_and_it_is_replaced_whole(home: Home) -> None:
    """Also from a copy without the right to execute; a reader of the old one keeps the old one."""
    path = install(home)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    text = Path(path).read_text()
    assert shim.current(path, text)
    os.chmod(path, 0o600)
    if os.geteuid() != 0:
        assert not shim.current(path, text)
    with open(path) as before:
        shim.write(path, text.replace("Europe/Berlin", "Asia/Tokyo"))
        assert before.read() == text
    assert os.listdir(os.path.dirname(path)) == ["clodputer"]


def test_what_is_not_ours_stays(home: Home) -> None:
    """A script of the person's own in that place is neither replaced nor removed."""
    path = Path(home.root, "bin", "clodputer")
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    with pytest.raises(ClodputerError) as raised:
        install(home)
    assert raised.value.code == "shim_foreign"
    assert not shim.remove(str(path))
    assert path.read_text() == "#!/bin/sh\n"
    assert shim.read(str(path)) is None


@pytest.mark.parametrize("value", ["/a\nb", "/a\x00b", "/\udcff"])
def test_paths_that_no_file_can_hold_are_refused(value: str) -> None:
    with pytest.raises(ClodputerError) as raised:
        shim.text(Shim(value, ("/x",), {"CLODPUTER_HOME": "/h"}))
    assert raised.value.code == "path_unfit"


def test_a_damaged_one_is_read_as_none(tmp_path: Path) -> None:
    text = shim.text(Shim("/p", ("/x",), {"CLODPUTER_HOME": "/h"}))
    path = tmp_path / "shim"
    assert shim.read(str(path)) is None
    for broken in (
        text.replace("PLACES = [", "PLACES = ["[:-1]),
        text.replace("ZONE", "Z"),
        text.replace("Written", ""),
    ):
        path.write_text(broken)
        assert shim.read(str(path)) is None


def test_the_demo_runs_by_it(home: Home) -> None:
    """The command that starts another Python of its own."""
    assert run(install(home), "demo", PATH="/usr/bin:/bin").returncode == 0


def test_help_is_the_same(home: Home) -> None:
    told, _ = clodputer(home, "--help")
    assert run(install(home), "--help").stdout == told
