"""`import SOURCE` as a whole: sound tasks, disabled, each once, without secrets; originals are switched off on request."""

from __future__ import annotations

import json
import os
import plistlib
from pathlib import Path
from typing import Any

import pytest

from clodputer.schedulers import originals
from clodputer.schedulers.originals import Original
from clodputer.store.home import Home
from tests.house import CHECKOUT
from tests.schedulers import launchd_stage
from tests.workshop import clodputer

SECRET = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123"
TABLE = f"""\
# 0 5 * * * claude -p old
ANTHROPIC_API_KEY={SECRET}
# Nightly review
0 3 * * 1-5 claude -p "Review {{{{ it }}}}" --model sonnet
*/15 * * * * /usr/bin/backup.sh
5 4 * * sun curl -H 'x' y && claude -p "Use Bearer abcdefghijklmnop1234" >>/tmp/l
30 2 * * * ssh host 'claude -p x'
0 3 * * 1-5 claude -p "Review {{{{ it }}}}" --model sonnet\
"""


@pytest.fixture
def crontab(home: Home, tmp_path: Path) -> Path:
    """The table of a fake crontab."""
    folder = tmp_path / "crontab"
    folder.mkdir()
    (folder / "table").write_text(TABLE)
    return folder / "table"


def imported(
    home: Home, source: str, *arguments: str, table: Path | None = None, status: int = 0, **more: str
) -> Any:
    extra = {"PATH": f"{CHECKOUT}/tests/fakes:{os.environ['PATH']}", **more}
    if table is not None:
        extra["FAKE_CRONTAB"] = str(table.parent)
    out, _ = clodputer(home, "import", source, *arguments, "--json", extra=extra, status=status)
    assert SECRET not in out
    assert "abcdefghijklmnop1234" not in out
    envelope = json.loads(out)
    return envelope["data"] if status == 0 else envelope["errors"][0]


def texts(home: Home) -> str:
    return "\n".join(path.read_text() for path in Path(home.tasks).glob("*.yaml"))


def test_lines_of_a_crontab_become_tasks_once(home: Home, crontab: Path) -> None:
    dry = imported(home, "crontab", "--dry-run", table=crontab)
    assert (dry["made"], list(Path(home.tasks).glob("*.yaml"))) == (2, [])
    data = imported(home, "crontab", table=crontab)
    assert (data["made"], data["known"], data["unsaid"], data["left"]) == (2, 1, 1, 1)
    review = data["entries"][0]
    assert (review["task"], review["enabled"], review["secrets"]) == (
        "nightly-review",
        False,
        ["ANTHROPIC_API_KEY"],
    )
    text = texts(home)
    assert SECRET not in text
    assert "abcdefghijklmnop1234" not in text
    assert "{{ env.AUTHORIZATION_HEADER }}" in text
    assert "{% raw %}" in text
    assert crontab.read_text() == TABLE
    again = imported(home, "crontab", table=crontab)
    assert (again["made"], again["known"]) == (0, 3)
    assert crontab.read_text() == TABLE


def test_what_became_a_task_as_a_whole_is_commented_out(home: Home, crontab: Path) -> None:
    data = imported(home, "crontab", "--disable-originals", "--enable", table=crontab)
    assert {(one["name"], one["off"]) for one in data["originals"]} == {
        ("line 4", True),
        ("line 6", False),
        ("line 8", True),
    }
    lines = TABLE.split("\n")
    for number in (3, 7):
        lines[number] = f"# imported by clodputer as nightly-review: {lines[number]}"
    assert (
        crontab.read_text() == "\n".join(lines) + "\n"
    )  # Debian's crontab takes no table without a last newline
    (kept,) = Path(home.root, "backup").glob("crontab.2*")
    assert kept.read_text() == TABLE
    again = imported(home, "crontab", "--disable-originals", table=crontab)
    assert (again["made"], again["known"], len(again["originals"])) == (0, 1, 1)


def test_a_task_that_is_there_is_never_replaced(home: Home, crontab: Path) -> None:
    Path(home.tasks, "nightly-review.yaml").write_text("prompt: mine\n")
    data = imported(home, "crontab", table=crontab)
    assert data["entries"][0]["task"] == "nightly-review-2"
    assert Path(home.tasks, "nightly-review.yaml").read_text() == "prompt: mine\n"


@pytest.mark.parametrize(
    "arguments", [("crontab", "-"), ("crontab", "file"), ("claude-code-queue",), ("github-workflow",)]
)
def test_originals_that_nobody_can_switch_off_are_a_mistake(home: Home, arguments: tuple[str, ...]) -> None:
    assert imported(home, *arguments, "--disable-originals", status=2)["code"] == "usage"


def test_files_of_the_other_sources_become_tasks(home: Home, tmp_path: Path) -> None:
    account = tmp_path / "account"
    agents = account / "Library" / "LaunchAgents"
    units = account / ".config" / "systemd" / "user"
    queue = account / ".claude-queue" / "queue"
    for folder in (agents, units, queue):
        folder.mkdir(parents=True)
    job = {
        "Label": "me.nightly",
        "ProgramArguments": ["/bin/sh", "-c", "claude -p x"],
        "EnvironmentVariables": {"MY_TOKEN": "verysecret1"},
    }
    (agents / "me.nightly.plist").write_bytes(plistlib.dumps(job, fmt=plistlib.FMT_BINARY))
    (agents / "broken.plist").write_text("<plist>")
    (units / "weekly.timer").write_text("[Timer]\nOnCalendar=weekly\n")
    (units / "weekly.service").write_text("[Service]\nExecStart=claude -p 'Look around.'\n")
    (queue / "ab12-fix.md").write_text("---\npriority: 0\nworking_directory: ~/x\n---\n\nFix it.\n")
    made = {}
    for source in ("launchd", "systemd", "claude-code-queue"):
        for one in imported(home, source, HOME=str(account))["entries"]:
            assert os.path.isfile(one["where"])
            made[os.path.basename(one["where"])] = (one["fate"], one["task"])
    assert made == {
        "me.nightly.plist": ("task", "nightly"),
        "broken.plist": ("unsaid", None),
        "weekly.timer": ("task", "weekly"),
        "ab12-fix.md": ("task", "ab12-fix"),
    }
    assert "verysecret1" not in texts(home)
    clodputer(home, "validate", extra={"MY_TOKEN": "x"})


def test_a_source_that_is_not_there_is_told_of(home: Home, tmp_path: Path) -> None:
    assert imported(home, "launchd", str(tmp_path / "nothing"), status=1)["code"] == "no_source"


def test_a_job_of_launchd_is_disabled_and_ended_and_its_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = launchd_stage.make(tmp_path, monkeypatch)
    path = stage.account / "Library" / "LaunchAgents" / "me.nightly.plist"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plistlib.dumps({"Label": "me.nightly", "ProgramArguments": ["claude"]}))
    original = Original("me.nightly", ("nightly",), str(path))
    assert [one.problem for one in originals.switch_off("launchd", stage.frame, [original], 0.0)] == [""]
    assert "disable" in stage.verbs()
    kept = Path(stage.home.root, "backup", "imported.19700101T000000Z", path.name)
    assert kept.read_bytes() == path.read_bytes()


def test_a_timer_that_cannot_be_disabled_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = launchd_stage.Stage(tmp_path)
    fake = tmp_path / "bin" / "systemctl"
    fake.parent.mkdir()
    fake.write_text(
        '#!/bin/sh\necho "$*" >> "$0.calls"\ncase "$*" in *broken*) echo "no such unit" >&2; exit 1;; esac\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    for name in ("good.timer", "good.service"):
        (tmp_path / name).write_text(name)
    each = [Original(name, ("x",), str(tmp_path / name)) for name in ("good.timer", "broken.timer")]
    off = originals.switch_off("systemd", stage.frame, each, 0.0)
    assert [bool(one.problem) for one in off] == [False, True]
    assert "disable --now good.timer" in Path(f"{fake}.calls").read_text()
    assert len(list(Path(stage.home.root, "backup", "imported.19700101T000000Z").iterdir())) == 2


def test_every_other_byte_of_a_table_stays() -> None:
    table = b"\xff x\r\n\n0 3 * * * a\n0 3 * * * a"
    line = Original("0 3 * * * a", ("n", "m"), "", 4)
    after, off = originals.without(table, [line, line._replace(line=1)])
    assert after == b"\xff x\r\n\n0 3 * * * a\n# imported by clodputer as n, m: 0 3 * * * a"
    assert [bool(one.problem) for one in off] == [False, True]
