"""Every command in terminals of 40, 60, 80 and 120 columns: nothing is broken inside a word, nothing important is left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.list import listing
from clodputer.cli.commands.logs import log
from clodputer.cli.commands.next import asked
from clodputer.cli.commands.queue import aside, queue
from clodputer.cli.commands.show import show
from clodputer.cli.commands.stats import stats
from clodputer.cli.commands.status import status
from clodputer.cli.commands.validate import validate
from clodputer.cli.commands.why import why
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import without
from clodputer.cli.text.setup.doctor import page
from clodputer.store import holds
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.views.doctor.finding import Finding
from tests.schedulers.crontabs import Crontab
from tests.workshop import clodputer, command_task, drop, environment, execute, make_home, records, write_task

LONG = "quarterly-customer-report-for-the-board"
LANE = "a-lane-with-a-rather-long-name"
WIDTHS = (40, 60, 80, 120)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Long names of everything that can have one, and a crontab with the alarms."""
    folder = tmp_path_factory.mktemp("narrow")
    home = make_home(folder)
    cron = "{type: cron, schedule: '0 8 * * mon-fri', timezone: Europe/Berlin}"
    often = "{type: interval, every: 2h, active: {hours: '08:00-20:00'}}"
    command_task(
        home,
        LONG,
        "/bin/sh",
        "-c",
        "echo something went badly wrong here >&2; exit 3",
        more=f"trigger: [{cron}, {often}]\n",
    )
    command_task(home, "brief", "/bin/true", more="trigger: {type: interval, every: 15m}\n")
    command_task(home, "held-because-of-a-limit", "/bin/true", more=f"lane: {LANE}\n")
    write_task(home, "broken-but-with-a-long-name", "agent: nobody\ncomand: [x]\ntimeot: 5\n")
    for name in (LONG, LONG, "brief", "broken-but-with-a-long-name"):
        drop(home, name)
        execute(home)
    drop(home, "a-file-that-a-script-has-made.json", '{"tsk": 1}')
    drop(home, "late.json", f'{{"task": "{LONG}", "id": "late-1234", "expires_at": "2020-01-01T00:00:00Z"}}')
    layout.make_lane(home, LANE)
    holds.place(
        home,
        holds.Target("lane", LANE),
        holds.Hold("pause", "Somebody wants to look at this lane before it goes on.", None, None),
    )
    drop(home, "1.json", '{"task": "held-because-of-a-limit", "id": "held-0001"}')
    execute(home)
    with pytest.MonkeyPatch.context() as patch:
        table = Crontab(folder / "cron", patch)
        extra = {"FAKE_CRONTAB": str(table.folder), "PATH": os.environ["PATH"], "HOME": str(folder)}
        # It installs the others, and says what is wrong with the broken one.
        clodputer(home, "install", "--scheduler", "cron", extra=extra, status=1)
        yield home


def doctor(home: Home) -> Result:
    finding = Finding(
        "tasks", "problem", f"tasks/{LONG}.yaml has 2 mistakes:\n  line 1: x\n  line 2: y", "Fix it."
    )
    return Result({}, page([finding], home_width(), False, "clodputer doctor --fix"))


def home_width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


# What is called, and what must be on the screen whatever its width.
CALLS: dict[str, tuple[Callable[[Home], Result], tuple[str, ...]]] = {
    "list": (
        lambda home: listing(environment(home), time()),
        (
            LONG,
            "failed (exit_status)",
            "every 15m",
            "expected one of claude, codex, gemini, opencode, command, found 'nobody'",
        ),
    ),
    "status": (
        lambda home: status(environment(home), time()),
        (
            LONG,
            "LAST RUNS",
            "NEXT",
            "Somebody wants to look at this lane",
            "clodputer queue --rejected",
            "1 queued",
        ),
    ),
    "queue": (
        lambda home: queue(environment(home), "", 20, time()),
        ("held-0001", "held-because-of-a-limit", LANE),
    ),
    "rejected": (
        lambda home: aside(environment(home), "rejected", 20, time()),
        ("a-file-that-a-script-has-made.json", "unknown field 'tsk'", "clodputer retry rejected/FILE"),
    ),
    "dead": (
        lambda home: aside(environment(home), "dead", 20, time()),
        ("late-1234", "It expired before its turn came"),
    ),
    "logs": (
        lambda home: log(environment(home), {"task": "", "event": "", "run_id": ""}, None, None, time()),
        (LONG, "failed (exit_status)", "something went badly wrong here", "late-1234.late.json"),
    ),
    "show": (
        lambda home: show(environment(home), LONG),
        (LONG, "something went badly wrong here", "trigger: spool", "record.json", "failed after"),
    ),
    "show rejected": (
        lambda home: show(environment(home), "rejected/a-file-that-a-script-has-made.json"),
        ("unknown field 'tsk'", "clodputer retry rejected/a-file-that-a-script-has-made.json"),
    ),
    "why": (
        lambda home: why(environment(home), LONG, time()),
        (LONG, "clodputer retry late-1234", "is due next at", "clodputer show"),
    ),
    "stats": (
        lambda home: stats(environment(home), "", "30d", time(), home_width()),
        ("succeeded", "failed (exit_status)", "median"),
    ),
    "next": (lambda home: asked(environment(home), LONG, None, None, None, 3, time()), (LONG, "interval")),
    "validate": (
        lambda home: validate(environment(home), (), time()),
        (LONG, "comand: unknown key (did you mean 'command'?)"),
    ),
    "doctor": (doctor, (LONG, "has 2 mistakes", "line 2: y", "Fix it.")),
}


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", CALLS)
def test_it_fits(home: Home, name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is too long only where a single word of it is, such as a path; and the words are all there."""
    call, important = CALLS[name]
    monkeypatch.setenv("COLUMNS", str(columns))
    text = without(call(home).text)
    for line in text.split("\n"):
        word = max(line.split(), key=len, default="")
        margin = len(line) - len(line.lstrip())
        alone = line.split() in ([word], [*line.split()[:1], word])
        assert len(line) <= columns or (alone and margin + len(word) > columns - 14), line
    words = " ".join(text.split())
    for each in important:
        assert each in words, each


def test_a_pipe_has_no_width(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event and each row is one line there, for grep."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert len(CALLS["logs"][0](home).text.split("\n")) == len(Path(home.log).read_text().splitlines())
    assert len(records(home, LONG)) == 2
    rows = without(CALLS["list"][0](home).text).split("\n\n")[0]
    assert len(rows.split("\n")) == 4
