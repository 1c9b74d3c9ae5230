"""The scheduler `systemd`: a timer or path unit of the person's own manager rings each alarm; no root, no daemon of ours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.systemd import control, place, verify
from clodputer.schedulers.systemd import readback as systemd_check
from clodputer.schedulers.systemd.apply import apply
from clodputer.schedulers.systemd.found import inspect
from clodputer.schedulers.systemd.problems import NO_LINGER, let_linger, troubles
from clodputer.schedulers.systemd.unit import render
from clodputer.schedulers.unit import SWEEP, Answer, Frame, Trouble, Unit

__all__ = ["answers", "apply", "check", "inspect", "probe", "render", "ring", "troubles"]


def answers(frame: Frame) -> Answer:
    """Whether the manager of this person answers, and reads the folder into which we would write."""
    if control.away():
        error = control.unreachable("")
        account = control.account()
        passed_over = (
            f"systemd is passed over: it is not running, as {account} is not logged in. "
            "To have it ring instead: log in, then clodputer install --scheduler systemd"
        )
        return Answer(False, error.message, error.hint, notes=(passed_over,))
    try:
        ended = control.systemctl(frame, "show", "--property=Version,UnitPath")
        if ended.returncode:
            raise control.unreachable(control.said(ended))
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    told = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line)
    folder = place.folder(frame)
    read = told.get("UnitPath", "").split()
    # A path with a space in it is not printed, whatever it is.
    if read and folder not in read and "[unprintable]" not in read:
        return Answer(
            False,
            f"systemd does not read {folder}: XDG_CONFIG_HOME here is not the one it was started with",
            "Unset XDG_CONFIG_HOME, or set it in ~/.config/environment.d/ and log in anew.",
        )
    notes = []
    if not control.lingers():
        account = control.account()
        notes.append(f"{NO_LINGER.format(account=account)}. {let_linger()}")
    return Answer(True, f"systemd {told.get('Version', '')}".strip(), notes=tuple(notes))


def check(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """What is wrong with rendered units: by our own reading, and then by systemd's, where its tools are there."""
    return systemd_check.check(frame, units) or verify.verify(frame, units)


def ring(frame: Frame) -> None:
    """Have the sweep's unit started now; it stays as it is when it is at work."""
    try:
        control.systemctl(frame, "start", "--no-block", place.name(frame, SWEEP) + place.SERVICE)
    except ClodputerError:
        return  # then the sweep comes in its time


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have the manager start the shim once, now, in the way in which it starts a unit; returns what takes it away."""
    if control.away():
        raise control.unreachable("")
    name = place.name(frame, f"probe-{os.urandom(4).hex()}")
    ended = control.call(
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
            f"systemd did not start {frame.shim}: {control.said(ended)}",
            "Look at what `systemctl --user status` says.",
        )

    def take_away() -> None:
        control.systemctl(frame, "stop", f"{name}.service")

    return take_away
