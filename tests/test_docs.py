"""The documents say what the program does: generated parts are up to date, and nothing that exists is left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.cli.group import COMMANDS
from clodputer.model.exitcode import ExitCode
from clodputer.model.outcome import OUTCOMES, REASONS
from clodputer.model.request import Request
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from docs.generate import pages
from tests.workshop import ROOT, clodputer, environment, everything, make_home, records, write_task

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md"))]


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_up_to_date(name: str) -> None:
    """`python -m docs.generate` would change nothing."""
    assert read(name) == pages()[name], "run: python -m docs.generate"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_reference_and_in_the_readme(command: str) -> None:
    assert f"\n## clodputer {command}\n" in read("cli.md")
    assert re.search(rf"clodputer {command}\b", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_is_in_troubleshooting(code: str) -> None:
    assert f"| {REASONS[code].outcome} | `{code}` |" in read("troubleshooting.md")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_in_the_readme(outcome: str) -> None:
    assert f"`{outcome}`" in README.read_text(encoding="utf-8")


def test_the_exit_codes_are_those_of_the_program() -> None:
    """Number and name of each, none missing and none that is gone, in the one table of the documents."""
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \| ", read("exit-codes.md"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(int(code), code.name) for code in ExitCode]
    others = [
        page.name for page in PAGES if re.search(r"^\| 75 \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert others == ["exit-codes.md"]


@pytest.mark.parametrize("field", Request._fields)
def test_every_field_of_a_request_is_in_the_spool_page(field: str) -> None:
    assert f"\n| `{field}` | " in read("spool.md")


def test_every_place_of_the_spool_is_in_the_spool_page(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    text = read("spool.md")
    for name in os.listdir(home.spool):
        assert f"spool/{name}/" in text, name
    for name in os.listdir(f"{home.lanes}/default"):
        assert "LANE/" + name.replace("slot-0", "slot-N") + "/" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading that is in it."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in anchors, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_task_files_in_the_documents_are_valid(page: Path, tmp_path: Path) -> None:
    """Every YAML block that names its place under tasks/ passes `validate`."""
    home: Home = make_home(tmp_path)
    blocks = re.findall(
        r"```yaml\n(# \S*tasks/(\S+)\.yaml\n.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    for text, name in blocks:
        write_task(home, name, text)
    if page in (README, DOCS / "tasks.md"):
        assert blocks
    for report in taskfile.check_all(home, {"HOME": str(tmp_path)}):
        assert report.problems == (), report.path


def test_the_readme_works_as_it_is_typed(tmp_path: Path) -> None:
    """In an empty HOME, with claude and crontab played: each block of commands of README in its order, by a shell.

    The first block, which is for a checkout, is left to the tests of its two programs.
    """
    text = README.read_text(encoding="utf-8")
    first, *blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert "bin/clodputer demo" in first
    assert len(blocks) == 2
    home = Home(str(tmp_path / ".clodputer"))
    site = tmp_path / "projects" / "site"
    site.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(site)], check=True)
    (site / "CHANGELOG.md").write_text("# Changes\n")
    (tmp_path / "tab").mkdir()
    shim = tmp_path / "bin" / "clodputer"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m clodputer "$@"\n')
    shim.chmod(0o755)
    extra = {
        "HOME": str(tmp_path),
        "PATH": f"{shim.parent}:{ROOT}/tests/fakes:/usr/bin:/bin",
        "CLODPUTER_HOME": "",
        "FAKE_CRONTAB": str(tmp_path / "tab"),
    }
    said = [_typed(blocks[0], home, extra)]
    # What the page has shown as a file, before.
    (task,) = re.findall(r"```yaml\n(# \S*tasks/changelog\.yaml\n.*?)```", text, re.DOTALL)
    write_task(home, "changelog", task)
    said.append(_typed(blocks[1], home, extra))
    assert "hello succeeded after" in said[0]
    [answer] = records(home, "answer")
    assert (answer["outcome"], answer["origin"]["file"]) == ("succeeded", "a.md")
    prompt = Path(home.runs, "answer", answer["run_id"], "prompt.txt").read_text()
    assert "Which of my notes is the oldest?" in prompt
    # The claude that is played writes nothing, and `expect` of this task finds that out.
    # After the third time its breaker keeps the fourth request waiting.
    assert [one["reason"] for one in records(home, "changelog")] == ["expect_unmet"] * 3
    assert list(everything(home)) == ["default/delayed"]
    clodputer(home, "uninstall", extra=extra)


def _typed(block: str, home: Home, extra: dict[str, str]) -> str:
    """What a block of commands says that is typed into a shell; nothing of it may be unknown or refused."""
    done = subprocess.run(
        ["/bin/sh", "-c", block], env=environment(home, extra), capture_output=True, text=True, timeout=120
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def test_the_readme_is_sober() -> None:
    """No badges, no emoji, and every exclamation is left to the reader."""
    text = README.read_text(encoding="utf-8")
    assert text.isascii()
    assert "![" not in text
    assert "!" not in re.sub(r"`[^`]*`|```.*?```", "", text, flags=re.DOTALL)
