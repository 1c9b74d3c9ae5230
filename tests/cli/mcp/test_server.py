"""The server as a process: it answers what its commands say, keeps to its bounds, and ends with its client and its calls."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from clodputer.cli.mcp.server import ABOUT, LONGEST_LINE, MOST_AT_WORK, MOST_UNSENT, MOST_WAITING
from clodputer.cli.mcp.tools import TOOLS
from clodputer.store.home import Home
from tests.cli.mcp.speaking import Speaker, speaking
from tests.cli.past import past_run
from tests.cli.promises import wrong
from tests.wait import PATIENCE, until
from tests.workshop import alive, clodputer, environment, everything, write_task


@pytest.fixture
def client(home: Home) -> Iterator[Speaker]:
    """A server of a home with one task."""
    write_task(home, "mine", "prompt: say {{ context.n }}\ncontext: {n: 1}\ntimeout: 10m\n")
    with speaking(home) as speaker:
        yield speaker


@contextmanager
def tasks_in_use(home: Home) -> Iterator[None]:
    """As long as this lasts, commands that change tasks wait."""
    with FileLock(f"{home.ledger}/tasks.lock"):
        yield


def edit(client: Speaker, id_: int, minutes: int = 5) -> None:
    client.call(id_, "edit", task="mine", set={"timeout": f"{minutes}m"})


def test_every_tool_answers_as_its_command_does(client: Speaker, home: Home) -> None:
    """With the envelope that is promised for the command; an error of the command is an error of the tool."""
    past_run(home, "mine", "0ad0ad00")
    good: dict[str, dict[str, Any]] = {
        "status": {},
        "list": {},
        "runs": {"task": "mine"},
        "show": {"of": "mine"},
        "why": {"of": "mine"},
        "explain": {"code": "denied"},
        "run": {"task": "mine", "context": {"n": [1]}},
        "create": {"name": "fresh", "task": {"prompt": "Hello.", "timeout": "5m"}},
        "edit": {"task": "mine", "set": {"timeout": "5m"}},
    }
    for number, (tool, arguments) in enumerate(good.items()):
        client.call(number, tool, **arguments)
    heard = {message["id"]: message["result"] for message in (client.hear() for _ in good)}
    for number, tool in enumerate(good):
        result = heard[number]
        command = next(one.command for one in TOOLS if one.name == tool)
        assert result["isError"] is False, result
        assert result["structuredContent"]["command"] == command
        assert wrong(result["structuredContent"], f"{command}.json") == ""
    assert heard[7]["structuredContent"]["data"]["enabled"] is False
    [change] = heard[8]["structuredContent"]["data"]["changes"]
    assert (change["before"], change["after"]) == ("10m", "5m")
    request = heard[6]["structuredContent"]["data"]["request_id"]
    assert len(everything(home)["new"]) == 1, "a run is asked for, and not waited for"
    assert client.answer(20, "cancel", of=request)["isError"] is False
    result = client.answer(21, "run", task="nothing")
    assert result["isError"] is True
    assert result["structuredContent"]["errors"][0]["code"] == "task_unknown"
    result = client.answer(22, "edit", task="mine", set={"allowed_tools": ["Bash"]})
    assert result["structuredContent"]["errors"][0]["code"] == "confirm_needed"
    result = client.answer(23, "show", of=1)
    assert (result["isError"], "structuredContent" in result) == (True, False)


def test_what_comes_in_a_file_is_answered(home: Home) -> None:
    """To the last line, which needs no end; then the server ends. Nothing else is on its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "clodputer", "mcp"],
        input=b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\nnothing\n{"jsonrpc": "2.0", "id": 2, "method": "ping"}',
        env=environment(home),
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert [b'"id":1' in line for line in done.stdout.splitlines()] == [True, False, False]
    assert b'"id":2' in done.stdout


def test_a_call_that_is_cancelled_is_ended_and_not_answered(client: Speaker, home: Home) -> None:
    with tasks_in_use(home):
        edit(client, 1)
        [child] = until(client.children)
        client.cancel(1)
        until(lambda: not child.is_running())
        client.cancel(1)
        client.cancel("never")
        client.ask(2, "ping")
        assert client.hear() == {"jsonrpc": "2.0", "id": 2, "result": {}}
    assert client.answer(1, "edit", task="mine", set={"timeout": "5m"})["isError"] is False


def test_too_many_calls_are_refused_and_the_others_are_answered(client: Speaker, home: Home) -> None:
    """So many are at work, so many wait; one that waits can be cancelled. An id that is in use is no second call."""
    most = MOST_AT_WORK + MOST_WAITING
    with tasks_in_use(home):
        for number in range(MOST_AT_WORK):
            edit(client, number)
        until(lambda: len(client.children()) == MOST_AT_WORK)
        for number in range(MOST_AT_WORK, most + 1):
            client.call(number, "show", of=1)
        refused = client.hear()
        assert (refused["id"], refused["result"]["isError"]) == (most, True)
        edit(client, 0)
        assert (client.hear()["error"]["code"], len(client.children())) == (-32600, MOST_AT_WORK)
        client.cancel(most - 1)
    heard = {client.hear()["id"] for _ in range(most - 1)}
    assert heard == set(range(most - 1))


def test_a_line_that_is_too_long_is_skipped(client: Speaker) -> None:
    client.send(b"x" * (LONGEST_LINE + 1))
    assert client.hear()["error"]["code"] == -32600
    client.send(b"x" * 1000 + b"\n")
    client.ask(1, "ping")
    assert client.hear()["id"] == 1


def test_a_client_that_takes_nothing_is_not_read_from(client: Speaker) -> None:
    """What is unsent is bounded; when the client takes its answers again, all of them are there, in order."""
    sent = 0
    # A pipe that can be written to takes so few bytes without waiting. One that cannot for so long is not read from; where the
    # server was only slow, less is seen here, and nothing is wrong.
    while select.select([], [client.stdin], [], 2)[1]:
        client.ask(sent, "tools/list")
        sent += 1
        assert sent < 20 * MOST_UNSENT // len(dumps(ABOUT.tools)), "it goes on reading, whatever is unsent"
    assert [client.hear()["id"] for _ in range(sent)] == list(range(sent))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_its_calls(client: Speaker, home: Home, number: int) -> None:
    with tasks_in_use(home):
        edit(client, 1)
        [child] = until(client.children)
        client.process.send_signal(number)
        assert client.process.wait(PATIENCE) == 0
        until(lambda: not child.is_running())
    assert client.hear_or_end() is None


def test_a_client_that_has_said_all_gets_every_answer(client: Speaker, home: Home) -> None:
    """The end of its standard input ends the server after the last answer, not before."""
    with tasks_in_use(home):
        edit(client, 1)
        until(client.children)
        assert client.process.stdin is not None
        client.process.stdin.close()
    assert client.hear()["result"]["isError"] is False
    assert client.hear_or_end() is None
    assert client.process.wait(PATIENCE) == 0


def test_a_client_that_has_gone_ends_it(client: Speaker) -> None:
    """One that was killed says nothing more and takes no answer."""
    assert client.process.stdin is not None
    assert client.process.stdout is not None
    client.ask(1, "ping")
    client.process.stdout.close()
    client.process.stdin.close()
    assert client.process.wait(PATIENCE) == 0


# Starts the server as its child, with a standard input that stays open when it is gone itself.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "clodputer", "mcp"], stdin=int(sys.argv[1]))
print(child.pid, flush=True)
child.wait()
"""


def test_a_parent_that_has_gone_ends_it(home: Home) -> None:
    """Although somebody else holds its standard input open."""
    reader, writer = os.pipe()
    try:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(reader)],
            env=environment(home),
            stdout=subprocess.PIPE,
            pass_fds=[reader],
            text=True,
        )
        with parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            os.write(writer, b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
            assert '"id":1' in parent.stdout.readline(), "it answers, so it has looked who its parent is"
            parent.kill()
            until(lambda: not alive(child))
    finally:
        os.close(reader)
        os.close(writer)


def test_its_surroundings_do_not_decide_which_code_runs(home: Home, tmp_path: Path) -> None:
    """A folder with modules of somebody else's is no place to look for ours."""
    tmp_path.joinpath("json.py").write_text("raise SystemExit('this is not ours')")
    tmp_path.joinpath("here").mkdir()
    relative = os.path.relpath(home.root, tmp_path)
    asked = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list"}}\n'
    entry = "import sys; sys.path.pop(0); from clodputer.__main__ import program; sys.argv[1:] = ['mcp']; program()"
    done = subprocess.run(
        [sys.executable, "-c", entry],
        input=asked,
        env=environment(home, {"CLODPUTER_HOME": relative}),
        cwd=tmp_path,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert b'"isError":false' in done.stdout, done.stderr


def test_it_says_how_it_is_set_up(home: Home) -> None:
    stdout, _ = clodputer(home, "mcp", "--json")
    assert f"CLODPUTER_HOME={home.root} clodputer -- " in stdout
