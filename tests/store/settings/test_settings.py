"""config.yaml: defaults, values, and errors as good as those of tasks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.queue.lanes import slots
from clodputer.store import settings
from clodputer.store.home import Home
from tests.workshop import make_home


def _home(tmp_path: Path, text: str) -> Home:
    home = make_home(tmp_path)
    Path(home.config).write_text(text, encoding="utf-8")
    return home


def test_no_file(tmp_path: Path) -> None:
    """Everything has a default."""
    assert settings.load(make_home(tmp_path), {}) == Settings()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}\n"])
def test_an_empty_file(text: str, tmp_path: Path) -> None:
    """A file that says nothing means the defaults too."""
    assert settings.load(_home(tmp_path, text), {}) == Settings()


def test_values(tmp_path: Path) -> None:
    """The same whether the file is read or comes from the cache; `~` is that of whoever asks."""
    home = _home(tmp_path, "claude: ~/bin/claude\nmax_output: 1GB\n")
    os.utime(home.config, (1_700_000_000.5, 1_700_000_000.5))
    for person in ("/home/a", "/home/b"):
        assert settings.load(home, {"HOME": person}) == Settings(f"{person}/bin/claude", max_output=1024**3)
    assert list(Path(home.cache).iterdir()) != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("claud: /x\n", ["1: claud: unknown key (did you mean 'claude'?)"]),
        (
            "\nclaude: bin/claude\n",
            ["2: claude: expected an absolute path, or one that begins with ~/, found 'bin/claude'"],
        ),
        ("claude: 5\n", ["1: claude: expected text, found 5; put it in quotes"]),
        ("claude: ''\n", ["1: claude: expected some text, found ''"]),
        ("claude:\n", ["1: claude: has no value; give it one, or remove the line"]),
        (
            "max_output: 200\n",
            ["1: max_output: expected a size with its unit, found 200; write 200KB or 200MB"],
        ),
        (
            "max_output: lots\nzz: 1\n",
            [
                "1: max_output: expected a size such as 500KB, 200MB or 2GB, found 'lots'",
                "2: zz: unknown key",
            ],
        ),
        (
            "max_output: 1MB\nmax_output: 2MB\n",
            ["2: the key 'max_output' is given a second time, after line 1"],
        ),
        ("lanes: {a: {slots: 0}}\n", ["1: lanes.a.slots: expected a whole number from 1 to 64, found 0"]),
        ("lanes:\n  a:\n    slot: 2\n", ["3: lanes.a.slot: unknown key (did you mean 'slots'?)"]),
        ("lanes: {a: 3}\n", ["1: lanes.a: expected a mapping of names to values, found 3"]),
        ("lanes: 3\n", ["1: lanes: expected a mapping of names to values, found 3"]),
        (
            "lanes: {../a: {slots: 2}}\n",
            [
                (
                    "1: lanes.../a: expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, "
                    "found '../a'"
                )
            ],
        ),
        ("- a\n", ["1: expected keys and values such as max_output: 500MB"]),
        ("a: [\n", ["2: not readable as YAML: "]),
        (
            "a:\n\tb: 1\n",
            ["2: not readable as YAML: YAML does not allow tabs for indentation; use spaces"],
        ),
    ],
)
def test_errors(text: str, expected: list[str], tmp_path: Path) -> None:
    """Every error at once, with line and key."""
    home = _home(tmp_path, text)
    with pytest.raises(ClodputerError) as caught:
        settings.load(home, {})
    assert (caught.value.code, caught.value.hint) == ("config_invalid", f"Fix {home.config}.")
    told = caught.value.message.splitlines()
    assert len(told) == len(expected)
    for line, start in zip(told, expected):
        assert line.startswith(f"config.yaml:{start}")
        assert start.endswith(": ") or line == f"config.yaml:{start}"


def test_slots_of_lanes(tmp_path: Path) -> None:
    """One, unless the file says otherwise."""
    home = _home(tmp_path, "lanes: {reports: {slots: 3}, mail: {}}\n")
    for _ in range(2):
        found = settings.load(home, {"CLODPUTER_LANES": "x"})
        assert [slots(found.lanes, lane) for lane in ("reports", "mail", "default")] == [3, 1, 1]


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    """What cannot be read is told, not taken for absent."""
    home = make_home(tmp_path)
    os.mkdir(home.config)
    with pytest.raises(ClodputerError, match=r"config\.yaml:1: this is not a regular file"):
        settings.load(home, {})
    os.rmdir(home.config)
    os.symlink("nowhere", home.config)
    with pytest.raises(
        ClodputerError, match=r"config\.yaml:1: the file cannot be read: No such file or directory"
    ):
        settings.load(home, {})
