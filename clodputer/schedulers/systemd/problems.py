"""What can be wrong with systemd and its units although every file is as it should be; each with what fixes it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.systemd import systemctl
from clodputer.schedulers.systemd.inspect import failure
from clodputer.schedulers.systemd.unitfile import SERVICE
from clodputer.schedulers.unit import FoundUnit, Frame, SchedulerProblem, Unit

NO_LINGER = (
    "nothing runs while {account} is logged out: with the last logout systemd ends all alarms and everything that runs, "
    "until the next login"
)


def problems(frame: Frame, units: Sequence[Unit], found: Sequence[FoundUnit]) -> list[SchedulerProblem]:
    """What is wrong with the manager and with each unit that is wanted or there."""
    owners = {
        os.path.basename(path): name
        for name, files in [
            *((one.name, one.files) for one in found),
            *((one.name, one.files) for one in units),
        ]
        for path in files
    }
    if systemctl.away():
        # `answers` reports that it does not answer.
        return list(_of_linger())
    try:
        shown = systemctl.show(frame, list(owners))
    except ClodputerError as error:
        return [SchedulerProblem(error.code, error.message, error.hint)]
    of_units = [
        problem for unit, name in owners.items() for problem in _of_unit(name, unit, shown.get(unit, {}))
    ]
    return [*_of_linger(), *_of_manager(shown), *of_units]


def let_linger() -> str:
    """What to do for alarms that are to go off although nobody is logged in."""
    return f"To have it run at any time: {systemctl.LET_LINGER.format(account=quote(systemctl.account()))}"


def _of_linger() -> Iterator[SchedulerProblem]:
    account = systemctl.account()
    if not systemctl.lingers():
        yield SchedulerProblem(
            "no_linger",
            NO_LINGER.format(account=account),
            let_linger(),
            fatal=False,
            fix=("loginctl", "enable-linger", account),
        )


def _of_manager(shown: Mapping[str, Mapping[str, str]]) -> Iterator[SchedulerProblem]:
    stale = [unit for unit, one in shown.items() if one.get("NeedDaemonReload") == "yes"]
    if stale:
        yield SchedulerProblem(
            "units_stale",
            f"systemd has not read the files of {len(stale)} units since they were changed, such as {stale[0]}",
            "Run `systemctl --user daemon-reload`.",
            fatal=False,
            fix=("systemctl", "--user", "daemon-reload"),
        )


def _of_unit(name: str, unit: str, one: Mapping[str, str]) -> Iterator[SchedulerProblem]:
    state = one.get("LoadState", "")
    if state == "masked":
        fix = ("systemctl", "--user", "unmask", unit)
        yield SchedulerProblem(
            "unit_masked", f"{unit} is masked, so it never starts", _run(fix), name, fix=fix
        )
    elif state in ("bad-setting", "error"):
        hint = f"Look at what `systemctl --user status {unit}` says; `clodputer install` writes it again."
        yield SchedulerProblem("unit_wrong", f"systemd cannot read {unit}", hint, name)
    why = failure(one)
    if why and unit.endswith(SERVICE):
        hint = f"Look at what `journalctl --user -u {unit}` says. It is tried again with the next alarm."
        # A service may have failed by now and be started again by now; its alarms go on.
        yield SchedulerProblem(
            "unit_failed",
            f"{unit} failed: {why}",
            hint,
            name,
            fix=("systemctl", "--user", "reset-failed", unit),
        )
    elif why:
        fix = ("systemctl", "--user", "restart", unit)
        yield SchedulerProblem(
            "unit_failed", f"{unit} does not go off any more: {why}", _run(fix), name, fix=fix
        )
    added = one.get("DropInPaths", "")
    if added:
        what = f"{unit} is changed by {added}"
        yield SchedulerProblem(
            "unit_changed", what, "Nothing need be done if you made that change.", name, fatal=False
        )


def _run(fix: Sequence[str]) -> str:
    return f"Run `{' '.join(fix)}`."
