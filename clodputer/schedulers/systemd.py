"""The scheduler `systemd`: a timer or path unit of the person's own manager rings each alarm; no root, no daemon of ours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import systemd_check, systemd_control, systemd_place, systemd_verify
from clodputer.schedulers.systemd_apply import apply
from clodputer.schedulers.systemd_found import inspect
from clodputer.schedulers.systemd_troubles import NO_LINGER, let_linger, troubles
from clodputer.schedulers.systemd_unit import render
from clodputer.schedulers.unit import SWEEP, Answer, Frame, Trouble, Unit

__all__ = ["answers", "apply", "check", "inspect", "probe", "render", "ring", "troubles"]


def answers(frame: Frame) -> Answer:
    """Whether the manager of this person answers, and reads the folder into which we would write."""
    if systemd_control.away():
        error = systemd_control.unreachable("")
        account = systemd_control.account()
        passed_over = (
            f"systemd is passed over: it is not running, as {account} is not logged in. "
            "To have it ring instead: log in, then clodputer install --scheduler systemd"
        )
        return Answer(False, error.message, error.hint, notes=(passed_over,))
    try:
        ended = systemd_control.systemctl(frame, "show", "--property=Version,UnitPath")
        if ended.returncode:
            raise systemd_control.unreachable(systemd_control.said(ended))
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    told = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line)
    folder = systemd_place.folder(frame)
    read = told.get("UnitPath", "").split()
    # A path with a space in it is not printed, whatever it is.
    if read and folder not in read and "[unprintable]" not in read:
        return Answer(
            False,
            f"systemd does not read {folder}: XDG_CONFIG_HOME here is not the one it was started with",
            "Unset XDG_CONFIG_HOME, or set it in ~/.config/environment.d/ and log in anew.",
        )
    notes = []
    if not systemd_control.lingers():
        account = systemd_control.account()
        notes.append(f"{NO_LINGER.format(account=account)}. {let_linger()}")
    return Answer(True, f"systemd {told.get('Version', '')}".strip(), notes=tuple(notes))


def check(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """What is wrong with rendered units: by our own reading, and then by systemd's, where its tools are there."""
    return systemd_check.check(frame, units) or systemd_verify.verify(frame, units)


def ring(frame: Frame) -> None:
    """Have the sweep's unit started now; it stays as it is when it is at work."""
    try:
        systemd_control.systemctl(
            frame, "start", "--no-block", systemd_place.name(frame, SWEEP) + systemd_place.SERVICE
        )
    except ClodputerError:
        return  # then the sweep comes in its time


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have the manager start the shim once, now, in the way in which it starts a unit; returns what takes it away."""
    if systemd_control.away():
        raise systemd_control.unreachable("")
    name = systemd_place.name(frame, f"probe-{os.urandom(4).hex()}")
    ended = systemd_control.call(
        frame,
        "systemd-run",
        [
            "--user",
            "--quiet",
            "--collect",
            "--no-block",
            f"--unit={name}",
            "--description=Clodputer: a probe",
            "--service-type=oneshot",
            "--property=KillMode=mixed",
            "--property=SyslogIdentifier=clodputer",
            *(f"--setenv={key}={value}" for key, value in sorted(frame.environment.items())),
            "--",
            frame.shim,
            # The manager puts variables into arguments, as in a unit file.
            *(argument.replace("$", "$$") for argument in arguments),
        ],
    )
    if ended.returncode:
        raise ClodputerError(
            "probe_failed",
            f"systemd did not start {frame.shim}: {systemd_control.said(ended)}",
            "Look at what `systemctl --user status` says.",
        )

    def take_away() -> None:
        systemd_control.systemctl(frame, "stop", f"{name}.service")

    return take_away
