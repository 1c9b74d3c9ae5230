"""What the documents show can be done: commands and options exist, triggers are valid, the quick start is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clodputer.cli.group import COMMANDS, program
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from tests.workshop import ROOT, clodputer, make_home, write_task

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.rglob("*.md")),
    ROOT / "templates/home/README",
    *sorted((ROOT / "templates/tasks").glob("*.yaml")),
    *sorted((ROOT / "templates/skill").rglob("*.md")),
]
QUICK_START = (DOCS / "quick-start.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Not the marks in files of ours, and not the sentence about the file `bin/clodputer`.
CALLED = re.compile(
    r"(?:(?<![\w./-])(?<!# )|\bbin/)clodputer (?!is\b|unit 1\b)([a-z][a-z-]*)\b([^\n|;&#)`]*)"
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(text: str) -> Iterator[str]:
    """What stands in fences, line by line, and in backticks."""
    for block in FENCED.findall(text):
        yield from block.split("\n")
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", FENCED.sub("", text)))


def calls(page: Path) -> set[tuple[str, str]]:
    """Each command that a page shows, with the rest of its line."""
    text = page.read_text(encoding="utf-8")
    shown = code(text) if page.suffix == ".md" else text.split("\n")
    return {found for line in shown for found in CALLED.findall(line)}


def options(command: click.Command) -> set[str]:
    """Those of a command and of its own commands."""
    found = {word for one in command.params for word in (*one.opts, *one.secondary_opts)} | {"-h", "--help"}
    if isinstance(command, click.Group):
        for one in command.commands.values():
            found |= options(one)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_shown_exist(page: Path) -> None:
    """With every option that they are shown with."""
    parent = click.Context(program, info_name="clodputer")
    for name, rest in calls(page):
        assert name in COMMANDS, f"clodputer {name}{rest}"
        command = program.get_command(parent, name)
        assert command is not None
        shown = {word.partition("=")[0] for word in rest.split() if re.match(r"--?[a-z]", word)}
        assert shown <= options(command), f"clodputer {name}{rest}"


def test_many_are_looked_at() -> None:
    """Or the search has gone blind."""
    assert len({call for page in PAGES for call in calls(page)}) > 100
    assert {name for name, _ in calls(ROOT / "README.md")} >= set(COMMANDS) - {"demo"}


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([^)#]+)\)", index)) == pages


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_triggers_that_are_shown_are_valid(page: Path, tmp_path: Path) -> None:
    """Each `{type: ...}` and each fenced `trigger:` is put into a task, which must be in order."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"`(?:trigger: )?(\{type: [^`]*\})`", text)
    found += [
        one
        for block in FENCED.findall(text)
        for one in re.findall(r"^trigger: (\{.*\})$", block, re.MULTILINE)
    ]
    home = make_home(tmp_path)
    for number, one in enumerate(found):
        write_task(home, f"task-{number}", f"prompt: Go.\ntrigger: {one}\n")
    for report in taskfile.check_all(home, {"HOME": str(tmp_path)}):
        assert report.problems == (), found[int(report.name.rpartition("-")[2])]
    if page.name in ("README.md", "faq.md") and page.parent == ROOT:
        assert len(found) > 3


def quick_start(language: str, holding: str) -> str:
    """The block of the quick start that holds these words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", QUICK_START, re.MULTILINE | re.DOTALL)
    (block,) = (block for block in blocks if holding in block)
    return str(block)


@pytest.mark.slow
def test_the_quick_start_is_what_happens(tmp_path: Path) -> None:
    """In an empty HOME, with claude and crontab played: the same commands, the same words."""
    home, site = Home(str(tmp_path / ".clodputer")), tmp_path / "projects" / "site"
    site.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(site)], check=True)
    (site / "CHANGELOG.md").write_text("# Changes\n")
    (tmp_path / "tab").mkdir()
    bare = f"{ROOT}/tests/fakes:/usr/bin:/bin"
    extra = {"HOME": str(tmp_path), "PATH": bare, "FAKE_CRONTAB": str(tmp_path / "tab"), "CLODPUTER_HOME": ""}
    clodputer(home, "init", "--yes", extra=extra)
    assert clodputer(home, "run", "hello", extra=extra)[0].startswith("hello succeeded after ")

    task = quick_start("yaml", "tasks/changelog.yaml")
    write_task(home, "changelog", _misspelt(task))
    told, _ = clodputer(home, "validate", extra=extra, status=1)
    assert quick_start("text", "alowed_tools") == f"$ clodputer validate\n{told}"
    write_task(home, "changelog", task)
    told, _ = clodputer(home, "run", "changelog", extra=extra, status=1)
    shown = quick_start("text", "expect_unmet: An")
    assert shown.split("\n")[1:4] == told.split("\n")[1:4]
    assert re.sub(r"after \S+", "", shown.split("\n")[0]) == re.sub(r"after \S+", "", told.split("\n")[0])

    told, _ = clodputer(home, "install", "--scheduler", "cron", extra=extra)
    for line in quick_start("text", "starts the tasks of").splitlines()[1:-1]:
        assert re.sub(r"; next.*", "", line) in re.sub(r"; next.*", "", told)
    assert "Added 3, wrote bin/clodputer." in told
    told, _ = clodputer(home, "status", extra=extra)
    for words in (
        "Nothing is being run.",
        "LAST RUNS  ENDED",
        "failed (expect_unmet)",
        "Spent today",
        "changelog  ",
    ):
        assert words in told
        assert words in quick_start("text", "$ clodputer status")
    clodputer(home, "uninstall", extra=extra)
    shutil.rmtree(home.root)


def _misspelt(task: str) -> str:
    """The two mistakes that the page shows. Its first line is a comment, which the numbers of the lines there leave out."""
    return task.partition("\n")[2].replace("allowed_tools", "alowed_tools").replace("20m", "20 minits")
