"""The removal of an installation: all of it, nothing else, and the home only when that is agreed to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.commands.uninstall import Options as Uninstall
from clodputer.cli.commands.uninstall import uninstall
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.schedulers.unit import TASK, FoundUnit, Frame
from clodputer.store.home import Home
from tests.schedulers.drawer import CRON, Drawer, environ, installed, tasks
from tests.workshop import command_task, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "nightly", "true", more=CRON)
    return made


def removed(home: Home, *drawers: Drawer, agreed: bool = True, **options: Any) -> Result:
    schedulers = dict(zip(("systemd", "cron"), drawers))
    return uninstall(environ(home), Uninstall(**options), schedulers, lambda _: agreed, lambda *_: None)


def test_uninstall_leaves_what_was_there_before(home: Home) -> None:
    """From every scheduler that has something; nothing of other homes."""
    drawer, other = Drawer(), Drawer()
    foreign = FoundUnit("x", "/another/home", TASK, "nightly", {}, True)
    drawer.units["x"] = foreign
    before = sorted(str(path) for path in Path(home.root).rglob("*") if "/cache" not in str(path))
    installed(home, drawer, other)
    other.units = {name: one for name, one in drawer.units.items() if name != "x"}
    result = removed(home, drawer, other, dry_run=True)
    assert "Would remove alarms: 6, would remove bin/clodputer." in result.text
    assert len(drawer.units) == 4
    result = removed(home, drawer, other)
    assert "Removed alarms: 6, removed bin/clodputer." in result.text
    assert (list(drawer.units), other.units) == (["x"], {})
    assert sorted(str(path) for path in Path(home.root).rglob("*") if "/cache" not in str(path)) == before
    assert "Nothing of" in removed(home, drawer, other).text


def test_homes_that_are_gone_are_told_and_removed_when_asked(home: Home) -> None:
    drawer = Drawer()
    drawer.units["x"] = FoundUnit("x", "/gone/home", TASK, "nightly", {}, True)
    drawer.units["y"] = FoundUnit("y", "", TASK, "nightly", {}, True)
    result = removed(home, drawer)
    assert "/gone/home" in result.text
    assert "--everywhere" in result.text
    assert sorted(drawer.units) == ["x", "y"]
    removed(home, drawer, everywhere=True)
    assert sorted(drawer.units) == ["y"]


def test_what_cannot_be_removed_keeps_shim_and_home(home: Home) -> None:
    """It is still called."""
    drawer = Drawer()
    installed(home, drawer)
    drawer.refused = {one.name for one in drawer.units.values() if one.task}
    result = removed(home, drawer, purge=True)
    assert (result.exit_code, tasks(drawer)) == (1, ["nightly"])
    assert os.path.exists(f"{home.root}/bin/clodputer")
    drawer.refused = set()
    assert removed(home, drawer, purge=True).exit_code == 0
    assert not os.path.exists(home.root)


def test_a_purge_must_be_agreed_to(home: Home) -> None:
    drawer = Drawer()
    installed(home, drawer)
    with pytest.raises(ClodputerError) as raised:
        removed(home, drawer, purge=True, agreed=False)
    assert raised.value.code == "not_agreed"
    assert len(drawer.units) == 3


@pytest.mark.parametrize(
    ("code", "status"), [("systemd_units_unasked", 1), ("crontab_marks", 1), ("crontab_denied", 0)]
)
def test_a_scheduler_that_cannot_be_asked(home: Home, code: str, status: int) -> None:
    """One that has something of ours keeps shim and home, as they are still called; any other keeps nothing."""

    class Mute(Drawer):
        def inspect(self, frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
            raise ClodputerError(code, "nobody answers")

    drawer = Drawer()
    installed(home, drawer)
    result = removed(home, drawer, Mute(usable=False), purge=True)
    assert result.exit_code == status
    assert "what cron has could not be found out: nobody answers" in result.text
    assert os.path.exists(f"{home.root}/bin/clodputer") == bool(status)


def test_the_shim_stays_while_another_scheduler_starts_it(home: Home) -> None:
    """Only one scheduler is to be left: what the others have is looked at, left alone, and named."""
    systemd, cron = Drawer(), Drawer()
    installed(home, systemd, cron)
    cron.units = dict(systemd.units)
    for dry in (True, False):
        result = removed(home, systemd, cron, scheduler="systemd", purge=True, dry_run=dry)
        assert (result.exit_code, result.data["shim"], result.data["purged"]) == (0, False, False)
        assert "cron still starts tasks of this home" in result.text
    assert (len(systemd.units), len(cron.units)) == (0, 3)
    assert os.access(f"{home.root}/bin/clodputer", os.X_OK)
    removed(home, systemd, cron, scheduler="cron")
    assert not os.path.exists(f"{home.root}/bin")


def test_the_shim_stays_while_another_scheduler_cannot_be_asked(home: Home) -> None:
    class Mute(Drawer):
        def inspect(self, frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
            raise ClodputerError("systemd_units_unasked", "nobody answers")

    cron = Drawer()
    installed(home, Drawer(usable=False), cron)
    result = removed(home, Mute(usable=False), cron, scheduler="cron")
    assert (result.exit_code, cron.units) == (0, {})
    assert "what systemd has could not be found out" in result.text
    assert os.access(f"{home.root}/bin/clodputer", os.X_OK)
