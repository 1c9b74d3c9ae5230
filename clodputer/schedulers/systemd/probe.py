"""A unit that systemd starts once, for a look at what it gives to what it starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.systemd import systemctl, unitfile
from clodputer.schedulers.unit import Frame


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have the manager start the shim once, now, in the way in which it starts a unit; returns what takes it away."""
    if systemctl.away():
        raise systemctl.unreachable("")
    name = unitfile.name(frame, f"probe-{os.urandom(4).hex()}")
    ended = systemctl.call(
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
            f"systemd did not start {frame.shim}: {tool.said(ended)}",
            "Look at what `systemctl --user status` says.",
        )

    def take_away() -> None:
        systemctl.systemctl(frame, "stop", f"{name}.service")

    return take_away
