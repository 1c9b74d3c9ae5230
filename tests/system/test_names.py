"""Names from outside, of files and of tasks: none is obeyed by a shell or a terminal, breaks the drain, or gets lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.system.test_surroundings import call
from tests.workshop import command_task, drop, environment, events, make_home, outcomes

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a task that takes a millisecond."""
    made = make_home(tmp_path)
    command_task(made, "blink", "/bin/true")
    return made


NAMES = [
    b"new\nline",
    b"tab\there",
    b"bell\x07",
    b"esc\x1b[31mred",
    b"\xff\xfe",
    b"caf\xe9",
    b"-rf",
    b"--help",
    b"$(touch x)",
    b"`id`",
    b"a b",
    b"'quoted'",
    b'"',
    b"\\",
    b"*",
    b"?",
    b"nul.json\xc2\x80",
    b"\xe2\x80\xaetxt.exe",
    b"CON",
    b"x" * 200,
    b"..json",
    b"...",
    b"~",
    b"%s%n",
    b"{{ 7*7 }}",
    b"\xf0\x9f\xa6\x80",
]


def test_names_of_every_kind(home: Home) -> None:
    """No name breaks the drain, is obeyed by a shell or a terminal, or gets lost: each file is kept, with its reason."""
    for name in NAMES:
        with open(os.path.join(os.fsencode(home.new), name), "wb") as file:
            file.write(b"text\n")
        os.utime(os.path.join(os.fsencode(home.new), name), (1, 1))
    drop(home, "blink")
    printed = call(environment(home), "exec", "--json", status=0)
    json.loads(printed)
    assert "\x1b" not in printed
    assert outcomes(home, "blink") == ["succeeded"]
    kept = {name for name in os.listdir(os.fsencode(home.rejected)) if not name.endswith(b".reason.json")}
    hidden = {name for name in NAMES if name.startswith(b".")}  # an editor's; waits until it is old
    left = set(os.listdir(os.fsencode(home.new)))
    assert len(kept) + len(left) == len(NAMES)
    assert left <= hidden
    for name in kept:
        assert os.path.exists(os.path.join(os.fsencode(home.rejected), name + b".reason.json"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "..", ".", "", "a\0b", "a\nb", "-x", "x" * 65, "ünïcode", "a b"]
)
def test_task_names_that_lead_elsewhere(home: Home, tmp_path: Path, name: str) -> None:
    """In a request, and at the command line where such a word can be said at all."""
    Path(tmp_path, "passwd.yaml").write_text("agent: command\ncommand: [/bin/true]\n")
    drop(home, "request.json", json.dumps({"task": name}))
    call(environment(home), "exec", status=0)
    assert os.listdir(home.runs) == []
    (rejected,) = events(home, "rejected")
    assert rejected["file"] == "request.json"
    if "\0" not in name:
        call(environment(home), "run", "--", name, status=1)
        call(environment(home), "show", "--", name, status=1)
