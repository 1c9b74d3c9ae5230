"""Our property lists: where they lie, what they are called, how they are written and read, and how we recognise them."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Optional
from xml.parsers.expat import ExpatError

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import template
from clodputer.schedulers.mark import Mark
from clodputer.schedulers.unit import Frame, unit_stem
from clodputer.store.log import joblogs

PREFIX = "org.clodputer."
PROBE = "probe"
TEMPLATE = "launchd/unit.plist.j2"
FINGERPRINT = "CLODPUTER_PLIST"
# SIGTERM to SIGKILL at bootout and logout: exec stops its agent's tree and puts the request back meanwhile.
EXIT_TIMEOUT = 60
# In characters; more than that is too much for launchd's own tools.
LARGEST = 256 * 1024

_MARK = re.compile(r"<!-- clodputer unit 1 kind=(?P<kind>\S+) task=(?P<task>\S*) home=(?P<home>\S+) -->")
# What XML 1.0 cannot hold (its section 2.2), and the carriage return, which a reader makes into a line feed.
_UNFIT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def folder(frame: Frame) -> str:
    """Where launchd looks for a person's units at each login."""
    return f"{frame.account}/Library/LaunchAgents"


def logs(frame: Frame) -> str:
    """Where what an exec prints is kept."""
    return joblogs.folder(frame.account)


def label(frame: Frame, kind: str, task: str = "") -> str:
    """What a unit is called."""
    return PREFIX + unit_stem(frame.home, frame.account, kind, task, ".")


def written(
    frame: Frame, name: str, kind: str, arguments: Sequence[str], starts: Mapping[str, Any], task: str = ""
) -> str:
    """The text of a unit that starts the shim with these arguments; `starts` says when, in the words of the template.

    Raises ClodputerError ("plist_invalid") for a value that a property list cannot hold: launchd would drop it silently.
    """
    values: dict[str, Any] = {
        "label": name,
        "mark": _line(Mark(frame.home, kind, task)),
        "home": frame.home,
        "arguments": [frame.shim, *arguments],
        # Not the person's own shell: claude was seen to hang in a login zsh's start-up files.
        "environment": {**frame.environment, "CLODPUTER_HOME": frame.home, "SHELL": "/bin/sh"},
        "log": f"{logs(frame)}/{name}.log",
        "exit_timeout": EXIT_TIMEOUT,
        "run_at_load": False,
        "queue": "",
        "watched": [],
        "interval": 0,
        "calendar": [],
        "listen": None,
        **starts,
    }
    _check(name, values)
    unmarked = template.filled(TEMPLATE, {**values, "fingerprint": ""}, xml=True)
    if len(unmarked) > LARGEST:
        raise ClodputerError(
            "plist_invalid",
            f"the plist of {name} would have {len(unmarked):,} characters, and launchd's tools take {LARGEST:,}",
            "Watch fewer folders in one task, or shorten PATH, then: clodputer install",
        )
    return template.filled(TEMPLATE, {**values, "fingerprint": digest(unmarked)}, xml=True)


def _check(name: str, values: Mapping[str, Any]) -> None:
    """Refuse texts that XML cannot hold, and paths that are not absolute."""
    texts = [values["home"], values["log"], values["queue"], *values["arguments"], *values["watched"]]
    for text in (*texts, *values["environment"], *values["environment"].values()):
        if _UNFIT.search(text):
            raise ClodputerError(
                "plist_invalid",
                f"the plist of {name} cannot hold {text!a}: XML has no such character",
                "Rename the folder, or correct the environment variable, that it comes from.",
            )
    for path in (values["home"], values["arguments"][0], values["log"], *values["watched"]):
        if not path.startswith("/"):
            raise ClodputerError(
                "plist_invalid", f"the plist of {name} needs an absolute path, not {path!a}", "Correct it."
            )


def digest(unmarked: str) -> str:
    """What tells the text of a unit, in which the place for this is empty, from others."""
    return sha256(unmarked.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def parsed(text: str) -> Optional[dict[str, Any]]:
    """The keys of an XML property list; None when it is none."""
    try:
        keys = plistlib.loads(text.encode("utf-8"), fmt=plistlib.FMT_XML)
    # plistlib lets through whatever its conversions of values raise; UnicodeEncodeError is a ValueError.
    except (ExpatError, ValueError, TypeError, AttributeError, OverflowError, plistlib.InvalidFileException):
        return None
    return keys if isinstance(keys, dict) else None


def fingerprint(text: str) -> str:
    """What a loaded job of this text is recognised by."""
    environment = (parsed(text) or {}).get("EnvironmentVariables")
    return str(environment.get(FINGERPRINT, "")) if isinstance(environment, dict) else ""


def mark(text: str) -> Optional[Mark]:
    """What the id line in a text says; None when it has none."""
    found = _MARK.search(text)
    return None if found is None else Mark(found["home"], found["kind"], found["task"]).decoded()


def _line(mark: Mark) -> str:
    home, kind, task = mark.coded()
    return f"clodputer unit 1 kind={kind} task={task} home={home}"
