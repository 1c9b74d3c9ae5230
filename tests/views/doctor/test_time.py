"""What the doctor says of the clock, of slot times and of a Mac that sleeps."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from clodputer.model.schedules.policy import fingerprint
from clodputer.model.text.moment import compact
from clodputer.model.triggers.decision import Fate
from clodputer.store.home import Home
from clodputer.store.triggers import ledger
from clodputer.views.doctor.schedule import time as doctor_time
from tests.doctoring import facts, first_on_path, make_older, one
from tests.slots import cron_task
from tests.workshop import make_home, program

HOUR, DAY = 3600.0, 86400.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    cron_task(home, "nightly", "30 2 * * *")
    return home


def account(home: Home, moment: float, *fates: Fate) -> None:
    """Let the ledger say that everything up to a moment was looked at."""
    from clodputer.model.schedules.due import Entry

    task = facts(home).tasks[0]
    ledger.write(home, "nightly", 0, Entry(fingerprint(task.triggers[0]), moment, fates=fates))


def test_the_clock(home: Home) -> None:
    now = time()
    account(home, now)
    one(doctor_time.clock(facts(home, now=now)), "ok")
    assert "2h ahead" in one(doctor_time.clock(facts(home, now=now - 2 * HOUR)), "note").message
    assert "the clock says" in one(doctor_time.clock(facts(home, now=0.0)), "problem").message


def test_a_run_in_the_future(home: Home) -> None:
    now = time()
    Path(home.runs, "nightly", f"{compact(now + 3 * HOUR)}-id").mkdir(parents=True)
    Path(home.runs, "nightly", "something-else").mkdir()
    assert "ahead" in one(doctor_time.clock(facts(home, now=now)), "note").message


def test_missed_slot_times(home: Home) -> None:
    """Those of the last day that nobody chose to leave out."""
    now = time()
    slot = int(now - HOUR)
    account(
        home,
        now,
        Fate("missed", "overlap", slot, slot, 1, now),
        Fate("coalesced", "newer", slot, slot, 1, now),
        Fate("missed", "too_late", slot, slot, 3, now - 2 * DAY),
    )
    one(doctor_time.missed(facts(home)), "ok")
    account(home, now, Fate("missed", "too_late", slot - 600, slot, 4, now))
    found = one(doctor_time.missed(facts(home)), "note")
    assert "task nightly missed 4 slot times" in found.message
    assert "clodputer run nightly" in found.remedy


def test_silence(home: Home) -> None:
    """Slot times passed, and no exec ran at them."""
    now = time()
    account(home, now)
    assert "nothing has ever run" in one(doctor_time.silence(facts(home, now=now + 60)), "ok").message
    Path(home.runs, "nightly", f"{compact(now - HOUR)}-id").mkdir(parents=True)
    found = one(doctor_time.silence(facts(home, now=now + 3 * DAY)), "problem")
    assert "3 slot times passed" in found.message
    assert "(nightly)" in found.message
    assert "the latest run began 3d 1h ago" in found.message


def test_an_alarm_may_be_a_little_late(home: Home) -> None:
    """What is due just now is not yet silence."""
    slot = int(time() // DAY * DAY + 2.5 * HOUR)
    account(home, slot - HOUR)
    one(doctor_time.silence(facts(home, now=slot + 200.0)), "ok")
    one(doctor_time.silence(facts(home, now=slot + 400.0)), "problem")


def test_silence_from_the_first_day_on(home: Home) -> None:
    """A task that no exec has ever seen is counted from when its file was written; a disabled one is not."""
    make_older(f"{home.tasks}/nightly.yaml", 5 * DAY)
    assert "5 slot times" in one(doctor_time.silence(facts(home)), "problem").message
    cron_task(home, "nightly", "30 2 * * *", more="enabled: false\n")
    make_older(f"{home.tasks}/nightly.yaml", 5 * DAY)
    one(doctor_time.silence(facts(home)), "ok")


PMSET = """\
System-wide power settings:
Currently in use:
 standby              1
 Sleep On Power Button 1
 sleep                {} (sleep prevented by sharingd)
 displaysleep         10
"""


@pytest.mark.parametrize(("text", "minutes"), [(PMSET.format(15), 15), (PMSET.format(0), 0), ("", 0)])
def test_sleep_of_macos(text: str, minutes: int) -> None:
    assert doctor_time.sleep_of(text) == minutes


def test_a_mac_that_sleeps(home: Home, tmp_path: Path) -> None:
    program(tmp_path / "bin", "pmset", f"cat <<'E'\n{PMSET.format(15)}\nE")
    mac = facts(home, {**first_on_path(tmp_path / "bin"), "TZ": "UTC"}, platform="darwin")
    assert doctor_time.sleep(facts(home, platform="linux")) == []
    cron_task(home, "often", "0 * * * *")
    mac = facts(home, first_on_path(tmp_path / "bin"), platform="darwin")
    found = one(doctor_time.sleep(mac), "note")
    assert "after 15 minutes" in found.message
    one(doctor_time.sleep(mac._replace(tasks=())), "ok")
    program(tmp_path / "bin", "pmset", f"cat <<'E'\n{PMSET.format(0)}\nE")
    assert "does not go to sleep" in one(doctor_time.sleep(mac), "ok").message


def test_a_tz_that_is_no_zone(home: Home) -> None:
    """Every other program then goes by UTC without a word."""
    one(doctor_time.terminal_zone(facts(home)), "ok")
    for good in ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"):
        one(doctor_time.terminal_zone(facts(home)._replace(environ={"TZ": good})), "ok")
    found = one(doctor_time.terminal_zone(facts(home)._replace(environ={"TZ": "Europe/Berln"})), "problem")
    assert "slot times go by UTC" in found.message
