"""A sandbox laid out and undone, killed at each step, and the fake of macOS."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

import pytest

from clodputer.isolate import sandbox
from clodputer.isolate.sandbox import box as boxes
from clodputer.isolate.sandbox import enclose, places, proxy
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox.keys import Sandbox
from tests.killing import killed_at
from tests.sandboxing import asked_for, through
from tests.workshop import program


def test_what_is_named_must_be_there(tmp_path: Path) -> None:
    """A file in the working directory may come later."""
    places.look(asked_for(tmp_path, Sandbox(write=("./later",))))
    with pytest.raises(ClodputerError, match="does not exist"):
        places.look(asked_for(tmp_path, Sandbox(write=("~/nowhere",))))


def test_what_is_made_for_a_sandbox_is_undone(tmp_path: Path) -> None:
    """The folder `.claude` that holds the place is gone, or stays with what somebody has put into it meanwhile."""
    asked = asked_for(tmp_path, Sandbox(mode="strict"))
    made = places.look(asked).made
    assert made == (f"{asked.working_directory}/.claude",)
    os.mkdir(made[0])
    boxes.note(asked.box, {"made": made, "absent": [f"{asked.working_directory}/.mcp.json"]})
    for _ in range(2):
        boxes.put_away(asked.box)
    assert (os.listdir(asked.working_directory), os.path.exists(asked.box)) == ([], False)


def test_killed_while_it_is_made_and_undone(tmp_path: Path) -> None:
    """Before each step: afterwards nothing is left beside the working directory or in it, and no proxy."""
    program(tmp_path / "bin", "bwrap", "exit 1")
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    asked = asked_for(tmp_path, Sandbox(network={"hosts": ["a.example"]}))
    boxes.put_away(asked.box)
    token = {"path": asked.box}

    def make(*, undo: bool) -> None:
        sandbox.enter(token)
        enclose.enclose(asked, environ, "linux")
        if undo:
            sandbox.undo(token)

    for undo in (False, True):
        for step in range(1, 100):
            killed = killed_at(step, partial(make, undo=undo))
            sandbox.undo(token)
            assert (os.listdir(asked.working_directory), os.path.lexists(asked.box)) == ([], False), step
            if not killed:
                break
        assert 5 < step < 99


def test_macos_is_asked_by_a_profile(tmp_path: Path) -> None:
    """A fake `sandbox-exec` gets the profile and the command, whose proxy is at a port of the machine."""
    script = 'printf "%s\\n" "$2" >profile; [ "$1" = -p ] && [ "$3" = -- ] && shift 3 && exec "$@"'
    fake = program(tmp_path / "bin", "sandbox-exec", script)
    asked = asked_for(tmp_path, Sandbox(network={"hosts": ["a.example"]}))
    made = enclose.enclose(asked, {"PATH": f"{fake.parent}:/usr/bin:/bin"}, "darwin")
    try:
        assert (made.by, made.depth, made.prefix[0]) == ("sandbox-exec", 0, str(fake))
        work = asked.working_directory
        ended = subprocess.run(
            [*made.prefix, "/bin/sh", "-c", "echo $HTTPS_PROXY"],
            cwd=work,
            env=dict(made.env),
            capture_output=True,
        )
        port = ended.stdout.decode().strip().rpartition(":")[2]
        profile = Path(work, "profile").read_text()
        assert f'(allow network-outbound (remote ip "localhost:{port}"))' in profile
        assert f'(allow file-read* file-write* (subpath "{work}"))' in profile
        assert f'(deny file-write* (subpath "{work}/.claude"))' in profile
        assert f'(subpath "{tmp_path}/person")' not in profile
        assert f'(allow file-read* file-write* (subpath "{asked.box}/home"))' in profile
        assert made.env["HOME"] == f"{asked.box}/home"
        assert (
            through(int(port), "CONNECT", "a.example:443")[0] == 502
        )  # by way of the person's own proxy, which is not there
    finally:
        proxy.stop(asked.box)
