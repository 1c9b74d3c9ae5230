"""Budgets: how much may be spent in a day, in 24 hours or in a month, and whether a run still fits, by past runs."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple, Optional

from clodputer.model.config.keys import COUNT, MONEY, PART, Key
from clodputer.model.numbers.quantile import quantile

DAY = 86400.0
# A run is expected to cost what nine of ten of the latest runs of its task did not exceed.
SHARE, LATEST = 0.9, 30
# From this share of a budget on it is nearly spent, which is logged once.
NEARLY = 0.8

# The one limit that is a number of runs, and no money.
RUNS_PER_DAY = "runs_per_day"


class Budget(NamedTuple):
    """The most that may be spent: US dollars for each local day, 24 hours and local month; runs for each local day."""

    per_day: Optional[float] = None
    per_24h: Optional[float] = None
    per_month: Optional[float] = None
    runs_per_day: Optional[int] = None


NONE = Budget()


class Spent(NamedTuple):
    """A run that has ended. at: epoch seconds; cost: US dollars, None when it is not known.

    counts: whether it counts as a run, too: one whose agent was not started, because there was nothing to do, does not.
    """

    at: float
    cost: Optional[float]
    counts: bool = True


class Scope(NamedTuple):
    """What a budget is for, in words, and the runs that count for it.

    ended: at least those since `beginning`. reserved: what each run that is going on is expected to cost, None when
    nothing is known.
    """

    words: str
    budget: Budget
    ended: tuple[Spent, ...] = ()
    reserved: tuple[Optional[float], ...] = ()


class Use(NamedTuple):
    """How far one limit of a budget, by its key, is used by runs that have ended.

    since: from when on runs count; over: when that will change by itself; in epoch seconds. reserved: what runs that
    are going on may take of it, all of it when nothing is known of one.
    """

    words: str
    key: str
    limit: float
    used: float
    since: float
    over: float
    reserved: float = 0.0

    @property
    def share(self) -> float:
        """1 when it is spent."""
        return self.used / self.limit if self.limit else 1.0


class Exceeded(NamedTuple):
    """A limit that leaves no room for the run. until: when there may be room again, in epoch seconds."""

    use: Use
    until: float
    message: str


def beginning(now: float, zone: tzinfo) -> float:
    """Since when past runs count for any budget, in epoch seconds: since the local month's or the last 24 hours' beginning."""
    return min(_month(now, zone), now - DAY)


def predicted(costs: Iterable[Optional[float]], cap: Optional[float]) -> Optional[float]:
    """What a run is expected to cost: by the latest runs of its task, newest first, else its cap; None: nothing is known."""
    known: list[float] = []
    for cost in costs:
        if cost is not None:
            known.append(cost)
        if len(known) == LATEST:
            break
    found = quantile(known, SHARE)
    if found is None:
        return cap
    return found if cap is None else min(found, cap)


def uses(scope: Scope, now: float, zone: tzinfo) -> list[Use]:
    """How far each limit of a scope's budget is used."""
    budget, found = scope.budget, []
    day, month = _day(now, zone), _month(now, zone)
    tomorrow, next_month = _day(now, zone, 1), _next_month(now, zone)
    if budget.per_day is not None:
        found.append(_money(scope, "per_day", budget.per_day, day, tomorrow))
    if budget.per_24h is not None:
        oldest = min((run.at for run in scope.ended if run.at > now - DAY and run.cost), default=now)
        found.append(_money(scope, "per_24h", budget.per_24h, now - DAY, oldest + DAY))
    if budget.per_month is not None:
        found.append(_money(scope, "per_month", budget.per_month, month, next_month))
    if budget.runs_per_day is not None:
        number = float(sum(run.counts for run in scope.ended if run.at >= day))
        limit, in_hand = float(budget.runs_per_day), float(len(scope.reserved))
        found.append(Use(scope.words, RUNS_PER_DAY, limit, number, day, tomorrow, in_hand))
    return found


def _money(scope: Scope, key: str, limit: float, since: float, over: float) -> Use:
    reserved = sum(limit if one is None else one for one in scope.reserved)
    return Use(scope.words, key, limit, _cost(scope, since), since, over, reserved)


def exceeded(scope: Scope, cost: Optional[float], now: float, zone: tzinfo) -> Optional[Exceeded]:
    """The first limit of a scope that leaves no room for one more run, which is expected to cost so much; None when it fits.

    What runs that are going on are expected to cost counts as spent. A run of which nothing is known, or that may cost
    more than the whole budget, takes all that is left: it begins only while nothing is reserved, and nothing begins beside it.
    """
    for use in uses(scope, now, zone):
        if use.key == RUNS_PER_DAY:
            if use.used + use.reserved + 1 > use.limit:
                return Exceeded(
                    use, use.over, f"{use.words}: {use.limit:.0f} runs a day are allowed (runs_per_day)."
                )
            continue
        wanted = use.limit - use.used if cost is None else min(cost, use.limit)
        if use.used >= use.limit or use.used + use.reserved + wanted > use.limit:
            return Exceeded(use, use.over, _message(use, cost))
    return None


def left(scope: Scope, now: float, zone: tzinfo) -> Optional[float]:
    """The dollars that the tightest limit of a scope leaves; None without a limit."""
    return min(
        (use.limit - use.used for use in uses(scope, now, zone) if use.key != RUNS_PER_DAY), default=None
    )


def newly_near(uses: Iterable[Use], last: Spent) -> list[Use]:
    """Of limits as they are used after a run, the `last` one, those that this very run has nearly or wholly used up."""

    def share_before(use: Use) -> float:
        return (use.used - (last.counts if use.key == RUNS_PER_DAY else last.cost or 0.0)) / use.limit

    return [use for use in uses if any(share_before(use) < mark <= use.share for mark in (NEARLY, 1.0))]


def _message(use: Use, cost: Optional[float]) -> str:
    parts = [f"${use.used:.2f} of ${use.limit:.2f} are spent"]
    if use.reserved:
        parts.append(f"${min(use.reserved, use.limit):.2f} reserved for runs that are going on")
    if use.used < use.limit:
        parts.append(
            "it is not known what this run costs" if cost is None else f"this run may cost ${cost:.2f}"
        )
    return f"{use.words}: {', '.join(parts)} ({use.key})."


def _cost(scope: Scope, since: float) -> float:
    return sum(run.cost or 0.0 for run in scope.ended if run.at >= since)


def _day(now: float, zone: tzinfo, later: int = 0) -> float:
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=later)).timestamp()


def _month(now: float, zone: tzinfo) -> float:
    first = datetime.fromtimestamp(now, zone).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    return first.timestamp()


def _next_month(now: float, zone: tzinfo) -> float:
    first = datetime.fromtimestamp(now, zone).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    return (first + timedelta(days=32)).replace(day=1).timestamp()


LIMITS = (
    Key(
        "per_day",
        MONEY,
        help="The most that runs may cost in a day, by the local clock, in US dollars.",
        smallest=0.0001,
        largest=1_000_000,
        absent="no limit",
        example=5,
    ),
    Key(
        "per_24h",
        MONEY,
        help="The most that runs may cost within any 24 hours, in US dollars.",
        smallest=0.0001,
        largest=1_000_000,
        absent="no limit",
        example=8,
    ),
    Key(
        "per_month",
        MONEY,
        help="The most that runs may cost in a calendar month, in US dollars.",
        smallest=0.0001,
        largest=1_000_000,
        absent="no limit",
        example=60,
    ),
    Key(
        RUNS_PER_DAY,
        COUNT,
        help="How many runs may end in a day, by the local clock, whatever they cost. Those whose agent was not started, "
        "because `precheck` or `verify` said that there was nothing to do, do not count.",
        smallest=1,
        largest=100_000,
        absent="no limit",
        example=20,
    ),
)


def key(of: str) -> Key:
    """The key `budget` of a task, a lane or everything."""
    return Key(
        "budget",
        PART,
        {},
        f"The most that {of} may spend. A run begins only when what it may cost still fits; until then its request waits.",
        keys=LIMITS,
        absent="no limit",
        example={"per_day": 5, "per_month": 60},
    )


KEYS = (key("the task's runs"),)
