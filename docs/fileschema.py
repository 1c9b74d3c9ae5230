"""JSON Schemas made from tables: of a task file and config.yaml, by which editors complete and check, and of outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clodputer import agents
from clodputer.model.agent import CLAUDE, COMMAND
from clodputer.model.config import keys as kinds
from clodputer.model.config import settingkeys
from clodputer.model.config.keys import NEVER, Key
from clodputer.model.outcome import OUTCOMES, REASONS
from clodputer.store.taskfiles.models import RESERVED
from clodputer.tasks import tables

DRAFT = "https://json-schema.org/draft/2020-12/schema"

# What may stand wherever a value is filled in from the environment.
TEMPLATE = {"type": "string", "pattern": r"\{[{%#]"}
SOME_TEXT = {"type": "string", "pattern": r"\S"}
NAME = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_NUMBER = r"[0-9]{1,15}(\.[0-9]+)?"
# Written with a unit; which numbers are too large is left to `validate`.
DURATION = {"type": "string", "pattern": rf"^\s*({_NUMBER}\s*([a-zA-Z]+)\s*)+$"}
SIZE = {"type": "string", "pattern": rf"^\s*{_NUMBER}\s*[a-zA-Z]+\s*$"}

_VALUES: dict[str, dict[str, Any]] = {
    kinds.TEXT: SOME_TEXT,
    kinds.LINE: {"type": "string"},
    kinds.TEMPLATE: SOME_TEXT,
    kinds.NAME: NAME,
    kinds.PATH: {"type": "string", "pattern": r"^(/|~/|~$)"},
    kinds.PATTERN: SOME_TEXT,
    kinds.FLAG: {"type": "boolean"},
    kinds.DURATION: DURATION,
    kinds.PERCENT: {"type": "string", "pattern": r"^\s*[0-9]{1,3}(\.[0-9]{1,3})?\s*%\s*$"},
    kinds.SIZE: SIZE,
    kinds.PRIORITY: {"enum": [1, 2, 3, 4, 5, "low", "normal", "high", "1", "2", "3", "4", "5"]},
    kinds.MAPPING: {"type": "object"},
}


def outcomes() -> dict[str, Any]:
    """The schema of the two keys that say how a run ended."""
    ends = [
        {"properties": {"outcome": {"const": one}, "reason": {"enum": _reasons(one)}}} for one in OUTCOMES
    ]
    return {
        "$schema": DRAFT,
        "title": "How a run ended",
        "description": "The two keys wherever a run's end is told: seven outcomes, and the reasons of each. "
        "docs/troubleshooting.md has their meanings. A reason may be added in a version to come; the outcomes are these.",
        "type": "object",
        "required": ["outcome", "reason"],
        "oneOf": ends,
    }


def _reasons(outcome: str) -> list[str]:
    return [code for code, reason in REASONS.items() if reason.outcome == outcome]


def task() -> dict[str, Any]:
    """The schema of a task file."""
    schema = {
        "$schema": DRAFT,
        "title": "A task file of Clodputer",
        "description": "What to ask for, when, and within which limits; see docs/tasks.md.",
        **_mapping(tables.top().values()),
    }
    others = {
        agent: sorted(key for key, owners in tables.owners().items() if agent not in owners)
        for agent in agents.KINDS
    }
    prompted = {"anyOf": [{"required": ["prompt"]}, {"required": ["prompt_file"]}]}
    schema["not"] = {"required": ["prompt", "prompt_file"]}
    named = {"required": ["agent"]}
    # A command without a prompt means the agent `command`.
    implied = {"required": ["command"], "not": {"anyOf": [named, prompted]}}
    schema["allOf"] = [
        {
            "if": {"properties": {"agent": {"const": CLAUDE}}, "not": implied},
            "then": {**prompted, **_without(others[CLAUDE])},
        },
        *(
            {
                "if": {"properties": {"agent": {"const": agent}}, **named},
                "then": {**prompted, **_without((*others[agent], *agents.load(agent).CANNOT))},
            }
            for agent in agents.KINDS
            if agent not in (CLAUDE, COMMAND)
        ),
        {
            "if": {"anyOf": [{"properties": {"agent": {"const": COMMAND}}, **named}, implied]},
            "then": {"required": ["command"], **_without(others[COMMAND])},
        },
    ]
    return schema


def settings() -> dict[str, Any]:
    """The schema of config.yaml."""
    schema = _mapping(settingkeys.KEYS, templates=False)
    return {
        "$schema": DRAFT,
        "title": "config.yaml of Clodputer",
        "description": "What holds for all tasks; see docs/configuration.md.",
        **schema,
        "type": ["object", "null"],
    }


def _without(names: Iterable[str]) -> dict[str, Any]:
    return {"properties": dict.fromkeys(names, False)}


def _mapping(keys: Iterable[Key], *, templates: bool = True) -> dict[str, Any]:
    keys = list(keys)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {key.name: _key(key, templates=templates) for key in keys},
        "additionalProperties": False,
    }
    required = [key.name for key in keys if key.required]
    return {**schema, "required": required} if required else schema


def _key(key: Key, *, templates: bool) -> dict[str, Any]:
    value = _value(key, templates=templates)
    # Where a text may hold a template its own schema accepts one already, unless it has a form.
    if (
        templates
        and key.env != NEVER
        and key.kind not in (kinds.PART, kinds.LISTED, kinds.NAMED, kinds.MAPPING, kinds.KINDS)
    ):
        value = {"anyOf": [value, TEMPLATE]} if _has_form(value) else value
    return {"description": key.help, **value}


def _has_form(value: dict[str, Any]) -> bool:
    return value not in (SOME_TEXT, {"type": "string"})


def _value(key: Key, *, templates: bool) -> dict[str, Any]:
    if key.kind == kinds.CHOICE:
        return {"enum": list(key.choices)}
    if key.kind in (kinds.COUNT, kinds.NUMBER, kinds.MONEY):
        bounds = {"minimum": key.smallest, "maximum": key.largest}
        number = "integer" if key.kind == kinds.COUNT else "number"
        return {"type": number, **{name: bound for name, bound in bounds.items() if bound is not None}}
    if key.kind in (kinds.TEXTS, kinds.CHOICES):
        choices: dict[str, Any] = {"anyOf": [{"enum": list(key.choices)}, TEMPLATE]}
        item = SOME_TEXT if key.kind == kinds.TEXTS else choices
        return {"anyOf": [item, {"type": "array", "items": item}]}
    if key.kind == kinds.ARGUMENTS:
        return {"type": "array", "items": {"type": "string"}, "prefixItems": [SOME_TEXT], "minItems": 1}
    if key.kind == kinds.VARIABLES:
        names = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": sorted(RESERVED)}}
        return {"type": "object", "propertyNames": names, "additionalProperties": {"type": "string"}}
    if key.kind == kinds.LISTED:
        return {"type": "array", "items": _mapping(key.keys, templates=templates)}
    if key.kind == kinds.PART:
        whole = _mapping(key.keys, templates=templates)
        if key.bare:
            # What is said of its properties holds for a mapping only.
            return {**whole, "type": ["object", "boolean"], "not": {"const": False}}
        alone = next((one for one in key.keys if one.name == key.short), None)
        if alone is None:
            return whole
        text = {"if": {"type": "string"}, "then": _value(alone, templates=templates)}
        return {**whole, "type": ["object", "string"], **text}
    if key.kind == kinds.NAMED:
        inside = _mapping(key.keys, templates=templates)
        return {"type": "object", "propertyNames": NAME, "additionalProperties": inside}
    if key.kind == kinds.KINDS:
        one = {"type": "object", "required": ["type"], "oneOf": _types(key)}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    return _VALUES[key.kind]


def _types(key: Key) -> list[dict[str, Any]]:
    found = []
    for kind, keys in tables.kinds()[key.name].items():
        schema = _mapping(keys)
        schema["properties"] = {"type": {"const": kind}, **schema["properties"]}
        found.append({"title": kind, **schema, "required": ["type", *schema.get("required", [])]})
    return found
