"""`clodputer init`: makes a home that works, keeps what is there."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents.claude import USUAL_PLACES
from clodputer.cli.commands.init import init
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.store import settings
from clodputer.store.home import Home, exists
from tests.fakes.start import install_fake_claude
from tests.workshop import ROOT, clodputer, execute

FILES = {"README": 0o600, "config.yaml": 0o600, "secrets.env": 0o600, "tasks/hello.yaml": 0o600}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "home"))


def snapshot(home: Home) -> dict[str, tuple[int, int, bytes]]:
    """Every path with mode, modification time and content."""
    found = {}
    for path in sorted(Path(home.root).rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (
            stat.S_IMODE(status.st_mode),
            status.st_mtime_ns if path.is_file() else 0,
            content,
        )
    return found


def test_it_makes_a_home(home: Home) -> None:
    """Folders, files and modes are those that the README in it and the docs promise."""
    stdout, stderr = clodputer(home, "init")
    assert stderr == ""
    assert f"The home is {home.root}\n" in stdout
    assert "clodputer run hello         ask claude" in stdout
    assert stat.S_IMODE(os.stat(home.root).st_mode) == 0o700
    assert exists(home)
    for name, mode in FILES.items():
        assert stat.S_IMODE(Path(home.root, name).stat().st_mode) == mode
        assert f"made  {name}\n" in stdout


def test_modes_do_not_depend_on_the_umask(home: Home) -> None:
    before = os.umask(0)
    try:
        clodputer(home, "init")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(home.root).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(home.secrets).st_mode) == 0o600
    for folder in (home.spool, home.new, home.tasks, home.runs):
        assert stat.S_IMODE(os.stat(folder).st_mode) & 0o022 == 0, folder


def test_its_parts_are_valid(home: Home) -> None:
    """The shipped task and settings pass their own checks, and exec has nothing to complain of."""
    clodputer(home, "init")
    assert clodputer(home, "validate")[0] == "ok  hello\n"
    assert execute(home)["runs"] == []


def test_every_setting_stands_commented_with_its_default(home: Home) -> None:
    """Uncommenting a line of config.yaml changes nothing, but for claude's path, which has no default."""
    clodputer(home, "init")
    text = Path(home.config).read_text()
    for name in Settings._fields:
        assert f"# {name}: " in text
    Path(home.config).write_text(text.replace("# max_output:", "max_output:"))
    assert settings.load(home) == Settings()


def test_repeating_it_changes_nothing(home: Home) -> None:
    clodputer(home, "init")
    before = snapshot(home)
    stdout, _ = clodputer(home, "init", "--yes")
    assert stdout.startswith(f"The home {home.root} is complete; nothing was changed.\n")
    assert snapshot(home) == before


def test_it_keeps_what_is_there_and_says_so(home: Home) -> None:
    """A task of that name, and settings of the person's, are theirs."""
    os.makedirs(home.tasks)
    Path(home.tasks, "hello.yaml").write_text("prompt: mine\n")
    Path(home.config).write_text("# mine\n")
    stdout, _ = clodputer(home, "init")
    assert "kept  config.yaml" in stdout
    assert "kept  tasks/hello.yaml" in stdout
    assert "made  secrets.env" in stdout
    assert Path(home.tasks, "hello.yaml").read_text() == "prompt: mine\n"
    assert Path(home.config).read_text() == "# mine\n"


def test_json(home: Home) -> None:
    envelope: dict[str, Any] = json.loads(clodputer(home, "init", "--json")[0])
    assert envelope["data"]["home"] == home.root
    assert envelope["data"]["made"] == [f"{home.root}/{name}" for name in FILES]
    assert envelope["data"]["kept"] == []


def test_it_asks_before_making_and_takes_no_for_an_answer(home: Home) -> None:
    """A home that is complete needs no question."""
    questions: list[str] = []

    def no(question: str) -> bool:
        questions.append(question)
        return False

    environ = {"CLODPUTER_HOME": home.root}
    result = init(environ, no)
    assert result.text == "Nothing was made."
    assert questions == [f"Make a Clodputer home in {home.root}?"]
    assert not os.path.exists(home.root)
    init(environ)
    init(environ, no)
    assert len(questions) == 1


def test_a_folder_that_is_meant_for_something_else_is_refused(tmp_path: Path) -> None:
    """Making it a home would close it to everybody else, so the mistake is told instead."""
    (tmp_path / "thesis.tex").touch()
    (tmp_path / "file").touch()
    for root, part in (
        (tmp_path, "file, thesis.tex"),
        (tmp_path / "file", "not a folder"),
        (Path("/"), "too wide"),
    ):
        with pytest.raises(ClodputerError) as caught:
            init({"CLODPUTER_HOME": str(root), "HOME": "/nowhere"})
        assert caught.value.code == "home_unfit"
        assert part in caught.value.message
    with pytest.raises(ClodputerError, match="too wide"):
        init({"CLODPUTER_HOME": str(tmp_path), "HOME": str(tmp_path)})
    with pytest.raises(ClodputerError, match="below something that is not a folder"):
        init({"CLODPUTER_HOME": str(tmp_path / "file" / "home")})
    assert sorted(os.listdir(tmp_path)) == ["file", "thesis.tex"]


@pytest.mark.usefixtures("mortal")
def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    _, stderr = clodputer(Home(str(tmp_path / "home")), "init", status=1)
    assert "Permission denied" in stderr


def test_the_readme_in_the_home_names_every_place(home: Home) -> None:
    """About twenty lines, and nothing in the home that they do not explain."""
    clodputer(home, "init")
    text = Path(home.root, "README").read_text()
    assert len(text.splitlines()) <= 22
    places = [name for name in os.listdir(home.root) if name != "README"]
    for place in [*places, *(f"spool/{name}" for name in os.listdir(home.spool))]:
        assert place in text or place.replace("spool/", "") in text, place


def test_the_shipped_home_is_what_templates_say() -> None:
    assert sorted(os.listdir(ROOT / "templates" / "home")) == [
        "README",
        "config.yaml",
        "hello.yaml",
        "secrets.env",
    ]


def test_it_says_when_claude_is_missing(home: Home, tmp_path: Path) -> None:
    """And how to get it; found, nothing is said. The rest is made all the same."""
    nobody = {"HOME": str(tmp_path / "nobody")}
    told = init({"CLODPUTER_HOME": home.root, "PATH": "/nowhere", **nobody})
    usual = [place for place in USUAL_PLACES if not place.startswith("~")]
    if not any(os.access(f"{place}/claude", os.X_OK) for place in usual):
        assert told.data["claude"] is None
        assert "claude is not installed" in told.text
        assert "npm install -g @anthropic-ai/claude-code" in told.text
    assert exists(home)
    claude = install_fake_claude(tmp_path / "bin")
    told = init({"CLODPUTER_HOME": home.root, "PATH": str(tmp_path / "bin"), **nobody})
    assert told.data["claude"] == str(claude)
    assert "claude is not installed" not in told.text
