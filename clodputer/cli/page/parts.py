"""The charts of the report with their words: each drawing, its axes, its legend, and the table that says the same; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clodputer.cli.page import axis, charts
from clodputer.cli.page.charts import CalendarDay, Column
from clodputer.cli.page.words import name, percent
from clodputer.model.text.plural import counted
from clodputer.views.report.fold import OfTask, Tally

GOOD, BAD, OTHER, COST, ESTIMATED = "good", "bad", "other", "cost", "estimated"
ENDS = ((GOOD, "succeeded"), (BAD, "failed"), (OTHER, "skipped, cancelled or put back"))
# A chart of fewer columns does not take the whole width: each would be a wall.
FEW = 8
# Of tasks and models in a list of costs, and of tasks in one of waiting times, so many have a row.
MOST_ROWS = 12


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], left: str = "") -> dict[str, Any]:
    """What a chart shows, as a table. left: a word on what is left out."""
    return {"caption": caption, "head": head, "rows": list(rows), "left": left}


def chart(
    caption: str,
    title: str,
    found: Sequence[Column],
    end: float,
    say: Callable[[float], str],
    dates: Sequence[str],
    **more: Any,
) -> dict[str, Any]:
    """dates: of the columns, as YYYY-MM-DD; of many the first, the middle and the last are below."""
    few = len(found) < FEW
    # Of few columns each has its date, without the year.
    shown = [one[-5:] for one in dates] if few else [dates[0], dates[(len(dates) - 1) // 2], dates[-1]]
    return {
        "caption": caption,
        "svg": charts.columns(title, found, end),
        "scale": [say(end), say(end / 2), say(0)],
        "dates": shown,
        "few": few,
        "legend": (),
        **more,
    }


def ended_words(of: Tally) -> str:
    """How runs ended, in words."""
    parts = [counted(of.runs, "run"), f"{of.failed:,} failed"]
    return ", ".join(parts + ([f"{of.other:,} neither"] if of.other else []))


def days(found: Sequence[Tally]) -> dict[str, Any]:
    """Runs by day, by how they ended."""
    columns = [
        Column(
            f"{one.key}: {ended_words(one)}", ((GOOD, one.succeeded), (BAD, one.failed), (OTHER, one.other))
        )
        for one in found
    ]
    failed = sum(one.failed > 0 for one in found)
    title = f"Runs on each of {counted(len(found), 'day')}; on {counted(failed, 'day')} some failed"
    return chart(
        "Runs that ended on each day",
        title,
        columns,
        axis.top(max(one.runs for one in found)),
        lambda number: f"{number:,.0f}",
        [one.key for one in found],
        legend=ENDS,
        table=table(
            "Runs on each day",
            ("Day", "Runs", "Succeeded", "Failed", "Other", "Success"),
            (
                (
                    one.key,
                    f"{one.runs:,}",
                    f"{one.succeeded:,}",
                    f"{one.failed:,}",
                    f"{one.other:,}",
                    percent(one.success_rate),
                )
                for one in reversed(found)
                if one.runs
            ),
            "Days without a run are left out.",
        ),
    )


def task(of: OfTask) -> dict[str, Any]:
    """One task: how its runs ended over time."""
    cells = [
        Column(
            f"from {one.key}: {ended_words(one) if one.runs else 'no run'}",
            ((GOOD, one.succeeded), (OTHER, one.other), (BAD, one.failed)),
        )
        for one in of.spans
    ]
    total = of.total
    rate = percent(total.success_rate)
    return {
        "name": name(total.key),
        "svg": charts.strip(f"{name(total.key)}: {rate} succeeded; {ended_words(total)}", cells),
        "rate": rate,
        "about": f"{total.succeeded:,} of {total.succeeded + total.failed:,}"
        + (f", {total.suspect:,} suspect" if total.suspect else ""),
    }


def tasks_table(found: Sequence[OfTask]) -> dict[str, Any]:
    """All tasks as a table."""
    return table(
        "Success by task",
        ("Task", "Success", "Runs", "Succeeded", "Failed", "Other", "Suspect"),
        (
            (
                name(one.key),
                percent(one.success_rate),
                *(f"{number:,}" for number in (one.runs, one.succeeded, one.failed, one.other, one.suspect)),
            )
            for one in (each.total for each in found)
        ),
    )


def calendar(found: Sequence[Tally]) -> dict[str, Any]:
    """Runs of each day, as a calendar."""
    days = [CalendarDay(one.key, one.runs, one.failed) for one in found]
    busy = max(found, key=lambda one: one.runs)
    return {
        "caption": f"Darker days had more runs; the busiest, {busy.key}, had {busy.runs:,}. A red corner: some failed.",
        "svg": charts.calendar(
            f"Runs on each day from {found[0].key} to {found[-1].key}, with failures", days
        ),
        "legend": (("shade0", "no run"), ("shade1", "few"), ("shade4", "most"), (BAD, "some failed")),
    }
