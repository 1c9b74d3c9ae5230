"""Every key of every table: it is documented, has an effect that a test names, and stands in its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from clodputer import agents, triggers
from clodputer.model.config import settingkeys
from clodputer.model.config.keys import PART, TEXT, Key, defaults
from clodputer.model.rights import settingwidening
from clodputer.model.rights.widening import HARMLESS, RULES
from clodputer.model.runs import limits
from clodputer.model.task import FLAT, MAPPINGS, Task
from clodputer.store.taskfiles import document
from clodputer.store.taskfiles.models import validated
from clodputer.tasks import tables, taskfile
from docs import keytables
from tests.tasks import test_taskfile, test_taskfile_rules, test_taskfile_values
from tests.triggers import test_taskfile_triggers
from tests.workshop import ROOT, make_home

PLACES = list(tables.walk())
TASKS_PAGE = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "task.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
# What tests say in code and in the task files that they write; this file names none.
TESTS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if path.name
    not in (
        "test_keys.py",
        "test_settingwidening.py",
        "test_taskfile_documents.py",
        "test_widening.py",
    )
)


def _label(place: tables.Place) -> str:
    return f"{place.name}-{place.kind}" if place.kind else place.name


@pytest.mark.parametrize("place", PLACES, ids=_label)
def test_a_key_is_documented(place: tables.Place) -> None:
    """In a row that says for whom it is, what it takes, what holds without it, and its effect."""
    if place.key.kind == PART:
        return  # Its own keys have rows.
    key = place.key
    assert key.help.endswith((".", "#when-it-runs)."))
    # Two kinds of triggers may have a key of one name, with a row each.
    (row,) = [
        line
        for line in TASKS_PAGE.splitlines()
        if line.startswith(f"| `{place.name}` |")
        and (not place.kind or place.kind in line.split(" | ")[1].split(", "))
    ]
    _, of, takes, holds, effect = (cell.strip() for cell in row.strip("|").split(" | "))
    assert (takes, holds, effect) == (keytables.takes(key), keytables.holds(key), key.help)
    assert place.kind in of.split(", ") if place.kind else of == (", ".join(place.agents) or "every")


@pytest.mark.parametrize("place", PLACES, ids=_label)
def test_a_key_has_an_effect_that_a_test_names(place: tables.Place) -> None:
    """A key that no test mentions may have none."""
    assert re.search(rf"\b{place.key.name}\b", TESTS)


@pytest.mark.parametrize("place", PLACES, ids=_label)
def test_a_key_takes_its_example_and_nothing_of_another_kind(place: tables.Place) -> None:
    key = place.key
    assert key.example is not None
    found, wrong = validated([key], {key.name: key.example})
    assert (wrong, list(found)) == ([], [key.name])
    _, wrong = validated([key._replace(required=False)], {key.name: None})
    assert [path for path, _ in wrong] == ([(key.name,)] if key.kind != "kinds" else [])


@pytest.mark.parametrize("place", PLACES, ids=_label)
def test_a_key_stands_in_the_schema(place: tables.Place) -> None:
    """With its help; and a task with its example is one that the schema accepts."""
    steps = place.name.split(".")
    schema: Mapping[str, Any] = SCHEMA["properties"][steps[0]]
    if place.kind:
        (schema,) = [kind for kind in schema["anyOf"][0]["oneOf"] if kind["title"] == place.kind]
        schema = schema["properties"][steps[1]]
        steps = steps[1:]
    for step in steps[1:]:
        schema = schema["properties"][step]
    assert schema["description"] == place.key.help


def test_a_key_gives_rights_or_is_harmless() -> None:
    """Whoever adds a key says so in model/rights/widening.py: an agent asks its person before it gives a task more rights."""
    assert not RULES.keys() & HARMLESS
    assert sorted([*RULES, *HARMLESS]) == sorted(tables.top())


def test_a_setting_gives_rights_or_is_harmless() -> None:
    """The same for settings, in model/rights/settingwidening.py."""
    assert not settingwidening.RULES.keys() & settingwidening.HARMLESS
    assert sorted([*settingwidening.RULES, *settingwidening.HARMLESS]) == sorted(settingkeys.BY_NAME)


def test_schemas_are_schemas() -> None:
    for name in ("task", "settings"):
        Draft202012Validator.check_schema(
            json.loads((ROOT / "docs" / "schemas" / f"{name}.json").read_text())
        )


def _value(text: str) -> Any:
    return document.parse(text.lstrip("\ufeff")).value


@pytest.mark.parametrize("text", test_taskfile.GOOD)
def test_the_schema_accepts_good_files(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(_value(text))] == []


@pytest.mark.parametrize("text", test_taskfile_triggers.GOOD)
def test_the_schema_accepts_good_triggers(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(_value(f"prompt: a\ntrigger: {text}\n"))] == []


def test_the_schema_accepts_what_is_shipped_and_documented(tmp_path: Path) -> None:
    """Every template, and every task file that the pages and the README show."""
    shown = [path.read_text(encoding="utf-8") for path in (ROOT / "templates" / "tasks").glob("*.yaml")]
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            shown += [block] if re.search(r"^(prompt|prompt_file|command):", block, re.MULTILINE) else []
    assert len(shown) > 8
    home = make_home(tmp_path)
    for number, text in enumerate(shown):
        _, problems = taskfile.check_content(home, f"{home.tasks}/t{number}.yaml", text.encode(), {})
        assert problems == ()
        assert [error.message for error in VALIDATOR.iter_errors(_value(text))] == [], text


BAD = {
    case: text
    for table in (test_taskfile_values.BAD, test_taskfile_rules.BAD)
    for case, (text, _) in table.items()
}
# What a schema cannot say: it knows neither files nor templates, and of a text only its form.
BEYOND_A_SCHEMA = re.compile(
    r"prompt file|template|environment as a whole|beyond all bounds|context that nothing reads|too large|too long|"
    r"duration of nothing|size of nothing|wrong unit|clock time|duplicate|command without a program|home without quotes|"
    r"no regular expression|of two lines|context outside|no precheck"
)


@pytest.mark.parametrize("case", BAD)
def test_the_schema_rejects_what_validate_rejects(case: str) -> None:
    value = _value(BAD[case])
    if value is not None and not BEYOND_A_SCHEMA.search(case):
        assert not VALIDATOR.is_valid(value)


def test_the_parts_of_a_task_are_its_tables() -> None:
    """Each part has the fields of its table, and without a file the values that the table says."""
    claude = agents.load("claude").KEYS
    for part, table in (("claude", claude), ("limits", limits.KEYS)):
        assert FLAT[part]()._asdict() == defaults(table)
    for part, kind in MAPPINGS.items():
        assert kind()._asdict() == defaults(tables.top()[part].keys)
    task = Task("a", "a.yaml")
    for name, value in defaults(tables.tables()[0].keys).items():
        assert name in ("name", "trigger") or getattr(task, name) == value


def test_tables_are_in_the_rules_of_the_cache() -> None:
    """A cached task is read anew when a table changes."""
    rules = [rule.rstrip("/") for rule in taskfile.RULES]
    for kind in (*map(agents.load, agents.KINDS), *map(triggers.load, triggers.names())):
        where = str(kind.__file__).split("clodputer/")[-1]  # type: ignore[attr-defined]
        folder = where.rsplit("/", 1)[0]
        inside = any(where.startswith(f"{rule}/") for rule in rules)
        assert where in rules or inside or f"{folder}/keys.py" in rules
    assert "model" in rules


def test_no_two_agents_mean_different_things_by_one_key() -> None:
    one, other = Key("model", TEXT, help="One."), Key("model", TEXT, help="Another.")
    shared = list(tables.of_agents({"a": (one,), "b": (Key("mine", TEXT), one)}))
    assert [(table.keys[0].name, table.agents) for table in shared] == [
        ("model", ("a", "b")),
        ("mine", ("b",)),
    ]
    with pytest.raises(ValueError, match="declared twice"):
        list(tables.of_agents({"a": (one,), "b": (other,)}))


def test_no_key_is_declared_twice() -> None:
    names = [key.name for table in tables.tables() for key in table.keys]
    assert len(names) == len(set(names))


def _all(keys: tuple[Key, ...]) -> list[Key]:
    return [one for key in keys for one in (key, *_all(key.keys))]


@pytest.mark.parametrize("key", _all(settingkeys.KEYS), ids=lambda key: str(key.name))
def test_a_setting_has_help_an_example_and_a_test(key: Key) -> None:
    assert key.help.endswith(".")
    assert key.kind == PART or validated([key], {key.name: key.example})[1] == []
    assert re.search(rf"\b{key.name}\b", TESTS)
