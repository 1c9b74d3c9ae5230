"""What happened lately: the ends of runs, read from the execution log from the newest backwards, as far as somebody asks."""

# The log is the only state: what is derived from it cannot disagree with it. Each line is read once, however many questions
# there are, and reading stops as soon as the one who asks has enough. What is logged later is read when somebody renews it.
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from json import dumps
from typing import NamedTuple, Optional, Union

from clodputer.model.jsontext import loads
from clodputer.model.moment import parse_moment
from clodputer.store.home import Home
from clodputer.store.log.backwards import between, end_of, read

# So many runs are remembered.
MOST = 60_000
# Where so many runs in a row ended before the moment that is asked for, all further ones are taken to be as old. A single one
# may have been told by a clock that was wrong: many a computer starts in 1970 and is told the time later.
OLDER = 10

_MARK = b'"finished"'
# `reclassify` has corrected the verdict of a run that ended before.
_CORRECTED = b'"reclassified"'
# A trial of a task (`clodputer try`) is no run of it, and costs money all the same.
TRIAL = "trial"
_TRIAL = dumps(TRIAL).encode()
_MARKS = (_MARK, _CORRECTED, _TRIAL)


class PastRun(NamedTuple):
    """A run that has ended, as the log tells of it. at: epoch seconds; duration: seconds; cost_usd: US dollars.

    trigger: the type of what asked for it. attempt: the number of the try at its request, from 1 on. item: what it was about.
    suspect: it ended well and may have done nothing all the same. final: its request was not to be run again.
    parent: the run that it follows. trace_id: the first request of its line. model: that the agent used, empty without one.
    estimated: its cost is reckoned from tokens. subscription: it drew on one, where nothing is paid for a single run.
    trial: it was no run of the task, but a trial of it: only budgets ask for those.
    """

    at: float
    task: str
    lane: str
    account: str
    request_id: str
    run_id: str
    outcome: str
    reason: str
    duration: float
    cost_usd: Optional[float]
    trigger: str = ""
    attempt: int = 1
    item: str = ""
    suspect: bool = False
    final: bool = True
    parent: str = ""
    trace_id: str = ""
    model: str = ""
    estimated: bool = False
    subscription: bool = False
    trial: bool = False


class _Ends:
    """The lines that tell of ends of runs, read from the newest backwards as far as anybody has asked, and each parsed once."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        # As it was read, or parsed once somebody wanted it; None: no end of a run after all, or one that was told before.
        self._known: list[Union[bytes, PastRun, None]] = []
        self._run_ids: set[str] = set()
        self._corrections: dict[str, tuple[str, str]] = {}
        self._more = (line for line in lines if any(mark in line for mark in _MARKS))

    def begin_with(self, newer: Iterable[bytes]) -> None:
        """Put lines that came later before those that are known."""
        lines = [line for line in newer if any(mark in line for mark in _MARKS)]
        for line in reversed(lines):
            if _CORRECTED in line:
                self._correct(line, latest=True)
        self._known = [
            *lines,
            *(run if isinstance(run, bytes) or run is None else self._held(run) for run in self._known),
        ]

    def runs(self, since: float, mark: bytes, *, trials: bool = False) -> Iterator[PastRun]:
        """Those after `since` (epoch seconds) whose lines hold `mark`, and of others those that are parsed already.

        trials: whether trials are among them.
        """
        number = older = found = 0
        while older < OLDER and found < MOST:
            if number == len(self._known):
                line = next(self._more, None)
                if line is None:
                    return
                self._known.append(line)
            run = self._known[number]
            if isinstance(run, bytes):
                if mark not in run and _CORRECTED not in run:
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
        if _CORRECTED in line:
            self._correct(line)
        run = _finished(line) or (_trial(line) if _TRIAL in line else None)
        if run is None or run.run_id in self._run_ids:
            return None  # its settling was repeated after a crash
        self._run_ids.add(run.run_id)
        return self._held(run)

    def _held(self, run: PastRun) -> PastRun:
        """The run with the verdict that holds."""
        outcome, reason = self._corrections.get(run.run_id, (run.outcome, run.reason))
        return run._replace(outcome=outcome, reason=reason)

    def _correct(self, line: bytes, *, latest: bool = False) -> None:
        """Note a correction; it stands behind the end of its run in the log, and is read before it. The latest one counts."""
        with suppress(ValueError, TypeError, KeyError):
            event = loads(line.decode())
            if event["event"] == "reclassified" and (latest or event["run_id"] not in self._corrections):
                self._corrections[str(event["run_id"])] = str(event["outcome"]), str(event["reason"])


class History:
    """The past of a home as it is when this is made, or renewed. Every answer is an iterator over runs, the newest first."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._end = end_of(home)
        self._ends = _Ends(read(home, self._end))

    def renew(self) -> None:
        """From now on what was logged meanwhile is in the answers; iterators handed out before are over. Raises OSError."""
        end, before = end_of(self._home), self._end
        if end == before:
            return
        self._end = end
        lines = between(self._home, before, end)
        if lines is None:
            self._ends = _Ends(read(self._home, end))
        else:
            self._ends.begin_with(lines)

    def runs(self, since: float = 0.0, *, trials: bool = False) -> Iterator[PastRun]:
        """All runs that ended after `since` (epoch seconds), and trials too if they are asked for. Raises OSError."""
        return self._about("", since, trials=trials)

    def of_task(self, task: str, since: float = 0.0, *, trials: bool = False) -> Iterator[PastRun]:
        """Those of a task. Raises OSError."""
        return (run for run in self._about(task, since, trials=trials) if run.task == task)

    def of_lane(self, lane: str, since: float = 0.0, *, trials: bool = False) -> Iterator[PastRun]:
        """Those in a lane. Raises OSError."""
        return (run for run in self._about(lane, since, trials=trials) if run.lane == lane)

    def of_account(self, account: str, since: float = 0.0) -> Iterator[PastRun]:
        """Those that drew on an account. Raises OSError."""
        return (run for run in self._about(account, since) if run.account == account)

    def of_request(self, request_id: str, since: float) -> Iterator[PastRun]:
        """The attempts at one request, which was made at `since`. Raises OSError."""
        return (run for run in self._about(request_id, since) if run.request_id == request_id)

    def of_trace(self, trace_id: str) -> Iterator[PastRun]:
        """Those that follow one another, from one first request on. Raises OSError."""
        return (run for run in self._about(trace_id, 0.0) if run.trace_id == trace_id)

    def _about(self, text: str, since: float, *, trials: bool = False) -> Iterator[PastRun]:
        """All runs whose lines hold the text as a JSON value, perhaps among others. To parse the others takes long."""
        return self._ends.runs(since, dumps(text).encode() if text else b"", trials=trials)


def _finished(line: bytes) -> Optional[PastRun]:
    try:
        event = loads(line.decode())
        if event["event"] != "finished":
            return None
        return PastRun(
            parse_moment(event["timestamp"], 0.0),
            str(event["task"]),
            str(event.get("lane", "")),
            str(event.get("account") or ""),
            str(event["request_id"]),
            str(event["run_id"]),
            str(event["outcome"]),
            str(event["reason"]),
            float(event["duration_seconds"]),
            None if event.get("cost_usd") is None else float(event["cost_usd"]),
            str(event.get("trigger") or ""),
            int(event.get("attempt") or 1),
            str(event.get("item") or ""),
            bool(event.get("suspect")),
            event.get("final") is not False,
            str(event.get("parent") or ""),
            str(event.get("trace_id") or ""),
            str(event.get("model") or ""),
            event.get("cost_estimated") is True,
            event.get("subscription") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # a torn line, or one that somebody has edited


def _trial(line: bytes) -> Optional[PastRun]:
    """A trial, as it is logged before and after it; read backwards, the end comes first and is what counts."""
    try:
        event = loads(line.decode())
        if event["event"] != TRIAL:
            return None
        return PastRun(
            parse_moment(event["timestamp"], 0.0),
            str(event.get("task") or ""),
            str(event.get("lane") or ""),
            "",
            "",
            str(event["run_id"]),
            TRIAL,
            TRIAL,
            0.0,
            float(event["cost_usd"]),
            trial=True,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
