"""Widening by settings: each rule tells more rights from less, and the page has them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clodputer.model.config.settings import Settings
from clodputer.model.rights.settingwidening import HARMLESS, RULES, widens

NONE = Settings()

# The key, and two values of which the second gives more than the first.
MORE = [
    ("claude", "", "/opt/claude"),
    ("claude", "/opt/claude", ""),
    ("claude_versions", {"pin": "2.1.329"}, {}),
    ("machine", "", "studio"),
    ("lanes", {}, {"default": {"slots": 3}}),
    ("max_cost_usd", 1.0, 2.0),
    ("max_cost_usd", 1.0, None),
    ("max_concurrent", 2, 3),
    ("max_concurrent", 2, None),
    ("budget", {"per_day": 1}, {"per_day": 2}),
    ("disk_ceiling", {"free": 1}, {}),
    ("require", {"power": "ac"}, {}),
    ("window", {"stop_at": 90}, {}),
    ("follow_ups", {}, {"max_depth": 9}),
    ("routes", (), ({"from": "*", "type": "*", "to": "nightly"},)),
    ("plugins", {}, {"watcher": {"enabled": True}}),
    ("notify", {}, {"desk": {"type": "command"}}),
    ("webhooks", {}, {"github": {"kind": "github"}}),
    ("listen", "127.0.0.1:8787", "0.0.0.0:8787"),
    ("github", {}, {"api": "https://elsewhere.example"}),
    ("secrets", {}, {"TOKEN": {"command": ["pass"]}}),
    ("metrics", "", "/home/ada/.bashrc"),
    ("report", {}, {"path": "/home/ada/.bashrc"}),
    ("approve_link", "", "https://elsewhere.example/?token="),
]
LESS = [
    ("max_cost_usd", 2.0, 1.0),
    ("max_cost_usd", None, 1.0),
    ("max_concurrent", None, 3),
    ("metrics", "/home/ada/clodputer.prom", ""),
    ("approve_link", "https://home.example/?token=", ""),
]


def settings(key: str, value: Any) -> Settings:
    """Settings with this one value."""
    return NONE._replace(**{key: value})


@pytest.mark.parametrize(("key", "less", "more"), MORE)
def test_more(key: str, less: Any, more: Any) -> None:
    assert widens(key, settings(key, less), settings(key, more))


@pytest.mark.parametrize(("key", "more", "less"), LESS)
def test_less(key: str, more: Any, less: Any) -> None:
    assert not widens(key, settings(key, more), settings(key, less))


def test_every_rule_has_a_case() -> None:
    assert {key for key, _, _ in MORE} == set(RULES)


@pytest.mark.parametrize("key", sorted(RULES))
def test_what_is_the_same_gives_nothing(key: str) -> None:
    assert not widens(key, NONE, NONE)


def test_of_settings_that_cannot_be_read_every_change_gives_more() -> None:
    """Nothing runs by them, and what makes them readable lets everything run."""
    assert widens("max_cost_usd", None, settings("max_cost_usd", 1.0))


@pytest.mark.parametrize("key", sorted(HARMLESS))
def test_what_gives_nothing(key: str) -> None:
    assert not widens(key, None, NONE)


def test_a_key_that_nobody_decided_about_gives_more() -> None:
    assert widens("a_key_to_come", NONE, NONE)


def test_the_page_names_every_key_that_widens() -> None:
    page = (Path(__file__).parents[2] / "docs/skill.md").read_text()
    assert [key for key in RULES if f"`{key}`" not in page] == []
