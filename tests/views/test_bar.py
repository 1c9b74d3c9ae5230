"""The menu bar: what its title counts, and each format read back by the rules of the program that it is for."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple, Optional

import pytest

from clodputer.cli.commands.bar import MARK, program
from clodputer.store.home import Home
from clodputer.views.bar import FORMATS, broken
from clodputer.views.bar.content import LONGEST, Action, Bar, Row, Section
from tests.outside.payloads import PAYLOADS
from tests.workshop import clodputer, command_task, drop, execute, make_home
from tests.workshop import program as script

HOSTILE = (
    "a | shell=/bin/rm param1=-rf terminal=false",
    "a\n--- | bash=x",
    "--sub | href=https://example.org",
    "#(touch /tmp/x) #[fg=red] #{pane_pid}",
    "<b>bold</b> & <span color='red'>",
    "\x1b[31mred\x1b[0m \u202e \u200b",
    ":warning: \\n \\e[1m",
    "",
    "|" * 500,
    *PAYLOADS,
)
MENUS = ("xbar", "swiftbar", "argos")


class Line(NamedTuple):
    """A line of a menu as those programs read it: how deep it is, its text, and its orders by name."""

    depth: int
    text: str
    orders: Mapping[str, str]

    @property
    def called(self) -> Optional[list[str]]:
        """The words that a click calls."""
        if "bash" in self.orders and "useMarkup" in self.orders:
            return shlex.split(self.orders["bash"])
        first = self.orders.get("shell", self.orders.get("bash"))
        if first is None:
            return None
        words = sorted((int(key[5:]), word) for key, word in self.orders.items() if key.startswith("param"))
        return [first, *(word for _, word in words)]


def read(text: str) -> tuple[Line, list[Line]]:
    """The title and the menu. The text ends at the first `|`; what follows are words `key=value`, with quotation marks."""
    title, *rest = text.split("\n")
    return _line(title), [_line(line) for line in rest if line != "---"]


def _line(line: str) -> Line:
    depth = len(line) - len(line.lstrip("-"))
    text, _, orders = line[depth:].partition("|")
    return Line(depth // 2, text.strip(), dict(word.split("=", 1) for word in shlex.split(orders)))


def content(text: str) -> Bar:
    """A bar in which a text stands wherever one from outside may stand."""
    show = Action("Show", ("show", "20261128T000000.000Z-abcd1234"), in_terminal=True)
    rows = (Row(text), Row(text, show, (Action("Cancel", ("cancel", "abcd1234")),)))
    return Bar("⚠ 2", "needs", (Section("Needs you", rows, 3),))


@pytest.mark.parametrize("form", MENUS)
@pytest.mark.parametrize(
    "program", [("/home/a/.clodputer/bin/clodputer",), ("/usr/bin/env", "A=b c", "/it's/py", "-m")]
)
def test_nothing_from_outside_is_an_order(form: str, program: Sequence[str]) -> None:
    """Each line calls what it should, whatever stands in it, and there is no line more."""
    for text in HOSTILE:
        _no_order(form, program, text)


def _no_order(form: str, program: Sequence[str], text: str) -> None:
    title, lines = read(FORMATS[form].render(content(text), program))
    assert (title.text, title.called) == ("⚠ 2", None)
    assert [(line.depth, line.called and line.called[len(program) :]) for line in lines] == [
        (0, None),
        (0, None),
        (0, ["show", "20261128T000000.000Z-abcd1234"]),
        (1, ["cancel", "abcd1234"]),
        (0, None),
        (0, None),
    ]
    assert all(line.called is None or line.called[: len(program)] == list(program) for line in lines)
    assert all(0 < len(line.text) <= LONGEST for line in lines)
    known = {"shell", "bash", "terminal", "refresh", "size", "emojize", "symbolize", "useMarkup", "unescape"}
    assert {key for line in lines for key in line.orders if not re.fullmatch(r"param\d+", key)} <= known
    assert [line.orders.get("terminal") for line in lines[2:4]] == ["true", "false"]


class Markup(HTMLParser):
    """The tags and the text of a piece of markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_lines_of_text() -> None:
    """waybar: one line of JSON whose markup is ours alone. tmux: one line without a `#`. i3blocks: three lines."""
    for text in HOSTILE:
        _lines_of_text(text)


def _lines_of_text(text: str) -> None:
    hostile = content(text)._replace(title=text or "⚠")
    line = FORMATS["waybar"].render(hostile, ())
    assert "\n" not in line
    found = json.loads(line)
    assert (found["class"], found["alt"]) == ("needs", "needs")
    assert (Markup(found["text"]).tags, Markup(found["tooltip"]).tags) == ([], ["b"])
    assert not re.search("[\x00-\x09\x0b-\x1f]", found["tooltip"])
    told = FORMATS["tmux"].render(hostile, ())
    assert not set(told) & set("#\n")
    full, short, colour = FORMATS["i3blocks"].render(hostile, ()).split("\n")
    assert full == short
    assert re.fullmatch("#[0-9A-F]{6}", colour)


def test_the_state_of_a_home(home: Home, tmp_path: Path) -> None:
    """Nothing, a failure, what waits and what asks, a hold of everything; every command in the menu is one that works."""
    assert clodputer(home, "bar", "--format", "tmux")[0] == "✓\n"
    command_task(home, "bad", "false")
    command_task(home, "asks", "true", more="approve: before\n")
    drop(home, "bad")
    drop(home, "asks.json", '{"task": "asks", "id": "asks-0001"}')
    execute(home)
    drop(home, "later.json", '{"task": "bad", "id": "later-001"}')
    clodputer(home, "pause", "--all")
    title, lines = read(clodputer(home, "bar", "--format", "xbar")[0].rstrip("\n"))
    assert title.text == "⚠ 2 ⏸ … 1"
    called = [line.called[len(program(home)) :] for line in lines if line.called]
    for words in called:
        if words[0] in ("show", "queue", "inbox", "why", "status"):
            clodputer(home, *words)
    assert ["approve", "asks-0001"] in called
    assert ["deny", "asks-0001"] in called
    clodputer(home, "resume", "--all")
    # A click does what it says: by the words of the line, from anywhere and with no environment.
    [approve] = [
        line.called for line in lines if line.called and line.called[-2:] == ["approve", "asks-0001"]
    ]
    answer = script(tmp_path, "click", shlex.join(approve))
    assert json.loads(clodputer(home, "inbox", "--json")[0])["data"]["approvals"]
    assert _run(answer) == 0
    assert not json.loads(clodputer(home, "inbox", "--json")[0])["data"]["approvals"]


def _run(path: Path) -> int:
    return subprocess.run([path], env={}, cwd="/", check=False, capture_output=True).returncode


@pytest.mark.parametrize("form", FORMATS)
def test_a_home_that_cannot_be_read(form: str, tmp_path: Path) -> None:
    """It says so in the bar, and never fails."""
    text, _ = clodputer(Home(str(tmp_path / "nowhere")), "bar", "--format", form)
    assert "⚠ clodputer" in text
    assert FORMATS[form].render(broken("It is broken", ""), ("clodputer",))


def test_install(tmp_path: Path) -> None:
    """A file that runs by itself, written again but never over somebody's own; or a line to add."""
    home = make_home(tmp_path)
    folder = tmp_path / "a bar"
    for _ in range(2):
        clodputer(home, "bar", "install", "--format", "swiftbar", "--folder", str(folder))
    plugin = folder / "clodputer.30s.sh"
    assert _run(plugin) == 0
    plugin.write_text("#!/bin/sh\n")
    assert (
        "was not written by Clodputer"
        in clodputer(home, "bar", "install", "--format", "swiftbar", "--folder", str(folder), status=1)[1]
    )
    assert MARK not in plugin.read_text()
    clodputer(home, "bar", "install", "--format", "swiftbar", status=2)
    module = clodputer(home, "bar", "install", "--format", "waybar")[0]
    assert json.loads(f"{{{module}}}")["custom/clodputer"]["return-type"] == "json"
