"""An installation that is no longer whole: each alarm says what to do, the log and `status` say it once, no request is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from clodputer.schedulers import place, shim
from clodputer.schedulers.shim import Shim
from clodputer.store.home import Home
from tests.workshop import (
    ROOT,
    clodputer,
    command_task,
    drop,
    events,
    everything,
    make_home,
    outcomes,
    program,
    write_task,
)

SITE = sysconfig.get_paths()["purelib"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "work", "/bin/true")
    return made


def packages_without(folder: Path, *lacking: str) -> str:
    """A folder with everything that this Python has installed, but for some packages."""
    folder.mkdir()
    for name in os.listdir(SITE):
        if not name.lower().startswith(lacking):
            (folder / name).symlink_to(f"{SITE}/{name}")
    return str(folder)


def install(home: Home, *places: str, **changed: Any) -> str:
    """A shim with these folders of packages in place; its path."""
    known = place.look(home, os.environ, sys.platform).shim
    wanted = Shim(known.python, places or known.places, known.environment)._replace(**changed)
    path = f"{home.root}/bin/clodputer"
    shim.write(path, shim.text(wanted))
    return path


def alarm(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a scheduler starts."""
    return subprocess.run(
        [path, "exec", *arguments],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=200,
        stdin=subprocess.DEVNULL,
    )


def problems(home: Home) -> list[dict[str, Any]]:
    """What `status`, started with a Python that is in order, says of what stops every run."""
    data = json.loads(clodputer(home, "status", "--json")[0])["data"]
    found: list[dict[str, Any]] = data["attention"]["problems"]
    return found


def told_each_time(home: Home, path: str, event: str) -> str:
    """Three alarms in vain: a sentence each, one event; the sentence."""
    said = {alarm(path).stderr for _ in range(3)}
    assert [alarm(path).returncode for _ in range(1)] == [1]
    assert len(said) == 1
    sentence = said.pop()
    assert "Traceback" not in sentence
    assert "clodputer install" in sentence
    assert len(events(home, event)) == 1
    assert not os.path.exists(f"{home.root}/bug-reports")
    (problem,) = problems(home)
    assert "clodputer install" in problem["hint"]
    text = clodputer(home, "status")[0]
    assert "Nothing runs until this is fixed" in text
    return sentence


def in_order_again(home: Home) -> None:
    """With a good shim the next alarm runs what waited, and nothing is said any more."""
    path = install(home)
    ended = alarm(path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert problems(home) == []
    assert everything(home) == {}


@pytest.mark.parametrize("package", ["pydantic", "yaml"])
def test_a_package_that_is_gone(home: Home, tmp_path: Path, package: str) -> None:
    """The drop is not charged with it: it stays until the installation is whole."""
    drop(home, "work")
    path = install(home, str(ROOT), packages_without(tmp_path / "site", package))
    sentence = told_each_time(home, path, "blocked")
    assert f"the Python package {package} is missing" in sentence
    assert everything(home) == {"new": ["work"]}
    in_order_again(home)
    assert outcomes(home, "work") == ["succeeded"]


def test_a_package_that_only_the_run_needs(home: Home, tmp_path: Path) -> None:
    """The request was claimed and its run begun: neither is it given up after some alarms, nor do runs pile up."""
    write_task(home, "asks", "agent: command\ncommand: [echo, '{{ env.HOME }}']\n")
    clodputer(home, "validate")
    drop(home, "asks")
    drop(home, "work")
    path = install(home, str(ROOT), packages_without(tmp_path / "site", "jinja2"))
    for _ in range(6):
        assert alarm(path).returncode == 1
    assert "jinja2" in told_each_time(home, path, "blocked")
    assert "dead" not in everything(home)
    in_order_again(home)
    assert outcomes(home, "asks") == ["succeeded"]
    assert outcomes(home, "work") == ["succeeded"]
    assert len(os.listdir(f"{home.runs}/asks")) == 1


def test_a_package_made_for_another_python(home: Home, tmp_path: Path) -> None:
    """It is there, and cannot be imported: seen at once when Python is not the one of the installation."""
    site = packages_without(tmp_path / "site", "pydantic_core")
    broken = Path(site, "pydantic_core")
    broken.mkdir()
    (broken / "__init__.py").write_text("from pydantic_core._pydantic_core import SchemaValidator\n")
    drop(home, "work")
    path = install(home, str(ROOT), site, version=(3, 8))
    sentence = told_each_time(home, path, "blocked")
    assert f"Python {sys.version.split()[0]}" in sentence
    assert "pydantic_core" in sentence
    in_order_again(home)


def test_another_python_that_does_as_well(home: Home) -> None:
    """Where all packages can be used, nothing is the matter."""
    drop(home, "work")
    ended = alarm(install(home, version=(3, 8)))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert outcomes(home, "work") == ["succeeded"]


def test_a_python_that_is_too_old(home: Home, tmp_path: Path) -> None:
    """One sentence, whatever else it could not read."""
    old = program(
        tmp_path / "old",
        "python",
        f"shift 3; exec '{sys.executable}' -IS -c 'import sys; sys.version_info = (3, 8, 10, \"final\", 0);"
        ' sys.version = "3.8.10 (old)"; sys.argv = sys.argv[1:]; exec(open(sys.argv[0]).read())\' "$@"',
    )
    drop(home, "work")
    sentence = told_each_time(home, install(home, python=str(old)), "blocked")
    assert "Python 3.8.10" in sentence
    assert "needs Python 3.9 or newer" in sentence
    in_order_again(home)


def test_a_program_that_this_python_cannot_read(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(f"{ROOT}/clodputer", copy / "clodputer", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "clodputer" / "__main__.py").write_text("type X[T] = (:\n")
    told_each_time(home, install(home, str(copy), SITE), "blocked")
    in_order_again(home)


def test_a_cause_with_what_a_shell_or_json_takes_for_theirs(home: Home, tmp_path: Path) -> None:
    """It is told, logged and shown as Python gave it."""
    cause = 'it\'s "a" $HOME `id` %s \\n \t ünï'
    package = tmp_path / "copy" / "clodputer"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(f"raise ImportError({cause!a})\n")
    path = install(home, str(package.parent), SITE)
    assert f"cannot run Clodputer: {cause}. Install" in told_each_time(home, path, "blocked")
    assert events(home, "blocked")[0]["message"].endswith(f"cannot run Clodputer: {cause}")
    assert problems(home)[0]["message"].endswith(f"cannot run Clodputer: {cause}")
    in_order_again(home)


def test_a_python_that_is_gone(home: Home) -> None:
    drop(home, "work")
    assert "/nowhere/python" in told_each_time(home, install(home, python="/nowhere/python"), "blocked")
    in_order_again(home)


def test_one_cause_after_another(home: Home, tmp_path: Path) -> None:
    """Each is logged."""
    for python in ("/nowhere/python", "/nowhere/else", "/nowhere/python"):
        assert alarm(install(home, python=python)).returncode == 1
    assert len(events(home, "blocked")) == 3


def test_the_command_itself_with_a_python_that_is_too_old() -> None:
    code = "import sys; sys.version_info = (3, 8, 10, 'final', 0); from clodputer.__main__ import main; main(['list'])"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith("clodputer: Clodputer needs Python 3.9 or newer, and this is ")
    assert ended.stderr.count("\n") == 1
