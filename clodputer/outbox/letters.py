"""The letters that follow from edges and from the ends of runs: to which channels, when, and under which ids; all pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Optional

from clodputer.model.notify.channel import Notify, edges_of, time_of_day
from clodputer.model.notify.edge import Edge
from clodputer.model.notify.letter import LONGEST_TEXT, PING, START, Letter
from clodputer.model.numbers.digest import digest
from clodputer.model.outcome import BLAMELESS, SUCCEEDED
from clodputer.model.schedules.schedule import on_the_clock

_ID = 12
# In characters; a body is to say how it went, not to be the log.
LONGEST_BODY = 4000


def of_edge(
    edge: Edge, notify: Notify, channels: Mapping[str, Mapping[str, Any]], now: float, zone: tzinfo
) -> Iterator[Letter]:
    """One letter for each channel that is to be notified of an edge at `now` (epoch seconds)."""
    wanted = notify.channels if notify.channels is not None else tuple(channels)
    due = next_digest(notify.digest, now, zone)
    for name in wanted:
        if name in channels and edge.edge in edges_of(notify, channels[name]):
            yield Letter(
                id=_digest(f"{edge.key}|{edge.run_id}|{edge.at:.6f}|{name}"),
                channel=name,
                edge=edge.edge,
                due=now if due is None else due,
                at=edge.at,
                created_at=now,
                task=edge.task,
                run_id=edge.run_id,
                item=edge.item,
                title=edge.title,
                message=edge.message[:LONGEST_TEXT],
                command=edge.command,
                priority=edge.priority,
                digest=due is not None,
            )


def next_digest(text: str, now: float, zone: tzinfo) -> Optional[float]:
    """The next moment (epoch seconds) of `daily 08:00` by the clock of `zone`; None without a digest."""
    clock = time_of_day(text)
    if clock is None:
        return None
    today = datetime.fromtimestamp(now, zone).replace(
        tzinfo=None, hour=clock[0], minute=clock[1], second=0, microsecond=0
    )
    moments = (float(on_the_clock(today + timedelta(days=days), zone)) for days in range(3))
    return next(moment for moment in moments if moment > now)


def start_ping(scope: str, run_id: str, task: str, now: float) -> Letter:
    """The ping that a run has started; `scope` is the task whose `ping` is meant, empty for that of everything."""
    ping = {"path": "/start", "rid": rid(run_id), "body": ""}
    return Letter(ping_id(scope, START), PING, START, now, now, now, scope, run_id, ping=ping, item=task)


def end_ping(scope: str, event: Mapping[str, Any], record: Mapping[str, Any], now: float) -> Letter:
    """The ping of a run's end, with what its record says; masked already."""
    run_id, task = str(event.get("run_id") or ""), str(event.get("task") or "")
    ping = {"path": path_of(event, record), "rid": rid(run_id), "body": _body(event, record)}
    return Letter(ping_id(scope, "end"), PING, "end", now, now, now, scope, run_id, ping=ping, item=task)


def path_of(event: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """What goes behind the address: nothing for a success, the exit status or `/fail`, `/log` for what is no failure."""
    outcome = event.get("outcome")
    if outcome == SUCCEEDED:
        return ""
    if outcome in BLAMELESS or event.get("final") is False:
        return "/log"
    status = record.get("exit_status")
    return f"/{status}" if isinstance(status, int) and 0 < status < 256 else "/fail"


def ping_id(scope: str, kind: str) -> str:
    """Of one kind and scope no more than one waits: a newer one takes the place of the one before."""
    return _digest(f"ping|{kind}|{scope}")


def rid(run_id: str) -> str:
    """What ties a start to its end: the same for both, and another for each run."""
    # The form of a name-based UUID, without the module for it, which loads OpenSSL.
    name = digest(f"clodputer:{run_id}".encode("utf-8", "replace"))
    return f"{name[:8]}-{name[8:12]}-8{name[13:16]}-8{name[17:20]}-{name[20:]}"


def together(letters: Iterable[Letter]) -> tuple[str, str]:
    """Title and text of one message for several things."""
    letters = list(letters)
    lines = [f"{letter.title}: {letter.message} ({letter.command})" for letter in letters]
    return f"{len(letters)} things happened", "\n".join(lines)[:LONGEST_BODY]


def _body(event: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    head = f"{event.get('task')}: {event.get('outcome')} ({event.get('reason')})"
    result = record.get("result")
    parts = (head, str(event.get("message") or ""), result if isinstance(result, str) else "")
    return "\n".join(part for part in parts if part)[:LONGEST_TEXT]


def _digest(text: str) -> str:
    return digest(text.encode("utf-8", "replace"), _ID)
