"""Findings in files that were given another name: they are known, and nobody is asked about them again."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.findings.finding import Finding
from clodputer.model.findings.fingerprint import fingerprints
from clodputer.model.findings.moved import moved
from clodputer.store.home import Home
from tests.triggers.findings.test_exec import again, brought, project, ruff, task, why
from tests.workshop import events, execute

__all__ = ["project"]

ONE = Finding("F401", "`os` imported but unused", "a.py", 1, tool="ruff")
TWO = ONE._replace(rule="F811", line=2)


def known(*found: Finding, state: str = "baseline") -> dict[str, Any]:
    """What is remembered of these."""
    named = fingerprints(found, lambda _: "import os")
    return {name: [state, 1.0, one.finding.tool, one.finding.path, one.trace] for name, one in named.items()}


def paths(before: dict[str, Any], found: list[Finding], gone: set[str]) -> dict[str, str]:
    """Of what has moved, its rule and where it was."""
    named = fingerprints(found, lambda _: "import os")
    return {
        f"{named[new].finding.rule} {named[new].finding.path}": before[old][3]
        for new, old in moved(before, named, gone).items()
    }


def test_a_file_with_another_name() -> None:
    new = [ONE._replace(path="b.py"), TWO._replace(path="b.py", line=9)]
    assert paths(known(ONE, TWO), new, {"a.py"}) == {"F401 b.py": "a.py", "F811 b.py": "a.py"}


@pytest.mark.parametrize(
    ("before", "found", "gone"),
    [
        (known(ONE), [ONE._replace(path="b.py")], set()),
        (known(ONE), [TWO._replace(path="b.py")], {"a.py"}),
        (known(ONE, state="fixed"), [ONE._replace(path="b.py")], {"a.py"}),
        (known(ONE, TWO._replace(path="b.py")), [ONE._replace(path="b.py")], {"a.py"}),
        (known(ONE), [ONE, ONE._replace(path="b.py")], {"a.py"}),
        (
            {name: [*fields[:4], ""] for name, fields in known(ONE).items()},
            [ONE._replace(path="b.py")],
            {"a.py"},
        ),
    ],
    ids=["the file is there", "another rule", "was fixed", "the other was known", "both", "an older format"],
)
def test_what_is_new_all_the_same(before: dict[str, Any], found: list[Finding], gone: set[str]) -> None:
    assert paths(before, found, gone) == {}


def test_each_stands_for_one() -> None:
    """Of a file that was copied and removed the second copy is new."""
    found = [ONE._replace(path="b.py"), ONE._replace(path="c.py")]
    assert paths(known(ONE), found, {"a.py"}) == {"F401 b.py": "a.py"}


def test_a_folder_that_is_renamed_in_git(home: Home, project: Path) -> None:
    """Of a hundred findings that were known none makes a request, and one that comes with it does."""
    package = project / "package"
    package.mkdir()
    for number in range(20):
        (package / f"m{number}.py").write_text("import os\nimport sys\n")
    task(home, project, *ruff())
    execute(home)
    assert "41 findings of the baseline" in why(home)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(project)]
    for arguments in (["add", "."], ["commit", "-qm", "more"], ["mv", "package", "renamed"]):
        subprocess.run([*git, *arguments], check=True)
    moved_one = project / "renamed" / "m7.py"
    moved_one.write_text(f"x = 1\n\n{moved_one.read_text()}import re\n")
    again(home)
    assert [(one["path"], one["line"], one["why"]) for one in brought(home)] == [("renamed/m7.py", 5, "new")]
    assert events(home, "fixed") == []
    assert "41 findings of the baseline" in why(home)
    (project / "renamed" / "m3.py").write_text("x = 1\n")
    again(home)
    assert [event["count"] for event in events(home, "fixed")] == [2]
