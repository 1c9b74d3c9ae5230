"""A run that puts something else in the place of its own output: nobody is held up by it, and its record is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    execute,
    make_home,
    records,
    write_secrets,
    write_task,
)

# What is there instead, by a script whose $1 is the path of the output.
INSTEAD = {
    "a pipe": 'rm "$1"; mkfifo "$1"',
    "a folder": 'rm "$1"; mkdir "$1"; echo left > "$1/file"',
    "a link to a device": 'rm "$1"; ln -s /dev/zero "$1"',
    "a link to a full device": 'rm "$1"; ln -s /dev/full "$1"',
    "a link to a file of others": 'rm "$1"; ln -s "$CLODPUTER_TEST_OTHERS" "$1"',
    "nothing": 'rm "$1"',
    "a file without rights": 'rm "$1"; echo other > "$1"; chmod 000 "$1"',
}
SECRET = "sesame-opens-the-door"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    write_secrets(home, f"DOOR={SECRET}\n")
    return home


@pytest.mark.parametrize("program", ["command", "precheck", "verify"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("instead", INSTEAD)
def test_what_stands_in_the_place_of_an_output_holds_nobody_up(
    home: Home, tmp_path: Path, instead: str, stream: str, program: str
) -> None:
    """The run ends, it is settled, the next one runs, and every command that shows it answers."""
    others = tmp_path / "others"
    others.write_text(f"of others: {SECRET}\n")
    script = tmp_path / "script"
    number = 1 if stream == "stdout" else 2
    # A verify that says no is asked before the run and after it.
    status = 1 if program == "verify" else 0
    script.write_text(
        f'set -- "$(readlink /proc/$$/fd/{number})"\ntest -f "$1" || exit 9\n'
        f"echo before\n{INSTEAD[instead]}\necho after\nexit {status}\n"
    )
    strange = json.dumps(["/bin/sh", str(script)])
    command = "" if program == "command" else 'command: ["/bin/echo", "done"]\n'
    env = f'env: {{CLODPUTER_TEST_OTHERS: "{others}", DOOR: "{{{{ env.DOOR }}}}"}}\n'
    write_task(home, "strange", f"agent: command\n{command}{program}: {strange}\n{env}timeout: 60s\n")
    command_task(home, "next", "/bin/echo", "mine")
    drop(home, "strange")
    drop(home, "next")
    execute(home)
    [record] = records(home, "strange")
    assert record["outcome"] in ("succeeded", "failed"), record
    assert record["exit_status"] != 9, "the script did not find its output"
    [after] = records(home, "next")
    assert after["outcome"] == "succeeded"
    # It was not ours to change.
    assert others.read_text() == f"of others: {SECRET}\n"
    text, _ = clodputer(home, "show", record["run_id"])
    assert SECRET not in text
