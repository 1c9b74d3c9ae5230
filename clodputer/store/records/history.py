"""What happened lately: the ends of runs, read from the execution log from the newest backwards, as far as somebody asks."""

# The log is the only state: what is derived from it cannot disagree with it. Each line is read once, however many questions
# there are, and reading stops as soon as the one who asks has enough. What is logged later is read when somebody renews it.
from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from json import JSONDecoder, dumps
from typing import NamedTuple, Optional, Union

from clodputer.model.runs.pastrun import TRIAL, PastRun, of_event, of_trial
from clodputer.model.text.jsontext import loads
from clodputer.store.files.doing import doing
from clodputer.store.home import Home
from clodputer.store.log import archive

# So much of the log is looked at, in bytes, and so many runs are remembered: with a kilobyte for each run the last 60,000.
FARTHEST = 64 * 1024 * 1024
MOST = 60_000
# And so much when what is asked for must be the whole of it, as for what a month has cost: more than is kept by default.
WHOLE = 2 * 1024 * 1024 * 1024
CHUNK = 256 * 1024
# Where so many runs in a row ended before the moment that is asked for, all further ones are taken to be as old. A single one
# may have been told by a clock that was wrong: many a computer starts in 1970 and is told the time later.
OLDER = 10
OLDER_THAN_WHOLE = 1000
# A longer line is not ours (store/log/events.py).
LONGEST_LINE = 1024 * 1024
# Of what was logged since, so much is read; after more, all is read again.
MOST_NEW = 4 * 1024 * 1024
# Lines of ours are no longer (store/log/events.py), so that the end of the last one is found within so many bytes.
END = 65 * 1024

_MARK = b'"finished"'
# `reclassify` has corrected the verdict of a run that ended before.
_CORRECTED = b'"reclassified"'
_TRIAL = dumps(TRIAL).encode()
# Stands among the lines where FARTHEST is reached.
_FAR = b'"finished" far'
_DECODER = JSONDecoder()


class _Ends:
    """The lines that report ends of runs, read from the newest backwards as far as anybody has asked, and each parsed once."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        # As it was read, or parsed once somebody wanted it; None: no end of a run after all, or one that was told before.
        self._known: list[Union[bytes, PastRun, None]] = []
        self._run_ids: set[str] = set()
        self._corrections: dict[str, tuple[str, str]] = {}
        self._more = lines

    def begin_with(self, newer: Iterable[bytes]) -> None:
        """Put lines that came later before those that are known."""
        lines = list(filter(_tells, newer))
        for line in reversed(lines):
            if line.find(_CORRECTED) >= 0:
                self._correct(line, latest=True)
        self._known = [
            *lines,
            *(run if isinstance(run, bytes) or run is None else self._held(run) for run in self._known),
        ]

    def runs(
        self, since: float, mark: bytes, *, trials: bool = False, whole: bool = False
    ) -> Iterator[PastRun]:
        """Those after `since` (epoch seconds) whose lines hold `mark`, and of others those that are parsed already.

        trials: whether trials are among them. whole: all of them, however many there are.
        """
        number = older = found = 0
        while older < (OLDER_THAN_WHOLE if whole else OLDER) and (whole or found < MOST):
            if number == len(self._known):
                line = next(self._more, None)
                if line is None:
                    return
                self._known.append(line)
            run = self._known[number]
            if run is _FAR:
                if not whole:
                    return
                number += 1
                continue
            if isinstance(run, bytes):
                if run.find(mark) < 0 and run.find(_CORRECTED) < 0:
                    number += 1
                    continue
                run = self._known[number] = self._parsed(run)
            number += 1
            if run is None or (run.trial and not trials):
                continue
            found += 1
            if run.at > since:
                older = 0
                yield run
            else:
                older += 1

    def _parsed(self, line: bytes) -> Optional[PastRun]:
        if line.find(_CORRECTED) >= 0:
            self._correct(line)
        run = _told(line)
        if run is None or run.run_id in self._run_ids:
            return None  # its settling was repeated after a crash, or it is the beginning of a trial that has ended
        self._run_ids.add(run.run_id)
        return self._held(run)

    def _held(self, run: PastRun) -> PastRun:
        """The run with the verdict that holds."""
        if run.run_id not in self._corrections:
            return run
        outcome, reason = self._corrections[run.run_id]
        return run._replace(outcome=outcome, reason=reason)

    def _correct(self, line: bytes, *, latest: bool = False) -> None:
        """Note a correction; it follows the end of its run in the log, and is read before it. The latest one counts."""
        with suppress(ValueError, TypeError, KeyError):
            event = loads(line.decode())
            if event["event"] == "reclassified" and (latest or event["run_id"] not in self._corrections):
                self._corrections[str(event["run_id"])] = str(event["outcome"]), str(event["reason"])


class History:
    """The past of a home as it is when this is made, or renewed. Every answer is an iterator over runs, the newest first."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._end = _end(home)
        self._ends = _Ends(_read(home, self._end))

    def renew(self) -> None:
        """From now on what was logged meanwhile is in the answers; iterators handed out before are over. Raises OSError."""
        end, before = _end(self._home), self._end
        if end == before:
            return
        self._end = end
        lines = _between(self._home, before, end)
        if lines is None:
            self._ends = _Ends(_read(self._home, end))
        else:
            self._ends.begin_with(lines)

    def runs(self, since: float = 0.0) -> Iterator[PastRun]:
        """All runs that ended after `since` (epoch seconds). Raises OSError."""
        return self._about("", since)

    def of_task(self, task: str, since: float = 0.0) -> Iterator[PastRun]:
        """Those of a task. Raises OSError."""
        return (run for run in self._about(task, since) if run.task == task)

    def spending(self, since: float, task: str = "", lane: str = "") -> Iterator[PastRun]:
        """What costs were of since then: runs and trials, all of them, or those of a task or a lane. Raises OSError.

        However many there are, and also where a clock that was wrong has reported more than a few of them.
        """
        found = self._about(task or lane, since, trials=True, whole=True)
        return (run for run in found if task in ("", run.task) and lane in ("", run.lane))

    def of_account(self, account: str, since: float = 0.0) -> Iterator[PastRun]:
        """Those that drew on an account. Raises OSError."""
        return (run for run in self._about(account, since) if run.account == account)

    def of_request(self, request_id: str, since: float) -> Iterator[PastRun]:
        """The attempts at one request, which was made at `since`. Raises OSError."""
        return (run for run in self._about(request_id, since) if run.request_id == request_id)

    def of_trace(self, trace_id: str) -> Iterator[PastRun]:
        """Those that follow one another, from one first request on. Raises OSError."""
        return (run for run in self._about(trace_id, 0.0) if run.trace_id == trace_id)

    def _about(
        self, text: str, since: float, *, trials: bool = False, whole: bool = False
    ) -> Iterator[PastRun]:
        """All runs whose lines hold the text as a JSON value, perhaps among others. To parse the others takes long."""
        return self._ends.runs(since, dumps(text).encode() if text else b"", trials=trials, whole=whole)


class _End(NamedTuple):
    """Where the last whole line of the log ended: the file's inode, 0 without a file, and the offset."""

    inode: int = 0
    offset: int = 0


def _end(home: Home) -> _End:
    try:
        descriptor = os.open(home.log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return _End()
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return _End()
        begin = max(0, status.st_size - END)
        with doing("reading the end of the log", home.log):
            last = os.pread(descriptor, status.st_size - begin, begin)
        # Another process may be in the middle of writing a line.
        return _End(status.st_ino, begin + last.rfind(b"\n") + 1)
    finally:
        os.close(descriptor)


def _between(home: Home, before: _End, end: _End) -> Optional[list[bytes]]:
    """The lines of the log between two ends, the newest first; None when it was archived, is not what it was, or is far on."""
    size = end.offset - before.offset
    if end.inode != before.inode or not 0 < size <= MOST_NEW:
        return None
    try:
        descriptor = os.open(home.log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(descriptor).st_ino != end.inode:
            return None
        with doing("reading what was logged meanwhile", home.log):
            part = os.pread(descriptor, size, before.offset)
    finally:
        os.close(descriptor)
    return part.split(b"\n")[::-1]


def _read(home: Home, end: _End) -> Iterator[bytes]:
    """Those lines of the log and its archives that may tell of ends, the newest first; of the log as it is now, up to `end`."""
    left = WHOLE
    seen: set[int] = set()
    # Twice, as the log may be archived between our two looks: what was read as the log is not read again as an archive.
    for path in (home.log, *reversed(archive.archives(home))):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            continue
        try:
            status = os.fstat(descriptor)
            if status.st_ino in seen or not stat.S_ISREG(status.st_mode):
                continue
            seen.add(status.st_ino)
            size = min(status.st_size, end.offset) if status.st_ino == end.inode else status.st_size
            far = size - (left - (WHOLE - FARTHEST))
            yield from _backwards(path, descriptor, size, max(0, size - left), far)
            left -= status.st_size
        finally:
            os.close(descriptor)
        if left <= 0:
            return


def _backwards(path: str, descriptor: int, end: int, stop: int, far: int) -> Iterator[bytes]:
    """Those of a file that end before `end`, the last one first, back to the offset `stop`; where `far` is passed, _FAR."""
    rest = b""
    while end > stop:
        begin = max(stop, end - CHUNK)
        with doing("reading the log backwards", path):
            part = os.pread(descriptor, end - begin, begin)
        first, _, lines = (part + rest).partition(b"\n")
        yield from _telling(lines)
        if begin <= far < end:
            yield _FAR
        end = begin
        # What is longer than any line of ours is let go, so that a file without line breaks takes no memory.
        rest = first if len(first) <= LONGEST_LINE else b""
    if end == 0 and _tells(rest):
        yield rest


def _telling(lines: bytes) -> list[bytes]:
    """The lines that may be about the ends of runs, the last one first. In most logs that is one in three or fewer."""
    if lines.find(_CORRECTED) >= 0 or lines.find(_TRIAL) >= 0:
        return [line for line in reversed(lines.split(b"\n")) if _tells(line)]
    found = []
    at = lines.find(_MARK)
    while at >= 0:
        end = lines.find(b"\n", at)
        end = len(lines) if end < 0 else end
        found.append(lines[lines.rfind(b"\n", 0, at) + 1 : end])
        at = lines.find(_MARK, end)
    found.reverse()
    return found


def _tells(line: bytes) -> bool:
    """Whether a line may be about the end of a run; by `find`, for `in` asks first whether what is sought is a number."""
    return line.find(_MARK) >= 0 or line.find(_CORRECTED) >= 0 or line.find(_TRIAL) >= 0


def _told(line: bytes) -> Optional[PastRun]:
    """The end of a run, or a trial: of that the log has the beginning as well, and the end, which is read first, counts."""
    try:
        # `loads` looks for what is nested deeply as well, which is a quarter of its time, and there are ten thousand lines.
        text = line.decode().strip()
        event, end = _DECODER.raw_decode(text)
        if end != len(text):
            return None
        return of_trial(event) if event["event"] == TRIAL else of_event(event)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # a torn line, or one that somebody has edited
