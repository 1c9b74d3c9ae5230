"""Faults of ours and of the installation: one line for the person, a report to send, no secret in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer import __version__
from clodputer.store.home import Home
from tests.workshop import clodputer, environment, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def broken(home: Home, tmp_path: Path, *arguments: str, **extra: str) -> tuple[str, str]:
    """Run a copy of the package whose `show` raises what no code of ours expects; its stdout and stderr."""
    copy = tmp_path / "copy"
    shutil.copytree(Path(__file__).parents[2] / "clodputer", copy / "clodputer")
    show = copy / "clodputer" / "cli" / "show.py"
    text = show.read_text()
    line = "    found = find("
    assert line in text
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
