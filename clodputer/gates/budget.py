"""The gate of `budget`: a request waits while the budget of its task, its lane or everything leaves no room for its cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Optional

from clodputer.model.agent import kind_of
from clodputer.model.config.keys import Key
from clodputer.model.gates import budget
from clodputer.model.gates.budget import NONE, Budget, Exceeded, Scope, Spent, Use
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import BUDGET
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.request import Request, by_hand
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import Task
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import slot as slots

KEYS: tuple[Key, ...] = budget.KEYS

# To say what the next run of a task may cost, so many of its runs are looked at, as far back as this many seconds.
LOOKED_AT, LOOK_BACK = 100, 90 * 86400.0
# Among so many, of which most may have found nothing to do.
FARTHEST = 2000

# For more limits than these the whole past is read once, instead of its lines about each of them.
FEW = 3

# What has a budget: everything, a lane or a task, and its name, empty for everything.
Whose = tuple[str, str]
ALL, LANE, TASK = "all", "lane", "task"


def check(task: Task, request: Request, history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A person's own requests pass and are counted."""
    if by_hand(request):
        return GO
    found = exceeded(task, history, context, now)
    return GO if found is None else Wait(found.until, BUDGET, found.message)


def exceeded(
    task: Task, history: History, context: Context, now: float, cost: Optional[float] = None
) -> Optional[Exceeded]:
    """The first budget that leaves no room for one more run of the task at `now` (epoch seconds). Raises OSError.

    cost: what it may cost, in US dollars; None for what runs of the task usually do.
    """
    wanted = scopes(task, history, context, now)
    if not wanted:
        return None
    there = zone.load("", context.environ)
    cap = task.claude.max_cost_usd or context.settings.max_cost_usd
    if cost is None:
        cost = predicted(task.name, cap if kind_of(task.agent).capped else 0.0, history, now)
    found = (budget.exceeded(scope, cost, now, there) for scope in wanted)
    return next((one for one in found if one is not None), None)


def left(task: Task, history: History, context: Context, now: float) -> Optional[float]:
    """The dollars that the budgets leave for a run of the task; None without a budget. Raises OSError."""
    wanted = scopes(task, history, context, now)
    if not wanted:
        return None
    there = zone.load("", context.environ)
    found = (budget.left(scope, now, there) for scope in wanted)
    return min((one for one in found if one is not None), default=None)


def newly_near(task: Task, last: Spent, history: History, context: Context, now: float) -> list[Use]:
    """The limits that the task's run which has just ended, `last`, has nearly or wholly used up. Raises OSError."""
    wanted = scopes(task, history, context, now)
    if not wanted:
        return []
    there = zone.load("", context.environ)
    found = [use for scope in wanted for use in budget.uses(scope, now, there)]
    return budget.newly_near(found, last)


def scopes(task: Task, history: History, context: Context, now: float) -> list[Scope]:
    """The budgets that a run of the task counts for, with what is spent and reserved of each. Raises OSError."""
    wanted = ((TASK, task.name), (LANE, task.lane), (ALL, ""))
    set_here = [(whose, _limits(whose, task, context)) for whose in wanted]
    return _scopes([one for one in set_here if one[1] != NONE], history, context, now)


def everywhere(
    tasks: Iterable[Task], history: History, context: Context, now: float
) -> list[tuple[Whose, Use]]:
    """How far each limit that is set is used: of everything, of each lane, and of each of the tasks. Raises OSError."""
    owners = [(ALL, ""), *((LANE, name) for name in sorted(context.settings.lanes))]
    wanted = [(whose, _limits(whose, None, context)) for whose in owners]
    wanted += [((TASK, task.name), task.budget) for task in tasks]
    wanted = [one for one in wanted if one[1] != NONE]
    if not wanted:
        return []
    there = zone.load("", context.environ)
    found = zip(wanted, _scopes(wanted, history, context, now))
    return [(whose, use) for (whose, _), scope in found for use in budget.uses(scope, now, there)]


def _limits(whose: Whose, task: Optional[Task], context: Context) -> Budget:
    scope, name = whose
    if scope == TASK:
        return task.budget if task else NONE
    if scope == LANE:
        return Budget(**context.settings.lanes.get(name, {}).get("budget", {}))
    return Budget(**context.settings.budget)


def _scopes(
    wanted: Sequence[tuple[Whose, Budget]], history: History, context: Context, now: float
) -> list[Scope]:
    if not wanted:
        return []
    since = budget.beginning(now, zone.load("", context.environ))
    cap = context.settings.max_cost_usd
    in_hand = [
        ((ALL, ""), (LANE, slot.lane), (TASK, one.task), predicted(one.task, cap, history, now))
        for slot, one in slots.at_work(context.home)
    ]
    ended = _ended([whose for whose, _ in wanted], history, since)
    return [
        Scope(
            "All tasks" if whose[0] == ALL else f"{whose[0].capitalize()} {whose[1]}",
            limits,
            tuple(ended[whose]),
            tuple(cost for *counts_for, cost in in_hand if whose in counts_for),
        )
        for whose, limits in wanted
    ]


def _ended(wanted: Sequence[Whose], history: History, since: float) -> Mapping[Whose, Sequence[Spent]]:
    """What was spent by each of those: many of them, or everything, by one look at all runs, else by those of each alone."""
    if len(wanted) <= FEW and (ALL, "") not in wanted:
        return {
            (scope, name): [spent(run) for run in history.spending(since, **{scope: name})]
            for scope, name in wanted
        }
    found: dict[Whose, list[Spent]] = {whose: [] for whose in wanted}
    for run in history.spending(since):
        one = spent(run)
        for whose in ((ALL, ""), (LANE, run.lane), (TASK, run.task)):
            if whose in found:
                found[whose].append(one)
    return found


def predicted(task: str, cap: Optional[float], history: History, now: float) -> Optional[float]:
    """What a run of a task is expected to cost, in US dollars; None when nothing is known. Raises OSError."""
    past = history.of_task(task, now - LOOK_BACK)
    # A task that mostly finds nothing to do costs no less when there is something.
    latest = list(islice((run for run in islice(past, FARTHEST) if spent(run).counts), LOOKED_AT))
    if latest and not latest[0].account:
        # A program is held to no maximum, and costs what it says: mostly nothing.
        return budget.predicted((run.cost_usd for run in latest), None) or 0.0
    return budget.predicted((run.cost_usd for run in latest), cap)


def spent(run: PastRun) -> Spent:
    """What a run that has ended counts for; of a trial only the money."""
    return Spent(run.at, run.cost_usd, not run.trial and not started_no_agent(run.reason, run.cost_usd))
