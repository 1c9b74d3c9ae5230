"""Resources of a run: planned before they are made, undone as often as one likes, also when nothing was made."""

from __future__ import annotations

import os
from json import dumps
from pathlib import Path
from pkgutil import iter_modules

import pytest

from clodputer import isolate
from clodputer.isolate import Planned, scratch
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.task import Task
from clodputer.model.text.jsontext import loads
from tests.wait import until
from tests.workshop import program

RUN = "20270115T080000.123Z-abcd1234"


def test_every_module_is_a_resource() -> None:
    """Each is found by its name."""
    assert {module.name for module in iter_modules(isolate.__path__)} - set(isolate.RESOURCES) == {"prepared"}


@pytest.mark.parametrize("name", [name for name, resource in isolate.RESOURCES.items() if not resource.LATE])
def test_entered_and_undone(tmp_path: Path, name: str) -> None:
    """Nothing is made by the plan, all that is made is undone, and undoing it again does no harm."""
    made = tmp_path / "made"
    made.mkdir()
    script = f'while [ "${{1#--}}" != "$1" ]; do shift; done; touch {made}/awake; "$@"; rm {made}/awake'
    environ = {"TMPDIR": str(made), "PATH": f"{program(tmp_path, 'systemd-inhibit', script).parent}:/bin"}
    task = Task("a", "a.yaml", keep_awake=True, sandbox=Sandbox(mode="strict"))
    planned = [one for one in isolate.plan(task, environ, RUN) if one.name == name]
    assert os.listdir(made) == []
    isolate.undo(planned)
    isolate.enter(planned[0])
    until(lambda: os.listdir(made) != [])
    again = isolate.recorded(loads(dumps(planned)))
    assert list(again) == planned
    for _ in range(2):
        isolate.undo(again)
        assert os.listdir(made) == []


def test_runs_that_begin_together_have_folders_of_their_own(tmp_path: Path) -> None:
    """Also when their requests' ids begin alike: what one of them undoes is not the other's."""
    runs = [f"20261121T000000.000Z-issue-by-webhook-{number}" for number in range(200)]
    paths = {scratch.plan(None, {"TMPDIR": str(tmp_path)}, run)["path"] for run in runs}
    assert len(paths) == 200
    assert max(map(len, paths)) - len(str(tmp_path)) <= 23


def test_a_scratch_folder_is_private_and_goes_with_all_in_it(tmp_path: Path) -> None:
    """Nobody else can look into it."""
    planned = isolate.plan(None, {"TMPDIR": str(tmp_path)}, RUN)[0]
    temporary = Path(isolate.enter(planned).temporary)
    assert temporary.parent == tmp_path
    assert temporary.stat().st_mode & 0o777 == 0o700
    (temporary / "deep" / "er").mkdir(parents=True)
    (temporary / "deep" / "file").write_text("x")
    isolate.undo([planned])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("base", ["relative", "/does/not/exist", ""])
def test_a_temporary_folder_that_cannot_be_used(base: str) -> None:
    """Then it is below /tmp."""
    assert scratch.plan(None, {"TMPDIR": base}, RUN)["path"].startswith("/tmp/cp-")
    said = scratch.replaced({"TMPDIR": base})
    assert (
        said.startswith(f"TMPDIR cannot be used, and runs use /tmp instead ({base}: ") if base else said == ""
    )


def test_a_temporary_folder_that_can_be_used(tmp_path: Path) -> None:
    """Then nothing is said of it, whatever /tmp is like."""
    assert scratch.place({"TMPDIR": str(tmp_path)}) == (str(tmp_path), [])
    assert scratch.replaced({"TMPDIR": str(tmp_path)}) == ""


def test_a_record_that_somebody_has_edited(tmp_path: Path) -> None:
    """Nothing is removed but what bears a name of ours."""
    (tmp_path / "dear").mkdir()
    values = [["scratch", {"path": str(tmp_path / "dear")}], ["scratch", {"path": "cp-x"}], ["scratch", {}]]
    isolate.undo(isolate.recorded(values))
    isolate.undo(isolate.recorded([["unheard-of", {}], ["scratch"], 5, None, ["scratch", "x"]]))
    assert isolate.recorded(None) == isolate.recorded({"scratch": {}}) == isolate.recorded("x") == ()
    isolate.undo([Planned("unheard-of", {})])
    assert os.listdir(tmp_path) == ["dear"]


def test_what_makes_a_folder_unusable(tmp_path: Path) -> None:
    """Each is told as what it is."""
    file = tmp_path / "file"
    file.touch()
    assert scratch.unusable(str(file)) == "this is not a folder"
    assert scratch.unusable("relative") == "this is not an absolute path"
    assert "No such file" in scratch.unusable(str(tmp_path / "gone"))
