"""`clodputer schema`: every schema is printed so that it stands alone, and a wrong name is helped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from clodputer.store.home import Home
from clodputer.store.program import schemas
from tests.cli.promises import SCHEMAS, references, wrong
from tests.workshop import clodputer

ALONE: Registry[Any] = Registry()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_stands_alone(name: str) -> None:
    """With no other file at hand, all that it refers to is found; and what it says is not changed."""
    whole = schemas.whole(name[: -len(".json")])
    Draft202012Validator.check_schema(whole)
    for place in references(whole):
        assert not place.partition("#")[0] or place.partition("#")[0] in {name, *whole["$defs"]}
    assert {key: value for key, value in whole.items() if key not in ("$id", "$defs")} == {
        key: value for key, value in SCHEMAS[name].items() if key != "$defs"
    }


def test_it_judges_as_the_files_do(home: Home) -> None:
    """An answer that is right, and one of which a key of a schema that is referred to is missing."""
    answer = json.loads(clodputer(home, "status", "--json")[0])
    alone = Draft202012Validator(schemas.whole("status"), registry=ALONE)
    assert list(alone.iter_errors(answer)) == []
    assert wrong(answer, "status.json") == ""
    del answer["data"]["scheduler"]["name"]
    assert wrong(answer, "status.json") != ""
    assert list(alone.iter_errors(answer)) != []


def test_what_is_printed(home: Home) -> None:
    """The list, one of them, and a name that is nearly right."""
    listed = clodputer(home, "schema")[0]
    assert all(name[: -len(".json")] in listed for name in SCHEMAS)
    assert json.loads(clodputer(home, "schema", "task")[0]) == SCHEMAS["task.json"]
    assert "did you mean 'task'" in clodputer(home, "schema", "tsak", status=1)[1]
    assert "there is no schema" in clodputer(home, "schema", "../README", status=1)[1]
