"""`clodputer show`: what was said in a run, its stderr and its files, however large they are."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from clodputer.cli.commands.show import show
from clodputer.store.home import Home
from tests.cli.past import past_run, result_of, said, stream
from tests.workshop import clodputer, environment, write_secrets

CALL = {
    "type": "assistant",
    "message": {
        "content": [
            {"type": "tool_use", "name": "Bash", "input": {"command": "ls -l", "description": "List"}}
        ]
    },
}
DENIED = {"type": "system", "subtype": "permission_denied", "tool_name": "Write", "message": "not granted"}


def test_the_conversation(home: Home) -> None:
    """Texts, calls with their input, shortened results and denials; nothing a terminal would obey, and no secret."""
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    write_secrets(home, "KEY=sk-12345678\n")
    events = (said("I shall \x1b[2J look, sk-12345678."), CALL, result_of("line\n" * 50), DENIED)
    stream(home, run_id, *events)
    stdout = ""
    for arguments in (["nightly"], [run_id, "--conversation"]):
        stdout, _ = clodputer(home, "show", *arguments)
        assert "says     I shall \\x1b[2J look, ***." in stdout
        assert "uses     Bash: ls -l\n" in stdout
        assert "  description: List\n" in stdout
        assert "(44 more lines)" in stdout
        assert "denied   Write: not granted\n" in stdout
        assert "\x1b" not in stdout
    assert "record.json" not in stdout
    data = json.loads(clodputer(home, "show", run_id, "--conversation", "--json")[0])["data"]
    assert [one["kind"] for one in data["conversation"]] == ["says", "uses", "gets", "denied"]
    assert data["conversation_cut"] is False


def test_a_long_conversation_is_shown_from_its_end(home: Home) -> None:
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    stream(home, run_id, *(said(f"number {number} " + "x" * 300) for number in range(2000)))
    text = show({"CLODPUTER_HOME": home.root}, "nightly").text
    assert "number 1999 " in text
    assert "number 1000 " not in text
    assert f"all of it: clodputer show {run_id} --conversation" in " ".join(text.split())
    stdout, _ = clodputer(home, "show", run_id, "--conversation")
    assert stdout.count("says     number ") == 2000


def test_stderr_and_files(home: Home) -> None:
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    folder = stream(home, run_id, stderr="first\n" * 3000 + "last\x1b\n")
    stdout, _ = clodputer(home, "show", "nightly", "--stderr")
    assert stdout == "first\n" * 3000 + "last\\x1b\n"
    data = json.loads(clodputer(home, "show", "nightly", "--stderr", "--json")[0])["data"]
    assert data["stderr"].endswith("first\nlast\x1b\n")
    stdout, _ = clodputer(home, "show", "nightly", "--files")
    assert f"{folder}/record.json" in stdout
    assert "18,006  " in stdout
    assert len(stdout.splitlines()) == len(list(folder.iterdir()))


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["lines", "one line"])
def test_a_huge_stream_is_not_read_into_memory(home: Home, shape: str) -> None:
    """100 MB, as events or as a single line, within an address space that could not hold it twice."""
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    folder = stream(home, run_id)
    event = json.dumps(result_of("x" * 100_000)).encode() + b"\n"
    with (folder / "stdout").open("wb") as file:
        for _ in range(1000):
            file.write(event if shape == "lines" else b"x" * 100_000)
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20)); "
        "from clodputer.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    for arguments in (["nightly"], ["nightly", "--conversation"], ["nightly", "--conversation", "--json"]):
        done = subprocess.run(
            [sys.executable, "-c", limited, "show", *arguments],
            env=environment(home),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert len(done.stdout) < 3_000_000 or "--json" in arguments
