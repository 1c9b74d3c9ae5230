"""From what a run wants published to what is sent: which intents hold, what each step sends, and why the others are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.publish import check, intent, marker, tokens
from clodputer.model.publish.check import Facts
from clodputer.model.publish.intent import Bounds, Intent, InvalidIntent
from clodputer.model.publish.parcel import REFUSED, SENT, STAGED, WAITING, Step, in_order
from clodputer.model.publish.rule import (
    CLOSE,
    COMMENT,
    EVENT,
    FILE_ISSUE,
    LABEL,
    PULL_REQUEST,
    PUSH,
    PUSHING,
    Publish,
)
from clodputer.model.publish.text import outgoing
from clodputer.model.text.mask import Masker

_BETWEEN = "\n\n---\n\n"
_NOT_PUSHED = "_The commits of this run were not sent: they did not pass the checks._"


class Situation(NamedTuple):
    """What is known of the run. today: how many things its task has published in 24 hours, and is about to.

    verified: the task's `verify` holds after the run. remote_problem: why nothing can be pushed, empty when it can.
    """

    task: str
    run_id: str
    outcome: str
    repository: str
    item: str
    number: Optional[int]
    today: int = 0
    verified: bool = False
    remote_problem: str = ""
    invalid: str = "invalid_intent"


class Planned(NamedTuple):
    """entries: one for each intent, as the record has them. steps: in order.

    events: fields of events that the run gives; event_places: of each among the entries.
    """

    entries: tuple[Mapping[str, Any], ...]
    steps: tuple[Step, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    event_places: tuple[int, ...] = ()


def bounds(rule: Publish, number: Optional[int]) -> Bounds:
    """What the task allows, as a run is told. number: of the issue or pull request that it is about."""
    return Bounds(rule.kinds, rule.labels, rule.targets, number, rule.max_per_run)


def wants_commits(values: Sequence[Any]) -> bool:
    """Whether any of these JSON values asks for commits to be pushed."""
    return any(isinstance(value, Mapping) and value.get("kind") in PUSHING for value in values)


def plan(
    values: Sequence[Any],
    problems: Sequence[str],
    rule: Publish,
    facts: Facts,
    known: Situation,
    masker: Masker,
) -> Planned:
    """What becomes of the intents that a run has left. values: as JSON; problems: what could not be read, in words.

    facts: of its commits, which are looked at only when one of the intents is about them.
    """
    entries: list[dict[str, Any]] = []
    good: list[tuple[int, Intent]] = []
    limits = bounds(rule, known.number)
    together = 0
    for value in values:
        wanted, entry = _judged(value, limits, known, len(good), rule)
        if wanted is not None:
            together += intent.size(value)
            if together > intent.TOGETHER:
                message = f"all that one run publishes may have {intent.TOGETHER // 1024} kB together"
                entry = _entry(wanted.kind, REFUSED, "too_large", message)
            else:
                good.append((len(entries), wanted))
        entries.append(entry)
    entries += [_entry("", REFUSED, known.invalid, problem) for problem in problems]
    steps = _steps(good, entries, rule, facts, known, masker)
    if rule.staged:
        for step in steps:
            for place in step.places:
                entries[place]["state"] = STAGED
    given = [(place, wanted) for place, wanted in good if wanted.kind == EVENT]
    events = tuple(dict(wanted.event) for _, wanted in given)
    return Planned(tuple(entries), in_order(steps), events, tuple(place for place, _ in given))


def _judged(
    value: Any, limits: Bounds, known: Situation, before: int, rule: Publish
) -> tuple[Optional[Intent], dict[str, Any]]:
    kind = str(value.get("kind") or "")[:40] if isinstance(value, Mapping) else ""
    try:
        wanted = intent.read(value)
    except InvalidIntent as error:
        return None, _entry(kind, REFUSED, known.invalid, str(error))
    code, message = intent.unfit(wanted, limits)
    if not code and known.outcome != SUCCEEDED:
        code, message = (
            "run_not_succeeded",
            f"the run ended as {known.outcome}, and only one that succeeded publishes",
        )
    if not code and before >= rule.max_per_run:
        code, message = "too_many", f"one run may publish {rule.max_per_run} things (max_per_run)"
    if not code and wanted.kind != EVENT and known.today + before >= rule.max_per_day:
        code, message = (
            "day_full",
            f"the task may publish {rule.max_per_day} things in 24 hours (max_per_day)",
        )
    if code:
        return None, _entry(kind, REFUSED, code, message)
    return wanted, _entry(kind, SENT if wanted.kind == EVENT else WAITING)


def _entry(kind: str, state: str, code: str = "", message: str = "") -> dict[str, Any]:
    return {"kind": kind, "state": state, "code": code or None, "message": message[:1000] or None}


def _steps(
    good: Sequence[tuple[int, Intent]],
    entries: list[dict[str, Any]],
    rule: Publish,
    facts: Facts,
    known: Situation,
    masker: Masker,
) -> list[Step]:
    """The steps of the intents that hold; what is refused now is said in `entries`."""
    pushing = [(place, wanted) for place, wanted in good if wanted.kind in PUSHING]
    refused = ""
    steps: list[Step] = []
    if pushing:
        against = check.refusals(facts, rule)
        if known.remote_problem:
            against = [check.Refusal("no_remote", known.remote_problem)]
        if against:
            # The names of files can hold what must not be told.
            refused = tokens.cut(" ".join(one.message for one in against))
            for place, _ in pushing:
                entries[place].update(state=REFUSED, code=against[0].code, message=refused[:1000])
        else:
            steps += _pushed(pushing, entries, facts, known, masker)
    comments: dict[int, list[tuple[int, Intent]]] = {}
    for place, wanted in good:
        number = wanted.number or known.number
        if wanted.kind == COMMENT:
            comments.setdefault(number or 0, []).append((place, wanted))
        elif wanted.kind == LABEL:
            steps.append(Step(LABEL, (place,), {"issue": number, "labels": list(wanted.labels)}))
        elif wanted.kind == FILE_ISSUE:
            steps.append(_issue(place, wanted, known, masker))
        elif wanted.kind == CLOSE and refused:
            message = "the commits of the run were not sent, so that nothing is closed"
            entries[place].update(state=REFUSED, code="not_delivered", message=message)
        elif wanted.kind == CLOSE:
            steps.append(
                Step(CLOSE, (place,), {"issue": number, "reason": wanted.reason or intent.COMPLETED})
            )
    return steps + [_comment(number, found, known, masker, refused) for number, found in comments.items()]


def _pushed(
    pushing: Sequence[tuple[int, Intent]],
    entries: list[dict[str, Any]],
    facts: Facts,
    known: Situation,
    masker: Masker,
) -> list[Step]:
    """The push, and the one pull request that there may be."""
    wanted = [(place, one) for place, one in pushing if one.kind == PULL_REQUEST]
    for place, _ in wanted[1:]:
        entries[place].update(
            state=REFUSED, code="one_pull_request", message="one run makes one pull request"
        )
    plain = tuple(place for place, one in pushing if one.kind == PUSH)
    steps = [Step(PUSH, plain)]
    if wanted:
        place, one = wanted[0]
        mark = marker.pull_request(known.task, known.item or known.run_id)
        fields = {"title": outgoing(one.title, masker, intent.LONGEST_TITLE), "mark": mark}
        fields["body"] = f"{mark}\n{_request_body(one, facts, known, masker)}"
        steps.append(Step(PULL_REQUEST, (place,), fields))
    return steps


def _request_body(wanted: Intent, facts: Facts, known: Situation, masker: Masker) -> str:
    parts = [outgoing(wanted.body, masker, intent.LONGEST_BODY)] if wanted.body else []
    whole = wanted.complete and known.verified
    if known.number is not None:
        # Only what a program has proved closes an issue when it is merged; the agent's word alone does not.
        parts.append(f"{'Fixes' if whole else 'Refs'} #{known.number}")
    own = {f"#{known.number}", f"{known.repository}#{known.number}".lower()} if whole else set()
    foreign = [one for one in facts.closing if one.lower() not in own]
    if foreign:
        named = ", ".join(f"`{one}`" for one in foreign[:5])
        parts.append(f"**Its commits say that they close {named}; merging this does that.**")
    if facts.uncommitted:
        parts.append(f"{facts.uncommitted} changed files were in no commit, and are not in it.")
    return "\n\n".join([*parts, _footer(known)])


def _issue(place: int, wanted: Intent, known: Situation, masker: Masker) -> Step:
    title = outgoing(wanted.title, masker, intent.LONGEST_TITLE)
    mark = marker.issue(known.task, wanted.key or title)
    body = "\n\n".join(filter(None, (outgoing(wanted.body, masker, intent.LONGEST_BODY), _footer(known))))
    fields = {"title": title, "body": f"{mark}\n{body}", "labels": list(wanted.labels), "mark": mark}
    return Step(FILE_ISSUE, (place,), fields)


def _comment(
    number: int, found: Sequence[tuple[int, Intent]], known: Situation, masker: Masker, refused: str
) -> Step:
    mark = marker.sticky(known.task, number)
    text = outgoing(_BETWEEN.join(wanted.body for _, wanted in found), masker, intent.LONGEST_BODY)
    parts = [text, *([_NOT_PUSHED] if refused else []), _footer(known)]
    fields = {"issue": number, "body": f"{mark}\n" + "\n\n".join(parts), "mark": mark}
    return Step(COMMENT, tuple(place for place, _ in found), fields)


def _footer(known: Situation) -> str:
    return f"<sub>Clodputer, task {known.task}, run {known.run_id}</sub>"
