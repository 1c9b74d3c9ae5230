"""Hostile surroundings, such as TMPDIR, clocks and disks, are charged to no request: it runs, or waits for better ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import ask_for_no_room, fill
from tests.hostile.stage import Stage
from tests.workshop import everything, outcomes

pytestmark = [pytest.mark.slow, pytest.mark.hostile]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A home, whose commands are started afresh: what surrounds them counts from the first line of Python on."""
    return Stage(tmp_path, fresh=True)


def test_temporary_folders_that_are_none(stage: Stage, tmp_path: Path) -> None:
    """Missing, relative, a file, too long, closed, a link to itself: the run gets one below /tmp, and doctor says so."""
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "closed").mkdir(mode=0o500)
    (tmp_path / "slashes").mkdir()
    for number, named in enumerate(
        (
            f"{tmp_path}/missing",
            "relative",
            ".",
            f"{tmp_path}/file",
            f"{tmp_path}/loop",
            f"{tmp_path}/{'x' * 300}",
            "/" + "x/" * 3_000,
            "/dev/null",
            "/proc/self",
            "",
            " ",
            f"{tmp_path}/slashes///",
        )
    ):
        environ = {**stage.environ, "TMPDIR": named}
        stage.drop_good()
        stage.execute(environ)
        assert (named, stage.good_runs()) == (named, number + 1)
    assert everything(stage.home) == {}


CLOCKS = (
    "1970-01-02 00:00:00",
    "2001-01-01 00:00:00",
    "2026-03-29 02:30:00",
    "2037-12-31 23:59:59",
    "2099-01-01 00:00:00",
)


def test_clocks_that_jump(stage: Stage) -> None:
    """A machine without a clock's battery: each jump, also back, leaves the queue in order."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    for clock in (*CLOCKS, *reversed(CLOCKS)):
        stage.drop_good()
        done = stage.call("exec", "--json", before=["faketime", "-f", f"@{clock}"])
        # Counted here: what has seen the year 2099 removes runs of 1970 as old ones.
        assert [run["outcome"] for run in json.loads(done.stdout)["data"]["runs"]] == ["succeeded"]
        assert everything(stage.home) == {}


LIMITS = ("-n 32", "-c 0", "-s 256", "-f 100000", "-u 4000", "-v 4000000")


def test_limits_of_the_shell(stage: Stage) -> None:
    """Few descriptors, a small stack, small files, little memory."""
    for limit in LIMITS:
        stage.next_good_runs(before=["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh"])
    for mask in ("777", "000", "077"):
        stage.next_good_runs(before=["/bin/sh", "-c", f'umask {mask}; exec "$@"', "sh"])


LOCALES = (
    {"LC_ALL": "C"},
    {"LC_ALL": "nonsense"},
    {"LANG": "tr_TR.UTF-8"},
    {"PYTHONUTF8": "0", "LC_ALL": "C"},
    {"PYTHONIOENCODING": "ascii"},
)
ODD = (
    {"TZ": "nonsense"},
    {"TZ": ":/etc/passwd"},
    {"TZ": "UTC0"},
    {"PATH": ""},
    {"PATH": ":::"},
    {"PYTHONDONTWRITEBYTECODE": "1"},
    {"PYTHONOPTIMIZE": "2"},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONDEVMODE": "1"},
    {"COLUMNS": "-1"},
    {"CLODPUTER_RUN_ID": "x"},
    {"XDG_RUNTIME_DIR": "/nowhere"},
)


def test_odd_environments(stage: Stage) -> None:
    """Locales, zones, paths, and what Python itself listens to."""
    for extra in (*LOCALES, *ODD):
        stage.next_good_runs({**stage.environ, **extra})


@pytest.fixture
def small(stage: Stage) -> Iterator[Path]:
    """A disk of its own under the home, of two megabytes."""
    root = Path(stage.home.root)
    aside = root.with_name("aside")
    root.rename(aside)
    root.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(root)], capture_output=True)
    if done.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        shutil.copytree(aside, root, symlinks=True, dirs_exist_ok=True)
        yield root
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)


def test_a_full_disk(stage: Stage, small: Path) -> None:
    """Filled to the last page before exec: it says which file could not be written; with room again, each has one record."""
    ask_for_no_room(stage.home)
    for number, left in enumerate((1, 2, 3, 6, 12)):
        stage.drop_good()
        ballast = fill(small, left)
        done = stage.call("exec")
        if done.status:
            assert "No space left on device" in done.stderr
            assert str(small) in done.stderr, done.stderr
        ballast.unlink()
        stage.execute()
        ended = outcomes(stage.home, "good")
        assert len(ended) == number + 1
        assert set(ended) <= {"succeeded", "lost"}, (left, done)
    stage.drop_good()
    stage.execute()
    assert outcomes(stage.home, "good")[-1] == "succeeded"
