"""The skill: written, brought up to date, removed, and never over anything of others; what it shows Claude works."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from clodputer.model.outcome import REASONS
from clodputer.store.home import Home
from clodputer.store.program.skill import MARK
from clodputer.tasks import taskfile
from clodputer.views.doctor.home import skill
from tests import doctoring
from tests.doctoring import facts
from tests.workshop import ROOT, clodputer, environment

PAGES = sorted((ROOT / "templates/skill/clodputer").glob("*.md"))


def test_from_its_beginning_to_its_end(home: Home, tmp_path: Path) -> None:
    """Below the folder of settings that Claude Code uses, with the pages that are shipped and no others."""
    extra = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    place = tmp_path / "claude/skills/clodputer"
    clodputer(home, "skill", "install", extra=extra)
    (place / "SKILL.md").write_text("old")
    (place / "gone.md").write_text("a page of an earlier version")
    clodputer(home, "skill", "install", extra=extra)
    assert {path.name: path.read_text() for path in place.glob("*.md")} == {
        path.name: path.read_text() for path in PAGES
    }
    found = doctoring.one(skill.skill_for_claude(facts(home, extra)), "ok")
    assert found.message.endswith("is of this version")
    (place / "SKILL.md").write_text("an earlier version")
    found = doctoring.one(skill.skill_for_claude(facts(home, extra)), "note")
    assert (found.message.endswith(": SKILL.md"), found.remedy) == (True, "clodputer skill install")
    (place / "mine.txt").write_text("mine")
    clodputer(home, "skill", "remove", extra=extra)
    assert [path.name for path in place.iterdir()] == ["mine.txt"]
    # It is somebody else's now.
    assert "there is no skill" in doctoring.one(skill.skill_for_claude(facts(home, extra)), "ok").message
    for command in ("install", "remove"):
        assert "was not written by Clodputer" in clodputer(home, "skill", command, extra=extra, status=1)[1]
    assert not (place / MARK).exists()


def test_its_front_matter_is_what_claude_code_reads() -> None:
    """https://code.claude.com/docs/en/skills: a name of small letters, and a description of at most 1,024 characters."""
    front = yaml.safe_load((ROOT / "templates/skill/clodputer/SKILL.md").read_text().split("---\n")[1])
    assert set(front) == {"name", "description"}
    assert front["name"] == "clodputer"
    assert 50 < len(front["description"]) <= 1024


def test_its_pages_name_each_other() -> None:
    named = set(re.findall(r"\]\(([a-z-]+\.md)\)", PAGES[0].read_text()))
    assert named == {path.name for path in PAGES} - {"SKILL.md"}


def test_the_task_that_it_shows_is_one(home: Home, tmp_path: Path) -> None:
    """As it stands there."""
    page = (ROOT / "templates/skill/clodputer/making-a-task.md").read_text()
    [block] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    [made] = re.findall(r"<<'END'\n(.*?)\n *END", block, re.DOTALL)
    (tmp_path / "made").write_text(made)
    clodputer(home, "new", "nightly-triage", "--from-json", str(tmp_path / "made"))
    task = taskfile.load(home, "nightly-triage", environment(home))
    assert not task.enabled
    assert task.expect.file_exists


def test_the_reasons_that_it_names_are_some() -> None:
    page = (ROOT / "templates/skill/clodputer/a-run-that-failed.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"`([a-z_]+)`", row)} - {"reason", "suspect"}
    assert len(named) > 8
    assert named <= set(REASONS)


def test_explain(home: Home) -> None:
    """A code of a run, one of a wait, one of both, and one that is nearly right."""
    assert "why a run ended as failed" in clodputer(home, "explain", "denied")[0]
    assert "why a request waits" in clodputer(home, "explain", "not_before")[0]
    assert clodputer(home, "explain", "sandbox")[0].count("sandbox:") == 2
    assert "did you mean 'denied'" in clodputer(home, "explain", "denid", status=1)[1]
    listed = clodputer(home, "explain")[0]
    assert all(code in listed for code in REASONS)
