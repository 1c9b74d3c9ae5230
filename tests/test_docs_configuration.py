"""The page on settings, and the config.yaml that `init` makes, know every key and its default."""

from __future__ import annotations

import re

import pytest

from clodputer.model.moment import parse_duration
from clodputer.model.settingkeys import KEYS, read
from clodputer.model.settings import Settings
from clodputer.model.settingtext import written
from clodputer.store.tasks.document import read as read_yaml
from tests.workshop import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text()
SHIPPED = (ROOT / "templates" / "home" / "config.yaml").read_text()


def test_every_setting_is_a_key() -> None:
    """One table says what a key takes, the other its default; they are of the same keys."""
    assert set(KEYS) == set(Settings._fields)


def test_the_page_has_every_key_and_no_other() -> None:
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) == sorted(KEYS)


@pytest.mark.parametrize("name", Settings._fields)
def test_defaults_of_the_page(name: str) -> None:
    """What the page calls the default is it, and the table of keys says the same in words."""
    told = re.search(rf"^\| `{name}` \|[^|]*\| ([^|]*) \|", PAGE, re.MULTILINE)
    assert told
    default = getattr(Settings(), name)
    if default in (None, ""):
        unset = KEYS[name].unset
        assert told[1] == unset or parse_duration(told[1].strip("`")) == parse_duration(unset)
    else:
        assert told[1] == f"`{written(KEYS[name], default)}`"
        assert (
            read(
                KEYS[name],
                default
                if isinstance(default, int) and name.endswith("count")
                else written(KEYS[name], default),
            )
            == default
        )


def test_the_shipped_file_has_every_key() -> None:
    """Each of them behind a comment sign, with a value that it takes: its default, where there is one."""
    value = read_yaml(re.sub(r"^# (?=[a-z_]+: \S+$)", "", SHIPPED, flags=re.MULTILINE).encode()).value
    assert set(value) == set(KEYS)
    for name, given in value.items():
        default = getattr(Settings(), name)
        assert read(KEYS[name], given) == default or default in (None, "")
    assert read_yaml(SHIPPED.encode()).value is None
