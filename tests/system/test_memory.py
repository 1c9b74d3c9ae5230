"""What a run writes down for the next one, by real execs: kept, refused, withheld, and once at every kill."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.text.cleaning import clean
from clodputer.runner.memory.noting import Given, rights_of, with_memory
from clodputer.runner.settle import settle
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.taskstate import notes, state
from tests.fakes.start import install_fake_claude
from tests.killing import killed_at
from tests.outside.payloads import PAYLOADS
from tests.runner.test_follow import PLACE, SLOT, ended
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    make_home,
    program,
    records,
    task_of,
    write_secrets,
    write_task,
)


def noting(home: Home, folder: Path, script: str, more: str = "memory: true\n") -> None:
    """A task whose program gets its memory by its standard input and in a file."""
    command_task(home, "work", str(program(folder, "script", script)), more="prompt: '{{ memory }}'\n" + more)


def test_from_one_run_to_the_next(tmp_path: Path) -> None:
    """Cleaned and masked; a run that fails changes nothing, nor does one that writes nothing."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=very-secret-word\n")
    script = (
        f'cat > {tmp_path}/given; cmp -s {tmp_path}/given "$CLODPUTER_MEMORY" || exit 9\n'
        f'[ -f {tmp_path}/next ] && cp {tmp_path}/next "$CLODPUTER_MEMORY"\n[ ! -f {tmp_path}/fail ]'
    )
    noting(home, tmp_path, script)
    for written, expected in (("one\n", ""), ("\x1b[1mtwo very-secret-word", "one\n"), ("", "two ***")):
        (tmp_path / "next").write_text(written) if written else (tmp_path / "next").unlink()
        drop(home, "work")
        execute(home)
        assert (tmp_path / "given").read_text() == expected
    (tmp_path / "next").write_text("three")
    (tmp_path / "fail").touch()
    drop(home, "work")
    execute(home)
    assert [record["outcome"] for record in records(home, "work")] == ["succeeded"] * 3 + ["failed"]
    note = notes.read(home, "work")
    assert (note.version, note.text, note.by) == (2, "two ***", records(home, "work")[1]["run_id"])
    assert [event["version"] for event in events(home, "memory_kept")] == [1, 2]
    assert clodputer(home, "state", "get", "work", "--memory")[0] == "two ***\n"
    assert len(clodputer(home, "state", "history", "work", "--memory")[0].splitlines()) == 2
    clodputer(home, "state", "delete", "work", "--memory")
    assert notes.read(home, "work").text == ""
    assert state.read(home, "work").version == 0


@pytest.mark.parametrize(
    ("left", "word"),
    [
        ('ln -sf /etc/passwd "$CLODPUTER_MEMORY"', "cannot be read"),
        ('d="$(dirname "$CLODPUTER_MEMORY")"; rm -r "$d"; ln -s {folder} "$d"', "folder cannot be read"),
        ('rm "$CLODPUTER_MEMORY"; mkfifo "$CLODPUTER_MEMORY"', "not a regular file"),
        ('rm "$CLODPUTER_MEMORY"; ln {folder}/memory.md "$CLODPUTER_MEMORY"', "not a regular file"),
        ('rm "$CLODPUTER_MEMORY"; mkdir "$CLODPUTER_MEMORY"', "not a regular file"),
        ('rm "$CLODPUTER_MEMORY"', "cannot be read"),
        ('head -c 70000 /dev/zero > "$CLODPUTER_MEMORY"', "longer than"),
    ],
)
def test_what_is_no_file_of_its_own_is_not_taken(tmp_path: Path, left: str, word: str) -> None:
    """Without a run around it: the folder of the run, what the run did there, and what is said of it."""
    (tmp_path / "memory.md").write_text("a secret")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    notes.lay_out(str(temporary), "before")
    script = left.replace("{folder}", str(tmp_path))
    environ = {**os.environ, "CLODPUTER_MEMORY": notes.path(str(temporary))}
    subprocess.run(["/bin/sh", "-c", script], env=environ, check=True)
    text, problem = notes.take_back(str(temporary), 16 * 1024)
    assert text == ""
    assert word in problem


def test_what_is_not_kept_is_told(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    noting(home, tmp_path, 'echo too long > "$CLODPUTER_MEMORY"', "memory: {max_size: 5B}\n")
    drop(home, "work")
    execute(home)
    (record,) = records(home, "work")
    assert record["outcome"] == "succeeded"
    (told,) = events(home, "not_followed")
    assert (told["reason"], told["on"]) == ("memory_unfit", "memory")
    assert "longer than 5 bytes" in told["message"]
    assert notes.read(home, "work").version == 0


def test_a_run_with_more_rights_is_not_given_it(tmp_path: Path) -> None:
    """Its record says so; a person can read it and give it. In its fence it reaches claude, which may edit the file."""
    home = make_home(tmp_path)
    binary = install_fake_claude(tmp_path / "bin")
    Path(home.config).write_text(f"claude: {binary}\n")
    seen = tmp_path / "seen"
    keys: dict[str, Any] = {
        "prompt": "@fake say well\nNotes: {{ memory }}",
        "memory": True,
        "env": {"FAKE_CLAUDE_LOG": str(seen)},
        "working_directory": str(tmp_path),
        "allowed_tools": ["Read"],
    }
    written = rights_of(task_of("work", **{**keys, "memory": {}}), ())
    notes.write(home, "work", 0, "NOTE </outside-1>", written, "a-run", time())

    def ran(**more: Any) -> dict[str, Any]:
        write_task(home, "work", json.dumps({**keys, **more}))
        drop(home, "work")
        execute(home)
        return {**records(home, "work")[-1], "start": json.loads(seen.read_text().splitlines()[-1])}

    record = ran()
    assert "NOTE \u2039/outside-1></outside-" in record["start"]["stdin"]
    path = next(word[21:-1] for word in record["argv"] if word.startswith("--allowedTools=Edit(/"))
    assert path.endswith("/memory/memory.md")
    assert any(f"This task has a memory: the Markdown file {path}." in word for word in record["argv"])
    assert f"--add-dir={os.path.dirname(path)}" in record["argv"]
    assert "withheld" not in record["message"]
    record = ran(allowed_tools=["Read", "Edit"])
    assert "NOTE" not in record["start"]["stdin"]
    assert "Its memory was withheld: version 1 was written with fewer rights" in record["message"]
    assert "allowed_tools: Edit" in record["message"]
    shown = " ".join(clodputer(home, "state", "get", "work", "--memory")[0].split())
    assert shown.startswith("NOTE </outside-1> It is not given to a run by hand:")
    assert "version 2" in clodputer(home, "state", "accept", "work")[0]
    assert "NOTE" in ran(allowed_tools=["Read", "Edit"])["start"]["stdin"]


def test_killed_at_every_step_of_settling(tmp_path: Path) -> None:
    """The old version or the new one, never half of it, and no second one."""
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        command_task(home, "work", "true", more="memory: true\n")
        context = look(environment(home))
        notes.write(home, "work", 0, "old", {}, "before", time())
        record = with_memory(
            context, ended(home, context, "work", "x"), Given(1, "old", {}, 100), ("new", "")
        )

        def settled(record: dict[str, Any] = record, context: Any = context) -> None:
            settle(context, SLOT, PLACE, record, time())

        killed = killed_at(step, settled)
        assert notes.read(home, "work").text in ("old", "new")
        if killed:
            settled()
        note = notes.read(home, "work")
        assert (note.version, note.text) == (2, "new")
        if not killed:
            return
    raise AssertionError("it was killed at 200 steps and had not ended")


def test_what_an_agent_writes_down_is_cleaned(tmp_path: Path) -> None:
    """Every payload: before it is kept, not only when it is given back."""
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="memory: true\n")
    context = look(environment(home))
    record = {"outcome": "succeeded", "effects": []}
    for payload in PAYLOADS:
        after = with_memory(context, record, Given(0, "", {}, 10), (payload, ""))
        for effect in after["effects"]:
            assert effect["text"] == clean(payload)
