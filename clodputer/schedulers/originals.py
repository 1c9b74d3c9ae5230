"""What other programs had scheduled switched off after it was imported: nothing is deleted, and a copy is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from time import gmtime, strftime
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.cron import table
from clodputer.schedulers.launchd import launchctl
from clodputer.schedulers.systemd import systemctl
from clodputer.schedulers.unit import Frame

# As archive/imports/crontab.py knows it again.
MARK = "# imported by clodputer as "


class Original(NamedTuple):
    """What is to be switched off. name: a label, a timer, or the text of a line; line: its number; path: of its file.

    tasks: what it became.
    """

    name: str
    tasks: tuple[str, ...]
    path: str = ""
    line: int = 0


class Off(NamedTuple):
    """What became of one. problem: why it is still on; empty when it is off."""

    original: Original
    problem: str = ""


def switch_off(source: str, frame: Frame, originals: Sequence[Original], now: float) -> list[Off]:
    """Switch them off, each by itself. source: crontab, launchd or systemd. Raises ClodputerError, OSError for the crontab."""
    if source == "crontab":
        return _crontab(frame, originals)
    off = []
    for original in originals:
        try:
            _keep(frame, original.path, now)
            (_launchd if source == "launchd" else _systemd)(frame, original.name)
            off.append(Off(original))
        except ClodputerError as error:
            off.append(Off(original, error.message))
        except OSError as error:
            off.append(Off(original, f"no copy of it could be kept: {error.strerror}"))
    return off


def without(content: Optional[bytes], originals: Sequence[Original]) -> tuple[Optional[bytes], list[Off]]:
    """The table with these lines commented out, whose every other byte is unchanged; and what became of each. Pure."""
    if content is None:
        return None, [Off(original, "there is no crontab") for original in originals]
    lines = content.split(b"\n")
    off = []
    for original in originals:
        wanted = original.name.encode("utf-8", "surrogateescape")
        number = original.line - 1
        if 0 <= number < len(lines) and lines[number] == wanted:
            lines[number] = f"{MARK}{', '.join(original.tasks)}: ".encode() + wanted
            off.append(Off(original))
        else:
            off.append(Off(original, f"line {original.line} of the crontab has changed since"))
    return b"\n".join(lines), off


def _crontab(frame: Frame, originals: Sequence[Original]) -> list[Off]:
    off: list[Off] = []

    def edit(content: Optional[bytes]) -> Optional[bytes]:
        after, found = without(content, originals)
        # Asked again after another program wrote in between, it finds its own lines there.
        off[:] = off or found
        return after

    table.change(frame, edit)
    return off


def _launchd(frame: Frame, label: str) -> None:
    """Disable a job of launchd for good, and end it now; its property list stays. Raises ClodputerError."""
    ended = launchctl.call(frame, "disable", launchctl.target(label))
    if ended.returncode != 0:
        raise launchctl.failure(("disable", launchctl.target(label)), ended)
    if launchctl.loaded(frame, label) is not None:
        ended = launchctl.call(frame, "bootout", launchctl.target(label))
        if ended.returncode not in (0, 3, 36, 113):
            raise launchctl.failure(("bootout", launchctl.target(label)), ended)


def _systemd(frame: Frame, timer: str) -> None:
    """Disable a timer and stop it; its files stay. Raises ClodputerError."""
    ended = systemctl.systemctl(frame, "disable", "--now", timer)
    if ended.returncode != 0:
        raise ClodputerError(
            "original_on", f"`systemctl --user disable --now {timer}` failed: {tool.said(ended)}"
        )


def _keep(frame: Frame, path: str, now: float) -> None:
    """Copy its file, and the drop-ins, to `backup/` of the home. Raises OSError."""
    folder = f"{frame.home}/backup/imported.{strftime('%Y%m%dT%H%M%SZ', gmtime(now))}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    beside = [path, f"{path.removesuffix('.timer')}.service"] if path.endswith(".timer") else [path]
    for each in beside:
        if os.path.isfile(each):
            shutil.copyfile(each, f"{folder}/{os.path.basename(each)}")


def restorable(source: str) -> Mapping[str, str]:
    """How one is switched on again, for people."""
    return {
        "crontab": {"how": "crontab -e, and remove the words before the line"},
        "launchd": {
            "how": "launchctl enable gui/$(id -u)/LABEL, then launchctl bootstrap gui/$(id -u) PLIST"
        },
        "systemd": {"how": "systemctl --user enable --now TIMER"},
    }.get(source, {})
