"""What systemd itself says of units that are not installed yet: one call for all of them, in a folder of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from shutil import which

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.systemd import control, parse
from clodputer.schedulers.systemd.place import TIMER
from clodputer.schedulers.unit import Frame, Trouble, Unit

_HINT = (
    "Fix the template of a person's own; if there is none, this is a fault of Clodputer: please tell of it."
)
# How many go into one call: far below what one command line may hold.
_AT_ONCE = 500


def verify(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """The complaints of systemd-analyze; none where it is not installed."""
    if not units or which("systemd-analyze") is None:
        return []
    try:
        return [*_calendars(frame, units), *_files(frame, units)]
    except ClodputerError as error:
        return [Trouble(error.code, error.message, error.hint, fatal=False)]


def _calendars(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """Lines that systemd cannot read, or that would never ring."""
    owners: dict[str, str] = {}
    for unit in units:
        for path, text in unit.files.items():
            if path.endswith(TIMER):
                lines = parse.parse(text)
                owners.update((value, unit.name) for _, key, value in lines if key == "OnCalendar")
    troubles = []
    specs = list(owners)
    for begin in range(0, len(specs), _AT_ONCE):
        ended = control.call(frame, "systemd-analyze", ["calendar", "--", *specs[begin : begin + _AT_ONCE]])
        if ended.returncode == 0:
            continue
        for spec in specs[begin : begin + _AT_ONCE]:
            if any(f"'{spec}'" in line for line in ended.stderr.splitlines()):
                what = f"systemd cannot read OnCalendar={spec}"
                troubles.append(Trouble("unit_wrong", what, _HINT, owners[spec]))
    return troubles


def _files(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """What `systemd-analyze verify` says of each file."""
    with tempfile.TemporaryDirectory(prefix="clodputer-verify-") as folder:
        owners = {}
        for unit in units:
            for path, text in unit.files.items():
                name = os.path.basename(path)
                owners[name] = unit.name
                with open(f"{folder}/{name}", "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.write(text)
        # It only wants to see that there is such a folder.
        more = {} if control.runtime_folder() else {"XDG_RUNTIME_DIR": folder}
        paths = [f"{folder}/{name}" for name in owners]
        ended = control.call(frame, "systemd-analyze", ["verify", "--user", *paths], more)
    troubles = []
    for line in ended.stderr.splitlines():
        name = next((name for name in owners if name in line), "")
        # Of other units of this person it speaks too, and of a shim that is not there yet.
        if name and not (frame.shim in line and not os.path.exists(frame.shim)):
            what = f"systemd says: {line.replace(f'{folder}/', '').strip()}"
            # An older systemd ignores what it does not know; slips of the pen are found by our own reading.
            troubles.append(Trouble("unit_wrong", what, _HINT, owners[name], fatal="Unknown" not in line))
    return troubles
