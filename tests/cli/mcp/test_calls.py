"""A call at work: how every end of its process is answered, and that nothing of it stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from clodputer.cli.mcp import calls
from clodputer.cli.mcp.calls import LARGEST, LONGEST, Running
from clodputer.cli.mcp.protocol import Call
from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import alive, environment

CALL = Call(1, "list", {}, modern=False)
NOW = 1000.0


@contextmanager
def running(script: str, given: str = "") -> Iterator[Running]:
    """A shell script in place of a command."""
    found = Running(CALL, ["/bin/sh", "-c", script], given, {"PATH": os.environ["PATH"]}, NOW)
    try:
        yield found
    finally:
        found.end()
        assert not alive(found.pid)


def answer(script: str, given: str = "") -> dict[str, Any]:
    """The result of the call, once the script has ended."""
    with running(script, given) as found:
        return ended(found)


def ended(found: Running) -> dict[str, Any]:
    """The result of the call, once its process has ended."""
    result: dict[str, Any] = until(lambda: dict(found.answer(NOW) or {}))["result"]
    return result


@pytest.mark.parametrize(
    ("script", "part"),
    [
        ("exit 3", "ended with status 3 and printed no answer"),
        ("echo nothing", "ended with status 0 and printed no answer"),
        ("echo '[1]'", "ended with status 0 and printed no answer"),
        ("kill -9 $$", "was ended by signal 9"),
        (f"head -c {LARGEST + 1} /dev/zero", f"the answer has more than {LARGEST:,} bytes"),
    ],
)
def test_what_is_no_answer(script: str, part: str) -> None:
    result = answer(script)
    assert result["isError"] is True
    assert part in result["content"][0]["text"]


def test_what_is_given_is_on_its_standard_input() -> None:
    """Whatever its size, and with letters of any kind."""
    given = '{"ok": true, "data": "' + "ü" * 200_000 + '"}'
    assert answer("cat", given)["structuredContent"]["data"] == "ü" * 200_000


def test_one_that_holds_its_output_open_keeps_no_answer_back(tmp_path: Path) -> None:
    """What a command has left behind is ended with the call, when that is ended; else it is none of ours to wait for."""
    result = answer("sleep 600 & echo '{\"ok\": true}'; echo $! > " + str(tmp_path / "pid"))
    assert result["isError"] is False
    psutil.Process(int(tmp_path.joinpath("pid").read_text())).kill()


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """With all that it has started; by a clock that is given, so that nobody has to wait for it."""
    with running(
        f"sleep 600 & echo $! > {tmp_path}/pid.part; mv {tmp_path}/pid.part {tmp_path}/pid; wait"
    ) as found:
        until((tmp_path / "pid").exists)
        assert found.answer(NOW + LONGEST - 1) is None
        message = found.answer(NOW + LONGEST)
        assert message is not None
        assert "took longer than 120 seconds" in message["result"]["content"][0]["text"]
    until(lambda: not alive(int(tmp_path.joinpath("pid").read_text())))


def test_what_cannot_be_started_is_answered_at_once(home: Home) -> None:
    """Words that the system does not take, and arguments that make no sense."""
    call = Call(1, "run", {"task": "x", "context": {"a": "x" * 4_000_000}}, modern=True)
    for found, part in (
        (calls.start(call, environment(home), NOW), "the command cannot be started"),
        (calls.start(call._replace(arguments={}), environment(home), NOW), "run needs task"),
    ):
        assert not isinstance(found, Running)
        assert found["result"]["isError"] is True
        assert part in found["result"]["content"][0]["text"]


def test_the_command_knows_that_an_agent_calls_it(home: Home) -> None:
    """And the home, although that was named from where the server started, and the command starts elsewhere."""
    call = Call(1, "create", {"name": "fresh", "task": {"prompt": "Hello."}}, modern=False)
    found = calls.start(call, {**environment(home), "CLODPUTER_HOME": os.path.relpath(home.root)}, NOW)
    assert isinstance(found, Running)
    try:
        data = ended(found)["structuredContent"]["data"]
    finally:
        found.end()
    assert (data["path"], data["enabled"]) == (f"{home.tasks}/fresh.yaml", False)
