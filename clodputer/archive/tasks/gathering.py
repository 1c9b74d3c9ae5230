"""What a source of `import` holds, read from where it lies: files of bounded size, and never more than so many."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from xml.parsers.expat import ExpatError

from clodputer.archive.imports import claude_code_queue, crontab, github_workflow, launchd, shell, systemd
from clodputer.archive.imports.values import LEFT, UNSAID, Entry, Facts
from clodputer.model.errors import ClodputerError
from clodputer.store.files import plainfile
from clodputer.store.folder import entries
from clodputer.store.taskfiles import document

LARGEST = 4 * 1024 * 1024
LARGEST_SCRIPT = 256 * 1024
MOST_FILES = 2000
STDIN = "-"
# What plistlib raises for what is no property list.
_NO_PLIST = (ExpatError, ValueError, TypeError, LookupError, RecursionError, OverflowError, AttributeError)


class Source(NamedTuple):
    """A source: where it lies unless somebody says so, below the home folder or, with `here`, the working directory.

    endings: of its files in a folder. read: the entries of one file.
    """

    place: str
    endings: tuple[str, ...]
    read: Callable[[str, bytes, Facts], list[Entry]]
    here: bool = False


def _crontab(where: str, content: bytes, facts: Facts) -> list[Entry]:
    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return crontab.read(text, facts, system=where.startswith("/etc/"))


def _launchd(where: str, content: bytes, facts: Facts) -> list[Entry]:
    try:
        job = plistlib.loads(content)
    except _NO_PLIST as error:
        return [Entry(where, "", UNSAID, f"it is not a property list: {str(error)[:200]}", original=where)]
    return launchd.read(job, where, facts)


def _systemd(where: str, content: bytes, facts: Facts) -> list[Entry]:
    folder, name = os.path.split(where)
    timer = systemd.unit([content.decode("utf-8", "replace"), *_drop_ins(where)])
    beside = os.path.join(folder, os.path.basename(systemd.service_of(name.removesuffix(".timer"), timer)))
    service = None
    if os.path.isfile(beside):
        service = systemd.unit([_read(beside).decode("utf-8", "replace"), *_drop_ins(beside)])
    enabled = os.path.lexists(f"{folder}/timers.target.wants/{name}")
    return [one._replace(where=where) for one in systemd.read(name, timer, service, facts, enabled=enabled)]


def _drop_ins(path: str) -> Iterator[str]:
    for name in sorted(entries(f"{path}.d"))[:100]:
        if name.endswith(".conf"):
            yield _read(f"{path}.d/{name}").decode("utf-8", "replace")


def _queue(where: str, content: bytes, facts: Facts) -> list[Entry]:
    matter, prompt = claude_code_queue.front(content.decode("utf-8", "replace"))
    found = document.parse(matter)
    problem = f"line {found.wrong[0].line + 1}: {found.wrong[0].message}" if found.wrong else ""
    return [claude_code_queue.read(where, found.value, prompt, facts, problem)]


def _workflow(where: str, content: bytes, facts: Facts) -> list[Entry]:
    found = document.read(content)
    if found.wrong:
        message = f"line {found.wrong[0].line}: {found.wrong[0].message}"
        return [Entry(where, "", UNSAID, message, original=where)]
    # Its jobs work in the repository in which the file lies.
    folder = os.path.dirname(where)
    checkout = os.path.dirname(os.path.dirname(folder)) if folder.endswith(".github/workflows") else ""
    return github_workflow.read(found.value, where, facts._replace(folder=checkout))


SOURCES: Mapping[str, Source] = {
    "crontab": Source("", (), _crontab),
    "launchd": Source("Library/LaunchAgents", (".plist",), _launchd),
    "systemd": Source(".config/systemd/user", (".timer",), _systemd),
    "claude-code-queue": Source(".claude-queue", (".md",), _queue),
    "github-workflow": Source(".github/workflows", (".yml", ".yaml"), _workflow, here=True),
}


def gather(source: str, where: str, facts: Facts, content: bytes = b"") -> list[Entry]:
    """The entries of a source. where: a file or a folder; empty for its usual place, STDIN for `content`.

    Raises ClodputerError ("no_source") when there is nothing to read.
    """
    return [_with_script(entry) for entry in _gathered(source, where, facts, content)]


def _with_script(entry: Entry) -> Entry:
    """The entry; one that starts a script which calls `claude -p` is not left alone without a word."""
    for path in entry.programs[:10] if entry.fate == LEFT else ():
        try:
            text = plainfile.read(path, LARGEST_SCRIPT).content
        except (OSError, ValueError):
            continue
        if text[:2] == b"#!" and shell.names_claude(text[:LARGEST_SCRIPT].decode("utf-8", "replace")):
            why = f"it runs the script {path}, which calls claude -p; make a task of that yourself: clodputer new NAME"
            return entry._replace(fate=UNSAID, reason=why)
    return entry


def _gathered(source: str, where: str, facts: Facts, content: bytes) -> list[Entry]:
    kind = SOURCES[source]
    if where == STDIN or (source == "crontab" and not where):
        return kind.read("crontab" if source == "crontab" else "stdin", content, facts)
    base = os.getcwd() if kind.here else facts.account
    place = os.path.abspath(os.path.expanduser(where)) if where else f"{base}/{kind.place}"
    if not os.path.isdir(place):
        return kind.read(place, _given(place), facts)
    found: list[Entry] = []
    for path in _files(source, place, kind.endings):
        try:
            content = _read(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            found.append(Entry(path, "", UNSAID, f"it cannot be read: {why}", original=path))
            continue
        found += kind.read(path, content, facts)
    return found


def _files(source: str, place: str, endings: tuple[str, ...]) -> list[str]:
    folders = [f"{place}/queue", f"{place}/bank"] if source == "claude-code-queue" else [place]
    if source == "claude-code-queue" and not any(map(os.path.isdir, folders)):
        folders = [place]
    paths = [
        f"{folder}/{name}" for folder in folders for name in sorted(entries(folder)) if name.endswith(endings)
    ]
    if len(paths) > MOST_FILES:
        raise ClodputerError("no_source", f"{place} holds more than {MOST_FILES} files", "Name one of them.")
    return paths


def _given(path: str) -> bytes:
    try:
        return _read(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ClodputerError("no_source", f"{path} cannot be read: {why}") from None


def _read(path: str) -> bytes:
    content = plainfile.read(path, LARGEST).content
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return content
