"""What runs cost, by day, task and model: the charts with their words and tables; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clodputer.cli.page import axis, charts
from clodputer.cli.page.charts import Column
from clodputer.cli.page.parts import COST, ESTIMATED, MOST_ROWS, chart, table
from clodputer.cli.page.words import name
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.views.report.fold import Tally


def days(found: Sequence[Tally]) -> dict[str, Any]:
    """What the runs of each day cost."""
    columns = [
        Column(
            f"{one.key}: {dollars(one.cost_usd)} for {counted(one.priced, 'run')}",
            ((COST, one.cost_usd - one.estimated_usd), (ESTIMATED, one.estimated_usd)),
        )
        for one in found
    ]
    total = dollars(sum(one.cost_usd for one in found))
    legend = (
        ((COST, "as Claude said"), (ESTIMATED, "estimated"))
        if any(one.estimated_usd for one in found)
        else ()
    )
    return chart(
        "US dollars on each day",
        f"Cost on each of {counted(len(found), 'day')}, {total} together",
        columns,
        axis.top(max(one.cost_usd for one in found), whole=False),
        _scale_dollars,
        [one.key for one in found],
        legend=legend,
        table=table(
            "Cost on each day",
            ("Day", "Cost", "Runs with a cost"),
            ((one.key, dollars(one.cost_usd), f"{one.priced:,}") for one in reversed(found) if one.priced),
            "Days without a cost are left out.",
        ),
    )


def _scale_dollars(amount: float) -> str:
    if not amount:
        return "$0"
    return f"${amount:,.0f}" if amount >= 1 and amount == round(amount) else f"${amount:,.4f}".rstrip("0")


def costs(title: str, anchor: str, found: Iterable[Tally]) -> dict[str, Any]:
    """What the runs cost that have something in common, the dearest first."""
    rows = sorted((one for one in found if one.priced), key=lambda one: (-one.cost_usd, one.key))
    most = rows[0].cost_usd if rows else 0.0
    shown = [
        {
            "name": name(one.key),
            "words": f"{dollars(one.cost_usd)} for {counted(one.priced, 'run')}",
            "svg": charts.bar(
                f"{name(one.key)}: {dollars(one.cost_usd)}",
                ((COST, one.cost_usd - one.estimated_usd), (ESTIMATED, one.estimated_usd)),
                most,
            ),
        }
        for one in rows[:MOST_ROWS]
    ]
    rest = sum(one.cost_usd for one in rows[MOST_ROWS:])
    return {
        "title": title,
        "anchor": anchor,
        "rows": shown,
        "left": f"And {len(rows) - MOST_ROWS:,} more, {dollars(rest)} together."
        if len(rows) > MOST_ROWS
        else "",
        "table": table(
            f"Cost {title.lower()}",
            (
                title.rsplit(maxsplit=1)[-1].capitalize(),
                "Cost",
                "Runs with a cost",
                "Estimated",
                "Subscription",
            ),
            (
                (
                    name(one.key),
                    dollars(one.cost_usd),
                    f"{one.priced:,}",
                    dollars(one.estimated_usd),
                    dollars(one.subscription_usd),
                )
                for one in rows
            ),
        ),
    }
