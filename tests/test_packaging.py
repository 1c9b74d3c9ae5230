"""Clodputer runs from a wheel, an editable install and a bare checkout, each in a new environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import clodputer
from tests.checkout import copy_of_checkout
from tests.house import CHECKOUT

# One worker builds the environments for all of these, and pip is given its time.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("packaging")]

FIND_TEMPLATES = "from clodputer.store import templates; print(templates.folder())"


def run(*command: str, cwd: str = "/", **environment: str) -> str:
    """Run a command that must succeed, and return its stdout."""
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.strip()


def new_environment(folder: Path, cache: str, *packages: str) -> Path:
    """Make an environment with `packages`, as a person without our tools would, and return its folder of programs."""
    run(sys.executable, "-m", "venv", str(folder))
    run(str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", *packages, PIP_CACHE_DIR=cache)
    return folder / "bin"


def assert_it_works(programs: Path, templates_in: Path) -> None:
    """The console script, `python -m` and the templates are there, seen from another folder."""
    version = run(str(programs / "clodputer"), "--version")
    assert clodputer.__version__ in version
    assert "exec" in run(str(programs / "python"), "-m", "clodputer", "--help")
    assert "demo" in run(str(programs / "clodputer"), "demo", "--help")
    found = Path(run(str(programs / "python"), "-c", FIND_TEMPLATES))
    assert found.resolve() == templates_in.resolve()
    assert sorted(tree(found)) == sorted(tree(Path(CHECKOUT, "templates")))


def tree(folder: Path) -> list[str]:
    """Return the files under `folder`, without what Python leaves there."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [str(path.relative_to(folder)) for path in files]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, pip_cache: str) -> Path:
    """The folder with the source archive, and the wheel that was built from that archive alone."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--outdir", str(folder), cwd=CHECKOUT, PIP_CACHE_DIR=pip_cache)
    return folder


def test_the_source_archive_is_complete(built: Path) -> None:
    """What a distribution needs to build and to test is in the archive, and our environments are not."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = [name.partition("/")[2] for name in opened.getnames()]
    for wanted in (
        "pyproject.toml",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "bin/clodputer",
        "tests/house.py",
    ):
        assert wanted in names
    assert any(name.startswith("templates/") for name in names)
    assert any(name.startswith("docs/") for name in names)
    assert [name for name in names if name.startswith((".venv", ".tools")) or "__pycache__" in name] == []


def test_the_wheel_works(built: Path, tmp_path: Path, pip_cache: str) -> None:
    """A person who installs the wheel gets commands, types and templates."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "clodputer/py.typed" in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"clodputer"}
    programs = new_environment(tmp_path / "environment", pip_cache, str(wheel))
    package = Path(
        run(str(programs / "python"), "-I", "-c", "import clodputer; print(clodputer.__path__[0])")
    )
    assert Path(CHECKOUT) not in package.parents
    assert_it_works(programs, package / "templates")


def test_an_editable_install_works(tmp_path: Path, pip_cache: str) -> None:
    """Somebody who works on Clodputer runs the checkout itself, templates included."""
    copy = copy_of_checkout(tmp_path)
    programs = new_environment(tmp_path / "environment", pip_cache, "--editable", str(copy))
    assert_it_works(programs, copy / "templates")


def test_a_bare_checkout_works() -> None:
    """With the libraries there, nothing needs to be installed."""
    assert "exec" in run(sys.executable, "-m", "clodputer", "--help", cwd=CHECKOUT)
    found = run(sys.executable, "-c", FIND_TEMPLATES, cwd=CHECKOUT)
    assert Path(found).resolve() == Path(CHECKOUT, "templates").resolve()
