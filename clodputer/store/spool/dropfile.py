"""The four forms of a dropped file, read safely: links, pipes, folders and giants are never opened."""

from __future__ import annotations

import os
import stat
from errno import ELOOP
from typing import Any, NamedTuple

from clodputer.model.request import is_id
from clodputer.model.task import is_name
from clodputer.model.text.jsontext import loads

# A request is a few lines; a prompt's body a few pages. Larger things belong in files that the prompt names.
LARGEST = 1024 * 1024
LONGEST_NAME = 150
FENCE = "---"

FORMS = (
    "Drop NAME.json or NAME.yaml with the request's fields, NAME.md with `task:` between two --- lines and the text below, "
    "or an empty file named like a task."
)


class Unreadable(ValueError):
    """The file is no request. `incomplete`: it may still be on its way, so look again before giving up on it."""

    def __init__(self, message: str, *, incomplete: bool = False) -> None:
        super().__init__(message)
        self.incomplete = incomplete


class Dropped(NamedTuple):
    """A dropped file's fields, and what the file system says of it (moments in epoch seconds).

    whole: False for a text without a final newline: half a YAML file is often valid YAML, so its writer may not be done.
    """

    fields: Any
    dropped_at: float
    written_at: float
    inode: int
    whole: bool


def read(path: str, name: str) -> Dropped:
    """Read the file at `path` that was dropped as `name`. Raises Unreadable, FileNotFoundError, OSError."""
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        raise Unreadable(f"its name is longer than {LONGEST_NAME} bytes; give it a shorter one")
    if not name.isprintable():
        raise Unreadable("its name holds control characters or is not UTF-8; give it a plain name")
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"it is {_kind(found.st_mode)}, not a regular file; drop the file itself")
    if found.st_size > LARGEST:
        raise Unreadable(
            f"it has {found.st_size} bytes, more than {LARGEST}; put the bulk into a file that the prompt names"
        )
    if name.startswith("."):
        # Editors and rsync write beside the final name under a dotted one and rename it when it is whole.
        raise Unreadable("its name begins with a dot; rename it", incomplete=True)
    data = _read(path)
    whole = not data or data.endswith(b"\n") or name.lower().endswith(".json")
    return Dropped(_fields(name, data), found.st_ctime, found.st_mtime, found.st_ino, whole)


def id_inside(path: str, name: str) -> str:
    """The id that a dropped file brings along; empty when it gets one later, or cannot be read."""
    named = _field(path, name, "id")
    return named if is_id(named) else ""


def task_inside(path: str, name: str) -> str:
    """The task that a file names, whatever else is wrong with it; empty when it cannot be read."""
    named = _field(path, name, "task")
    return named if is_name(named) else ""


def _field(path: str, name: str, key: str) -> str:
    try:
        fields = read(path, name).fields
    except (Unreadable, OSError):
        return ""
    named = fields.get(key) if isinstance(fields, dict) else None
    return named if isinstance(named, str) else ""


def _read(path: str) -> bytes:
    # O_NOFOLLOW and O_NONBLOCK: the name may have been exchanged for a link or a pipe since we looked.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise Unreadable("it cannot be read: permission denied; make it readable for this account") from None
    except OSError as error:
        if error.errno == ELOOP:
            raise Unreadable("it is a symbolic link, not a regular file; drop the file itself") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        return file.read(LARGEST + 1)


def _fields(name: str, data: bytes) -> Any:
    extension = os.path.splitext(name)[1].lower()
    if extension == ".json":
        return _json(data)
    if extension in (".yaml", ".yml"):
        return _yaml(data, 0)
    if extension == ".md":
        return _front_matter(data)
    if not data and is_name(name):
        return {"task": name}
    raise Unreadable(f"it has none of the forms of a request. {FORMS}", incomplete=True)


def _text(data: bytes) -> str:
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 text: {error}", incomplete=True) from None


def _json(data: bytes) -> Any:
    text = _text(data)
    try:
        return loads(text)
    except ValueError as error:
        raise Unreadable(f"it is not JSON: {error}", incomplete=True) from None


def _yaml(data: bytes, before: int) -> Any:
    from clodputer.store.taskfiles import document as taskfile_yaml

    document = taskfile_yaml.read(data)
    if document.wrong:
        problems = "; ".join(f"line {wrong.line + before}: {wrong.message}" for wrong in document.wrong)
        raise Unreadable(problems, incomplete=True)
    return document.value


def _front_matter(data: bytes) -> Any:
    lines = _text(data).splitlines(keepends=True)
    if not lines or lines[0].rstrip() != FENCE:
        raise Unreadable(f"its first line is not {FENCE}. {FORMS}", incomplete=True)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), 0)
    if not end:
        raise Unreadable(f"it has no second line {FENCE} to end its fields. {FORMS}", incomplete=True)
    fields = _yaml("".join(lines[1:end]).encode(), 1)
    body = "".join(lines[end + 1 :])
    if not isinstance(fields, dict):
        raise Unreadable(f"it names no fields between its two lines {FENCE}. {FORMS}")
    if body.strip() and "body" in fields:
        raise Unreadable("it has both a body: field and a text below; keep one of them")
    return {**fields, "body": body} if body.strip() else fields


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISCHR, "a device"),
    )
    return next((word for test, word in kinds if test(mode)), "something unknown")
