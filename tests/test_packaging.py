"""Clodputer runs from a wheel in a new environment, and from a bare checkout; an editable install is in test_launcher.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from clodputer.cli.group import COMMANDS
from tests.checkout import FIND_TEMPLATES, assert_it_works, run, tree
from tests.house import CHECKOUT

# One worker builds the environments for all of these, and pip is given its time.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def new_environment(folder: Path, cache: str, *packages: str) -> Path:
    """Make an environment with `packages`, as a person without our tools would, and return its folder of programs."""
    run(sys.executable, "-m", "venv", str(folder))
    run(str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", *packages, PIP_CACHE_DIR=cache)
    return folder / "bin"


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
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"clodputer", "clodputer_cli"}
    programs = new_environment(tmp_path / "environment", pip_cache, str(wheel))
    package = Path(
        run(str(programs / "python"), "-I", "-c", "import clodputer; print(clodputer.__path__[0])")
    )
    assert Path(CHECKOUT) not in package.parents
    assert_it_works(programs, package / "templates")
    assert '"title": "A task file of Clodputer"' in run(str(programs / "clodputer"), "schema", "task")
    # Where pipx, Homebrew and distributions look for what `man` and the shells are to find.
    shared = sorted(tree(Path(CHECKOUT, "docs", "share")))
    assert len(shared) == 4
    for name in shared:
        assert (programs.parent / "share" / name).read_bytes() == Path(
            CHECKOUT, "docs", "share", name
        ).read_bytes()


def test_the_manual_page_is_in_order() -> None:
    """groff warns of nothing in it, and shows every command."""
    if shutil.which("groff") is None:
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail("groff is missing")
        pytest.skip("groff is missing")
    ended = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", f"{CHECKOUT}/docs/share/man/man1/clodputer.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    for name in COMMANDS:
        assert f"   clodputer {name}\n" in ended.stdout


def test_a_bare_checkout_works() -> None:
    """With the libraries there, nothing needs to be installed."""
    assert "exec" in run(sys.executable, "-m", "clodputer", "--help", cwd=CHECKOUT)
    found = run(sys.executable, "-c", FIND_TEMPLATES, cwd=CHECKOUT)
    assert Path(found).resolve() == Path(CHECKOUT, "templates").resolve()
