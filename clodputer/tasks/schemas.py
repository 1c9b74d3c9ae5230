"""The JSON Schemas that a task file holds, checked themselves; importing this imports jsonschema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator, validator_for

from clodputer.store.taskfiles import template_text
from clodputer.store.taskfiles.problems import Path

PLACES: tuple[Path, ...] = (("json_schema",), ("expect", "json_schema"), ("state", "schema"))
LONGEST = 200


def faults(fields: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong with the schemas in a file, each with the path of its key."""
    for path in PLACES:
        schema: Any = fields
        for step in path:
            schema = schema.get(step) if isinstance(schema, dict) else None
        message = _fault(schema) if isinstance(schema, dict) else ""
        if message:
            yield path, f"expected a JSON Schema; {message}"


def _fault(schema: dict[str, Any]) -> str:
    try:
        if template_text.marked(dumps(schema)):
            return ""  # not known before a run
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        where = "" if error.json_path == "$" else f"at {error.json_path}: "
        return f"{where}{error.message[:LONGEST]}"
    except (TypeError, ValueError, RecursionError) as error:
        return f"it holds a value that JSON cannot express: {error}"
    return ""
