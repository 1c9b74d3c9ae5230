"""A parcel: all that one run publishes, as steps that are performed in order, each once; kept in the outbox until all are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.notify.letter import LIFETIME
from clodputer.model.publish.rule import (
    CLOSE,
    COMMENT,
    EVENT,
    FILE_ISSUE,
    LABEL,
    PULL_REQUEST,
    PUSH,
    Publish,
)

# What became of a step. STAGED and UNDELIVERED are said of those whose parcel waits for a person, or was given up.
WAITING, DONE, REFUSED = "waiting", "done", "refused"
STAGED, UNDELIVERED, DENIED, SENT = "staged", "undelivered", "denied", "sent"
# Commits come before what speaks of them, closing after all else on GitHub, and what is told here last.
ORDER = (PUSH, PULL_REQUEST, FILE_ISSUE, COMMENT, LABEL, CLOSE, EVENT)


# The field of a comment with its text before it had to report what was refused, and what it says about that.
MEANT = "meant"
# That of a push which is to be made although it was made before.
AGAIN = "again"
# Why no pull request could be made: the branch with the commits is not there any more.
BRANCH_DELETED = "branch_deleted"
NOTES = {
    PUSH: "The commits of this run could not be pushed, and are kept where it ran.",
    PULL_REQUEST: "The commits of this run were pushed, and no pull request could be made for them.",
}
DELETED = "The branch with the commits of this run was deleted before a pull request could be made; they are kept where it ran."


class Step(NamedTuple):
    """One thing to be published. places: of its intents in the record's list. fields: what is sent, ready as it is.

    number, url: of what came of it. code, message: why it was refused.
    """

    kind: str
    places: tuple[int, ...]
    fields: Mapping[str, Any] = {}
    state: str = WAITING
    number: Optional[int] = None
    url: str = ""
    code: str = ""
    message: str = ""


class Push(NamedTuple):
    """Commits on their way. common: the git folder they are in; commit: the last one, as it was checked; branch: on the remote.

    url: of the remote, as the person had set it before the run; remote: its name there. begun: the commit that the run began
    at, empty when that is not known. rule: by which they are held against the task's `publish`, as `rule_of` has it.
    """

    common: str
    commit: str
    branch: str
    url: str
    remote: str
    begun: str = ""
    rule: Mapping[str, Any] = {}

    @property
    def limits(self) -> Publish:
        """What the task allows of commits. Raises TypeError for a rule that somebody has edited."""
        lists = {name: tuple(self.rule.get(name) or ()) for name in ("protect", "allow")}
        return Publish(**{**self.rule, **lists})


def rule_of(rule: Publish) -> dict[str, Any]:
    """What a task allows of commits, as plain values."""
    kept = {name: getattr(rule, name) for name in ("max_files", "max_patch")}
    return {**kept, "protect": list(rule.protect), "allow": list(rule.allow)}


class Parcel(NamedTuple):
    """One for each run. Moments in epoch seconds; base: the branch that pull requests are for, empty for the default one."""

    id: str
    task: str
    run_id: str
    item: str
    repository: str
    created_at: float
    due: float
    steps: tuple[Step, ...]
    push: Optional[Push] = None
    base: str = ""
    tries: int = 0
    last_error: str = ""
    state: str = WAITING
    max_per_day: int = 50
    cost_usd: Optional[float] = None

    @property
    def ends(self) -> float:
        """When it is given up."""
        return self.created_at + LIFETIME

    @property
    def open(self) -> list[int]:
        """The steps that are still to be performed, by their numbers."""
        return [number for number, step in enumerate(self.steps) if step.state == WAITING]

    def with_step(self, number: int, step: Step) -> Parcel:
        """The parcel with one step in another state."""
        return self._replace(steps=(*self.steps[:number], step, *self.steps[number + 1 :]))


def again(parcel: Parcel, now: float) -> Parcel:
    """A parcel that has ended, to be tried for another day from now on: what was done stays done.

    A comment that reports what was not sent is edited once more, to be as it was meant; commits whose branch was deleted
    are pushed once more.
    """
    deleted = any(step.code == BRANCH_DELETED for step in parcel.steps)
    steps = tuple(_again(step, pushes=deleted and step.kind == PUSH) for step in parcel.steps)
    return parcel._replace(steps=steps, state=WAITING, created_at=now, due=now, tries=0, last_error="")


def _again(step: Step, *, pushes: bool) -> Step:
    if pushes:
        return step._replace(state=WAITING, fields={**step.fields, AGAIN: True})
    if MEANT in step.fields:
        step = step._replace(state=WAITING, fields={**step.fields, "body": step.fields[MEANT]})
    return step._replace(state=WAITING, code="", message="") if step.state == REFUSED else step


def truthful(step: Step, before: Iterable[Step]) -> Step:
    """A comment as it is to be sent after these steps: where one of them was refused, it says so."""
    before = tuple(before)
    refused = {one.kind for one in before if one.state == REFUSED}
    note = next((NOTES[kind] for kind in (PUSH, PULL_REQUEST) if kind in refused), "")
    note = DELETED if any(one.code == BRANCH_DELETED for one in before) else note
    meant = str(step.fields.get(MEANT) or step.fields.get("body") or "")
    if step.kind != COMMENT or not (note or MEANT in step.fields):
        return step
    body = f"{meant}\n\n_{note}_" if note else meant
    return step._replace(fields={**step.fields, "body": body, MEANT: meant})


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps as they are performed."""
    return tuple(sorted(steps, key=lambda step: ORDER.index(step.kind)))


def to_json(parcel: Parcel) -> dict[str, Any]:
    """The parcel as plain values."""
    steps = [
        {**step._asdict(), "places": list(step.places), "fields": dict(step.fields)} for step in parcel.steps
    ]
    return {**parcel._asdict(), "steps": steps, "push": parcel.push._asdict() if parcel.push else None}


def from_json(fields: Mapping[str, Any]) -> Parcel:
    """The parcel that `to_json` wrote. Raises TypeError, ValueError or KeyError for anything else."""
    steps = tuple(Step(**{**step, "places": tuple(map(int, step["places"]))}) for step in fields["steps"])
    push = fields["push"]
    parcel = Parcel(**{**fields, "steps": steps, "push": None if push is None else Push(**push)})
    if any(step.kind not in ORDER for step in steps) or not isinstance(parcel.id, str):
        raise ValueError("this is not a parcel")
    return parcel._replace(
        created_at=float(parcel.created_at), due=float(parcel.due), tries=int(parcel.tries)
    )


def words(steps: Sequence[Step]) -> str:
    """What a parcel holds, in one line."""
    told = (f"{step.kind.replace('_', ' ')}{_where(step)}" for step in steps)
    return ", ".join(told)


def _where(step: Step) -> str:
    number = step.fields.get("issue")
    title = str(step.fields.get("title") or "")
    if step.kind in (PULL_REQUEST, FILE_ISSUE):
        return f' "{title[:80]}"'
    if step.kind == EVENT:
        return f" {step.fields.get('type')}"
    return f" #{number}" if number else ""
