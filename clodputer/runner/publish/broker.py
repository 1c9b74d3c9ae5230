"""The broker: what a run wants published is held against the rules of its task, and becomes a parcel in its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional
from urllib.parse import urlsplit

from clodputer.agents import nothing
from clodputer.gates.github import KIND as GITHUB
from clodputer.model.gates.approval import PLANNED
from clodputer.model.numbers.digest import digest
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.proof.proof import AFTER
from clodputer.model.publish import marker
from clodputer.model.publish.check import Facts
from clodputer.model.publish.intent import INTENTS, MOST
from clodputer.model.publish.parcel import STAGED, WAITING, Parcel, Push, Step, in_order, rule_of, to_json
from clodputer.model.publish.plan import Planned, Situation, plan, wants_commits
from clodputer.model.publish.rule import COMMENT, EVENT, PUSH, PUSHING, repository_of
from clodputer.model.request import Request, came_from, item_of
from clodputer.model.task import Task
from clodputer.model.text.moment import parse_moment
from clodputer.model.triggers.event import EVENTS
from clodputer.outbox.publish import commits
from clodputer.runner import items
from clodputer.runner.events.given import with_these
from clodputer.runner.memory.remember import LONGEST_LINE
from clodputer.runner.place import worktree
from clodputer.store.context import Context
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from clodputer.store.outgoing import intents, parcels, published
from clodputer.store.records import runs
from clodputer.triggers.github import GO

DAY = 86400.0
# In characters, of a plan that is shown at its issue, and what is said below it.
LONGEST_PLAN = 50_000
DECIDE = (
    "To have this plan carried out, comment with the word `{go}` alone, or set the label `{go}`. Any other comment of somebody "
    "who may write has a new plan made."
)


def with_publication(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The record, with what its run wants published: an entry for each intent, and a parcel among its effects.

    result: of the run, which may hold intents as well. Raises OSError.
    """
    run_id, effects = str(record["run_id"]), list(record["effects"])
    folder = runs.folder(context.home, task.name, run_id)
    left = intents.kept(folder)
    values = [*left.values, *_in_result(context, result)]
    tree = trees.read(trees.record_path(context.home, task.name, run_id)) if task.in_worktree else None
    if not effects or not (values or left.problems):
        _tell_of_tree(context, task, tree, record)
        return dict(record)
    remote = runs.read_json(f"{folder}/{intents.REMOTE}") or {}
    known = _situation(context, task, request, record, remote)
    facts = Facts()
    if wants_commits(values) and record["outcome"] == SUCCEEDED:
        facts = Facts(problem="its worktree was removed, as it held no work")
        if tree is not None and tree.state == trees.KEPT:
            facts = commits.gather(context.home, tree, task.publish, context.masker, remote)
    planned = plan(values[:MOST], left.problems, task.publish, facts, known, context.masker)
    record = {**record, "publish": [dict(entry) for entry in planned.entries]}
    refused = [entry for entry in planned.entries if entry["code"]]
    if refused:
        _tell(context, record, refused)
    if not any(step.kind == PUSH for step in planned.steps):
        _tell_of_tree(context, task, tree, record)
    record = with_these(context, task, record, list(planned.events))
    if task.publish.staged:
        record, planned = _held(record, effects, planned)
    if not planned.steps:
        return record
    goes_on = items.branch(context, task, request)
    return with_parcel(task, record, _parcel(task, record, planned, known, facts, tree, remote, goes_on))


def with_plan(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The record of a run that only made a plan, with that as the task's comment at the issue, where it is decided about.

    task: as it is written. Raises OSError.
    """
    known = _situation(context, task, request, record, {})._replace(outcome=SUCCEEDED)
    github = next((one for one in task.triggers if one.type == GITHUB), None)
    if (
        record["reason"] != PLANNED
        or not isinstance(result, str)
        or COMMENT not in task.publish.kinds
        or came_from(request) != GITHUB
        or github is None
        or known.number is None
    ):
        return dict(record)
    go = str(github.options.get("go") or GO)
    body = f"{result.strip()[:LONGEST_PLAN]}\n\n---\n\n{DECIDE.format(go=go)}"
    planned = plan([{"kind": COMMENT, "body": body}], (), task.publish, Facts(), known, context.masker)
    record = {**record, "publish": [dict(entry) for entry in planned.entries]}
    if not planned.steps:
        _tell(context, record, [entry for entry in planned.entries if entry["code"]])
        return record
    return with_parcel(task, record, _parcel(task, record, planned, known, Facts(), None, {}, ""))


def with_parcel(task: Task, record: Mapping[str, Any], parcel: Parcel) -> dict[str, Any]:
    """The record with a parcel among its effects, before the last, which takes the request out of its slot."""
    effects, name = list(record["effects"]), parcels.name_of(parcel)
    more = {"effect": "publish", "name": name, "staged": task.publish.staged, "parcel": to_json(parcel)}
    return {**record, "effects": [*effects[:-1], more, effects[-1]]}


def _held(
    record: Mapping[str, Any], before: Sequence[Mapping[str, Any]], planned: Planned
) -> tuple[dict[str, Any], Planned]:
    """The record without the events that it has been given by intents, and the plan with them: they wait for a person too."""
    first = sum(effect.get("on") == EVENTS for effect in before)
    entries, effects, steps = list(record["publish"]), list(before[:-1]), list(planned.steps)
    for effect in record["effects"][len(before) - 1 : -1]:
        if effect.get("effect") != EVENT:
            effects.append(effect)  # why it leads to nothing
            continue
        place = planned.event_places[effect["place"] - first]
        fields = {"type": effect["target"], "name": effect["name"], "event": effect["event"]}
        steps.append(Step(EVENT, (place,), fields))
        entries[place] = {**entries[place], "state": STAGED}
    held = {**record, "publish": entries, "effects": [*effects, *before[-1:]]}
    return held, planned._replace(steps=in_order(steps))


def _tell_of_tree(context: Context, task: Task, tree: Optional[Tree], record: Mapping[str, Any]) -> None:
    """Tell of the work in a tree that is not sent anywhere; of the others runner/place/worktree.py has told."""
    if tree is not None and task.publish.pushes:
        worktree.tell(context, tree, parse_moment(str(record["ended_at"]), 0.0))


def _in_result(context: Context, result: Any) -> list[Any]:
    value = nothing.on_last_line(result, LONGEST_LINE) if isinstance(result, str) else result
    found = value.get(INTENTS) if isinstance(value, Mapping) else None
    if found is None:
        return []
    return list(context.masker.data(found)) if isinstance(found, list) else [found]


def _situation(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], remote: Mapping[str, Any]
) -> Situation:
    repository = repository_of(task.publish, task.triggers)
    now = parse_moment(str(record["ended_at"]), 0.0)
    waits = (parcel for parcel in parcels.everything(context.home) if parcel.task == task.name)
    today = published.number_since(context.home, task.name, now - DAY)
    today += sum(
        parcel.steps[one].kind != EVENT
        for parcel in waits
        if parcel.state in (WAITING, STAGED)
        for one in parcel.open
    )
    proofs = [one for one in record["proof"] if one.get("check") == AFTER and one.get("ok") is True]
    return Situation(
        task.name,
        str(record["run_id"]),
        str(record["outcome"]),
        repository,
        item_of(request),
        marker.number_of(item_of(request), repository),
        today,
        bool(proofs) and record["outcome"] == SUCCEEDED,
        _problem(repository, remote) if task.publish.pushes else "",
    )


def _problem(repository: str, remote: Mapping[str, Any]) -> str:
    """Why nothing can be pushed to the remote that was noted, empty when it can."""
    url = str(remote.get("url") or "")
    if not url:
        return str(remote.get("problem") or "It is not known where to push to.")
    if repository and not leads_to(url, repository):
        return f"The remote {remote.get('name')} is {url}, and not {repository} (publish.repository)."
    return ""


def leads_to(url: str, repository: str) -> bool:
    """Whether the address of a remote is that of a repository; a path on this machine may be a copy of any."""
    scp, _, path = url.partition(":")
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return True
        path = parts.path
    elif url.startswith(("/", ".", "~")) or "/" in scp or not path:
        return True
    return path.strip("/").removesuffix(".git").lower() == repository.lower()


def _parcel(
    task: Task,
    record: Mapping[str, Any],
    planned: Planned,
    known: Situation,
    facts: Facts,
    tree: Optional[Tree],
    remote: Mapping[str, Any],
    goes_on: str,
) -> Parcel:
    """The parcel of a run. goes_on: the branch that it has gone on with, empty for none."""
    run_id, ended = known.run_id, parse_moment(str(record["ended_at"]), 0.0)
    push = None
    if tree is not None and any(step.kind in PUSHING for step in planned.steps):
        about = f"#{known.number}" if known.number is not None else known.item
        branch = goes_on or marker.branch(task.name, about, str(record["request_id"]))
        push = Push(
            tree.common,
            facts.head,
            branch,
            str(remote["url"]),
            str(remote["name"]),
            tree.commit,
            rule_of(task.publish),
        )
    return Parcel(
        digest(run_id.encode(), 12),
        task.name,
        run_id,
        known.item,
        known.repository,
        ended,
        ended,
        planned.steps,
        push,
        task.publish.base,
        state=STAGED if task.publish.staged else WAITING,
        max_per_day=task.publish.max_per_day,
        cost_usd=record["cost_usd"],
    )


def _tell(context: Context, record: Mapping[str, Any], refused: list[Mapping[str, Any]]) -> None:
    """Log once for the run what is not published, and why."""
    first = refused[0]
    more = f" And {len(refused) - 1} more." if len(refused) > 1 else ""
    context.log(
        parse_moment(str(record["ended_at"]), 0.0),
        "not_published",
        task=record["task"],
        request_id=record["request_id"],
        run_id=record["run_id"],
        kind=first["kind"] or None,
        reason=first["code"],
        message=f"{first['message']}{more}",
    )
