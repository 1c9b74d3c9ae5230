"""What is wrong with a rendered plist, found by reading it back: launchd drops what it does not understand without a word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Callable

from clodputer.schedulers.launchd import plist
from clodputer.schedulers.launchd.calendar import MOST
from clodputer.schedulers.unit import Frame, Unit

# What a value must be, in words; "" when it is.
Rule = Callable[[Any], str]

LONGEST_LABEL = 200
_LABEL = re.compile(r"[A-Za-z0-9._-]+")
_LOWEST_HIGHEST = {"Minute": (0, 59), "Hour": (0, 23), "Day": (1, 31), "Weekday": (0, 7), "Month": (1, 12)}
_STARTS = ("QueueDirectories", "RunAtLoad", "StartCalendarInterval", "StartInterval", "WatchPaths")


def _whole(lowest: int, highest: int) -> Rule:
    # type() and not isinstance(): launchd ignores a <true/> where a number is due, and Python takes it for 1.
    return lambda value: (
        "" if type(value) is int and lowest <= value <= highest else f"a number from {lowest} to {highest}"
    )


def _flag(value: Any) -> str:
    return "" if value is True or value is False else "true or false"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value and "\0" not in value else "a text"


def _place(value: Any) -> str:
    return "" if not _text(value) and value.startswith("/") else "an absolute path"


def _places(value: Any) -> str:
    return "" if isinstance(value, list) and value and not any(map(_place, value)) else "absolute paths"


def _arguments(value: Any) -> str:
    sound = isinstance(value, list) and len(value) > 1 and not any(map(_text, value))
    return "" if sound and not _place(value[0]) else "a list: an absolute path and arguments"


def _environment(value: Any) -> str:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        return "texts only"
    if not all(folder.startswith("/") for folder in value.get("PATH", "").split(":")):
        return "a PATH of absolute folders"
    return "" if plist.FINGERPRINT in value else f"one that holds {plist.FINGERPRINT}"


def _limits(value: Any) -> str:
    sound = isinstance(value, dict) and set(value) == {"NumberOfFiles"}
    return "" if sound and not _whole(256, 1_000_000)(value["NumberOfFiles"]) else "NumberOfFiles from 256"


def _calendar(value: Any) -> str:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        return f"a list of 1 to {MOST} entries"
    return next((fault for fault in map(_entry, value) if fault), "")


def _entry(value: Any) -> str:
    if not isinstance(value, dict) or "Minute" not in value:
        return "entries that name a Minute; one that does not rings sixty times"
    for key, number in value.items():
        if key not in _LOWEST_HIGHEST:
            return f"entries of {', '.join(_LOWEST_HIGHEST)}, not {key}"
        if _whole(*_LOWEST_HIGHEST[key])(number):
            return "a {} from {} to {}".format(key, *_LOWEST_HIGHEST[key])
    return ""


NEEDED: Mapping[str, Rule] = {
    "Label": _text,
    "ProgramArguments": _arguments,
    "EnvironmentVariables": _environment,
    "WorkingDirectory": _place,
    "StandardOutPath": _place,
    "StandardErrorPath": _place,
    "ExitTimeOut": _whole(1, 3600),
    "SoftResourceLimits": _limits,
}
# All others are left out on purpose: KeepAlive and its like start a job again
# for ever, Disabled only seems to do something, and LimitLoadToSessionType was seen to keep jobs from being loaded.
ALLOWED: Mapping[str, Rule] = {
    **NEEDED,
    "RunAtLoad": _flag,
    "QueueDirectories": _places,
    "WatchPaths": _places,
    "ThrottleInterval": _whole(1, 3600),
    "StartInterval": _whole(1, 7 * 86400),
    "StartCalendarInterval": _calendar,
}


def faults(frame: Frame, unit: Unit) -> list[str]:
    """Everything that is wrong with a unit; it is parsed back."""
    if list(unit.files) != [f"{plist.folder(frame)}/{unit.name}.plist"]:
        return [
            f"its place is {', '.join(unit.files) or 'nowhere'}, where launchd does not find it by its label"
        ]
    (text,) = unit.files.values()
    if len(text) > plist.LARGEST:
        return [
            f"it has {len(text):,} characters; more than {plist.LARGEST:,} are too many for launchd's own tools"
        ]
    keys = plist.parsed(text)
    if keys is None:
        return ["it is no XML property list; perhaps a name in it holds a character that XML cannot"]
    found = [f"{name} is missing" for name in NEEDED if name not in keys]
    found += [f"{key} is not one of the keys we use" for key in keys if key not in ALLOWED]
    for key, rule in ALLOWED.items():
        wanted = rule(keys[key]) if key in keys else ""
        if wanted:
            found.append(f"{key} must be {wanted}; found {str(keys[key])[:60]!r}")
    return found or _disagreements(frame, unit, text, keys)


def _disagreements(frame: Frame, unit: Unit, text: str, keys: Mapping[str, Any]) -> list[str]:
    """What each value by itself does not show."""
    label, arguments = keys["Label"], keys["ProgramArguments"]
    mark = plist.mark(text)
    own = keys["EnvironmentVariables"][plist.FINGERPRINT]
    wanted = ["exec", "--task", unit.task] if unit.task else ["exec"]
    told = {
        f"its Label is {label}": label == unit.name,
        "its Label must have letters, digits, . _ - only, and not too many": len(label) <= LONGEST_LABEL
        and _LABEL.fullmatch(label) is not None,
        "its id line is missing or names something else": mark == (frame.home, unit.kind, unit.task),
        f"it does not start {frame.shim} with {' '.join(wanted)}": arguments == [frame.shim, *wanted],
        f"its {plist.FINGERPRINT} does not fit the rest": own != ""
        and plist.digest(text.replace(f">{own}<", "><")) == own,
        "no key in it says when to start": any(key in keys for key in _STARTS),
        "CLODPUTER_HOME in it is another one": keys["EnvironmentVariables"].get("CLODPUTER_HOME")
        == frame.home,
    }
    return [fault for fault, holds in told.items() if not holds]
