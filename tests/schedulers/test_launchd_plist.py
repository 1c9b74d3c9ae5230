"""What a plist says, and that whatever launchd would drop without a word is found first."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.launchd import plist
from clodputer.schedulers.launchd.readback import parsed
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, Alarm, Unit
from tests.schedulers.launchd_stage import NIGHTLY, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A person's folders; launchctl is not needed."""
    return Stage(tmp_path)


def keys(stage: Stage, alarm: Alarm) -> dict[str, Any]:
    """The keys of a rendered unit, which must be sound."""
    unit = launchd.render(stage.frame, alarm)
    assert launchd.check(stage.frame, [unit]) == []
    (text,) = unit.files.values()
    found: dict[str, Any] = plistlib.loads(text.encode())
    return found


def watch(path: object) -> Alarm:
    """An alarm for a watched folder."""
    return Alarm(TASK, "inbox", (Trigger("file_watch", {"path": str(path)}),), (str(path),))


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
    skip = NIGHTLY._replace(triggers=(Trigger("cron", {"schedule": "30 2 * * *", "catch_up": "skip"}),))
    assert "RunAtLoad" not in keys(stage, skip)
    startup = keys(stage, Alarm(TASK, "x", (Trigger("startup"),)))
    assert startup["RunAtLoad"] is True
    assert "StartCalendarInterval" not in startup


def test_the_same_alarm_is_the_same_text(stage: Stage) -> None:
    """An upgrade leaves every plist as it is, byte for byte; another schedule is known by another mark."""
    unit = launchd.render(stage.frame, NIGHTLY)
    assert launchd.render(stage.frame, NIGHTLY) == unit
    (text,) = unit.files.values()
    assert plist.mark(text) == ("task", "nightly", stage.home.root)


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
    unit = launchd.render(frame, Alarm(TASK, "Weekly.Report"))
    (text,) = unit.files.values()
    assert plist.mark(text) == ("task", "Weekly.Report", frame.home)
    assert (parsed(text) or {})["ProgramArguments"][0] == frame.shim
    assert unit.name.count(".") == 4


def test_a_name_that_xml_cannot_hold(stage: Stage, tmp_path: Path) -> None:
    """It is told before anything is written."""
    unit = launchd.render(stage.frame, watch(f"{tmp_path}/a\x01b"))
    (trouble,) = launchd.check(stage.frame, [unit])
    assert "XML" in trouble.message


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
def test_what_launchd_would_drop_is_told(stage: Stage, there: str, instead: str, told: str) -> None:
    """Wrong types, ranges, names, missing keys, and a text that was changed by hand."""
    unit = launchd.render(stage.frame, NIGHTLY)
    ((path, text),) = unit.files.items()
    assert there in text
    spoilt = unit._replace(files={path: text.replace(there, instead, 1)})
    messages = [trouble.message for trouble in launchd.check(stage.frame, [spoilt])]
    assert any(told in message for message in messages), messages


def test_places_and_labels(stage: Stage) -> None:
    """A file that launchd would not find by its label, and two units of one name."""
    unit = launchd.render(stage.frame, NIGHTLY)
    elsewhere = Unit(unit.name, unit.kind, unit.task, {"/tmp/x.plist": next(iter(unit.files.values()))})
    assert [trouble.code for trouble in launchd.check(stage.frame, [elsewhere])] == ["plist_invalid"]
    assert [trouble.code for trouble in launchd.check(stage.frame, [unit, unit])] == ["label_twice"]


def own_template(stage: Stage, text: str) -> None:
    """A template of the person's."""
    path = Path(stage.home.root, "templates", "launchd", "unit.plist.j2")
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_a_template_of_ones_own(stage: Stage) -> None:
    """The person's comes first, and may say what ours does not."""
    shipped = Path(stage.frame.templates[-1], "launchd", "unit.plist.j2").read_text()
    more = "<key>ProcessType</key><string>Background</string></dict>\n</plist>"
    own_template(stage, shipped.replace("</dict>\n</plist>", more))
    assert keys(stage, NIGHTLY)["ProcessType"] == "Background"


@pytest.mark.parametrize("text", ["{{ nothing }}", "{% if %}", "{{ 1 / 0 }}"])
def test_a_broken_template_is_told(stage: Stage, text: str) -> None:
    """With its path."""
    own_template(stage, text)
    with pytest.raises(ClodputerError, match=r"unit\.plist\.j2") as raised:
        launchd.render(stage.frame, NIGHTLY)
    assert raised.value.code == "template_broken"


def test_no_template(stage: Stage) -> None:
    """An incomplete copy of Clodputer."""
    with pytest.raises(ClodputerError) as raised:
        launchd.render(stage.frame._replace(templates=(os.devnull + "-none",)), NIGHTLY)
    assert raised.value.code == "template_missing"
