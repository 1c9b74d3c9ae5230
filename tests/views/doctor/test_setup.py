"""What the doctor says of the installation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clodputer import __version__
from clodputer.store.home import Home
from clodputer.store.program import incomplete
from clodputer.views.doctor.home import setup
from tests.doctoring import facts, first_on_path, one
from tests.workshop import ROOT, program


def test_python(home: Home) -> None:
    assert sys.executable in one(setup.python(facts(home)), "ok").message
    assert "older than 3.9" in one(setup.python_of("/usr/bin/python3", (3, 8, 18)), "problem").message


def test_packages(home: Home) -> None:
    one(setup.packages(facts(home)), "ok")
    found = one(setup.packages_of(("json", "no_such_package_of_ours")), "problem")
    assert "no_such_package_of_ours (ModuleNotFoundError" in found.message


def test_packages_that_are_not_there_at_all() -> None:
    """An interpreter without any installed package: the check itself needs none."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from clodputer.store.program import incomplete\n"
        "from clodputer.views.doctor.home import setup as doctor_setup\n"
        "print(doctor_setup.packages_of(incomplete.PACKAGES)[0].level)"
    )
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("problem\n", "")


def test_every_package_that_we_depend_on_is_looked_at() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    wanted = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]
    names = {line.strip().strip('"').partition(">")[0] for line in wanted.splitlines()}
    assert {"pyyaml" if name == "yaml" else name for name in incomplete.PACKAGES} >= names


def test_templates(home: Home, tmp_path: Path) -> None:
    one(setup.shipped(facts(home)), "ok")
    (tmp_path / "templates" / "home").mkdir(parents=True)
    found = one(setup.shipped_in(str(tmp_path / "templates")), "problem")
    assert "home/config.yaml" in found.message


def test_the_program_on_path(home: Home, tmp_path: Path) -> None:
    """The same version is fine; another one, one that fails, and one that does not answer are told."""
    one(setup.program(facts(home, {"PATH": str(tmp_path)})), "ok")
    program(tmp_path / "same", "clodputer", f"echo clodputer {__version__}")
    one(setup.program(facts(home, first_on_path(tmp_path / "same"))), "ok")
    program(tmp_path / "other", "clodputer", "echo clodputer 0.0.1")
    found = one(setup.program(facts(home, first_on_path(tmp_path / "other"))), "note")
    assert "which is version 0.0.1" in found.message
    program(tmp_path / "broken", "clodputer", "exit 3")
    found = one(setup.program(facts(home, first_on_path(tmp_path / "broken"))), "problem")
    assert "exit status 3" in found.message
    program(tmp_path / "silent", "clodputer", "exec sleep 60")
    found = one(setup.program(facts(home, first_on_path(tmp_path / "silent"), seconds=0.2)), "problem")
    assert "does not answer" in found.message


def test_the_start_is_measured(home: Home) -> None:
    [finding] = setup.start(facts(home))
    assert "times its bare start" in finding.message


@pytest.mark.parametrize(("seconds", "level"), [(0.02, "ok"), (0.5, "ok"), (0.6, "note")])
def test_a_slow_start_is_a_note(seconds: float, level: str) -> None:
    assert one(setup.start_of("python", seconds, 0.01), level).message.startswith("python starts in")
