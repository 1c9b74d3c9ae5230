"""Protected files before and after a run: what is noted, what fails it, what is put back, and what recovery makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import of
from clodputer.model.proof.guards import Guards
from clodputer.model.run import Report
from clodputer.model.task import Task
from clodputer.runner.proof import protect

REPORT = Report(of("completed"))


class Stage:
    """A working directory with protected files, and the folder of a run."""

    def __init__(self, folder: Path, *patterns: str, restore: bool = True) -> None:
        self.work, self.run = folder / "work", folder / "run"
        self.work.joinpath("sub").mkdir(parents=True)
        self.run.mkdir()
        self.work.joinpath("a").write_text("one\n")
        self.work.joinpath("sub/b").write_bytes(b"two\0")
        self.work.joinpath("sub/b").chmod(0o640)
        self.work.joinpath("link").symlink_to("a")
        guards = Guards(patterns or ("**",), restore)
        self.task = Task("t", "t.yaml", working_directory=str(self.work), guards=guards)

    def look(self, work: Callable[[Path], object]) -> protect.Looked:
        """What comes of a run that does this work."""
        known = protect.before(self.task, str(self.run))
        work(self.work)
        return protect.after(known, str(self.run), REPORT)

    def now(self) -> dict[str, Any]:
        """Everything that is in the working directory."""
        return {
            str(path.relative_to(self.work)): os.readlink(path)
            if path.is_symlink()
            else (path.read_bytes(), path.stat().st_mode)
            for path in self.work.rglob("*")
            if not path.is_dir() or path.is_symlink()
        }


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage of this test's own, on which everything is protected and put back."""
    return Stage(tmp_path)


def _moved(work: Path) -> None:
    work.joinpath("a").rename(work / "c")


def _linked(work: Path) -> None:
    work.joinpath("sub/b").unlink()
    work.joinpath("sub/b").symlink_to("../a")


def _folder(work: Path) -> None:
    work.joinpath("a").unlink()
    work.joinpath("a").mkdir()
    work.joinpath("a/x").write_text("x")


def _gone(work: Path) -> None:
    work.joinpath("sub/b").unlink()
    work.joinpath("sub").rmdir()


def _relinked(work: Path) -> None:
    work.joinpath("link").unlink()
    work.joinpath("link").symlink_to("sub")


TOUCHES: list[tuple[Callable[[Path], object], list[str]]] = [
    (lambda work: work.joinpath("a").write_text("other"), ["a changed", "link changed"]),
    (lambda work: work.joinpath("sub/b").chmod(0o600), ["sub/b changed"]),
    (lambda work: work.joinpath("sub/new").write_text("x"), ["sub/new new"]),
    (_moved, ["a deleted", "c new", "link changed"]),
    (_linked, ["sub/b replaced"]),
    (_folder, ["a deleted", "a/x new", "link changed"]),
    (_gone, ["sub/b deleted"]),
    (_relinked, ["link changed"]),
]


@pytest.mark.parametrize(("work", "expected"), TOUCHES)
def test_what_was_touched_is_put_back(
    stage: Stage, work: Callable[[Path], object], expected: list[str]
) -> None:
    """With content and permissions; what the run had made of it lies in the run's folder, and no copy is left."""
    before = stage.now()
    looked = stage.look(work)
    assert looked.report.outcome[:2] == ("failed", "protected")
    assert looked.record is not None
    told = [f"{os.path.relpath(one['path'], stage.work)} {one['what']}" for one in looked.record["touched"]]
    assert told == expected
    assert all(one["restored"] for one in looked.record["touched"]), looked.record
    assert stage.now() == before
    assert not stage.run.joinpath("protected").exists()


@pytest.mark.parametrize(("work", "expected"), TOUCHES)
def test_what_was_touched_fails_the_run(
    tmp_path: Path, work: Callable[[Path], object], expected: list[str]
) -> None:
    """Without protect_restore it is told, and left as it is."""
    stage = Stage(tmp_path, restore=False)
    looked = stage.look(work)
    assert looked.report.outcome.reason == "protected"
    assert looked.report.outcome.message.endswith("Otherwise it ended as succeeded (completed).")
    assert looked.record is not None
    assert [one["restored"] for one in looked.record["touched"]] == [None] * len(expected)
    assert not stage.run.joinpath("touched").exists()


def test_what_the_run_made_of_it_is_kept(stage: Stage) -> None:
    looked = stage.look(lambda work: work.joinpath("sub/b").write_text("worse"))
    assert [path.read_text() for path in stage.run.joinpath("touched").iterdir()] == ["worse"]
    assert looked.report.outcome.message.startswith("It changed files that the task protects: ")


def test_nothing_touched(stage: Stage) -> None:
    """The report stays as it was; the record says how many files were protected."""
    looked = stage.look(lambda work: work.joinpath("a").write_text("one\n"))
    assert looked == protect.Looked(REPORT, {"files": 3, "touched": [], "touched_total": 0})
    assert protect.before(stage.task._replace(guards=Guards()), str(stage.run)) is None


def test_a_folder_that_is_a_link_by_now(stage: Stage, tmp_path: Path) -> None:
    """Nothing is written through it: what it leads to is somebody else's."""
    other = tmp_path / "other"
    other.mkdir()
    other.joinpath("b").write_text("mine")

    def work(folder: Path) -> None:
        folder.joinpath("sub").rename(tmp_path / "away")
        folder.joinpath("sub").symlink_to(other)

    stage.task = stage.task._replace(guards=Guards(("sub/b",), True))
    looked = stage.look(work)
    assert looked.record is not None
    assert [(one["restored"], one["problem"]) for one in looked.record["touched"]] == [
        (False, "its folder was replaced")
    ]
    assert "Not restored" in looked.report.outcome.message
    assert other.joinpath("b").read_text() == "mine"


def test_copies_that_somebody_has_changed_are_not_put_back(stage: Stage) -> None:
    def work(folder: Path) -> None:
        folder.joinpath("sub/b").write_text("worse")
        for copy in stage.run.joinpath("protected").iterdir():
            copy.write_text("forged")

    looked = stage.look(work)
    assert looked.record is not None
    assert [one["restored"] for one in looked.record["touched"]] == [False]
    assert stage.work.joinpath("sub/b").read_text() == "worse"


@pytest.mark.parametrize("text", ["{a", "x/../y"])
def test_a_pattern_from_a_template(stage: Stage, text: str) -> None:
    """It is looked at again when a run starts."""
    with pytest.raises(ClodputerError, match="is not a pattern"):
        protect.before(stage.task._replace(guards=Guards((text,))), str(stage.run))


@pytest.mark.parametrize("restore", [True, False])
def test_recovery_comes_to_the_same_end(tmp_path: Path, restore: bool) -> None:
    """By what is noted in the run's folder, and again and again."""
    stage = Stage(tmp_path, restore=restore)
    before = stage.now()
    protect.before(stage.task, str(stage.run))
    _moved(stage.work)
    lost = Report(of("exec_died"))
    looked = protect.recovered(str(stage.run), lost)
    assert looked.report.outcome.reason == "protected"
    assert looked.report.outcome.message.endswith("Otherwise it ended as lost (exec_died).")
    assert (stage.now() == before) == restore
    assert protect.recovered(str(stage.run), lost) == looked


def test_recovery_without_anything_noted(stage: Stage) -> None:
    lost = Report(of("exec_died"))
    assert protect.recovered(str(stage.run), lost) == protect.Looked(lost)
    stage.run.joinpath("protected.json").write_text('{"places": 7}')
    assert protect.recovered(str(stage.run), lost) == protect.Looked(lost)


def test_it_is_killed_while_it_puts_back(stage: Stage) -> None:
    """At any file: what was put back before is told all the same, and the rest is put back."""
    for number in range(40):
        stage.work.joinpath(f"file{number}").write_text("x")
    before = stage.now()
    protect.before(stage.task, str(stage.run))
    for number in range(40):
        stage.work.joinpath(f"file{number}").write_text("worse")
    code = (
        "import os, sys, signal; from clodputer.runner.proof import protect; from clodputer.model.run import Report\n"
        "from clodputer.model.outcome import of; done = os.rename; count = [0]\n"
        "def rename(a, b):\n    done(a, b); count[0] += 1\n    if count[0] == 30: os.killpg(0, signal.SIGKILL)\n"
        "os.rename = rename; protect.recovered(sys.argv[1], Report(of('exec_died')))"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(stage.run)], start_new_session=True, check=False)
    assert killed.returncode == -9
    assert stage.now() != before
    looked = protect.recovered(str(stage.run), Report(of("exec_died")))
    assert looked.record is not None
    assert (looked.record["touched_total"], all(one["restored"] for one in looked.record["touched"])) == (
        40,
        True,
    )
    assert {name: value for name, value in stage.now().items() if ".clodputer-" not in name} == before
