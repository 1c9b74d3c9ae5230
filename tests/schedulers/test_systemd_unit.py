"""Units of systemd: what is rendered says what was meant, whatever stands in it, and what is wrong with one is told."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.systemd import unitfile
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, Alarm, Frame, Unit
from tests.examples import examples
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.systemd_parse import command, parse
from tests.schedulers.systemd_readback import faults

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/h", "CLODPUTER_HOME": "/h/.clodputer"}
FRAME = Frame("/h/.clodputer", "/h", "/h/.clodputer/bin/clodputer", ENVIRONMENT, 900, "Europe/Berlin")

pytestmark = pytest.mark.usefixtures("usual_places")


def values(unit: Unit, suffix: str, key: str) -> list[str]:
    """What a key of one of the unit's files says."""
    text = unit.files[f"/h/.config/systemd/user/{unit.name}{suffix}"]
    return [line.value for line in parse(text) if line.key == key]


def suffixes(unit: Unit) -> list[str]:
    return sorted(os.path.splitext(path)[1] for path in unit.files)


def nightly(*more: Trigger, paths: tuple[str, ...] = (), timeout: float = 0.0) -> Alarm:
    return alarm_of("nightly", (Trigger("cron", {"schedule": "0 2 * * *"}), *more), paths, timeout)


def test_a_task() -> None:
    unit = systemd.render(FRAME, nightly(timeout=1800.0))
    assert unit.name == "clodputer-task-nightly"
    assert suffixes(unit) == [".service", ".timer"]
    assert command(values(unit, ".service", "ExecStart")[0]) == [FRAME.shim, "exec", "--task", "nightly"]
    assert values(unit, ".service", "TimeoutStartSec") == ["1920s"]
    assert values(unit, ".timer", "OnCalendar")[0] == "*-*-* 02:00:00"
    assert values(unit, ".timer", "Unit") == ["clodputer-task-nightly.service"]
    assert values(unit, ".timer", "OnActiveSec") == []


def test_no_limit_without_one() -> None:
    assert values(systemd.render(FRAME, nightly()), ".service", "TimeoutStartSec") == ["infinity"]
    assert values(systemd.render(FRAME, Alarm(SPOOL)), ".service", "TimeoutStartSec") == ["infinity"]


def test_the_spool_and_the_sweep() -> None:
    spool, sweep = systemd.render(FRAME, Alarm(SPOOL)), systemd.render(FRAME, Alarm(SWEEP))
    assert values(spool, ".path", "DirectoryNotEmpty") == ["/h/.clodputer/spool/new"]
    assert values(spool, ".service", "ExecStopPost") == ["-sleep 1"]
    assert values(sweep, ".timer", "OnCalendar") == ["*-*-* *:00,15,30,45:00 UTC"]
    assert values(sweep, ".timer", "OnActiveSec") == ["1s"]
    assert values(sweep, ".service", "ExecStopPost") == []


def test_a_watched_folder() -> None:
    watch = Trigger("file_watch", {"path": "~/in"})
    unit = systemd.render(FRAME, alarm_of("inbox", (watch,), ("/h/in 100%",)))
    assert suffixes(unit) == [".path", ".service"]
    assert values(unit, ".path", "PathChanged") == ["/h/in 100%%"]


@pytest.mark.parametrize(
    ("pattern", "path"), [("**/*.pdf", "/h/in"), ("a/*", "/h/in"), ("*", "/h/in\nx"), ("*", "/h/in ")]
)
def test_what_systemd_does_not_see_is_looked_for_each_minute(pattern: str, path: str) -> None:
    """Folders inside of a watched one, and names that cannot be written into a unit."""
    unit = systemd.render(
        FRAME, alarm_of("t", (Trigger("file_watch", {"path": path, "pattern": pattern}),), (path,))
    )
    assert values(unit, ".timer", "OnCalendar") == ["*-*-* *:*:00"]
    assert (".path" in suffixes(unit)) == (path == "/h/in")


def test_a_start_of_the_computer() -> None:
    unit = systemd.render(FRAME, alarm_of("t", (Trigger("startup", {}),)))
    assert values(unit, ".timer", "OnActiveSec") == ["1s"]
    assert values(unit, ".timer", "OnCalendar") == []


def test_the_folder_is_where_systemd_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere/")
    assert set(systemd.render(FRAME, Alarm(SPOOL)).files) == {
        "/elsewhere/systemd/user/clodputer-spool.service",
        "/elsewhere/systemd/user/clodputer-spool.path",
    }
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert unitfile.folder(FRAME) == "/h/.config/systemd/user"


def test_another_home_has_other_names() -> None:
    one = systemd.render(FRAME._replace(home="/other"), nightly())
    assert one.name != "clodputer-task-nightly"
    assert unitfile.is_of_this_home(FRAME._replace(home="/other"), one.name)
    assert not unitfile.is_of_this_home(FRAME, one.name)


@given(st.text(min_size=1), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True))
def test_the_mark_tells_whose_it_is(home: str, task: str) -> None:
    try:
        os.fsencode(home)
    except UnicodeEncodeError:
        return
    line = unitfile.mark(home, TASK, task)
    assert line.isascii()
    assert line.isprintable()
    assert unitfile.marked(f"{line}\n[Unit]\n") == (home, TASK, task)


@pytest.mark.parametrize(
    "text",
    ["", "[Unit]\n", "# clodputer-unit home=/h\n", " # clodputer-unit home=/h kind=task task=t"],
)
def test_what_is_not_ours(text: str) -> None:
    assert unitfile.marked(text) is None


odd = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" %$\"'\\\t\n"), max_size=30)


@settings(deadline=None, max_examples=examples(150))
@given(odd, odd)
@example("$$", "$$")
def test_whatever_stands_in_it_is_understood(value: str, folder: str) -> None:
    """By our own reading; systemd's own is asked below."""
    frame = FRAME._replace(shim=f"/h/{folder}/bin", environment={**ENVIRONMENT, "ODD": value})
    assert faults(frame, systemd.render(frame, nightly())) == []


@pytest.mark.parametrize("text", ["a\x00", "a\x1b[0m", "\udce9"])
def test_what_a_unit_cannot_hold(text: str) -> None:
    with pytest.raises(ClodputerError) as caught:
        systemd.render(FRAME._replace(environment={"PATH": text}), nightly())
    assert caught.value.code == "unit_text"
