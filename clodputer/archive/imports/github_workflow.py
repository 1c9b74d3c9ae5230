"""A workflow of GitHub Actions with a schedule: its steps that call claude, as tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.archive.imports import flags, shell
from clodputer.archive.imports.commands import commands
from clodputer.archive.imports.fill import Surroundings, evaluate
from clodputer.archive.imports.values import LEFT, UNSAID, Call, Entry, Facts, Found, Value, entries
from clodputer.archive.imports.words import Unreadable
from clodputer.model.schedules import cron

_ACTION = re.compile(r"anthropics/claude-code-(?:base-)?action@.+")
_SECRET = re.compile(r"\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_MARK = re.compile(r"\$\{GITHUB_EXPRESSION_(\d{1,6})\}")
# Inputs of the action, and the flag of claude that each amounts to.
_INPUTS: Mapping[str, str] = {
    "model": "--model",
    "allowed_tools": "--allowedTools",
    "disallowed_tools": "--disallowedTools",
    "max_turns": "--max-turns",
    "append_system_prompt": "--append-system-prompt",
    "system_prompt": "--system-prompt",
    "mcp_config": "--mcp-config",
    "fallback_model": "--fallback-model",
    "settings": "--settings",
}
_PROMPTS = ("prompt", "direct_prompt", "override_prompt")
_LOGINS: Mapping[str, str] = {
    "anthropic_api_key": "ANTHROPIC_API_KEY",
    "claude_code_oauth_token": "CLAUDE_CODE_OAUTH_TOKEN",
}
_QUIET = frozenset(
    ("github_token", "track_progress", "show_full_output", "use_sticky_comment", "trigger_phrase")
)


def read(value: Any, where: str, facts: Facts) -> list[Entry]:
    """The entries of a workflow, read from YAML in which `on` is a text. facts.folder: the checkout that its jobs work in."""
    entry = Entry(where, "", UNSAID, original=where)
    if not isinstance(value, Mapping) or not isinstance(value.get("jobs"), Mapping):
        return [entry._replace(fate=LEFT, reason="it is not a workflow")]
    events = value.get("on")
    schedule = events.get("schedule") if isinstance(events, Mapping) else None
    if not isinstance(events, Mapping) or not isinstance(schedule, list):
        return [entry._replace(fate=LEFT, reason="it has no schedule")]
    triggers, unsaid = _triggers(schedule)
    unsaid += [
        f"on: {event}: see the trigger github"
        for event in events
        if event not in ("schedule", "workflow_dispatch")
    ]
    found: list[Entry] = []
    for name, job in value["jobs"].items():
        if not isinstance(job, Mapping):
            continue
        steps = job.get("steps")
        for number, step in enumerate(steps if isinstance(steps, list) else [], 1):
            if isinstance(step, Mapping):
                title = str(step.get("name") or value.get("name") or name)
                whole = entry._replace(
                    where=f"{where}: job {name}, step {number}",
                    triggers=tuple(triggers),
                    hint=title,
                    call=Call(unsaid=tuple(unsaid)),
                )
                found += _step(step, job, value, whole, facts)
    return found or [entry._replace(fate=LEFT, reason="none of its steps calls claude")]


def _triggers(schedule: list[Any]) -> tuple[list[dict[str, Any]], list[str]]:
    made: list[dict[str, Any]] = []
    unsaid: list[str] = []
    for item in schedule:
        expression = item.get("cron") if isinstance(item, Mapping) else None
        try:
            cron.parse(str(expression))
        except cron.InvalidCron as error:
            unsaid.append(f"schedule {str(expression)[:60]}: {error}")
            continue
        zone = item.get("timezone")
        made.append(
            {
                "type": "cron",
                "schedule": str(expression),
                "timezone": zone if isinstance(zone, str) else "UTC",
            }
        )
    return made, unsaid


def _step(
    step: Mapping[str, Any], job: Mapping[str, Any], workflow: Mapping[str, Any], entry: Entry, facts: Facts
) -> list[Entry]:
    """The entries of a step; none when it does not call claude."""
    uses, runs = step.get("uses"), step.get("run")
    is_action = isinstance(uses, str) and _ACTION.fullmatch(uses) is not None
    if not is_action and not (isinstance(runs, str) and shell.names_claude(runs)):
        return []
    unsaid, notes = list(entry.call.unsaid), list(entry.call.notes)
    conditions = (holder.get("if") for holder in (job, step))
    unsaid += [f"if: {str(one)[:80]}: see precheck" for one in conditions if one is not None]
    if job.get("strategy"):
        unsaid.append("strategy: a task has no matrix")
    env = {}
    for holder in (workflow, job, step):
        given = holder.get("env")
        env.update(
            {str(name): _text(value) for name, value in given.items()} if isinstance(given, Mapping) else {}
        )
    env = dict(_variables(env, unsaid))
    keys: dict[str, Any] = {}
    minutes = step.get("timeout-minutes", job.get("timeout-minutes"))
    if isinstance(minutes, (int, float)) and not isinstance(minutes, bool) and minutes > 0:
        keys["timeout"] = f"{int(minutes * 60)}s"
    unsaid.append(
        "it works in a fresh checkout of the repository: see working_directory and isolation: worktree"
    )
    folder = step.get("working-directory")
    place = (
        facts._replace(folder=facts.place(folder))
        if isinstance(folder, str) and "${{" not in folder
        else facts
    )
    text = str(runs if not is_action else uses)
    entry = entry._replace(text=text, call=Call(keys, {}, tuple(unsaid), tuple(notes)))
    found = _of_action(step, env, place) if is_action else _of_script(text, place, env)
    return entries(found, entry)


def _of_action(step: Mapping[str, Any], env: Mapping[str, str], facts: Facts) -> Found:
    """What a step with the action of Anthropic amounts to."""
    given = step.get("with")
    inputs = given if isinstance(given, Mapping) else {}
    arguments: list[Value] = [Value("-p")]
    unsaid: list[str] = []
    logins: dict[str, str] = {}
    for name, value in inputs.items():
        text = _text(value)
        if name in _PROMPTS:
            arguments.insert(0, Value(text, not _EXPRESSION.search(text)))
        elif name == "prompt_file":
            arguments.insert(0, Value(text, True, text))
        elif name == "claude_args":
            arguments += _arguments(text, facts, unsaid)
        elif name in _INPUTS:
            arguments.append(Value(_INPUTS[name]))
            arguments.append(Value(text, not _EXPRESSION.search(text)))
        elif name in _LOGINS:
            logins[_LOGINS[name]] = text
        elif name == "timeout_minutes" and text.isdecimal():
            continue
        elif name not in _QUIET:
            unsaid.append(f"with: {name}: a task has no key for this")
    call = flags.call(arguments, None, facts, facts.folder)
    more = dict(_variables({**env, **logins}, unsaid))
    folder = {"working_directory": facts.folder} if facts.folder else {}
    return Found((Call({**folder, **call.keys}, more, (*unsaid, *call.unsaid), call.notes),))


def _arguments(text: str, facts: Facts, unsaid: list[str]) -> list[Value]:
    """What is in claude_args, which is parted as a shell would."""
    try:
        found = commands(
            "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#")).replace(
                "\n", " "
            )
        )
    except Unreadable as error:
        unsaid.append(f"with: claude_args: {error}")
        return []
    around = Surroundings(facts, facts.folder, {}, {})
    return [evaluate(word, around) for command in found for word in command.words]


def _variables(env: Mapping[str, str], unsaid: list[str]) -> Iterator[tuple[str, str]]:
    """The variables without those whose value only GitHub knows; its secrets become those of Clodputer."""
    for name, text in env.items():
        filled = _SECRET.sub(lambda match: f"{{{{ env.{match[1]} }}}}", text)
        if _EXPRESSION.search(filled.replace("{{ env.", "{ env.")) and "${{" in filled:
            unsaid.append(f"{name}: {filled[:60]}: only GitHub knows this value")
        else:
            yield name, filled


def _of_script(text: str, facts: Facts, env: Mapping[str, str]) -> Found:
    """What a script calls; GitHub's expressions are to its shell variables that nobody knows."""
    written = _EXPRESSION.findall(text)
    numbers = iter(range(len(written)))
    found = shell.read(_EXPRESSION.sub(lambda _: f"${{GITHUB_EXPRESSION_{next(numbers)}}}", text), facts, env)

    def back(value: Any) -> Any:
        if isinstance(value, str):
            return _MARK.sub(lambda match: written[int(match[1])], value)
        if isinstance(value, Mapping):
            return {key: back(item) for key, item in value.items()}
        return [back(item) for item in value] if isinstance(value, (list, tuple)) else value

    calls = (
        Call(
            back(call.keys),
            back(call.env),
            tuple(back(call.unsaid)),
            tuple(back(call.notes)),
            tuple(back(call.beside)),
        )
        for call in found.calls
    )
    return Found(tuple(calls), tuple(back(found.problems)))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "" if value is None else str(value)
