"""What a plist says, and that whatever launchd would drop without a word is found first."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.launchd import plist
from clodputer.schedulers.launchd.plist import parsed
from clodputer.schedulers.unit import SPOOL, SWEEP, Alarm
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_readback import faults
from tests.schedulers.launchd_stage import NIGHTLY, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A person's folders; launchctl is not needed."""
    return Stage(tmp_path)


def keys(stage: Stage, alarm: Alarm) -> dict[str, Any]:
    """The keys of a rendered unit, which must be sound."""
    unit = launchd.render(stage.frame, alarm)
    assert faults(stage.frame, unit) == []
    (text,) = unit.files.values()
    found: dict[str, Any] = plistlib.loads(text.encode())
    return found


def watch(path: object) -> Alarm:
    """An alarm for a watched folder."""
    return alarm_of("inbox", (Trigger("file_watch", {"path": str(path)}),), (str(path),))


def test_the_plist_of_a_task(stage: Stage) -> None:
    """Every key, with its type."""
    frame = stage.frame
    found = keys(stage, NIGHTLY)
    mark = found["EnvironmentVariables"].pop("CLODPUTER_PLIST")
    assert len(mark) == 16
    log = f"{frame.account}/Library/Logs/clodputer/org.clodputer.task.nightly.log"
    assert found == {
        "Label": "org.clodputer.task.nightly",
        "ProgramArguments": [frame.shim, "exec", "--task", "nightly"],
        "EnvironmentVariables": {**frame.environment, "SHELL": "/bin/sh"},
        "WorkingDirectory": frame.home,
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "ExitTimeOut": 60,
        "SoftResourceLimits": {"NumberOfFiles": 8192},
        "RunAtLoad": True,
        "StartCalendarInterval": [{"Hour": 2, "Minute": 30}],
    }


def test_the_plists_of_spool_and_sweep(stage: Stage) -> None:
    """The spool watches new/ alone; the sweep has a grid of the hour and an interval."""
    spool, sweep = keys(stage, Alarm(SPOOL)), keys(stage, Alarm(SWEEP))
    assert spool["QueueDirectories"] == [stage.home.new]
    assert (spool["RunAtLoad"], spool["ThrottleInterval"]) == (True, 10)
    assert [entry["Minute"] for entry in sweep["StartCalendarInterval"]] == list(range(0, 60, 5))
    assert sweep["StartInterval"] == 300
    stage.frame = stage.frame._replace(sweep=700)
    odd = keys(stage, Alarm(SWEEP))
    assert odd["StartInterval"] == 700
    assert "StartCalendarInterval" not in odd


def test_what_is_started_at_load(stage: Stage) -> None:
    """What is to be caught up with, a start of the computer, and a first look; not what is skipped when late."""
    skip = alarm_of("nightly", (Trigger("cron", {"schedule": "30 2 * * *", "catch_up": "skip"}),))
    assert "RunAtLoad" not in keys(stage, skip)
    startup = keys(stage, alarm_of("x", (Trigger("startup"),)))
    assert startup["RunAtLoad"] is True
    assert "StartCalendarInterval" not in startup


def test_the_same_alarm_is_the_same_text(stage: Stage) -> None:
    """An upgrade leaves every plist as it is, byte for byte; another schedule is known by another mark."""
    unit = launchd.render(stage.frame, NIGHTLY)
    assert launchd.render(stage.frame, NIGHTLY) == unit
    (text,) = unit.files.values()
    assert plist.mark(text) == (stage.home.root, "task", "nightly")


def test_watched_folders(stage: Stage, tmp_path: Path) -> None:
    """The real folder, and a look each quarter of an hour for what is missed; a missing one is watched by its name."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    found = keys(stage, watch(link))
    assert (found["WatchPaths"], found["RunAtLoad"]) == ([str(real.resolve())], True)
    assert len(found["StartCalendarInterval"]) == 4
    assert keys(stage, watch(tmp_path / "gone"))["WatchPaths"] == [str((tmp_path / "gone").resolve())]


def test_a_folder_around_our_own_is_not_watched(stage: Stage) -> None:
    """Our own writing would start it for ever; it is looked at each minute."""
    found = keys(stage, watch(stage.account))
    assert "WatchPaths" not in found
    assert len(found["StartCalendarInterval"]) == 60


def test_odd_names(stage: Stage, tmp_path: Path) -> None:
    """What XML, comments and patterns have a meaning for stays what it is."""
    odd = tmp_path / "a--b & <c> \"d\" 'e' ü -->"
    frame = stage.frame._replace(home=f"{odd}/--", shim=f"{odd}/--/bin/clodputer")
    frame = frame._replace(environment={**frame.environment, "CLODPUTER_HOME": frame.home})
    unit = launchd.render(frame, alarm_of("Weekly.Report"))
    (text,) = unit.files.values()
    assert plist.mark(text) == (frame.home, "task", "Weekly.Report")
    assert (parsed(text) or {})["ProgramArguments"][0] == frame.shim
    assert unit.name.count(".") == 4


@pytest.mark.parametrize("letter", ["\x01", "\x00", "\r", "\udce9", "\ufffe"])
@pytest.mark.parametrize("where", ["path", "variable", "shim"])
def test_what_a_plist_cannot_hold(stage: Stage, tmp_path: Path, letter: str, where: str) -> None:
    """It is refused before anything is written: launchd would drop the unit silently."""
    text = f"{tmp_path}/a{letter}b"
    frame, alarm = stage.frame, NIGHTLY
    if where == "path" and letter != "\x00":  # no folder can have that
        alarm = watch(text)
    elif where == "variable":
        frame = frame._replace(environment={**frame.environment, "PATH": text})
    else:
        frame = frame._replace(shim=text)
    with pytest.raises(ClodputerError) as raised:
        launchd.render(frame, alarm)
    assert raised.value.code == "plist_invalid"


def test_a_plist_that_is_too_large(stage: Stage) -> None:
    """What launchd's own tools would not take."""
    frame = stage.frame._replace(environment={**stage.frame.environment, "PATH": ":".join(["/bin"] * 60_000)})
    with pytest.raises(ClodputerError) as raised:
        launchd.render(frame, NIGHTLY)
    assert raised.value.code == "plist_invalid"


# (what a plist holds, what it is made into, what is told)
FAULTS = [
    ("<true/>", "<integer>1</integer>", "RunAtLoad must be true or false"),
    ("<integer>60</integer>", "<true/>", "ExitTimeOut must be a number"),
    ("<integer>60</integer>", "<string>60</string>", "ExitTimeOut must be a number"),
    ("<integer>30</integer>", "<integer>60</integer>", "a Minute from 0 to 59"),
    ("<integer>30</integer>", "<true/>", "a Minute from 0 to 59"),
    ("<key>Hour</key>", "<key>Year</key>", "not Year"),
    ("<key>Minute</key>", "<key>Second</key>", "name a Minute"),
    ("<key>RunAtLoad</key>", "<key>RunAtLoads</key>", "RunAtLoads is not one of the keys"),
    ("<key>RunAtLoad</key>", "<key>KeepAlive</key>", "KeepAlive is not one of the keys"),
    ("<key>WorkingDirectory</key>", "<key>WorkingDir</key>", "WorkingDirectory is missing"),
    ("<string>exec</string>", "<string>run</string>", "does not start"),
    ("<string>/bin/sh</string>", "<string>/bin/bash</string>", "CLODPUTER_PLIST does not fit the rest"),
    ("<!-- clodputer unit 1", "<!-- unit", "id line is missing"),
    ("<dict>", "<dict", "no XML property list"),
    ("</plist>", "", "no XML property list"),
    ("<integer>8192</integer>", "<integer>8</integer>", "NumberOfFiles"),
    ("<key>CLODPUTER_PLIST</key>", "<key>OTHER</key>", "holds CLODPUTER_PLIST"),
]


@pytest.mark.parametrize(("there", "instead", "told"), FAULTS)
def test_the_reading_back_sees_what_launchd_would_drop(
    stage: Stage, there: str, instead: str, told: str
) -> None:
    """Wrong types, ranges, names, missing keys, and a text that was changed by hand."""
    unit = launchd.render(stage.frame, NIGHTLY)
    ((path, text),) = unit.files.items()
    assert there in text
    spoilt = unit._replace(files={path: text.replace(there, instead, 1)})
    messages = faults(stage.frame, spoilt)
    assert any(told in message for message in messages), messages
