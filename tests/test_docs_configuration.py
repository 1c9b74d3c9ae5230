"""The page on settings, and the config.yaml that `init` makes, know every key and its default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from clodputer.model.config.keys import NAMED, Key, defaults
from clodputer.model.config.keyvalue import read_text, written
from clodputer.model.config.settingkeys import BY_NAME, KEYS
from clodputer.model.config.settings import Settings
from clodputer.store.taskfiles.document import read as read_yaml
from clodputer.store.taskfiles.models import validated
from tests.workshop import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text()
SHIPPED = (ROOT / "templates" / "home" / "config.yaml").read_text()


def test_every_setting_is_a_key_with_its_default() -> None:
    """The table is of the same keys as the settings, and says the same of each that is not written."""
    assert defaults(KEYS) == Settings()._asdict()


def test_the_page_has_every_key_and_no_other() -> None:
    """Also those inside of others."""
    assert sorted(re.findall(r"^\| `([a-zA-Z0-9_.]+)` \|", PAGE, re.MULTILINE)) == sorted(_names(KEYS))


def _names(keys: Iterable[Key], before: str = "") -> Iterator[str]:
    for key in keys:
        yield f"{before}{key.name}"
        yield from _names(key.keys, f"{before}{key.name}.{'NAME.' if key.kind == NAMED else ''}")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_default_reads_back(name: str) -> None:
    """As it is written, and so does the example of each key."""
    key, default = BY_NAME[name], getattr(Settings(), name)
    found, wrong = validated(KEYS, {name: key.example})
    assert wrong == []
    assert default in (None, "", {}, ()) or found[name] == default
    if default not in (None, "", {}, ()):
        assert read_text(key, written(key, default)) == default


def test_the_shipped_file_has_every_key() -> None:
    """Each of them behind a comment sign, with a value that it takes: its default, where there is one."""
    value = read_yaml(re.sub(r"^# (?=[a-z_]+: \S)", "", SHIPPED, flags=re.MULTILINE).encode()).value
    assert set(value) == set(BY_NAME)
    found, wrong = validated(KEYS, value)
    assert wrong == []
    for name, given in found.items():
        default = getattr(Settings(), name)
        assert given == default or default in (None, "", {}, ())
    assert read_yaml(SHIPPED.encode()).value is None
