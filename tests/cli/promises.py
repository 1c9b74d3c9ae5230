"""The schemas of docs/schemas, and what is wrong with a value by one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.workshop import ROOT

FOLDER = ROOT / "docs" / "schemas"
SCHEMAS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, DRAFT202012.create_resource(schema)) for name, schema in SCHEMAS.items()
)


def wrong(value: Any, place: str) -> str:
    """What is wrong with a value by the schema at a place such as `list.json#/$defs/data`; empty when it is right."""
    error = best_match(Draft202012Validator({"$ref": place}, registry=REGISTRY).iter_errors(value))
    return f"{error.json_path}: {error.message}" if error else ""


def references(schema: Any) -> Iterator[str]:
    """All that a schema refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from references(part)


def forms(command: str) -> set[str]:
    """The forms that a command's data may have."""
    among = SCHEMAS[f"{command}.json"]["then"]["properties"]["data"]["anyOf"]
    return {one["$ref"].rpartition("/")[2] for one in among if one["$ref"].startswith("#/$defs/")}
