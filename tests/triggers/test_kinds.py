"""Every kind of trigger, by what they all have in common; a new kind is walked by being there."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest

from clodputer import triggers
from clodputer.model.config import keys
from clodputer.model.schedules.ring import NOTHING
from clodputer.model.schedules.schedule import Interval, Moment
from clodputer.model.task import Trigger
from clodputer.store.taskfiles import template_text
from tests.triggers.slots import schedule
from tests.workshop import ROOT

KINDS = triggers.names()
TASKS_PAGE = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")


def example(kind: str) -> Trigger:
    """A trigger with nothing but what must be written."""
    declared = triggers.load(kind).KEYS
    written = {key.name: _value(key) for key in declared if key.required}
    return Trigger(kind, {**keys.defaults(declared), **written})


def _value(key: keys.Key) -> Any:
    return 900.0 if key.kind == keys.DURATION else key.example


def test_these_are_there() -> None:
    assert set(KINDS) >= {"at", "cron", "file_watch", "interval", "manual", "startup"}


def test_an_unknown_kind() -> None:
    with pytest.raises(KeyError):
        triggers.load("corn")
    with pytest.raises(KeyError):
        triggers.load("__init__.nothing")


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_whole(kind: str) -> None:
    """Each key has a name of its own, a help text, and an example that its check takes and that is not its default."""
    declared = triggers.load(kind).KEYS
    for key in keys.named(declared).values():
        assert key.help.endswith("."), key.name
        assert key.name != "type"
        assert key.example is not None, key.name
        assert key.example != key.default, key.name
        if key.choices:
            assert set(key.example if isinstance(key.example, list) else [key.example]) <= set(key.choices)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_documented(kind: str) -> None:
    """docs/tasks.md names each of them."""
    assert f"`{kind}`" in TASKS_PAGE
    for key in triggers.load(kind).KEYS:
        assert f"`trigger.{key.name}`" in TASKS_PAGE
        for part in key.keys:
            assert f"`trigger.{key.name}.{part.name}`" in TASKS_PAGE


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_alarms(kind: str) -> None:
    """A kind can be told to people and to schedulers from its keys alone."""
    trigger = example(kind)
    assert triggers.words([trigger, trigger]) == triggers.load(kind).words(trigger)
    assert triggers.load(kind).words(trigger)
    assert triggers.needs_alarm(trigger) == (triggers.load(kind).alarm(trigger) != NOTHING)
    if triggers.has_slot_times(trigger):
        assert triggers.schedule(trigger, {"TZ": "UTC"}) is not None
        assert triggers.load(kind).alarm(trigger).times
    else:
        assert triggers.schedule(trigger, {}) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_requests_bring_is_known_to_prompts(kind: str) -> None:
    """A prompt may name it, or else the check of a task would refuse what works."""
    for name, fields in triggers.load(kind).BRINGS.items():
        assert triggers.in_prompts()[name] == fields
        assert name not in template_text.IN_PROMPTS
        template = "".join(f"{{{{ {name}.{field} }}}}" for field in fields) or f"{{{{ {name} }}}}"
        assert template_text.faults(template, triggers.in_prompts()) == []
        assert template_text.faults(template, template_text.IN_PROMPTS)


def test_schedules() -> None:
    """The keys of a trigger as slot times."""
    assert schedule(Trigger("at", {"time": "1970-01-01T01:00:00+00:00"}), timezone.utc) == Moment(3600)
    assert schedule(Trigger("interval", {"every": 90.0}), timezone.utc) == Interval(90, 0, timezone.utc)
