"""What keeps cron from doing its part, and what in the person's crontab has a say in our lines; found by looking."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import block as cron_block
from clodputer.schedulers.cron import table as cron_table
from clodputer.schedulers.unit import FoundUnit, Frame, SchedulerProblem, Unit

_DAEMONS = ("cron", "crond", "fcron", "bcron-sched")
# A "cron" made of systemd's timers has no daemon of its own.
_TARGETS = ("/lib/systemd/system/cron.target", "/usr/lib/systemd/system/cron.target")
_SETTING = re.compile(r"""\s*(["']?)([A-Za-z_]\w*)\1\s*=\s*(.*?)\s*""")
_NO_SHELLS = ("nologin", "false", "true")
_EDITED = "crontab_edited"


class Daemon(NamedTuple):
    """A running cron. started: epoch seconds."""

    pid: int
    started: float


def daemon() -> Optional[Daemon]:
    """The cron that is running, if any can be seen."""
    import psutil

    for process in psutil.process_iter(["name", "status", "create_time"]):
        if process.info["name"] in _DAEMONS and process.info["status"] != psutil.STATUS_ZOMBIE:
            return Daemon(process.pid, process.info["create_time"] or 0.0)
    return None


def daemon_problem() -> Optional[SchedulerProblem]:
    """That no cron is running, if so."""
    if sys.platform == "darwin":
        return None  # launchd starts it when there is a crontab
    if daemon() is not None or (os.path.isdir("/run/systemd/system") and any(map(os.path.exists, _TARGETS))):
        return None
    return SchedulerProblem(
        "cron_not_running",
        "no cron is running, so no task is started",
        "Start it: `sudo systemctl enable --now cron` (Fedora: crond), or `sudo service cron start`.",
    )


def problems(frame: Frame, units: Sequence[Unit], found: Sequence[FoundUnit]) -> list[SchedulerProblem]:  # noqa: ARG001
    """What a doctor sees of cron and of the person's own lines; the table is read again, as it says more than `found`."""
    seen = [daemon_problem(), _other_zone()]
    try:
        table = cron_table.read(frame) or b""
        blocks = cron_block.read(table)
    except ClodputerError as error:
        return [one for one in seen if one is not None] + [
            SchedulerProblem(error.code, error.message, error.hint)
        ]
    mine = next((block for block in blocks if block.home == frame.home), None)
    if mine is None and units:
        seen.append(
            SchedulerProblem(
                "crontab_block_missing",
                "your crontab no longer has the lines of Clodputer",
                "Run `clodputer install`. A `crontab -e` that was open meanwhile may have put an older crontab back.",
            )
        )
    if mine is not None and mine.edited:
        seen.append(
            SchedulerProblem(
                _EDITED,
                f"the lines of Clodputer in your crontab, from line {mine.line} on, were edited",
                "`clodputer install` writes them again and keeps a copy. Change in the task file when a task is due.",
                fatal=False,
            )
        )
    above = mine.line if mine is not None else sys.maxsize
    for number, line in cron_block.outside(table, blocks):
        setting = _SETTING.fullmatch(line)
        if setting is not None and number < above:
            seen.append(_of_setting(number, setting[2], setting[3].strip("\"'")))
        elif "clodputer" in line and not line.lstrip().startswith("#") and setting is None:
            seen.append(
                SchedulerProblem(
                    "crontab_other_line",
                    f"line {number} of your crontab calls clodputer too, outside of its block",
                    "It does no harm; remove it with `crontab -e` if it is left over.",
                    fatal=False,
                )
            )
    return [one for one in seen if one is not None]


def _of_setting(number: int, name: str, value: str) -> Optional[SchedulerProblem]:
    """What a setting of the person's, which holds for all lines below it, does to ours."""
    where = f"line {number} of your crontab, {name}={value},"
    if name == "SHELL" and (os.path.basename(value) in _NO_SHELLS or not os.access(value, os.X_OK)):
        return SchedulerProblem(
            "crontab_shell",
            f"{where} is not a shell, so cron starts none of the lines below it",
            "Fix it, or put it below the lines of Clodputer.",
        )
    if name == "HOME" and not os.path.isdir(value):
        return SchedulerProblem(
            "crontab_home",
            f"{where} is not a folder, so cron starts none of the lines below it",
            "Fix it, or put it below the lines of Clodputer.",
        )
    if name == "MAILTO" and value:
        return SchedulerProblem(
            "crontab_mail",
            f"{where} has cron mail what its lines print; Clodputer prints only when it cannot start",
            fatal=False,
        )
    if name == "CRON_TZ":
        return SchedulerProblem(
            "crontab_zone",
            f"{where} makes some versions of cron use another time zone; the line for every minute makes up for it",
            "Put it below the lines of Clodputer to have them start at once.",
            fatal=False,
        )
    return None


def _other_zone() -> Optional[SchedulerProblem]:
    """Cron reads the system's time zone when it starts."""
    running = daemon()
    try:
        changed = os.lstat("/etc/localtime").st_ctime
    except OSError:
        return None
    if running is None or running.started >= changed:
        return None
    return SchedulerProblem(
        "cron_zone",
        "the time zone of the system was changed after cron was started; cron goes by the old one, "
        "and the line for every minute makes up for it",
        "Start cron again: `sudo systemctl restart cron`, or `sudo service cron restart`.",
        fatal=False,
    )
