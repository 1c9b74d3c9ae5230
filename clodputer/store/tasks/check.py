"""One task file's content made into a Task, or into everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.suggest import did_you_mean
from clodputer.model.task import Task, Trigger, assemble, is_name
from clodputer.model.trigger import DEFAULTS
from clodputer.store.tasks import promptfile, schema, template_text
from clodputer.store.tasks.document import Document, scalar
from clodputer.store.tasks.problems import Path, Problem, Rendered, dotted, validated
from clodputer.store.tasks.trigger_schema import TRIGGERS, ActiveKeys
from clodputer.store.tilde import expand

LONGEST_CHOICE = 1000

_UNFIT = (
    "the file's name is no name for a task; rename the file, or add name: "
    "with 1 to 64 letters, digits, '.', '_' or '-'"
)


class Checked(NamedTuple):
    """A file's task, or its problems. `keep`: whether it is the same in every environment."""

    task: Optional[Task]
    problems: tuple[Problem, ...]
    keep: bool = True


class _Finding(NamedTuple):
    path: Path
    message: str
    line: int = 0


def check(
    document: Document,
    file: str,
    shown: str,
    environ: Mapping[str, str],
    secrets: Callable[[], Mapping[str, str]],
) -> Checked:
    """The task that `file`, told to people as `shown`, describes. `secrets` is asked only when the file needs it."""
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
    values, wrong = _validated(fields, rendered)
    triggers, wrong_triggers = _triggers(fields.get("trigger", {"type": "manual"}), rendered)
    findings += wrong + wrong_triggers + _across(document.value, fields)
    problems += [
        Problem(shown, finding.line or document.line(finding.path), dotted(finding.path), finding.message)
        for finding in findings
    ]
    name = values.get("name") or os.path.splitext(os.path.basename(file))[0]
    if "name" not in document.value and not is_name(name):
        problems.append(Problem(shown, 1, "name", _UNFIT))
    if values.get("prompt_file"):
        values["prompt_file"], trouble = _prompt_file(file, values["prompt_file"], environ)
        problems += [
            Problem(where or shown, line or document.line(("prompt_file",)), "prompt_file", message)
            for where, line, message in trouble
        ]
    if problems:
        # In the order of the file; what is wrong in a prompt's own file comes last.
        return Checked(
            None, tuple(sorted(set(problems), key=lambda problem: (problem.path != shown, problem[1:])))
        )
    return Checked(_task(values, triggers, name, file), (), keep=not rendered.templates)


def _template_faults(value: Any, document: Document, path: Path = ()) -> Iterator[_Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _template_faults(item, document, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _template_faults(item, document, (*path, index))
    elif isinstance(value, str):
        known = template_text.IN_PROMPTS if path == ("prompt",) else template_text.ENV_ONLY
        for fault in template_text.faults(value, known):
            first = document.texts.get(path, 0)
            yield _Finding(path, fault.message, first + fault.line - 1 if first else 0)


def _filled_in(
    value: dict[str, Any], broken: set[Path], variables: Callable[[], Mapping[str, str]]
) -> tuple[dict[str, Any], Rendered, list[_Finding]]:
    """The keys, with `{{ env.X }}` filled in where numbers and choices are wanted."""
    templates: dict[Path, str] = {}
    findings: list[_Finding] = []

    def fill(item: Any, path: Path) -> Any:
        if isinstance(item, dict):
            return {key: fill(below, (*path, key)) for key, below in item.items()}
        if isinstance(item, list):
            return [fill(below, (*path, index)) for index, below in enumerate(item)]
        if not isinstance(item, str) or not template_text.marked(item) or path in broken:
            return item
        templates[path] = item
        try:
            text = template_text.render(item, {"env": variables()}, LONGEST_CHOICE)
            return scalar(text) if path[0] in schema.NUMBERS else text
        except (ValueError, ClodputerError) as error:
            missing = getattr(error, "missing", "")
            remedy = f"; put {missing[4:]}=... into secrets.env" if missing.startswith("env.") else ""
            findings.append(_Finding(path, f"{error}{remedy}".replace("\n", "; ")))
            broken.add(path)
            return item

    early = schema.NUMBERS | schema.CHOICES
    fields = {key: fill(item, (key,)) if key in early else item for key, item in value.items()}
    # What could not be filled in was told already; it need not be told again as a wrong value.
    for path in broken:
        if path[0] in early:
            fields.pop(path[0], None)
    return fields, Rendered(templates), findings


def _validated(fields: dict[str, Any], rendered: Rendered) -> tuple[dict[str, Any], list[_Finding]]:
    known = {(): schema.TaskKeys.model_fields, ("expect",): schema.ExpectKeys.model_fields}
    values, wrong = validated(schema.TaskKeys, fields, known, rendered)
    return values, [_Finding(path, message) for path, message in wrong]


def _triggers(value: Any, rendered: Rendered) -> tuple[tuple[Trigger, ...], list[_Finding]]:
    found: list[Trigger] = []
    findings: list[_Finding] = []
    kinds = ", ".join(TRIGGERS)
    for index, keys in enumerate(value if isinstance(value, list) else [value]):
        path: Path = ("trigger", index) if isinstance(value, list) else ("trigger",)
        if not isinstance(keys, dict):
            found_value = rendered.show(path, keys)
            findings.append(
                _Finding(path, f"expected a mapping such as {{type: manual}}, found {found_value}")
            )
        elif "type" not in keys:
            findings.append(_Finding(path, f"expected a type, which is one of {kinds}"))
        elif not isinstance(keys["type"], str) or keys["type"] not in TRIGGERS:
            here, kind = (*path, "type"), keys["type"]
            suggestion = did_you_mean(kind, TRIGGERS) if isinstance(kind, str) else ""
            findings.append(
                _Finding(here, f"expected one of {kinds}, found {rendered.show(here, kind)}{suggestion}")
            )
        else:
            model = TRIGGERS[keys["type"]]
            known = {(): model.model_fields, ("active",): ActiveKeys.model_fields}
            options, wrong = validated(model, keys, known, rendered)
            findings += [_Finding((*path, *below), message) for below, message in wrong]
            options.pop("type", None)
            found.append(Trigger(keys["type"], {**DEFAULTS[keys["type"]], **options}))
    if value == []:
        findings.append(_Finding(("trigger",), "expected at least one trigger, found an empty list"))
    return tuple(found), findings


def _across(keys: Mapping[str, Any], fields: Mapping[str, Any]) -> list[_Finding]:
    """The rules between keys: no key without an effect, and one source of the prompt."""
    agent = fields.get("agent", "" if "agent" in keys else "claude")
    findings = []
    if "prompt" in keys and "prompt_file" in keys:
        findings.append(_Finding(("prompt_file",), "prompt and prompt_file are both given; keep one of them"))
    if agent == "claude":
        if "prompt" not in keys and "prompt_file" not in keys:
            findings.append(_Finding((), "expected prompt or prompt_file: what is Claude asked to do?"))
        if "command" in keys:
            findings.append(_Finding(("command",), "has no effect without agent: command"))
    if agent == "command":
        if "command" not in keys:
            findings.append(_Finding((), "expected command: which program does agent: command start?"))
        findings += [
            _Finding((key,), "has no effect with agent: command; take the line out")
            for key in keys
            if key in schema.CLAUDE_ONLY
        ]
        if "context" in keys and "prompt" not in keys and "prompt_file" not in keys:
            findings.append(
                _Finding(("context",), "has no effect without prompt or prompt_file, which it is for")
            )
    return findings


def _prompt_file(file: str, value: str, environ: Mapping[str, str]) -> tuple[str, list[tuple[str, int, str]]]:
    """The prompt's file as an absolute path, and what is wrong with it: in which file, which line, what."""
    if template_text.marked(value):
        return value, []
    path = os.path.join(os.path.dirname(file), expand(value, environ))
    try:
        text = promptfile.read(path)
    except ValueError as error:
        return path, [("", 0, str(error))]
    # A `~` is expanded when it is rendered: another HOME may share the cache.
    return value if value.startswith("~") else path, [
        (path, fault.line, fault.message) for fault in template_text.faults(text, template_text.IN_PROMPTS)
    ]


def _task(values: dict[str, Any], triggers: tuple[Trigger, ...], name: str, file: str) -> Task:
    values.pop("trigger", None)
    return assemble({**values, "name": name, "path": file, "triggers": triggers})
