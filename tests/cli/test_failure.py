"""Faults of ours and of the installation: one line for the person, a report to send, no secret in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer import __version__
from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, environment, make_home


def broken(home: Home, tmp_path: Path, *arguments: str, **extra: str) -> tuple[str, str]:
    """Run a copy of the package whose `show` raises what no code of ours expects; its stdout and stderr."""
    copy = tmp_path / "copy"
    shutil.copytree(Path(__file__).parents[2] / "clodputer", copy / "clodputer")
    show = copy / "clodputer" / "cli" / "commands" / "show.py"
    text = show.read_text()
    line = "    one = find("
    assert line in text
    text = text.replace(
        "from __future__ import annotations", f"from __future__ import annotations\n{extra.pop('PREFIX', '')}"
    )
    show.write_text(text.replace(line, f"    raise KeyError('broken-for-a-test ' + wanted)\n{line}"))
    done = subprocess.run(
        [sys.executable, "-m", "clodputer", *arguments],
        env=environment(home, {"PYTHONPATH": str(copy), "MY_API_KEY": "sk-very-secret-value", **extra}),
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    return done.stdout, done.stderr


def test_a_fault_of_ours_leaves_a_report(home: Home, tmp_path: Path) -> None:
    """Exit code 3, one line, and a report with versions and traceback in which secrets are masked."""
    stdout, stderr = broken(home, tmp_path, "show", "sk-very-secret-value")
    assert stdout == ""
    assert stderr.startswith("error: unexpected KeyError; this is a fault in Clodputer\n")
    assert "Traceback" not in stderr
    (report,) = Path(home.root, "bug-reports").iterdir()
    assert str(report) in stderr
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    for part in (__version__, sys.version.split()[0], "Traceback", "broken-for-a-test", "show.py"):
        assert part in text
    assert "sk-very-secret-value" not in text


def test_a_fault_of_ours_in_json(home: Home, tmp_path: Path) -> None:
    """It is one envelope like everything else."""
    stdout, stderr = broken(home, tmp_path, "show", "x", "--json")
    assert json.loads(stdout)["errors"][0]["code"] == "bug"
    assert stderr == ""


def test_a_report_goes_elsewhere_when_the_home_takes_none(tmp_path: Path) -> None:
    """Into the temporary folder."""
    home = make_home(tmp_path)
    Path(home.root, "bug-reports").write_text("in the way")
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    _, stderr = broken(home, tmp_path, "show", "x", TMPDIR=str(elsewhere))
    (report,) = elsewhere.iterdir()
    assert str(report) in stderr
    assert "broken-for-a-test" in report.read_text()


def test_a_missing_library_is_told_by_its_name(home: Home, tmp_path: Path) -> None:
    """A Python without our libraries says so, in JSON too, instead of showing a traceback."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            raise ModuleNotFoundError('no click', name='click')\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    extra = {"PYTHONPATH": f"{hidden}:{Path(__file__).parents[2]}"}
    _, stderr = clodputer(home, "show", "x", extra=extra, status=1)
    assert "the Python package click is missing" in stderr
    stdout, _ = clodputer(home, "show", "x", "--json", extra=extra, status=1)
    assert json.loads(stdout)["errors"][0]["code"] == "incomplete"


def shell(home: Home, line: str, **extra: str) -> tuple[int, str, str]:
    """A line for the shell, in which $C is clodputer; exit status, stdout, stderr."""
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environment(home, {"C": f"{sys.executable} -m clodputer", **extra}),
        capture_output=True,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("line", "status", "stdout", "stderr"),
    [
        # Closed streams: the exit code is true, and what can still be told is told.
        ("$C show greet >&-", 0, "", ""),
        ("$C show nope >&-", 1, "", "error: no run and no task fits 'nope'"),
        ("$C show nope 2>&-", 1, "", ""),
        ("$C run greet 2>&-", 0, "greet succeeded", ""),
        ("$C run greet --follow <&- >&- 2>&-", 0, "", ""),
        ("$C edit greet <&- >&- 2>&-", 1, "", ""),
        ("$C new x --from-json - <&-", 1, "", "error: stdin is closed"),
        # A reader that has gone.
        ("{ $C show greet; echo $? >&2; } | :", 0, "", "1\n"),
        ("{ $C show greet --json; echo $? >&2; } | :", 0, "", "1\n"),
        # A disk that is full.
        ("$C show greet >/dev/full", 1, "", "error: No space left on device"),
        ("$C show greet --json >/dev/full", 1, "", "error: No space left on device"),
        # What a person may have done to the home.
        ("mkdir $CLODPUTER_HOME/execution.log; $C run greet", 1, "", "error: Is a directory: "),
        ("rm -r $CLODPUTER_HOME/tasks; $C new x", 1, "", "error: a folder of the home is missing: "),
        (
            "rm -r $CLODPUTER_HOME/tasks; touch $CLODPUTER_HOME/tasks; $C run x",
            1,
            "",
            "error: Not a directory: ",
        ),
        (
            "rm -r $CLODPUTER_HOME/runs; touch $CLODPUTER_HOME/runs; $C run greet",
            1,
            "",
            "error: a file is where a folder should be: ",
        ),
        # Surroundings.
        (
            "cd $(mktemp -d) && rmdir $PWD && CLODPUTER_HOME=here $C show greet",
            1,
            "",
            "error: the working directory is gone",
        ),
        (
            "HOME=/nonexistent CLODPUTER_HOME= $C show greet",
            1,
            "",
            "error: there is no Clodputer home at /nonexistent/.clodputer",
        ),
        ("unset HOME CLODPUTER_HOME; $C show greet", 1, "", "error: there is no Clodputer home at "),
        (
            "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $C show n\u00e9",
            1,
            "",
            "error: no run and no task fits 'n",
        ),
        ("$C show \"$(printf 'a\\033[2J')\"", 1, "", "error: no run and no task fits 'a\\x1b[2J'"),
    ],
)
def test_every_way_out(home: Home, line: str, status: int, stdout: str, stderr: str) -> None:
    """No traceback and no fault of ours, whatever became of the streams and of the home."""
    if "/dev/full" in line and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    command_task(home, "greet", "echo", "hello")
    for place in (home.runs, f"{home.runs}/greet", f"{home.runs}/greet/20261121T012500.123Z-aaaa1111"):
        Path(place).mkdir(exist_ok=True)
    found = shell(home, line)
    assert found[0] == status, found
    assert found[1].startswith(stdout)
    assert found[2].startswith(stderr)
    assert stderr or not found[2]
    assert "Traceback" not in found[2]
    assert not Path(home.root, "bug-reports").exists()


def test_a_report_when_nothing_can_be_written(tmp_path: Path) -> None:
    """No home, no temporary folder: the place in the code is told at least, with secrets masked, and no traceback."""
    home = make_home(tmp_path)
    Path(home.root, "bug-reports").write_text("in the way")
    # The last resort of tempfile is the working directory, and root may write anywhere: so none of them takes a file.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    _, stderr = broken(home, tmp_path, "show", "sk-very-secret-value", PREFIX=limit)
    assert "unexpected KeyError: 'broken-for-a-test ***'" in stderr
    assert "No report could be written. It happened in " in stderr
    assert "Traceback" not in stderr
