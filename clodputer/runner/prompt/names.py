"""What the template of a prompt may name: the values that every run has, and what the requests of some triggers bring along."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request, came_from, is_from_outside
from clodputer.model.runs.attempts import Past
from clodputer.model.task import Task
from clodputer.model.text.cleaning import without_controls
from clodputer.model.text.moment import iso
from clodputer.store.taskfiles import template_text
from clodputer.store.taskfiles.template_terms import Outside

# The triggers in the origins of requests that are dropped as files, and that report a file's change.
SPOOL, FILE_WATCH, GITHUB = "spool", "file_watch", "github"


# What of a request is ours, of whatever origin, and what of our records of earlier runs and of a file's change.
_REQUEST = ("id", "task", "priority", "attempt", "created_at")
_OURS: Mapping[str, tuple[str, ...]] = {
    "attempts": ("number", "run_id", "outcome", "reason", "when"),
    "last": ("outcome", "when"),
    "last_success": ("when",),
}
_FILE = ("event", "size")
# The repository is named in the task, and GitHub gives the numbers.
_ISSUE = ("number", "kind", "repository", "sha", "labeled_at")


def check(template: str, file: str) -> None:
    """Raise ClodputerError ("not_started") when the template of a prompt, which is in `file`, is not sound."""
    faults = template_text.faults(template, triggers.in_prompts())
    if faults:
        raise ClodputerError(
            "not_started", f"{file}: line {faults[0].line}: {faults[0].message}", f"Fix {file}."
        )


def values(
    task: Task,
    request: Request,
    context: Mapping[str, Any],
    environ: Mapping[str, str],
    last: Optional[Mapping[str, Any]],
    last_success: Optional[Mapping[str, Any]],
    story: Iterable[Past] = (),
    found: str = "",
) -> dict[str, Any]:
    """The values by their names. context: the task's own, filled in; the request's comes before it. story: its earlier runs.
    found: what the precheck printed.
    """
    success = _last(last_success or {})
    if came_from(request) == SPOOL:
        # A person's own program wrote it, of whatever it had at hand.
        given, body = _without_controls(dict(request.context)), without_controls(request.body)
        request = request._replace(context=given, body=body, origin=_without_controls(dict(request.origin)))
    return {
        **{name: request.context[name] for name in triggers.brings() if name in request.context},
        "env": environ,
        "context": {**context, **request.context},
        "request": {
            "id": request.id,
            "task": request.task,
            "priority": request.priority or task.priority,
            "attempt": request.attempt,
            "origin": dict(request.origin),
            "created_at": iso(request.created_at),
            "body": request.body,
        },
        "body": request.body,
        **({"event": request.context["event"]} if "event" in request.context else {}),
        "precheck": found,
        "attempts": [_attempt(run) for run in story],
        "last": _last(last or {}),
        "last_success": {name: success[name] for name in ("result", "when")},
    }


def outside(task: Task, request: Request, values: Mapping[str, Any], nonce: str) -> Outside:
    """What of these values the prompt fences.

    The name decides, and for the context and the text of a request its origin: what a person typed, or a program of theirs
    dropped, is trusted. Every other name is from outside: what triggers bring, programs print, agents say and remember.
    """
    trusted, fields = {"env"}, dict(_OURS)
    words = {}
    if is_from_outside(request):
        fields["request"] = _REQUEST
        fields["context"] = tuple(name for name in task.context if name not in request.context)
        by = request.origin.get("task") or came_from(request)
        words = dict.fromkeys(("body", "context", "request"), f"from {by}")
    else:
        trusted |= {"body", "context", "request"}
    if came_from(request) == GITHUB:
        fields["issue"] = _ISSUE
    if came_from(request) == FILE_WATCH:
        fields.update(file=_FILE, files=_FILE)
    return Outside(nonce, frozenset(values), frozenset(trusted), fields, words)


def fed_by(task: Task, request: Optional[Request], used: Collection[str]) -> tuple[str, ...]:
    """The names that bring in what somebody else wrote, of those that the template of a task's prompt uses.

    What a task's own earlier runs left is not among them. request: None to say what its requests may bring, as far as the task
    alone tells.
    """
    bringing = {*triggers.brings(), "event"}
    if task.precheck:
        bringing.add("precheck")
    given = None if request is None else request.context
    if task.follow.after if request is None else is_from_outside(request):
        bringing |= {"body", "context", "request"}
    return tuple(sorted(name for name in used if _brings(name, bringing, given)))


def _brings(name: str, bringing: Collection[str], given: Optional[Mapping[str, Any]]) -> bool:
    root, _, field = name.partition(".")
    if root not in bringing or (root == "request" and field in _REQUEST):
        return False
    if given is None or root in ("precheck", "request", "body"):
        return True
    return (field in given if field else bool(given)) if root == "context" else root in given


def _without_controls(value: Any) -> Any:
    if isinstance(value, str):
        return without_controls(value)
    if isinstance(value, dict):
        return {without_controls(key): _without_controls(below) for key, below in value.items()}
    return [_without_controls(below) for below in value] if isinstance(value, list) else value


def brought_by(name: str) -> str:
    """The kind of trigger whose requests bring a name along; empty for none."""
    return next((kind for kind in triggers.names() if name in triggers.load(kind).BRINGS), "")


def _attempt(run: Past) -> dict[str, Any]:
    fields = run._asdict()
    fields["number"], fields["when"] = fields.pop("attempt"), fields.pop("ended_at")
    return {**fields, "files": list(run.files)}


def _last(record: Mapping[str, Any]) -> dict[str, Any]:
    result = record.get("result")
    return {
        "outcome": record.get("outcome") or "",
        "result": "" if result is None else result,
        "when": record.get("ended_at") or record.get("started_at") or "",
    }
