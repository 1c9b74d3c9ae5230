"""What is looked at before a sandbox is made: links that an earlier run may have left, and where temporary files go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from clodputer.isolate.sandbox import places, preflight
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox import remedy
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.store.home import Home
from tests.sandboxing import asked_for
from tests.workshop import program


@pytest.mark.parametrize("key", ["write", "read"])
def test_a_link_that_a_run_has_left_leads_nowhere(tmp_path: Path, key: str) -> None:
    """What the task names in its folder came later, as a link to the keys: the next run would be given them."""
    rule = Sandbox(write=("./out",)) if key == "write" else Sandbox(read=("./out",))
    asked = asked_for(tmp_path, rule)
    places.look(asked)
    keys = tmp_path / "person" / ".ssh"
    keys.mkdir()
    link = Path(asked.working_directory, "out")
    link.symlink_to(keys)
    with pytest.raises(ClodputerError, match="leads out of the folder of the run"):
        places.look(asked)
    link.unlink()
    (tmp_path / "work" / "real").mkdir()
    link.symlink_to("real")
    places.look(asked)
    # One that the person names as what it leads to is theirs.
    around = places.look(asked_for(tmp_path, Sandbox(write=(str(keys),)))).surroundings
    assert [place.real for place in around.given] == [os.path.realpath(keys)]


def test_what_an_agent_reads_in_its_folder_is_no_link_to_a_key(tmp_path: Path) -> None:
    """A program may be one, as in a virtual environment."""
    key, tool = tmp_path / "person" / "key", program(tmp_path / "bin", "tool", "true")
    work = tmp_path / "work"
    asked = asked_for(tmp_path, Sandbox(mode="strict"), readable=(f"{work}/settings", f"{work}/tool"))
    key.write_text("key")
    (work / "settings").symlink_to(key)
    (work / "tool").symlink_to(tool)
    shown = {place.real for place in places.look(asked).surroundings.read}
    assert os.path.realpath(tool) in shown
    assert os.path.realpath(key) not in shown


@pytest.mark.skipif(sys.platform == "darwin", reason="there it has no sockets of its own")
def test_a_long_folder_for_temporary_files_is_said_before_a_run(tmp_path: Path) -> None:
    """Claude's own sandbox could not make its sockets, refuse every command, and the run would seem to have gone well."""
    for name in ("bwrap", "socat"):
        program(tmp_path / "bin", name, "true")
    (tmp_path / "a-long-name-for-temporary-files").mkdir()
    environ = {"PATH": str(tmp_path / "bin"), "TMPDIR": f"{tmp_path}/a-long-name-for-temporary-files"}
    found = preflight.fault("claude", Home(str(tmp_path)), environ, 0.0)
    assert found is not None
    assert f"may have {remedy.LONGEST} bytes" in found.message
    assert "TMPDIR=/tmp clodputer install" in found.remedy
    assert preflight.fault("claude", Home(str(tmp_path)), {**environ, "TMPDIR": "/tmp"}, 0.0) is None


def test_an_interpreter_in_a_folder_of_everything_brings_its_library_alone(tmp_path: Path) -> None:
    """`~/.local` holds keyrings beside programs; an installation of its own is shown as a whole."""
    person = tmp_path / "person"
    for prefix in (person / ".local", person / "versions" / "7"):
        interpreter = program(prefix / "bin", "ruby3.1", "true")
        for name in ("lib/ruby/x", "lib/libruby.so/x", "lib/other/x", "share/keyrings/login"):
            (prefix / name).parent.mkdir(parents=True)
            (prefix / name).touch()
        script = tmp_path / "script"
        script.write_text(f"#!{interpreter}\n")
        asked = asked_for(tmp_path, Sandbox(mode="strict"))._replace(argv=(str(script),))
        shown = {place.path for place in places.look(asked).surroundings.read}
        inside = {path for path in shown if path.startswith(str(prefix))}
        if prefix.name == ".local":
            assert inside == {f"{prefix}/{name}" for name in ("bin/ruby3.1", "lib/ruby", "lib/libruby.so")}
        else:
            assert inside == {str(interpreter), str(prefix)}
