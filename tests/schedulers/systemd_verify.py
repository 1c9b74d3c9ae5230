"""What systemd itself says of rendered units: one call for all of them, in a folder of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from shutil import which
from subprocess import run

from clodputer.schedulers.systemd import systemctl
from clodputer.schedulers.systemd.unitfile import TIMER
from clodputer.schedulers.unit import Frame, Unit
from tests.schedulers.systemd_parse import parse


def verified(frame: Frame, units: Sequence[Unit]) -> list[str]:
    """The complaints of systemd-analyze; none where it is not installed."""
    if which("systemd-analyze") is None:
        return []
    return [*_calendars(units), *_files(frame, units)]


def _calendars(units: Sequence[Unit]) -> list[str]:
    """Lines that systemd cannot read, or that would never come."""
    texts = [text for unit in units for path, text in unit.files.items() if path.endswith(TIMER)]
    specs = {line.value for text in texts for line in parse(text) if line.key == "OnCalendar"}
    said = _asked("calendar", "--", *sorted(specs)) if specs else ""
    return [f"systemd cannot read OnCalendar={spec}" for spec in specs if f"'{spec}'" in said]


def _files(frame: Frame, units: Sequence[Unit]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="clodputer-verify-") as folder:
        names = []
        for path, text in (item for unit in units for item in unit.files.items()):
            names.append(os.path.basename(path))
            with open(f"{folder}/{names[-1]}", "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        said = _asked("verify", "--user", *(f"{folder}/{name}" for name in names), folder=folder)
    # It speaks of other units of this person too, and of a shim that is not there yet.
    lines = [line for line in said.splitlines() if any(name in line for name in names)]
    return [line for line in lines if frame.shim not in line or os.path.exists(frame.shim)]


def _asked(*arguments: str, folder: str = "") -> str:
    environ = systemctl.environment()
    if folder and not systemctl.runtime_folder():
        environ["XDG_RUNTIME_DIR"] = folder  # it only wants to see that there is such a folder
    ended = run(["systemd-analyze", *arguments], env=environ, capture_output=True, text=True, timeout=60)
    return ended.stderr
