"""The shipped JSON schemas: inside an installed package, or in docs/ of a checkout; each alone, or with all it refers to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from json import load
from typing import Any

import clodputer
from clodputer.model.errors import ClodputerError
from clodputer.model.text.suggest import did_you_mean


def folder() -> str:
    """The folder of the schemas of a wheel, an editable install or a bare checkout. Raises ClodputerError if none is there."""
    package = os.path.dirname(os.path.abspath(clodputer.__file__))
    for candidate in (
        os.path.join(package, "schemas"),
        os.path.join(os.path.dirname(package), "docs", "schemas"),
    ):
        if os.path.isdir(candidate):
            return candidate
    raise ClodputerError(
        "schemas_missing",
        f"no folder of schemas in {package} or in docs/ beside it",
        "Install Clodputer again; this copy is incomplete.",
    )


def names() -> list[str]:
    """The names of all schemas, without `.json`. Raises ClodputerError, OSError."""
    return sorted(name[: -len(".json")] for name in os.listdir(folder()) if name.endswith(".json"))


def read(name: str) -> dict[str, Any]:
    """One schema as its file has it; it refers to others by their file names. Raises ClodputerError when there is none."""
    known = names()
    if name not in known:
        raise ClodputerError(
            "schema_unknown",
            f"there is no schema {name[:80]!r}{did_you_mean(name, known)}",
            "All of them: clodputer schema",
        )
    with open(f"{folder()}/{name}.json", encoding="utf-8") as file:
        schema: dict[str, Any] = load(file)
    return schema


def whole(name: str) -> dict[str, Any]:
    """One schema together with all that it refers to, as embedded resources in its `$defs`, so that it stands alone.

    Raises ClodputerError when there is none of that name.
    """
    schema = read(name)
    embedded: dict[str, Any] = {}
    waiting = list(_files(schema))
    while waiting:
        file = waiting.pop()
        if file in embedded or file == f"{name}.json":
            continue
        embedded[file] = {"$id": file, **read(file[: -len(".json")])}
        waiting += _files(embedded[file])
    if not embedded:
        return schema
    return {
        "$id": f"{name}.json",
        **schema,
        "$defs": {**schema.get("$defs", {}), **dict(sorted(embedded.items()))},
    }


def _files(schema: Any) -> Iterator[str]:
    """The files that a schema refers to."""
    if isinstance(schema, dict):
        file = str(schema.get("$ref", "")).partition("#")[0]
        if file:
            yield file
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _files(part)
