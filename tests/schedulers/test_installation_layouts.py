"""The shim finds the program and its libraries however these were installed, and says the same when it installs itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from sysconfig import get_paths
from typing import Callable

import pytest

from tests.schedulers.crontabs import Crontab
from tests.workshop import ROOT, command_task, make_home, outcomes

pytestmark = pytest.mark.slow

LIBRARIES = get_paths()["purelib"]
LEFT_OUT = shutil.ignore_patterns("__pycache__")


def checkout(folder: Path) -> Path:
    """A copy of program and templates, as in a checkout."""
    shutil.copytree(ROOT / "clodputer", folder / "clodputer", ignore=LEFT_OUT)
    shutil.copytree(ROOT / "templates", folder / "templates")
    return folder


def packages(folder: Path, *paths: Path) -> None:
    """A folder of packages, with those of the tests' own environment beside it as a .pth file has them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "others.pth").write_text("\n".join([*map(str, paths), LIBRARIES]))


def environment(folder: Path) -> tuple[str, Path]:
    """A virtual environment; its Python, and where its packages are."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return f"{folder}/bin/python", next(folder.glob("lib/python*/site-packages"))


def wheel(folder: Path) -> tuple[str, dict[str, str]]:
    python, site = environment(folder / "an environment")
    packages(site)
    shutil.copytree(ROOT / "clodputer", site / "clodputer", ignore=LEFT_OUT)
    shutil.copytree(ROOT / "templates", site / "clodputer" / "templates")
    return python, {}


def editable(folder: Path) -> tuple[str, dict[str, str]]:
    python, site = environment(folder / "an environment")
    packages(site, checkout(folder / "a checkout"))
    return python, {}


def for_the_person(folder: Path) -> tuple[str, dict[str, str]]:
    """As `pip install --user` does it: Python started with -I, as shims are, knows nothing of it."""
    base: str = sys._base_executable  # type: ignore[attr-defined]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "person" / "lib" / version / "site-packages"
    packages(site, checkout(folder / "a checkout"))
    return base, {"PYTHONUSERBASE": str(folder / "person")}


def by_path(folder: Path) -> tuple[str, dict[str, str]]:
    """A bare checkout, found by PYTHONPATH."""
    python, site = environment(folder / "an environment")
    packages(site)
    return python, {"PYTHONPATH": f"{checkout(folder / 'a checkout')}:/nowhere"}


@pytest.mark.skipif(sys.platform != "linux", reason="a user's own packages lie elsewhere on macOS")
@pytest.mark.parametrize("layout", [wheel, editable, for_the_person, by_path])
def test_installed_in_whatever_way(
    layout: Callable[[Path], tuple[str, dict[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm runs a task, which takes the heavy libraries, with nothing of the terminal's environment."""
    python, extra = layout(tmp_path)
    home = make_home(tmp_path)
    command_task(home, "x", "echo", "{{ env.LANG }}", more='trigger: {type: cron, schedule: "0 8 * * *"}\n')
    crontab = Crontab(tmp_path / "crontab", monkeypatch)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "CLODPUTER_HOME": home.root,
        "FAKE_CRONTAB": str(crontab.folder),
        **extra,
    }

    def install(*program: str) -> None:
        ended = subprocess.run(
            [*program, "install", "--scheduler", "cron"],
            env=environ,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stderr + ended.stdout

    install(python, "-m", "clodputer")
    path = f"{home.root}/bin/clodputer"
    shim = Path(path).read_text()
    assert str(ROOT / "clodputer") not in shim
    command_task(home, "x", "echo", "changed", "{{ env.LANG }}")
    ended = subprocess.run(
        [path, "exec", "--task", "x"], env={}, cwd="/", capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert outcomes(home, "x") == ["succeeded"]
    install(path)
    assert Path(path).read_text() == shim
