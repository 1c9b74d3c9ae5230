"""`clodputer install` and `uninstall` as a person calls them, with cron's real module and a crontab of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from clodputer.cli.commands.install import Options, install
from clodputer.cli.commands.uninstall import Options as Uninstall
from clodputer.cli.commands.uninstall import uninstall
from clodputer.cli.text.setup.schedulers import text
from clodputer.schedulers import load
from clodputer.store.home import Home
from clodputer.views.schedule.schedulers import gather
from tests.schedulers.crontabs import Crontab
from tests.workshop import clodputer, command_task, drop, make_home, outcomes

NOW = 1_795_000_000.0
CRON = 'trigger: {type: cron, schedule: "0 8 * * mon-fri"}\n'
MINE = b"# mine\n0 5 * * * /my/own job\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "nightly", "true", more=CRON)
    return made


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    made = Crontab(tmp_path / "crontab", monkeypatch)
    made.content = MINE
    return made


def environ(home: Home) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "CLODPUTER_HOME": home.root}


def writes(crontab: Crontab) -> list[str]:
    """The calls that were to change something."""
    path = crontab.folder / "calls"
    return [call for call in path.read_text().splitlines() if call != "-l"] if path.exists() else []


def test_install_ring_and_uninstall(home: Home, crontab: Crontab) -> None:
    """The whole way: what cron is given starts an exec that runs what is dropped; in the end all is as before."""
    extra = {"PATH": os.environ["PATH"], "FAKE_CRONTAB": str(crontab.folder)}
    told, _ = clodputer(home, "install", "--scheduler", "cron", extra=extra)
    assert f"cron starts the tasks of {home.root}:\n  nightly  at 08:00 on weekdays" in told
    table = (crontab.content or b"").decode()
    assert table.startswith(MINE.decode())
    line = next(line for line in table.splitlines() if line.startswith("* * * * *"))
    drop(home, "nightly")
    # As cron does it: /bin/sh, and hardly any variables.
    subprocess.run(
        ["/bin/sh", "-c", line.split(None, 5)[5]],
        env={"HOME": "/", "PATH": "/usr/bin:/bin"},
        cwd="/",
        check=True,
        timeout=200,
    )
    assert outcomes(home, "nightly") == ["succeeded"]
    envelope = json.loads(clodputer(home, "uninstall", "--scheduler", "cron", "--json", extra=extra)[0])
    assert envelope["ok"] is True
    assert [change["verb"] for change in envelope["data"]["changes"]] == ["remove"] * 3
    assert crontab.content == MINE
    assert not os.path.exists(f"{home.root}/bin")


def test_a_second_time_writes_nothing(home: Home, crontab: Crontab) -> None:
    cron = {"cron": load("cron")}
    for _ in range(2):
        result = install(environ(home), Options(), cron, NOW, lambda *_: None)
        assert result.exit_code == 0
        assert len(writes(crontab)) == 1
    assert "Nothing had to be changed." in install(environ(home), Options(), cron, NOW, lambda *_: None).text


def test_the_minute_line_serves_the_sweep_too(home: Home, crontab: Crontab) -> None:
    del crontab
    told = install(environ(home), Options(dry_run=True), {"cron": load("cron")}, NOW, lambda *_: None).text
    assert "(sweep)  every minute, for whatever was missed" in told


@pytest.mark.slow
def test_two_hundred_tasks_are_one_writing(home: Home, crontab: Crontab) -> None:
    for number in range(200):
        command_task(home, f"task-{number}", "true", more=CRON)
    steps: list[int] = []
    result = install(
        environ(home), Options(), {"cron": load("cron")}, NOW, lambda _, number: steps.append(number)
    )
    assert result.exit_code == 0
    assert steps == [203] * 203
    assert len(writes(crontab)) == 1


def test_uninstall_after_the_home_was_deleted(home: Home, crontab: Crontab) -> None:
    """By the marks; and the home does not come back."""
    from shutil import rmtree

    cron = {"cron": load("cron")}
    install(environ(home), Options(), cron, NOW, lambda *_: None)
    rmtree(home.root)
    result = uninstall(environ(home), Uninstall(), cron, lambda _: False, lambda *_: None)
    assert result.exit_code == 0, result.text
    assert crontab.content == MINE
    assert not os.path.exists(home.root)


def test_what_is_left_of_another_home(home: Home, crontab: Crontab, tmp_path: Path) -> None:
    """Told, and removed with --everywhere only."""
    from shutil import rmtree

    cron = {"cron": load("cron")}
    other = make_home(tmp_path / "other")
    install(environ(other), Options(), cron, NOW, lambda *_: None)
    rmtree(other.root)
    result = uninstall(environ(home), Uninstall(), cron, lambda _: False, lambda *_: None)
    assert result.data["lost_homes"] == [other.root]
    assert other.root.encode() in (crontab.content or b"")
    uninstall(environ(home), Uninstall(everywhere=True), cron, lambda _: False, lambda *_: None)
    assert crontab.content == MINE
    assert not os.path.exists(other.root)


def test_no_scheduler_is_an_error_with_remedies(home: Home, crontab: Crontab) -> None:
    crontab.kind("denied")
    told = clodputer(
        home,
        "install",
        "--scheduler",
        "cron",
        status=1,
        extra={
            "PATH": os.environ["PATH"],
            "FAKE_CRONTAB": str(crontab.folder),
            "FAKE_CRONTAB_KIND": "denied",
        },
    )[1]
    assert "cron cannot be used" in told
    assert not os.path.exists(f"{home.root}/bin")


def test_without_a_home(tmp_path: Path) -> None:
    _, told = clodputer(Home(str(tmp_path / "none")), "install", status=1)
    assert "Run: clodputer init" in told


def test_what_schedulers_have_is_told(home: Home, crontab: Crontab) -> None:
    """Before, while all is right, and when the tasks have changed since."""
    cron = {"cron": load("cron")}

    def seen() -> str:
        return text(gather(home, environ(home), cron, "linux", NOW))

    assert "No scheduler is set up for this home." in seen()
    install(environ(home), Options(), cron, NOW, lambda *_: None)
    found = gather(home, environ(home), cron, "linux", NOW)
    assert not found.drifted(), found
    (view,) = found.views
    assert {one.found.task or one.found.kind: one.next is not None for one in view.units} == {
        "nightly": True,
        "spool": False,
        "sweep": False,
    }
    assert "To repair it" not in text(found)
    command_task(home, "nightly", "true", more=CRON.replace("8", "9"))
    assert "install would change 1" in seen()
    assert "To repair it" in seen()
    os.unlink(f"{home.root}/bin/clodputer")
    assert "bin/clodputer, which all alarms start, is missing" in seen()
    Path(home.root, "bin/clodputer").write_text("#!/bin/sh\n")
    data = gather(home, environ(home), cron, "linux", NOW).to_json()
    assert (data["shim"], data["schedulers"][0]["installed"]) == ("missing", True)


def test_an_other_environment_is_told_and_is_no_drift(home: Home, crontab: Crontab) -> None:
    cron = {"cron": load("cron")}
    install(environ(home), Options(), cron, NOW, lambda *_: None)
    here = {**environ(home), "PATH": f"/usr/bin:/bin:{os.path.dirname(os.__file__)}"}
    found = gather(home, here, cron, "linux", NOW)
    assert found.environment_changes == (f"PATH has gained {os.path.dirname(os.__file__)}",)
    assert not found.drifted()
