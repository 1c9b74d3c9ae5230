"""launchctl: how it is asked, what its exit codes mean, and the little that may be read from its words."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from subprocess import CompletedProcess
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.launchd import plist
from clodputer.schedulers.unit import Frame

# `launchctl error N` explains each. Decisions go by these, for launchctl(1) says that what it prints is no interface.
NO_PROCESS, INPUT_OUTPUT, EXISTS, IN_PROGRESS, ALREADY = 3, 5, 17, 36, 37
NO_DOMAIN, NO_SERVICE, DISABLED, BAD_OWNER, NO_ACTION = 112, 113, 119, 122, 125

GONE = (NO_PROCESS, NO_SERVICE)
# There is no desktop session of ours, or none that we may load anything into.
NO_SESSION = (NO_DOMAIN, NO_ACTION)
# Perhaps it is loaded already, perhaps the old one is not gone yet, perhaps anything else: look, and try again.
UNCLEAR = (INPUT_OUTPUT, EXISTS, IN_PROGRESS, ALREADY)

MEANING = {
    NO_PROCESS: "no such process",
    INPUT_OUTPUT: "launchd's general answer to an ordinary user",
    109: "the plist is invalid",
    NO_DOMAIN: "there is no such session",
    NO_SERVICE: "launchd does not know it",
    DISABLED: "it is disabled",
    BAD_OWNER: "the plist's owner or mode is wrong",
    124: "the session is ending",
    NO_ACTION: "this session cannot do that",
    134: "this is the wrong kind of session",
    155: "the program is quarantined",
    159: "a sandbox forbids it",
    161: "it is switched off in System Settings, Login Items",
}
LOG = 'log show --last 10m --predicate \'process == "launchd" OR process == "xpcproxy"\''

_DISABLED = re.compile(r'^\s*"([^"]+)"\s*=>\s*(disabled|enabled|true|false)\s*$', re.MULTILINE)
_OURS = re.compile(r"\borg\.clodputer\.[A-Za-z0-9._-]+")


class Loaded(NamedTuple):
    """What `launchctl print` says of a job; what it does not say is empty. pid: 0 when no process is seen."""

    state: str
    pid: int
    last_exit: str
    fingerprint: str
    home: str


def domain() -> str:
    """The desktop session of the person we are."""
    return f"gui/{os.getuid()}"


def target(label: str) -> str:
    """A job, as launchctl wants it named."""
    return f"{domain()}/{label}"


def call(frame: Frame, *words: str) -> CompletedProcess[bytes]:
    """Run launchctl to its end. Raises ClodputerError when it is not there, or does not end in `frame.seconds`."""
    return program(frame, "launchctl", *words)


def program(frame: Frame, *words: str) -> CompletedProcess[bytes]:
    """Run one of the system's own programs to its end. Raises ClodputerError."""
    return tool.call(
        words,
        {**os.environ, "LC_ALL": "C"},
        frame.seconds,
        "launchctl",
        "launchd is part of macOS; is /bin on your PATH?",
        "Log out and in again; if it stays so, restart the computer.",
    )


def text(ended: CompletedProcess[bytes]) -> str:
    """What a program printed as its answer."""
    return ended.stdout.decode("utf-8", "replace")


def failure(words: Sequence[str], ended: CompletedProcess[bytes], hint: str = "") -> ClodputerError:
    """The error that a call of launchctl has become."""
    status = ended.returncode
    meaning = f" ({MEANING[status]})" if status in MEANING else ""
    return ClodputerError(
        "launchctl_failed",
        f"launchctl {' '.join(words)} ended with {status}{meaning}: {tool.said(ended)}",
        hint or f"What launchd itself says: {LOG}",
    )


def loaded(frame: Frame, label: str) -> Optional[Loaded]:
    """The job of this label as launchd has it now; None when it has none. Raises ClodputerError when that is not known."""
    words = ("print", target(label))
    ended = call(frame, *words)
    if ended.returncode == 0:
        return read(text(ended))
    if ended.returncode in (*GONE, *NO_SESSION):
        return None
    raise failure(words, ended)


def read(answer: str) -> Loaded:
    """What can be read from the words of `launchctl print` about a job."""
    pid = _value(answer, r"pid = (\d+)")
    return Loaded(
        _value(answer, r"state = (.+)"),
        int(pid) if pid else 0,
        _value(answer, r"last exit code = (.+)"),
        _value(answer, plist.FINGERPRINT + r" => ([0-9a-f]+)"),
        _value(answer, r"CLODPUTER_HOME => (.+)"),
    )


def _value(answer: str, pattern: str) -> str:
    found = re.search(rf"^\s*{pattern}$", answer, re.MULTILINE)
    return found[1].strip() if found else ""


def session(frame: Frame) -> Optional[set[str]]:
    """The labels with our prefix that the desktop session names, loaded or not; None when there is not ours.

    Raises ClodputerError when that is not known.
    """
    words = ("print", domain())
    ended = call(frame, *words)
    if ended.returncode == 0:
        return set(_OURS.findall(text(ended)))
    if ended.returncode in NO_SESSION:
        return None
    raise failure(words, ended)


def disabled(frame: Frame) -> set[str]:
    """The labels of ours that are disabled by an override, which outlives their files; none when that is not known."""
    ended = call(frame, "print-disabled", domain())
    states = _DISABLED.findall(text(ended))
    return {
        label for label, word in states if word in ("disabled", "true") and label.startswith(plist.PREFIX)
    }


def refusal() -> Optional[ClodputerError]:
    """Why we must not touch any units as who we are now; None when we may."""
    if os.geteuid() == 0 and os.environ.get("SUDO_UID"):
        return ClodputerError(
            "under_sudo",
            "under sudo the units would become root's, and never run as you",
            "Run the same command without sudo.",
        )
    return None
