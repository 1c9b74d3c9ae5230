"""How long runs take and requests wait: the charts with their words and tables; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clodputer.cli.page import axis, charts
from clodputer.cli.page.charts import Column
from clodputer.cli.page.parts import COST, ESTIMATED, MOST_ROWS, chart, table
from clodputer.cli.page.svg import element, joined
from clodputer.cli.page.words import moment, name
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.views.report.fold import OfTask
from clodputer.views.report.waiting import Depth, Lag


def spans(found: Iterable[OfTask]) -> dict[str, Any]:
    """How long the runs of each task took."""
    known = [(one.total.key, one.spread) for one in found if one.spread is not None]
    known.sort(key=lambda one: (-one[1].median, one[0]))
    marks = axis.durations(
        min((one.p10 for _, one in known), default=1.0), max((one.p90 for _, one in known), default=60.0)
    )
    rows = [
        {
            "name": name(key),
            "svg": charts.span(
                f"{name(key)}: half took at most {format_duration(one.median)}, one in ten less than "
                f"{format_duration(one.p10)}, one in ten more than {format_duration(one.p90)}",
                one.p10,
                one.median,
                one.p90,
                marks,
            ),
            "median": format_duration(one.median),
            "about": f"{format_duration(one.p10)} to {format_duration(one.p90)}",
        }
        for key, one in known
    ]
    return {
        "caption": "The bar goes from the time within which one in ten ended to that within which nine in ten did; the mark is "
        "the median. The scale is logarithmic. Runs that had nothing to do are left out.",
        "rows": rows,
        "axis": _axis(marks),
        "table": table(
            "How long runs take",
            ("Task", "Runs", "Shortest", "p10", "Median", "p90", "Longest"),
            (
                (
                    name(key),
                    f"{one.runs:,}",
                    *map(format_duration, (one.shortest, one.p10, one.median, one.p90, one.longest)),
                )
                for key, one in known
            ),
        ),
    }


def _axis(marks: list[tuple[float, str]]) -> Any:
    # Without a viewBox: it gets as wide as the page, and its text keeps its size.
    texts = []
    for place, (seconds, words) in enumerate(marks):
        anchor = "start" if place == 0 else "end" if place == len(marks) - 1 else "middle"
        at = f"{100 * axis.along(seconds, marks):.2f}%"
        texts.append(element("text", words, x=at, y=12, text_anchor=anchor, class_="tick"))
    return element("svg", joined(texts), class_="marks")


def depth(found: Sequence[Depth]) -> dict[str, Any]:
    """How many requests waited at a time."""
    most = max((one.most for one in found), default=0)
    return chart(
        "The most requests that waited at one time. Those that were never started are not counted.",
        f"Requests that waited over time, {most:,} at most",
        [Column(f"from {moment(one.begin)}: {one.most:,}", ((COST, one.most),)) for one in found],
        axis.top(most),
        lambda number: f"{number:,.0f}",
        [moment(one.begin)[:10] for one in found],
        table=table(
            "Requests that waited",
            ("From", "At most"),
            ((moment(one.begin), f"{one.most:,}") for one in reversed(found) if one.most),
            "Times at which none waited are left out.",
        ),
    )


def lags(found: Sequence[Lag]) -> dict[str, Any]:
    """How long after their slot times requests were started."""
    shown = found[:MOST_ROWS]
    most = max((one.p90 for one in shown), default=0.0)
    return {
        "caption": "How long after its slot time a request was started, jitter and waiting included: the median, and the time "
        "within which nine in ten were.",
        "rows": [
            {
                "name": name(one.task),
                "median": format_duration(one.median),
                "about": f"and {format_duration(one.p90)}",
                "svg": charts.bar(
                    f"{name(one.task)}: half within {format_duration(one.median)}, nine in ten within "
                    f"{format_duration(one.p90)}",
                    ((COST, one.median), (ESTIMATED, one.p90 - one.median)),
                    most,
                ),
            }
            for one in shown
        ],
        "left": f"And {counted(len(found) - MOST_ROWS, 'task')} more." if len(found) > MOST_ROWS else "",
        "table": table(
            "Slot lag",
            ("Task", "Starts", "Median", "p90", "Longest"),
            (
                (name(one.task), f"{one.starts:,}", *map(format_duration, (one.median, one.p90, one.longest)))
                for one in found
            ),
        ),
    }
