"""bin/clodputer makes its own environment, once, whatever happens to it meanwhile, and is quick from then on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

import clodputer
from tests.checkout import assert_it_works, copy_of_checkout
from tests.wait import until
from tests.workshop import program

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("launcher")]


def launch(checkout: Path, cache: str, program: str = "", cwd: str = "/") -> subprocess.Popen[str]:
    """Start `bin/clodputer --version` of a checkout, in a process group of its own."""
    return subprocess.Popen(
        [program or str(checkout / "bin" / "clodputer"), "--version"],
        cwd=cwd,
        # What Python needs of it, Python compiles.
        env={**os.environ, "PIP_CACHE_DIR": cache, "PIP_NO_COMPILE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def answer(started: subprocess.Popen[str]) -> str:
    """Return the stderr of a launch, which must have printed the version on stdout."""
    stdout, stderr = started.communicate()
    assert started.returncode == 0, stderr
    assert clodputer.__version__ in stdout
    assert stdout.count("\n") == 1
    return stderr


@pytest.fixture(scope="module")
def first_calls(tmp_path_factory: pytest.TempPathFactory, pip_cache: str) -> tuple[Path, list[str]]:
    """A checkout in which two first calls were made at once, and what each said on stderr."""
    copy = copy_of_checkout(tmp_path_factory.mktemp("launcher"))
    both = [launch(copy, pip_cache) for _ in range(2)]
    return copy, [answer(one) for one in both]


def test_two_first_calls_at_once_make_one_environment(first_calls: tuple[Path, list[str]]) -> None:
    """Both answer, and only one of them did the work."""
    copy, said = first_calls
    assert "".join(said).count("making .venv, this once") == 1
    assert (copy / ".venv" / "ready").is_file()


def test_a_later_call_says_nothing_and_costs_nothing(
    first_calls: tuple[Path, list[str]], pip_cache: str
) -> None:
    """The launcher starts no Python but the environment's own: it adds less than that needs for itself."""
    copy, _ = first_calls
    assert answer(launch(copy, pip_cache)) == ""
    launcher = [str(copy / "bin" / "clodputer"), "--version"]
    direct = [str(copy / ".venv" / "bin" / "python"), "-I", "-m", "clodputer", "--version"]
    # In turns, so that a busy moment of the machine meets both.
    pairs = [(seconds(launcher), seconds(direct)) for _ in range(15)]
    through, bare = (min(column) for column in zip(*pairs))
    assert through < 1.8 * bare, f"launcher {through * 1000:.1f} ms, Python alone {bare * 1000:.1f} ms"


def seconds(command: list[str]) -> float:
    """How much time of a processor a command takes, with all that it starts: that others are at work changes little of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_it_works_through_links(first_calls: tuple[Path, list[str]], tmp_path: Path, pip_cache: str) -> None:
    """A chain of absolute and relative links leads to the checkout, also when found on PATH."""
    copy, _ = first_calls
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "absolute").symlink_to(copy / "bin" / "clodputer")
    (tmp_path / "relative").symlink_to(os.path.join("elsewhere", "absolute"))
    assert answer(launch(copy, pip_cache, program=str(tmp_path / "relative"))) == ""
    assert answer(launch(copy, pip_cache, program="./relative", cwd=str(tmp_path))) == ""
    assert answer(launch(copy, pip_cache, program="bin/clodputer", cwd=str(copy))) == ""


def test_python_variables_of_the_caller_do_not_matter(
    first_calls: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """A clodputer.py in the current folder or on PYTHONPATH is not what runs."""
    copy, _ = first_calls
    (tmp_path / "clodputer.py").write_text("raise SystemExit('the wrong one')\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([copy / "bin" / "clodputer", "--version"], cwd=tmp_path, env=environment, check=True)


def test_a_new_pyproject_is_installed(first_calls: tuple[Path, list[str]], pip_cache: str) -> None:
    """After a pull that changed the libraries, the next call brings them; the one after is silent again."""
    copy, _ = first_calls
    project = copy / "pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "refreshing .venv" in answer(launch(copy, pip_cache))
    assert answer(launch(copy, pip_cache)) == ""


def test_an_editable_install_works(first_calls: tuple[Path, list[str]]) -> None:
    """What was made is an editable install: it runs the checkout itself, templates included."""
    copy, _ = first_calls
    assert_it_works(copy / ".venv" / "bin", copy / "templates")


def test_a_moved_checkout_makes_a_new_environment_however_often_that_is_killed(
    first_calls: tuple[Path, list[str]], pip_cache: str
) -> None:
    """An environment knows its path, so it cannot move along. Killed while making the new one, then while installing into it:
    the next call starts again and succeeds. (Moves the shared checkout: keep this test the last of those that use it.)"""
    copy, _ = first_calls
    moved = copy.with_name("moved")
    copy.rename(moved)
    environment = moved / ".venv"
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "pip").unlink()
    for moment in (environment / "bin" / "python", environment / "bin" / "pip"):
        started = launch(moved, pip_cache)
        until(moment.exists, timeout=120, message=f"{moment} was never made")
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()
        assert not (environment / "ready").exists()
    assert "making .venv" in answer(launch(moved, pip_cache))


def test_a_missing_python_is_explained(tmp_path: Path) -> None:
    """Nothing to run with: one clear message with what to do, and no half-made folder."""
    copy = copy_of_checkout(tmp_path)
    program(tmp_path, "python3", "exit 127")
    ended = subprocess.run(
        ["/bin/sh", copy / "bin" / "clodputer"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "apt install python3 python3-venv" in ended.stderr
    assert not (copy / ".venv").exists()


def test_a_failing_install_shows_its_log(tmp_path: Path, pip_cache: str) -> None:
    """pip's own words appear when it fails, and the next call tries again."""
    copy = copy_of_checkout(tmp_path)
    project = copy / "pyproject.toml"
    project.write_text("this is not toml", encoding="utf-8")
    started = launch(copy, pip_cache)
    stderr = started.communicate()[1]
    assert started.returncode == 1
    assert "TOML" in stderr
    assert "could not make" in stderr
    assert not (copy / ".venv" / "ready").exists()
