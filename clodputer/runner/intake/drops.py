"""Intake: empty `new/`, each drop into its queue, among the delayed, or to `rejected/` with a reason."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import os
from errno import EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS
from importlib import import_module
from typing import Callable, NamedTuple, Optional

from clodputer.model import decide
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import approval
from clodputer.model.request import Place, Request, to_fields
from clodputer.model.task import Task
from clodputer.model.triggers.event import ENDING
from clodputer.runner.intake.adapting import Adapting
from clodputer.runner.intake.admitted import admitted
from clodputer.runner.intake.scoring import Scoring
from clodputer.store import homes
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.program import incomplete
from clodputer.store.spool import aside, drop, dropfile, find, layout, queue, stuck
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.requests import scores

# What the machine has run out of, or forbids everywhere: no drop is to blame, so all of them wait.
OF_THE_MACHINE = frozenset((ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EIO))

# What a dropped file is, by the ending of its name, where it is no request: the module whose `take` takes it in. That returns
# the field of `Taken` in which it counts, and raises ClodputerError for a file that is to be rejected, OSError.
Form = Callable[[Context, str, str, dropfile.Dropped, float], str]
FORMS = {ENDING: "clodputer.runner.events.take", approval.ENDING: "clodputer.runner.requests.decisions"}


class Taken(NamedTuple):
    """What an intake did: how many it let in, coalesced and rejected, how many events and
    decisions it took, and how many it left in `new/`.

    unfinished: may still be written to. stuck: can neither be taken in nor be moved away.
    refused: nothing was done, because another process is at it.
    """

    queued: int = 0
    coalesced: int = 0
    rejected: int = 0
    routed: int = 0
    decided: int = 0
    unfinished: int = 0
    stuck: int = 0
    refused: bool = False


class Batch(NamedTuple):
    """One look at `new/`: its moment (epoch seconds), the places in the order it gave away, and why files stay there.

    pending: the ids of all requests that waited or ran when it was first asked for, and of those taken in since.
    """

    context: Context
    now: float
    orders: set[int]
    stuck: dict[str, str]
    pending: list[set[str]]
    scoring: Scoring
    adapting: Adapting


def intake(context: Context, now: float) -> Taken:
    """Take in all that lies in `new/` at `now` (epoch seconds); nothing when another process is at it.

    Whoever holds the lock looks at `new/` once more after releasing it (`drain.work`), so nothing is stranded. The lock makes
    two drops with one dedupe key come one after the other; the transition itself is a rename, which only one process can win.
    Nothing is made durable: a drop that a power cut puts back into `new/` is taken in again.
    """
    taken = Taken()
    with Lock(f"{context.home.spool}/intake.lock") as held:
        if not held:
            return Taken(refused=True)
        batch = Batch(context, now, set(), {}, [], Scoring(context, now), Adapting(context, now))
        for _, name in find.arrivals(context.home):
            kind = _take_safely(batch, name)
            taken = taken._replace(**{kind: getattr(taken, kind) + 1}) if kind else taken
        _report_stuck(batch)
    return taken


def _take_safely(batch: Batch, name: str) -> str:
    """Take in one drop; whatever is wrong with it never keeps the others from being taken in. Raises OSError of the machine's.

    What fails is set aside with its reason, and what cannot even be moved stays where it is: `doctor` names it.
    """
    context, path = batch.context, f"{batch.context.home.new}/{name}"
    try:
        return _take(batch, name)
    except FileNotFoundError:
        if not os.path.lexists(path):
            return ""  # taken back by whoever dropped it, or cancelled
        homes.make(context.home)  # somebody has taken one of our folders away
        problem = ClodputerError("", "")
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        problem = ClodputerError("unreadable", f"it could not be taken in: {error}")
    except Exception as error:
        if incomplete.missing(error):
            raise
        problem = ClodputerError("internal", f"a fault in Clodputer: {type(error).__name__}: {error}")
    try:
        return _reject(batch, name, problem) if problem.code else _take(batch, name)
    except FileNotFoundError:
        if os.path.lexists(path):
            raise
        return ""
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        batch.stuck[name] = f"it cannot be moved out of this folder: {error.strerror}"
        return "stuck"


def _report_stuck(batch: Batch) -> None:
    """Log what cannot be moved out of `new/` when it is first seen, and keep the list for `status` and `doctor`."""
    known = stuck.load(batch.context.home)
    if known == batch.stuck:
        return
    for name, message in batch.stuck.items():
        if name not in known:
            batch.context.log(batch.now, "stuck", file=name, message=message)
    stuck.save(batch.context.home, batch.stuck)


def _take(batch: Batch, name: str) -> str:
    context, now, path = batch.context, batch.now, f"{batch.context.home.new}/{name}"
    try:
        dropped = dropfile.read(path, name)
        if not dropped.whole and _still_warm(path, now):
            return "unfinished"
        form = next((form for ending, form in FORMS.items() if name.lower().endswith(ending)), None)
        if form is not None:
            take: Form = import_module(form).take
            return take(context, path, name, dropped, now)
        # Eight hex digits: short enough to type, and 2**32 of them; attempts of one request share it.
        request, task = admitted(context, dropped, name, os.urandom(4).hex())
    except dropfile.Unreadable as error:
        if error.incomplete and _still_warm(path, now):
            return "unfinished"
        return _reject(batch, name, ClodputerError("unreadable", str(error)))
    except ClodputerError as error:
        return _reject(batch, name, error)
    if dropped.fields.get("id") and request.id in _pending(batch):
        # Two requests with one id would lie in each other's places; the file keeps the id it brought.
        request = request._replace(id=os.urandom(4).hex())
    if request.dedupe_key:
        earlier, request = _same(batch, name, dropped.inode, request)
        if earlier:
            context.log(
                now,
                "coalesced",
                task=task.name,
                request_id=request.id,
                into=earlier,
                dedupe_key=request.dedupe_key,
                request=to_fields(request),
            )
            os.unlink(path)
            return "coalesced"
    return _let_in(batch, path, name, request, task, dropped.dropped_at)


def _same(batch: Batch, name: str, inode: int, request: Request) -> tuple[str, Request]:
    """The id of the earlier request that this one is one with, if any; else the request, now answering for its key."""
    home = batch.context.home
    entry = drop.entry(home, request.dedupe_key)
    same_file = entry is not None and (entry.dropped, entry.inode) == (name, inode)
    if entry is not None and same_file:
        request = request._replace(id=entry.request_id)
    elif entry is not None:
        # Looked up twice: a request that is put back from its slot moves against the direction of the listing.
        pending = any(entry.request_id in find.pending_ids(home) for _ in range(2))
        holder = decide.Holder(entry.request_id, entry.accepted_at, entry.ttl, pending)
        if decide.coalesce(request, holder, batch.now):
            return entry.request_id, request
    drop.answer(home, drop.Entry(request.dedupe_key, request.id, batch.now, request.dedupe_ttl, name, inode))
    return "", request


def _pending(batch: Batch) -> set[str]:
    """The ids that are taken. Only intake adds to them, and the lock keeps other intakes out."""
    if not batch.pending:
        # Looked up twice: a request that is put back from its slot moves against the direction of the listing.
        batch.pending.append(find.pending_ids(batch.context.home) | find.pending_ids(batch.context.home))
    return batch.pending[0]


def _let_in(batch: Batch, path: str, name: str, request: Request, task: Task, dropped_at: float) -> str:
    context, now = batch.context, batch.now
    moved = batch.adapting.of(task, request)
    priority = moved.priority if moved else request.priority or task.priority
    order = int(request.created_at * 1_000_000)
    # File systems count in ticks of some milliseconds: what arrived within one keeps the order of its names.
    while order in batch.orders:
        order += 1
    batch.orders.add(order)
    scored = batch.scoring.of(task, request)
    if scored is not None:
        scores.write(context.home, task.lane, request.id, scored)
        order = max(0, order - scored.ahead)
    place = Place(order, priority, request.id, name)
    target, event = queue.path(context.home, task.lane, place), "queued"
    if request.not_before is not None and request.not_before > now:
        place = place._replace(microseconds=int(request.not_before * 1_000_000) + 1)
        target, event = queue.delayed_path(context.home, task.lane, place), "delayed"
    if not os.path.isdir(os.path.dirname(target)):
        layout.make_lane(context.home, task.lane)
    # A rename keeps the modification time: from here on it says when the file was dropped, which `+30m` counts from.
    try:
        os.utime(path, (dropped_at, dropped_at))
    except PermissionError:
        pass  # another account's file: it was written about when it was dropped
    queue.move(path, target)
    points = {}
    if scored is not None:
        points = {"points": scored.points}
        queue.reorder(context.home, task.lane)
    _taken_in(batch, request.id)
    about = {"task": task.name, "request_id": request.id, "lane": task.lane, "priority": priority}
    if moved is not None and moved.step:
        context.log(now, "adapted", **about, step=moved.step, message=moved.why)
    context.log(now, event, **about, file=name, **points)
    return "queued"


def _taken_in(batch: Batch, request_id: str) -> None:
    for pending in batch.pending:
        pending.add(request_id)


def _reject(batch: Batch, name: str, problem: ClodputerError) -> str:
    context, message = batch.context, str(problem)
    path = f"{context.home.new}/{name}"
    # What has brought out a fault of Clodputer is not read once more.
    task, request_id = "", ""
    if problem.code != "internal":
        task, request_id = dropfile.task_inside(path, name), dropfile.id_inside(path, name)
    reason = Reason(problem.code, context.masker.text(message), request_id, task, name, batch.now)
    kept = aside.set_aside(path, context.home.rejected, "", reason)
    context.log(batch.now, "rejected", file=name, reason=problem.code, message=message, kept=kept)
    return "rejected"


def _still_warm(path: str, now: float) -> bool:
    changed = _changed_at(path)
    return changed is not None and abs(now - changed) < decide.UNFINISHED_FOR


def _changed_at(path: str) -> Optional[float]:
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return None
