"""The system's own `crontab` program: how it is called, and what its failures mean."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from subprocess import CompletedProcess
from typing import NoReturn, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.unit import Frame

# How the crontab programs of Debian, cronie, busybox and macOS say that there is no table.
_NONE = re.compile(r"no crontab for |can't open '[^/']*': No such file")
_DENIED = re.compile(r"not allowed to use|not allowed to access|permission denied", re.IGNORECASE)


def call(
    frame: Frame, argument: str, environment: Optional[Mapping[str, str]] = None, folder: Optional[str] = None
) -> CompletedProcess[bytes]:
    """Start `crontab` with one argument; a file is named as it is called in `folder`, for Debian's takes 99 letters of a path.

    Raises ClodputerError when it cannot be started or does not end.
    """
    kept = {name: value for name, value in os.environ.items() if name != "CRONTAB_NOHEADER"}
    return tool.call(
        ["crontab", argument],
        {**kept, "LC_ALL": "C", **(environment or {})},
        frame.seconds,
        "crontab",
        "Install cron (Debian, Ubuntu: `apt install cron`; Fedora: `dnf install cronie`), or choose another scheduler.",
        "Try `crontab -l` in a terminal.",
        folder,
    )


def none(ended: CompletedProcess[bytes]) -> bool:
    """Whether a failed call says that the person has no table."""
    return bool(_NONE.search(tool.said(ended)))


def unreadable(text: str) -> NoReturn:
    """Raise what a failed `crontab -l` amounts to."""
    if _DENIED.search(text):
        raise ClodputerError(
            "crontab_denied",
            f"you may not use crontab: {text}",
            "The files /etc/cron.allow and /etc/cron.deny say who may; ask the administrator of this computer.",
        )
    raise ClodputerError(
        "crontab_unreadable",
        f"`crontab -l` failed: {text}",
        "Nothing was changed. Try it in a terminal.",
    )


def failed(argument: str, text: str) -> NoReturn:
    """Raise what a failed change amounts to."""
    raise ClodputerError(
        "crontab_refused",
        f"`crontab {argument}` failed: {text}",
        "Your crontab is unchanged. If it names a line of yours, correct that with `crontab -e`, then try again.",
    )
