"""One key of config.yaml written or taken out by a program; every other byte of the file stays what it was."""

from __future__ import annotations

import os
import re
from json import dumps
from typing import Any, Callable, Optional

from clodputer.model.config.keys import COUNT, MONEY
from clodputer.model.config.settingkeys import BY_NAME
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home
from clodputer.store.settings.check import check
from clodputer.store.taskfiles import document

_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=[ \t]|$)""")
_COMMENT = re.compile(r"[ \t]+#")


# Called with the settings before and after a change; before: None where something is wrong with the file.
Allowed = Callable[[Optional[Settings], Settings], None]


def write(home: Home, name: str, text: Optional[str], allowed: Optional[Allowed] = None) -> bool:
    """Give a key the value in `text`, or take the key out (None); whether that changed the file.

    The file is replaced as a whole, and only by one whose values are the old ones but for this. allowed: raises ClodputerError
    for a change that is not to be made. Raises ClodputerError ("config_not_editable") where it would not be, OSError.
    """
    from filelock import FileLock

    with FileLock(f"{home.ledger}/config.lock", timeout=30):
        path = os.path.realpath(home.config)
        before = _content(home.config)
        after = _edited(before, name, text)
        if after is None:
            wanted = f"write {name}: {text}" if text is not None else f"take {name} out"
            raise ClodputerError(
                "config_not_editable",
                f"{home.config} is written in a way in which {name} cannot be changed without changing something else",
                f"Edit it by hand: {wanted}.",
            )
        if after == before:
            return False
        if allowed is not None:
            was = check(document.read(before.encode()), "")
            now = check(document.read(after.encode()), "")
            allowed(None if was.problems else Settings(**was.values), Settings(**now.values))
        mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o600
        atomic.write(path, after.encode(), mode=mode)
    return True


def _content(path: str) -> str:
    if not os.path.lexists(path):
        return ""
    try:
        return plainfile.read(path, document.LARGEST).content.decode()
    except (OSError, ValueError) as error:
        raise ClodputerError("config_invalid", f"{path}: {error}", "Fix it first.") from None


def _edited(before: str, name: str, text: Optional[str]) -> Optional[str]:
    """The new text of the file; None when there is no way to it that leaves all other values alone."""
    if text is None:
        return _proven(before, _without(before, name), name, None)
    for written in (text, dumps(text)):
        after = _proven(before, _with(before, name, written), name, text)
        if after is not None:
            return after
    return None


def _proven(before: str, after: str, name: str, text: Optional[str]) -> Optional[str]:
    """`after`, if it says what `before` says but for that key, and has no problem that `before` has not."""
    old, new = document.read(before.encode()), document.read(after.encode())
    values = {} if old.value is None else old.value
    if old.wrong or new.wrong or not isinstance(values, dict):
        return None
    wanted = {key: value for key, value in values.items() if key != name}
    found: Any = {} if new.value is None else new.value
    if not isinstance(found, dict) or {key: value for key, value in found.items() if key != name} != wanted:
        return None
    if text is None:
        return None if name in found else after
    is_text = BY_NAME[name].kind not in (COUNT, MONEY)
    if name not in found or (found[name] != text if is_text else isinstance(found[name], str)):
        return None
    known = {(problem.key, problem.message) for problem in check(old, "").problems}
    return after if {(problem.key, problem.message) for problem in check(new, "").problems} <= known else None


def _with(text: str, name: str, written: str) -> str:
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for number, line in enumerate(lines):
        head = _head(name).match(line)
        if head:
            bare = line.rstrip("\r\n")
            blank, tail = _around(bare[head.end() :])
            lines[number] = f"{head[0]}{blank or ' '}{written}{tail}{line[len(bare) :]}"
            return "".join(lines)
    # Below its own line among the comments, where there is one, else at the end.
    below = [number for number, line in enumerate(lines, 1) if re.match(rf"#[ \t]*{name}[ \t]*:", line)]
    place = below[-1] if below else len(lines)
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += ending
    lines.insert(place, f"{name}: {written}{ending}")
    return "".join(lines)


def _around(rest: str) -> tuple[str, str]:
    """The spaces before the value behind `key:` in a line, and what follows it: spaces, perhaps a comment."""
    value = rest.lstrip(" \t")
    blank = rest[: len(rest) - len(value)]
    quoted, comment = _QUOTED.match(value), _COMMENT.search(blank + value)
    if quoted:
        return blank, value[quoted.end() :]
    if comment:
        return (blank, rest[comment.start() :]) if comment.start() else ("", rest)
    return blank, value[len(value.rstrip()) :]


def _without(text: str, name: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not _head(name).match(line))


def _head(name: str) -> re.Pattern[str]:
    return re.compile(rf"\ufeff?([\"']?){name}\1[ \t]*:(?=\s|$)")
