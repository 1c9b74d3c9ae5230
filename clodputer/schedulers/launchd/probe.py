"""A job that launchd starts once, for a look at what it gives to what it starts; gone again afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from secrets import token_hex
from tempfile import mkdtemp
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import launchctl, plist
from clodputer.schedulers.launchd.apply import bootout, load
from clodputer.schedulers.unit import Frame


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have launchd start the shim once with these arguments; what takes the job away again. Raises ClodputerError."""
    refused = launchctl.refusal()
    if refused is not None:
        raise refused
    label = f"{plist.PREFIX}{plist.PROBE}.{token_hex(4)}"
    text = plist.written(frame, label, plist.PROBE, arguments, {})
    # Not among the LaunchAgents, where the next login would find it if we die.
    place = mkdtemp(prefix="clodputer-probe-")
    path = f"{place}/{label}.plist"

    def take_away() -> None:
        try:
            bootout(frame, label)
        finally:
            shutil.rmtree(place, ignore_errors=True)
            _forget_log(frame, label)

    try:
        os.makedirs(plist.logs(frame), mode=0o700, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
            file.write(text)
        load(frame, label, path, plist.fingerprint(text))
        words = ("kickstart", launchctl.target(label))
        ended = launchctl.call(frame, *words)
        if ended.returncode not in (0, launchctl.ALREADY):
            raise launchctl.failure(words, ended)
    except OSError as error:
        take_away()
        raise ClodputerError(
            "probe_failed",
            f"the probe cannot be written: {error}",
            "Check the permissions of your Library/Logs folder and of TMPDIR.",
        ) from None
    except BaseException:
        take_away()
        raise
    return take_away


def _forget_log(frame: Frame, label: str) -> None:
    try:
        os.unlink(f"{plist.logs(frame)}/{label}.log")
    except OSError:
        return
