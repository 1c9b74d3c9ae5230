"""The stand-in of the Messages API and the MCP server do what their options say."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import messages_api, replies, steps
from tests.fakes.messages_api import Api
from tests.wait import until

pytest_plugins = ["tests.fakes.fixtures"]

FAKES = Path(__file__).with_name("fakes")
STREAMS = Path(__file__).with_name("fixtures") / "streams"


def ask(api: Api, *messages: dict[str, Any], **more: Any) -> tuple[int, dict[str, str], Any]:
    """(status, headers, body) of a request; without streaming unless `stream=True`."""
    headers = more.pop("headers", {"x-api-key": "dummy"})
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=100)
    try:
        body = json.dumps({"model": "m", "messages": list(messages), **more})
        connection.request("POST", "/v1/messages?beta=true", body, headers)
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, dict(answer.getheaders()), data if more.get("stream") else json.loads(data)
    finally:
        connection.close()


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def assistant(text: str = "x") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def tool_result(text: str = "ok") -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": text}]}


def test_steps_are_played_one_per_turn_and_then_it_is_done(api: Api) -> None:
    story = user('Please.\n@bash ls -l | wc\n@mcp talk echo {"text": 1}\n  @say two words\n')
    _, _, first = ask(api, story)
    _, _, second = ask(api, story, assistant(), tool_result("@say not a step"))
    _, _, third = ask(api, story, assistant(), tool_result(), assistant(), tool_result())
    _, _, fourth = ask(
        api, story, assistant(), tool_result(), assistant(), tool_result(), assistant(), user("more")
    )
    assert first["content"][0]["input"]["command"] == "ls -l | wc"
    assert first["stop_reason"] == "tool_use"
    assert second["content"][0]["name"] == "mcp__talk__echo"
    assert third["content"] == [{"type": "text", "text": "two words"}]
    assert third["stop_reason"] == "end_turn"
    assert fourth["content"][0]["text"] == "done"
    assert api.answers() == ["bash", "mcp", "say", "done"]
    assert [request.turn for request in api.requests] == [0, 1, 2, 3]


def test_only_the_last_prompt_with_steps_counts(api: Api) -> None:
    _, _, answer = ask(api, user("@say old\n@say older"), assistant(), user("@say new"))
    assert answer["content"][0]["text"] == "new"
    reminder = user("<system-reminder>\n@status 500\n</system-reminder>")
    assert ask(api, user("@say mine"), reminder)[2]["content"][0]["text"] == "mine"


def test_troubles_are_counted_by_session(api: Api) -> None:
    story = user("@status 529 times=2 retry_after=1\n@status 500 times=1\n@say fine")
    one, other = ({"x-api-key": "k", "x-claude-code-session-id": name} for name in ("one", "other"))
    statuses = [ask(api, story, headers=one)[0] for _ in range(5)]
    assert statuses == [529, 529, 500, 200, 200]
    status, headers, body = ask(api, story, headers=other)
    assert (status, headers["retry-after"], body["error"]["type"]) == (529, "1", "overloaded_error")


def test_ever_outlives_the_session(api: Api) -> None:
    story = user("@status 500 ever=1\n@say fine")
    statuses = [
        ask(api, story, headers={"x-claude-code-session-id": name})[0] for name in ("one", "two", "three")
    ]
    assert statuses == [500, 200, 200]


def test_a_trouble_without_times_never_ends(api: Api) -> None:
    assert [ask(api, user("@status 401"))[0] for _ in range(4)] == [401] * 4
    story = [user("@max_tokens")]
    for _ in range(3):
        assert ask(api, *story)[2]["stop_reason"] == "max_tokens"
        story += [assistant(), user("go on")]


@pytest.mark.parametrize(
    "line", ["@sya hello", "@status", "@status abc", "@tool Write {oops", "@mcp a", "@and say x"]
)
def test_what_is_no_step_is_said_aloud(api: Api, line: str) -> None:
    status, _, body = ask(api, user(line))
    assert status == 400
    assert line.split(maxsplit=1)[0] in body["error"]["message"]


def test_usage_can_be_set(api: Api) -> None:
    _, _, answer = ask(api, user("@usage input=7 output=8 cache_read=9 cache_write=10\n@say x"))
    assert list(answer["usage"].values())[:4] == [7, 8, 10, 9]


def test_a_streamed_reply_adds_up_to_the_whole(api: Api) -> None:
    status, headers, data = ask(api, user('@say "a\\nb"\n@and bash ls'), stream=True)
    events = [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: ")]
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    assert events[0]["type"] == "message_start"
    assert events[-1] == {"type": "message_stop"}
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert deltas[0]["text"] == "a\nb"
    assert json.loads(deltas[1]["partial_json"])["command"] == "ls"


def test_big_replies_have_exactly_the_size(api: Api) -> None:
    _, _, answer = ask(api, user("@big 4000000"))
    assert len(answer["content"][0]["text"]) == 4_000_000
    assert sum(b"content_block_delta" in replies.sse(event) for event in replies.events(answer)) > 50


def test_a_limit_says_when_it_ends_and_only_bearers_hear_of_limits_otherwise(api: Api) -> None:
    status, headers, _ = ask(api, user("@limit resets_at=2000000000 type=seven_day"))
    limit = "anthropic-ratelimit-unified-"
    assert status == 429
    assert (headers[limit + "status"], headers[limit + "reset"]) == ("rejected", "2000000000")
    assert headers[limit + "7d-status"] == "rejected"
    assert limit + "status" not in ask(api, user("@say x"))[1]
    bearer = {"authorization": "Bearer t"}
    assert ask(api, user("@say x"), headers=bearer)[1][limit + "status"] == "allowed"
    assert (
        ask(api, user("@warn utilization=0.9\n@say x"), headers=bearer)[1][limit + "status"]
        == "allowed_warning"
    )
    assert [request.auth for request in api.requests] == ["api_key", "api_key", "bearer", "bearer"]


def test_mark_and_wait_let_a_test_hold_the_model(api: Api, tmp_path: Path) -> None:
    body = json.dumps({"messages": [user(f"@mark {tmp_path}/asked\n@wait {tmp_path}/go\n@say went")]})
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=100)
    connection.request("POST", "/v1/messages", body)
    until((tmp_path / "asked").exists)
    (tmp_path / "go").touch()
    assert json.loads(connection.getresponse().read())["content"][0]["text"] == "went"
    connection.close()


@pytest.mark.parametrize("step", ["@hang", "@hang after-headers", "@stall mid-stream"])
def test_stopping_ends_silence_at_once(step: str) -> None:
    with messages_api.serving() as api:
        raw = json.dumps({"messages": [user(step)], "stream": True}).encode()
        wire = socket.create_connection(("127.0.0.1", api.port), timeout=100)
        wire.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(raw) + raw)
        until(lambda: api.requests)
        first = b""
        while "stall" in step and b"half a sen" not in first:
            first += wire.recv(4096)
        begun = time.monotonic()
    assert time.monotonic() - begun < 100
    with wire.makefile("rb") as heard:
        text = first + heard.read()
    wire.close()
    assert (b"200 OK" in text, b"half a sen" in text) == (step != "@hang", "stall" in step)


@pytest.mark.parametrize("step", ["@reset", "@cut"])
def test_broken_wires(api: Api, step: str) -> None:
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(api, user(step), stream=True)


def test_other_paths_are_refused_and_tokens_counted(api: Api) -> None:
    for method, path, status in (
        ("GET", "/", 404),
        ("HEAD", "/", 404),
        ("POST", "/v1/messages/count_tokens", 200),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=100)
        connection.request(method, path, "{}")
        assert connection.getresponse().status == status
        connection.close()


def test_as_a_program_it_prints_its_port_and_logs_no_secret(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, str(FAKES / "messages_api.py"), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        port = int(program.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
        body = json.dumps({"model": "m", "system": "s", "messages": [user("@say hi")]})
        connection.request("POST", "/v1/messages", body, {"x-api-key": "very-secret"})
        assert connection.getresponse().status == 200
        connection.close()
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=100) == 0
    line = json.loads(log.read_text())
    assert (line["auth"], line["model"], line["system"], line["prompt"]) == ("api_key", "m", True, "@say hi")
    assert "very-secret" not in log.read_text()


def test_every_step_has_a_kind() -> None:
    assert not steps.TURNS & steps.TROUBLES
    assert not steps.NOTES & (steps.TURNS | steps.TROUBLES)


def test_the_mcp_server_talks_and_outlives_what_it_is_told_to(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    options = ["--pids", str(pids), "--stubborn", "--child", "--setsid-child"]
    server = subprocess.Popen(
        [sys.executable, str(FAKES / "mcp_server.py"), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    started: dict[str, int] = {}
    try:
        until(pids.exists)
        started = {name: int(pid) for name, pid in (line.split() for line in pids.read_text().splitlines())}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"arguments": {"text": "hello"}}}
        server.stdin.write(
            json.dumps({"method": "notifications/initialized"}) + "\n" + json.dumps(call) + "\n"
        )
        server.stdin.close()
        assert json.loads(server.stdout.readline())["result"]["content"][0]["text"] == "echo: hello"
        os.killpg(server.pid, signal.SIGTERM)
        assert os.getsid(started["server"]) == os.getsid(started["child"]) == server.pid
        assert os.getsid(started["setsid-child"]) == started["setsid-child"]
        assert server.poll() is None
    finally:
        for pid in started.values():
            os.kill(pid, signal.SIGKILL)
        server.kill()
        server.wait()
        server.stdout.close()


def test_the_recorded_streams_are_of_the_pinned_version() -> None:
    pinned = (Path(__file__).with_name("claude-version")).read_text().strip()
    metas = sorted(STREAMS.glob("*.meta.json"))
    assert len(metas) > 40
    for meta in metas:
        assert json.loads(meta.read_text())["version"] == pinned, (
            f"{meta.name}: run tests/fakes/record_streams.py"
        )
        assert meta.with_name(meta.name.replace(".meta.json", ".jsonl")).exists()
