"""A look at a report, made in a child process: read within bounds, its findings told apart, those that are new weighed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.findings import complaint, judge
from clodputer.model.findings.finding import MOST, Damaged, Finding, Limits, Report
from clodputer.model.findings.fingerprint import Named, fingerprints
from clodputer.model.findings.formats import FORMATS
from clodputer.model.findings.moved import moved
from clodputer.model.findings.weigh import score
from clodputer.model.text.filename import shown
from clodputer.model.text.moment import format_duration
from clodputer.model.triggers.tool import Ended
from clodputer.store.files import plainfile
from clodputer.store.home import Home
from clodputer.store.triggers import tools
from clodputer.triggers.findings import churn
from clodputer.triggers.findings.source import Sources, relative

# A report is read as a whole; in bytes. ruff needs some 700 for a finding.
LARGEST = 16 * 1024 * 1024
# Of the findings that may become requests so many are described, those with the highest scores.
MOST_CANDIDATES = 100
# What a tool says beside its report; in bytes.
LARGEST_SAID = 1024 * 1024
# A report of which a part can look like the whole is read once nobody has written to it for so many seconds.
RESTED = 10.0
# A file's time may be of the second before, on file systems that count in seconds or two of them.
COARSE = 2.0

_STOPPED = {
    "timeout": "took longer than its timeout of {timeout}",
    "output_too_large": f"printed more than {LARGEST // 1024 // 1024} MB; let it check less, or fewer rules",
}


class Wish(NamedTuple):
    """What is looked for. file: of the report, empty for what the tool prints. timeout: of the tool, in seconds. records: all
    that the report holds is taken as known.
    """

    format: str
    limits: Limits
    folder: str
    file: str
    timeout: float
    records: bool


def of_tool(home: Home, task: str, mark: str, wish: Wish, entry: judge.Entry) -> dict[str, Any]:
    """What the report of the tool's latest run holds, as JSON: `nothing`, or `capped` with the reason, or as `_seen` has it."""
    run, fields = tools.newest(home, task, mark)
    if fields is None or entry["source"] == run:
        return {"nothing": True}
    ended = Ended(**fields)
    fault = _fault(ended, wish)
    if fault:
        return {"source": run, "began": ended.began, "capped": fault}
    place = tools.folder(home, task, mark, run)
    path, name = f"{place}/{tools.STDOUT}", "what the tool printed"
    if wish.file:
        path = os.path.join(wish.folder, wish.file)
        name = shown(path)
        fault = _stale(path, ended.began)
    said = _said(f"{place}/{tools.STDERR}")
    fault = fault or complaint.looked_at_nothing(said)
    seen = {"capped": fault} if fault else _read(path, name, ended.said, wish, entry, said, ended.program)
    return {**seen, "source": run, "began": ended.began}


def of_file(wish: Wish, entry: judge.Entry, now: float) -> dict[str, Any]:
    """The same of a file that another program writes; nothing when it is the one that was looked at last, and nothing of it
    waits for a request, or while it is being written.
    """
    path = os.path.join(wish.folder, wish.file)
    try:
        source, written = _version(path)
        if entry["source"] == source and not judge.numbers(entry)[judge.WAITING]:
            return {"nothing": True}
        if FORMATS[wish.format].endless and abs(now - written) < RESTED:
            return {"nothing": True}
        seen = _read(path, shown(path), "", wish, entry)
        return {**seen, "source": source} if _version(path)[0] == source else {"nothing": True}
    except OSError as error:
        return {"source": None, "capped": f"{shown(path)} cannot be read: {error.strerror or error}"}


def _version(path: str) -> tuple[str, float]:
    """A name for a file as it is now, and when it was written (epoch seconds). Raises OSError."""
    status = os.stat(path)
    # One that was written is another file, whatever it holds.
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}", status.st_mtime


def _said(path: str) -> str:
    """What a tool wrote to stderr; empty when that cannot be read."""
    try:
        return plainfile.read(path, LARGEST_SAID).content.decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _stale(path: str, began: float) -> str:
    """Why a file is not what a tool has written since it began; empty when it is."""
    try:
        if os.stat(path).st_mtime < began - COARSE:
            return f"the tool has not written {shown(path)} again"
    except OSError as error:
        return f"{shown(path)} cannot be read: {error.strerror or error}"
    return ""


def _fault(ended: Ended, wish: Wish) -> str:
    """Why the tool has not looked at everything; empty when it has."""
    said = f"; it said: {ended.said}" if ended.said else ""
    if ended.problem:
        return ended.problem
    if ended.stopped:
        why = _STOPPED.get(ended.stopped, f"was stopped ({ended.stopped})")
        return f"the tool {why.format(timeout=format_duration(wish.timeout))}{said}"
    if ended.signal is not None:
        return f"the tool was ended by signal {ended.signal}{said}"
    if ended.status not in FORMATS[wish.format].ended:
        return f"the tool exited with status {ended.status}{said}"
    return ""


def _read(
    path: str, name: str, last_words: str, wish: Wish, entry: judge.Entry, said: str = "", program: str = ""
) -> dict[str, Any]:
    """said: all that the tool wrote to stderr, and last_words the end of it. program: what changes with the tool's program."""
    try:
        data = plainfile.read(path, LARGEST).content
        if len(data) > LARGEST:
            raise Damaged(f"it is larger than {LARGEST // 1024 // 1024} MB")
        report = FORMATS[wish.format].read(data, wish.limits)
    except OSError as error:
        return {"capped": f"{name} cannot be read: {error.strerror or error}"}
    except ValueError as error:
        more = f"; the tool said: {last_words}" if last_words else ""
        return {"capped": f"{name} is not a report of format {wish.format}: {error}{more}"}
    if report.capped:
        return {"capped": report.capped}
    if len(report.findings) > MOST:
        why = f"{name} has more than {MOST:,} findings; let the tool check less, or fewer rules"
        return {"capped": why}
    version = f"{program} {report.version}".strip()
    return _seen(report._replace(complaints=f"{report.complaints}\n{said}", version=version), wish, entry)


def _seen(report: Report, wish: Wish, entry: judge.Entry) -> dict[str, Any]:
    """A whole report: its findings by their fingerprints, and the most urgent of those that may become requests."""
    sources, real = Sources(wish.folder), os.path.realpath(wish.folder)

    def inside(path: str) -> str:
        # A tool may name the folder by another way that leads there.
        return relative(relative(path, wish.folder), real)

    found = fingerprints((one._replace(path=inside(one.path)) for one in report.findings), sources.line)
    subjects = {subject for _, _, _, subject, _ in entry["known"].values()}
    # A package or a test is no file, and nothing is told by there being none of its name.
    gone = _gone(wish.folder, subjects) if FORMATS[wish.format].paths else frozenset()
    renamed = moved(entry["known"], found, gone)
    upgrade = _of_upgrade(report.version, found, renamed, wish, entry)
    wanted = {
        name: one.finding
        for name, one in found.items()
        if name not in upgrade and judge.is_candidate(entry, renamed.get(name, name), record=wish.records)
    }
    changed = churn.of_folder(wish.folder) if wanted else {}
    scores = {name: score(one.severity, changed.get(one.path, 0)) for name, one in wanted.items()}
    # By path and line among equals, so that requests about one file follow each other.
    best = sorted(wanted, key=lambda name: (-scores[name], wanted[name].path, wanted[name].line))
    only = None if report.only is None else {inside(one) for one in report.only}
    if only is not None and wish.format == "coverage":
        # What is about a file that is gone is fixed as well.
        only |= gone
    skipped = _within(subjects, set(map(inside, report.skipped)))
    if FORMATS[wish.format].paths:
        skipped |= complaint.named(report.complaints, subjects, (os.path.abspath(wish.folder), real))
    return {
        "present": {
            name: [one.finding.tool, one.finding.subject or one.finding.path, one.trace]
            for name, one in found.items()
        },
        "moved": renamed,
        "version": report.version,
        "upgrade": sorted(upgrade),
        "tools": sorted(report.tools),
        "skipped": sorted(skipped),
        "only": None if only is None else sorted(only),
        "candidates": [
            _described(name, wanted[name], scores[name], sources) for name in best[:MOST_CANDIDATES]
        ],
    }


def _of_upgrade(
    version: str, found: Mapping[str, Named], renamed: Mapping[str, str], wish: Wish, entry: judge.Entry
) -> frozenset[str]:
    """What another version of the tool has found in files that have not changed since the last whole report."""
    if not (entry["version"] and version) or version == entry["version"] or not FORMATS[wish.format].paths:
        return frozenset()
    names = [name for name in found if name not in renamed and name not in entry["known"]]
    return frozenset(
        name
        for name in names
        if _is_as_it_was(os.path.join(wish.folder, found[name].finding.path), entry["began"])
    )


def _is_as_it_was(path: str, since: Optional[float]) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return since is not None and max(status.st_mtime, status.st_ctime) < since - COARSE


def _gone(folder: str, paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths at which there is nothing any more."""
    return frozenset(path for path in paths if path and not os.path.lexists(os.path.join(folder, path)))


def _within(paths: Iterable[str], skipped: Collection[str]) -> set[str]:
    """Those of the paths that are skipped themselves, or in a folder that is."""
    found = set()
    for path in paths:
        parts = path.split("/")
        if any("/".join(parts[:end]) in skipped for end in range(1, len(parts) + 1)):
            found.add(path)
    return found


def _described(name: str, finding: Finding, score: float, sources: Sources) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "path": shown(finding.path),
        "line": finding.line,
        "severity": finding.severity,
        "snippet": finding.snippet or sources.around(finding),
        "tool": finding.tool,
        "score": score,
        "fingerprint": name,
    }
