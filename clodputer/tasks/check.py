"""One task file's content made into a Task, or into everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer import agents, triggers
from clodputer.model import memory
from clodputer.model.agent import CLAUDE, COMMAND, kind_of
from clodputer.model.config.keys import (
    COUNT,
    FLAG,
    MONEY,
    NUMBER,
    PRIORITY,
    READING,
    at,
)
from clodputer.model.errors import ClodputerError
from clodputer.model.follow.keys import ON_FAILURE
from clodputer.model.gates import approval
from clodputer.model.isolate import container
from clodputer.model.isolate.worktree import WORKTREE
from clodputer.model.publish import rule as publish
from clodputer.model.queue import score
from clodputer.model.state import USUAL_SIZE
from clodputer.model.task import ASK, Task, Trigger, assemble, is_name
from clodputer.store.taskfiles import limited, template_text
from clodputer.store.taskfiles.document import Document, scalar
from clodputer.store.taskfiles.models import validated
from clodputer.store.taskfiles.problems import Path, Problem, Rendered, dotted
from clodputer.tasks import byissue, following, kinds, lacking, promptpath, risk, tables
from clodputer.tasks.kinds import Finding

LONGEST_CHOICE = 1000
# What a template makes is read as YAML reads a plain value.
_NUMBERS = frozenset((FLAG, COUNT, NUMBER, MONEY, PRIORITY))

_UNFIT = (
    "the file's name is not a valid task name; rename the file, or add name: "
    "with 1 to 64 letters, digits, '.', '_' or '-'"
)
_RESERVED = f"the name {ASK} belongs to `clodputer ask`; give the task another name"


class Checked(NamedTuple):
    """A file's task, or its problems. `keep`: whether it is the same in every environment."""

    task: Optional[Task]
    problems: tuple[Problem, ...]
    keep: bool = True


def check(
    document: Document,
    file: str,
    shown: str,
    environ: Mapping[str, str],
    secrets: Callable[[], Mapping[str, str]],
    *,
    built_in: bool = False,
) -> Checked:
    """The task that `file`, which messages call `shown`, describes. `secrets` is asked only when the file needs it.

    built_in: it is no file but the task `ask`, whose name no file may take.
    """
    if document.value is None and not document.wrong:
        return Checked(None, (Problem(shown, 1, "", "the file is empty; a task needs at least prompt: ..."),))
    problems = [Problem(shown, line, "", message) for line, message in document.wrong]
    if not isinstance(document.value, dict):
        if document.value is not None:
            problems.append(
                Problem(shown, document.line(()), "", "expected keys such as prompt: ..., found none")
            )
        return Checked(None, tuple(problems))
    findings = list(_template_faults(document.value, document))
    broken = {finding.path for finding in findings}
    fields, rendered, unfilled = _filled_in(document.value, broken, lambda: {**environ, **secrets()})
    findings += unfilled
    values, wrong = validated(tables.top().values(), fields, rendered)
    triggers, wrong_triggers = kinds.check(
        "trigger", fields.get("trigger", {"type": "manual"}), rendered, fields
    )
    findings += [Finding(path, message) for path, message in wrong]
    findings += wrong_triggers + _across(document.value, fields) + _schemas(fields)
    if "agent" not in document.value:
        values["agent"] = _implied(document.value)
    prompt = document.value.get("prompt")
    if isinstance(prompt, str) and ("prompt",) not in broken:
        findings += [Finding(("prompt",), lack) for lack in lacking.lacks(prompt, document.value)]
    problems += [
        Problem(shown, finding.line or document.line(finding.path), dotted(finding.path), finding.message)
        for finding in findings
    ]
    name = values.get("name") or os.path.splitext(os.path.basename(file))[0]
    if "name" not in document.value and not is_name(name):
        problems.append(Problem(shown, 1, "name", _UNFIT))
    if name.lower() == ASK and not built_in:
        problems.append(Problem(shown, document.line(("name",)), "name", _RESERVED))
    if values.get("prompt_file"):
        values["prompt_file"], trouble = promptpath.look(file, values["prompt_file"], environ, values)
        problems += [
            Problem(where or shown, line or document.line(("prompt_file",)), "prompt_file", message)
            for where, line, message in trouble
        ]
    if not wrong_triggers:
        problems += [
            Problem(where or shown, line or document.line(("trigger", "prompts")), "trigger.prompts", message)
            for where, line, message in promptpath.faults_of_triggers(file, triggers, environ, values)
        ]
    task = _task(values, triggers, name, file) if not problems else None
    if task is not None and not template_text.marked(task.working_directory):
        # Only now: before, it is not known what the task is.
        wrong_risk = risk.fault(task, environ)
        problems += [
            Problem(shown, document.line(("permission_mode",)), "permission_mode", wrong_risk)
        ] * bool(wrong_risk)
    if task is None or problems:
        # In the order of the file; what is wrong in a prompt's own file comes last.
        return Checked(
            None, tuple(sorted(set(problems), key=lambda problem: (problem.path != shown, problem[1:])))
        )
    return Checked(task, (), keep=not rendered.templates)


def _template_faults(value: Any, document: Document, path: Path = ()) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _template_faults(item, document, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _template_faults(item, document, (*path, index))
    elif isinstance(value, str):
        known = _terms(path)
        for fault in template_text.faults(value, known):
            first = document.texts.get(path, 0)
            yield Finding(path, fault.message, first + fault.line - 1 if first else 0)


def _terms(path: Path) -> Mapping[str, tuple[str, ...]]:
    """What a template at a path may name."""
    if following.is_late(path):
        return following.TERMS
    return triggers.in_prompts() if path == ("prompt",) else template_text.ENV_ONLY


def _filled_in(
    value: dict[str, Any], broken: set[Path], variables: Callable[[], Mapping[str, str]]
) -> tuple[dict[str, Any], Rendered, list[Finding]]:
    """The keys, with `{{ env.X }}` filled in where numbers and choices are wanted."""
    early = {
        name: value[name] for name, key in tables.top().items() if key.filled() == READING and name in value
    }
    if not any(map(_any_marked, early.values())):
        return value, Rendered({}), []
    try:
        # All of them in one child: a template may run away.
        filled, sources, unfilled = limited.call(_filled_early, early, broken, variables)
        templates = {tuple(path): template for path, template in sources}
        findings = [Finding(tuple(path), message) for path, message in unfilled]
    except template_text.CannotRender as error:
        filled, templates = early, {(name,): "" for name in early}
        findings = [Finding((name,), str(error)) for name in early if _any_marked(early[name])]
    # What could not be filled in was reported already; it need not be reported again as a wrong value.
    lost = {finding.path[0] for finding in findings} | {path[0] for path in broken if path[0] in early}
    fields = {key: filled.get(key, item) for key, item in value.items() if key not in lost}
    return fields, Rendered(templates), findings


def _any_marked(value: Any) -> bool:
    if isinstance(value, str):
        return template_text.marked(value)
    if isinstance(value, dict):
        return any(map(_any_marked, value.values()))
    return isinstance(value, list) and any(map(_any_marked, value))


def _filled_early(
    early: dict[str, Any], broken: set[Path], variables: Callable[[], Mapping[str, str]]
) -> tuple[dict[str, Any], list[tuple[Path, str]], list[tuple[Path, str]]]:
    """These keys with every template in them filled in, the templates with their paths, and what went wrong, with paths too."""
    templates: list[tuple[Path, str]] = []
    findings: list[tuple[Path, str]] = []

    def fill(item: Any, path: Path) -> Any:
        if isinstance(item, dict):
            return {key: fill(below, (*path, key)) for key, below in item.items()}
        if isinstance(item, list):
            return [fill(below, (*path, index)) for index, below in enumerate(item)]
        if not isinstance(item, str) or not template_text.marked(item) or path in broken:
            return item
        if following.is_late(path):
            return item
        templates.append((path, item))
        try:
            text = template_text.render(item, {"env": variables()}, LONGEST_CHOICE)
            key = at(tables.top(), path)
            return scalar(text) if key is not None and key.kind in _NUMBERS else text
        except (ValueError, ClodputerError) as error:
            missing = getattr(error, "missing", "")
            remedy = f"; put {missing[4:]}=... into secrets.env" if missing.startswith("env.") else ""
            findings.append((path, f"{error}{remedy}".replace("\n", "; ")))
            return item

    return {key: fill(item, (key,)) for key, item in early.items()}, templates, findings


def _implied(keys: Mapping[str, Any]) -> str:
    """The agent of a file that names none: whoever writes a command and no prompt means it to be run."""
    return CLAUDE if {"prompt", "prompt_file"} & keys.keys() or "command" not in keys else COMMAND


def _across(keys: Mapping[str, Any], fields: Mapping[str, Any]) -> list[Finding]:
    """The rules between keys: no key without an effect, and one source of the prompt."""
    agent = fields.get("agent", "" if "agent" in keys else _implied(keys))
    findings = []
    prompted = "prompt" in keys or "prompt_file" in keys
    if "prompt" in keys and "prompt_file" in keys:
        findings.append(Finding(("prompt_file",), "prompt and prompt_file are both given; keep one of them"))
    findings += [Finding(*fault) for fault in following.faults(keys)]
    findings += [Finding((key,), message) for key, message in risk.without_effect(fields, agent)]
    findings += [Finding(*fault) for fault in (*publish.faults(fields), *container.faults(fields, agent))]
    opposite = approval.contradiction(keys)
    findings += [Finding((approval.CONFIRM,), opposite)] if opposite else []
    if agent not in agents.KINDS:
        return findings
    kind = kind_of(agent)
    if not kind.plans and approval.is_plan(keys):
        who = agent if kind.prompted else "a program"
        message = f"only claude can make plans; for {who} write approve: before"
        findings.append(Finding(("approve",), message))
    if kind.prompted and not prompted:
        findings.append(Finding((), f"expected prompt or prompt_file: what is {kind.title} asked to do?"))
    if agent == COMMAND and "command" not in keys:
        findings.append(Finding((), "expected command: which program does agent: command start?"))
    for key, owners in tables.owners().items():
        if key in keys and agent not in owners:
            without = (
                f"with agent: {agent}; remove the line"
                if "agent" in keys
                else f"without agent: {' or '.join(owners)}"
            )
            findings.append(Finding((key,), f"has no effect {without}"))
    cannot = agents.load(agent).CANNOT
    findings += [Finding((key,), message) for key, message in agents.load(agent).faults(fields)]
    findings += [Finding((key,), f"agent: {agent} {cannot[key]}") for key in keys if key in cannot]
    if not kind.prompted and "context" in keys and not prompted:
        findings.append(Finding(("context",), "has no effect without prompt or prompt_file, which it is for"))
    return findings


def _schemas(fields: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with the JSON Schemas of a file. What checks them is slow to import, and most files have none."""
    inside = [part for part in map(fields.get, ("expect", "state")) if isinstance(part, dict)]
    if not {"json_schema", "schema"} & {key for part in (fields, *inside) for key in part}:
        return []
    from clodputer.tasks import schemas

    return [Finding(path, message) for path, message in schemas.faults(fields)]


def _task(values: dict[str, Any], triggers: tuple[Trigger, ...], name: str, file: str) -> Task:
    values.pop("trigger", None)
    others = []
    for item in values.pop(ON_FAILURE, ()):
        if "retry" in item:
            values.update(item)
        elif item:
            others.append(item)
    values[ON_FAILURE] = others
    if values.pop(approval.CONFIRM, False):
        values.setdefault("approve", {"mode": approval.BEFORE})
    for part, size in (("state", USUAL_SIZE), ("memory", memory.USUAL_SIZE)):
        if part in values:
            values[part] = {"max_size": size, **values[part]}
    if "score" in values:
        values["score"] = {**score.USUAL, **values["score"]}
    if any(trigger.type == byissue.KIND for trigger in triggers):
        values.setdefault("lane", byissue.KIND)
    if "worktree" in values:
        values.setdefault("isolation", WORKTREE)
    return assemble({**values, "name": name, "path": file, "triggers": triggers})
