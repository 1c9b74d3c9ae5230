"""config.yaml changed by a program: one key, and every other byte as it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.store import settings
from clodputer.store.settings.edit import _edited, write
from tests.workshop import make_home

EDITS: list[tuple[str, str, Optional[str], str]] = [
    ("", "timeout", "30m", "timeout: 30m\n"),
    ("timeout: 5m\n", "timeout", "30m", "timeout: 30m\n"),
    ("timeout:   5m   # long\n", "timeout", "30m", "timeout:   30m   # long\n"),
    ("'timeout' : \"5m\" # x\nmodel: a#b\n", "timeout", "30m", "'timeout' : 30m # x\nmodel: a#b\n"),
    ("model: a#b # c\n", "model", "x", "model: x # c\n"),
    ("# a\r\ntimeout: 5m\r\n", "timeout", "1h", "# a\r\ntimeout: 1h\r\n"),
    ("timeout: 5m", "sweep", "10m", "timeout: 5m\nsweep: 10m\n"),
    ("# top\n# sweep: 5m\n\n# end\n", "sweep", "10m", "# top\n# sweep: 5m\nsweep: 10m\n\n# end\n"),
    ("a: 1\ntimeout: 5m\n", "timeout", "1h", "a: 1\ntimeout: 1h\n"),
    ("max_turns: 3\n", "max_turns", "4", "max_turns: 4\n"),
    ("", "model", "true", 'model: "true"\n'),
    ("", "model", "5", 'model: "5"\n'),
    ("", "claude", "/a: b # c", 'claude: "/a: b # c"\n'),
    ("x: 1\ntimeout: 5m # gone\ny: 2\n", "timeout", None, "x: 1\ny: 2\n"),
    ("x: 1\n", "timeout", None, "x: 1\n"),
    ("model: >\n  timeout: 3\ntimeout: 5m\n", "timeout", "1h", "model: >\n  timeout: 3\ntimeout: 1h\n"),
]
REFUSED = [
    ("{timeout: 5m}\n", "timeout", "30m"),
    ("{timeout: 5m}\n", "sweep", "30m"),
    ("model: >\n  two\n  lines\n", "model", "x"),
    ("model:\n  x\n", "model", None),
    ("- a\n", "timeout", "5m"),
    ("a: [\n", "timeout", "5m"),
    ("timeout: 1m\ntimeout: 2m\n", "timeout", "5m"),
]


@pytest.mark.parametrize(("before", "name", "text", "after"), EDITS)
def test_edits(before: str, name: str, text: Optional[str], after: str) -> None:
    """The key, and nothing else."""
    assert _edited(before, name, text) == after


@pytest.mark.parametrize(("before", "name", "text"), REFUSED)
def test_what_cannot_be_edited_is_left_alone(
    before: str, name: str, text: Optional[str], tmp_path: Path
) -> None:
    """Rather nothing than a guess."""
    home = make_home(tmp_path)
    Path(home.config).write_text(before)
    with pytest.raises(ClodputerError, match="cannot be changed without changing"):
        write(home, name, text)
    assert Path(home.config).read_text() == before


@given(st.text(st.sampled_from("ab #:'\"\\-{}[]&*!|>%@`,?~y5\t"), min_size=1, max_size=12))
def test_any_text_is_read_back(text: str) -> None:
    """Whatever the model is called: either it is refused, or it is what YAML reads."""
    from clodputer.store.taskfiles.document import read

    after = _edited("# model: x\ntimeout: 5m # keep\n", "model", text)
    if after is None:
        assert any(map(str.isspace, text))  # the name of a model has no spaces
    elif text.strip():
        assert read(after.encode()).value == {"timeout": "5m", "model": text}
        assert after.startswith("# model: x\nmodel: ")
        assert after.endswith("timeout: 5m # keep\n")


def test_a_link_and_the_mode_stay(tmp_path: Path) -> None:
    """A configuration that lies elsewhere, readable for others, is still that."""
    home = make_home(tmp_path)
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text("timeout: 5m\n")
    elsewhere.chmod(0o644)
    os.symlink(elsewhere, home.config)
    assert write(home, "timeout", "30m")
    assert not write(home, "timeout", "30m")
    assert (elsewhere.read_text(), elsewhere.stat().st_mode & 0o777) == ("timeout: 30m\n", 0o644)
    assert os.path.islink(home.config)
    assert settings.load(home).timeout == 1800
