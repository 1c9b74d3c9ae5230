"""Several homes on one screen, for a person: a row for each, and below what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.model.text.moment import parse_moment
from clodputer.model.text.money import dollars

COLUMNS = (
    Column("HOME"),
    Column("RUNNING", right=True),
    Column("WAITING", right=True),
    Column("LAST RUN", gives_way=True),
    Column("TODAY", right=True),
    Column("7 DAYS", right=True, drops=True),
    Column("SEEN", drops=True),
)
# So much of what is said of a home is shown, in characters.
LONGEST = 300


def page(found: Mapping[str, Any], now: float) -> str:
    """The whole screen."""
    homes = found["homes"]
    needs = [
        hung(f"  {ink(_name(home), 'bold')}: {one_line(need['text'], LONGEST)}")
        for home in homes
        for need in home["needs"]
    ]
    parts = [
        table(COLUMNS, [_row(home, now) for home in homes]),
        "\n".join([ink("Needs attention", "bold", "red"), *needs]) if needs else "",
        "\n".join(
            hung(f"  {ink(_name(home), 'bold')}: {_running(one)}")
            for home in homes
            for one in home["running"]
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _name(home: Mapping[str, Any]) -> str:
    machine = f" ({home['machine']})" if home["machine"] else ""
    return printable(f"{home['home']}{machine}")


def _row(home: Mapping[str, Any], now: float) -> tuple[str, ...]:
    if home["error"] is not None:
        return (_name(home), "", "", ink("cannot be read", "red"), "", "", "")
    waiting = home["waiting"]["dropped"] + home["waiting"]["queued"] + home["waiting"]["delayed"]
    last = home["last_runs"][0] if home["last_runs"] else None
    ended = "never ran"
    if last is not None:
        state = when.ended(last["outcome"], last["reason"], suspect=last["suspect"])
        ended = f"{printable(last['task'])} {state} {when.ago(parse_moment(last['ended_at'], now), now)}"
    return (
        _name(home),
        str(len(home["running"]) or ""),
        str(waiting or ""),
        ended,
        dollars(home["cost_usd"]["today"]),
        dollars(home["cost_usd"]["last_7_days"]),
        when.ago(parse_moment(home["seen_at"], now), now) if home["seen_at"] else "never",
    )


def _running(one: Mapping[str, Any]) -> str:
    what = f"{one['task']} runs" if one["task"] else f"request {one['request_id']} is about to run"
    since = "" if one["elapsed_seconds"] is None else f" for {when.span(one['elapsed_seconds'])}"
    job = f" ({one['job']})" if one["job"] else ""
    return printable(f"{what} in lane {one['lane']}{since}{job}")
