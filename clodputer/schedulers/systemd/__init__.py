"""systemd, the scheduler of most Linux systems: a timer or path unit of the person's own manager serves each alarm."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.systemd import systemctl, unitfile
from clodputer.schedulers.systemd.apply import apply, start
from clodputer.schedulers.systemd.inspect import inspect, written
from clodputer.schedulers.systemd.probe import probe
from clodputer.schedulers.systemd.problems import NO_LINGER, let_linger, problems
from clodputer.schedulers.systemd.render import render
from clodputer.schedulers.unit import Answer, Frame

__all__ = ["answers", "apply", "inspect", "probe", "problems", "render", "start", "written"]


def answers(frame: Frame) -> Answer:
    """Whether the manager of this person answers, and reads the folder into which we would write."""
    if systemctl.away():
        error = systemctl.unreachable("")
        account = systemctl.account()
        passed_over = (
            f"systemd is not used: it is not running, as {account} is not logged in. "
            "To use it instead: log in, then clodputer install --scheduler systemd"
        )
        return Answer(False, error.message, error.hint, notes=(passed_over,))
    try:
        ended = systemctl.systemctl(frame, "show", "--property=Version,UnitPath")
        if ended.returncode:
            raise systemctl.unreachable(tool.said(ended))
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    properties = dict(line.split("=", 1) for line in systemctl.text(ended).splitlines() if "=" in line)
    folder = unitfile.folder(frame)
    read = properties.get("UnitPath", "").split()
    # A path with a space in it is not printed, whatever it is.
    if read and folder not in read and "[unprintable]" not in read:
        return Answer(
            False,
            f"systemd does not read {folder}: XDG_CONFIG_HOME here is not the one it was started with",
            "Unset XDG_CONFIG_HOME, or set it in ~/.config/environment.d/ and log in again.",
        )
    notes = []
    if not systemctl.lingers():
        account = systemctl.account()
        notes.append(f"{NO_LINGER.format(account=account)}. {let_linger()}")
    return Answer(True, f"systemd {properties.get('Version', '')}".strip(), notes=tuple(notes))
