"""The guard of tests/guard.py works: no test reaches the real home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from clodputer.store.home import Home
from tests import guard
from tests.doctoring import first_on_path
from tests.guard import PROTECTED, REAL_HOME
from tests.wait import until
from tests.workshop import environment

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

TOUCHES: dict[str, Callable[[str], object]] = {
    "open to read": lambda folder: open(os.path.join(folder, "config.yaml"), "rb"),
    "open to write": lambda folder: open(os.path.join(folder, "config.yaml"), "a"),
    "low-level open": lambda folder: os.open(os.path.join(folder, "x"), os.O_RDONLY),
    "pathlib": lambda folder: Path(folder, "x").read_text(),
    "make": os.mkdir,
    "list": os.listdir,
    "scan": os.scandir,
    "remove": lambda folder: os.unlink(os.path.join(folder, "spool", "new", "x")),
    "rename into": lambda folder: os.rename("/nonexistent/x", os.path.join(folder, "x")),
    "rename away": lambda folder: os.rename(os.path.join(folder, "x"), "/nonexistent/x"),
    "remove the tree": shutil.rmtree,
    "relative": lambda folder: os.listdir(os.path.relpath(folder)),
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES.keys())
@pytest.mark.parametrize("name", [".clodputer", ".claude"])
def test_touching_the_real_home_raises(touch: Callable[[str], object], name: str) -> None:
    """Reading, writing, listing and removing in the real folders fail before anything happens."""
    with pytest.raises(guard.RealHomeTouched):
        touch(os.path.join(REAL_HOME, name))


@pytest.mark.parametrize("name", guard.REFUSED)
def test_no_scheduler_of_this_machine_is_reached(name: str, tmp_path: Path) -> None:
    """Neither by what a test starts itself, nor by the commands that it starts in a home, nor by a fake's neighbours."""
    home = Home(str(tmp_path))
    for environ in (dict(os.environ), environment(home), first_on_path(tmp_path)):
        found = shutil.which(name, path=environ["PATH"])
        assert found == f"{guard.REFUSING}/{name}"
        ended = subprocess.run([name, "-l"], env={**os.environ, **environ}, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert f"{name} is refused" in ended.stderr
    assert not guard.real(name).startswith(guard.REFUSING)


def test_every_name_of_the_real_home_is_protected() -> None:
    """The guard knows HOME as it was when the tests began, not as the fixture sets it."""
    assert os.path.join(REAL_HOME, ".clodputer") in PROTECTED
    assert os.path.join(REAL_HOME, ".claude") in PROTECTED
    assert os.path.expanduser("~") != REAL_HOME


def test_neighbours_of_the_protected_folders_are_free(tmp_path: Path) -> None:
    """Only the folders themselves are meant, not names that begin alike."""
    program = (
        "from tests import guard\n"
        f"guard.install(({str(tmp_path / '.claude')!r},))\n"
        f"open({str(tmp_path / '.claude.json')!r}, 'w').close()\n"
        f"open({str(tmp_path / '.claude')!r}, 'w').close()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True)
    assert "RealHomeTouched" in ended.stderr
    assert (tmp_path / ".claude.json").exists()
    assert not (tmp_path / ".claude").exists()


def test_every_test_has_a_private_home(private_home: Path) -> None:
    """HOME and CLODPUTER_HOME, which children inherit, lead to a temporary folder."""
    program = "import os; print(os.path.expanduser('~')); print(os.environ['CLODPUTER_HOME'])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout.split() == [str(private_home), str(private_home / ".clodputer")]


def test_until_returns_what_it_waited_for(tmp_path: Path) -> None:
    """`until` hands over the first true value."""
    looks = iter([0, None, "", "there"])
    assert until(lambda: next(looks), timeout=5) == "there"


def test_until_gives_up_with_the_message() -> None:
    """`until` says what it waited for."""
    with pytest.raises(AssertionError, match="no marker file"):
        until(lambda: False, timeout=0.02, message="no marker file")
